package nameserver

import "open53/internal/dnswire"

// optLen is the length of the OPT record that finish will add, extended errors
// not counted: those go into responses that are short anyway.
func (r *Responder) optLen() int {
	if !r.query.EDNS {
		return 0
	}
	n := dnswire.OPTLen
	if r.query.NSID && len(r.config.NSID) > 0 {
		n += 4 + len(r.config.NSID)
	}
	if r.cookieState != noCookie {
		n += 4 + clientCookie + serverCookie
	}
	if r.tellsKeepalive() {
		n += 6
	}
	if r.echoesSubnet() {
		n += 8 + len(r.query.ECS.Address)
	}
	return n
}

// tellsKeepalive reports whether the response says how long the connection may
// be idle (RFC 7828 §3.3.2).
func (r *Responder) tellsKeepalive() bool {
	return r.query.Keepalive && r.config.TCPIdle > 0 && r.transport != dnswire.UDP
}

// appendOPT adds the OPT record (RFC 6891 §6.1.2).
func (r *Responder) appendOPT() {
	b := append(r.b, 0, 0, dnswire.TypeOPT)
	b = dnswire.AppendUint16(b, uint16(r.config.UDPSize))
	b = append(b, byte(r.rcode>>4), 0)
	if r.query.DO {
		b = append(b, 0x80, 0) // RFC 3225 §3: DO is copied
	} else {
		b = append(b, 0, 0)
	}
	length := len(b)
	b = append(b, 0, 0)
	if r.query.NSID && len(r.config.NSID) > 0 {
		b = dnswire.AppendUint16(b, dnswire.OptionNSID)
		b = dnswire.AppendUint16(b, uint16(len(r.config.NSID)))
		b = append(b, r.config.NSID...)
	}
	if r.cookieState != noCookie {
		b = r.appendCookie(b)
	}
	if r.tellsKeepalive() {
		b = append(b, 0, dnswire.OptionKeepalive, 0, 2)
		b = dnswire.AppendUint16(b, r.config.TCPIdle)
	}
	if r.echoesSubnet() {
		b = r.query.ECS.Append(b, r.scope())
	}
	if r.ede >= 0 {
		b = append(b, 0, dnswire.OptionEDE, 0, 2)
		b = dnswire.AppendUint16(b, uint16(r.ede))
	}
	dnswire.PutUint16(b[length:], uint16(len(b)-length-2))
	r.b = b
}
