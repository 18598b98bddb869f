package kv

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
)

const maxFaults = 100

// Verify implements store.Store. It reads one picture in three passes:
//
//	log       all positions are there; each change id leads to its events
//	entities  each entity's events form a chain and lead to its head; the sum
//	          of what they did to the zone's RRsets is the sum of its rows
//	indexes   there is a row for every row a document asks for, and no other
//
// Memory does not grow with the store: entities, versions, heads and zones lie
// in the same order, so the second pass walks them side by side, and a zone's
// RRsets are compared by a sum (see sum). A fault is listed and the pass goes
// on; only a failure to read at all is an error.
func (s *Store) Verify(ctx context.Context, progress func(done, total uint64)) (report store.Report, err error) {
	p, err := s.acquire()
	if err != nil {
		return report, err
	}
	defer func() { err = cmp.Or(err, s.release(p)) }()
	v := &verifier{
		interrupted: ctx.Err, reader: p.reader, position: p.position, base: p.base,
		total: 2 * (p.position - p.base), progress: progress, kinds: make(map[event.Kind]uint64),
	}
	for _, pass := range []func() error{v.log, v.entities, v.indexes, v.counts} {
		if err := pass(); err != nil {
			return v.report, fmt.Errorf("verify: %w", err)
		}
	}
	return v.report, v.step(0, true)
}

type verifier struct {
	interrupted func() error
	reader      Reader
	position    uint64
	base        uint64

	report      store.Report
	done, total uint64 // events, each read twice, and RRsets as heads count them
	progress    func(done, total uint64)

	kinds     map[event.Kind]uint64 // existing entities
	indexRows uint64                // that the documents ask for
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.report.Faults) < maxFaults {
		v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
	}
}

// step counts work done and ends the verification with its context.
func (v *verifier) step(n uint64, last bool) error {
	v.done += n
	if v.progress != nil && (last || v.done%1024 == 0) {
		v.progress(min(v.done, v.total), v.total)
	}
	return v.interrupted()
}

// log is the first pass.
func (v *verifier) log() error {
	next := v.base + 1
	var runs uint64 // changes in the log: their events are consecutive
	lastChange := ""
	err := scan(v.reader, logKey(next), logKey(v.position+1), func(key, encoded []byte) error {
		position, err := parseUint64(key[1:])
		if err != nil {
			return err
		}
		if position != next {
			v.fault("events %d to %d are missing", next, position-1)
		}
		next = position + 1
		v.report.Events++
		record, err := decodeRecord(position, encoded)
		if err != nil {
			v.fault("%v", err)
			return v.step(1, false)
		}
		if id := record.Event.ChangeID; id != lastChange {
			lastChange = id
			runs++
			v.change(record)
		}
		return v.step(1, false)
	})
	if err != nil {
		return err
	}
	if next != v.position+1 {
		v.fault("events %d to %d are missing", next, v.position)
	}
	rows, err := v.changeRows()
	if err == nil && rows != runs {
		v.fault("%d changes are listed, the log has %d", rows, runs)
	}
	return err
}

// change checks that a change is found by its id.
func (v *verifier) change(record store.Record) {
	var row changeRow
	found, err := readRow(v.reader, changeKey(record.Event.ChangeID), "change", &row)
	switch {
	case err != nil:
		v.fault("change %q: %v", record.Event.ChangeID, err)
	case !found:
		v.fault("change %q of event %d is not listed", record.Event.ChangeID, record.Position)
	case record.Position < row.First || record.Position > row.Last:
		v.fault("change %q is listed at events %d to %d, not %d", record.Event.ChangeID, row.First, row.Last, record.Position)
	}
}

// changeRows counts the rows of changes that the log still holds.
func (v *verifier) changeRows() (rows uint64, err error) {
	lower, upper := bounds(tableChanges)
	err = scan(v.reader, lower, upper, func(key, value []byte) error {
		var row changeRow
		if err := event.DecodeDocument(value, &row); err != nil {
			v.fault("%v", damaged(fmt.Sprintf("change %q", key[1:]), err))
		} else if row.Last > v.base {
			rows++
		}
		return v.interrupted()
	})
	return rows, err
}

