package zone

import (
	"errors"
	"fmt"
	"testing"
)

const (
	collectionOne = "11111111-2222-3333-4444-555555555555"
	collectionTwo = "99999999-2222-3333-4444-555555555555"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	const head = "RRSet with DNS name www.example.com., type A, SetIdentifier S"
	www := func(members string) string { return "www.example.com A " + members + " 60 192.0.2.1" }
	runBatches(t, []batchCase{
		{
			name: "simple next to routed", zone: []string{www("id=T weight=1")}, batch: []string{"CREATE www.example.com A 60 192.0.2.1"},
			want: []string{"RRSet with DNS name www.example.com., type A cannot be created as other RRSets exist with the same name and type."},
		},
		{
			name: "upsert from weighted to simple", zone: []string{www("id=T weight=1")}, batch: []string{"UPSERT www.example.com A 60 192.0.2.1"},
			want: []string{"RRSet with DNS name www.example.com., type A cannot be created as other RRSets exist with the same name and type."},
		},
		{
			name: "weighted next to simple", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"UPSERT " + www("id=S weight=1")},
			want: []string{head + " cannot be created as a non-weighted set exists with the same name and type."},
		},
		{
			name: "weighted next to latency", zone: []string{www("id=T region=us-east-1")}, batch: []string{"CREATE " + www("id=S weight=1")},
			want: []string{head + " cannot be created as a non-weighted set exists with the same name and type."},
		},
		{
			name: "latency next to simple", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"UPSERT " + www("id=S region=us-east-1")},
			want: []string{head + ", and Region Name=us-east-1 cannot be created because a non-latency RRSet with the same name and type already exists."},
		},
		{
			name: "second latency for a region", zone: []string{www("id=T region=us-east-1")}, batch: []string{"CREATE " + www("id=S region=us-east-1")},
			want: []string{head + ", and Region Name=us-east-1 cannot be created because a latency RRSet with the same name, type and region already exists."},
		},
		{name: "latency for another region", zone: []string{www("id=T region=us-east-1")}, batch: []string{"CREATE " + www("id=S region=us-west-1")}},
		{name: "move a latency set to another region", zone: []string{www("id=S region=us-east-1")}, batch: []string{"UPSERT " + www("id=S region=us-west-1")}},
		{
			name: "multivalue next to simple", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"CREATE " + www("id=S multivalue=true")},
			want: []string{head + " cannot be created because a non multivalue answer rrset exists with the same name and type."},
		},
		{name: "multivalue", zone: []string{www("id=T multivalue=true")}, batch: []string{"CREATE " + www("id=S multivalue=true")}},
		{
			name: "failover next to simple", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"CREATE " + www("id=S failover=SECONDARY")},
			want: []string{head + ", and Failover=SECONDARY cannot be created because a non-failover RRSet with the same name and type already exists."},
		},
		{
			name: "second primary", zone: []string{www("id=T failover=PRIMARY hc=h")}, batch: []string{"CREATE " + www("id=S failover=PRIMARY hc=h")},
			want: []string{head + ", and Failover=PRIMARY cannot be created because a failover RRSet with the same name, type and failover role already exists."},
		},
		{name: "primary and secondary", batch: []string{"CREATE " + www("id=S failover=PRIMARY hc=h"), "CREATE " + www("id=T failover=SECONDARY")}},
		{
			name: "primary without health check", batch: []string{"CREATE " + www("id=S failover=PRIMARY")},
			want: []string{"A non-alias primary ResourceRecordSet must have an associated health check. No changes made."},
		},
		{name: "alias primary without health check", zone: []string{"a.example.com A 60 192.0.2.1"}, batch: []string{"CREATE www.example.com A id=S failover=PRIMARY alias=Z1EXAMPLE/a.example.com"}},
		{
			name: "swap of the roles in place", zone: []string{www("id=S failover=PRIMARY hc=h"), www("id=T failover=SECONDARY hc=h")},
			batch: []string{"UPSERT " + www("id=S failover=SECONDARY hc=h"), "UPSERT " + www("id=T failover=PRIMARY hc=h")},
			want: []string{
				head + ", and Failover=SECONDARY cannot be created because a failover RRSet with the same name, type and failover role already exists.",
				"RRSet with DNS name www.example.com., type A, SetIdentifier T, and Failover=PRIMARY cannot be created because a failover RRSet with the same name, type and failover role already exists.",
			},
		},
		{
			name: "geolocation next to weighted", zone: []string{www("id=T weight=1")}, batch: []string{"CREATE " + www("id=S geo=EU")},
			want: []string{head + ", and GeoLocation=[ContinentCode=EU] cannot be created because a non-geolocation RRSet with the same name and type already exists."},
		},
		{
			name: "one location twice", zone: []string{www("id=T geo=/US/CA")}, batch: []string{"CREATE " + www("id=S geo=/US/CA")},
			want: []string{head + ", and GeoLocation=[CountryCode=US, SubdivisionCode=CA] cannot be created because a geolocation RRSet with the same name, type and location already exists."},
		},
		{name: "state, country, continent and default", batch: []string{"CREATE " + www("id=1 geo=/US/CA"), "CREATE " + www("id=2 geo=/US"), "CREATE " + www("id=3 geo=NA"), "CREATE " + www("id=4 geo=/*")}},
		{
			name: "geoproximity next to simple", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"CREATE " + www("id=S near=us-east-1")},
			want: []string{head + ", and GeoProximityLocation=[AWSRegion=us-east-1] cannot be created because a non-geoproximity RRSet with the same name and type already exists."},
		},
		{
			name: "one region twice, whatever the bias", zone: []string{www("id=T near=us-east-1")}, batch: []string{"CREATE " + www("id=S near=us-east-1/10")},
			want: []string{head + ", and GeoProximityLocation=[AWSRegion=us-east-1] cannot be created because a geoproximity RRSet with the same name, type and location already exists."},
		},
		{
			name: "one local zone group twice", zone: []string{www("id=T near=%us-east-1-atl-1")}, batch: []string{"CREATE " + www("id=S near=%us-east-1-atl-1")},
			want: []string{head + ", and GeoProximityLocation=[LocalZoneGroup=us-east-1-atl-1] cannot be created because a geoproximity RRSet with the same name, type and location already exists."},
		},
		{
			name: "one point twice, written otherwise", zone: []string{www("id=T near=@40.7,-74")}, batch: []string{"CREATE " + www("id=S near=@+40.70,-074.00")},
			want: []string{head + ", and GeoProximityLocation=[Latitude=+40.70, Longitude=-074.00] cannot be created because a geoproximity RRSet with the same name, type and location already exists."},
		},
		{name: "points a few meters apart", zone: []string{www("id=T near=@37.7749,-122.4194")}, batch: []string{"CREATE " + www("id=S near=@37.7749,-122.4195")}},
		{name: "region and point", zone: []string{www("id=T near=us-east-1")}, batch: []string{"CREATE " + www("id=S near=@40.7,-74"), "CREATE " + www("id=U near=@-40.7,-74")}},
		{
			name: "CIDR next to weighted", zone: []string{www("id=T weight=1")}, batch: []string{"CREATE " + www("id=S cidr="+collectionOne+"/*")},
			want: []string{head + ", and Location Name=* cannot be created because a non-CIDR RRSet with the same name and type already exists."},
		},
		{
			name: "CIDR location twice", zone: []string{www("id=T cidr=" + collectionOne + "/*")}, batch: []string{"CREATE " + www("id=S cidr="+collectionOne+"/*")},
			want: []string{head + ", and Location Name=* cannot be created because a CIDR RRSet with the same name, type and location already exists."},
		},
		{
			name: "two CIDR collections", zone: []string{www("id=T cidr=" + collectionOne + "/*")}, batch: []string{"CREATE " + www("id=S cidr="+collectionTwo+"/a")},
			want: []string{head + ", and Location Name=a cannot be created because a CIDR RRSet with the same name and type uses another CIDR collection."},
		},
		{name: "two CIDR locations", zone: []string{www("id=T cidr=" + collectionOne + "/*")}, batch: []string{"CREATE " + www("id=S cidr="+collectionOne+"/a")}},
		{name: "types of one name with different policies", zone: []string{www("id=T weight=1")}, batch: []string{"CREATE www.example.com AAAA id=S region=us-east-1 60 2001:db8::1"}},
		{name: "alone in its group, a set may change its policy", zone: []string{www("id=S weight=1")}, batch: []string{"UPSERT " + www("id=S region=us-east-1")}},
	})
}

