package rdata

import "net/netip"

// a is the rdata of A: four decimal numbers, no leading zeros.
func (p *parser) a() {
	text := p.wholeOrField(illegalIPv4)
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		p.fail(illegalIPv4)
		return
	}
	wire := addr.As4()
	p.b = append(p.b, wire[:]...)
	p.end()
}

// aaaa is the rdata of AAAA: any text form of RFC 4291 §2.2. IPv4-mapped
// addresses stay IPv6; zone ids are refused.
func (p *parser) aaaa() {
	text := p.wholeOrField(illegalIPv6)
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Is4() || addr.Zone() != "" {
		p.fail(illegalIPv6)
		return
	}
	wire := addr.As16()
	p.b = append(p.b, wire[:]...)
	p.end()
}

// wholeOrField is the whole value where blanks have no place, as in the API.
func (p *parser) wholeOrField(missing *problem) string {
	p.missing = missing
	if p.master {
		return p.field()
	}
	text := p.rest
	p.rest = ""
	return text
}
