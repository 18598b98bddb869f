package interop

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/test/interop/server"
)

const namespace = `xmlns="https://route53.amazonaws.com/doc/2013-04-01/"`

// batch is the body of a change batch around one RRset's members.
func batch(members string) string {
	return `<ChangeResourceRecordSetsRequest ` + namespace + `><ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>` +
		members + `</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
}

// goodSet is an RRset that would be made, were it alone.
const goodSet = `<Name>new.bad.example</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>`

func records(n int, value string) string {
	return `<Name>new.bad.example</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>` +
		strings.Repeat(`<ResourceRecord><Value>`+value+`</Value></ResourceRecord>`, n) + `</ResourceRecords>`
}

// badBodies are bodies for ChangeResourceRecordSets. The answer has the status
// 400 unless another is given, and its code and message.
var badBodies = []struct {
	name, body string
	status     int
	code       string
	message    string // its beginning
}{
	{name: "empty", body: "", code: "MalformedInput", message: "Unparseable XML: "},
	{name: "no XML", body: `{"Changes": []}`, code: "MalformedInput", message: "Unparseable XML: "},
	{name: "cut off", body: batch(goodSet)[:300], code: "MalformedInput", message: "Unparseable XML: "},
	{name: "tags crossed", body: batch(`<Name>a</Type>`), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "two roots", body: batch(goodSet) + batch(goodSet), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "not UTF-8", body: batch("<Name>\xff\xfe</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "UTF-16", body: "\xfe\xff\x00<\x00a\x00/\x00>", code: "MalformedInput", message: "Unparseable XML: "},
	{name: "NUL", body: batch("<Name>a\x00b</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "NUL by reference", body: batch("<Name>a&#0;b</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "unknown entity", body: batch("<Name>&nbsp;</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "entity of a file", body: `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + batch("<Name>&x;</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "entities that multiply", body: `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + batch("<Name>&b;</Name>"), code: "MalformedInput", message: "Unparseable XML: "},
	{name: "deep", body: strings.Repeat("<a>", 100000), code: "MalformedInput", message: ""},
	{name: "another request", body: `<CreateHostedZoneRequest ` + namespace + `/>`, code: "MalformedInput", message: "CreateHostedZoneRequest is not valid, expected ChangeResourceRecordSetsRequest"},
	{name: "batch without its request", body: `<ChangeBatch><Changes/></ChangeBatch>`, code: "MalformedInput", message: "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest"},
	{name: "no batch", body: `<ChangeResourceRecordSetsRequest ` + namespace + `/>`, code: "InvalidInput", message: "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'ChangeResourceRecordSetsRequest' is not complete. One of '{\"https://route53.amazonaws.com/doc/2013-04-01/\":ChangeBatch}' is expected."},
	{name: "no name", body: batch(`<Type>A</Type>`), code: "InvalidInput", message: "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'ResourceRecordSet' is not complete."},
	{name: "TTL no number", body: batch(strings.Replace(goodSet, ">60<", ">sixty<", 1)), code: "InvalidInput", message: "Invalid XML ; cvc-datatype-valid.1.2.1: 'sixty' is not a valid value for 'integer'."},
	{name: "TTL negative", body: batch(strings.Replace(goodSet, ">60<", ">-1<", 1)), code: "InvalidInput", message: "Invalid XML ; cvc-minInclusive-valid: Value '-1' is not facet-valid with respect to minInclusive '0' for type 'TTL'."},
	{name: "TTL too large", body: batch(strings.Replace(goodSet, ">60<", ">99999999999999999999<", 1)), code: "InvalidInput", message: "Invalid XML ; cvc-maxInclusive-valid: "},
	{name: "weight too large", body: batch(goodSet + `<SetIdentifier>s</SetIdentifier><Weight>256</Weight>`), code: "InvalidInput", message: "Invalid XML ; cvc-maxInclusive-valid: Value '256'"},
	{name: "boolean neither", body: batch(goodSet + `<SetIdentifier>s</SetIdentifier><MultiValueAnswer>maybe</MultiValueAnswer>`), code: "InvalidInput", message: "Invalid XML ; cvc-datatype-valid.1.2.1: 'maybe' is not a valid value for 'boolean'."},
	{name: "identifier too long", body: batch(goodSet + `<SetIdentifier>` + strings.Repeat("s", 129) + `</SetIdentifier><Weight>1</Weight>`), code: "InvalidInput", message: "Invalid XML ; cvc-maxLength-valid: "},
	{name: "unknown action", body: strings.Replace(batch(goodSet), "CREATE", "create", 1), code: "InvalidInput", message: "Invalid XML ; cvc-enumeration-valid: Value 'create'"},
	{name: "unknown region", body: batch(goodSet + `<SetIdentifier>s</SetIdentifier><Region>moon-1</Region>`), code: "InvalidInput", message: "Invalid XML ; cvc-enumeration-valid: Value 'moon-1'"},
	{name: "name too long", body: batch(strings.Replace(goodSet, "new.", strings.Repeat("abcdefghi.", 25), 1)), code: "InvalidChangeBatch", message: "[FATAL problem: DomainNameTooLong "},
	{name: "label too long", body: batch(strings.Replace(goodSet, "new.", strings.Repeat("a", 64)+".", 1)), code: "InvalidChangeBatch", message: "[FATAL problem: DomainLabelTooLong "},
	{name: "name of a megabyte", body: batch(strings.Replace(goodSet, "new.", strings.Repeat("a", 1<<20)+".", 1)), code: "InvalidInput", message: "Invalid XML ; cvc-maxLength-valid: "},
	{name: "value too long", body: batch(records(1, strings.Repeat("1", 4001))), code: "InvalidInput", message: "Invalid XML ; cvc-maxLength-valid: "},
	{name: "too many records", body: batch(records(1001, "192.0.2.1")), code: "InvalidChangeBatch", message: "[Number of records limit of 1000 exceeded."},
	{name: "ten megabytes", body: batch(records(1, strings.Repeat("1", 10<<20))), status: 413, code: "RequestEntityTooLarge", message: "The request body is larger than 4194304 bytes."},
}

// errorDocument is the form that all errors of the API have.
type errorDocument struct {
	XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ErrorResponse"`
	Error   struct{ Type, Code, Message string }
	Request string `xml:"RequestId"`
}

// TestBadBodies: each gets its error, and nothing is left of it.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	zoneID := newSDK(t, s).createZone("bad.example")
	before := s.State(t).String()
	path := "/2013-04-01/hostedzone/" + zoneID + "/rrset/"
	for _, test := range badBodies {
		t.Run(test.name, func(t *testing.T) {
			status, body := do(t, signed(t, s, "POST", path, test.body, time.Now()))
			if test.status == 0 {
				test.status = http.StatusBadRequest
			}
			wantError(t, status, body, test.status, test.code, test.message)
		})
	}
	t.Run("ten megabytes in chunks", func(t *testing.T) {
		r := signed(t, s, "POST", path, "", time.Now())
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 10<<20)), -1
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return // cut off while it was still sending
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body) // may be cut off
		wantError(t, response.StatusCode, string(body), 413, "RequestEntityTooLarge", "The request body is larger than 4194304 bytes.")
	})
	if diff := cmp.Diff(before, s.State(t).String()); diff != "" {
		t.Errorf("bad bodies left a trace: %s", diff)
	}
	alive(t, s)
	if status, body := do(t, signed(t, s, "POST", path, batch(goodSet), time.Now())); status != 200 {
		t.Errorf("the good body: %d %s", status, body)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func wantError(t *testing.T, status int, body string, wantStatus int, code, message string) {
	t.Helper()
	var e errorDocument
	if err := xml.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if status != wantStatus || e.Error.Type != "Sender" || e.Error.Code != code || !strings.HasPrefix(e.Error.Message, message) || len(e.Request) != 36 {
		t.Errorf("%d %+v, want %d %s %s", status, e, wantStatus, code, message)
	}
}

// TestBadRequests: paths, methods and parameters that are none.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	zoneID := newSDK(t, s).createZone("bad.example")
	before := s.State(t).String()
	zone := "/2013-04-01/hostedzone/" + zoneID
	for _, test := range []struct {
		method, path  string
		status        int
		code, message string
	}{
		{"GET", "/2013-04-01/nothing", 404, "UnknownOperationException", ""},
		{"GET", "/2013-04-02/hostedzone", 404, "UnknownOperationException", ""},
		{"PUT", "/2013-04-01/hostedzone", 405, "MethodNotAllowed", ""},
		{"DELETE", "/2013-04-01/hostedzone", 405, "MethodNotAllowed", ""},
		{"GET", "/2013-04-01/hostedzone/" + strings.Repeat("Z", 33), 400, "InvalidInput", "1 validation error detected: Value '" + strings.Repeat("Z", 33) + "' at 'id' failed to satisfy constraint: Member must have length less than or equal to 32"},
		{"GET", "/2013-04-01/hostedzone/..%2F..%2Fetc%2Fpasswd", 404, "NoSuchHostedZone", ""},
		{"GET", "/2013-04-01/hostedzone?maxitems=-1", 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/hostedzone?maxitems=9999999999999999999999", 200, "", ""},
		{"GET", "/2013-04-01/hostedzone?maxitems=1%00", 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/hostedzone?marker=" + strings.Repeat("x", 5000), 400, "InvalidInput", ""},
		{"GET", zone + "/rrset?type=A", 400, "InvalidInput", ""},
		{"GET", zone + "/rrset?name=a..b", 400, "InvalidInput", ""},
		{"GET", zone + "/rrset?name=" + strings.Repeat("a", 2000), 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/hostedzonesbyname?dnsname=" + strings.Repeat("a.", 200), 400, "InvalidDomainName", ""},
		{"GET", "/2013-04-01/geolocation?countrycode=TOOLONG", 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/testdnsanswer", 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/change/" + strings.Repeat("C", 6501), 400, "InvalidInput", ""},
		{"GET", "/2013-04-01/change/C%00", 404, "UnknownOperationException", ""},
		{"GET", "/2013-04-01/tags/hostedzone/%2Fhostedzone%2F" + zoneID, 400, "InvalidInput", "1 validation error detected: Value '/hostedzone/" + zoneID + "' at 'resourceId' failed to satisfy constraint: Member must have length less than or equal to 32"},
	} {
		name := regexp.MustCompile(`Z[0-9A-Z]{20}`).ReplaceAllString(fmt.Sprintf("%s %.60s", test.method, test.path), "Z1")
		t.Run(name, func(t *testing.T) {
			status, body := do(t, signed(t, s, test.method, test.path, "", time.Now()))
			if test.status == 200 {
				if status != 200 {
					t.Errorf("%d %s", status, body)
				}
				return
			}
			wantError(t, status, body, test.status, test.code, test.message)
		})
	}
	t.Run("a type that is none", func(t *testing.T) {
		status, body := do(t, signed(t, s, "GET", zone+"/rrset?name=bad.example&type=NOTHING", "", time.Now()))
		wantError(t, status, body, 400, "InvalidInput", "")
	})
	if diff := cmp.Diff(before, s.State(t).String()); diff != "" {
		t.Errorf("bad requests left a trace: %s", diff)
	}
	alive(t, s)
}
