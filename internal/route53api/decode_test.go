package route53api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/restxml"
)

// post sends a request to a handler around e and returns the answer.
func post(t *testing.T, e *echo, opts Options, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	NewHandler(e.api(), opts).ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

// refusal is code and message of the error document in w.
func refusal(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	doc, err := restxml.ParseErrorDocument(w.Body.Bytes())
	if err != nil {
		t.Fatalf("status %d, no error document: %q", w.Code, w.Body)
	}
	return doc.Code + ": " + doc.Message
}

func batch(changes string) string {
	return `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>` +
		changes + `</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
}

func change(action, rrset string) string {
	return `<Change><Action>` + action + `</Action><ResourceRecordSet>` + rrset + `</ResourceRecordSet></Change>`
}

const rrsetPath = "/2013-04-01/hostedzone/Z1/rrset/"

func TestBodyConstraints(t *testing.T) {
	const ns = `{"https://route53.amazonaws.com/doc/2013-04-01/":`
	ok := `<Name>a.</Name><Type>A</Type>`
	for _, tt := range []struct{ name, path, body, want string }{
		{
			"enumeration", rrsetPath, batch(change("X", ok)),
			"InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'X' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.",
		},
		{
			"record type", rrsetPath, batch(change("CREATE", `<Name>a.</Name><Type>DNAME</Type>`)),
			"InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'DNAME' is not facet-valid with respect to enumeration '[SOA, A, TXT, NS, CNAME, MX, NAPTR, PTR, SRV, SPF, AAAA, CAA, DS, TLSA, SSHFP, SVCB, HTTPS]'. It must be a value from the enumeration.",
		},
		{
			"below the least", rrsetPath, batch(change("CREATE", ok+`<Weight>-1</Weight>`)),
			"InvalidInput: Invalid XML ; cvc-minInclusive-valid: Value '-1' is not facet-valid with respect to minInclusive '0' for type 'ResourceRecordSetWeight'.",
		},
		{
			"above the most", rrsetPath, batch(change("CREATE", ok+`<TTL>2147483648</TTL>`)),
			"InvalidInput: Invalid XML ; cvc-maxInclusive-valid: Value '2147483648' is not facet-valid with respect to maxInclusive '2147483647' for type 'TTL'.",
		},
		{
			"no number", rrsetPath, batch(change("CREATE", ok+`<TTL>1h</TTL>`)),
			"InvalidInput: Invalid XML ; cvc-datatype-valid.1.2.1: '1h' is not a valid value for 'integer'.",
		},
		{
			"no boolean", rrsetPath, batch(change("CREATE", ok+`<MultiValueAnswer>yes</MultiValueAnswer>`)),
			"InvalidInput: Invalid XML ; cvc-datatype-valid.1.2.1: 'yes' is not a valid value for 'boolean'.",
		},
		{
			"too short", rrsetPath, batch(change("CREATE", ok+`<SetIdentifier/>`)),
			"InvalidInput: Invalid XML ; cvc-minLength-valid: Value '' with length = '0' is not facet-valid with respect to minLength '1' for type 'ResourceRecordSetIdentifier'.",
		},
		{
			"too long, in characters", rrsetPath, batch(change("CREATE", ok+`<SetIdentifier>`+strings.Repeat("ä", 129)+`</SetIdentifier>`)),
			"InvalidInput: Invalid XML ; cvc-maxLength-valid: Value '" + strings.Repeat("ä", 129) + "' with length = '129' is not facet-valid with respect to maxLength '128' for type 'ResourceRecordSetIdentifier'.",
		},
		{
			"pattern", rrsetPath, batch(change("CREATE", ok+`<CidrRoutingConfig><CollectionId>x</CollectionId><LocationName>y</LocationName></CidrRoutingConfig>`)),
			"InvalidInput: Invalid XML ; cvc-pattern-valid: Value 'x' is not facet-valid with respect to pattern '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}' for type 'UUID'.",
		},
		{
			"first required member missing", rrsetPath, batch(`<Change></Change>`),
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Change' is not complete. One of '` + ns + `Action}' is expected.`,
		},
		{
			"second required member missing", rrsetPath, batch(`<Change><Action>CREATE</Action></Change>`),
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Change' is not complete. One of '` + ns + `ResourceRecordSet}' is expected.`,
		},
		{
			"alias without health", rrsetPath, batch(change("CREATE", ok+`<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>b.</DNSName></AliasTarget>`)),
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.b: The content of element 'AliasTarget' is not complete. One of '` + ns + `EvaluateTargetHealth}' is expected.`,
		},
		{
			"root empty", rrsetPath, `<ChangeResourceRecordSetsRequest/>`,
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.b: The content of element 'ChangeResourceRecordSetsRequest' is not complete. One of '` + ns + `ChangeBatch}' is expected.`,
		},
		{
			"no changes", rrsetPath, batch(``),
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete. One of '` + ns + `Change}' is expected.`,
		},
		{
			"too many tags", "/2013-04-01/tags/hostedzone/Z1", `<ChangeTagsForResourceRequest><AddTags>` + strings.Repeat(`<Tag/>`, 11) + `</AddTags></ChangeTagsForResourceRequest>`,
			`InvalidInput: Invalid XML ; cvc-complex-type.2.4.d: Invalid content was found starting with element '` + ns + `Tag}'. No child element is expected at this point.`,
		},
		{
			"text in a structure", rrsetPath, batch(`CREATE`),
			`InvalidInput: Invalid XML ; cvc-complex-type.2.3: Element 'Changes' cannot have character [children], because the type's content type is element-only.`,
		},
		{
			"element in a value", rrsetPath, batch(change("CREATE", `<Name><b>a.</b></Name>`)),
			`InvalidInput: Invalid XML ; cvc-type.3.1.2: Element 'Name' is a simple type, so it must have no element information item [children].`,
		},
		{"wrong root", rrsetPath, `<ChangeBatch><Changes/></ChangeBatch>`, "MalformedInput: ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest"},
		{"no body", rrsetPath, ``, "MalformedInput: Unparseable XML: line 1: the document has no root element"},
		{"broken", rrsetPath, "<ChangeResourceRecordSetsRequest>\n<ChangeBatch></Changes>", "MalformedInput: Unparseable XML: line 2: element <ChangeBatch> is not closed by its own end tag"},
		{"broken behind the end", rrsetPath, batch(change("CREATE", ok)) + "x", "MalformedInput: Unparseable XML: line 1: text after the root element"},
		{"broken in what is ignored", rrsetPath, batch(`<Other>&x;</Other>`), "MalformedInput: Unparseable XML: line 1: &x; is not a character reference or an entity that XML predefines"},
		{"no body where nothing is required", "/2013-04-01/hostedzone/Z1", " \n", ""},
		{"body of nothing where nothing is required", "/2013-04-01/hostedzone/Z1", "<UpdateHostedZoneCommentRequest/>", ""},
		{"broken where nothing is required", "/2013-04-01/hostedzone/Z1", "x", "MalformedInput: Unparseable XML: line 1: text before the root element"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{out: new(ChangeResourceRecordSetsOutput)}
			if tt.want == "" {
				e.out = new(UpdateHostedZoneCommentOutput)
			}
			w := post(t, &e, Options{}, "POST", tt.path, tt.body)
			if tt.want == "" {
				if w.Code != http.StatusOK {
					t.Fatalf("status %d: %s", w.Code, w.Body)
				}
				return
			}
			if w.Code != http.StatusBadRequest {
				t.Errorf("status %d", w.Code)
			}
			if diff := cmp.Diff(tt.want, refusal(t, w)); diff != "" {
				t.Error(diff)
			}
			if e.in != nil {
				t.Error("the request reached the API")
			}
		})
	}
}

