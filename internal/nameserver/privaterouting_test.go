package nameserver_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnswire"
	"open53/internal/geo"
	"open53/internal/nameserver"
	"open53/internal/network"
	"open53/internal/policy"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// routed are RRsets of one name, told apart by their values.
func routed(name rdata.Name, sets ...zone.RRset) []*zone.RRset {
	list := make([]*zone.RRset, len(sets))
	for i := range sets {
		set := sets[i]
		set.Name, set.Type, set.TTL, set.Values = name, rdata.TypeA, 60, []string{"192.0.2." + set.SetIdentifier}
		list[i] = &set
	}
	return list
}

// privateLab has the same groups in a public zone and in a private one, for two
// VPCs: in Oregon, and in a region of nobody's.
func privateLab(t *testing.T) *nameserver.Responder {
	t.Helper()
	latencies, err := geo.NewLatencies()
	if err != nil {
		t.Fatal(err)
	}
	country := geo.CodeOf("US")
	latencies.Set("test", []geo.Latency{ // measured for the country, not for the VPC
		{Country: country.String(), Region: "us-east-1", Millis: 1}, {Country: country.String(), Region: "us-west-2", Millis: 90},
	})
	db := zonedb.NewIn(policy.World{Latencies: latencies})
	vpcs := []zone.VPC{{Region: "us-west-2", ID: "vpc-0000aaaa"}, {Region: "home-1", ID: "vpc-0000bbbb"}}
	for i, private := range []bool{false, true} {
		apex := rdata.MustParseName("example.com")
		sets := []*zone.RRset{{Name: apex, Type: rdata.TypeSOA, TTL: 900, Values: []string{"ns1.example.net. h.example.net. 1 7200 900 1209600 60"}}}
		sets = append(sets, routed(rdata.MustParseName("geo.example.com"),
			zone.RRset{SetIdentifier: "1", Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "*"}},
			zone.RRset{SetIdentifier: "2", Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "US"}},
			zone.RRset{SetIdentifier: "3", Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "US", Subdivision: "OR"}})...)
		sets = append(sets, routed(rdata.MustParseName("latency.example.com"),
			zone.RRset{SetIdentifier: "4", Policy: zone.Latency, Region: "us-east-1"},
			zone.RRset{SetIdentifier: "5", Policy: zone.Latency, Region: "us-west-2"})...)
		config := zonedb.ZoneConfig{ID: []string{"ZPUBLIC", "ZPRIVATE"}[i], Name: apex, Order: uint64(i), Private: private}
		if private {
			config.VPCs = vpcs
		}
		if err := compile(db, config, 1, sets); err != nil {
			t.Fatal(err)
		}
	}
	networks := []*network.Network{madeNetwork(t, 0, []string{vpcs[0].ID, "10.0.0.0/8", "198.51.100.0/24"}), madeNetwork(t, 1, []string{vpcs[1].ID, "10.1.0.0/16"})}
	for i, n := range networks {
		n.Region = vpcs[i].Region
	}
	useNetworks(db, networks...)
	return nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
}

// TestPrivatePosition: in private zones the client stands in the region of its
// VPC, whatever its address, its client subnet and what was measured say.
func TestPrivatePosition(t *testing.T) {
	r := privateLab(t)
	for _, test := range []struct{ name, client, want string }{
		{"geo", "10.0.0.1", "192.0.2.3"},
		{"geo", "198.51.100.1", "192.0.2.3"},
		{"geo", "10.1.0.1", "192.0.2.1"}, // nobody knows where that is
		{"latency", "10.0.0.1", "192.0.2.5"},
		{"geo", "192.0.2.77", "192.0.2.1"}, // public zone, no database
	} {
		for _, subnet := range []string{"", "203.0.113.0"} {
			m := new(dns.Msg).SetQuestion(test.name+".example.com.", dns.TypeA)
			m.SetEdns0(1232, false)
			if subnet != "" {
				o := m.IsEdns0()
				o.Option = append(o.Option, &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: netip.MustParseAddr(subnet).AsSlice()})
			}
			wire, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			reply := r.Respond(make([]byte, 0, 1232), wire, netip.MustParseAddr(test.client), dnswire.UDP)
			if err := m.Unpack(reply); err != nil || len(m.Answer) != 1 {
				t.Fatalf("%s from %s: %v %v", test.name, test.client, err, m)
			}
			if got := m.Answer[0].(*dns.A).A.String(); got != test.want {
				t.Errorf("%s from %s, subnet %q: %s, want %s", test.name, test.client, subnet, got, test.want)
			}
			if subnet != "" && test.client[:3] == "10." {
				if scope := m.IsEdns0().Option[0].(*dns.EDNS0_SUBNET).SourceScope; scope != 0 {
					t.Errorf("%s from %s: scope %d", test.name, test.client, scope)
				}
			}
		}
		m := packed(t, "query "+test.name+".example.com A +edns")
		reply, client := make([]byte, 0, 1232), netip.MustParseAddr(test.client)
		if n := testing.AllocsPerRun(100, func() { r.Respond(reply, m, client, dnswire.UDP) }); n != 0 {
			t.Errorf("%s from %s: %v allocations", test.name, test.client, n)
		}
	}
}

// TestExplainPrivate: explanations are of the client's view.
func TestExplainPrivate(t *testing.T) {
	db := splitView(t, 1)
	group := nameserver.NewGroup(db, &nameserver.Config{UDPSize: 1232}, func() uint64 { return 1 })
	ask := func(client string) *nameserver.Explanation {
		return group.Explain(nameserver.Question{Name: rdata.MustParseName("www.example.com"), Type: rdata.TypeA, Client: netip.MustParseAddr(client)})
	}
	inside, outside := ask("10.0.0.1"), ask("192.0.2.1")
	if inside.Answer[0].Value != "10.0.0.80" || inside.Client.Source != "vpc" || inside.Client.VPC != "vpc-00000000" || inside.Client.Region != vpcRegion || inside.Client.Country != "IE" {
		t.Errorf("inside: %+v %+v", inside.Answer, inside.Client)
	}
	if outside.Answer[0].Value != "192.0.2.1" || outside.Client.Source != "resolver" || outside.Client.VPC != "" {
		t.Errorf("outside: %+v %+v", outside.Answer, outside.Client)
	}
}