// entities is the second pass.
func (v *verifier) entities() (err error) {
	var cursors [3]table
	for i, lower := range [][]byte{{tableVersions}, {tableRRsets}, basePrefix(v.base)} {
		_, upper := bounds(lower[0])
		if lower[0] == tableBase {
			_, upper = baseBounds(v.base)
		}
		if cursors[i].Cursor, err = v.reader.Scan(lower, upper); err != nil {
			return err
		}
		defer func() { err = cmp.Or(err, cursors[i].Close()) }()
		cursors[i].next()
	}
	versions, rrsets, begins := &cursors[0], &cursors[1], &cursors[2]
	lower, upper := bounds(tableHeads)
	err = scan(v.reader, lower, upper, func(key, value []byte) error {
		entity, err := parseEntity(key[1:])
		if err != nil {
			return err
		}
		var row headRow
		if err := event.DecodeDocument(value, &row); err != nil {
			v.fault("%v", damaged(fmt.Sprintf("head of %s %q", entity.Kind, entity.ID), err))
		}
		return v.entity(row.head(entity), versions, rrsets, begins)
	})
	if err != nil {
		return err
	}
	v.orphans(versions, nil, "version")
	v.orphans(begins, nil, "base")
	v.orphans(rrsets, nil, "RRset")
	return v.interrupted()
}

// table is a cursor that stands on a row; key is nil at the end.
type table struct {
	Cursor
	key []byte
}

func (t *table) next() {
	t.key = nil
	if t.Next() {
		t.key = t.Key()
	}
}

// orphans reports and skips the rows before a key (all, if nil): they belong
// to no entity.
func (v *verifier) orphans(t *table, until []byte, what string) {
	for t.key != nil && (until == nil || bytes.Compare(t.key, until) < 0) {
		v.fault("%s row %q belongs to no entity", what, t.key)
		t.next()
	}
}

// entity checks one entity from where the log begins to its head.
func (v *verifier) entity(head store.Head, versions, rrsets, begins *table) error {
	v.report.Entities++
	state, set, err := v.begin(head.Key, begins)
	if err != nil {
		return err
	}
	if err := v.chain(&state, &set, versions); err != nil {
		return err
	}
	if a, b := headMember(state, event.HashOf(state.Document)), headMember(head, event.HashOf(head.Document)); a != b {
		v.fault("the head of %s %q is version %d, hash %s, %d RRsets; its events lead to version %d, hash %s, %d RRsets (or position, serial or document differ)",
			head.Key.Kind, head.Key.ID, head.Version, head.Hash, head.RRsets, state.Version, state.Hash, state.RRsets)
	}
	if head.Exists() {
		v.kinds[head.Key.Kind]++
	}
	if err := v.listed(head); err != nil {
		return err
	}
	if head.Key.Kind != event.KindZone {
		return nil
	}
	v.total += head.RRsets
	return v.rrsets(head, set, rrsets)
}

// begin reads the entity as the log begins.
func (v *verifier) begin(key event.Key, begins *table) (store.Head, sum, error) {
	if v.base == 0 {
		return store.Head{Key: key}, sum{}, nil
	}
	at := baseKey(v.base, key)
	v.orphans(begins, at, "base")
	if !bytes.Equal(begins.key, at) {
		return store.Head{Key: key}, sum{}, nil
	}
	var row baseRow
	if err := event.DecodeDocument(begins.Value(), &row); err != nil {
		v.fault("%v", damaged(fmt.Sprintf("base of %s %q", key.Kind, key.ID), err))
	}
	begins.next()
	return row.Head.head(key), row.Sum, v.interrupted()
}

