package zone

import (
	"strings"
	"testing"
)

// shapeCase is an UPSERT with a wrong shape. The texts are without what stands
// around them: "Invalid request: … in Change with […]", or "Invalid XML ; "
// where they begin with "!".
type shapeCase struct {
	name string
	line string // type and on; action and owner name are put before it
	want []string
	opts Options
}

func runShapes(t *testing.T, cases []shapeCase) {
	t.Helper()
	for _, tc := range cases {
		line := "UPSERT www.example.com " + tc.line
		req := parseRequest(t, line)
		want := make([]string, len(tc.want))
		for i, text := range tc.want {
			if xml, found := strings.CutPrefix(text, "!"); found {
				want[i] = "Invalid XML ; " + xml
			} else {
				want[i] = "Invalid request: " + text + " in Change with " + req.Changes[0].String()
			}
		}
		runBatches(t, []batchCase{{name: tc.name, batch: []string{line}, opts: tc.opts, code: CodeInvalidInput, want: want}})
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	const (
		none     = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none"
		several  = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one"
		policies = "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found "
		missing  = "Missing field 'SetIdentifier'"
	)
	runShapes(t, []shapeCase{
		{name: "no content", line: "A", want: []string{none}},
		{name: "values without TTL", line: "A - 192.0.2.1", want: []string{none}},
		{name: "TTL without values", line: "A 60", want: []string{none}},
		{name: "alias and values", line: "A alias=Z1EXAMPLE/b.example.com 60 192.0.2.1", want: []string{several}},
		{name: "alias and TTL", line: "A alias=Z1EXAMPLE/b.example.com 60", want: []string{several}},
		{name: "alias and values without TTL", line: "A alias=Z1EXAMPLE/b.example.com - 192.0.2.1", want: []string{several}},
		{name: "alias and traffic policy instance", line: "A alias=Z1EXAMPLE/b.example.com instance=i", want: []string{several}},
		{name: "identifier without policy", line: "A id=S 60 192.0.2.1", want: []string{policies + "none"}},
		{name: "identifier and MultiValueAnswer false", line: "A id=S multivalue=false 60 192.0.2.1", want: []string{policies + "none"}},
		{name: "two policies", line: "A id=S weight=0 region=us-east-1 60 192.0.2.1", want: []string{policies + "more than one"}},
		{name: "two policies without identifier", line: "A weight=0 region=us-east-1 60 192.0.2.1", want: []string{missing, policies + "more than one"}},
		{name: "weight without identifier", line: "A weight=0 60 192.0.2.1", want: []string{missing}},
		{name: "region without identifier", line: "A region=us-east-1 60 192.0.2.1", want: []string{missing}},
		{name: "MultiValueAnswer true without identifier", line: "A multivalue=true 60 192.0.2.1", want: []string{missing}},
		{name: "MultiValueAnswer false without identifier", line: "A multivalue=false 60 192.0.2.1", want: []string{missing}},
		{name: "two faults of one change", line: "A weight=1", want: []string{none, missing}},
		{
			name: "empty identifier", line: "A id= weight=1 60 192.0.2.1",
			want: []string{"!cvc-minLength-valid: Value '' with length = '0' is not facet-valid with respect to minLength '1' for type 'ResourceRecordSetIdentifier'."},
		},
		{
			name: "identifier of 129 characters", line: "A id=" + strings.Repeat("é", 129) + " weight=1 60 192.0.2.1",
			want: []string{"!cvc-maxLength-valid: Value '" + strings.Repeat("é", 129) + "' with length = '129' is not facet-valid with respect to maxLength '128' for type 'ResourceRecordSetIdentifier'."},
		},
		{
			name: "health check id of 65 characters", line: "A hc=" + strings.Repeat("h", 65) + " 60 192.0.2.1",
			want: []string{"!cvc-maxLength-valid: Value '" + strings.Repeat("h", 65) + "' with length = '65' is not facet-valid with respect to maxLength '64' for type 'HealthCheckId'."},
		},
		{
			name: "value of 4001 characters", line: "TXT 60 " + strings.Repeat("x", 4001),
			want: []string{"!cvc-maxLength-valid: Value '" + strings.Repeat("x", 4001) + "' with length = '4001' is not facet-valid with respect to maxLength '4000' for type 'RData'."},
		},
		{
			name: "TTL too large", line: "A 2147483648 192.0.2.1",
			want: []string{"!cvc-maxInclusive-valid: Value '2147483648' is not facet-valid with respect to maxInclusive '2147483647' for type 'TTL'."},
		},
		{
			name: "TTL below 0", line: "A -1 192.0.2.1",
			want: []string{"!cvc-minInclusive-valid: Value '-1' is not facet-valid with respect to minInclusive '0' for type 'TTL'."},
		},
		{
			name: "weight too large", line: "A id=S weight=256 60 192.0.2.1",
			want: []string{"!cvc-maxInclusive-valid: Value '256' is not facet-valid with respect to maxInclusive '255' for type 'RRSetWeight'."},
		},
		{name: "unknown type", line: "ZONEMD 60 x", want: []string{"!cvc-enumeration-valid: Value 'ZONEMD' is not facet-valid with respect to enumeration '[" + TypeEnumeration + "]'. It must be a value from the enumeration."}},
		{
			name: "extension type, strictly", opts: Options{Strict: true}, line: "DNAME 60 example.org",
			want: []string{"!cvc-enumeration-valid: Value 'DNAME' is not facet-valid with respect to enumeration '[" + TypeEnumeration + "]'. It must be a value from the enumeration."},
		},
		{
			name: "known type by number, strictly", opts: Options{Strict: true}, line: "TYPE1 60 192.0.2.1",
			want: []string{"!cvc-enumeration-valid: Value 'TYPE1' is not facet-valid with respect to enumeration '[" + TypeEnumeration + "]'. It must be a value from the enumeration."},
		},
		{
			name: "unknown failover role", line: "A id=S failover=TERTIARY 60 192.0.2.1",
			want: []string{"!cvc-enumeration-valid: Value 'TERTIARY' is not facet-valid with respect to enumeration '[PRIMARY, SECONDARY]'. It must be a value from the enumeration."},
		},
		{
			name: "unknown region", line: "A id=S region=moon-1 60 192.0.2.1",
			want: []string{"!cvc-enumeration-valid: Value 'moon-1' is not facet-valid with respect to enumeration '[" + strings.Join(regionNames, ", ") + "]'. It must be a value from the enumeration."},
		},
		{name: "routed NS", line: "NS id=S weight=1 60 ns.example.org", want: []string{"A routing policy is not permitted for type NS"}},
		{name: "routed SOA", line: "SOA id=S region=us-east-1 60 a. b. 1 2 3 4 5", want: []string{"A routing policy is not permitted for type SOA"}},
		{name: "routed DS", line: "DS id=S multivalue=true 60 x", want: []string{"A routing policy is not permitted for type DS"}},
		{name: "routed DNAME", line: "DNAME id=S weight=1 60 example.org", want: []string{"A routing policy is not permitted for type DNAME"}},
		{name: "multivalue CNAME", line: "CNAME id=S multivalue=true 60 example.org", want: []string{"MultiValueAnswer is not permitted for type CNAME"}},
		{name: "multivalue alias", line: "A id=S multivalue=true alias=Z1EXAMPLE/b.example.com", want: []string{"MultiValueAnswer is not permitted with AliasTarget"}},
	})
}

func TestShapeOfPlaces(t *testing.T) {
	t.Parallel()
	const places = "Expected exactly one of [AWSRegion, LocalZoneGroup, or Coordinates], but found "
	runShapes(t, []shapeCase{
		{name: "empty geolocation", line: "A id=S geo= 60 192.0.2.1", want: []string{"Expected exactly one of [ContinentCode, or CountryCode], but found none"}},
		{name: "continent and country", line: "A id=S geo=EU/DE 60 192.0.2.1", want: []string{"Expected exactly one of [ContinentCode, or CountryCode], but found more than one"}},
		{name: "continent and subdivision", line: "A id=S geo=NA//CA 60 192.0.2.1", want: []string{"Expected exactly one of [ContinentCode, or CountryCode], but found more than one"}},
		{name: "subdivision without country", line: "A id=S geo=//CA 60 192.0.2.1", want: []string{"Missing field 'CountryCode'"}},
		{name: "subdivision of another country", line: "A id=S geo=/JP/13 60 192.0.2.1", want: []string{"SubdivisionCode is not permitted with CountryCode JP"}},
		{
			name: "continent of the wrong length", line: "A id=S geo=Default 60 192.0.2.1",
			want: []string{"!cvc-length-valid: Value 'Default' with length = '7' is not facet-valid with respect to length '2' for type 'ContinentCode'."},
		},
		{
			name: "unknown continent", line: "A id=S geo=XX 60 192.0.2.1",
			want: []string{"!cvc-enumeration-valid: Value 'XX' is not facet-valid with respect to enumeration '[AF, AN, AS, EU, NA, OC, SA]'. It must be a value from the enumeration."},
		},
		{
			name: "country in small letters", line: "A id=S geo=/de 60 192.0.2.1",
			want: []string{`!cvc-pattern-valid: Value 'de' is not facet-valid with respect to pattern '([A-Z]{2}|\*)' for type 'CountryCode'.`},
		},
		{
			name: "subdivision in small letters", line: "A id=S geo=/US/ca 60 192.0.2.1",
			want: []string{`!cvc-pattern-valid: Value 'ca' is not facet-valid with respect to pattern '[0-9A-Z]{1,3}' for type 'SubdivisionCode'.`},
		},
		{
			name: "location that does not exist", opts: Options{GeoLocations: func(Geolocation) bool { return false }}, line: "A id=S geo=/US/ZZ 60 192.0.2.1",
			want: []string{"The geolocation [CountryCode=US, SubdivisionCode=ZZ] is not supported"},
		},
		{name: "empty geoproximity", line: "A id=S near= 60 192.0.2.1", want: []string{places + "none"}},
		{name: "two geoproximity places", line: "A id=S near=us-east-1&@1,2 60 192.0.2.1", want: []string{places + "more than one"}},
		{
			name: "coordinates with four decimals, strictly", opts: Options{Strict: true}, line: "A id=S near=@40.7128,-74 60 192.0.2.1",
			want: []string{`!cvc-pattern-valid: Value '40.7128' is not facet-valid with respect to pattern '[-+]?[0-9]{1,2}(\.[0-9]{0,2})?' for type 'Latitude'.`},
		},
		{
			name: "coordinates with thirteen decimals", line: "A id=S near=@40.1234567890123,-74 60 192.0.2.1",
			want: []string{`!cvc-pattern-valid: Value '40.1234567890123' is not facet-valid with respect to pattern '[-+]?[0-9]{1,2}(\.[0-9]{0,12})?' for type 'Latitude'.`},
		},
		{name: "coordinates just off the globe", line: "A id=S near=@-90.0001,180.000000000001 60 192.0.2.1", want: []string{"Latitude -90.0001 is out of range", "Longitude 180.000000000001 is out of range"}},
		{name: "coordinates off the globe", line: "A id=S near=@90.01,-180.01 60 192.0.2.1", want: []string{"Latitude 90.01 is out of range", "Longitude -180.01 is out of range"}},
		{
			name: "bias too large", line: "A id=S near=us-east-1/100 60 192.0.2.1",
			want: []string{"!cvc-maxInclusive-valid: Value '100' is not facet-valid with respect to maxInclusive '99' for type 'Bias'."},
		},
		{
			name: "unknown local zone group", opts: Options{LocalZoneGroups: func(string) bool { return false }}, line: "A id=S near=%moon-1-tyc-1 60 192.0.2.1",
			want: []string{"The LocalZoneGroup moon-1-tyc-1 is not supported"},
		},
		{
			name: "collection that is no UUID", line: "A id=S cidr=coll/* 60 192.0.2.1",
			want: []string{"!cvc-pattern-valid: Value 'coll' is not facet-valid with respect to pattern '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}' for type 'UUID'."},
		},
		{
			name: "location name with a blank", line: "A id=S cidr=" + collectionOne + "/a.b 60 192.0.2.1",
			want: []string{`!cvc-pattern-valid: Value 'a.b' is not facet-valid with respect to pattern '[0-9A-Za-z_\-*]{1,16}' for type 'CidrLocationNameDefaultAllowed'.`},
		},
	})
}

func TestPrintedChange(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"CREATE WWW.Example.com. A 60 192.0.2.1":       "[Action=CREATE, Name=WWW.Example.com., Type=A, SetIdentifier=null]",
		"DELETE *.example.com TXT id=S weight=1 60 \"": "[Action=DELETE, Name=*.example.com, Type=TXT, SetIdentifier=S]",
		"UPSERT a A id= 60 x":                          "[Action=UPSERT, Name=a, Type=A, SetIdentifier=]",
	} {
		req := parseRequest(t, line)
		if got := req.Changes[0].String(); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestUnknownAction(t *testing.T) {
	t.Parallel()
	req := parseRequest(t, "CREATE www.example.com A 60 192.0.2.1")
	req.Changes[0].Action = 9
	z := testZone()
	if _, err := Apply(z, newMemory(t, z), req, Options{}); err == nil || !strings.Contains(err.Error(), "'[CREATE, DELETE, UPSERT]'") {
		t.Error(err)
	}
}

func TestAcceptedShapes(t *testing.T) {
	t.Parallel()
	runBatches(t, []batchCase{
		{name: "TTL 0", batch: []string{"CREATE a.example.com A 0 192.0.2.1"}},
		{name: "largest TTL", batch: []string{"CREATE a.example.com A 2147483647 192.0.2.1"}},
		{name: "weight 0 and 255", batch: []string{"CREATE a.example.com A id=S weight=0 60 192.0.2.1", "CREATE a.example.com A id=T weight=255 60 192.0.2.1"}},
		{name: "identifier of 128 characters that are not ASCII", batch: []string{"CREATE a.example.com A id=" + strings.Repeat("é", 128) + " weight=0 60 192.0.2.1"}},
		{name: "weight and MultiValueAnswer false", batch: []string{"CREATE a.example.com A id=S multivalue=false weight=1 60 192.0.2.1"}},
		{
			name: "configured region", opts: Options{Regions: func(name string) bool { return name == "dc-berlin" }},
			batch: []string{"CREATE a.example.com A id=S region=dc-berlin 60 192.0.2.1", "CREATE b.example.com A id=S near=dc-berlin/-99 60 192.0.2.1"},
		},
		{name: "default location", batch: []string{"CREATE a.example.com A id=S geo=/* 60 192.0.2.1"}},
		{name: "state", batch: []string{"CREATE a.example.com A id=S geo=/US/CA 60 192.0.2.1"}},
		{name: "oblast", batch: []string{"CREATE a.example.com A id=S geo=/UA/43 60 192.0.2.1"}},
		{name: "coordinates", batch: []string{"CREATE a.example.com A id=S near=@-90,+180.00 60 192.0.2.1"}},
		{name: "health check of a simple set in a public zone", batch: []string{"CREATE a.example.com A hc=h 60 192.0.2.1"}},
		{name: "traffic policy instance", opts: Options{TrafficPolicyInstances: func(id string) bool { return id == "i" }}, batch: []string{"CREATE a.example.com A instance=i"}},
	})
}
