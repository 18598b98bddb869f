package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

func isCompacted(err error) bool { return errors.Is(err, store.ErrCompacted) }

func testAppend(t *testing.T, h Harness) {
	s := h.open(t)
	if s.Position() != 0 {
		t.Errorf("position of an empty store is %d", s.Position())
	}
	if got := head(t, s, zoneKey("Z1")); got.Version != 0 || got.Exists() {
		t.Errorf("head of what never existed: %+v", got)
	}
	w, m := newWriter(t, s), newModel()
	a := rrset("www.example.com", rdata.TypeA, "192.0.2.1")
	create := []*event.Event{
		w.event("C1", referenceKey("hostedzone/r1"), nil),
		w.event("C1", zoneKey("Z1"), func(e *event.Event) {
			e.Document = zoneDocument(t, &zone.HostedZone{ID: "Z1", Name: rdata.MustParseName("example.com")})
			e.Changes = []zone.Change{{Action: zone.Create, New: a}}
			e.Comment = "the zone"
		}),
	}
	if position := w.append(create...); position != 2 {
		t.Errorf("position is %d, want 2", position)
	}
	m.apply(t, create...)
	b := rrset("www.example.com", rdata.TypeA, "192.0.2.2")
	upsert := w.event("C2", zoneKey("Z1"), func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Upsert, Old: a, New: b}} })
	if position := w.append(upsert); position != 3 || s.Position() != 3 {
		t.Errorf("position is %d and %d, want 3", position, s.Position())
	}
	m.apply(t, upsert)
	m.check(t, s, 1)
	inView(t, s, func(v store.View) {
		got, err := v.RRsetsAt("Z1", b.Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := diffSets([]*zone.RRset{b}, got); diff != "" {
			t.Errorf("RRsets (-want +got):\n%s", diff)
		}
	})
	if report := verify(t, s); report.Events != 3 || report.Entities != 2 || report.RRsets != 1 {
		t.Errorf("report is %+v", report)
	}
}

func testAppendInvalid(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	w.createZone("Z1", "example.com")
	a := rrset("a.example.com", rdata.TypeA, "192.0.2.1")
	next := func(edit func(e *event.Event)) []*event.Event {
		e := &event.Event{
			Key: zoneKey("Z1"), Version: 2, Prev: w.heads[zoneKey("Z1")].hash, ChangeID: "X", Operation: "Test",
		}
		edit(e)
		return []*event.Event{e}
	}
	other := next(func(e *event.Event) { e.Key, e.Version, e.Prev, e.ChangeID = zoneKey("Z2"), 1, event.Hash{}, "Y" })
	for _, tt := range []struct {
		name   string
		events []*event.Event
	}{
		{"no events", nil},
		{"two change ids", append(next(func(*event.Event) {}), other...)},
		{"no change id", next(func(e *event.Event) { e.ChangeID = "" })},
		{"malformed name", next(func(e *event.Event) {
			e.Changes = []zone.Change{{Action: zone.Create, New: &zone.RRset{Name: "\x05a"}}}
		})},
		{"removes more than there is", next(func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Delete, Old: a}} })},
		{"deletes what is not there", next(func(e *event.Event) {
			e.Key, e.Version, e.Prev, e.Deleted = zoneKey("Z9"), 1, event.Hash{}, true
		})},
		{"document that is none", next(func(e *event.Event) { e.Document = []byte{0xff} })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Append(t.Context(), tt.events); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("error is %v, want ErrInvalid", err)
			}
		})
	}
	if s.Position() != 1 {
		t.Errorf("position is %d, want 1", s.Position())
	}
	verify(t, s)
}

func testAppendTooLarge(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	var many []*event.Event
	for i := range store.MaxKeys + 1 {
		many = append(many, w.event("C1", referenceKey(fmt.Sprint(i)), nil))
	}
	if _, err := s.Append(t.Context(), many); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("error is %v, want ErrTooLarge", err)
	}
	if _, err := s.Append(t.Context(), many[:store.MaxKeys]); err != nil {
		t.Errorf("append of the largest number of entities: %v", err)
	}
	w = newWriter(t, s)
	long := w.event("C2", referenceKey("long"), func(e *event.Event) { e.Comment = strings.Repeat("x", store.MaxBatch) })
	if _, err := s.Append(t.Context(), []*event.Event{long}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("error is %v, want ErrTooLarge", err)
	}
	w = newWriter(t, s)
	fits := w.event("C3", referenceKey("long"), func(e *event.Event) { e.Comment = strings.Repeat("x", store.MaxBatch-200) })
	if _, err := s.Append(t.Context(), []*event.Event{fits}); err != nil {
		t.Errorf("append of the largest size: %v", err)
	}
	if got := tailN(t, s, s.Position(), 1)[0].Event.Comment; got != fits.Comment {
		t.Error("the largest event reads back differently")
	}
}

