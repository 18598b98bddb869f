package route53

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "open53/internal/route53api"
)

// everything knows that all health checks and collections exist.
type everything struct{}

func (everything) HealthCheckExists(string) (bool, error) { return true, nil }

func (everything) CIDRLocationExists(string, string) (collection, location bool, err error) {
	return true, true, nil
}

const testUUID = "11111111-2222-3333-4444-555555555555"

// roundTrips are RRsets as clients write them; name is all that may change.
func roundTrips(zoneID string) []struct {
	name string
	set  api.ResourceRecordSet
} {
	set := func(rrtype api.RRType, ttl int64, values []string, change func(*api.ResourceRecordSet)) api.ResourceRecordSet {
		s := api.ResourceRecordSet{Type: rrtype, TTL: &ttl}
		for _, v := range values {
			s.ResourceRecords = append(s.ResourceRecords, api.ResourceRecord{Value: v})
		}
		if change != nil {
			s.SetIdentifier = new("the set")
			change(&s)
		}
		return s
	}
	a := []string{"192.0.2.1"}
	alias := func(name string, health bool) api.ResourceRecordSet {
		return api.ResourceRecordSet{Type: "A", AliasTarget: &api.AliasTarget{HostedZoneId: zoneID, DNSName: name, EvaluateTargetHealth: health}}
	}
	weightedAlias := alias("target.example.com.", true)
	weightedAlias.SetIdentifier, weightedAlias.Weight = new("w"), new(int64(255))
	return []struct {
		name string
		set  api.ResourceRecordSet
	}{
		{"simple", set("A", 300, []string{"192.0.2.2", "192.0.2.1"}, nil)},
		{"TTL 0", set("A", 0, a, nil)},
		{"largest TTL", set("A", 2147483647, a, nil)},
		{"values as they were written", set("TXT", 60, []string{`"a"  "b"`, `"A\052\"<&>'"`, `""`}, nil)},
		{"case of values", set("CNAME", 60, []string{"WWW.Example.ORG"}, nil)},
		{"AAAA as it was written", set("AAAA", 60, []string{"2001:DB8:0:0::1"}, nil)},
		{"MX", set("MX", 60, []string{"10 mail.example.com", "010 other.example.com."}, nil)},
		{"health check", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.SetIdentifier, s.HealthCheckId = nil, new(testUUID)
		})},
		{"alias", alias("target.example.com.", false)},
		{"weighted alias", weightedAlias},
		{"weight 0", set("A", 60, a, func(s *api.ResourceRecordSet) { s.Weight = new(int64(0)) })},
		{"latency", set("A", 60, a, func(s *api.ResourceRecordSet) { s.Region = new(api.ResourceRecordSetRegion("eu-west-1")) })},
		{"primary", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.Failover, s.HealthCheckId = new(api.ResourceRecordSetFailoverPrimary), new(testUUID)
		})},
		{"secondary", set("A", 60, a, func(s *api.ResourceRecordSet) { s.Failover = new(api.ResourceRecordSetFailoverSecondary) })},
		{"continent", set("A", 60, a, func(s *api.ResourceRecordSet) { s.GeoLocation = &api.GeoLocation{ContinentCode: new("EU")} })},
		{"default location", set("A", 60, a, func(s *api.ResourceRecordSet) { s.GeoLocation = &api.GeoLocation{CountryCode: new("*")} })},
		{"subdivision", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.GeoLocation = &api.GeoLocation{CountryCode: new("US"), SubdivisionCode: new("WA")}
		})},
		{"multivalue", set("A", 60, a, func(s *api.ResourceRecordSet) { s.MultiValueAnswer = new(true) })},
		{"CIDR", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.CidrRoutingConfig = &api.CidrRoutingConfig{CollectionId: testUUID, LocationName: "*"}
		})},
		{"geoproximity region", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.GeoProximityLocation = &api.GeoProximityLocation{AWSRegion: new("us-west-2")}
		})},
		{"geoproximity bias 0", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.GeoProximityLocation = &api.GeoProximityLocation{AWSRegion: new("us-west-2"), Bias: new(int32(0))}
		})},
		{"geoproximity group and bias", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.GeoProximityLocation = &api.GeoProximityLocation{LocalZoneGroup: new("us-west-2-lax-1"), Bias: new(int32(-99))}
		})},
		{"geoproximity coordinates", set("A", 60, a, func(s *api.ResourceRecordSet) {
			s.GeoProximityLocation = &api.GeoProximityLocation{Coordinates: &api.Coordinates{Latitude: "+49.2", Longitude: "-122.50"}}
		})},
		{"wildcard", set("A", 60, a, nil)},
	}
}

// TestRoundTrip writes each RRset through the handler and the store, and reads
// it back the same; then deletes it in the same words.
func TestRoundTrip(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.HealthChecks, c.CIDRCollections = everything{}, everything{} })
	client := f.client()
	zoneID := f.newZone(t, "example.com")
	f.mustChange(t, zoneID, record(api.ChangeActionCreate, "target.example.com", "A", 60, "192.0.2.9"))
	for _, test := range roundTrips(zoneID) {
		t.Run(test.name, func(t *testing.T) {
			change := func(action api.ChangeAction, set api.ResourceRecordSet) {
				t.Helper()
				_, err := client.ChangeResourceRecordSets(t.Context(), &api.ChangeResourceRecordSetsInput{
					HostedZoneId: "/hostedzone/" + zoneID, ChangeBatch: api.ChangeBatch{Changes: []api.Change{{Action: action, ResourceRecordSet: set}}},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			written := test.set
			written.Name = `Host\052.EXAMPLE.com`
			change(api.ChangeActionCreate, written)
			out, err := client.ListResourceRecordSets(t.Context(), &api.ListResourceRecordSetsInput{
				HostedZoneId: zoneID, StartRecordName: new(`host\052.example.com`), MaxItems: new("1"),
			})
			if err != nil {
				t.Fatal(err)
			}
			want := written
			want.Name = `host\052.example.com.`
			if diff := cmp.Diff([]api.ResourceRecordSet{want}, out.ResourceRecordSets); diff != "" {
				t.Error(diff)
			}
			change(api.ChangeActionUpsert, out.ResourceRecordSets[0])
			change(api.ChangeActionDelete, written)
		})
	}
}

func TestVPCID(t *testing.T) {
	tests := map[string]bool{
		"vpc-01234567": true, "vpc-0123456789abcdef0": true, "vpc-0123456": false, "vpc-0123456789abcdef01": false,
		"vpc-0123456g": false, "VPC-01234567": false, "01234567": false, "": false, "vpc-": false,
	}
	for id, want := range tests {
		if got := validVPCID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}

// TestErrorsOfZone makes sure that every code of package zone has a type: one
// without would be an internal error.
func TestErrorsOfZone(t *testing.T) {
	codes := strings.Fields(`ConflictingDomainExists InvalidChangeBatch InvalidDomainName InvalidInput LastVPCAssociation LimitsExceeded
		NoSuchHealthCheck PublicZoneVPCAssociation TooManyVPCAssociationAuthorizations VPCAssociationAuthorizationNotFound VPCAssociationNotFound`)
	for _, code := range codes {
		wantError(t, newError(code, "text"), code, "text")
	}
	if err := newError("Nonsense", ""); err != nil {
		t.Error(err)
	}
	if !slices.IsSorted(codes) {
		t.Error("codes are not sorted")
	}
}