func TestGroupLimits(t *testing.T) {
	t.Parallel()
	group := func(n int, members string) []string {
		lines := make([]string, n)
		for i := range lines {
			lines[i] = fmt.Sprintf("UPSERT www.example.com A id=%d "+members+" 60 192.0.2.1", i, i)
		}
		return lines
	}
	runBatches(t, []batchCase{
		{name: "100 weighted sets", batch: group(100, "weight=%d")},
		{name: "101 weighted sets", batch: group(101, "weight=%d"), want: []string{"Cannot have more than 100 RRSets with DNS name www.example.com. and type A."}},
		{name: "30 geoproximity sets", batch: group(30, "near=@%d,0")},
		{name: "31 geoproximity sets", batch: group(31, "near=@%d,0"), want: []string{"Cannot have more than 30 RRSets with DNS name www.example.com. and type A."}},
		{name: "other limit", batch: group(3, "weight=%d"), opts: Options{Limits: Limits{Group: 2}}, want: []string{"Cannot have more than 2 RRSets with DNS name www.example.com. and type A."}},
	})
}

func TestEqualWeightedTTLs(t *testing.T) {
	t.Parallel()
	equal := Options{EqualWeightedTTLs: true}
	zone := []string{"www.example.com A id=S weight=1 60 192.0.2.1", "www.example.com A id=T weight=1 60 192.0.2.2"}
	runBatches(t, []batchCase{
		{name: "by default TTLs may differ", zone: zone, batch: []string{"UPSERT www.example.com A id=S weight=1 61 192.0.2.1"}},
		{
			name: "one TTL changes", opts: equal, zone: zone, batch: []string{"UPSERT www.example.com A id=S weight=1 61 192.0.2.1"},
			want: []string{"RRSet with DNS name www.example.com. and type A, SetIdentifier S cannot be created as weighted sets must contain the same TTL."},
		},
		{name: "all TTLs change", opts: equal, zone: zone, batch: []string{"UPSERT www.example.com A id=S weight=1 61 192.0.2.1", "UPSERT www.example.com A id=T weight=1 61 192.0.2.2"}},
		{
			name: "a third TTL, once told", opts: equal, zone: zone, batch: []string{"UPSERT www.example.com A id=S weight=1 61 192.0.2.1", "UPSERT www.example.com A id=T weight=1 62 192.0.2.2"},
			want: []string{"RRSet with DNS name www.example.com. and type A, SetIdentifier S cannot be created as weighted sets must contain the same TTL."},
		},
		{
			name: "an alias has no TTL", opts: equal, zone: append(zone, "a.example.com A 60 192.0.2.1"),
			batch: []string{"CREATE www.example.com A id=U weight=1 alias=Z1EXAMPLE/a.example.com", "UPSERT www.example.com A id=S weight=2 60 192.0.2.1"},
		},
	})
}

