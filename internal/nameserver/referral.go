package nameserver

import (
	"slices"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// refer answers with the delegation at n, skip labels into the current name:
// its NS in authority, glue in additional. The answer is not authoritative
// unless a CNAME led here.
func (r *Responder) refer(n zonedb.Node, skip int) {
	set, _ := n.Find(dnswire.TypeNS)
	start, ok := r.appendSet(authority, set, skip)
	if !ok {
		r.tc = true
		return
	}
	r.refersTo(reference{rrtype: dnswire.TypeNS, start: start, zone: r.zone, cut: r.name.Labels - skip})
}

// solveDNAME answers a name below a DNAME at n, skip labels into the name: the
// DNAME, and the CNAME that it stands for (RFC 6672 §3.1, §3.2).
func (r *Responder) solveDNAME(n zonedb.Node, skip int) (again bool) {
	set, _ := n.Find(dnswire.TypeDNAME)
	if r.firstDNAME(skip) {
		if _, ok := r.appendSet(answer, set, skip); !ok {
			r.tc = true
			return false
		}
	}
	target := set.Data[zonedb.RRHead:]
	prefix := int(r.name.Offsets[skip])
	if prefix+len(target) > dnswire.MaxNameLen {
		r.rcode = dnswire.RcodeYXDomain
		return false
	}
	owner := r.owner(0)
	if owner == 0 || !r.room(zonedb.RRHead+prefix+len(target)) {
		r.tc = true
		return false
	}
	r.b = dnswire.AppendUint16(r.b, owner)
	r.b = append(r.b, 0, dnswire.TypeCNAME, 0, dnswire.ClassIN)
	r.b = append(r.b, set.Data[6:10]...) // the DNAME's TTL
	r.b = dnswire.AppendUint16(r.b, uint16(prefix+len(target)))
	rdata := len(r.b)
	r.b = append(append(r.b, r.b[r.at:r.at+prefix]...), target...)
	r.counts[answer]++
	if r.query.Type == dnswire.TypeCNAME {
		return false // the CNAME is the answer
	}
	return r.setCurrent(rdata)
}

// firstDNAME reports whether the DNAME that is skip labels into the current
// name is not in the answer yet: a chain may come by it again.
func (r *Responder) firstDNAME(skip int) bool {
	h := r.name.SuffixHash(skip)
	if slices.Contains(r.dnames[:r.dnamed], h) {
		return false
	}
	r.dnames[r.dnamed] = h
	r.dnamed++
	return true
}
