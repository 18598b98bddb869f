package nameserver

import (
	"slices"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

const (
	maxReferences = 4  // RRsets of one response whose targets are looked up
	maxAdded      = 32 // names whose addresses one response holds
)

// reference is an RRset in the response whose RRs name hosts.
type reference struct {
	rrtype uint16
	start  int // offset of its first RR; owners are pointers
	count  int
	zone   *zonedb.Zone
	cut    int // a referral: how many labels the cut's name has; else 0
}

// targetOffset is where the host's name begins in the rdata.
func targetOffset(rrtype uint16) int {
	switch rrtype {
	case dnswire.TypeNS:
		return 0
	case dnswire.TypeMX, dnswire.TypeSVCB, dnswire.TypeHTTPS:
		return 2
	case dnswire.TypeSRV:
		return 6
	}
	return -1
}

// refersTo remembers an RRset just appended, if its type names hosts.
func (r *Responder) refersTo(ref reference) {
	if targetOffset(ref.rrtype) < 0 || r.referenced == maxReferences || ref.start > 0x3fff {
		return
	}
	for at := ref.start; at < len(r.b); at = nextRR(r.b, at) {
		ref.count++
	}
	r.references[r.referenced] = ref
	r.referenced++
}

// solveAdditional adds the addresses of hosts that the response names. Only
// the glue that a referral cannot work without may truncate it (RFC 9471);
// everything else is left out when it does not fit.
func (r *Responder) solveAdditional() {
	for i := range r.referenced {
		if r.tc {
			return
		}
		ref := &r.references[i]
		at := ref.start
		for range ref.count {
			next := nextRR(r.b, at)
			r.addHost(ref, at+zonedb.RRHead+targetOffset(ref.rrtype))
			at = next
		}
	}
}

// addHost adds the addresses of the host whose name stands at an offset of the
// response.
func (r *Responder) addHost(ref *reference, at int) {
	length, labels := r.extra.words.Fold(r.b[at:], &r.extra.offsets)
	if at > 0x3fff || labels == 0 {
		return
	}
	q := &r.extraName
	q.Set(r.extra.words[:], length, r.extra.offsets[:], labels)
	if !q.In(ref.zone) || r.alreadyAdded(q.Hash()) {
		return
	}
	n, required := ref.zone.Node(q, 0), false
	if ref.cut > 0 {
		required = r.inDomain(q, ref.cut)
	}
	if ref.cut == 0 || !n.Exists() {
		n = authoritative(ref.zone, q, n)
	}
	if !n.Exists() {
		return
	}
	answered := ref.cut == 0 && q.Hash() == r.name.Hash()
	for _, rrtype := range [2]uint16{dnswire.TypeA, dnswire.TypeAAAA} {
		set, ok := n.Find(rrtype)
		if !ok || answered && rrtype == r.query.Type {
			continue
		}
		zone := r.zone
		r.zone = ref.zone // aliases are resolved in the host's zone
		set, found := r.resolve(set)
		r.zone = zone
		if found != resolved {
			continue
		}
		if !r.appendAdditional(set, at) && required {
			r.tc = true
			return
		}
	}
}

// authoritative is the node that answers for a host, n if it exists, a wildcard
// otherwise; none for what a delegation hides.
func authoritative(z *zonedb.Zone, q *zonedb.QName, n zonedb.Node) zonedb.Node {
	if z.HasCuts() {
		if cut, _ := z.Cut(q); cut.Exists() || n.Exists() && n.IsCut() {
			return zonedb.Node{}
		}
	}
	if !n.Exists() {
		if encloser, skip := z.Encloser(q); encloser.Exists() && encloser.HasWildcard() {
			return z.Wildcard(q, skip)
		}
	}
	return n
}

// inDomain reports whether a host lies at or below the cut of a referral,
// whose name is the last labels of the current name.
func (r *Responder) inDomain(q *zonedb.QName, labels int) bool {
	if q.Labels < labels {
		return false
	}
	cut := r.name.Words[r.name.Offsets[r.name.Labels-labels]:r.name.Len]
	return string(q.Words[q.Offsets[q.Labels-labels]:q.Len]) == string(cut)
}

// appendAdditional appends address RRs whose owner stands at an offset.
func (r *Responder) appendAdditional(set zonedb.Set, at int) bool {
	if !r.room(len(set.Data)) {
		return false
	}
	start := len(r.b)
	r.b = append(r.b, set.Data...)
	for rr := start; rr < len(r.b); rr = nextRR(r.b, rr) {
		dnswire.PutUint16(r.b[rr:], 0xc000|uint16(at))
	}
	r.counts[additional] += uint16(set.Count)
	return true
}

func (r *Responder) alreadyAdded(h uint64) bool {
	if slices.Contains(r.added[:r.addeds], h) || r.addeds == maxAdded {
		return true
	}
	r.added[r.addeds] = h
	r.addeds++
	return false
}

// appendAuthorityNS adds the zone's NS RRset to a positive answer that does not
// have it, if it fits.
func (r *Responder) appendAuthorityNS() {
	if r.zone == nil || r.tc || r.rcode != dnswire.RcodeNoError || r.counts[answer] == 0 || r.counts[authority] > 0 {
		return
	}
	if r.query.Type == dnswire.TypeANY || !r.name.In(r.zone) || r.query.Type == dnswire.TypeNS && r.name.Labels == r.zone.Labels() {
		return
	}
	set, ok := r.zone.ApexNode().Find(dnswire.TypeNS)
	if !ok || set.Kind > zonedb.PlainFixed {
		return
	}
	if start, ok := r.appendSet(authority, set, r.name.Labels-r.zone.Labels()); ok {
		r.refersTo(reference{rrtype: dnswire.TypeNS, start: start, zone: r.zone})
	}
}
