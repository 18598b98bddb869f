package reference

import (
	"strings"

	"github.com/miekg/dns"
)

// solveName answers the question's name, and those that CNAMEs and DNAMEs lead
// to.
func (r *response) solveName() {
	for links := 0; links <= maxLinks; links++ {
		z := r.server.zoneOf(r.name, r.qtype)
		if z == nil {
			if links == 0 {
				r.reply.Rcode, r.ede = dns.RcodeRefused, extended(dns.ExtendedErrorCodeNotAuthoritative)
			}
			return
		}
		r.zone = z
		r.seen[dns.CanonicalName(r.name)] = true
		next := r.solveInZone()
		if next == "" {
			return
		}
		r.name = next
		if r.seen[dns.CanonicalName(next)] {
			return
		}
	}
}

// zoneOf is the deepest zone that a name lies in; for the DS of an apex the one
// above, if there is one (RFC 4035 §3.1.4.1).
func (s *Server) zoneOf(name string, qtype uint16) *Zone {
	find := func(strictly bool) (best *Zone) {
		for _, z := range s.Zones {
			if !dns.IsSubDomain(z.apex, dns.CanonicalName(name)) || strictly && z.apex == dns.CanonicalName(name) {
				continue
			}
			if best == nil || dns.CountLabel(z.apex) > dns.CountLabel(best.apex) {
				best = z
			}
		}
		return best
	}
	if qtype == dns.TypeDS {
		if z := find(true); z != nil {
			return z
		}
	}
	return find(false)
}

// solveInZone answers r.name from r.zone; next is the name that it leads to.
func (r *response) solveInZone() (next string) {
	name := dns.CanonicalName(r.name)
	above := dns.CountLabel(name) - dns.CountLabel(r.zone.apex)
	for skip := above - 1; skip >= 0; skip-- { // from the apex down
		node := r.zone.nodes[suffix(name, skip)]
		switch {
		case node == nil:
		case node[dns.TypeNS] != nil && (skip > 0 || r.qtype != dns.TypeDS):
			r.refer(suffix(r.name, skip), node[dns.TypeNS])
			return ""
		case node[dns.TypeDNAME] != nil && skip > 0:
			r.reply.Authoritative = true
			return r.solveDNAME(skip, node[dns.TypeDNAME])
		}
	}
	r.reply.Authoritative = true
	node := r.zone.source(name)
	if node == nil {
		r.reply.Rcode = dns.RcodeNameError
		r.addSOA()
		return ""
	}
	return r.solveNode(node)
}

// source is the node that answers for a name: its own, or the wildcard below
// its closest encloser (RFC 4592 §3.3.1).
func (z *Zone) source(name string) map[uint16]*rrset {
	if node := z.nodes[name]; node != nil {
		return node
	}
	encloser := parent(name)
	for z.nodes[encloser] == nil {
		encloser = parent(encloser)
	}
	if encloser == "." {
		return z.nodes["*."]
	}
	return z.nodes["*."+encloser]
}

// refer answers with a delegation.
func (r *response) refer(cut string, ns *rrset) {
	if rrs, ok := r.rotated(&r.reply.Ns, cut, ns.rrs); ok {
		r.hosts = append(r.hosts, hosts{rrs: rrs, zone: r.zone, cut: dns.CanonicalName(cut)})
	}
}

// solveDNAME answers with the DNAME skip labels into the name, unless it is in
// the answer already, and the CNAME that it makes (RFC 6672 §3.1).
func (r *response) solveDNAME(skip int, set *rrset) (next string) {
	owner := suffix(r.name, skip)
	dname := set.rrs[0].(*dns.DNAME)
	if !r.answered(owner, dns.TypeDNAME) {
		if _, ok := r.rotated(&r.reply.Answer, owner, set.rrs); !ok {
			return ""
		}
	}
	prefix := strings.TrimSuffix(r.name, owner)
	if owner == "." {
		prefix = r.name
	}
	target := prefix + dname.Target
	if dname.Target == "." {
		target = prefix
	}
	if wireLen(r.name)-wireLen(owner)+wireLen(dname.Target) > 255 {
		r.reply.Rcode = dns.RcodeYXDomain
		return ""
	}
	cname := &dns.CNAME{Hdr: dns.RR_Header{Name: r.name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: dname.Hdr.Ttl}, Target: target}
	if _, ok := r.rotated(&r.reply.Answer, r.name, []dns.RR{cname}); !ok || r.qtype == dns.TypeCNAME {
		return ""
	}
	return target
}

