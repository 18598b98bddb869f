package route53

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// An entity is one that changes are waiting for. Zones have pending state: what
// the batches make of them that are enqueued and perhaps not durable yet.
type entity struct {
	key   event.Key
	users int           // guarded by turns.mu
	turn  chan struct{} // full while somebody has the turn

	// The fields below belong to whoever has the turn. All are zero where
	// nothing is pending.

	pending []*batch                     // oldest first
	head    store.Head                   // as the newest of them leaves it; Position is not known
	hosted  *zone.HostedZone             // head.Document, decoded
	overlay map[rdata.Name]pendingRRsets // the names that they change
}

// pendingRRsets are all RRsets of a name as batch leaves them, which is the
// newest one to change the name.
type pendingRRsets struct {
	sets  []*zone.RRset
	batch *batch
}

// pipelined reports whether changes may be decided on pending state. Guards
// must not be: what they guard is looked up in views, which lack it.
func (e *entity) pipelined() bool { return e.key.Kind == event.KindZone }

// settle takes finished batches off the pending state. It is called before the
// view is taken that the rest of it lies over.
func (e *entity) settle() {
	durable := 0 // a batch is durable if a later one is
	for i, b := range e.pending {
		switch b.outcome.Load() {
		case outcomeFailed: // all that was built on it fails as well
			e.reset()
			return
		case outcomeDurable:
			durable = i + 1
		}
	}
	if durable == len(e.pending) {
		e.reset()
		return
	}
	for name, p := range e.overlay {
		if slices.Contains(e.pending[:durable], p.batch) {
			delete(e.overlay, name)
		}
	}
	e.pending = e.pending[durable:]
}

func (e *entity) reset() {
	e.pending, e.head, e.hosted, e.overlay = nil, store.Head{}, nil, nil
}

// add makes b the newest pending batch.
func (e *entity) add(b *batch, head store.Head, hosted *zone.HostedZone, names map[rdata.Name][]*zone.RRset) {
	e.pending = append(e.pending, b)
	e.head, e.hosted = head, hosted
	if e.overlay == nil && len(names) > 0 {
		e.overlay = make(map[rdata.Name]pendingRRsets, len(names))
	}
	for name, sets := range names {
		e.overlay[name] = pendingRRsets{sets: sets, batch: b}
	}
}

// newest is the last pending batch, or nil.
func (e *entity) newest() *batch {
	if n := len(e.pending); n > 0 {
		return e.pending[n-1]
	}
	return nil
}

// A batch is events on their way through the store.
type batch struct {
	changeID string
	ticket   store.Ticket
	outcome  atomic.Uint32 // one of the below
}

const (
	outcomeOpen uint32 = iota
	outcomeDurable
	outcomeFailed
)

// wait returns when the outcome of the batch is known, or ctx has ended. It
// may be called by several. Errors: *store.Conflict, errOutcomeUnknown and
// those of the store.
func (b *batch) wait(ctx context.Context, s store.Store) error {
	_, err := b.ticket.Wait(ctx)
	if errors.Is(err, store.ErrAmbiguous) {
		err = b.lookup(ctx, s, err)
	}
	switch {
	case err == nil:
		b.outcome.Store(outcomeDurable)
	case ctx.Err() == nil || !errors.Is(err, errOutcomeUnknown):
		b.outcome.Store(outcomeFailed)
	}
	return err
}

// lookup asks the store whether it has the batch after all. If not, it may
// still come to have it: when ctx ended the wait, or when it is opened again.
func (b *batch) lookup(ctx context.Context, s store.Store, ambiguous error) error {
	view := s.View()
	defer view.Close()
	_, found, err := view.Lookup(b.changeID)
	switch {
	case err != nil:
		return fmt.Errorf("%w: look it up: %w", errOutcomeUnknown, err)
	case found:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: the store has not answered in time", errOutcomeUnknown)
	}
	// ambiguous is told, not wrapped: ctx may be in it, which says something
	// else to clients.
	return fmt.Errorf("%w: %s", errOutcomeUnknown, ambiguous.Error())
}
