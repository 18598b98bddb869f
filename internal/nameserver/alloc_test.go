package nameserver_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zone"
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
`

// TestNoAllocations: the query path allocates nothing, whatever the answer.
func TestNoAllocations(t *testing.T) {
	db := zonedb.New()
	if msg := load(t, db, "example.com", 1, allKinds); msg != "" {
		t.Fatal(msg)
	}
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232, NSID: []byte("node")}, 1)
	for name, command := range map[string]string{
		"positive":         "query www.example.com A",
		"rotated by walk":  "query txt.example.com TXT",
		"NODATA":           "query www.example.com AAAA",
		"NXDOMAIN":         "query a.b.c.example.com A",
		"wildcard":         "query x.wild.example.com A",
		"CNAME chain":      "query cname.example.com A",
		"DNAME":            "query x.d.example.com A",
		"referral":         "query a.sub.example.com A",
		"alias":            "query alias.example.com A",
		"additional":       "query example.com MX",
		"ANY":              "query example.com ANY",
		"ANY over TCP":     "query example.com ANY +tcp",
		"EDNS and NSID":    "query www.example.com A +edns +do +nsid",
		"refused":          "query www.example.org A +edns",
		"apex SOA":         "query example.com SOA",
		"version too high": "query example.com SOA +edns +version=3",
	} {
		t.Run(name, func(t *testing.T) {
			m, tcp := dnstest.Query(t, command)
			wire, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			transport := dnswire.UDP
			if tcp {
				transport = dnswire.TCP
			}
			reply := make([]byte, 0, 65535)
			client := netip.MustParseAddr("192.0.2.1")
			if n := testing.AllocsPerRun(1000, func() { r.Respond(reply, wire, client, transport) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// BenchmarkRespond measures the query path without sockets.
func BenchmarkRespond(b *testing.B) {
	db := zonedb.New()
	t := &testing.T{}
	load(t, db, "example.com", 1, allKinds)
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	for _, name := range []string{"www A", "cname A", "nope A", "a.sub A", "x.wild A"} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			host, rrtype, _ := strings.Cut(name, " ")
			m, _ := dnstest.Query(t, "query "+host+".example.com "+rrtype+" +edns")
			wire, err := m.Pack()
			if err != nil {
				b.Fatal(err)
			}
			reply := make([]byte, 0, 65535)
			client := netip.MustParseAddr("192.0.2.1")
			b.ReportAllocs()
			for b.Loop() {
				r.Respond(reply, wire, client, dnswire.UDP)
			}
		})
	}
}

// policyLab has one name for each policy.
func policyLab(t testing.TB) *lab {
	l := newLab(t,
		named("simple", set("", "192.0.2.1")),
		named("weighted", weighted(10, set("a", "192.0.2.1"))), named("weighted", weighted(20, set("b", "192.0.2.2"))),
		named("latency", inRegion("eu-west-1", set("a", "192.0.2.1"))), named("latency", inRegion("us-west-2", set("b", "192.0.2.2"))),
		named("failover", primary(checked("c1", set("a", "192.0.2.1")))), named("failover", secondary(set("b", "192.0.2.2"))),
		named("geo", at("EU", set("a", "192.0.2.1"))), named("geo", at("c:US", set("b", "192.0.2.2"))), named("geo", at("*", set("c", "192.0.2.3"))),
		named("near", near(zone.Geoproximity{Region: "eu-west-1"}, set("a", "192.0.2.1"))),
		named("near", near(zone.Geoproximity{Region: "us-west-2"}, set("b", "192.0.2.2"))),
		named("biased", near(zone.Geoproximity{Region: "eu-west-1", Bias: 10}, set("a", "192.0.2.1"))),
		named("biased", near(zone.Geoproximity{Region: "us-west-2"}, set("b", "192.0.2.2"))),
		named("cidr", inside("office", set("a", "192.0.2.1"))), named("cidr", inside("*", set("b", "192.0.2.2"))),
		named("multi", multivalue(checked("c1", set("a", "192.0.2.1")))), named("multi", multivalue(checked("c2", set("b", "192.0.2.2")))),
		named("tree", inRegion("eu-west-1", aliased("weighted", true, set("a")))),
		named("tree", inRegion("us-west-2", aliased("failover", true, set("b")))),
	)
	l.world.Collections.Set(collection, map[string][]netip.Prefix{"office": {netip.MustParsePrefix("203.0.113.0/24")}})
	return l
}

var policyNames = []string{"simple", "weighted", "latency", "failover", "geo", "near", "biased", "cidr", "multi", "tree"}

// TestNoAllocationsByPolicy: no policy allocates either, with a client subnet
// or without, sticky or not.
func TestNoAllocationsByPolicy(t *testing.T) {
	l := policyLab(t)
	for _, name := range policyNames {
		for _, subnet := range []string{"", " +subnet=203.0.113.0/24", " +subnet=2001:db8:1::/48"} {
			for _, sticky := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s%s sticky=%t", name, subnet, sticky), func(t *testing.T) {
					l.config.StickyPrefix = sticky
					m, _ := dnstest.Query(t, "query "+name+".example.com A +edns"+subnet)
					wire, err := m.Pack()
					if err != nil {
						t.Fatal(err)
					}
					reply, client := make([]byte, 0, 4096), netip.MustParseAddr(fromParis)
					if n := testing.AllocsPerRun(1000, func() { l.Respond(reply, wire, client, dnswire.UDP) }); n != 0 {
						t.Errorf("%v allocations", n)
					}
				})
			}
		}
	}
}

// BenchmarkPolicy measures each policy beside a simple answer.
func BenchmarkPolicy(b *testing.B) {
	l := policyLab(b)
	for _, name := range policyNames {
		b.Run(name, func(b *testing.B) {
			m, _ := dnstest.Query(&testing.T{}, "query "+name+".example.com A +edns")
			wire, err := m.Pack()
			if err != nil {
				b.Fatal(err)
			}
			reply, client := make([]byte, 0, 4096), netip.MustParseAddr(fromParis)
			b.ReportAllocs()
			for b.Loop() {
				l.Respond(reply, wire, client, dnswire.UDP)
			}
		})
	}
}

// BenchmarkLarge answers random names of a zone of a million, one message at a
// time and in batches.
func BenchmarkLarge(b *testing.B) {
	const names = 1_000_000
	db := zonedb.New()
	e := db.Begin()
	apex := rdata.MustParseName("bench.test")
	if err := e.AddZone(zonedb.ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		b.Fatal(err)
	}
	for i := range names {
		name := rdata.MustParseName(fmt.Sprintf("host%07d.bench.test", i))
		if err := e.SetName("Z1", name, []*zone.RRset{{Name: name, Type: rdata.TypeA, TTL: 300, Values: []string{"192.0.2.1"}}}); err != nil {
			b.Fatal(err)
		}
	}
	e.Commit()
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	queries := make([][]byte, 1<<16)
	for i := range queries {
		m := new(dns.Msg)
		m.SetQuestion(fmt.Sprintf("host%07d.bench.test.", rng.IntN(names)), dns.TypeA)
		wire, err := m.Pack()
		if err != nil {
			b.Fatal(err)
		}
		queries[i] = wire
	}
	reply := make([]byte, 0, 4096)
	client := netip.MustParseAddr("192.0.2.1")
	b.Run("single", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			r.Respond(reply, queries[i&0xffff], client, dnswire.UDP)
		}
	})
	b.Run("batch", func(b *testing.B) {
		for n := 0; n < b.N; n += 64 {
			batch := queries[n&0xffff : n&0xffff+64]
			for i, q := range batch {
				r.Prepare(i, q, client)
			}
			r.Fetch(len(batch))
			for i, q := range batch {
				r.RespondPrepared(i, reply, q, client)
			}
		}
	})
}