func (r *response) answered(owner string, rrtype uint16) bool {
	for _, rr := range r.reply.Answer {
		if rr.Header().Rrtype == rrtype && dns.CanonicalName(rr.Header().Name) == dns.CanonicalName(owner) {
			return true
		}
	}
	return false
}

// solveNode answers from the data of one name.
func (r *response) solveNode(node map[uint16]*rrset) (next string) {
	cname := node[dns.TypeCNAME]
	switch {
	case r.qtype == dns.TypeANY:
		r.solveAny(node)
	case node[r.qtype] != nil:
		rrs, ok := r.resolve(node[r.qtype])
		if !ok {
			return ""
		}
		if rrs, ok = r.rotated(&r.reply.Answer, r.name, rrs); ok {
			r.hosts = append(r.hosts, hosts{rrs: rrs, zone: r.zone})
		}
	case cname != nil:
		rrs, ok := r.resolve(cname)
		if !ok {
			return ""
		}
		if _, ok := r.rotated(&r.reply.Answer, r.name, rrs); ok {
			return rrs[0].(*dns.CNAME).Target
		}
	default:
		r.addSOA()
	}
	return ""
}

// solveAny answers ANY.
func (r *response) solveAny(node map[uint16]*rrset) {
	minimal := r.server.MinimalUDP
	if r.tcp {
		minimal = r.server.MinimalTCP
	}
	switch {
	case len(node) == 0:
		r.addSOA()
		return
	case minimal:
		hinfo := &dns.HINFO{Hdr: dns.RR_Header{Rrtype: dns.TypeHINFO, Class: dns.ClassINET, Ttl: 86400}, Cpu: "RFC8482"}
		r.rotated(&r.reply.Answer, r.name, []dns.RR{hinfo})
		return
	}
	before := len(r.reply.Answer)
	for _, t := range types(node) {
		rrs, _, ok := r.lookThrough(node[t])
		if !ok {
			continue
		}
		if _, ok := r.rotated(&r.reply.Answer, r.name, rrs); !ok {
			return
		}
	}
	if len(r.reply.Answer) == before {
		r.addSOA()
	}
}

// resolve is the data of an RRset; for an alias that leads nowhere it finishes
// the response.
func (r *response) resolve(set *rrset) ([]dns.RR, bool) {
	rrs, why, ok := r.lookThrough(set)
	switch {
	case ok:
	case why == noData:
		r.addSOA()
	default:
		r.reply.Rcode, r.ede, r.reply.Authoritative = dns.RcodeServerFailure, why, false
	}
	return rrs, ok
}

// lookThrough follows aliases. If it fails, why is the extended error, or
// noData.
func (r *response) lookThrough(set *rrset) (rrs []dns.RR, why extended, ok bool) {
	for set.alias != nil {
		target := presentation(set.alias.Target)
		if set.alias.ZoneID != r.zone.id || !dns.IsSubDomain(r.zone.apex, target) {
			return r.lookOutside(set)
		}
		if set = r.zone.nodes[target][set.rrtype]; set == nil {
			return nil, noData, false
		}
	}
	return set.rrs, 0, true
}

func (r *response) lookOutside(set *rrset) (rrs []dns.RR, why extended, ok bool) {
	found := r.server.Outside[Target{Name: set.alias.Target, Type: typeOf(set)}]
	switch {
	case found == nil:
		return nil, extended(dns.ExtendedErrorCodeNotReady), false
	case found.Failed:
		return nil, extended(dns.ExtendedErrorCodeNoReachableAuthority), false
	case len(found.Values) == 0:
		return nil, noData, false
	}
	return found.Values, 0, true
}
