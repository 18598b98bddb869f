package prober

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
)

// site is an HTTP server that is up or down.
type site struct {
	*httptest.Server
	down  atomic.Bool
	asked atomic.Int64
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "body")
	}))
	tb.Cleanup(s.Close)
	return s
}

func (s *site) settings() health.Settings { return at(health.HTTP, s.Listener.Addr().String()) }

// TestThreshold: as many consecutive results as the threshold says, in both
// directions, and not one more.
func TestThreshold(t *testing.T) {
	f := newFixture(t, nil)
	s := newSite(t)
	settings := s.settings()
	settings.FailureThreshold = 3
	f.put("a", settings)
	f.probed("a", time.Now().Add(-time.Second))
	for _, down := range []bool{true, false, true} {
		s.down.Store(down)
		f.becomes("a", !down)
		state, _ := f.Health("a")
		if state.Status.Healthy == down || state.Status.Against != 0 {
			t.Errorf("down %t: %+v", down, state.Status)
		}
	}
	f.stop() // and then nothing is measured any more
	f.mu.Lock()
	defer f.mu.Unlock()
	against, healthy := 0, true
	for _, m := range f.measured {
		if m.Success == healthy {
			against = 0
		} else if against++; against == 3 {
			healthy, against = m.Success, 0
		}
		if m.Healthy != healthy {
			t.Fatalf("healthy %t after %d results against", m.Healthy, against)
		}
	}
}

// TestFailoverTime: from the end of an endpoint to the status in the table it
// takes at most interval × threshold, and what one probe takes.
func TestFailoverTime(t *testing.T) {
	const scaled = 30 * time.Millisecond // an interval of 10 is 300 ms
	f := newFixture(t, func(c *Config) { c.Second = scaled })
	s := newSite(t)
	settings := s.settings()
	settings.FailureThreshold = 3
	f.put("a", settings)
	f.probed("a", time.Now().Add(-time.Second))
	begin := time.Now()
	s.Close()
	f.becomes("a", false)
	if took, limit := time.Since(begin), 30*scaled+500*time.Millisecond; took > limit || took < 20*scaled-50*time.Millisecond {
		t.Errorf("took %s, want 2 to 3 intervals of %s", took, 10*scaled)
	}
}

// TestManyFlips: thousands of checks flip, several times, and each status is
// in the table within 10 ms of the end of the probe that decided; then all of
// it is in the store.
func TestManyFlips(t *testing.T) {
	const checks = 2000
	var mu sync.Mutex
	var late []time.Duration
	f := newFixture(t, func(c *Config) {
		c.Second = 100 * time.Millisecond // each once a second
		c.Record = func(m health.Measurement) {
			mu.Lock()
			defer mu.Unlock()
			late = append(late, time.Since(m.Time)) // the table has it by now
		}
	})
	var refuse atomic.Bool
	address := serve(t, func(c net.Conn) {
		status := "200 OK"
		if refuse.Load() {
			status = "500 x"
		}
		b := make([]byte, 1024)
		_, _ = c.Read(b)
		_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
	})
	id := func(i int) string { return fmt.Sprintf("check-%04d", i) }
	for i := range checks {
		f.put(id(i), at(health.HTTP, address))
	}
	for _, down := range []bool{true, false, true} {
		refuse.Store(down)
		f.eventually("all follow", func() bool {
			for i := range checks {
				if f.healthy(id(i)) == down {
					return false
				}
			}
			return true
		})
	}
	f.stop()
	slices.Sort(late)
	// A machine that runs other tests stops this one for longer now and then;
	// one that gathers results before it decides would fail this all the same.
	if p50 := late[len(late)/2]; p50 > 10*time.Millisecond {
		t.Errorf("half of the results were in the table only %s after their probe", p50)
	}
	t.Logf("%d results; p50 %s, p99 %s, most %s", len(late), late[len(late)/2], late[len(late)*99/100], late[len(late)-1])
	view := f.store.View()
	defer view.Close()
	for i := range checks {
		head, err := view.Head(event.Key{Kind: event.KindHealthStatus, ID: id(i)})
		var stored health.Status
		if err == nil {
			err = event.DecodeDocument(head.Document, &stored)
		}
		if err != nil || stored.Healthy || stored.LastFailure.Text == "" {
			t.Fatalf("%s: stored %+v, %v", id(i), stored, err)
		}
	}
}

