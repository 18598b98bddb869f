package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

var service = &Service{Target: "Granite", Namespace: "http://example.com/doc/", Version: "2010-08-01"}

type inner struct {
	Name  string `is:"required 1..5"`
	Value *Double
}

type color string

func (color) Enum() []string { return []string{"red", "green"} }

type request struct {
	Text   string `is:"required 2..4"`
	Number *int64 `is:"1..10"`
	Flag   *bool
	Time   *Timestamp
	Double *Double
	Inner  *inner
	Inners []inner  `is:"..3"`
	Texts  []string `is:"1..2 each=1..3 enum=a,bb,cccc"`
	Times  []Timestamp
	Values []Double
	ID     string `json:"Id"`
	Color  color
}

func full() request {
	return request{
		Text: "äöü", Number: new(int64(7)), Flag: new(true), Time: UnixTimestamp(1795234729250), Double: new(Double(-0.5)),
		Inner: &inner{"x", new(Double(2))}, Inners: []inner{{"a", nil}, {"b", new(Double(1e300))}},
		Texts: []string{"a", "bb"}, Times: []Timestamp{*UnixTimestamp(0), *UnixTimestamp(1500)}, Values: []Double{1, 2.5}, ID: "i",
	}
}

// formOf writes a request as clients of the query protocol do.
func formOf(form url.Values, name string, v reflect.Value) {
	switch value := v.Interface().(type) {
	case Timestamp:
		form.Set(name, value.Format("2006-01-02T15:04:05.999Z07:00"))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			formOf(form, name, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if field := wireName(&f); field != "" && !v.Field(i).IsZero() {
				formOf(form, strings.TrimPrefix(name+"."+field, "."), v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			formOf(form, fmt.Sprintf("%s.member.%d", name, i+1), v.Index(i))
		}
	default:
		form.Set(name, fmt.Sprint(v.Interface()))
	}
}

func post(path string, header map[string]string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

// requests is one request in each protocol.
func requests(tb testing.TB, in request) map[Protocol]struct {
	request *http.Request
	body    []byte
} {
	tb.Helper()
	form := url.Values{"Action": {"Put"}, "Version": {"2010-08-01"}}
	formOf(form, "", reflect.ValueOf(in))
	text, err := json.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	binary, err := cbor.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	return map[Protocol]struct {
		request *http.Request
		body    []byte
	}{
		Query: {post("/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), []byte(form.Encode())},
		JSON:  {post("/", map[string]string{"X-Amz-Target": "Granite.Put"}), text},
		CBOR:  {post("/service/Granite/operation/Put", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}), binary},
	}
}

func TestProtocolsMeanTheSame(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]request{"full": full(), "empty": {}} {
		for protocol, r := range requests(t, in) {
			t.Run(fmt.Sprint(name, protocol), func(t *testing.T) {
				q, err := service.Read(r.request, r.body)
				if err != nil {
					t.Fatal(err)
				}
				if q.Protocol != protocol || q.Operation != "Put" {
					t.Errorf("%d %s", q.Protocol, q.Operation)
				}
				var out request
				if err := q.Decode(&out); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(in, out); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	zip := func(b []byte) []byte {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return z.Bytes()
	}
	for protocol, r := range requests(t, full()) {
		r.request.Header.Set("Content-Encoding", "gzip")
		q, err := service.Read(r.request, zip(r.body))
		var out request
		if err = errors.Join(err, q.Decode(&out)); err != nil || out.Text != "äöü" {
			t.Errorf("%d: %v %q", protocol, err, out.Text)
		}
	}
	r := post("/", map[string]string{"X-Amz-Target": "Granite.Put", "Content-Encoding": "gzip"})
	for name, body := range map[string][]byte{
		"bomb": zip(make([]byte, MaxBody+1)), "not gzip": []byte("{}"), "cut": zip([]byte(`{"Text":"abc"}`))[:20],
	} {
		var e *Error
		if _, err := service.Read(r, body); !errors.As(err, &e) || e.Status != 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Header.Set("Content-Encoding", "br")
	if _, err := service.Read(r, nil); err == nil {
		t.Error("brotli is understood")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	target := map[string]string{"X-Amz-Target": "Granite.Put"}
	for _, tt := range []struct {
		name   string
		r      *http.Request
		body   string
		code   string
		status int
	}{
		{"method", httptest.NewRequest(http.MethodPut, "/", nil), "", "MethodNotAllowed", 405},
		{"another target", post("/", map[string]string{"X-Amz-Target": "Other.Put"}), "{}", "InvalidAction", 400},
		{"another path", post("/service/Other/operation/Put", nil), "", "InvalidAction", 400},
		{"no action", post("/", nil), "A=b", "MissingAction", 400},
		{"version", post("/", nil), "Action=Put&Version=2009-01-01", "InvalidAction", 400},
		{"form", post("/", nil), "Action=Put&A=%zz", "MalformedQueryString", 400},
		{"JSON", post("/", target), `{"Text":`, "MalformedInput", 400},
		{"JSON type", post("/", target), `{"Text":1}`, "MalformedInput", 400},
		{"JSON behind", post("/", target), `{"Text":"abc"} {}`, "MalformedInput", 400},
		{"JSON time", post("/", target), `{"Time":1e300}`, "MalformedInput", 400},
		{"JSON text time", post("/", target), `{"Time":"yesterday"}`, "MalformedInput", 400},
		{"JSON double", post("/", target), `{"Double":"much"}`, "MalformedInput", 400},
		{"CBOR", post("/service/Granite/operation/Put", nil), "\xff", "MalformedInput", 400},
		{"CBOR time", post("/service/Granite/operation/Put", nil), "\xa1\x64Time\xc2\x41\x01", "MalformedInput", 400},
		{"integer", post("/", nil), "Action=Put&Number=1.5", "MalformedInput", 400},
		{"boolean", post("/", nil), "Action=Put&Flag=maybe", "MalformedInput", 400},
		{"member", post("/", nil), "Action=Put&Texts.member.x=a", "MalformedInput", 400},
		{"depth", post("/", nil), "Action=Put&" + strings.Repeat("a.", 17) + "=x", "MalformedInput", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := service.Read(tt.r, []byte(tt.body))
			if err == nil {
				var out request
				err = q.Decode(&out)
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Status != tt.status {
				t.Errorf("%v, want %s", err, tt.code)
			}
		})
	}
}

func TestSpecialNumbers(t *testing.T) {
	t.Parallel()
	var out request
	if err := decodeJSON([]byte(`{"Values":["NaN","Infinity","-Infinity",3,"4.5"],"Time":"2026-11-21T04:00:00+02:00"}`), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Values) != 5 || !math.IsNaN(float64(out.Values[0])) || !math.IsInf(float64(out.Values[1]), 1) || !math.IsInf(float64(out.Values[2]), -1) || out.Values[4] != 4.5 {
		t.Errorf("%v", out.Values)
	}
	if want := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC); !out.Time.Equal(want) {
		t.Errorf("%v", out.Time)
	}
	b, err := json.Marshal([]Double{1, 0.25, 1e21, Double(math.NaN()), Double(math.Inf(-1))})
	if err != nil || string(b) != `[1.0,0.25,1e+21,"NaN","-Infinity"]` {
		t.Errorf("%s %v", b, err)
	}
}

type answer struct {
	Name   string
	Empty  string `json:",omitempty"`
	Items  []inner
	Listed []string
	Time   *Timestamp
	Map    map[string]Double `json:",omitempty"`
	Number *int64
	Flag   *bool
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		protocol Protocol
		output   any
		want     string
		header   http.Header
	}{
		{
			"XML", Query, &answer{Name: "<&>", Items: []inner{{"a", new(Double(1))}}, Time: UnixTimestamp(1500), Map: map[string]Double{"p50": 2}, Number: new(int64(0)), Flag: new(false)},
			`<?xml version="1.0"?>` + "\n" + `<OpResponse xmlns="http://example.com/doc/"><OpResult><Name>&lt;&amp;&gt;</Name><Items><member><Name>a</Name><Value>1</Value></member></Items><Listed></Listed><Time>1970-01-01T00:00:01.500Z</Time><Map><entry><key>p50</key><value>2</value></entry></Map><Number>0</Number><Flag>false</Flag></OpResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></OpResponse>`,
			http.Header{"Content-Type": {"text/xml"}},
		},
		{
			"XML of nothing", Query, nil,
			`<?xml version="1.0"?>` + "\n" + `<OpResponse xmlns="http://example.com/doc/"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></OpResponse>`,
			http.Header{"Content-Type": {"text/xml"}},
		},
		{
			"JSON", JSON, &answer{Name: "<&>", Time: UnixTimestamp(1500), Map: map[string]Double{"p50": 2}},
			`{"Name":"\u003c\u0026\u003e","Items":[],"Listed":[],"Time":1.5,"Map":{"p50":2.0},"Number":null,"Flag":null}`,
			http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		},
		{"JSON of nothing", JSON, nil, "", http.Header{"Content-Type": {"application/x-amz-json-1.0"}}},
		{
			"CBOR", CBOR, &struct{ T *Timestamp }{UnixTimestamp(1500)}, "\xa1\x61T\xc1\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00",
			http.Header{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}},
		},
		{"CBOR of nothing", CBOR, nil, "", http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := service.Write(w, &Request{Protocol: tt.protocol, Operation: "Op"}, "id", tt.output); err != nil {
				t.Fatal(err)
			}
			if w.Body.String() != tt.want {
				t.Errorf("%s\nwant %s", w.Body, tt.want)
			}
			w.Header().Del("Content-Length")
			if diff := cmp.Diff(tt.header, w.Header()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	e := &Error{Code: "InvalidParameterValue", Shape: "InvalidParameterValueException", Status: 400, Message: "no"}
	want := map[Protocol]string{
		Query: `<?xml version="1.0"?>` + "\n" + `<ErrorResponse xmlns="http://example.com/doc/"><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>no</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
		JSON:  `{"Message":"no","__type":"InvalidParameterValueException","message":"no"}`,
	}
	for _, protocol := range []Protocol{Query, JSON, CBOR} {
		w := httptest.NewRecorder()
		service.WriteError(w, protocol, "id", e)
		if w.Code != 400 {
			t.Errorf("%d: status %d", protocol, w.Code)
		}
		if protocol != Query && w.Header().Get("X-Amzn-Query-Error") != "InvalidParameterValue;Sender" {
			t.Errorf("%d: %v", protocol, w.Header())
		}
		if protocol == CBOR {
			var body map[string]string
			if err := cbor.Unmarshal(w.Body.Bytes(), &body); err != nil || body["__type"] != "InvalidParameterValueException" || body["message"] != "no" {
				t.Errorf("%v %v", body, err)
			}
			continue
		}
		if w.Body.String() != want[protocol] {
			t.Errorf("%s", w.Body)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := full()
	for _, tt := range []struct {
		name   string
		change func(r *request)
		want   []string
	}{
		{"good", func(*request) {}, nil},
		{"missing", func(r *request) { r.Text = "" }, []string{"Value null at 'text' failed to satisfy constraint: Member must not be null"}},
		{"short", func(r *request) { r.Text = "ä" }, []string{"Value 'ä' at 'text' failed to satisfy constraint: Member must have length greater than or equal to 2"}},
		{"long", func(r *request) { r.Text = "äöüßä" }, []string{"Value 'äöüßä' at 'text' failed to satisfy constraint: Member must have length less than or equal to 4"}},
		{"number", func(r *request) { r.Number = new(int64(11)) }, []string{"Value '11' at 'number' failed to satisfy constraint: Member must have value less than or equal to 10"}},
		{"zero", func(r *request) { r.Number = new(int64(0)) }, []string{"Value '0' at 'number' failed to satisfy constraint: Member must have value greater than or equal to 1"}},
		{"list", func(r *request) { r.Inners = make([]inner, 4) }, []string{
			"Value '[{ <nil>} { <nil>} { <nil>} { <nil>}]' at 'inners' failed to satisfy constraint: Member must have length less than or equal to 3",
			"Value null at 'inners.1.member.name' failed to satisfy constraint: Member must not be null",
			"Value null at 'inners.2.member.name' failed to satisfy constraint: Member must not be null",
			"Value null at 'inners.3.member.name' failed to satisfy constraint: Member must not be null",
			"Value null at 'inners.4.member.name' failed to satisfy constraint: Member must not be null",
		}},
		{"each", func(r *request) { r.Texts = []string{"a", "cccc"} }, []string{"Value 'cccc' at 'texts.2.member' failed to satisfy constraint: Member must have length less than or equal to 3"}},
		{"enum", func(r *request) { r.Texts = []string{"x"} }, []string{"Value 'x' at 'texts' failed to satisfy constraint: Member must satisfy enum value set: [a, bb, cccc]"}},
		{"enum type", func(r *request) { r.Color = "blue" }, []string{"Value 'blue' at 'color' failed to satisfy constraint: Member must satisfy enum value set: [red, green]"}},
		{"UTF-8", func(r *request) { r.ID = "\xff" }, []string{"Value '\ufffd' at 'id' failed to satisfy constraint: Member must be valid UTF-8"}},
		{"inner", func(r *request) { r.Inner = &inner{Name: "toolong"} }, []string{"Value 'toolong' at 'inner.name' failed to satisfy constraint: Member must have length less than or equal to 5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			tt.change(&r)
			var got []string
			for _, v := range Check(&r) {
				got = append(got, v.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	many := request{Text: "abc", Inners: make([]inner, 100_000)}
	if n := len(Check(&many)); n != maxViolations {
		t.Errorf("%d violations", n)
	}
}

// fuzzDecode checks that whatever decodes can be checked and encoded again.
func fuzzDecode(t *testing.T, q Request) {
	t.Helper()
	var in request
	if err := q.Decode(&in); err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
			t.Fatalf("error %v", err)
		}
		return
	}
	_ = Check(&in)
	for _, protocol := range []Protocol{JSON, CBOR, Query} {
		if err := service.Write(httptest.NewRecorder(), &Request{Protocol: protocol, Operation: "Op"}, "id", &in); err != nil {
			t.Fatalf("protocol %d: %v", protocol, err)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add(string(requests(f, full())[Query].body))
	f.Add("Action=Put&Inners.member.2.Name=b&Inners.member.1.Name=a&Inners.member.1.Value=NaN&Time=2026-11-21&Texts=")
	f.Fuzz(func(t *testing.T, body string) {
		q, err := service.Read(post("/", nil), []byte(body))
		if err != nil {
			return
		}
		fuzzDecode(t, q)
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(requests(f, full())[JSON].body)
	f.Add([]byte(`{"Time":"2026-11-21T00:00:00Z","Double":"-Infinity","Inners":[null,{}],"Texts":null}`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzDecode(t, Request{Protocol: JSON, body: body}) })
}

func FuzzCBOR(f *testing.F) {
	f.Add(requests(f, full())[CBOR].body)
	f.Add([]byte("\xbf\x64Time\xc1\x1a\x6b\x01\x1b\xa9\x66Double\x01\xff"))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzDecode(t, Request{Protocol: CBOR, body: body}) })
}
