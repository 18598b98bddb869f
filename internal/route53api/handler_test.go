package route53api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each operation is found at its path, with and without a slash at the end.
func TestAllOperationsAreRouted(t *testing.T) {
	router := newRouter()
	list := Operations()
	if len(list) != 71 {
		t.Fatalf("%d operations", len(list))
	}
	label := regexp.MustCompile(`\{[A-Za-z]+\}`)
	for i, op := range list {
		path := strings.TrimSuffix(label.ReplaceAllString(op.Path, "x1"), "/")
		for _, p := range []string{path, path + "/"} {
			if m := router.Match(op.Method, p); m.Index != i {
				t.Errorf("%s: %s %s leads to %d, not %d", op.Name, op.Method, p, m.Index, i)
			}
		}
		if !strings.HasPrefix(op.Path, PathPrefix) {
			t.Errorf("%s: path %s", op.Name, op.Path)
		}
	}
}

func TestSuccessDocuments(t *testing.T) {
	at := time.Date(2017, 3, 10, 1, 36, 41, 958e6, time.UTC)
	const ns = `xmlns="https://route53.amazonaws.com/doc/2013-04-01/"`
	for _, tt := range []struct {
		name, method, path, body string
		out                      any
		status                   int
		want                     string
	}{
		{
			"created", "POST", "/2013-04-01/hostedzone", `<CreateHostedZoneRequest><Name>a.</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>`,
			&CreateHostedZoneOutput{
				HostedZone:    HostedZone{Id: "/hostedzone/Z1", Name: "a.", CallerReference: "r<", Config: &HostedZoneConfig{PrivateZone: new(false)}, ResourceRecordSetCount: new(int64(2))},
				ChangeInfo:    ChangeInfo{Id: "/change/C1", Status: ChangeStatusPending, SubmittedAt: at},
				DelegationSet: &DelegationSet{NameServers: []string{"ns1.example.", "ns2.example."}},
				Location:      "https://host/2013-04-01/hostedzone/Z1",
			}, 201,
			`<CreateHostedZoneResponse ` + ns + `><HostedZone><Id>/hostedzone/Z1</Id><Name>a.</Name><CallerReference>r&lt;</CallerReference><Config><PrivateZone>false</PrivateZone></Config>` +
				`<ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2017-03-10T01:36:41.958Z</SubmittedAt></ChangeInfo>` +
				`<DelegationSet><NameServers><NameServer>ns1.example.</NameServer><NameServer>ns2.example.</NameServer></NameServers></DelegationSet></CreateHostedZoneResponse>`,
		},
		{
			"no delegation set", "POST", "/2013-04-01/hostedzone", `<CreateHostedZoneRequest><Name>a.</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>`,
			&CreateHostedZoneOutput{ChangeInfo: ChangeInfo{SubmittedAt: at}, VPC: &VPC{VPCRegion: new(VPCRegionEuWest1), VPCId: new("vpc-1")}}, 201,
			`<CreateHostedZoneResponse ` + ns + `><HostedZone><Id></Id><Name></Name><CallerReference></CallerReference></HostedZone><ChangeInfo><Id></Id><Status></Status><SubmittedAt>2017-03-10T01:36:41.958Z</SubmittedAt></ChangeInfo>` +
				`<VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-1</VPCId></VPC></CreateHostedZoneResponse>`,
		},
		{
			"empty list", "GET", "/2013-04-01/hostedzone", "", &ListHostedZonesOutput{MaxItems: "100"}, 200,
			`<ListHostedZonesResponse ` + ns + `><HostedZones></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>`,
		},
		{
			"list of structures", "GET", "/2013-04-01/tags/healthcheck/h", "",
			&ListTagsForResourceOutput{ResourceTagSet: ResourceTagSet{Tags: []Tag{{Key: new("k"), Value: new("")}, {Key: new("l")}}}}, 200,
			`<ListTagsForResourceResponse ` + ns + `><ResourceTagSet><Tags><Tag><Key>k</Key><Value></Value></Tag><Tag><Key>l</Key></Tag></Tags></ResourceTagSet></ListTagsForResourceResponse>`,
		},
		{
			"list items without a name of their own", "GET", "/2013-04-01/checkeripranges", "", &GetCheckerIpRangesOutput{CheckerIpRanges: []string{"192.0.2.0/24"}}, 200,
			`<GetCheckerIpRangesResponse ` + ns + `><CheckerIpRanges><member>192.0.2.0/24</member></CheckerIpRanges></GetCheckerIpRangesResponse>`,
		},
		{
			"nothing to say", "DELETE", "/2013-04-01/healthcheck/h", "", &DeleteHealthCheckOutput{}, 200,
			`<DeleteHealthCheckResponse ` + ns + `></DeleteHealthCheckResponse>`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{out: tt.out}
			w := post(t, &e, Options{}, tt.method, tt.path, tt.body)
			if w.Code != tt.status {
				t.Errorf("status %d", w.Code)
			}
			if diff := cmp.Diff("<?xml version=\"1.0\"?>\n"+tt.want, w.Body.String()); diff != "" {
				t.Error(diff)
			}
			if got := w.Header().Get("Content-Type"); got != "text/xml" {
				t.Errorf("content type %q", got)
			}
			if out, ok := tt.out.(*CreateHostedZoneOutput); ok && w.Header().Get("Location") != out.Location {
				t.Errorf("location %q", w.Header().Get("Location"))
			}
			uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
			if id := w.Header().Get("x-amzn-RequestId"); !uuid.MatchString(id) {
				t.Errorf("request id %q", id)
			}
		})
	}
}

