package nameserver_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
)

// FuzzClientSubnet feeds arbitrary client subnet options to every policy: the
// response is well-formed; a malformed option is a FORMERR without one; a
// well-formed one comes back as it was, with a scope of its family.
func FuzzClientSubnet(f *testing.F) {
	for _, option := range [][]byte{
		{},
		{0, 1, 24, 0, 203, 0, 113},
		{0, 1, 0, 0},
		{0, 0, 0, 0},
		{0, 1, 32, 0, 198, 51, 100, 1},
		{0, 1, 23, 0, 203, 0, 113},
		{0, 2, 48, 0, 0x20, 1, 0xd, 0xb8, 0, 1},
		{0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 1, 0},
		{0, 2, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
		{0, 3, 8, 0, 1},
		{0, 1, 24, 24, 203, 0, 113},
		{0, 1, 33, 0, 1, 2, 3, 4, 5},
	} {
		f.Add(option, uint8(0))
		f.Add(option, uint8(4))
	}
	l := policyLab(f)
	f.Fuzz(func(t *testing.T, option []byte, name uint8) {
		m, _ := dnstest.Query(t, "query "+policyNames[int(name)%len(policyNames)]+".example.com A +edns")
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_LOCAL{Code: dnswire.OptionECS, Data: option})
		wire, err := m.Pack()
		if err != nil {
			t.Skip()
		}
		reply := l.Respond(make([]byte, 0, 4096), wire, netip.MustParseAddr(fromParis), dnswire.UDP)
		var asked, response dnswire.Query
		asked.Parse(wire)
		rcode := reply[3] & 15
		reply[2] &^= 0x80 // to be read as a query
		if rcode == dns.RcodeSuccess {
			if len(option) < 4 || len(option) > len(reply) {
				t.Fatalf("option % x is accepted", option)
			}
			echoed := reply[len(reply)-len(option):]
			scope, family := echoed[3], echoed[1]
			echoed[3] = 0 // a query has none
			if string(echoed) != string(option) || scope > 128 || family == 1 && scope > 32 || option[2] == 0 && scope != 0 {
				t.Fatalf("% x came back as % x, scope %d", option, echoed, scope)
			}
		}
		if response.Parse(reply) != dnswire.OK || (rcode == dns.RcodeFormatError) == response.ECS.Present || rcode != dns.RcodeFormatError && rcode != dns.RcodeSuccess {
			t.Fatalf("option % x: rcode %d, option in the response: %t", option, rcode, response.ECS.Present)
		}
	})
}
