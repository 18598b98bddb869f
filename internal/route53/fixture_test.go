package route53

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"open53/internal/access"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// records counts what a Service logs, which is what clients cannot help.
type records struct {
	mu   sync.Mutex // guards text
	text []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	text := record.Message
	record.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, text)
	return nil
}

// take returns the records and forgets them.
func (r *records) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.text
	r.text = nil
	return text
}

// chacha is a reproducible source of random bytes.
func chacha(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// fixture is a Service over a store in memory.
type fixture struct {
	*Service
	store  store.Store
	served atomic.Uint64 // what Config.Served returns; all unless a test says otherwise
	clock  atomic.Int64  // Unix milliseconds; +1 each time it is read
	logged records
}

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// newFixture makes a Service. set may change its configuration. The test fails
// if anything was logged that it has not taken.
func newFixture(tb testing.TB, set func(*Config)) *fixture {
	tb.Helper()
	s, err := memory.Open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return newFixtureOver(tb, s, set)
}

func newFixtureOver(tb testing.TB, s store.Store, set func(*Config)) *fixture {
	tb.Helper()
	f := &fixture{store: s}
	f.clock.Store(testTime.UnixMilli())
	f.served.Store(1 << 62)
	cfg := Config{
		Now: func() time.Time { return time.UnixMilli(f.clock.Add(1) - 1) }, Random: chacha(1), Log: slog.New(&f.logged),
		Served: f.served.Load,
	}
	if set != nil {
		set(&cfg)
	}
	var err error
	if f.Service, err = New(s, cfg); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, text := range f.logged.take() {
			tb.Error("logged: " + text)
		}
		f.checkIdle(tb)
	})
	return f
}

// checkIdle fails if the Service remembers entities that nobody uses.
func (f *fixture) checkIdle(tb testing.TB) {
	tb.Helper()
	f.turns.mu.Lock()
	defer f.turns.mu.Unlock()
	if n := len(f.turns.entities); n != 0 {
		tb.Errorf("%d entities are still in use", n)
	}
}

// handler serves the API as the server does; requests come from testCaller.
func (f *fixture) handler() http.Handler {
	h := api.NewHandler(f.Service, api.Options{RequestID: func(*http.Request) string { return "REQUEST" }})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), testCaller)))
	})
}

var testCaller = access.Caller{AccountID: "111122223333", ARN: "arn:aws:iam::111122223333:user/test", AccessKeyID: "AKIDTEST"}

// client is a client of the API over the handler, without a network.
func (f *fixture) client() *api.Client {
	return &api.Client{Endpoint: "http://open53.test", HTTP: &http.Client{Transport: direct{f.handler()}}}
}

// direct is a transport that calls a handler.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// newZone creates a public zone and returns its id.
func (f *fixture) newZone(tb testing.TB, name string) string {
	tb.Helper()
	return f.createZone(tb, &api.CreateHostedZoneInput{Name: name})
}

// createZone creates a zone with a caller reference of its own.
func (f *fixture) createZone(tb testing.TB, in *api.CreateHostedZoneInput) string {
	tb.Helper()
	if in.CallerReference == "" {
		in.CallerReference = fmt.Sprintf("reference of the test, %d", f.clock.Add(1))
	}
	out, err := f.CreateHostedZone(tb.Context(), in)
	if err != nil {
		tb.Fatalf("create zone %s: %v", in.Name, err)
	}
	return strings.TrimPrefix(out.HostedZone.Id, "/hostedzone/")
}

// newPrivateZone creates a private zone.
func (f *fixture) newPrivateZone(tb testing.TB, name, vpcID string) string {
	tb.Helper()
	return f.createZone(tb, &api.CreateHostedZoneInput{Name: name, VPC: testVPC(vpcID)})
}

func testVPC(id string) *api.VPC {
	return &api.VPC{VPCRegion: new(api.VPCRegion("eu-west-1")), VPCId: &id}
}

// record is a change of one simple RRset.
func record(action api.ChangeAction, name, rrtype string, ttl int64, values ...string) api.Change {
	set := api.ResourceRecordSet{Name: name, Type: api.RRType(rrtype), TTL: &ttl}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, api.ResourceRecord{Value: v})
	}
	return api.Change{Action: action, ResourceRecordSet: set}
}

// change makes a batch.
func (f *fixture) change(ctx context.Context, zoneID string, changes ...api.Change) (api.ChangeInfo, error) {
	out, err := f.ChangeResourceRecordSets(ctx, &api.ChangeResourceRecordSetsInput{
		HostedZoneId: zoneID, ChangeBatch: api.ChangeBatch{Changes: changes},
	})
	if err != nil {
		return api.ChangeInfo{}, err
	}
	return out.ChangeInfo, nil
}

// mustChange makes a batch that is accepted, and returns its id.
func (f *fixture) mustChange(tb testing.TB, zoneID string, changes ...api.Change) string {
	tb.Helper()
	info, err := f.change(tb.Context(), zoneID, changes...)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimPrefix(info.Id, "/change/")
}

// rrsets lists a zone, page by page.
func (f *fixture) rrsets(tb testing.TB, zoneID string, maxItems string) []api.ResourceRecordSet {
	tb.Helper()
	var all []api.ResourceRecordSet
	in := &api.ListResourceRecordSetsInput{HostedZoneId: zoneID, MaxItems: &maxItems}
	for {
		out, err := f.ListResourceRecordSets(tb.Context(), in)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, out.ResourceRecordSets...)
		if !out.IsTruncated {
			return all
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

// wantError fails unless err is an API error of the code and text; an empty
// text is any.
func wantError(tb testing.TB, err error, code, text string) {
	tb.Helper()
	var known api.APIError
	switch {
	case err == nil:
		tb.Errorf("no error; want %s: %s", code, text)
	case !errors.As(err, &known):
		tb.Errorf("%v is no API error; want %s: %s", err, code, text)
	case known.Code() != code || text != "" && known.ErrorMessage() != text:
		tb.Errorf("got  %s: %s\nwant %s: %s", known.Code(), known.ErrorMessage(), code, text)
	}
}
