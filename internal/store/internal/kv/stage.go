package kv

import (
	"fmt"
	"maps"

	"open53/internal/event"
	"open53/internal/store"
)

// A stage turns batches into the rows of one engine batch. Batches that are
// added build on each other; one that fails leaves no trace.
type stage struct {
	latest  Reader // all that is committed
	heads   *headCache
	batch   Batch
	pending map[event.Key]store.Head // as the added batches leave them
	changes map[string]uint64        // change id → position, of the added batches

	position uint64         // of the last event added
	events   int64          // how many were added
	records  []store.Record // the events added
}

func newStage(latest Reader, heads *headCache, batch Batch, position uint64) *stage {
	return &stage{
		latest: latest, heads: heads, batch: batch, position: position,
		pending: make(map[event.Key]store.Head), changes: make(map[string]uint64),
	}
}

// step is one event of a batch between check and write.
type step struct {
	*prepared
	old, new store.Head
	unlist   []event.Row // index rows of the document that goes
}

// add checks a submission against the heads and, if all is well, writes its
// rows to the engine batch.
func (s *stage) add(sub *submission) error {
	if position, found, err := s.committed(sub.changeID); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	} else if found {
		sub.position, sub.repeated = position, true
		return nil
	}
	steps, heads, err := s.check(sub)
	if err != nil {
		return err
	}
	s.write(sub, steps)
	maps.Copy(s.pending, heads)
	s.changes[sub.changeID] = s.position
	sub.position = s.position
	sub.staged = true
	return nil
}

func (s *stage) committed(changeID string) (uint64, bool, error) {
	if position, found := s.changes[changeID]; found {
		return position, true, nil
	}
	var row changeRow
	found, err := readRow(s.latest, changeKey(changeID), "change", &row)
	return row.Last, found, err
}

func (s *stage) check(sub *submission) ([]step, map[event.Key]store.Head, error) {
	steps := make([]step, len(sub.events))
	heads := make(map[event.Key]store.Head, len(sub.events))
	for i, p := range sub.events {
		old, found := heads[p.event.Key]
		if !found {
			var err error
			if old, err = s.head(p.event.Key); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
			}
		}
		next, err := advance(old, p.event, p.hash, s.position+uint64(i)+1)
		if err != nil {
			return nil, nil, err
		}
		heads[p.event.Key] = next
		steps[i] = step{prepared: p, old: old, new: next}
		if len(p.event.Document) > 0 || p.event.Deleted {
			if steps[i].unlist, err = event.IndexRows(old.Key.Kind, old.Document); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", store.ErrUnavailable, damaged("document", err))
			}
		}
	}
	return steps, heads, nil
}

// head is an entity's head as the added batches leave it.
func (s *stage) head(key event.Key) (store.Head, error) {
	if head, found := s.pending[key]; found {
		return head, nil
	}
	if head, found := s.heads.lookup(key); found {
		return head, nil
	}
	head, err := readHead(s.latest, key)
	if err == nil {
		s.heads.put(head)
	}
	return head, err
}

// advance is what an event does to the head of its entity; appending,
// restoring and verifying all go through it. Errors: *Conflict, ErrInvalid.
func advance(head store.Head, e *event.Event, hash event.Hash, position uint64) (store.Head, error) {
	if e.Version != head.Version+1 || e.Prev != head.Hash {
		return store.Head{}, &store.Conflict{Actual: head}
	}
	next := store.Head{
		Key: e.Key, Version: e.Version, Hash: hash, Position: position,
		Deleted: e.Deleted, Document: head.Document, Serial: e.Serial, RRsets: head.RRsets,
	}
	if e.Deleted {
		if !head.Exists() {
			return store.Head{}, fmt.Errorf("%w: deletes %s %q, which does not exist", store.ErrInvalid, e.Key.Kind, e.Key.ID)
		}
		next.Document, next.RRsets = nil, 0
		return next, nil
	}
	if len(e.Document) > 0 {
		next.Document = e.Document
	}
	for i := range e.Changes {
		switch c := &e.Changes[i]; {
		case c.Old == nil:
			next.RRsets++
		case c.New == nil && next.RRsets == 0:
			return store.Head{}, fmt.Errorf("%w: removes more RRsets than zone %q has", store.ErrInvalid, e.Key.ID)
		case c.New == nil:
			next.RRsets--
		}
	}
	return next, nil
}

// write adds all rows of a checked batch.
func (s *stage) write(sub *submission, steps []step) {
	change := changeRow{First: s.position + 1, Time: sub.events[0].event.Time}
	seen := make(map[event.Key]bool, len(steps))
	for i := range steps {
		p := steps[i].prepared
		s.writeStep(&steps[i])
		s.position++
		s.events++
		s.records = append(s.records, store.Record{Position: s.position, Hash: p.hash, Event: p.event})
		if change.Comment == "" {
			change.Comment = p.event.Comment
		}
		if !seen[p.event.Key] {
			seen[p.event.Key] = true
			change.Keys = append(change.Keys, p.event.Key)
		}
	}
	change.Last = s.position
	setRow(s.batch, changeKey(sub.changeID), change)
}

func (s *stage) writeStep(st *step) {
	key, position := st.event.Key, st.new.Position
	s.batch.Set(logKey(position), st.encoded)
	s.batch.Set(versionKey(key, st.event.Version), uint64Bytes(position))
	if st.event.Deleted && key.Kind == event.KindZone {
		s.batch.DeleteRange(zoneBounds(key.ID))
	}
	for _, row := range st.rows {
		if row.value == nil {
			s.batch.Delete(row.key)
		} else {
			s.batch.Set(row.key, row.value)
		}
	}
	writeHead(s.batch, st)
}

// writeHead writes an entity's head and what follows from it: its index rows
// and the count of its kind.
func writeHead(batch Batch, st *step) {
	setRow(batch, headKey(st.new.Key), rowOfHead(st.new))
	for _, row := range st.unlist {
		batch.Delete(indexKey(row))
	}
	entity := appendEntity(nil, st.new.Key)
	for _, row := range st.index { // after the deletes: a row may be in both
		batch.Set(indexKey(row), entity)
	}
	switch {
	case st.new.Exists() && !st.old.Exists():
		batch.Add(countKey(st.new.Key.Kind), 1)
	case !st.new.Exists() && st.old.Exists():
		batch.Add(countKey(st.new.Key.Kind), -1)
	}
}

func setRow(batch Batch, key []byte, row any) {
	value, err := event.EncodeDocument(row)
	if err != nil {
		panic(err) // the rows are structs of this package
	}
	batch.Set(key, value)
}

// seal adds what is written once per group.
func (s *stage) seal() { s.batch.Add(metaEvents, s.events) }
