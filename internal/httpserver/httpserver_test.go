package httpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"open53/internal/access"
	"open53/internal/sigv4"
	"open53/internal/sts"
)

var (
	admin  = sigv4.Credentials{AccessKeyID: "AKIAADMIN", SecretAccessKey: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"}
	reader = sigv4.Credentials{AccessKeyID: "AKIAREADER", SecretAccessKey: "readerreaderreaderreaderreaderreaderread"}
)

var quiet = slog.New(slog.DiscardHandler)

type testKeys []access.Key

func (k testKeys) Lookup(id string, _ time.Time) (access.Key, bool) {
	for _, key := range k {
		if key.ID == id {
			return key, true
		}
	}
	return access.Key{}, false
}

func testAuth() *access.Authenticator {
	return access.New(access.Options{Keys: testKeys{
		{ID: admin.AccessKeyID, Secret: admin.SecretAccessKey, Profile: "default", Actions: []string{"*"}},
		{ID: reader.AccessKeyID, Secret: reader.SecretAccessKey, Profile: "reader", Actions: []string{"open53:Read"}},
	}})
}

// echo answers with the service's name, the caller and the body, read in both
// ways that handlers have.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := access.RequestFrom(r.Context())
		if err != nil || !bytes.Equal(body, request.Body) || request.Body == nil {
			panic(fmt.Sprintf("body %q, %v; in the context %q", body, err, request.Body))
		}
		if w.Header().Get("x-amzn-RequestId") != request.ID {
			panic("request id in the header is another than in the context")
		}
		fmt.Fprintf(w, "%s %s %s %s", name, request.Caller.ARN, r.Method, body)
	})
}

// run starts a server on a free port and stops it when the test ends.
func run(tb testing.TB, o Options) (*Server, string) {
	tb.Helper()
	if o.Addresses == nil {
		o.Addresses = []string{"127.0.0.1:0"}
	}
	if o.Auth == nil {
		o.Auth = testAuth()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("run: %v", err)
		}
	})
	return s, "http://" + s.Addrs()[0].String()
}

func echoes() Handlers {
	return Handlers{
		Route53: echo("route53"), STS: sts.Handler(), Admin: echo("admin"), Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") }),
		Services: []Service{{
			Name: "monitoring", Handler: echo("monitoring"), Error: AWSJSONErrors,
			Match: func(r *http.Request) bool {
				return strings.HasPrefix(r.Header.Get("X-Amz-Target"), "GraniteServiceVersion20100801.")
			},
		}, {Name: "route53resolver", Handler: echo("resolver")}},
	}
}

