package nameserver_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zonedb"
)

// allKinds is a zone with every kind of answer.
const allKinds = `
@ 900 SOA ns1.example.net. h.example.net. 1 7200 900 1209600 60
@ NS ns
@ MX 10 mail
ns A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
www A 192.0.2.1
www A 192.0.2.2
txt TXT "one"
txt TXT "another one"
*.wild A 192.0.2.7
cname CNAME cname2
cname2 CNAME www
sub NS ns.sub
ns.sub A 192.0.2.9
d DNAME wild
alias ALIAS A alias2
alias2 ALIAS A www
gone ALIAS A gone.d2
outside ALIAS A good.outside.test.
outside ALIAS AAAA new.outside.test.
loop CNAME loop2
loop2 CNAME loop
`

// allocConfigs are the settings that the cases of TestNoAllocations choose from.
var allocConfigs = map[string]nameserver.Config{
	"minimal":      {UDPSize: 1232, NSID: []byte("node"), Version: "version", TCPIdle: 100},
	"authority NS": {UDPSize: 1232, AuthorityNS: true, Any: nameserver.AnyFull},
	"cookies":      {UDPSize: 1232, Cookies: nameserver.Cookies{Enabled: true, Secret: [16]byte{1}, Previous: [16]byte{2}}},
	"demands":      {UDPSize: 1232, Cookies: nameserver.Cookies{Enabled: true, Secret: [16]byte{1}, Require: true}},
	"slips":        {UDPSize: 1232, RateLimit: nameserver.RateLimit{PerSecond: 1, Slip: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}},
	"drops":        {UDPSize: 1232, RateLimit: nameserver.RateLimit{PerSecond: 1}},
}

// allocCase is one kind of answer.
type allocCase struct {
	name, command, config string
	cookie                string // hex; "good" is one that the server gave
}

var allocCases = []allocCase{
	{"positive", "query www.example.com A", "minimal", ""},
	{"rotated by walk", "query txt.example.com TXT", "minimal", ""},
	{"NODATA", "query www.example.com AAAA", "minimal", ""},
	{"NODATA of an empty non-terminal", "query wild.example.com AAAA", "minimal", ""},
	{"NXDOMAIN", "query a.b.c.example.com A", "minimal", ""},
	{"wildcard", "query x.wild.example.com A", "minimal", ""},
	{"wildcard NODATA", "query x.wild.example.com MX", "minimal", ""},
	{"CNAME chain", "query cname.example.com A", "minimal", ""},
	{"CNAME loop", "query loop.example.com A", "minimal", ""},
	{"DNAME", "query x.d.example.com A", "minimal", ""},
	{"referral", "query a.sub.example.com A", "minimal", ""},
	{"DS at a cut", "query sub.example.com DS", "minimal", ""},
	{"alias", "query alias.example.com A", "minimal", ""},
	{"alias to nothing", "query gone.example.com A", "minimal", ""},
	{"alias outside", "query outside.example.com A", "minimal", ""},
	{"alias not resolved", "query outside.example.com AAAA +edns", "minimal", ""},
	{"additional", "query example.com MX", "minimal", ""},
	{"ANY", "query example.com ANY", "minimal", ""},
	{"ANY over TCP", "query example.com ANY +tcp", "minimal", ""},
	{"full ANY", "query example.com ANY", "authority NS", ""},
	{"authority and additional", "query www.example.com A", "authority NS", ""},
	{"truncated", "query large.example.com TXT", "minimal", ""},
	{"large over TCP", "query large.example.com TXT +tcp", "minimal", ""},
	{"EDNS", "query www.example.com A +edns", "minimal", ""},
	{"EDNS and NSID", "query www.example.com A +edns +do +nsid", "minimal", ""},
	{"refused", "query www.example.org A +edns", "minimal", ""},
	{"transfer", "query example.com AXFR", "minimal", ""},
	{"apex SOA", "query example.com SOA", "minimal", ""},
	{"version too high", "query example.com SOA +edns +version=3", "minimal", ""},
	{"class CH", "query version.bind TXT +class=CH", "minimal", ""},
	{"cookie not heeded", "query www.example.com A +edns", "minimal", "0102030405060708"},
	{"no cookie", "query www.example.com A +edns", "cookies", ""},
	{"client cookie", "query www.example.com A +edns", "cookies", "0102030405060708"},
	{"bad server cookie", "query www.example.com A +edns", "cookies", "01020304050607080100000000000000ffffffffffffffff"},
	{"good server cookie", "query www.example.com A +edns", "cookies", "good"},
	{"cookie demanded", "query www.example.com A +edns", "demands", "0102030405060708"},
	{"truncated for want of a cookie", "query www.example.com A", "demands", ""},
	{"rate limited, slipped", "query www.example.com A", "slips", ""},
	{"rate limited, dropped", "query www.example.com A", "drops", ""},
	{"rate limited wildcard", "query x.wild.example.com A", "drops", ""},
	{"rate limited NXDOMAIN", "query nope.example.com A", "drops", ""},
	{"rate limited error", "query www.example.org A", "drops", ""},
}

