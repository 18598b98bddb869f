package trafficpolicy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/zone"
)

func testPlace() Place {
	z := &zone.HostedZone{ID: "Z1EXAMPLE", Name: rdata.MustParseName("example.com")}
	return Place{Zone: z, Name: rdata.MustParseName("www.example.com"), Instance: "instance-1", TTL: 60}
}

// describe writes an RRset in one line. Hidden names are written as H1, H2, …
// in the order in which they come up.
func describe(names map[rdata.Name]string, s *zone.RRset) string {
	short := func(n rdata.Name) string {
		if !testPlace().Zone.Hides(n) {
			return n.String()
		}
		if names[n] == "" {
			names[n] = fmt.Sprintf("H%d", len(names)+1)
		}
		return names[n]
	}
	text := fmt.Sprintf("%s %s", short(s.Name), s.Type)
	if s.SetIdentifier != "" {
		text += fmt.Sprintf(" %q %s", s.SetIdentifier, s.Policy)
	}
	switch s.Policy {
	case zone.Weighted:
		text += fmt.Sprint(" ", s.Weight)
	case zone.Latency:
		text += " " + s.Region
	case zone.Failover:
		text += map[bool]string{false: " primary", true: " secondary"}[s.Secondary]
	case zone.GeolocationPolicy:
		text += " " + s.Geolocation.String()
	case zone.GeoproximityPolicy:
		text += fmt.Sprintf(" %s bias %d %t", s.Geoproximity, s.Geoproximity.Bias, s.Geoproximity.BiasSet)
	case zone.CIDRPolicy:
		text += " " + s.CIDR.Location
	case zone.Simple, zone.Multivalue:
	}
	if s.Alias != nil {
		text += fmt.Sprintf(" alias %s %s %t", s.Alias.ZoneID, short(s.Alias.Target), s.Alias.EvaluateTargetHealth)
	} else {
		text += fmt.Sprintf(" %d %s", s.TTL, strings.Join(s.Values, "|"))
	}
	if s.HealthCheckID != "" {
		text += " health " + s.HealthCheckID[:4]
	}
	return text
}

