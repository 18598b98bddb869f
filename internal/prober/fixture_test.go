package prober

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// second is how long a second of an interval lasts in tests.
const second = 5 * time.Millisecond

// fixture is a Prober over a store in memory.
type fixture struct {
	*Prober
	tb    testing.TB
	store store.Store
	table *health.Table
	stop  func()

	mu       sync.Mutex // guards measured
	measured []health.Measurement
}

func testConfig(s store.Store) Config {
	return Config{
		Store: s, Table: health.NewTable(), Log: slog.New(slog.DiscardHandler), ChangeID: rand.Text, AllowPrivate: true,
		Second: second, PersistAfter: time.Millisecond,
	}
}

// newFixture runs a Prober; set may change its configuration.
func newFixture(tb testing.TB, set func(*Config)) *fixture {
	tb.Helper()
	return startFixture(tb, openStore(tb), set)
}

// openStore opens a store that is closed after whatever begins later has
// ended.
func openStore(tb testing.TB) store.Store {
	tb.Helper()
	s, err := memory.Open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// startFixture runs a Prober over a store that may have checks already.
func startFixture(tb testing.TB, s store.Store, set func(*Config)) *fixture {
	tb.Helper()
	f := &fixture{tb: tb, store: s}
	cfg := testConfig(s)
	cfg.Record = func(m health.Measurement) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.measured = append(f.measured, m)
	}
	if set != nil {
		set(&cfg)
	}
	f.table = cfg.Table
	var err error
	if f.Prober, err = New(cfg); err != nil {
		tb.Fatal(err)
	}
	if err := f.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f.Run(ctx); err != nil {
			tb.Error(err)
		}
	}()
	f.stop = sync.OnceFunc(func() { cancel(); <-done })
	tb.Cleanup(f.stop)
	return f
}

// append stores a new document of an entity; nil deletes it.
func (f *fixture) append(kind event.Kind, id string, document any) {
	f.tb.Helper()
	appendDocument(f.tb, f.store, kind, id, document)
}

func appendDocument(tb testing.TB, s store.Store, kind event.Kind, id string, document any) {
	tb.Helper()
	key := event.Key{Kind: kind, ID: id}
	view := s.View()
	head, err := view.Head(key)
	if err != nil {
		tb.Fatal(err)
	}
	_ = view.Close()
	e := &event.Event{
		Key: key, Version: head.Version + 1, Prev: head.Hash, ChangeID: rand.Text(), Operation: "Test", Deleted: document == nil,
	}
	if document != nil {
		if e.Document, err = event.EncodeDocument(document); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := s.Append(tb.Context(), []*event.Event{e}); err != nil {
		tb.Fatal(err)
	}
}

// put makes or updates a check.
func (f *fixture) put(id string, s health.Settings) {
	f.tb.Helper()
	f.append(event.KindHealthCheck, id, newCheck(f.tb, id, s))
}

func newCheck(tb testing.TB, id string, s health.Settings) *health.Check {
	tb.Helper()
	s.Complete(s.EnableSNI)
	if err := s.Validate(); err != nil {
		tb.Fatal(err)
	}
	return &health.Check{ID: id, CallerReference: id, Version: 1, Settings: s}
}

// at is settings of a check of an address with a port.
func at(kind health.Type, address string) health.Settings {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err) // of the test
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		panic(err)
	}
	return health.Settings{Type: kind, Address: host, Port: int32(number), Interval: 10, FailureThreshold: 1}
}

// healthy reads the table, as queries do.
func (f *fixture) healthy(id string) bool {
	n, err := f.table.Number(id)
	if err != nil {
		f.tb.Fatal(err)
	}
	return f.table.Healthy(n)
}

// eventually waits for a condition.
func (f *fixture) eventually(what string, condition func() bool) {
	f.tb.Helper()
	eventually(f.tb, what, condition)
}

func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("not after 10 s: " + what)
		}
	}
}

// becomes waits for a status in the table.
func (f *fixture) becomes(id string, healthy bool) {
	f.tb.Helper()
	f.eventually(fmt.Sprintf("%s has healthy=%t", id, healthy), func() bool { return f.healthy(id) == healthy })
}

// probed waits until a check was probed since, and returns what was seen.
func (f *fixture) probed(id string, since time.Time) health.Observation {
	f.tb.Helper()
	var last health.Observation
	f.eventually(id+" is probed", func() bool {
		_, o, _, _ := f.Observe(id)
		last = o
		return o.Time > since.UnixMilli()
	})
	return last
}

// serve accepts connections on loopback until the test ends; it closes them
// once handle returns.
func serve(tb testing.TB, handle func(net.Conn)) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return l.Addr().String()
}

// resolver is names with addresses.
type resolver struct {
	mu    sync.Mutex // guards the fields below
	names map[string][]netip.Addr
	asked int
}

func (r *resolver) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	var found []netip.Addr
	for _, a := range r.names[host] {
		if a.Is4() == (network == "ip4") {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

// quiet drops what servers log.
var quiet = log.New(io.Discard, "", 0)