// TestNoAllocations: the query path allocates nothing, whatever the answer,
// message by message and in batches.
func TestNoAllocations(t *testing.T) {
	db := zonedb.New()
	large := strings.Repeat("large TXT \""+strings.Repeat("x", 200)+"%d\"\n", 9)
	for i := range 9 {
		large = strings.Replace(large, "%d", fmt.Sprint(i), 1)
	}
	if msg := load(t, db, "example.com", 1, allKinds+large); msg != "" {
		t.Fatal(msg)
	}
	manyMoreZones(t, db)
	for i, target := range db.Outside().Targets() {
		if target.Type == rdata.TypeA {
			db.Outside().SetAnswer(i, zonedb.NewOutsideAnswer(target.Type, 60, [][]byte{{192, 0, 2, 1}, {192, 0, 2, 2}}))
		}
	}
	client := netip.MustParseAddr("192.0.2.1")
	for _, c := range allocCases {
		t.Run(c.name, func(t *testing.T) {
			config := allocConfigs[c.config]
			config.Now = func() int64 { return 1_700_000_000_000 }
			r := nameserver.New(db, &config, 1)
			wire, transport := c.query(t, r, client)
			reply := make([]byte, 0, dnswire.MaxMessage)
			if n := testing.AllocsPerRun(500, func() { r.Respond(reply, wire, client, transport) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
			c.checkStats(t, &r.Stats)
			if transport != dnswire.UDP {
				return
			}
			batch := func() {
				for i := range 64 {
					r.Prepare(i, wire, client)
				}
				r.Fetch(64)
				for i := range 64 {
					r.RespondPrepared(i, reply, wire, client)
				}
			}
			batch() // makes room for batches
			if n := testing.AllocsPerRun(20, batch); n != 0 {
				t.Errorf("%v allocations in a batch", n)
			}
		})
	}
}

// checkStats fails the test if the case was not what its name says.
func (c *allocCase) checkStats(t *testing.T, s *nameserver.Stats) {
	t.Helper()
	want := map[string]string{
		"client cookie": "client", "cookie demanded": "client", "bad server cookie": "bad", "good server cookie": "good",
	}[c.name]
	if want == "" {
		want = "none"
	}
	for i, name := range nameserver.CookieNames {
		counted := name == want && c.config != "drops" // what is dropped is not counted here
		if got := s.Cookies[i].Load(); (got > 400) != counted {
			t.Errorf("%d queries with cookie %s", got, name)
		}
	}
	dropped, slipped := s.Rate.Dropped.Load() > 400, s.Rate.Slipped.Load() > 400
	if dropped != (c.config == "drops") || slipped != (c.config == "slips") {
		t.Errorf("rate limit: dropped %t, slipped %t", dropped, slipped)
	}
	if truncated := s.Truncated.Load() > 400; truncated != (strings.HasPrefix(c.name, "truncated") || slipped) {
		t.Errorf("truncated: %t", truncated)
	}
}

// query makes the case's message.
func (c *allocCase) query(t *testing.T, r *nameserver.Responder, client netip.Addr) ([]byte, dnswire.Transport) {
	t.Helper()
	m, tcp := dnstest.Query(t, c.command)
	transport := dnswire.UDP
	if tcp {
		transport = dnswire.TCP
	}
	pack := func(cookie string) []byte {
		if cookie != "" {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie}}
		}
		wire, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return wire
	}
	if c.cookie != "good" {
		return pack(c.cookie), transport
	}
	first := new(dns.Msg)
	if err := first.Unpack(r.Respond(make([]byte, 0, 4096), pack("0102030405060708"), client, transport)); err != nil {
		t.Fatal(err)
	}
	given := first.IsEdns0().Option[0].(*dns.EDNS0_COOKIE).Cookie
	return pack(given), transport
}
