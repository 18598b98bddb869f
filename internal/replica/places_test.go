package replica

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/store/memory"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// TestAwaitPlaces: a change whose answers depend on where clients are is not
// served before that can be known; one before it is.
func TestAwaitPlaces(t *testing.T) {
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := New(s, zonedb.New(), slog.New(slog.DiscardHandler))
	ready := make(chan struct{})
	r.AwaitPlaces(ready)
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	apex := rdata.MustParseName("example.com")
	position := appendSets(t, s, "1", &zone.HostedZone{ID: "Z1", Name: apex},
		&zone.RRset{Name: apex, Type: rdata.TypeTXT, TTL: 60, Values: []string{`"here"`}})
	if err := r.WaitServed(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	position = appendSets(t, s, "2", nil, &zone.RRset{
		Name: apex, Type: rdata.TypeA, TTL: 60, Values: []string{"192.0.2.1"}, SetIdentifier: "a",
		Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "*"},
	})
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.WaitServed(short, position); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("served without places: %v", err)
	}
	close(ready)
	if err := r.WaitServed(t.Context(), position); err != nil {
		t.Error(err)
	}
}

// appendSets appends the next event of zone Z1, which creates sets in it.
func appendSets(t *testing.T, s store.Store, changeID string, document *zone.HostedZone, sets ...*zone.RRset) uint64 {
	t.Helper()
	key := event.Key{Kind: event.KindZone, ID: "Z1"}
	view := s.View()
	defer view.Close()
	head, err := view.Head(key)
	if err != nil {
		t.Fatal(err)
	}
	e := &event.Event{Key: key, Version: head.Version + 1, Prev: head.Hash, Time: 1, Operation: "test", ChangeID: changeID, Serial: uint32(head.Version) + 1}
	for _, set := range sets {
		e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: set})
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
