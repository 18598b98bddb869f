package kv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"open53/internal/store"
)

// A Tail that is behind what is kept in memory reads the log in pieces of this
// size, so that no snapshot is open while its consumer works.
const (
	tailEvents = 256
	tailBytes  = 1 << 20
)

// Tail implements store.Store.
func (s *Store) Tail(ctx context.Context, from uint64) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		next := max(from, 1)
		for ctx.Err() == nil {
			records, changed, err := s.recordsFrom(ctx, next)
			if err != nil {
				if ctx.Err() == nil {
					yield(store.Record{}, err)
				}
				return
			}
			for _, record := range records {
				if ctx.Err() != nil || !yield(record, nil) {
					return
				}
				next = record.Position + 1
			}
			if len(records) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
}

// recordsFrom returns some records from a position on. If there is none yet,
// changed is closed when there may be one.
func (s *Store) recordsFrom(ctx context.Context, from uint64) (records []store.Record, changed <-chan struct{}, err error) {
	s.mu.Lock()
	position, base, closed := s.current.position, s.current.base, s.closed
	changed = s.changed
	records, recent := s.recent.from(from)
	s.mu.Unlock()
	switch {
	case closed:
		return nil, nil, errClosed
	case from <= base:
		return nil, nil, fmt.Errorf("%w: the log begins at position %d", store.ErrCompacted, base+1)
	case recent || from > position:
		return records, changed, nil
	}
	records, err = s.readLog(ctx, from)
	return records, changed, err
}

// readLog reads a piece of the log from the engine.
func (s *Store) readLog(ctx context.Context, from uint64) (records []store.Record, err error) {
	p, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, s.release(p)) }()
	if from <= p.base {
		return nil, fmt.Errorf("%w: the log begins at position %d", store.ErrCompacted, p.base+1)
	}
	size := 0
	err = scanLog(p.reader, from, min(p.position, from+tailEvents-1), func(record store.Record, encoded []byte) error {
		records = append(records, record)
		if size += len(encoded); size > tailBytes {
			return errStop
		}
		return ctx.Err()
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return records, err
}

// errStop ends a scan early.
var errStop = errors.New("stop")

// scanLog calls f for the events from one position to another, both included,
// and fails if one of them is missing.
func scanLog(r Reader, from, to uint64, f func(record store.Record, encoded []byte) error) error {
	next := from
	err := scan(r, logKey(from), logKey(to+1), func(key, encoded []byte) error {
		position, err := parseUint64(key[1:])
		if err != nil {
			return err
		}
		if position != next {
			return fmt.Errorf("%w: event %d is missing", store.ErrDamaged, next)
		}
		next++
		record, err := decodeRecord(position, encoded)
		if err != nil {
			return err
		}
		return f(record, encoded)
	})
	if err == nil && next != to+1 {
		err = fmt.Errorf("%w: event %d is missing", store.ErrDamaged, next)
	}
	return err
}
