package kv

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"open53/internal/event"
	"open53/internal/store"
)

// Limits of memory and work. Tests make them smaller.
type limits struct {
	group       int // bytes of events in one engine batch, beyond the first submission
	queue       int // bytes of events waiting; Enqueue blocks above
	recent      int // events kept decoded for Tails
	recentBytes int // their encoded size
	heads       int // heads per generation of the cache
	tailCheck   int // events at the end of the log that Open verifies
	compact     int // bytes in one engine batch of a Compact; appends wait for it
}

var defaultLimits = limits{
	group: 4 << 20, queue: 64 << 20, recent: 4096, recentBytes: 4 << 20, heads: 4096, tailCheck: 16, compact: 1 << 20,
}

var (
	errClosed = fmt.Errorf("%w: it is closed", store.ErrUnavailable)

	_ store.Store = (*Store)(nil)
)

// Store implements store.Store over an engine.
type Store struct {
	engine Engine
	limits limits
	id     string
	queue  *queue

	// commitMu is held while writing to the engine and until what was written
	// is published. It comes before mu.
	commitMu sync.Mutex
	heads    *headCache // guarded by commitMu

	// compactMu is held during Compact. It comes before commitMu.
	compactMu sync.Mutex

	committed chan struct{} // closed when the committer has returned

	mu      sync.Mutex // guards what follows; never held while waiting
	current *picture
	refs    int           // of all open pictures
	recent  recentRecords // the end of the log
	changed chan struct{} // closed and replaced at each publication
	failed  error         // the store takes no writes until it is reopened
	closed  bool
}

// A picture is a published snapshot. refs is guarded by Store.mu; the store
// itself holds one reference of the current picture.
type picture struct {
	reader   Reader
	position uint64
	base     uint64 // events up to here are compacted away
	refs     int
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, events []*event.Event) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err // nothing was enqueued, so nothing is ambiguous
	}
	return s.Enqueue(events).Wait(ctx)
}

// Enqueue implements store.Store.
func (s *Store) Enqueue(events []*event.Event) store.Ticket {
	sub, err := newSubmission(events)
	if err == nil {
		err = s.queue.put(sub)
	}
	if err != nil {
		return sub.finish(err)
	}
	return sub
}

// Position implements store.Store.
func (s *Store) Position() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.position
}

// ID is the store's identity, made when it was created; a restored store keeps
// the one of its backup.
func (s *Store) ID() string { return s.id }

// Err is why the store takes no writes until it is reopened; nil if it does.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// acquire takes a reference of the current picture.
func (s *Store) acquire() (*picture, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	s.current.refs++
	s.refs++
	return s.current, nil
}

func (s *Store) release(p *picture) error {
	s.mu.Lock()
	p.refs--
	s.refs--
	unused := p.refs == 0
	closeEngine := s.closed && s.refs == 0
	s.mu.Unlock()
	var err error
	if unused {
		err = p.reader.Close()
	}
	if closeEngine {
		err = cmp.Or(err, s.engine.Close())
	}
	return err
}

// publish replaces the current picture by the latest one. The caller holds
// commitMu.
func (s *Store) publish(latest Reader, records []store.Record, size int, base uint64) {
	s.mu.Lock()
	position := s.current.position
	s.mu.Unlock()
	if n := len(records); n > 0 {
		position = records[n-1].Position
		s.engine.Published(position)
	}
	next := &picture{reader: latest, position: position, base: base, refs: 1}
	s.mu.Lock()
	before := s.current
	s.current = next
	s.refs++
	s.recent.append(records, size, s.limits)
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	if err := s.release(before); err != nil {
		s.fail(nil, err)
	}
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.queue.close()
	<-s.committed
	s.commitMu.Lock() // Compact may be writing
	defer s.commitMu.Unlock()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.changed)
	current := s.current
	open := s.refs - 1 // one is the store's own
	s.mu.Unlock()
	err := s.release(current)
	if open > 0 {
		err = cmp.Or(err, fmt.Errorf("close store: %d views are still open", open))
	}
	return err
}