func testAppendContext(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := w.event("C1", referenceKey("r"), nil)
	if _, err := s.Append(ctx, []*event.Event{e}); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("error is %v, want just that ctx ended", err)
	}
	ticket := s.Enqueue([]*event.Event{e})
	if _, err := ticket.Wait(ctx); err != nil && (!errors.Is(err, store.ErrAmbiguous) || !errors.Is(err, context.Canceled)) {
		t.Errorf("error is %v, want ErrAmbiguous", err)
	}
	if position, err := ticket.Wait(t.Context()); err != nil || position != 1 {
		t.Errorf("position is %d, %v; want 1", position, err)
	}
	if position, err := ticket.Wait(ctx); err != nil || position != 1 {
		t.Errorf("a known outcome is not told: %d, %v", position, err)
	}
}

func testAppendSeveralVersions(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	a := rrset("a.example.com", rdata.TypeA, "192.0.2.1")
	document := zoneDocument(t, &zone.HostedZone{ID: "Z1", Name: rdata.MustParseName("example.com")})
	events := []*event.Event{
		w.event("C1", zoneKey("Z1"), func(e *event.Event) { e.Document = document }),
		w.event("C1", zoneKey("Z1"), func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Create, New: a}} }),
		w.event("C1", zoneKey("Z1"), func(e *event.Event) { e.Deleted = true }),
		w.event("C1", zoneKey("Z1"), func(e *event.Event) { e.Document = document }),
	}
	if position := w.append(events...); position != 4 {
		t.Errorf("position is %d, want 4", position)
	}
	m.apply(t, events...)
	m.check(t, s, 1)
	verify(t, s)
}

func testConflict(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	w.createZone("Z1", "example.com")
	first := w.event("C2", zoneKey("Z1"), nil)
	w.append(first)
	want := head(t, s, zoneKey("Z1"))
	for _, tt := range []struct {
		name    string
		version uint64
		prev    event.Hash
	}{
		{"the version that is there", 2, first.Prev},
		{"a version too late", 4, want.Hash},
		{"another history", 3, event.HashOf([]byte("other"))},
		{"a new entity", 1, event.Hash{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &event.Event{Key: zoneKey("Z1"), Version: tt.version, Prev: tt.prev, ChangeID: "X", Operation: "Test"}
			_, err := s.Append(t.Context(), []*event.Event{e})
			var conflict *store.Conflict
			if !errors.As(err, &conflict) {
				t.Fatalf("error is %v, want a Conflict", err)
			}
			if diff := cmp.Diff(want, conflict.Actual); diff != "" {
				t.Errorf("actual head (-want +got):\n%s", diff)
			}
		})
	}
	if s.Position() != 2 {
		t.Errorf("position is %d, want 2", s.Position())
	}
}

func testAtomic(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	w.append(w.event("C1", referenceKey("hostedzone/r1"), nil))
	good := newWriter(t, s).event("C2", zoneKey("Z1"), func(e *event.Event) {
		e.Document = zoneDocument(t, &zone.HostedZone{ID: "Z1", Name: rdata.MustParseName("example.com")})
		e.Changes = []zone.Change{{Action: zone.Create, New: rrset("example.com", rdata.TypeNS, "ns.")}}
	})
	stale := newWriter(t, s).event("C2", referenceKey("hostedzone/r1"), nil)
	for _, events := range [][]*event.Event{{good, stale}, {stale, good}} {
		var conflict *store.Conflict
		if _, err := s.Append(t.Context(), events); !errors.As(err, &conflict) {
			t.Errorf("error is %v, want a Conflict", err)
		}
	}
	if got := head(t, s, zoneKey("Z1")); got.Version != 0 {
		t.Errorf("half a batch was applied: %+v", got)
	}
	inView(t, s, func(v store.View) {
		if n, err := v.Count(event.KindZone); n != 0 || err != nil {
			t.Errorf("%d zones are counted (%v)", n, err)
		}
		if _, found, err := v.Lookup("C2"); found || err != nil {
			t.Errorf("the refused change is found (%v)", err)
		}
		if got := collect(t, v.RRsets("Z1", 0, store.Start{})); len(got) > 0 {
			t.Errorf("RRsets of the refused batch: %v", describe(got))
		}
	})
	verify(t, s)
}

func testIdempotent(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	w.createZone("Z1", "example.com")
	e := w.event("again", zoneKey("Z1"), nil)
	first := w.append(e)
	w.change("Z1")
	for range 2 {
		if position, err := s.Append(t.Context(), []*event.Event{e}); err != nil || position != first {
			t.Errorf("position is %d, %v; want %d", position, err, first)
		}
	}
	if s.Position() != 3 {
		t.Errorf("position is %d, want 3", s.Position())
	}
	// Both in one group, most likely: the second finds the first one pending.
	f := w.event("twice", zoneKey("Z1"), nil)
	one, two := s.Enqueue([]*event.Event{f}), s.Enqueue([]*event.Event{f})
	for _, ticket := range []store.Ticket{one, two} {
		if position, err := ticket.Wait(t.Context()); err != nil || position != 4 {
			t.Errorf("position is %d, %v; want 4", position, err)
		}
	}
	verify(t, s)
}

