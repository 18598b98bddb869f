package nameserver_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnswire"
	"open53/internal/geo"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// TestClientSubnet: behaviour §1.5 and RFC 7871: which address decides, and how
// much of it.
func TestClientSubnet(t *testing.T) {
	cname := named("c", at("c:FR", set("a", "plain.example.com.")))
	cname.Type = rdata.TypeCNAME
	chain := named("chain", set("", "geo.example.com."))
	chain.Type = rdata.TypeCNAME
	chain.Policy, chain.SetIdentifier = zone.Simple, ""
	l := newLab(t,
		named("plain", set("", one)), named("w", weighted(1, set("a", one))),
		named("f", primary(checked("a", set("p", one)))), named("f", secondary(set("s", two))),
		named("geo", at("c:FR", set("fr", one))), named("geo", at("c:DE", set("de", two))), named("geo", at("*", set("d", three))),
		named("near", near(zone.Geoproximity{Region: "eu-west-1"}, set("a", one))), named("near", near(zone.Geoproximity{Region: "us-west-2"}, set("b", two))),
		named("lat", inRegion("eu-west-1", set("a", one))), named("lat", inRegion("us-west-2", set("b", two))),
		named("alias", aliased("geo", true, set(""))), cname, chain,
	)
	tests := []struct {
		name, asked, client, subnet string
		want                        string
		scope                       uint8
	}{
		{"policy-free", "plain", fromParis, "203.0.113.0/24", one, 0},
		{"no such name", "none", fromParis, "203.0.113.0/24", "NXDOMAIN", 0},
		{"weighted", "w", fromParis, "203.0.113.0/24", one, 0},
		{"failover", "f", fromParis, "203.0.113.0/24", one, 0},
		{"geolocation", "geo", fromTokyo, "203.0.113.0/24", one, 24},
		{"geolocation, longer", "geo", fromTokyo, "203.0.113.77/32", one, 24},
		{"geolocation of a /23", "geo", fromTokyo, "203.0.114.0/24", two, 23},
		{"geolocation, shorter", "geo", fromTokyo, "203.0.112.0/22", three, 24},
		{"geolocation over IPv6", "geo", fromTokyo, "2001:db8:1:2::/64", one, 48},
		{"geoproximity", "near", fromTokyo, "203.0.113.0/24", one, 24},
		{"latency", "lat", fromTokyo, "203.0.113.0/24", one, 24},
		{"alias", "alias", fromTokyo, "203.0.113.0/24", one, 24},
		{"CNAME chosen by place", "c", fromTokyo, "203.0.113.0/24", "192.0.2.1 plain.example.com.", 24},
		{"place decides behind a CNAME", "chain", fromTokyo, "203.0.113.0/24", "192.0.2.1 geo.example.com.", 24},
		{"NODATA because of the place", "c", fromTokyo, "203.0.114.0/24", "NOERROR", 23},
		{"/0 is not to be used", "geo", fromParis, "0.0.0.0/0", one, 0},
		{"/0 of IPv6", "geo", fromParis, "::/0", one, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := l.query(test.asked, dns.TypeA, test.client, test.subnet)
			if g.String() != test.want {
				t.Errorf("got %s, want %s", g, test.want)
			}
			if g.ecs == nil {
				t.Fatal("no client subnet in the response")
			}
			p := netip.MustParsePrefix(test.subnet)
			sent, _ := netip.AddrFromSlice(g.ecs.Address)
			family := uint16(1)
			if p.Addr().Is6() {
				family = 2
			}
			if g.ecs.Family != family || int(g.ecs.SourceNetmask) != p.Bits() || sent.Unmap() != p.Addr() {
				t.Errorf("option was not copied: %v", g.ecs)
			}
			if g.ecs.SourceScope != test.scope {
				t.Errorf("scope %d, want %d", g.ecs.SourceScope, test.scope)
			}
		})
	}
	if g := l.query("geo", dns.TypeA, fromParis, ""); g.ecs != nil || g.String() != one {
		t.Errorf("without the option: %v", g.msg)
	}
}

// TestClientSubnetMalformed: RFC 7871 §7.1.2.
func TestClientSubnetMalformed(t *testing.T) {
	l := newLab(t, set("", one))
	for name, option := range map[string][]byte{
		"empty":                     {},
		"too short":                 {0, 1, 24},
		"scope in a query":          {0, 1, 24, 24, 192, 0, 2},
		"address too long":          {0, 1, 24, 0, 192, 0, 2, 0},
		"address too short":         {0, 1, 24, 0, 192, 0},
		"bits beyond the prefix":    {0, 1, 23, 0, 192, 0, 3},
		"prefix too long":           {0, 1, 33, 0, 192, 0, 2, 1, 0},
		"IPv6 prefix too long":      {0, 2, 129, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 128},
		"unknown family":            {0, 3, 8, 0, 1},
		"family 0 with an address":  {0, 0, 8, 0, 1},
		"family 0 and prefix 0":     nil, // well-formed: see below
		"odd prefix, all bits zero": nil,
	} {
		wellFormed := option == nil
		switch name {
		case "family 0 and prefix 0":
			option = []byte{0, 0, 0, 0}
		case "odd prefix, all bits zero":
			option = []byte{0, 1, 17, 0, 192, 0, 128}
		}
		t.Run(name, func(t *testing.T) {
			m := new(dns.Msg)
			m.SetQuestion("www.example.com.", dns.TypeA)
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_LOCAL{Code: dnswire.OptionECS, Data: option})
			wire, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			reply := l.Respond(make([]byte, 0, 4096), wire, netip.MustParseAddr(fromParis), dnswire.UDP)
			var q dnswire.Query
			if rcode := reply[3] & 15; (rcode == dns.RcodeSuccess) != wellFormed || !wellFormed && rcode != dns.RcodeFormatError {
				t.Errorf("rcode %d", rcode)
			}
			reply[2] &^= 0x80 // read it as a query
			if status := q.Parse(reply); status != dnswire.OK {
				t.Fatalf("response is malformed: %d", status)
			}
			if q.ECS.Present != wellFormed {
				t.Errorf("client subnet in the response: %v", q.ECS)
			}
		})
	}
}

