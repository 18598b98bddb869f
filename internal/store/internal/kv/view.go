package kv

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// view implements store.View over one picture.
type view struct {
	store    *Store
	*picture // nil if the view is of a closed store, or closed itself
}

// View implements store.Store.
func (s *Store) View() store.View {
	p, _ := s.acquire() // a view of a closed store says so when it is used
	return &view{s, p}
}

func (v *view) open() error {
	if v.picture == nil {
		return errClosed
	}
	return nil
}

func (v *view) Close() error {
	p := v.picture
	if p == nil {
		return nil
	}
	v.picture = nil
	return v.store.release(p)
}

func (v *view) Position() uint64 {
	if v.picture == nil {
		return 0
	}
	return v.position
}

func (v *view) Head(key event.Key) (store.Head, error) {
	if err := v.open(); err != nil {
		return store.Head{}, err
	}
	return readHead(v.reader, key)
}

func (v *view) Lookup(changeID string) (store.ChangeRecord, bool, error) {
	if err := v.open(); err != nil {
		return store.ChangeRecord{}, false, err
	}
	var row changeRow
	found, err := readRow(v.reader, changeKey(changeID), "change", &row)
	if err != nil || !found {
		return store.ChangeRecord{}, false, err
	}
	return store.ChangeRecord{Position: row.Last, Time: row.Time, Comment: row.Comment, Keys: row.Keys}, true, nil
}

func (v *view) Count(kind event.Kind) (uint64, error) {
	if err := v.open(); err != nil {
		return 0, err
	}
	n, err := readCounter(v.reader, countKey(kind))
	if err != nil {
		return 0, fmt.Errorf("count of %s: %w", kind, err)
	}
	return n, nil
}

func (v *view) RRsetsAt(zoneID string, name rdata.Name) ([]*zone.RRset, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	var sets []*zone.RRset
	var decoder event.RRsetDecoder
	lower, upper := nameBounds(zoneID, name)
	err := scan(v.reader, lower, upper, func(key, value []byte) error {
		set, err := decoder.Decode(value)
		if err != nil {
			return damaged(fmt.Sprintf("row %q", key), err)
		}
		sets = append(sets, set)
		return nil
	})
	return sets, err
}

func (v *view) List(index store.Index, prefix, start []byte) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if err := v.open(); err != nil {
			yield(store.Entry{}, err)
			return
		}
		table := indexPrefix(index)
		within := append(bytes.Clone(table), prefix...)
		lower := append(bytes.Clone(table), start...)
		if bytes.Compare(lower, within) < 0 {
			lower = within
		}
		err := scan(v.reader, lower, prefixEnd(within), func(key, value []byte) error {
			entity, err := parseEntity(value)
			if err != nil {
				return err
			}
			head, err := readHead(v.reader, entity)
			if err != nil {
				return err
			}
			if !head.Exists() {
				return fmt.Errorf("%w: index %s lists %s %q, which does not exist", store.ErrDamaged, index, entity.Kind, entity.ID)
			}
			if !yield(store.Entry{IndexKey: bytes.Clone(key[len(table):]), Head: head}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(store.Entry{}, err)
		}
	}
}

func (v *view) History(key event.Key, from uint64) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		if err := v.open(); err != nil {
			yield(store.Record{}, err)
			return
		}
		from := max(from, 1)
		base, _, err := readBase(v.reader, v.base, key)
		if err == nil && from <= base.Version {
			err = fmt.Errorf("%w: the history of %s %q begins at version %d", store.ErrCompacted, key.Kind, key.ID, base.Version+1)
		}
		if err != nil {
			yield(store.Record{}, err)
			return
		}
		err = scanHistory(v.reader, key, from, func(record store.Record) error {
			if !yield(record, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(store.Record{}, err)
		}
	}
}

// scanHistory calls f for an entity's events from a version on, which the log
// must still hold.
func scanHistory(r Reader, key event.Key, from uint64, f func(store.Record) error) error {
	next := from
	lower, upper := versionBounds(key, from)
	return scan(r, lower, upper, func(k, value []byte) error {
		_, version, err := parseVersionKey(k)
		if err != nil {
			return err
		}
		position, err := parseUint64(value)
		if err != nil {
			return err
		}
		record, err := readRecord(r, position)
		if err != nil {
			return err
		}
		if version != next || record.Event.Version != version || record.Event.Key != key {
			return fmt.Errorf("%w: event %d is not version %d of %s %q", store.ErrDamaged, position, next, key.Kind, key.ID)
		}
		next++
		return f(record)
	})
}
