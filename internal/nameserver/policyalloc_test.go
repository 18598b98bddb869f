package nameserver_test

import (
	"fmt"
	"net/netip"
	"testing"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/zone"
)

// policyLab has one name for each policy.
func policyLab(t testing.TB) *lab {
	t.Helper()
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