// TestRestart: status, what is counted and the reasons are those of before,
// before the first query, and nothing flips.
func TestRestart(t *testing.T) {
	s := openStore(t)
	f := startFixture(t, s, nil)
	down, shaky := newSite(t), newSite(t)
	down.down.Store(true)
	f.put("down", down.settings())
	settings := shaky.settings()
	settings.FailureThreshold = 10
	f.put("shaky", settings)
	f.put("parent", health.Settings{Type: health.CalculatedType, HealthThreshold: new(int32(1)), Children: []string{"down"}})
	f.put("alarm", health.Settings{Type: health.CloudWatchMetric, Alarm: &health.AlarmID{Region: "r", Name: "n"}})
	f.becomes("parent", false)
	f.eventually("the alarm's check is there", func() bool { _, ok := f.Health("alarm"); return ok })
	f.AlarmChanged("r", "n", health.AlarmInAlarm)
	shaky.down.Store(true)
	f.eventually("a few failures are counted", func() bool { s, _ := f.Health("shaky"); return s.Status.Against >= 3 })
	f.stop()
	before := map[string]State{}
	for _, id := range []string{"down", "shaky", "parent", "alarm"} {
		before[id], _ = f.Health(id)
	}
	history, _ := f.History(t.Context(), "down")

	again, err := New(func() Config { c := testConfig(s); return c }())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, was := range before {
		is, ok := again.Health(id)
		n, _ := again.cfg.Table.Number(id)
		if !ok || is.Status.Healthy != was.Status.Healthy || again.cfg.Table.Healthy(n) != was.Status.Healthy ||
			is.Status.Against != was.Status.Against || is.Status.Since != was.Status.Since || is.Status.Alarm != was.Status.Alarm ||
			is.Status.LastFailure.Text != was.Status.LastFailure.Text || is.HealthyChildren != was.HealthyChildren {
			t.Errorf("%s: is  %+v\nwas %+v", id, is.Status, was.Status)
		}
	}
	if flips := again.Totals().Flips; flips != 0 {
		t.Errorf("%d flips at the start", flips)
	}
	after, err := again.History(t.Context(), "down")
	if err != nil || len(after) != len(history) || len(after) == 0 || after[0].Cause != history[0].Cause ||
		after[0].Time.UnixMilli() != history[0].Time.UnixMilli() || after[0].Healthy {
		t.Errorf("history is %+v, %v; was %+v", after, err, history)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	f := newFixture(t, nil)
	up, down := newSite(t), newSite(t)
	down.down.Store(true)
	f.put("a", down.settings())
	f.becomes("a", false)
	f.put("a", up.settings())
	f.becomes("a", true)
	settings := down.settings()
	settings.Inverted = true
	flips := f.Watch(t.Context())
	f.put("a", settings)
	if flip := <-flips; flip.Healthy || flip.Cause != "The settings of the health check changed." {
		t.Errorf("inverted at once, of what was measured: %+v", flip)
	}
	if flip := <-flips; !flip.Healthy {
		t.Errorf("once the new endpoint is found sick: %+v", flip)
	}
	settings.Disabled = true
	f.put("a", settings)
	f.becomes("a", false) // disabled and inverted
	asked := down.asked.Load()
	time.Sleep(20 * 10 * second)
	if n := down.asked.Load() - asked; n > 1 { // one may have been under way
		t.Errorf("%d probes of a disabled check", n)
	}
	f.append(event.KindHealthCheck, "a", nil)
	f.becomes("a", true) // deleted
	f.eventually("its status is deleted", func() bool {
		view := f.store.View()
		defer view.Close()
		head, err := view.Head(event.Key{Kind: event.KindHealthStatus, ID: "a"})
		return err == nil && head.Deleted
	})
	if list, _ := f.HealthList("", 10, nil); len(list) != 0 {
		t.Errorf("%d checks are left", len(list))
	}
}

// TestOrphans: statuses of checks that were deleted while nobody ran are
// cleaned up.
func TestOrphans(t *testing.T) {
	s := openStore(t)
	appendDocument(t, s, event.KindHealthStatus, "gone", &health.Status{ID: "gone"})
	startFixture(t, s, nil)
	eventually(t, "the orphan is deleted", func() bool {
		view := s.View()
		defer view.Close()
		n, err := view.Count(event.KindHealthStatus)
		return err == nil && n == 0
	})
}

func TestWatch(t *testing.T) {
	f := newFixture(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	flips := f.Watch(ctx)
	s := newSite(t)
	f.put("a", s.settings())
	for _, down := range []bool{true, false} {
		s.down.Store(down)
		flip := <-flips
		if flip.CheckID != "a" || flip.Healthy == down || flip.Cause == "" || f.healthy("a") == down {
			t.Errorf("%+v", flip)
		}
	}
	stop()
	for range flips { // closes
	}
	list, err := f.History(t.Context(), "a")
	if err != nil || len(list) != 2 || !list[0].Healthy || list[1].Healthy {
		t.Errorf("%+v, %v", list, err)
	}
	other := f.Watch(t.Context())
	f.EndWatches()
	if _, open := <-other; open {
		t.Error("a watch goes on after the end of all")
	}
}

func TestHistoryIsBounded(t *testing.T) {
	f := newFixture(t, nil)
	f.put("a", health.Settings{Type: health.CloudWatchMetric, Alarm: &health.AlarmID{Region: "r", Name: "n"}})
	f.eventually("it is there", func() bool { _, ok := f.Health("a"); return ok })
	for i := range 3 * maxFlips {
		f.AlarmChanged("r", "n", []health.AlarmState{health.AlarmInAlarm, health.AlarmOK}[i%2])
	}
	if list, err := f.History(t.Context(), "a"); err != nil || len(list) != maxFlips || !list[0].Healthy {
		t.Errorf("%d flips, %v", len(list), err)
	}
}

// flaky is a store whose next writes fail.
type flaky struct {
	store.Store
	failures atomic.Int64
}

type failing struct{}

func (failing) Wait(context.Context) (uint64, error) { return 0, store.ErrUnavailable }

func (f *flaky) Enqueue(events []*event.Event) store.Ticket {
	if events[0].Key.Kind == event.KindHealthStatus && f.failures.Add(-1) >= 0 {
		return failing{}
	}
	return f.Store.Enqueue(events)
}

// TestStoreFails: what could not be stored is stored later, and neither probes
// nor the table wait for it.
func TestStoreFails(t *testing.T) {
	s := openStore(t)
	broken := &flaky{Store: s}
	broken.failures.Store(1)
	f := startFixture(t, broken, nil)
	one := newSite(t)
	f.put("a", one.settings())
	one.down.Store(true)
	f.becomes("a", false)
	f.eventually("the status is stored", func() bool {
		view := s.View()
		defer view.Close()
		n, err := view.Count(event.KindHealthStatus)
		return err == nil && n == 1
	})
	// Another writer takes the lead: the prober goes on from there.
	f.stop()
	appendDocument(t, s, event.KindHealthStatus, "a", &health.Status{ID: "a"})
	view := s.View()
	defer view.Close()
	f.mu.Lock()
	f.Prober.mu.Lock()
	f.targets["a"].status.Against = 7
	f.markDirty(f.targets["a"])
	f.Prober.mu.Unlock()
	f.mu.Unlock()
	if err := f.flush(t.Context()); err != nil { // a conflict is no failure
		t.Fatal(err)
	}
	if err := f.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := s.View()
	defer after.Close()
	head, err := after.Head(event.Key{Kind: event.KindHealthStatus, ID: "a"})
	var stored health.Status
	if err == nil {
		err = event.DecodeDocument(head.Document, &stored)
	}
	if err != nil || stored.Against != 7 {
		t.Errorf("%+v, %v", stored, err)
	}
}

// TestMeasurements: what is measured of which type.
func TestMeasurements(t *testing.T) {
	f := newFixture(t, nil)
	s := newSite(t)
	settings := s.settings()
	settings.MeasureLatency = true
	f.put("http", settings)
	f.put("parent", health.Settings{Type: health.CalculatedType, HealthThreshold: new(int32(1)), Children: []string{"http"}})
	find := func(id string) (found *health.Measurement) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i := range f.measured {
			if f.measured[i].CheckID == id {
				found = &f.measured[i]
			}
		}
		return found
	}
	f.eventually("both are measured", func() bool { return find("http") != nil && find("parent") != nil })
	if m := find("http"); !m.Probed || !m.Success || !m.Healthy || !m.Latency || m.Connect <= 0 || m.FirstByte <= 0 || m.TLS != 0 || m.Time.IsZero() {
		t.Errorf("%+v", m)
	}
	if m := find("parent"); m.Probed || !m.Healthy || m.Children != 1 || m.HealthyChildren != 1 {
		t.Errorf("%+v", m)
	}
}

func TestList(t *testing.T) {
	f := newFixture(t, nil)
	for _, id := range []string{"c", "a", "e", "b", "d"} {
		f.put(id, health.Settings{Type: health.CalculatedType, HealthThreshold: new(int32(0)), Inverted: id > "c"})
	}
	f.eventually("all are there", func() bool { list, _ := f.HealthList("", 9, nil); return len(list) == 5 })
	ids := func(after string, limit int, keep func(*State) bool) (text string) {
		list, more := f.HealthList(after, limit, keep)
		for _, s := range list {
			text += s.Check.ID
		}
		return fmt.Sprint(text, " ", more)
	}
	healthy := func(s *State) bool { return s.Status.Healthy }
	for _, tt := range []struct{ got, want string }{
		{ids("", 2, nil), "ab true"},
		{ids("b", 2, nil), "cd true"},
		{ids("d", 2, nil), "e false"},
		{ids("bb", 9, nil), "cde false"},
		{ids("", 3, healthy), "abc false"},
		{ids("", 2, healthy), "ab true"},
		{ids("z", 2, nil), " false"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}