// testRace lets writers race on one entity: each version has one winner, and
// the losers learn the head that beat them.
func testRace(t *testing.T, h Harness) {
	const writers, versions = 8, 40
	s := h.open(t)
	newWriter(t, s).createZone("Z1", "example.com")
	wins := make(map[uint64]int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			var at store.Head
			for attempt := 0; ; attempt++ {
				if at.Version == 0 {
					v := s.View()
					at, _ = v.Head(zoneKey("Z1"))
					_ = v.Close()
				}
				if at.Version >= versions {
					return
				}
				e := &event.Event{
					Key: zoneKey("Z1"), Version: at.Version + 1, Prev: at.Hash, Operation: "Test",
					ChangeID: fmt.Sprintf("C-%d-%d", n, attempt),
				}
				_, err := s.Append(t.Context(), []*event.Event{e})
				var conflict *store.Conflict
				switch {
				case err == nil:
					mu.Lock()
					wins[e.Version]++
					mu.Unlock()
					at.Version = 0
				case errors.As(err, &conflict):
					at = conflict.Actual
				default:
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	last := head(t, s, zoneKey("Z1")).Version
	for version := uint64(2); version <= last; version++ {
		if wins[version] != 1 {
			t.Errorf("version %d has %d winners", version, wins[version])
		}
	}
	if s.Position() != last {
		t.Errorf("%d events, %d versions", s.Position(), last)
	}
	verify(t, s)
}

// testRaceForReference is CreateHostedZone: of several zones with one caller
// reference exactly one comes to be.
func testRaceForReference(t *testing.T, h Harness) {
	const writers, rounds = 8, 10
	s := h.open(t)
	for round := range rounds {
		won := make([]bool, writers)
		var wg sync.WaitGroup
		for n := range writers {
			w := newWriter(t, s)
			id := fmt.Sprintf("Z%d-%d", round, n)
			change := "C" + id
			events := []*event.Event{
				w.event(change, zoneKey(id), func(e *event.Event) {
					e.Document = zoneDocument(t, &zone.HostedZone{ID: id, Name: rdata.MustParseName("example.com")})
				}),
				w.event(change, referenceKey(fmt.Sprintf("hostedzone/%d", round)), nil),
			}
			wg.Go(func() {
				_, err := s.Append(t.Context(), events)
				var conflict *store.Conflict
				if err != nil && !errors.As(err, &conflict) {
					t.Errorf("append: %v", err)
				}
				won[n] = err == nil
			})
		}
		wg.Wait()
		winners := 0
		for n := range writers {
			exists := head(t, s, zoneKey(fmt.Sprintf("Z%d-%d", round, n))).Exists()
			if exists != won[n] {
				t.Errorf("round %d, writer %d: won %v, zone exists %v", round, n, won[n], exists)
			}
			if won[n] {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("round %d has %d winners", round, winners)
		}
	}
	verify(t, s)
}

func testPipeline(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	var tickets []store.Ticket
	for range 200 {
		e := w.event(w.changeID(), zoneKey("Z1"), nil)
		m.apply(t, e)
		tickets = append(tickets, s.Enqueue([]*event.Event{e}))
	}
	for i, ticket := range tickets {
		if position, err := ticket.Wait(t.Context()); err != nil || position != uint64(i)+1 {
			t.Fatalf("position is %d, %v; want %d", position, err, i+1)
		}
	}
	m.check(t, s, 1)
	verify(t, s)
}

// testPipelineFailure: what builds on a batch that fails, fails; what does not,
// does not.
func testPipelineFailure(t *testing.T, h Harness) {
	s := h.open(t)
	w, other := newWriter(t, s), newWriter(t, s)
	w.createZone("Z1", "example.com")
	other.prefix = "other"
	bad := w.event("bad", zoneKey("Z1"), func(e *event.Event) {
		e.Changes = []zone.Change{{Action: zone.Delete, Old: rrset("a.example.com", rdata.TypeA, "192.0.2.1")}}
	})
	after := w.event("after", zoneKey("Z1"), nil)
	apart := other.event("apart", zoneKey("Z2"), nil)
	tickets := []store.Ticket{
		s.Enqueue([]*event.Event{bad}), s.Enqueue([]*event.Event{after}), s.Enqueue([]*event.Event{apart}),
	}
	if _, err := tickets[0].Wait(t.Context()); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("error is %v, want ErrInvalid", err)
	}
	var conflict *store.Conflict
	if _, err := tickets[1].Wait(t.Context()); !errors.As(err, &conflict) {
		t.Errorf("error is %v, want a Conflict", err)
	}
	if position, err := tickets[2].Wait(t.Context()); err != nil || position != 2 {
		t.Errorf("position is %d, %v; want 2", position, err)
	}
	verify(t, s)
}