// ownError is an error of another package that has the methods.
type ownError struct{ status int }

func (ownError) Error() string        { return "own" }
func (ownError) Code() string         { return "AccessDenied" }
func (e ownError) Status() int        { return e.status }
func (ownError) ErrorMessage() string { return "no & never" }

func TestErrorDocuments(t *testing.T) {
	internal := "<Type>Receiver</Type><Code>InternalFailure</Code><Message>The request processing has failed because of an unknown error, exception or failure.</Message>"
	for _, tt := range []struct {
		name   string
		err    error
		status int
		want   string
		told   bool // OnError hears of it
	}{
		{"typed", &NoSuchHostedZone{Message: "No hosted zone found with ID: Z1"}, 404, "<Type>Sender</Type><Code>NoSuchHostedZone</Code><Message>No hosted zone found with ID: Z1</Message>", false},
		{"batch", &InvalidChangeBatch{Message: "[one, two]"}, 400, "<Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>[one, two]</Message>", false},
		{"wrapped", fmt.Errorf("x: %w", &HostedZoneAlreadyExists{Message: "m"}), 409, "<Type>Sender</Type><Code>HostedZoneAlreadyExists</Code><Message>m</Message>", false},
		{"generic", &GenericError{ErrorCode: "Throttling", Message: "Rate exceeded"}, 400, "<Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>", false},
		{"unavailable", &GenericError{"ServiceUnavailable", 503, "m"}, 503, "<Type>Receiver</Type><Code>ServiceUnavailable</Code><Message>m</Message>", false},
		{"of another package", ownError{403}, 403, "<Type>Sender</Type><Code>AccessDenied</Code><Message>no &amp; never</Message>", false},
		{"impossible status", ownError{200}, 500, internal, true},
		{"unknown", errors.New("the disk says secret things"), 500, internal, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo{err: tt.err}
			var told error
			w := post(t, &e, Options{
				RequestID: func(*http.Request) string { return "r-1" },
				OnError:   func(call *Call, err error) { told = err },
			}, "GET", "/2013-04-01/hostedzone/Z1", "")
			if w.Code != tt.status {
				t.Errorf("status %d", w.Code)
			}
			want := "<?xml version=\"1.0\"?>\n" + `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>` + tt.want +
				`</Error><RequestId>r-1</RequestId></ErrorResponse>`
			if diff := cmp.Diff(want, w.Body.String()); diff != "" {
				t.Error(diff)
			}
			if w.Header().Get("x-amzn-RequestId") != "r-1" || w.Header().Get("Content-Type") != "text/xml" {
				t.Errorf("headers %v", w.Header())
			}
			if (told != nil) != tt.told || tt.told && !errors.Is(told, tt.err) {
				t.Errorf("OnError heard %v", told)
			}
		})
	}
}

