package reference

import (
	"github.com/miekg/dns"

	"open53/internal/rdata"
)

func typeOf(set *rrset) rdata.Type { return rdata.Type(set.rrtype) }

// addSOA says in the authority section for how long there is nothing (RFC 2308
// §3).
func (r *response) addSOA() {
	set := r.zone.nodes[r.zone.apex][dns.TypeSOA]
	if set == nil {
		return
	}
	soa := dns.Copy(set.rrs[0]).(*dns.SOA)
	soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	apex := suffix(r.name, dns.CountLabel(r.name)-dns.CountLabel(r.zone.apex))
	r.rotated(&r.reply.Ns, apex, []dns.RR{soa})
}

// addAuthorityNS adds the zone's NS to a positive answer without them, if they
// fit.
func (r *response) addAuthorityNS() {
	name := dns.CanonicalName(r.name)
	switch {
	case r.reply.Truncated || r.reply.Rcode != dns.RcodeSuccess || len(r.reply.Answer) == 0 || len(r.reply.Ns) > 0:
		return
	case r.qtype == dns.TypeANY || !dns.IsSubDomain(r.zone.apex, name) || r.qtype == dns.TypeNS && name == r.zone.apex:
		return
	}
	ns := r.zone.nodes[r.zone.apex][dns.TypeNS]
	if ns == nil || ns.alias != nil {
		return
	}
	apex := suffix(r.name, dns.CountLabel(r.name)-dns.CountLabel(r.zone.apex))
	if rrs, ok := r.rotated(&r.reply.Ns, apex, ns.rrs); ok {
		r.hosts = append(r.hosts, hosts{rrs: rrs, zone: r.zone})
	}
	r.reply.Truncated = false // it is no loss
}

// hostOf is the name of the host in an RR, if its type names one.
func hostOf(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.NS:
		return rr.Ns
	case *dns.MX:
		return rr.Mx
	case *dns.SRV:
		return rr.Target
	case *dns.SVCB:
		return rr.Target
	case *dns.HTTPS:
		return rr.Target
	}
	return "."
}

// addHosts adds the addresses of hosts that the response names.
func (r *response) addHosts() {
	for _, h := range r.hosts {
		for _, rr := range h.rrs {
			host := hostOf(rr)
			if r.reply.Truncated || host == "." {
				continue
			}
			r.addHost(h, host)
		}
	}
}

// addHost adds the addresses of one host: what the zone has authority for, and
// below a delegation whatever there is. Those that the referral is useless
// without truncate it if they do not fit (RFC 9471).
func (r *response) addHost(h hosts, host string) {
	name := dns.CanonicalName(host)
	if !dns.IsSubDomain(h.zone.apex, name) || r.added[name] || len(r.added) == maxHosts {
		return
	}
	r.added[name] = true
	node := h.zone.nodes[name]
	if h.cut == "" || node == nil {
		node = h.zone.authoritative(name)
	}
	required := h.cut != "" && dns.IsSubDomain(h.cut, name)
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if node[t] == nil || h.cut == "" && t == r.qtype && name == dns.CanonicalName(r.name) {
			continue
		}
		zone := r.zone
		r.zone = h.zone
		rrs, _, ok := r.lookThrough(node[t])
		r.zone = zone
		if ok && !r.add(&r.reply.Extra, host, rrs) && required {
			r.reply.Truncated = true
			return
		}
	}
}

// authoritative is the node that answers for a name; none where a delegation or
// a DNAME hides it.
func (z *Zone) authoritative(name string) map[uint16]*rrset {
	for skip := range dns.CountLabel(name) - dns.CountLabel(z.apex) {
		node := z.nodes[suffix(name, skip)]
		if node[dns.TypeNS] != nil || skip > 0 && node[dns.TypeDNAME] != nil {
			return nil
		}
	}
	return z.source(name)
}
