package storetest

import (
	"fmt"
	"testing"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// writer makes events for a store. It knows the heads as its events leave
// them, whether they are committed or not. Not safe for concurrent use.
type writer struct {
	t       *testing.T
	s       store.Store
	prefix  string // of its change ids
	heads   map[event.Key]link
	changes int
}

// link is what the next event of an entity refers to.
type link struct {
	version uint64
	hash    event.Hash
}

func newWriter(t *testing.T, s store.Store) *writer {
	t.Helper()
	return &writer{t: t, s: s, prefix: "C", heads: make(map[event.Key]link)}
}

func zoneKey(id string) event.Key { return event.Key{Kind: event.KindZone, ID: id} }

func referenceKey(id string) event.Key { return event.Key{Kind: event.KindReference, ID: id} }

// changeID begins the next change.
func (w *writer) changeID() string {
	w.changes++
	return fmt.Sprintf("%s%d", w.prefix, w.changes)
}

// event makes the next event of an entity and takes it for committed.
func (w *writer) event(changeID string, key event.Key, edit func(e *event.Event)) *event.Event {
	w.t.Helper()
	at := w.heads[key]
	e := &event.Event{
		Key: key, Version: at.version + 1, Prev: at.hash, Time: 1763000000000 + int64(w.changes),
		ChangeID: changeID, Actor: "AKIA", Operation: "Test", Serial: uint32(at.version + 1),
	}
	if key.Kind != event.KindZone {
		e.Serial = 0
	}
	if edit != nil {
		edit(e)
	}
	encoded, err := event.Encode(e)
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	w.heads[key] = link{e.Version, event.HashOf(encoded)}
	return e
}

// append commits events that must be accepted.
func (w *writer) append(events ...*event.Event) uint64 {
	w.t.Helper()
	position, err := w.s.Append(w.t.Context(), events)
	if err != nil {
		w.t.Fatalf("append %s: %v", events[0].ChangeID, err)
	}
	return position
}

// createZone commits a zone with RRsets.
func (w *writer) createZone(id, name string, sets ...*zone.RRset) uint64 {
	w.t.Helper()
	return w.append(w.event(w.changeID(), zoneKey(id), func(e *event.Event) {
		e.Document = zoneDocument(w.t, &zone.HostedZone{ID: id, Name: rdata.MustParseName(name)})
		for _, set := range sets {
			e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: set})
		}
	}))
}

// change commits RRset changes of a zone.
func (w *writer) change(id string, changes ...zone.Change) uint64 {
	w.t.Helper()
	return w.append(w.event(w.changeID(), zoneKey(id), func(e *event.Event) { e.Changes = changes }))
}

func zoneDocument(t *testing.T, z *zone.HostedZone) []byte {
	t.Helper()
	document, err := event.EncodeDocument(z)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// rrset makes a simple RRset.
func rrset(name string, typ rdata.Type, values ...string) *zone.RRset {
	return &zone.RRset{Name: rdata.MustParseName(name), Type: typ, TTL: 300, Values: values}
}

// open makes a store that is closed at the end of the test.
func (h Harness) open(t *testing.T) store.Store {
	t.Helper()
	s := h.Open(t)
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// inView runs f with a view of the store.
func inView(t *testing.T, s store.Store, f func(v store.View)) {
	t.Helper()
	v := s.View()
	defer func() {
		if err := v.Close(); err != nil {
			t.Errorf("close view: %v", err)
		}
	}()
	f(v)
}

// head reads one head.
func head(t *testing.T, s store.Store, key event.Key) (h store.Head) {
	t.Helper()
	inView(t, s, func(v store.View) {
		var err error
		if h, err = v.Head(key); err != nil {
			t.Fatalf("head of %v: %v", key, err)
		}
	})
	return h
}

// verify runs Verify, which must find nothing.
func verify(t *testing.T, s store.Store) store.Report {
	t.Helper()
	report, err := s.Verify(t.Context(), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, fault := range report.Faults {
		t.Errorf("verify: %s", fault)
	}
	return report
}
