package prober

import (
	"net/netip"
	"strconv"
	"strings"

	"open53/internal/health"
)

// endpoint is a check made ready to be probed. Immutable.
type endpoint struct {
	kind    health.Type
	address netip.Addr // invalid where the name is looked up
	name    string     // to look up; empty where address is valid
	port    uint16
	sni     string // empty is none
	request []byte // whole
	search  []byte // empty is nothing
}

// userAgent is what servers know Route 53's checkers by.
const userAgent = "Amazon-Route53-Health-Check-Service (ref %; report http://amzn.to/1vsZADi)"

// newEndpoint makes a check ready; nil where there is nothing to probe.
func newEndpoint(c *health.Check) *endpoint {
	s := &c.Settings
	if !s.Type.Endpoint() || s.Disabled {
		return nil
	}
	e := &endpoint{kind: s.Type, port: uint16(s.Port)}
	if a, err := netip.ParseAddr(s.Address); err == nil {
		e.address = a.Unmap()
	} else {
		e.name = strings.TrimSuffix(s.Name, ".")
	}
	if !s.Type.OverHTTP() {
		return e
	}
	if s.Type.OverTLS() && s.EnableSNI {
		e.sni = strings.TrimSuffix(s.Name, ".")
	}
	if s.Type.Matches() {
		e.search = []byte(s.SearchString)
	}
	var b strings.Builder
	b.WriteString("GET ")
	writeTarget(&b, s.RequestPath())
	b.WriteString(" HTTP/1.1\r\nHost: ")
	b.WriteString(hostHeader(s))
	b.WriteString("\r\nConnection: close\r\nUser-Agent: ")
	b.WriteString(strings.Replace(userAgent, "%", c.ID, 1))
	b.WriteString("\r\nAccept: */*\r\nAccept-Encoding: *\r\n\r\n")
	e.request = []byte(b.String())
	return e
}

// hostHeader is the name, or without one the address; with the port unless it
// is the scheme's own.
func hostHeader(s *health.Settings) string {
	host := strings.TrimSuffix(s.Name, ".")
	if host == "" {
		host = s.Address
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
	}
	if s.Port == 443 && s.Type.OverTLS() || s.Port == 80 && !s.Type.OverTLS() {
		return host
	}
	return host + ":" + strconv.Itoa(int(s.Port))
}

// writeTarget writes a path as a request target: what would end the request
// line is escaped, so that no path can become a second request.
func writeTarget(b *strings.Builder, path string) {
	const hex = "0123456789ABCDEF"
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
}
