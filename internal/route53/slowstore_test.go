package route53

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"open53/internal/event"
	"open53/internal/store"
)

// slowStore holds batches back until the test lets them go, as a slow disk
// does, and fails them as a broken one does.
type slowStore struct {
	store.Store

	mu      sync.Mutex // guards the fields below
	slow    bool
	waiting []*heldBatch
}

// heldBatch is a batch that the store has not got yet, and its ticket.
type heldBatch struct {
	events   []*event.Event
	done     chan struct{} // closed when the fields below are final
	position uint64
	err      error
}

func (b *heldBatch) Wait(ctx context.Context) (uint64, error) {
	select {
	case <-b.done:
		return b.position, b.err
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", store.ErrAmbiguous, ctx.Err())
	}
}

func (s *slowStore) Enqueue(events []*event.Event) store.Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.slow {
		return s.Store.Enqueue(events)
	}
	b := &heldBatch{events: events, done: make(chan struct{})}
	s.waiting = append(s.waiting, b)
	return b
}

func (s *slowStore) setSlow(slow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = slow
}

// held is how many batches wait.
func (s *slowStore) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

func (s *slowStore) next(tb testing.TB) *heldBatch {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		tb.Fatal("no batch waits")
	}
	b := s.waiting[0]
	s.waiting = s.waiting[1:]
	return b
}

// release gives the store the oldest batch that waits.
func (s *slowStore) release(tb testing.TB) {
	tb.Helper()
	b := s.next(tb)
	b.position, b.err = s.Store.Enqueue(b.events).Wait(context.Background())
	close(b.done)
}

// releaseAll gives the store all batches that wait, and those that come of it.
func (s *slowStore) releaseAll(tb testing.TB) {
	tb.Helper()
	s.setSlow(false)
	for s.held() > 0 {
		s.release(tb)
	}
}

// lose fails the oldest batch that waits; the store never gets it.
func (s *slowStore) lose(tb testing.TB, err error) {
	tb.Helper()
	b := s.next(tb)
	b.err = err
	close(b.done)
}

// doubt gives the store the oldest batch that waits and says that it may have
// been lost.
func (s *slowStore) doubt(tb testing.TB) {
	tb.Helper()
	b := s.next(tb)
	if _, err := s.Store.Enqueue(b.events).Wait(context.Background()); err != nil {
		tb.Fatal(err)
	}
	b.err = store.ErrAmbiguous
	close(b.done)
}
