package trafficpolicy

import (
	"errors"
	"strings"
	"testing"

	"open53/internal/geo"
	"open53/internal/zone"
)

// testOptions know the places that the server knows.
var testOptions = zone.Options{
	GeoLocations: func(l zone.Geolocation) bool {
		_, found := geo.Lookup(geo.Location(l))
		return found
	},
	LocalZoneGroups: func(name string) bool {
		_, found := geo.FindLocalZoneGroup(name)
		return found
	},
}

// policy is a document with the given rules, from "start" on. Its endpoints are
// values a and b and the CloudFront distribution cdn.
func policy(rules string) string {
	return `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartRule":"start","Endpoints":{
		"a":{"Value":"192.0.2.1"},"b":{"Value":"192.0.2.2"},"cdn":{"Type":"cloudfront","Value":"d1.cloudfront.net"}},"Rules":{` + rules + `}}`
}

// proximity is a document of the 2023 format with one location.
func proximity(location string) string {
	return strings.Replace(policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a",`+location+`}]}`),
		Format2015, Format2023, 1)
}

// endpoint is a document that begins at an endpoint.
func endpoint(recordType, definition string) string {
	return `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"` + recordType + `","StartEndpoint":"e","Endpoints":{"e":` + definition + `}}`
}

// TestParseFaults is each way in which a document can be wrong.
func TestParseFaults(t *testing.T) {
	tests := []struct {
		name, document string
		want           string // faults, joined
	}{
		{"empty", ``, "The document is not valid JSON: unexpected end of JSON input at character 0."},
		{"no JSON", `{"a":}`, "The document is not valid JSON: invalid character '}' looking for beginning of value at character 6."},
		{"two values", `{} {}`, "The document is not valid JSON: invalid character '{' after top-level value at character 4."},
		{"deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "The document is not valid JSON: it is nested more than 16 levels deep."},
		{"member twice", `{"RecordType":"A","RecordType":"A"}`, "The document is not valid JSON: the member 'RecordType' is there twice."},
		{"too long", strings.Repeat("x", MaxDocument+1), "The document must not be longer than 102400 characters."},
		{"no object", `[]`, "The document must be an object.;AWSPolicyFormatVersion must be one of 2015-10-01, 2023-05-09.;" +
			"RecordType '' is not a DNS type that traffic policies support.;Exactly one of StartEndpoint and StartRule is required."},
		{"format", strings.Replace(endpoint("A", `{"Value":"192.0.2.1"}`), Format2015, "2012-10-17", 1), "AWSPolicyFormatVersion must be one of 2015-10-01, 2023-05-09."},
		{"type NS", endpoint("NS", `{"Value":"a.example.com"}`), "RecordType 'NS' is not a DNS type that traffic policies support."},
		{"type of ours", endpoint("LOC", `{"Value":"x"}`), "RecordType 'LOC' is not a DNS type that traffic policies support."},
		{
			"case of a member", strings.Replace(endpoint("A", `{"Value":"192.0.2.1"}`), "Endpoints", "endpoints", 1),
			"The member 'endpoints' is not known here.",
		},
		{
			"two starts", strings.Replace(policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}]}`), `"StartRule"`, `"StartEndpoint":"a","StartRule"`, 1),
			"Exactly one of StartEndpoint and StartRule is required.",
		},
		{"start unknown", policy(`"other":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}]}`), "Rule 'start' is not defined in Rules."},
		{"no rules", strings.Replace(policy(``), `,"Rules":{}`, ``, 1), "Rule 'start' is not defined in Rules."},
		{
			"bad ids", `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartEndpoint":"e","Endpoints":{"":{"Value":"192.0.2.1"},"\u0000":{},"e":{"Value":"192.0.2.1"}}}`,
			`The id '' in Endpoints must be 1 to 255 printable characters.;The id '\x00' in Endpoints must be 1 to 255 printable characters.`,
		},

		{"value missing", endpoint("A", `{"Type":"value"}`), "e: Value is required."},
		{
			"value of another type", endpoint("AAAA", `{"Value":"192.0.2.1"}`),
			"e: Value is not a valid AAAA value: FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '192.0.2.1'.",
		},
		{"endpoint type", endpoint("A", `{"Type":"ec2","Value":"x"}`), "e: Type 'ec2' is not one of " + endpointTypes + "."},
		{"endpoint of no object", endpoint("A", `"192.0.2.1"`), "e: An endpoint must be an object.;e: Value is required."},
		{"cloudfront for MX", endpoint("MX", `{"Type":"cloudfront","Value":"d1.cloudfront.net"}`), "e: Type cloudfront is not permitted for RecordType MX."},
		{"not a cloudfront name", endpoint("A", `{"Type":"cloudfront","Value":"d1.example.net"}`), "e: Value is not a valid CloudFront distribution name."},
		// Amazon's own text, for the same value (hashicorp/terraform-provider-aws#34315).
		{
			"NLB as classic", endpoint("A", `{"Type":"elastic-load-balancer","Value":"network-lb-prod-aa3cfcd06c29.elb.us-east-1.amazonaws.com"}`),
			"e: Value is not a valid ELB Classic load balancer name.",
		},
		{"ALB as NLB", endpoint("A", `{"Type":"network-load-balancer","Value":"alb-1.us-east-1.elb.amazonaws.com"}`), "e: Value is not a valid ELB Network load balancer name."},
		{"ALB of nowhere", endpoint("A", `{"Type":"application-load-balancer","Value":"alb-1.mars-east-1.elb.amazonaws.com"}`), "e: Value is not a valid ELB Application load balancer name."},
		{"beanstalk", endpoint("A", `{"Type":"elastic-beanstalk","Value":"x.example.com"}`), "e: Value is not a valid Elastic Beanstalk environment name."},
		{"bucket without region", endpoint("A", `{"Type":"s3-website","Value":"www.example.com"}`), "e: Region is required for Type s3-website."},
		{"bucket of no region", endpoint("A", `{"Type":"s3-website","Region":"mars","Value":"www.example.com"}`), "e: Value is not a valid S3 website bucket name."},

		{"rule type missing", policy(`"start":{}`), "start: RuleType is required."},
		{"rule type unknown", policy(`"start":{"RuleType":"random"}`), "start: RuleType 'random' is not one of failover, geo, geoproximity, latency, multivalue, weighted."},
		{"member of another rule", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}],"Regions":[]}`), "start: The member 'Regions' is not known here."},
		{
			"both lists of locations", policy(`"start":{"RuleType":"geo","Locations":[{"IsDefault":true,"EndpointReference":"a"}],"GeolocationRules":[{"Location":"continent:NA","EndpointReference":"a"}]}`),
			"start: The member 'GeolocationRules' is not known here.",
		},
		{
			"location of no kind", policy(`"start":{"RuleType":"geo","Locations":[{"Location":"planet:EA","EndpointReference":"a"}]}`),
			"start: Location 'planet:EA' is not one of continent:CODE, country:CODE, subdivision:COUNTRY-CODE, default.",
		},
		{"location of nowhere", policy(`"start":{"RuleType":"geo","Locations":[{"Location":"country:XX","EndpointReference":"a"}]}`), "start: The location [CountryCode=XX] is not valid."},
		{
			"location twice said", policy(`"start":{"RuleType":"geo","Locations":[{"Location":"country:US","Country":"US","EndpointReference":"a"}]}`),
			"start: The member 'Location' is not known here.",
		},
		{"no start, two rules", strings.Replace(policy(`"x":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}]},"y":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}]}`),
			`"StartRule":"start",`, "", 1), "Exactly one of StartEndpoint and StartRule is required."},
		{"no start, two endpoints", strings.Replace(policy(""), `"StartRule":"start",`, "", 1), "Exactly one of StartEndpoint and StartRule is required."},
		{"no items", policy(`"start":{"RuleType":"weighted","Items":[]}`), "start: Items must be an array with at least one item."},
		{"no reference", policy(`"start":{"RuleType":"weighted","Items":[{"Weight":1}]}`), "start: Exactly one of EndpointReference and RuleReference is required in Items."},
		{
			"two references", policy(`"start":{"RuleType":"failover","Primary":{"EndpointReference":"a","RuleReference":"start"},"Secondary":{"EndpointReference":"b"}}`),
			"start: Exactly one of EndpointReference and RuleReference is required in Primary.",
		},
		{"secondary missing", policy(`"start":{"RuleType":"failover","Primary":{"EndpointReference":"a"}}`), "start: Secondary is required."},
		{"unknown endpoint", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"c","Weight":1}]}`), "start: Endpoint 'c' is not defined in Endpoints."},
		{"unknown rule", policy(`"start":{"RuleType":"weighted","Items":[{"RuleReference":"c","Weight":1}]}`), "start: Rule 'c' is not defined in Rules."},
		{
			"cycle", policy(`"start":{"RuleType":"weighted","Items":[{"RuleReference":"x","Weight":1}]},"x":{"RuleType":"weighted","Items":[{"RuleReference":"start","Weight":1}]}`),
			"start: The rules must not form a cycle: start > x > start.",
		},
		{
			"cycle that nothing leads to", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1}]},"x":{"RuleType":"weighted","Items":[{"RuleReference":"x","Weight":1}]}`),
			"x: The rules must not form a cycle: x > x.",
		},
		{"flag", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1,"EvaluateTargetHealth":"yes"}]}`), "start: EvaluateTargetHealth must be true or false."},
		{
			"health of CloudFront", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"cdn","Weight":1,"EvaluateTargetHealth":true}]}`),
			"start: EvaluateTargetHealth must not be true for the CloudFront distribution 'cdn'.",
		},
		{
			"health check", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1,"HealthCheck":"` + strings.Repeat("x", 65) + `"}]}`),
			"start: HealthCheck '" + strings.Repeat("x", 65) + "' is not the id of a health check.",
		},
		{"weight missing", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a"}]}`), "start: Weight is required in Items."},
		{"weight too large", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":256}]}`), "start: Weight must be an integer from 0 to 255."},
		{"weight of 1.5", policy(`"start":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1.5}]}`), "start: Weight must be an integer from 0 to 255."},
		{"region", policy(`"start":{"RuleType":"latency","Regions":[{"EndpointReference":"a","Region":"mars"}]}`), "start: Region 'mars' is not valid."},
		{"region missing", policy(`"start":{"RuleType":"latency","Regions":[{"EndpointReference":"a"}]}`), "start: Region is required in Regions."},
		{
			"region twice", policy(`"start":{"RuleType":"latency","Regions":[{"EndpointReference":"a","Region":"us-east-1"},{"EndpointReference":"b","Region":"us-east-1"}]}`),
			"start: The location us-east-1 must not be there twice.",
		},
		{"country", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","Country":"XX"}]}`), "start: The location [CountryCode=XX] is not valid."},
		{
			"continent and country", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","Continent":"EU","Country":"DE"}]}`),
			"start: The location [ContinentCode=EU, CountryCode=DE] is not valid.",
		},
		{
			"subdivision of another country", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","Country":"DE","Subdivision":"BY"}]}`),
			"start: The location [CountryCode=DE, SubdivisionCode=BY] is not valid.",
		},
		{"no location", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","IsDefault":false}]}`), "start: One of Continent, Country and IsDefault is required in Locations."},
		{
			"default with a country", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","Country":"DE","IsDefault":true}]}`),
			"start: IsDefault must not be true for the location [CountryCode=DE].",
		},
		{
			"two defaults", policy(`"start":{"RuleType":"geo","Locations":[{"EndpointReference":"a","Country":"*"},{"EndpointReference":"b","IsDefault":true}]}`),
			"start: The location [CountryCode=*] must not be there twice.",
		},
		{"multivalue of a rule", policy(`"start":{"RuleType":"multivalue","Items":[{"RuleReference":"start"}]}`), "start: RuleReference is not permitted in a multivalue rule."},
		{"multivalue of an alias", policy(`"start":{"RuleType":"multivalue","Items":[{"EndpointReference":"cdn"}]}`), "start: Endpoint 'cdn' must be of the type value in a multivalue rule."},
		{"multivalue with a weight", policy(`"start":{"RuleType":"multivalue","Items":[{"EndpointReference":"a","Weight":1}]}`), "start: The member 'Weight' is not known here."},
		{
			"place missing", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a"}]}`),
			"start: Either Region or Latitude and Longitude are required in GeoproximityLocations.",
		},
		{
			"region without prefix", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a","Region":"us-east-1"}]}`),
			"start: Region 'us-east-1' must begin with aws:route53:.",
		},
		{
			"too precise", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a","Latitude":"51.5010000000001","Longitude":"0"}]}`),
			"start: The location [Latitude=51.5010000000001, Longitude=0] is not valid.",
		},
		{
			"bias", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a","Latitude":51.5,"Longitude":0,"Bias":100}]}`),
			"start: Bias must be an integer from -99 to 99.",
		},
		{
			"place twice", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a","Latitude":"51.5","Longitude":"0"},{"EndpointReference":"b","Latitude":"51.50","Longitude":"+0"}]}`),
			"RRSet with DNS name",
		}, // found by applying it
		{"collection", policy(`"start":{"RuleType":"cidr","Items":[{"EndpointReference":"a","CollectionId":"x","LocationName":"y"}]}`), "start: The location x y is not valid."},
		{"two collections", policy(`"start":{"RuleType":"cidr","Items":[{"EndpointReference":"a","CollectionId":"11111111-1111-1111-1111-111111111111","LocationName":"y"},` +
			`{"EndpointReference":"a","CollectionId":"22222222-1111-1111-1111-111111111111","LocationName":"*"}]}`), "RRSet with DNS name"},
		{"2015 place in 2023", proximity(`"Region":"aws:route53:us-east-1"`), "start: Location must be an object.;start: Type '' of a Location is not one of Region, LocalZone, Coordinate.;start: The member 'Region' is not known here."},
		{
			"local zone without letter", proximity(`"Location":{"Type":"LocalZone","LocationName":"aws:route53:us-east-1-atl-1"}`),
			"start: LocationName 'aws:route53:us-east-1-atl-1' is not a Local Zone: it must end with the letter of one.",
		},
		{"local zone of nowhere", proximity(`"Location":{"Type":"LocalZone","LocationName":"aws:route53:us-east-1-mars-1a"}`), "start: The location aws:route53:us-east-1-mars-1a is not valid."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.document, testOptions)
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("error %v", err)
			}
			if got := err.Error(); got != test.want && (len(test.want) > 20 || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestStrict: what Amazon does not have is refused where that is asked for.
func TestStrict(t *testing.T) {
	rule := policy(`"start":{"RuleType":"cidr","Items":[{"EndpointReference":"a","CollectionId":"11111111-1111-1111-1111-111111111111","LocationName":"*"}]}`)
	if _, err := Parse(rule, testOptions); err != nil {
		t.Error(err)
	}
	strict := testOptions
	strict.Strict = true
	if _, err := Parse(rule, strict); err == nil || !strings.HasPrefix(err.Error(), "start: RuleType 'cidr' is not one of") {
		t.Error(err)
	}
}

// TestLenient: what can mean one thing only is read, unless strictly.
func TestLenient(t *testing.T) {
	noStart := func(document string) string { return strings.Replace(document, `"StartRule":"start",`, "", 1) }
	one := `"Items":[{"EndpointReference":"a","Weight":1}]`
	for _, test := range []struct {
		name, document string
		start          Reference
		refusal        string // if strict
	}{
		{
			"one rule", noStart(policy(`"r":{"RuleType":"weighted",` + one + `}`)),
			Reference{Rule: "r"},
			"Exactly one of StartEndpoint and StartRule is required.",
		},
		{
			"a rule that leads to another", noStart(policy(`"a":{"RuleType":"weighted",` + one + `},"z":{"RuleType":"weighted","Items":[{"RuleReference":"a","Weight":1}]}`)),
			Reference{Rule: "z"},
			"Exactly one of StartEndpoint and StartRule is required.",
		},
		{
			"one endpoint", `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","Endpoints":{"e":{"Value":"192.0.2.1"}}}`,
			Reference{Endpoint: "e"},
			"Exactly one of StartEndpoint and StartRule is required.",
		},
		{
			"GeolocationRules", policy(`"start":{"RuleType":"geo","GeolocationRules":[{"Continent":"NA","EndpointReference":"a"}]}`),
			Reference{Rule: "start"},
			"start: Locations must be an array with at least one item.;start: The member 'GeolocationRules' is not known here.",
		},
		{
			"Location", policy(`"start":{"RuleType":"geo","Locations":[{"Location":"default","EndpointReference":"a"}]}`),
			Reference{Rule: "start"},
			"start: One of Continent, Country and IsDefault is required in Locations.;start: The member 'Location' is not known here.",
		},
		{
			"exact coordinates", policy(`"start":{"RuleType":"geoproximity","GeoproximityLocations":[{"EndpointReference":"a","Latitude":"37.7749","Longitude":"-122.4194"}]}`),
			Reference{Rule: "start"},
			"start: The location [Latitude=37.7749, Longitude=-122.4194] is not valid.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Parse(test.document, testOptions)
			if err != nil || doc.Start != test.start {
				t.Errorf("%v, %v", doc, err)
			}
			strict := testOptions
			strict.Strict = true
			if _, err := Parse(test.document, strict); err == nil || err.Error() != test.refusal {
				t.Errorf("strictly: %v", err)
			}
		})
	}
}

// TestLocationTexts: each form of a Location that is one text.
func TestLocationTexts(t *testing.T) {
	for text, want := range map[string]zone.Geolocation{
		"continent:NA": {Continent: "NA"}, "country:DE": {Country: "DE"}, "subdivision:US-CA": {Country: "US", Subdivision: "CA"},
		"country:*": {Country: "*"}, "default": {Country: "*"}, "*": {Country: "*"},
	} {
		doc, err := Parse(policy(`"start":{"RuleType":"geo","GeolocationRules":[{"Location":"`+text+`","EndpointReference":"a"}]}`), testOptions)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := *doc.Rules["start"].Branches[0].Routing.Geolocation; got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

// TestParseLimits are documents that are as large as they may be, and larger.
func TestParseLimits(t *testing.T) {
	items := func(n int) string {
		return `"start":{"RuleType":"weighted","Items":[` + strings.TrimSuffix(strings.Repeat(`{"EndpointReference":"a","Weight":1},`, n), ",") + `]}`
	}
	if _, err := Parse(policy(items(100)), testOptions); err != nil {
		t.Errorf("100 branches: %v", err)
	}
	if _, err := Parse(policy(items(101)), testOptions); err == nil || !strings.Contains(err.Error(), "Cannot have more than 100 RRSets") {
		t.Errorf("101 branches: %v", err)
	}
	chain := func(n int) string { // each rule leads to the next
		var b strings.Builder
		id := func(i int) string {
			if i == 0 {
				return "start"
			}
			return "r" + strings.Repeat("x", i)
		}
		for i := range n {
			next := `"RuleReference":"` + id(i+1) + `"`
			if i == n-1 {
				next = `"EndpointReference":"a"`
			}
			b.WriteString(`"` + id(i) + `":{"RuleType":"weighted","Items":[{` + next + `,"Weight":1}]},`)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	if _, err := Parse(policy(chain(MaxRules)), testOptions); err != nil {
		t.Errorf("%d rules: %v", MaxRules, err)
	}
	if _, err := Parse(policy(chain(MaxRules+1)), testOptions); err == nil || err.Error() != "There must not be more than 100 rules." {
		t.Errorf("%d rules: %v", MaxRules+1, err)
	}
	if e := (&Error{Faults: make([]string, 1000)}); len(e.Error()) != maxFaults-1 {
		t.Errorf("an error of %d characters", len(e.Error()))
	}
}