func load(t *testing.T, name string) *Document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/documents", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(string(text), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestExpand expands Amazon's examples and others, in testdata/documents.
func TestExpand(t *testing.T) {
	tests := []struct {
		name string
		want []string
	}{
		{"failover", []string{
			`H1 A "1 my_elb" failover primary alias Z35SXDOTRQ7X7K elb-111111.us-east-1.elb.amazonaws.com. true`,
			`H1 A "2 site_down_banner" failover secondary alias Z3AQBSTGFYJSTF s3-website-us-east-1.amazonaws.com. true`,
			`www.example.com. A alias Z1EXAMPLE H1 true`,
		}},
		{"geo", []string{
			`H1 A "1 english" geolocation [CountryCode=*] 60 192.0.2.1 health 1111`,
			`H1 A "2 french" geolocation [CountryCode=FR] 60 192.0.2.2`,
			`H1 A "3 french" geolocation [CountryCode=BE] 60 192.0.2.2`,
			`H1 A "4 german" geolocation [ContinentCode=EU] 60 192.0.2.3`,
			`H1 A "5 english" geolocation [CountryCode=US, SubdivisionCode=CA] 60 192.0.2.1`,
			`www.example.com. A alias Z1EXAMPLE H1 true`,
		}},
		{"geoproximity-2015", []string{
			`H1 A "1 aws-us-west-1-region" geoproximity [AWSRegion=us-west-1] bias 10 true alias Z35SXDOTRQ7X7K elb-123456.us-east-1.elb.amazonaws.com. true`,
			`H1 A "2 london-data-center" geoproximity [Latitude=51.50, Longitude=-0.16] bias 0 true 60 192.0.2.1`,
			`www.example.com. A alias Z1EXAMPLE H1 true`,
		}},
		{"geoproximity-2023", []string{
			`H1 AAAA "1 west" geoproximity [AWSRegion=us-west-1] bias -10 true alias Z24FKFUX50B4VW nlb-74f87b114e21682a.elb.us-west-1.amazonaws.com. true`,
			`H1 AAAA "2 atlanta" geoproximity [LocalZoneGroup=us-east-1-atl-1] bias 0 false alias Z35SXDOTRQ7X7K alb-123456.us-east-1.elb.amazonaws.com. false`,
			`H1 AAAA "3 london" geoproximity [Latitude=51.50, Longitude=-0.16] bias 0 true 60 2001:db8::1`,
			`www.example.com. AAAA alias Z1EXAMPLE H1 true`,
		}},
		{"latency", []string{
			`H1 CNAME "1 us" latency us-east-1 60 us.example.net`,
			`H1 CNAME "2 europe" latency eu-west-1 60 eu.example.net`,
			`www.example.com. CNAME alias Z1EXAMPLE H1 true`,
		}},
		{"weighted", []string{
			`H1 A "1 srv1" weighted 3 60 192.0.2.1 health 1111`,
			`H1 A "2 srv2" weighted 1 60 192.0.2.2`,
			`H1 A "3 srv2" weighted 0 60 192.0.2.2`,
			`www.example.com. A alias Z1EXAMPLE H1 true`,
		}},
		{"multivalue", []string{
			`H1 MX "1 one" multivalue 60 10 mx1.example.net`,
			`H1 MX "2 two" multivalue 60 10 mx2.example.net health 1111`,
			`www.example.com. MX alias Z1EXAMPLE H1 true`,
		}},
		{"cidr", []string{
			`H1 A "1 one" CIDR office 60 192.0.2.1`,
			`H1 A "2 two" CIDR * 60 192.0.2.2`,
			`www.example.com. A alias Z1EXAMPLE H1 true`,
		}},
		{"endpoint", []string{`www.example.com. TXT 60 "hello" "world"`}},
		{"cloudfront", []string{`www.example.com. A alias Z2FDTNDATAQYW2 d111111abcdef8.cloudfront.net. false`}},
		{"shared", []string{ // a rule is there once, however many lead to it, and not at all if none does
			`H1 A 60 192.0.2.1`,
			`H2 A "1 b" weighted 1 60 192.0.2.2`,
			`H2 A "2 beanstalk" weighted 1 alias Z117KPS5GTRQ2G env-1.eba-ns4qrife.us-east-1.elasticbeanstalk.com. true`,
			`H3 A "1 a" failover primary alias Z1EXAMPLE H1 false`,
			`H3 A "2 last" failover secondary alias Z1EXAMPLE H2 true`,
			`H4 A "1 pair" geolocation [CountryCode=*] alias Z1EXAMPLE H3 true`,
			`H4 A "2 pair" geolocation [CountryCode=US] alias Z1EXAMPLE H3 false health 1111`,
			`H4 A "3 cdn" geolocation [CountryCode=DE] alias Z2FDTNDATAQYW2 d111111abcdef8.cloudfront.net. false`,
			`www.example.com. A alias Z1EXAMPLE H4 true`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sets, err := load(t, test.name).Expand(testPlace())
			if err != nil {
				t.Fatal(err)
			}
			names := map[rdata.Name]string{}
			var got []string
			for _, s := range sets {
				got = append(got, describe(names, s))
				if s.TrafficPolicyInstanceID != "instance-1" {
					t.Errorf("%s belongs to %q", s.Name, s.TrafficPolicyInstanceID)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHiddenNames(t *testing.T) {
	d, at := load(t, "weighted"), testPlace()
	owner := func(at Place) rdata.Name {
		sets, err := d.Expand(at)
		if err != nil {
			t.Fatal(err)
		}
		return sets[0].Name
	}
	name := owner(at)
	if !at.Zone.Hides(name) || name.Labels() != at.Zone.Name.Labels()+2 {
		t.Errorf("%s is not hidden", name)
	}
	if owner(at) != name {
		t.Error("the name differs from time to time")
	}
	other := at
	other.Instance = "instance-2"
	if owner(other) == name {
		t.Error("two instances share a name")
	}
	for _, size := range []int{222, 223, 224, 255} { // 223 leave room for 32 more
		apex := rdata.Root
		for len(apex) < size {
			n := min(63, size-len(apex)-1)
			apex = rdata.Name(string(rune(n))+strings.Repeat("a", n)) + apex
		}
		long := Place{Zone: &zone.HostedZone{ID: "Z1", Name: apex}, Name: apex, Instance: "instance-1"}
		sets, err := d.Expand(long)
		if size > 223 {
			if !errors.Is(err, ErrNameTooLong) {
				t.Errorf("a zone whose name has %d bytes: %v", size, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rdata.ParseName(sets[0].Name.String()); err != nil {
			t.Error(err)
		}
	}
	long := Place{Zone: &zone.HostedZone{ID: "Z1", Name: rdata.Name(strings.Repeat("\x01a", 127) + "\x00")}, Name: rdata.Name(strings.Repeat("\x01a", 127) + "\x00")}
	if _, err := load(t, "endpoint").Expand(long); err != nil {
		t.Errorf("a policy without rules: %v", err)
	}
}
