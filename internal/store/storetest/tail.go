package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/store"
)

// patience is how long the suite waits for what must happen.
const patience = 20 * time.Second

// tailN reads n events from a position on.
func tailN(t *testing.T, s store.Store, from uint64, n int) []store.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	records, err := readTail(ctx, s, from, n)
	if err != nil {
		t.Fatalf("tail from %d: after %d events: %v", from, len(records), err)
	}
	return records
}

// readTail reads n events and checks that their positions follow each other.
func readTail(ctx context.Context, s store.Store, from uint64, n int) (records []store.Record, err error) {
	if n == 0 {
		return nil, nil
	}
	next := max(from, 1)
	for record, err := range s.Tail(ctx, from) {
		if err != nil {
			return records, err
		}
		if record.Position != next {
			return records, fmt.Errorf("position is %d, want %d", record.Position, next)
		}
		next++
		records = append(records, record)
		if len(records) == n {
			return records, nil
		}
	}
	return records, errors.New("the tail ended")
}

func testTail(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	var wg sync.WaitGroup
	const n = 50
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	wg.Go(func() { // begins before there is anything
		if _, err := readTail(ctx, s, 0, n); err != nil {
			t.Errorf("tail: %v", err)
		}
	})
	for range n {
		e := w.event(w.changeID(), zoneKey("Z1"), nil)
		w.append(e)
		m.apply(t, e)
	}
	wg.Wait()
	m.checkTail(t, s, 1)
}

func testTailFromTheMiddle(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	for range 30 {
		e := w.event(w.changeID(), zoneKey("Z1"), nil)
		w.append(e)
		m.apply(t, e)
	}
	for _, from := range []uint64{1, 2, 15, 29, 30} {
		m.checkTail(t, s, from)
	}
	// From beyond the end: it waits until the log has come that far.
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		_, err := readTail(ctx, s, 35, 1)
		done <- err
	}()
	for range 5 {
		w.append(w.event(w.changeID(), zoneKey("Z1"), nil))
	}
	if err := <-done; err != nil {
		t.Errorf("tail from beyond the end: %v", err)
	}
}

// testTailConcurrent lets tailers begin at all times and places while several
// writers write.
func testTailConcurrent(t *testing.T, h Harness) {
	const writers, each, tailers = 4, 300, 6
	s := h.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var wg sync.WaitGroup
	for n := range writers {
		w := newWriter(t, s)
		w.prefix = fmt.Sprintf("C%d-", n)
		wg.Go(func() {
			key := zoneKey(fmt.Sprintf("Z%d", n))
			for range each {
				if _, err := s.Append(ctx, []*event.Event{w.event(w.changeID(), key, nil)}); err != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	tails := make([][]store.Record, tailers)
	for n := range tailers {
		wg.Go(func() {
			from := uint64(1 + n*100)
			for s.Position() < uint64(n*200) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			var err error
			if tails[n], err = readTail(ctx, s, from, writers*each-n*100); err != nil {
				t.Errorf("tailer %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for n, tail := range tails {
		for i, record := range tail {
			if want := tails[0][n*100+i]; record.Hash != want.Hash || record.Event.ChangeID != want.Event.ChangeID {
				t.Fatalf("tailer %d has %s at position %d, the first one %s", n, record.Event.ChangeID, record.Position, want.Event.ChangeID)
			}
		}
	}
}

func testTailEnds(t *testing.T, h Harness) {
	s := h.Open(t)
	w := newWriter(t, s)
	w.createZone("Z1", "example.com")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	for _, err := range s.Tail(ctx, 1) {
		if err != nil {
			t.Errorf("a tail whose ctx ended: %v", err)
		}
		seen++
		cancel()
	}
	if seen != 1 {
		t.Errorf("%d events, want 1", seen)
	}
	done := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		var last error
		for record, err := range s.Tail(t.Context(), 1) {
			if record.Position == 1 {
				close(started)
			}
			last = err
		}
		done <- last
	}()
	<-started
	closeStore(t, s)
	select {
	case err := <-done:
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error is %v, want ErrUnavailable", err)
		}
	case <-time.After(patience):
		t.Error("Close does not end a tail")
	}
}
