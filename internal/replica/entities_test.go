package replica

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/store/memory"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// append1 appends the next event of an entity; nil ends it.
func append1(t *testing.T, s store.Store, key event.Key, document any) uint64 {
	t.Helper()
	view := s.View()
	head, err := view.Head(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
	e := &event.Event{
		Key: key, Version: head.Version + 1, Prev: head.Hash, Time: 1, Operation: "test", Deleted: document == nil,
		ChangeID: key.ID + string('A'+rune(head.Version)),
	}
	if document != nil {
		if e.Document, err = event.EncodeDocument(document); err != nil {
			t.Fatal(err)
		}
	}
	position, err := s.Append(t.Context(), []*event.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func TestFollow(t *testing.T) {
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	collection := func(id string) event.Key { return event.Key{Kind: event.KindCIDRCollection, ID: id} }
	append1(t, s, collection("a"), zone.CIDRCollection{ID: "a", Name: "one"})
	append1(t, s, collection("b"), zone.CIDRCollection{ID: "b", Name: "two"})
	append1(t, s, collection("b"), nil)
	append1(t, s, event.Key{Kind: event.KindAlarm, ID: "c"}, zone.CIDRCollection{ID: "c"})

	var mu sync.Mutex
	known := map[string]string{}
	var log strings.Builder
	r := New(s, zonedb.New(), slog.New(slog.NewTextHandler(&log, nil)))
	r.Follow(event.KindCIDRCollection, func(id string, document []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if id == "broken" {
			return errors.New("not understood")
		}
		if document == nil {
			delete(known, id)
			return nil
		}
		var c zone.CIDRCollection
		if err := event.DecodeDocument(document, &c); err != nil {
			return err
		}
		known[id] = c.Name
		return nil
	})
	want := func(what string, names map[string]string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if len(known) != len(names) {
			t.Errorf("%s: %v, want %v", what, known, names)
		}
		for id, name := range names {
			if known[id] != name {
				t.Errorf("%s: %v, want %v", what, known, names)
			}
		}
	}
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("loaded", map[string]string{"a": "one"})

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	append1(t, s, collection("a"), zone.CIDRCollection{ID: "a", Name: "another"})
	append1(t, s, collection("broken"), zone.CIDRCollection{ID: "broken"})
	position := append1(t, s, collection("d"), zone.CIDRCollection{ID: "d", Name: "three"})
	if err := r.WaitServed(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	want("changed", map[string]string{"a": "another", "d": "three"})
	position = append1(t, s, collection("a"), nil)
	if err := r.WaitServed(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	want("ended", map[string]string{"d": "three"})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "id=broken") {
		t.Errorf("the log does not tell of what was refused: %s", log.String())
	}
}
