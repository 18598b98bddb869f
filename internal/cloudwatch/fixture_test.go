package cloudwatch

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"open53/internal/access"
	"open53/internal/metricstore"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// fixture is a service with a clock that stands still.
type fixture struct {
	*Service
	t       *testing.T
	store   store.Store
	metrics *metricstore.Store
	log     *bytes.Buffer
	now     time.Time // set before what reads it, never beside it
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, store: s, log: &bytes.Buffer{}, now: evaluation}
	f.metrics = metricstore.New(metricstore.Options{Dir: t.TempDir(), Now: func() time.Time { return f.now }, Logger: slog.New(slog.DiscardHandler)})
	f.restart()
	t.Cleanup(func() {
		if err := errors.Join(f.metrics.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if f.log.Len() > 0 {
			t.Errorf("log: %s", f.log)
		}
	})
	return f
}

// restart makes a new Service over the same stores.
func (f *fixture) restart() {
	f.t.Helper()
	var err error
	f.Service, err = New(Config{
		Store: f.store, Metrics: f.metrics, AccountID: "000000000000", Random: rand.Reader,
		Now: func() time.Time { return f.now }, Webhooks: map[string]string{"arn:aws:sns:us-east-1:000000000000:hook": "http://mapped.example/"},
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// ask sends a request in JSON.
func (f *fixture) ask(region, operation, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
	return f.serveRaw(r, region, body)
}

func (f *fixture) serveRaw(r *http.Request, region, body string) *httptest.ResponseRecorder {
	caller := access.Caller{AccountID: "000000000000", ARN: "arn:aws:iam::000000000000:root", AccessKeyID: "KEY", Actions: []string{"*"}}
	return f.serveAs(r, caller, region, body)
}

func (f *fixture) serveAs(r *http.Request, caller access.Caller, region, body string) *httptest.ResponseRecorder {
	r = r.WithContext(access.WithRequest(r.Context(), &access.Request{ID: "request-id", Caller: caller, Body: []byte(body), Region: region}))
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

// do sends a request that must succeed, in us-east-1.
func (f *fixture) do(operation, body string) map[string]any {
	f.t.Helper()
	w := f.ask("us-east-1", operation, body)
	if w.Code != http.StatusOK {
		f.t.Fatalf("%s: %d %s", operation, w.Code, w.Body)
	}
	out := map[string]any{}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			f.t.Fatal(err)
		}
	}
	return out
}

// refused sends a request that must fail, and returns code and message.
func (f *fixture) refused(operation, body string) (code, text string) {
	f.t.Helper()
	w := f.ask("us-east-1", operation, body)
	var e struct{ Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code == http.StatusOK {
		f.t.Fatalf("%s: %d %s", operation, w.Code, w.Body)
	}
	code, _, _ = strings.Cut(w.Header().Get("X-Amzn-Query-Error"), ";")
	return code, e.Message
}

// measure writes a value of metric m, so many minutes ago.
func (f *fixture) measure(age int, value float64) {
	f.t.Helper()
	d := metricstore.Datum{
		Metric: metricstore.Metric{Region: "us-east-1", Namespace: "Test", Name: "m"},
		Sample: metricstore.Value(f.now.Add(-time.Duration(age)*time.Minute), value),
	}
	if err := f.metrics.Append(f.t.Context(), []metricstore.Datum{d}); err != nil {
		f.t.Fatal(err)
	}
}

// evaluateNow evaluates all alarms.
func (f *fixture) evaluateNow() { f.evaluateAll(f.t.Context(), f.now, true) }

// state is what DescribeAlarms shows.
func (f *fixture) state(name string) State {
	f.t.Helper()
	a, ok := f.Alarm("us-east-1", name)
	if !ok {
		f.t.Fatalf("no alarm %s", name)
	}
	return a.State
}

// alarmBody is a PutMetricAlarm request with more members.
func alarmBody(name, more string) string {
	return `{"AlarmName":"` + name + `","Namespace":"Test","MetricName":"m","Statistic":"Average","Period":60,"EvaluationPeriods":1,"Threshold":10,"ComparisonOperator":"GreaterThanThreshold"` + more + `}`
}

// receiver is a webhook receiver.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex // guards the following
	failures int        // how many requests to fail first
	got      []notification
	notify   chan struct{}
}

func newReceiver(t *testing.T, failures int) *receiver {
	t.Helper()
	r := &receiver{failures: failures, notify: make(chan struct{}, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.failures > 0 {
			r.failures--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var n notification
		if err := json.NewDecoder(request.Body).Decode(&n); err != nil {
			t.Error(err)
		}
		r.got = append(r.got, n)
		r.notify <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

// await waits for a number of messages.
func (r *receiver) await(t *testing.T, count int) []notification {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for range count {
		select {
		case <-r.notify:
		case <-timeout:
			t.Fatal("no webhook came")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// run runs the senders until the test ends.
func (f *fixture) runSenders() {
	ctx, stop := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.senders.run(ctx) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	})
}
