package dnsserver

import (
	"fmt"
	"os"
	"strings"

	"open53/test/bench/internal/zonedata"
)

// down is the address of gdnsd's primary that is down. gdnsd knows states of
// addresses, not of records: the one of set 0 is up elsewhere.
const down = "198.51.100.1"

// gdnsdResources are the names of resources, by the policy that they are like.
var gdnsdResources = map[*zonedata.Policy]string{
	zonedata.Weighted2:         "weighted!two",
	zonedata.Weighted10:        "weighted!ten",
	zonedata.FailoverHealthy:   "simplefo!healthy",
	zonedata.FailoverUnhealthy: "simplefo!unhealthy",
	zonedata.Geolocation:       "geoip!geolocation",
	zonedata.Geoproximity:      "geoip!geoproximity",
	zonedata.Multivalue:        "multifo!multivalue",
	zonedata.CIDR:              "geoip!cidr",
}

func gdnsdPolicies() []*zonedata.Policy {
	policies := []*zonedata.Policy{zonedata.Plain}
	for _, p := range zonedata.Policies() {
		if gdnsdResources[p] != "" {
			policies = append(policies, p)
		}
	}
	return policies
}

// sets is a line for each of a policy's sets, of its number and address.
func sets(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i, zonedata.SetAddress(i))
	}
	return b.String()
}

// gdnsdPlugins is the configuration of the policies, if there are any: one
// resource for all names of a policy, as is gdnsd's way.
func (s *Setup) gdnsdPlugins() string {
	if s.Positions == "" {
		return ""
	}
	var coordinates strings.Builder
	for i, p := range zonedata.Places {
		fmt.Fprintf(&coordinates, "d%d => [%g, %g]\n", i, p.Latitude, p.Longitude)
	}
	return fmt.Sprintf(`plugins => {
  weighted => {
    two => { %[1]s }
    ten => { %[2]s }
  }
  multifo => { multivalue => { service_types => up, %[3]s } }
  simplefo => {
    healthy => { service_types => up, primary => %[4]s, secondary => %[5]s }
    unhealthy => { service_types => up, primary => %[6]s, secondary => %[5]s }
  }
  geoip => {
    maps => {
      places => {
        geoip2_db => %[7]q
        datacenters => [d3, d0, d1, d2]
        map => { default => [d3], EU => [d1], NA => { default => [d2], US => [d0] } }
      }
      nearest => {
        geoip2_db => %[7]q
        datacenters => [d0, d1, d2, d3]
        auto_dc_coords => { %[8]s }
      }
      networks => { datacenters => [d0, d1, d2, d3, d4], nets => %[9]q }
    }
    resources => {
      geolocation => { map => places, dcmap => { %[10]s } }
      geoproximity => { map => nearest, dcmap => { %[10]s } }
      cidr => { map => networks, dcmap => { %[11]s } }
    }
  }
}
`, sets(2, "s%d => [%s, 50]"), sets(10, "s%d => [%s, 50]"), sets(8, "s%d => %s"),
		zonedata.SetAddress(0), zonedata.SetAddress(1), down, s.Positions, coordinates.String(), s.file("nets"),
		sets(4, "d%d => %s"), sets(5, "d%d => %s"))
}

// writeGdnsdPolicies writes what the configuration refers to.
func (s *Setup) writeGdnsdPolicies() error {
	var nets strings.Builder
	for _, b := range zonedata.Blocks() {
		fmt.Fprintf(&nets, "%s => d%d\n", b.Network, b.Set)
	}
	if err := s.write("nets", "%s", nets.String()); err != nil {
		return err
	}
	if err := os.MkdirAll(s.file("state"), 0o755); err != nil {
		return err
	}
	if err := s.write("state/admin_state", "%s/up => DOWN\n", down); err != nil {
		return err
	}
	for p, resource := range gdnsdResources {
		if err := s.writeGdnsdZone(p, resource); err != nil {
			return err
		}
	}
	return nil
}

func (s *Setup) writeGdnsdZone(p *zonedata.Policy, resource string) error {
	z := zonedata.Zone{Apex: p.Zone, Names: s.Zone.Names}
	var b strings.Builder
	b.WriteString("@ 300 SOA ns1.bench.example. hostmaster.bench.example. 1 7200 900 1209600 300\n@ 300 NS ns1.bench.example.\n")
	for i := range z.Names {
		fmt.Fprintf(&b, "%s 300 DYNA %s\n", z.QName(zonedata.Positive, i), resource)
	}
	return s.write("zones/"+strings.TrimSuffix(p.Zone, "."), "%s", b.String())
}