func TestParamConstraints(t *testing.T) {
	long := strings.Repeat("Z", 33)
	for _, tt := range []struct{ name, method, path, want string }{
		{
			"label too long", "GET", "/2013-04-01/hostedzone/" + long,
			"InvalidInput: 1 validation error detected: Value '" + long + "' at 'id' failed to satisfy constraint: Member must have length less than or equal to 32",
		},
		{
			"enumeration in the path", "GET", "/2013-04-01/hostedzonelimit/Z1/MANY",
			"InvalidInput: 1 validation error detected: Value 'MANY' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [MAX_RRSETS_BY_ZONE, MAX_VPCS_ASSOCIATED_BY_ZONE]",
		},
		{
			"number in the path", "GET", "/2013-04-01/trafficpolicy/p/0",
			"InvalidInput: 1 validation error detected: Value '0' at 'version' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		{
			"several", "GET", "/2013-04-01/geolocation?continentcode=EUR&countrycode=",
			"InvalidInput: 2 validation errors detected: Value 'EUR' at 'continentCode' failed to satisfy constraint: Member must have length less than or equal to 2; " +
				"Value '' at 'countryCode' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{
			"required in the query", "GET", "/2013-04-01/hostedzonesbyvpc?vpcid=v",
			"InvalidInput: 1 validation error detected: Value null at 'vPCRegion' failed to satisfy constraint: Member must not be null",
		},
		{
			"tags do not take prefixes", "GET", "/2013-04-01/tags/hostedzone/%2Fhostedzone%2FZ0123456789ABCDEFGHIJ",
			"InvalidInput: 1 validation error detected: Value '/hostedzone/Z0123456789ABCDEFGHIJ' at 'resourceId' failed to satisfy constraint: Member must have length less than or equal to 32",
		},
		{
			"tags of a health check", "GET", "/2013-04-01/tags/healthcheck/" + long + long,
			"InvalidInput: 1 validation error detected: Value '" + long + long + "' at 'resourceId' failed to satisfy constraint: Member must have length less than or equal to 64",
		},
		{"broken query", "GET", "/2013-04-01/hostedzone?marker=%zz", "InvalidInput: The query string is not properly percent-encoded: marker=%zz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := post(t, new(echo), Options{}, tt.method, tt.path, "")
			if w.Code != http.StatusBadRequest {
				t.Errorf("status %d", w.Code)
			}
			if diff := cmp.Diff(tt.want, refusal(t, w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// MaxItems and its like are texts; what they mean is for the API to say.
func TestMaxItemsIsText(t *testing.T) {
	e := echo{out: new(ListHostedZonesOutput)}
	post(t, &e, Options{}, "GET", "/2013-04-01/hostedzone?maxitems=many", "")
	want := &ListHostedZonesInput{MaxItems: new("many")}
	if diff := cmp.Diff(any(want), e.in); diff != "" {
		t.Error(diff)
	}
}

func TestIDs(t *testing.T) {
	zone := &GetHostedZoneOutput{}
	for _, tt := range []struct {
		name, path string
		out, want  any
	}{
		{"bare", "/2013-04-01/hostedzone/Z1", zone, &GetHostedZoneInput{Id: "Z1"}},
		{"encoded", "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1", zone, &GetHostedZoneInput{Id: "Z1"}},
		{"half encoded", "/2013-04-01/hostedzone/hostedzone%2fZ1", zone, &GetHostedZoneInput{Id: "Z1"}},
		{"raw", "/2013-04-01/hostedzone/hostedzone/Z1", zone, &GetHostedZoneInput{Id: "Z1"}},
		{"raw with slash", "/2013-04-01/hostedzone//hostedzone/Z1", zone, &GetHostedZoneInput{Id: "Z1"}},
		{"raw before more path", "/2013-04-01/hostedzone//hostedzone/Z1/dnssec", &GetDNSSECOutput{}, &GetDNSSECInput{HostedZoneId: "Z1"}},
		{"change", "/2013-04-01/change/%2Fchange%2FC1", &GetChangeOutput{}, &GetChangeInput{Id: "C1"}},
		{"raw change", "/2013-04-01/change//change/C1", &GetChangeOutput{}, &GetChangeInput{Id: "C1"}},
		{"delegation set", "/2013-04-01/delegationset//delegationset/N1", &GetReusableDelegationSetOutput{}, &GetReusableDelegationSetInput{Id: "N1"}},
		{"query", "/2013-04-01/hostedzonesbyname?hostedzoneid=/hostedzone/Z1", &ListHostedZonesByNameOutput{}, &ListHostedZonesByNameInput{HostedZoneId: new("Z1")}},
		{"delegation set in the query", "/2013-04-01/hostedzone?delegationsetid=%2Fdelegationset%2FN1", &ListHostedZonesOutput{}, &ListHostedZonesInput{DelegationSetId: new("N1")}},
		{"tags keep what they get", "/2013-04-01/tags/hostedzone/%2Fhostedzone%2FZ1", &ListTagsForResourceOutput{}, &ListTagsForResourceInput{ResourceType: "hostedzone", ResourceId: "/hostedzone/Z1"}},
		{"health check", "/2013-04-01/healthcheck/ab-cd/", &GetHealthCheckOutput{}, &GetHealthCheckInput{HealthCheckId: "ab-cd"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{out: tt.out}
			if w := post(t, &e, Options{}, "GET", tt.path, ""); w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(tt.want, e.in); diff != "" {
				t.Error(diff)
			}
		})
	}

	t.Run("body", func(t *testing.T) {
		e := echo{out: new(CreateHostedZoneOutput)}
		post(t, &e, Options{}, "POST", "/2013-04-01/hostedzone", `<CreateHostedZoneRequest><Name>a.</Name><CallerReference>r</CallerReference>`+
			`<DelegationSetId>/delegationset/N1</DelegationSetId></CreateHostedZoneRequest>`)
		want := &CreateHostedZoneInput{Name: "a.", CallerReference: "r", DelegationSetId: new("N1")}
		if diff := cmp.Diff(any(want), e.in); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDecodeBodies(t *testing.T) {
	records := func(values ...string) []ResourceRecord {
		list := []ResourceRecord{}
		for _, v := range values {
			list = append(list, ResourceRecord{Value: v})
		}
		return list
	}
	for _, tt := range []struct {
		name, rrset string
		want        ResourceRecordSet
	}{
		{
			"plain", `<Name>a.</Name><Type>A</Type><TTL>300</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeA, TTL: new(int64(300)), ResourceRecords: records("192.0.2.1")},
		},
		{
			"white space", "\n <Name>a.</Name>\n <Type>\n A </Type><TTL> 300\n</TTL> <MultiValueAnswer> true </MultiValueAnswer>",
			ResourceRecordSet{Name: "a.", Type: RRTypeA, TTL: new(int64(300)), MultiValueAnswer: new(true)},
		},
		{
			"values keep their blanks", `<Name>a.</Name><Type>TXT</Type><ResourceRecords><ResourceRecord><Value> "a  b" </Value></ResourceRecord></ResourceRecords>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeTXT, ResourceRecords: records(` "a  b" `)},
		},
		{
			"entities", `<Name>a.</Name><Type>TXT</Type><ResourceRecords><ResourceRecord><Value>&quot;&#x61;&amp;<![CDATA[<b>]]>&quot;</Value></ResourceRecord></ResourceRecords>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeTXT, ResourceRecords: records(`"a&<b>"`)},
		},
		{
			"zero is not absent", `<Name>a.</Name><Type>A</Type><TTL>0</TTL><Weight>0</Weight>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeA, TTL: new(int64(0)), Weight: new(int64(0))},
		},
		{"empty structure", `<Name>a.</Name><Type>A</Type><GeoLocation/>`, ResourceRecordSet{Name: "a.", Type: RRTypeA, GeoLocation: &GeoLocation{}}},
		{
			"the last of several wins", `<Name>x.</Name><Type>NS</Type><TTL>1</TTL><GeoLocation><CountryCode>DE</CountryCode></GeoLocation>` +
				`<ResourceRecords><ResourceRecord><Value>1</Value></ResourceRecord></ResourceRecords><Name>a.</Name><Type>A</Type><TTL>2</TTL>` +
				`<GeoLocation><ContinentCode>EU</ContinentCode></GeoLocation><ResourceRecords><ResourceRecord><Value>2</Value></ResourceRecord></ResourceRecords>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeA, TTL: new(int64(2)), GeoLocation: &GeoLocation{ContinentCode: new("EU")}, ResourceRecords: records("2")},
		},
		{
			"other items in a list", `<Name>a.</Name><Type>A</Type><ResourceRecords><Later/><ResourceRecord><Value>1</Value></ResourceRecord></ResourceRecords>`,
			ResourceRecordSet{Name: "a.", Type: RRTypeA, ResourceRecords: records("1")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{out: new(ChangeResourceRecordSetsOutput)}
			if w := post(t, &e, Options{}, "POST", rrsetPath, batch(change("CREATE", tt.rrset))); w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			want := &ChangeResourceRecordSetsInput{HostedZoneId: "Z1", ChangeBatch: ChangeBatch{Changes: []Change{{Action: ChangeActionCreate, ResourceRecordSet: tt.want}}}}
			if diff := cmp.Diff(any(want), e.in); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A required structure given twice does not keep members of the first one.
func TestRepeatedRequiredStructure(t *testing.T) {
	e := echo{out: new(ChangeResourceRecordSetsOutput)}
	one := `<Comment>old</Comment><Changes>` + change("CREATE", `<Name>a.</Name><Type>A</Type>`) + `</Changes>`
	two := `<Changes>` + change("DELETE", `<Name>b.</Name><Type>A</Type>`) + `</Changes>`
	w := post(t, &e, Options{}, "POST", rrsetPath, `<ChangeResourceRecordSetsRequest><ChangeBatch>`+one+`</ChangeBatch><ChangeBatch>`+two+`</ChangeBatch></ChangeResourceRecordSetsRequest>`)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	got := e.in.(*ChangeResourceRecordSetsInput).ChangeBatch
	if got.Comment != nil || len(got.Changes) != 1 || got.Changes[0].Action != ChangeActionDelete {
		t.Errorf("got %+v", got)
	}
}

func TestEnumRules(t *testing.T) {
	dname := batch(change("CREATE", `<Name>a.</Name><Type>DNAME</Type>`))
	region := func(name string) string {
		return batch(change("CREATE", `<Name>a.</Name><Type>A</Type><Region>`+name+`</Region>`))
	}
	coordinates := func(latitude string) string {
		return batch(change("CREATE", `<Name>a.</Name><Type>A</Type><GeoProximityLocation><Coordinates><Latitude>`+latitude+`</Latitude><Longitude>1</Longitude></Coordinates></GeoProximityLocation>`))
	}
	own := Enums{ResourceRecordSetRegion: EnumRule{Values: []string{"us-east-1", "dc-berlin"}}}
	for _, tt := range []struct {
		name  string
		rules Enums
		body  string
		want  string // of the refusal
	}{
		{"strict", Enums{}, dname, "InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'DNAME'"},
		{"any type", Enums{RRType: EnumRule{Any: true}}, dname, ""},
		{"no type is still refused", Enums{RRType: EnumRule{Any: true}}, batch(change("CREATE", `<Name>a.</Name><Type/>`)), "InvalidInput: Invalid XML ; cvc-enumeration-valid: Value ''"},
		{"actions stay", Enums{RRType: EnumRule{Any: true}}, batch(change("MOVE", `<Name>a.</Name><Type>A</Type>`)), "InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'MOVE'"},
		{"region of the model", Enums{}, region("eu-west-1"), ""},
		{"unknown region", Enums{}, region("dc-berlin"), "InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'dc-berlin'"},
		{"own region", own, region("dc-berlin"), ""},
		{"region not listed", own, region("eu-west-1"), "InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'eu-west-1' is not facet-valid with respect to enumeration '[us-east-1, dc-berlin]'."},
		{"coordinates of the model", Enums{}, coordinates("37.7749"), "InvalidInput: Invalid XML ; cvc-maxLength-valid: Value '37.7749'"},
		{"exact coordinates", Enums{Latitude: TextRule{Any: 17}}, coordinates("37.7749"), ""},
		{"exact coordinates are bounded", Enums{Latitude: TextRule{Any: 17}}, coordinates(strings.Repeat("1", 18)), "InvalidInput: Invalid XML ; cvc-maxLength-valid:"},
		{"any region is bounded", Enums{ResourceRecordSetRegion: EnumRule{Any: true}}, region(strings.Repeat("x", 65)), "InvalidInput: Invalid XML ; cvc-maxLength-valid:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{out: new(ChangeResourceRecordSetsOutput)}
			w := post(t, &e, Options{Enums: tt.rules}, "POST", rrsetPath, tt.body)
			if tt.want == "" {
				if w.Code != http.StatusOK {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				return
			}
			if got := refusal(t, w); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s", got)
			}
		})
	}

	t.Run("query", func(t *testing.T) {
		e := echo{out: new(ListHostedZonesByVPCOutput)}
		opts := Options{Enums: Enums{VPCRegion: EnumRule{Values: []string{"dc-berlin"}}}}
		if w := post(t, &e, opts, "GET", "/2013-04-01/hostedzonesbyvpc?vpcid=v&vpcregion=dc-berlin", ""); w.Code != http.StatusOK {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
