package kv

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/zone"
)

// Backup implements store.Store: it writes one picture while the store goes
// on.
func (s *Store) Backup(ctx context.Context, w store.BackupWriter) (err error) {
	p, err := s.acquire()
	if err != nil {
		return err
	}
	defer func() {
		err = cmp.Or(err, s.release(p))
		if err != nil {
			err = fmt.Errorf("backup: %w", err)
		}
	}()
	stream := newStreamWriter(w)
	header := backupHeader{Magic: backupMagic, Format: backupFormat, StoreID: s.id, Position: p.position, Base: p.base}
	if err := stream.document(itemHeader, header); err != nil {
		return err
	}
	if err := writeBase(ctx, stream, p); err != nil {
		return err
	}
	trailer := backupTrailer{Events: p.position - p.base}
	err = scanLog(p.reader, p.base+1, p.position, func(_ store.Record, encoded []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return stream.item(itemEvent, encoded)
	})
	if err != nil {
		return err
	}
	if err := sumState(ctx, p.reader, &trailer); err != nil {
		return err
	}
	return stream.finish(trailer)
}

// writeBase writes the state as the log begins.
func writeBase(ctx context.Context, stream *streamWriter, p *picture) error {
	if p.base == 0 {
		return nil
	}
	lower, upper := baseBounds(p.base)
	return scan(p.reader, lower, upper, func(key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		entity, err := parseEntity(key[len(lower):])
		if err != nil {
			return err
		}
		item := baseItem{Key: entity}
		if err := event.DecodeDocument(value, &item.Row); err != nil {
			return damaged("base", err)
		}
		if err := stream.document(itemBase, item); err != nil {
			return err
		}
		if entity.Kind != event.KindZone || item.Row.Head.RRsets == 0 {
			return nil
		}
		return writeBaseRRsets(stream, p, entity.ID, item.Row.Head.Version)
	})
}

// writeBaseRRsets writes a zone's RRsets as the log begins. Those of a zone
// that was deleted since are gone: a reader finds none and no event needs them.
func writeBaseRRsets(stream *streamWriter, p *picture, zoneID string, version uint64) error {
	past, err := readPast(p.reader, p.base, zoneID, version)
	if errors.Is(err, store.ErrCompacted) {
		return nil
	}
	if err != nil {
		return err
	}
	return past.list(p.reader, zoneID, store.Start{}, func(set *zone.RRset) error {
		encoded, err := event.EncodeRRset(set)
		if err != nil {
			return err
		}
		return stream.item(itemRRset, encoded)
	})
}

// sumState counts and sums all heads and RRsets.
func sumState(ctx context.Context, r Reader, t *backupTrailer) error {
	lower, upper := bounds(tableHeads)
	err := scan(r, lower, upper, func(key, value []byte) error {
		entity, err := parseEntity(key[1:])
		if err != nil {
			return err
		}
		var row headRow
		if err := event.DecodeDocument(value, &row); err != nil {
			return damaged("head", err)
		}
		t.Entities++
		t.State.add(headMember(row.head(entity), event.HashOf(row.Document)))
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	lower, upper = bounds(tableRRsets)
	return scan(r, lower, upper, func(key, value []byte) error {
		t.RRsets++
		t.State.add(rrsetMember(key, value))
		return ctx.Err()
	})
}
