package kv

import (
	"context"
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/zone"
)

// A submission is one Append on its way: made by Enqueue, finished by the
// committer. It is the Ticket.
type submission struct {
	changeID string
	events   []*prepared
	size     int // encoded bytes

	staged   bool // written to the group's engine batch
	repeated bool // of a change that is committed, or staged in the same group

	// done is closed when position and err are final.
	done     chan struct{}
	position uint64
	err      error
}

// prepared is an event with all that does not depend on the state, worked out
// by the goroutine that appends so that the committer has less to do.
type prepared struct {
	event   *event.Event
	encoded []byte
	hash    event.Hash
	rows    []rrsetRow  // what its Changes write, in order
	index   []event.Row // of its document
}

// rrsetRow is a row of tableRRsets to write; a nil value deletes it.
type rrsetRow struct{ key, value []byte }

// Wait implements store.Ticket.
func (s *submission) Wait(ctx context.Context) (uint64, error) {
	select {
	case <-s.done:
		return s.position, s.err
	case <-ctx.Done():
	}
	select {
	case <-s.done: // both: then the outcome is known
		return s.position, s.err
	default:
		return 0, fmt.Errorf("%w: %w", store.ErrAmbiguous, ctx.Err())
	}
}

func (s *submission) finish(err error) *submission {
	s.err = err
	close(s.done)
	return s
}

// newSubmission encodes and checks a batch as far as it can be without state.
func newSubmission(events []*event.Event) (*submission, error) {
	s := &submission{done: make(chan struct{})}
	if len(events) == 0 {
		return s, fmt.Errorf("%w: no events", store.ErrInvalid)
	}
	s.changeID = events[0].ChangeID
	keys := make(map[event.Key]bool, 2)
	s.events = make([]*prepared, len(events))
	for i, e := range events {
		if e.ChangeID != s.changeID {
			return s, fmt.Errorf("%w: change ids %q and %q in one batch", store.ErrInvalid, s.changeID, e.ChangeID)
		}
		encoded, err := event.Encode(e)
		if err != nil {
			return s, fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
		s.size += len(encoded)
		keys[e.Key] = true
		if len(keys) > store.MaxKeys || s.size > store.MaxBatch {
			return s, fmt.Errorf("%w: %d entities, %d bytes; the limits are %d and %d",
				store.ErrTooLarge, len(keys), s.size, store.MaxKeys, store.MaxBatch)
		}
		if s.events[i], err = prepare(e, encoded); err != nil {
			return s, fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
	}
	return s, nil
}

func prepare(e *event.Event, encoded []byte) (*prepared, error) {
	p := &prepared{event: e, encoded: encoded, hash: event.HashOf(encoded)}
	var err error
	if p.index, err = event.IndexRows(e.Key.Kind, e.Document); err != nil {
		return nil, err
	}
	if e.Deleted { // all rows of the zone go at once
		return p, nil
	}
	p.rows = make([]rrsetRow, len(e.Changes))
	for i := range e.Changes {
		if p.rows[i], err = makeRRsetRow(e.Key.ID, e.Changes[i].Key(), e.Changes[i].New); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func makeRRsetRow(zoneID string, key zone.RRsetKey, set *zone.RRset) (rrsetRow, error) {
	row := rrsetRow{key: appendRRsetKey(nil, zoneID, key)}
	if set == nil {
		return row, nil
	}
	var err error
	row.value, err = event.EncodeRRset(set)
	return row, err
}
