package dnsserver

import (
	"fmt"
	"strings"

	"open53/test/bench/internal/zonedata"
)

// service is a policy of the geoip backend: the names that a service tries,
// and the records below them, in YAML. They are below the zone's apex.
type service struct {
	tries   []string
	records map[string]string
}

// powerDNSServices are all of them. Networks would have to be part of each
// service; CIDR is left out.
func powerDNSServices() map[*zonedata.Policy]service {
	address := func(i int) string { return "- a: " + zonedata.SetAddress(i) }
	weights := func(n int) service {
		var records []string
		for i := range n {
			records = append(records, fmt.Sprintf("- a: {content: %s, weight: 50}", zonedata.SetAddress(i)))
		}
		return service{[]string{"sets"}, map[string]string{"sets": strings.Join(records, "\n      ")}}
	}
	var all []string
	for i := range zonedata.Multivalue.Sets {
		all = append(all, address(i))
	}
	return map[*zonedata.Policy]service{
		zonedata.Weighted2:  weights(2),
		zonedata.Weighted10: weights(10),
		zonedata.Multivalue: {[]string{"sets"}, map[string]string{"sets": strings.Join(all, "\n      ")}},
		zonedata.Geolocation: {[]string{"%cc.country", "%cn.continent", "default"}, map[string]string{
			"us.country": address(0), "eu.continent": address(1), "na.continent": address(2), "default": address(3),
		}},
	}
}

func powerDNSPolicies() []*zonedata.Policy {
	policies := []*zonedata.Policy{zonedata.Plain}
	services := powerDNSServices()
	for _, p := range zonedata.Policies() {
		if _, has := services[p]; has {
			policies = append(policies, p)
		}
	}
	return policies
}

// writePowerDNSPolicies writes the zones of the geoip backend.
func (s *Setup) writePowerDNSPolicies() error {
	var b strings.Builder
	b.WriteString("domains:\n")
	for p, service := range powerDNSServices() {
		s.addService(&b, p, service)
	}
	return s.write("geoip.yaml", "%s", b.String())
}

func (s *Setup) addService(b *strings.Builder, p *zonedata.Policy, service service) {
	apex := strings.TrimSuffix(p.Zone, ".")
	fmt.Fprintf(b, "- domain: %[1]s\n  ttl: 300\n  records:\n    %[1]s:\n"+
		"      - soa: ns1.bench.example hostmaster.bench.example 1 7200 900 1209600 300\n      - ns: ns1.bench.example\n", apex)
	for name, records := range service.records {
		fmt.Fprintf(b, "    %s.%s:\n      %s\n", name, apex, records)
	}
	tries := make([]string, len(service.tries))
	for i, name := range service.tries {
		tries[i] = fmt.Sprintf("%q", name+"."+apex)
	}
	list := strings.Join(tries, ", ")
	b.WriteString("  services:\n")
	z := zonedata.Zone{Apex: p.Zone, Names: s.Zone.Names}
	for i := range z.Names {
		fmt.Fprintf(b, "    %s: [%s]\n", strings.TrimSuffix(z.QName(zonedata.Positive, i), "."), list)
	}
}
