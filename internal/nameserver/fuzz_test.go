package nameserver_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/zonedb"
)

// FuzzRespond feeds arbitrary messages: no panic, and what comes back is a
// well-formed response to exactly that question, within its size.
func FuzzRespond(f *testing.F) {
	t := &testing.T{}
	db := zonedb.New()
	if msg := load(t, db, "example.com", 1, allKinds); msg != "" {
		f.Fatal(msg)
	}
	for _, command := range []string{
		"query www.example.com A", "query a.sub.example.com A +edns +do", "query x.d.example.com TXT +nsid +edns",
		"query example.com ANY", "query version.bind TXT +class=CH", "query example.com SOA +version=1",
		"query www.example.com A +subnet=203.0.113.0/24", "query alias.example.com A +subnet=2001:db8::/56", "query www.example.com A +subnet=0.0.0.0/0",
	} {
		m, _ := dnstest.Query(t, command)
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire, false)
		f.Add(wire, true)
	}
	update := new(dns.Msg)
	update.SetUpdate("example.com.")
	wire, err := update.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire, false)
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232, NSID: []byte("n"), Version: "v", ID: "i"}, 1)
	client := netip.MustParseAddr("192.0.2.1")
	f.Fuzz(func(t *testing.T, msg []byte, tcp bool) {
		transport, room := dnswire.UDP, 4096
		if tcp {
			transport, room = dnswire.TCP, 65535
		}
		reply := r.Respond(make([]byte, 0, room), msg, client, transport)
		if reply == nil {
			if len(msg) >= 12 && msg[2]&0x80 == 0 {
				t.Fatal("a query got no response")
			}
			return
		}
		if !tcp && len(reply) > 1232 {
			t.Fatalf("%d bytes over UDP", len(reply))
		}
		m := new(dns.Msg)
		if err := m.Unpack(reply); err != nil {
			t.Fatalf("response does not unpack: %v\n% x", err, reply)
		}
		if m.Id != uint16(msg[0])<<8|uint16(msg[1]) || !m.Response || m.Opcode != int(msg[2]>>3&15) {
			t.Fatalf("header is wrong: %v", m)
		}
		asked := new(dns.Msg)
		if asked.Unpack(msg) == nil && len(asked.Question) == 1 && len(m.Question) == 1 && m.Question[0] != asked.Question[0] {
			t.Fatalf("question %v became %v", asked.Question, m.Question)
		}
	})
}