// TestScopeOfChina: that a client is not in China decides too, where Beijing is
// a candidate.
func TestScopeOfChina(t *testing.T) {
	l := newLab(t, inRegion("cn-north-1", set("a", one)), inRegion("ap-northeast-1", set("b", two)))
	both := netip.MustParsePrefix("192.0.2.0/23") // Tokyo's and Beijing's
	l.world.Latencies.Set("test", []geo.Latency{{Prefix: both, Region: "cn-north-1", Millis: 5}, {Prefix: both, Region: "ap-northeast-1", Millis: 1}})
	for subnet, want := range map[string]string{"192.0.2.0/24": two, "192.0.3.0/24": one} {
		if g := l.query("www", dns.TypeA, fromNowhere, subnet); g.String() != want || g.ecs.SourceScope != 24 {
			t.Errorf("%s: got %s with scope %d, want %s with scope 24", subnet, g, g.ecs.SourceScope, want)
		}
	}
}

// TestScopeIsCacheSafe: all clients that share the bits of the scope with a
// client get its answer.
func TestScopeIsCacheSafe(t *testing.T) {
	l := policyLab(t)
	l.world.Collections.Set(collection, map[string][]netip.Prefix{"office": {netip.MustParsePrefix("203.0.112.0/21"), netip.MustParsePrefix("198.51.101.0/24")}})
	l.world.Latencies.Set("test", []geo.Latency{
		{Prefix: netip.MustParsePrefix("203.0.113.128/25"), Region: "us-west-2", Millis: 1},
		{ASN: 64501, Region: "eu-west-1", Millis: 1},
	})
	clients := []string{fromParis, fromBerlin, fromSeattle, fromDallas, fromTokyo, "203.0.113.200", "203.0.112.1", "203.0.120.1", "198.51.99.255", "10.0.0.1"}
	random := map[string]bool{"weighted": true, "multi": true, "tree": true}
	for _, name := range policyNames {
		if random[name] {
			continue
		}
		for _, client := range clients {
			addr := netip.MustParseAddr(client)
			g := l.query(name, dns.TypeA, fromNowhere, client+"/32")
			scope := int(g.ecs.SourceScope)
			prefix := netip.PrefixFrom(addr, scope).Masked()
			for _, other := range clients {
				if !prefix.Contains(netip.MustParseAddr(other)) {
					continue
				}
				if h := l.query(name, dns.TypeA, fromNowhere, other+"/32"); h.String() != g.String() {
					t.Errorf("%s: %s gets %s with scope %d, but %s gets %s", name, client, g, scope, other, h)
				}
			}
			first, last := prefix.Addr(), lastOf(prefix)
			for _, edge := range []netip.Addr{first, last} {
				if h := l.query(name, dns.TypeA, fromNowhere, edge.String()+"/32"); h.String() != g.String() {
					t.Errorf("%s: %s gets %s with scope %d, but the edge %s gets %s", name, client, g, scope, edge, h)
				}
			}
		}
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// TestSubnetTakesRoom: the option counts for what fits into a response.
func TestSubnetTakesRoom(t *testing.T) {
	var values []string
	for i := range 30 {
		values = append(values, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String())
	}
	l := newLab(t, set("", values...)) // 33 + 30*16 + 11 is 524
	l.config = &nameserver.Config{UDPSize: 536}
	r := nameserver.New(l.db, l.config, 1)
	for subnet, truncated := range map[string]bool{"": false, "0.0.0.0/0": false, "203.0.113.0/24": false, "2001:db8:1::/128": true} {
		m := new(dns.Msg)
		m.SetQuestion("www.example.com.", dns.TypeA)
		m.SetEdns0(4096, false)
		if subnet != "" {
			p := netip.MustParsePrefix(subnet)
			family := uint16(1)
			if p.Addr().Is6() {
				family = 2
			}
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(p.Bits()), Address: p.Addr().AsSlice()})
		}
		wire, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		reply := r.Respond(make([]byte, 0, 4096), wire, netip.MustParseAddr(fromParis), dnswire.UDP)
		if len(reply) > 536 || (reply[2]&2 != 0) != truncated {
			t.Errorf("%q: %d bytes, truncated %t", subnet, len(reply), reply[2]&2 != 0)
		}
	}
}
