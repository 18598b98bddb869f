package kv

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/zone"
)

// RRsets implements store.View. At the latest version it is a scan of the
// zone's rows. An older version is the latest one with an overlay: what each
// RRset was that has changed since, which the first change of it tells (Old).
func (v *view) RRsets(zoneID string, version uint64, start store.Start) iter.Seq2[*zone.RRset, error] {
	return func(yield func(*zone.RRset, error) bool) {
		if err := v.open(); err != nil {
			yield(nil, err)
			return
		}
		past, err := readPast(v.reader, v.base, zoneID, version)
		if err == nil {
			err = past.list(v.reader, zoneID, start, func(set *zone.RRset) error {
				if !yield(set, nil) {
					return errStop
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// past is how the RRsets of a zone were at a version: as they are now, but for
// what overlay has; or, if whole, as overlay has them.
type past struct {
	overlay map[string]*zone.RRset // by row key; nil where the RRset was absent
	whole   bool
}

// readPast works out an older version; version 0 is the latest.
func readPast(r Reader, base uint64, zoneID string, version uint64) (past, error) {
	if version == 0 {
		return past{}, nil
	}
	key := event.Key{Kind: event.KindZone, ID: zoneID}
	head, err := readHead(r, key)
	if err != nil || version == head.Version {
		return past{}, err
	}
	if version > head.Version {
		return past{}, fmt.Errorf("zone %q has no version %d: it is at %d", zoneID, version, head.Version)
	}
	begin, _, err := readBase(r, base, key)
	if err != nil {
		return past{}, err
	}
	if version < begin.Version {
		return past{}, fmt.Errorf("%w: zone %q is known from version %d on", store.ErrCompacted, zoneID, begin.Version)
	}
	p := past{overlay: make(map[string]*zone.RRset)}
	err = scanHistory(r, key, version+1, func(record store.Record) error {
		if record.Event.Deleted {
			p.whole = true
			return errStop
		}
		for i := range record.Event.Changes {
			c := &record.Event.Changes[i]
			row := string(appendRRsetKey(nil, zoneID, c.Key()))
			if _, changed := p.overlay[row]; !changed {
				p.overlay[row] = c.Old
			}
		}
		return nil
	})
	if p.whole {
		return replayPast(r, begin, version)
	}
	return p, err
}

// replayPast rebuilds a version of a zone that was deleted since: its rows are
// gone, so the events from the beginning of that life on are applied to
// nothing. begin is the zone as the log begins.
func replayPast(r Reader, begin store.Head, version uint64) (past, error) {
	p := past{overlay: make(map[string]*zone.RRset), whole: true}
	known := !begin.Exists() // nothing came before
	err := scanHistory(r, begin.Key, begin.Version+1, func(record store.Record) error {
		if record.Event.Version > version {
			return errStop
		}
		if record.Event.Deleted {
			clear(p.overlay)
			known = true
		}
		for i := range record.Event.Changes {
			c := &record.Event.Changes[i]
			row := string(appendRRsetKey(nil, begin.Key.ID, c.Key()))
			if c.New == nil || record.Event.Deleted {
				delete(p.overlay, row)
			} else {
				p.overlay[row] = c.New
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return past{}, err
	}
	if !known {
		return past{}, fmt.Errorf("%w: version %d of zone %q was before a deletion and began before the log", store.ErrCompacted, version, begin.Key.ID)
	}
	return p, nil
}

// list calls f for the RRsets from start on, in list order.
func (p *past) list(r Reader, zoneID string, start store.Start, f func(*zone.RRset) error) error {
	lower := startKey(zoneID, start)
	var rows []string // of the overlay, in order, not yet listed
	for row := range p.overlay {
		if row >= string(lower) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	// before lists the overlay's RRsets up to a key and says whether the
	// overlay has that key itself.
	before := func(key []byte) (replaced bool, err error) {
		for len(rows) > 0 && (key == nil || rows[0] <= string(key)) {
			set := p.overlay[rows[0]]
			replaced = rows[0] == string(key)
			rows = rows[1:]
			if set == nil {
				continue
			}
			if err := f(set); err != nil {
				return false, err
			}
		}
		return replaced, nil
	}
	if !p.whole {
		_, upper := zoneBounds(zoneID)
		var decoder event.RRsetDecoder
		err := scan(r, lower, upper, func(key, value []byte) error {
			if replaced, err := before(key); replaced || err != nil {
				return err
			}
			set, err := decoder.Decode(value)
			if err != nil {
				return damaged(fmt.Sprintf("row %q", key), err)
			}
			return f(set)
		})
		if err != nil {
			return err
		}
	}
	_, err := before(nil)
	return err
}