// request makes a request that is signed for a service, unless that is empty.
func request(tb testing.TB, method, url, body string, c sigv4.Credentials, service string) *http.Request {
	tb.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if service != "" {
		if err := new(sigv4.Signer).Sign(r, []byte(body), c, "us-east-1", service, time.Now()); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func do(tb testing.TB, r *http.Request) (*http.Response, string) {
	tb.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response, string(body)
}

// errorCode reads an error document of any kind; it fails if there is none.
func errorCode(tb testing.TB, response *http.Response, body string) string {
	tb.Helper()
	switch kind := response.Header.Get("Content-Type"); kind {
	case "text/xml":
		var doc struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     struct{ Type, Code, Message string }
			RequestId string
		}
		if err := xml.Unmarshal([]byte(body), &doc); err != nil || doc.Error.Message == "" || doc.RequestId != response.Header.Get(RequestIDHeader) {
			tb.Errorf("document %+v, %v: %s", doc, err, body)
		}
		if (doc.Error.Type == "Receiver") != (response.StatusCode >= 500) {
			tb.Errorf("type %s with status %d", doc.Error.Type, response.StatusCode)
		}
		return doc.Error.Code
	case "application/json":
		var doc struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.Error.Message == "" {
			tb.Errorf("document %+v, %v: %s", doc, err, body)
		}
		return doc.Error.Code
	case "application/x-amz-json-1.1":
		var doc struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.Message == "" || doc.Type != response.Header.Get("X-Amzn-ErrorType") {
			tb.Errorf("document %+v, %v: %s", doc, err, body)
		}
		return doc.Type
	default:
		tb.Errorf("content type %q: %s", kind, body)
		return ""
	}
}

func TestServices(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes()})
	const root = "arn:aws:iam::000000000000:root"
	target := func(r *http.Request) { r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData") }
	for _, c := range []struct {
		name, method, path, body string
		credentials              sigv4.Credentials
		scope                    string
		edit                     func(*http.Request) // before signing
		status                   int
		want                     string // the answer, or the error's code
	}{
		{"route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", "<a/>", admin, "route53", nil, 200, "route53 " + root + " POST <a/>"},
		{"route53, other path", "GET", "/2012-12-12/hostedzone", "", admin, "route53", nil, 200, "route53 " + root + " GET "},
		{"route53, doubled slash", "GET", "/2013-04-01/hostedzone//hostedzone/Z1", "", admin, "route53", nil, 200, "route53 " + root + " GET "},
		{"route53, escaped slash", "GET", "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1?a=b%20c&a=", "", admin, "route53", nil, 200, "route53 " + root + " GET "},
		{"admin, open53", "PUT", "/open53/v1/vpcs", "{}", admin, "open53", nil, 200, "admin " + root + " PUT {}"},
		{"admin, route53", "GET", "/open53/v1/vpcs", "", admin, "route53", nil, 200, "admin " + root + " GET "},
		{"admin, reader", "GET", "/open53/v1/vpcs", "", reader, "open53", nil, 200, "admin arn:aws:iam::000000000000:user/reader GET "},
		{"other service by scope", "POST", "/", "{}", admin, "route53resolver", nil, 200, "resolver " + root + " POST {}"},
		{"other service by scope and target", "POST", "/", "{}", admin, "monitoring", target, 200, "monitoring " + root + " POST {}"},

		{"no credentials", "GET", "/2013-04-01/hostedzone", "", admin, "", nil, 403, "MissingAuthenticationToken"},
		{"no credentials, admin", "GET", "/open53/v1/zones", "", admin, "", nil, 403, "MissingAuthenticationToken"},
		{"no credentials, root", "GET", "/", "", admin, "", nil, 403, "MissingAuthenticationToken"},
		{"no credentials, target", "POST", "/", "{}", admin, "", target, 403, "MissingAuthenticationTokenException"},
		{"no such service", "GET", "/2013-04-01/hostedzone", "", admin, "s3", nil, 403, "SignatureDoesNotMatch"},
		{"no such service, admin", "GET", "/open53/v1/zones", "", admin, "s3", nil, 403, "SignatureDoesNotMatch"},
		{"no such service, target", "POST", "/", "{}", admin, "s3", target, 403, "InvalidSignatureException"},
		{"unknown key", "GET", "/2013-04-01/hostedzone", "", sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, "route53", nil, 403, "InvalidClientTokenId"},
		{"unknown key, target", "POST", "/", "", sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, "monitoring", nil, 403, "UnrecognizedClientException"},
		{"wrong secret", "GET", "/2013-04-01/hostedzone", "", sigv4.Credentials{AccessKeyID: "AKIAADMIN", SecretAccessKey: "x"}, "route53", nil, 403, "SignatureDoesNotMatch"},
		{"reader writes", "POST", "/open53/v1/vpcs", "{}", reader, "open53", nil, 403, "AccessDenied"},
		{"sts, other action", "POST", "/", "Action=X&Version=1", admin, "sts", form, 400, "InvalidAction"},
		{"iam", "POST", "/", "Action=GetUser&Version=2010-05-08", admin, "iam", form, 403, "AccessDenied"},
		{"unknown path", "GET", "/index.html", "", admin, "", nil, 404, "UnknownOperationException"},
		{"unknown path, credentials", "GET", "/open53", "", admin, "open53", nil, 404, "UnknownOperationException"},
		{"path with a name's beginning", "GET", "/2013-04-01x", "", admin, "", nil, 404, "UnknownOperationException"},
		{"markup in the path", "GET", "/%3Chtml%3E%01", "", admin, "", nil, 404, "UnknownOperationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(t, c.method, base+c.path, c.body, c.credentials, "")
			if c.edit != nil {
				c.edit(r)
			}
			if c.scope != "" {
				if err := new(sigv4.Signer).Sign(r, []byte(c.body), c.credentials, "eu-west-1", c.scope, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			response, body := do(t, r)
			got := body
			if c.status != 200 {
				got = errorCode(t, response, body)
			}
			if response.StatusCode != c.status || got != c.want {
				t.Errorf("got  %d %s\nwant %d %s\n%s", response.StatusCode, got, c.status, c.want, body)
			}
			if id := response.Header.Get("x-amzn-RequestId"); !uuid.MatchString(id) || response.Header.Get("Date") == "" {
				t.Errorf("request id %q, date %q", id, response.Header.Get("Date"))
			}
		})
	}
}

func form(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRequestIDs(t *testing.T) {
	seen := make(map[string]bool)
	for range 10000 {
		id := newRequestID()
		if !uuid.MatchString(id) || seen[id] {
			t.Fatalf("id %s", id)
		}
		seen[id] = true
	}
}

func TestOpenPaths(t *testing.T) {
	var mu sync.Mutex
	var unready error
	s, base := run(t, Options{Handlers: echoes(), Ready: func() error {
		mu.Lock()
		defer mu.Unlock()
		return unready
	}})
	get := func(path string) (int, string) {
		response, body := do(t, request(t, "GET", base+path, "", admin, ""))
		return response.StatusCode, body
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n", "/metrics": "metrics"} {
		if status, body := get(path); status != 200 || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	mu.Lock()
	unready = errors.New("store is not open")
	mu.Unlock()
	if status, body := get("/readyz"); status != 503 || body != "not ready: store is not open\n" {
		t.Errorf("%d %q", status, body)
	}
	s.draining.Store(true)
	if status, body := get("/readyz"); status != 503 || body != "shutting down\n" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := get("/healthz"); status != 200 {
		t.Errorf("health while draining: %d", status)
	}
}

func TestBindFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := New(Options{Addresses: []string{"127.0.0.1:0", taken.Addr().String()}, Auth: testAuth(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("got %v", err)
	}
	if len(s.Addrs()) != 0 {
		t.Error("the other address stays bound")
	}
}

func TestManyAddresses(t *testing.T) {
	s, _ := run(t, Options{Handlers: echoes(), Addresses: []string{"127.0.0.1:0", "[::1]:0", "127.0.0.2:0"}})
	for _, a := range s.Addrs() {
		response, body := do(t, request(t, "GET", "http://"+a.String()+"/2013-04-01/hostedzone", "", admin, "route53"))
		if response.StatusCode != 200 {
			t.Errorf("%s: %s", a, body)
		}
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	_, base := run(t, Options{Handlers: echoes(), Observe: func(service string, status int, elapsed time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if elapsed <= 0 {
			t.Errorf("elapsed %v", elapsed)
		}
		seen = append(seen, fmt.Sprintf("%s %d", service, status))
	}})
	for _, r := range []*http.Request{
		request(t, "GET", base+"/healthz", "", admin, ""), request(t, "GET", base+"/2013-04-01/x", "", admin, "route53"),
		request(t, "GET", base+"/2013-04-01/x", "", admin, ""), request(t, "GET", base+"/x", "", admin, ""),
		request(t, "GET", base+"/metrics", "", admin, ""),
	} {
		do(t, r)
	}
	mu.Lock()
	defer mu.Unlock()
	if got, want := strings.Join(seen, ", "), "health 200, route53 200, route53 403, unknown 404, metrics 200"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
