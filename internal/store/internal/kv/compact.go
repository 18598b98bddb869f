package kv

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
)

var errStoreMismatch = errors.New("the backup is not of this store")

// RecordBackup implements store.Store.
func (s *Store) RecordBackup(_ context.Context, backup store.BackupInfo) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	p := s.current
	if backup.StoreID != s.id || backup.Position > p.position {
		return errStoreMismatch
	}
	if backup.Position > p.base {
		record, err := readRecord(p.reader, backup.Position)
		if err != nil {
			return err
		}
		if record.Hash != backup.LastEvent {
			return errStoreMismatch
		}
	}
	var before backupRow
	if _, err := readRow(p.reader, metaBackup, "backup", &before); err != nil {
		return err
	}
	if backup.Position < before.Position {
		return nil // a newer one is known
	}
	batch := s.engine.NewBatch()
	defer batch.Close()
	setRow(batch, metaBackup, backupRow{Position: backup.Position, Digest: backup.Digest})
	return s.commitMaintenance(batch, p.base)
}

// Compact implements store.Store, in three steps:
//
//  1. write the base: what each entity was at upTo, under keys that nothing
//     reads yet
//  2. switch to it, in one engine batch
//  3. delete what the old events alone needed
//
// A crash before 2 leaves rows that the next Compact deletes, one in 3 leaves
// events that nothing reads and that the next Compact deletes.
func (s *Store) Compact(ctx context.Context, upTo uint64) error {
	s.compactMu.Lock()
	defer s.compactMu.Unlock()
	p, err := s.acquire()
	if err != nil {
		return err
	}
	if err := cmp.Or(s.compact(ctx, p, upTo), s.release(p)); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	return nil
}

func (s *Store) compact(ctx context.Context, p *picture, upTo uint64) error {
	if upTo > p.position {
		return fmt.Errorf("position %d is not committed yet", upTo)
	}
	var backup backupRow
	if _, err := readRow(p.reader, metaBackup, "backup", &backup); err != nil {
		return err
	}
	if backup.Position < upTo {
		return fmt.Errorf("%w: the last one ends at position %d", store.ErrNoSnapshot, backup.Position)
	}
	upTo, err := wholeChange(p, upTo)
	if err != nil {
		return err
	}
	if upTo > p.base {
		if err := s.writeNewBase(ctx, p, upTo); err != nil {
			return err
		}
	}
	return s.trim(ctx, p, max(upTo, p.base))
}

// wholeChange is the last position up to upTo that ends a change: the events of
// one change stay together.
func wholeChange(p *picture, upTo uint64) (uint64, error) {
	if upTo <= p.base {
		return upTo, nil
	}
	record, err := readRecord(p.reader, upTo)
	if err != nil {
		return 0, err
	}
	var change changeRow
	if _, err := readRow(p.reader, changeKey(record.Event.ChangeID), "change", &change); err != nil {
		return 0, err
	}
	if change.Last > upTo {
		return change.First - 1, nil
	}
	return upTo, nil
}

// compaction is a running Compact: it commits its writes in small batches.
type compaction struct {
	*Store
	base  uint64 // that is in force when the batch is committed
	batch Batch
}

func (c *compaction) flush(ctx context.Context, must bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !must && c.batch.Size() < c.limits.compact {
		return nil
	}
	c.commitMu.Lock()
	defer c.commitMu.Unlock()
	if err := c.writable(); err != nil {
		return err
	}
	if err := c.commitMaintenance(c.batch, c.base); err != nil {
		return err
	}
	c.batch.Close()
	c.batch = c.engine.NewBatch()
	return nil
}

// writeNewBase is steps 1 and 2.
func (s *Store) writeNewBase(ctx context.Context, p *picture, upTo uint64) error {
	c := &compaction{Store: s, base: p.base, batch: s.engine.NewBatch()}
	defer func() { c.batch.Close() }()
	c.batch.DeleteRange(basePrefix(p.base+1), []byte{tableBase + 1}) // of a Compact that did not end
	lower, upper := bounds(tableHeads)
	err := scan(p.reader, lower, upper, func(key, _ []byte) error {
		entity, err := parseEntity(key[1:])
		if err != nil {
			return err
		}
		row, err := baseAt(p, entity, upTo)
		if err != nil {
			return err
		}
		if row.Head.Version > 0 {
			setRow(c.batch, baseKey(upTo, entity), row)
		}
		return c.flush(ctx, false)
	})
	if err != nil {
		return err
	}
	c.batch.Set(metaBase, uint64Bytes(upTo))
	c.batch.DeleteRange(baseBounds(p.base))
	c.base = upTo
	return c.flush(ctx, true)
}

// baseAt is what an entity was at a position.
func baseAt(p *picture, entity event.Key, position uint64) (baseRow, error) {
	head, set, err := readBase(p.reader, p.base, entity)
	if err != nil {
		return baseRow{}, err
	}
	err = scanHistory(p.reader, entity, head.Version+1, func(record store.Record) error {
		if record.Position > position {
			return errStop
		}
		next, err := advance(head, record.Event, record.Hash, record.Position)
		if err != nil {
			return damaged(fmt.Sprintf("event %d", record.Position), err)
		}
		head = next
		return set.addChanges(record.Event)
	})
	if err != nil && !errors.Is(err, errStop) {
		return baseRow{}, err
	}
	return baseRow{Head: rowOfHead(head), Sum: set}, nil
}

// trim is step 3: it reads the old events in the picture from before, where
// they still are, for what belongs to them.
func (s *Store) trim(ctx context.Context, p *picture, base uint64) error {
	c := &compaction{Store: s, base: base, batch: s.engine.NewBatch()}
	defer func() { c.batch.Close() }()
	err := scan(p.reader, logKey(0), logKey(base+1), func(key, encoded []byte) error {
		position, err := parseUint64(key[1:])
		if err != nil {
			return err
		}
		record, err := decodeRecord(position, encoded)
		if err != nil {
			return err
		}
		c.batch.Delete(changeKey(record.Event.ChangeID))
		c.batch.Delete(versionKey(record.Event.Key, record.Event.Version))
		c.batch.Delete(key)
		return c.flush(ctx, false)
	})
	if err != nil {
		return err
	}
	return c.flush(ctx, true)
}

// writable reports why nothing may be written; the caller holds commitMu.
func (s *Store) writable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	return s.failed
}

// commitMaintenance commits writes that are not events and publishes them; the
// caller holds commitMu.
func (s *Store) commitMaintenance(batch Batch, base uint64) error {
	if err := cmp.Or(s.engine.Failed(), s.engine.Ready(batch.Size())); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	latest, err := s.engine.Commit(batch)
	if err != nil {
		s.fail(nil, err)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	s.publish(latest, nil, 0, base)
	return nil
}