// chain applies the entity's events to state and set.
func (v *verifier) chain(state *store.Head, set *sum, versions *table) error {
	key := state.Key
	// Rows below are left over from an interrupted Compact.
	v.orphans(versions, versionKey(key, 0), "version")
	upper := versionKey(key, 1<<64-1)
	for ; versions.key != nil && bytes.Compare(versions.key, upper) <= 0; versions.next() {
		_, version, err := parseVersionKey(versions.key)
		if err != nil {
			return err
		}
		if version <= state.Version && state.Position <= v.base {
			continue
		}
		position, err := parseUint64(versions.Value())
		if err != nil {
			return err
		}
		if err := v.step(1, false); err != nil {
			return err
		}
		record, err := readRecord(v.reader, position)
		if err != nil {
			v.fault("version %d of %s %q: %v", version, key.Kind, key.ID, err)
			continue
		}
		if record.Event.Key != key || record.Event.Version != version {
			v.fault("event %d is not version %d of %s %q", position, version, key.Kind, key.ID)
			continue
		}
		next, err := advance(*state, record.Event, record.Hash, position)
		if err != nil {
			v.fault("event %d does not follow version %d of %s %q: %v", position, state.Version, key.Kind, key.ID, err)
			continue
		}
		*state = next
		if err := set.addChanges(record.Event); err != nil {
			return err
		}
	}
	return nil
}

// listed checks that each index row the document asks for is there.
func (v *verifier) listed(head store.Head) error {
	rows, err := event.IndexRows(head.Key.Kind, head.Document)
	if err != nil {
		v.fault("%s %q: %v", head.Key.Kind, head.Key.ID, err)
		return nil
	}
	entity := appendEntity(nil, head.Key)
	unique := make(map[event.Row]bool, len(rows))
	for _, row := range rows {
		if unique[row] {
			continue
		}
		unique[row] = true
		value, found, err := v.reader.Read(nil, indexKey(row))
		if err != nil {
			return err
		}
		if !found || !bytes.Equal(value, entity) {
			v.fault("index %s does not list %s %q at %q", row.Index, head.Key.Kind, head.Key.ID, row.Key)
		}
	}
	v.indexRows += uint64(len(unique))
	return nil
}

// rrsets compares a zone's rows with what its events left.
func (v *verifier) rrsets(head store.Head, want sum, rows *table) error {
	lower, upper := zoneBounds(head.Key.ID)
	v.orphans(rows, lower, "RRset")
	var got sum
	var n uint64
	var decoder event.RRsetDecoder
	for ; rows.key != nil && bytes.Compare(rows.key, upper) < 0; rows.next() {
		n++
		got.add(rrsetMember(rows.key, rows.Value()))
		set, err := decoder.Decode(rows.Value())
		if err != nil {
			v.fault("%v", damaged(fmt.Sprintf("row %q", rows.key), err))
		} else if want := appendRRsetKey(nil, head.Key.ID, set.Key()); !bytes.Equal(rows.key, want) {
			v.fault("row %q holds the RRset of row %q", rows.key, want)
		}
		if err := v.step(1, false); err != nil {
			return err
		}
	}
	v.report.RRsets += n
	if n != head.RRsets {
		v.fault("zone %q has %d RRsets, its head counts %d", head.Key.ID, n, head.RRsets)
	}
	if got != want {
		v.fault("the RRsets of zone %q are not what its events lead to", head.Key.ID)
	}
	return nil
}

// indexes is the third pass: all rows that should be there are, so another
// number of rows means that there are others.
func (v *verifier) indexes() error {
	var rows uint64
	lower, upper := bounds(tableIndexes)
	err := scan(v.reader, lower, upper, func(_, _ []byte) error {
		rows++
		return v.interrupted()
	})
	if err == nil && rows != v.indexRows {
		v.fault("the indexes have %d rows, the documents ask for %d", rows, v.indexRows)
	}
	return err
}

// counts compares the counters.
func (v *verifier) counts() error {
	lower, upper := bounds(tableCounts)
	err := scan(v.reader, lower, upper, func(key, value []byte) error {
		kind := event.Kind(key[1:])
		count, err := parseUint64(value)
		if err != nil {
			return err
		}
		if count != v.kinds[kind] {
			v.fault("%d entities of kind %s are counted, there are %d", count, kind, v.kinds[kind])
		}
		delete(v.kinds, kind)
		return nil
	})
	if err != nil {
		return err
	}
	for kind, n := range v.kinds {
		v.fault("entities of kind %s are not counted, there are %d", kind, n)
	}
	events, err := readCounter(v.reader, metaEvents)
	if err == nil && events != v.position {
		v.fault("%d events are counted, the log ends at %d", events, v.position)
	}
	return err
}