func TestUnroutedRequests(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		status       int
		want, allow  string
	}{
		{"GET", "/", 404, "UnknownOperationException: The path / is not part of version 2013-04-01 of the API.", ""},
		{"GET", "/2012-12-12/hostedzone", 404, "UnknownOperationException: The path /2012-12-12/hostedzone is not part of version 2013-04-01 of the API.", ""},
		{"POST", "/2013-04-01/nothing", 404, "UnknownOperationException: The path /2013-04-01/nothing is not part of the API.", ""},
		{"OPTIONS", "/2013-04-01/nothing", 404, "UnknownOperationException: The path /2013-04-01/nothing is not part of the API.", ""},
		{"PATCH", "/2013-04-01/hostedzone/Z1", 405, "MethodNotAllowed: The method PATCH is not allowed for this path. Allowed: DELETE, GET, HEAD, OPTIONS, POST.", "DELETE, GET, HEAD, OPTIONS, POST"},
		{"GET", "/2013-04-01/keysigningkey", 405, "MethodNotAllowed: The method GET is not allowed for this path. Allowed: OPTIONS, POST.", "OPTIONS, POST"},
		{"HEAD", "/2013-04-01/keysigningkey", 405, "MethodNotAllowed: The method HEAD is not allowed for this path. Allowed: OPTIONS, POST.", "OPTIONS, POST"},
		{"POST", "/2013-04-01/keysigningkey/Z1/ksk/activate", 501, "NotImplemented: The operation ActivateKeySigningKey is not implemented yet.", ""},
		{"OPTIONS", "/2013-04-01/hostedzone", 204, "", "GET, HEAD, OPTIONS, POST"},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			NewHandler(Unimplemented{}, Options{}).ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			if w.Code != tt.status {
				t.Errorf("status %d", w.Code)
			}
			if got := w.Header().Get("Allow"); got != tt.allow {
				t.Errorf("allow %q", got)
			}
			if tt.want == "" {
				if w.Body.Len() > 0 {
					t.Errorf("body %q", w.Body)
				}
			} else if diff := cmp.Diff(tt.want, refusal(t, w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every operation of an API that has none answers cleanly.
func TestUnimplemented(t *testing.T) {
	client := directClient(NewHandler(Unimplemented{}, Options{}))
	for _, op := range testOperations {
		_, err := op.call(t.Context(), client, newRandomizer(t, 3).input(op))
		want := &GenericError{"NotImplemented", 501, "The operation " + op.name + " is not implemented yet."}
		if diff := cmp.Diff(error(want), err); diff != "" {
			t.Errorf("%s: %s", op.name, diff)
		}
	}
}

func TestHead(t *testing.T) {
	e := echo{out: &GetHostedZoneCountOutput{HostedZoneCount: 5}}
	srv := httptest.NewServer(NewHandler(e.api(), Options{}))
	defer srv.Close()
	resp, err := http.Head(srv.URL + "/2013-04-01/hostedzonecount")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || len(body) != 0 || resp.ContentLength <= 0 {
		t.Errorf("status %d, body %q, length %d", resp.StatusCode, body, resp.ContentLength)
	}
}

func TestPanics(t *testing.T) {
	panics := 0
	api := recorder(func(_ context.Context, _ string, in any) (any, error) {
		if in.(*GetHostedZoneInput).Id == "Z1" {
			panic("boom")
		}
		return &GetHostedZoneOutput{}, nil
	})
	h := NewHandler(api, Options{OnPanic: func(call *Call, value any, stack []byte) {
		panics++
		if call.Operation != "GetHostedZone" || call.RequestID == "" || value != "boom" || !strings.Contains(string(stack), "TestPanics") {
			t.Errorf("%+v: %v\n%s", call, value, stack)
		}
	}})
	for range 3 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/2013-04-01/hostedzone/Z1", nil))
		if w.Code != 500 || !strings.HasPrefix(refusal(t, w), "InternalFailure: ") {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		w = httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest("GET", "/2013-04-01/hostedzone/Z2", nil)); w.Code != 200 {
			t.Errorf("after a panic: status %d: %s", w.Code, w.Body)
		}
	}
	if panics != 3 {
		t.Errorf("OnPanic heard of %d panics", panics)
	}
}

// Requests share pooled buffers, but nothing that is in them.
func TestConcurrentRequests(t *testing.T) {
	srv := httptest.NewServer(NewHandler(recorder(func(ctx context.Context, _ string, in any) (any, error) {
		q := in.(*UpdateHostedZoneCommentInput)
		if q.Comment == nil {
			return nil, &NoSuchHostedZone{Message: q.Id + " " + CallFrom(ctx).Operation}
		}
		return &UpdateHostedZoneCommentOutput{HostedZone: HostedZone{Id: q.Id, Config: &HostedZoneConfig{Comment: q.Comment}}}, nil
	}), Options{}))
	defer srv.Close()
	client := &Client{Endpoint: srv.URL}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				in := &UpdateHostedZoneCommentInput{Id: fmt.Sprintf("Z%d-%d", g, i)}
				if i%5 > 0 {
					in.Comment = new(strings.Repeat(in.Id, i%7))
				}
				out, err := client.UpdateHostedZoneComment(t.Context(), in)
				switch {
				case in.Comment == nil:
					if err == nil || err.Error() != "NoSuchHostedZone: "+in.Id+" UpdateHostedZoneComment" {
						t.Errorf("%s: %v", in.Id, err)
					}
				case err != nil || out.HostedZone.Id != in.Id || *out.HostedZone.Config.Comment != *in.Comment:
					t.Errorf("%s: %+v, %v", in.Id, out, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAuthorize(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  Options
		check string
	}{
		{"own reading", Options{}, oneChange},
		{"body read before", Options{Body: func(*http.Request) ([]byte, bool) { return []byte(oneChange), true }}, oneChange},
		{"body not read before", Options{Body: func(*http.Request) ([]byte, bool) { return nil, false }}, oneChange},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen *Call
			api := recorder(func(ctx context.Context, _ string, _ any) (any, error) {
				seen = CallFrom(ctx)
				return &ChangeResourceRecordSetsOutput{}, nil
			})
			allowed := true
			tt.opts.RequestID = func(*http.Request) string { return "r-1" }
			tt.opts.Authorize = func(r *http.Request, call *Call, body []byte) error {
				if string(body) != tt.check || call.Operation != "ChangeResourceRecordSets" || r.URL.Path != rrsetPath {
					t.Errorf("asked about %+v with %q", call, body)
				}
				call.Caller = "alice"
				if !allowed {
					return ownError{403}
				}
				return nil
			}
			h := NewHandler(api, tt.opts)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", rrsetPath, strings.NewReader(oneChange)))
			if w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(&Call{RequestID: "r-1", Operation: "ChangeResourceRecordSets", Caller: "alice"}, seen); diff != "" {
				t.Error(diff)
			}
			allowed, seen = false, nil
			w = httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", rrsetPath, strings.NewReader(oneChange)))
			if w.Code != 403 || seen != nil {
				t.Errorf("status %d, call %v", w.Code, seen)
			}
		})
	}
	if CallFrom(t.Context()) != nil {
		t.Error("a call from nowhere")
	}
}

func TestBodyLimit(t *testing.T) {
	e := echo{out: new(ChangeResourceRecordSetsOutput)}
	size := int64(len(oneChange))
	const tooLarge = "RequestEntityTooLarge: The request body is larger than "
	for _, tt := range []struct {
		name    string
		limit   int64
		body    io.Reader
		length  int64
		status  int
		refused string
	}{
		{"fits", size, strings.NewReader(oneChange), size, 200, ""},
		{"fits, length unknown", size, strings.NewReader(oneChange), -1, 200, ""},
		{"byte by byte", size, iotest.OneByteReader(strings.NewReader(oneChange)), -1, 200, ""},
		{"too long by its header", size - 1, strings.NewReader(oneChange), size, 413, tooLarge},
		{"too long, length unknown", size - 1, strings.NewReader(oneChange), -1, 413, tooLarge},
		{"cut off", size, io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(io.ErrUnexpectedEOF)), size, 400, "IncompleteBody: The request body ended after 3 bytes."},
		{"grows", DefaultMaxBody, strings.NewReader(oneChange + strings.Repeat("\n", 100000)), -1, 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", rrsetPath, tt.body)
			r.ContentLength = tt.length
			w := httptest.NewRecorder()
			NewHandler(e.api(), Options{MaxBody: tt.limit}).ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if tt.refused != "" {
				if got := refusal(t, w); !strings.HasPrefix(got, tt.refused) {
					t.Error(got)
				}
			}
		})
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		seen[newRequestID()] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d of 1000", len(seen))
	}
}