// known answers for health checks and CIDR collections; an id of "broken"
// fails.
type known map[string]bool

var errLookup = errors.New("lookup failed")

func (k known) HealthCheckExists(id string) (bool, error) {
	if id == "broken" {
		return false, errLookup
	}
	return k[id], nil
}

func (k known) CIDRLocationExists(collection, location string) (bool, bool, error) {
	if location == "broken" {
		return false, false, errLookup
	}
	return k[collection], k[collection+"/"+location], nil
}

func TestReferences(t *testing.T) {
	t.Parallel()
	opts := Options{HealthChecks: known{"h": true}, CIDRCollections: known{collectionOne: true, collectionOne + "/a": true}}
	private := func(z *HostedZone) { z.Private = true }
	runBatches(t, []batchCase{
		{name: "health check exists", opts: opts, batch: []string{"CREATE a.example.com A id=S weight=1 hc=h 60 192.0.2.1"}},
		{
			name: "unknown health check", opts: opts, batch: []string{"CREATE a.example.com A id=S weight=1 hc=x 60 192.0.2.1"}, code: CodeNoSuchHealthCheck,
			want: []string{"No health check exists with the specified ID x"},
		},
		{
			name: "unknown health check and a conflict", opts: opts, batch: []string{"CREATE a.example.com A id=S weight=1 hc=x 60 192.0.2.1", "CREATE example.com CNAME 60 a"}, code: CodeNoSuchHealthCheck,
			want: []string{"No health check exists with the specified ID x"},
		},
		{name: "delete a set whose health check is gone", opts: opts, zone: []string{"a.example.com A id=S weight=1 hc=x 60 192.0.2.1"}, batch: []string{"DELETE a.example.com A id=S weight=1 hc=x 60 192.0.2.1"}},
		{name: "CIDR location exists", opts: opts, batch: []string{"CREATE a.example.com A id=S cidr=" + collectionOne + "/a 60 192.0.2.1"}},
		{
			name: "unknown CIDR location", opts: opts, batch: []string{"CREATE a.example.com A id=S cidr=" + collectionOne + "/b 60 192.0.2.1"},
			want: []string{"No CIDR location exists with the name b in collection " + collectionOne},
		},
		{
			name: "unknown CIDR collection", opts: opts, batch: []string{"CREATE a.example.com A id=S cidr=" + collectionTwo + "/b 60 192.0.2.1"},
			want: []string{"No CIDR collection exists with the specified ID " + collectionTwo},
		},
		{
			name: "unknown traffic policy instance", batch: []string{"CREATE a.example.com A instance=i"},
			want: []string{"No traffic policy instance exists with the specified ID i"},
		},
		{
			name: "CIDR in a private zone", hz: private, batch: []string{"CREATE a.example.com A id=S cidr=" + collectionOne + "/a 60 192.0.2.1"},
			want: []string{"RRSet with DNS name a.example.com., type A, SetIdentifier S, and Location Name=a is not permitted in private zone example.com."},
		},
		{
			name: "simple set with health check in a private zone", hz: private, batch: []string{"CREATE a.example.com A hc=h 60 192.0.2.1"},
			want: []string{"RRSet of type A with DNS name a.example.com. is not permitted to have a health check without a routing policy in private zone example.com."},
		},
		{name: "routed set with health check in a private zone", hz: private, batch: []string{"CREATE a.example.com A id=S near=us-east-1 hc=h 60 192.0.2.1"}},
	})
	for _, line := range []string{"CREATE a.example.com A id=S weight=1 hc=broken 60 192.0.2.1", "CREATE a.example.com A id=S cidr=" + collectionOne + "/broken 60 192.0.2.1"} {
		z := testZone()
		if _, err := Apply(z, newMemory(t, z), parseRequest(t, line), opts); !errors.Is(err, errLookup) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestPolicyNames(t *testing.T) {
	t.Parallel()
	want := []string{"simple", "weighted", "latency", "failover", "geolocation", "geoproximity", "multivalue", "CIDR", "unknown"}
	for p, name := range want {
		if got := Policy(p).String(); got != name {
			t.Errorf("policy %d is %q, want %q", p, got, name)
		}
	}
}
