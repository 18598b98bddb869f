package storetest

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/zone"
)

// model is what a store must show: every version of every entity, whole, and
// the log. It is fed the events that the store has accepted.
type model struct {
	entities map[event.Key][]state // index is version-1
	log      []store.Record
	changes  map[string]store.ChangeRecord
}

// state is an entity at one version.
type state struct {
	head store.Head
	sets map[zone.RRsetKey]*zone.RRset
}

func newModel() *model {
	return &model{entities: make(map[event.Key][]state), changes: make(map[string]store.ChangeRecord)}
}

// apply takes in one accepted batch.
func (m *model) apply(t *testing.T, events ...*event.Event) {
	t.Helper()
	change := store.ChangeRecord{Time: events[0].Time}
	for _, e := range events {
		encoded, err := event.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		record := store.Record{Position: uint64(len(m.log)) + 1, Hash: event.HashOf(encoded), Event: e}
		m.log = append(m.log, record)
		m.applyRecord(record)
		change.Position = record.Position
		if change.Comment == "" {
			change.Comment = e.Comment
		}
		if !slices.Contains(change.Keys, e.Key) {
			change.Keys = append(change.Keys, e.Key)
		}
	}
	m.changes[events[0].ChangeID] = change
}

func (m *model) applyRecord(record store.Record) {
	e := record.Event
	before := m.latest(e.Key)
	next := state{
		head: store.Head{
			Key: e.Key, Version: e.Version, Hash: record.Hash, Position: record.Position,
			Deleted: e.Deleted, Document: before.head.Document, Serial: e.Serial,
		},
		sets: maps.Clone(before.sets),
	}
	if next.sets == nil {
		next.sets = make(map[zone.RRsetKey]*zone.RRset)
	}
	for _, c := range e.Changes {
		if c.New == nil {
			delete(next.sets, c.Key())
		} else {
			next.sets[c.Key()] = c.New
		}
	}
	if e.Document != nil {
		next.head.Document = e.Document
	}
	if e.Deleted {
		next.head.Document, next.sets = nil, nil
	}
	next.head.RRsets = uint64(len(next.sets))
	m.entities[e.Key] = append(m.entities[e.Key], next)
}

func (m *model) latest(key event.Key) state {
	versions := m.entities[key]
	if len(versions) == 0 {
		return state{head: store.Head{Key: key}}
	}
	return versions[len(versions)-1]
}

// list is the RRsets in list order, from a start on.
func (s state) list(start store.Start) []*zone.RRset {
	place := func(name, typ, id string) string { return name + "\x00" + typ + "\x00" + id }
	var sets []*zone.RRset
	for _, set := range s.sets {
		at := place(set.Name.SortKey(), set.Type.String(), set.SetIdentifier)
		if start.Name == "" || at >= place(start.Name.SortKey(), start.Type, start.SetIdentifier) {
			sets = append(sets, set)
		}
	}
	slices.SortFunc(sets, func(a, b *zone.RRset) int {
		return strings.Compare(
			place(a.Name.SortKey(), a.Type.String(), a.SetIdentifier), place(b.Name.SortKey(), b.Type.String(), b.SetIdentifier))
	})
	return sets
}

// index is the keys under an index with a prefix, from a start on.
func (m *model) index(t *testing.T, index event.Index, prefix, start string) []string {
	t.Helper()
	keys := []string{}
	for key := range m.entities {
		rows, err := event.IndexRows(key.Kind, m.latest(key).head.Document)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.Index == index && strings.HasPrefix(row.Key, prefix) && row.Key >= start {
				keys = append(keys, row.Key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// collect reads a sequence to its end; an error fails the test.
func collect[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	all, err := collectUntil(seq)
	if err != nil {
		t.Fatalf("after %d: %v", len(all), err)
	}
	return all
}

func collectUntil[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for one, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// check compares the whole store with the model. from is the first position
// that the store still has in its log.
func (m *model) check(t *testing.T, s store.Store, from uint64) {
	t.Helper()
	inView(t, s, func(v store.View) {
		if got, want := v.Position(), uint64(len(m.log)); got != want {
			t.Fatalf("position is %d, want %d", got, want)
		}
		counts := make(map[event.Kind]uint64)
		for key := range m.entities {
			m.checkEntity(t, v, key, from)
			if m.latest(key).head.Exists() {
				counts[key.Kind]++
			}
		}
		for _, kind := range []event.Kind{event.KindZone, event.KindReference, event.KindDelegationSet} {
			if got, err := v.Count(kind); err != nil || got != counts[kind] {
				t.Errorf("count of %s is %d, %v; want %d", kind, got, err, counts[kind])
			}
		}
		m.checkIndexes(t, v)
		m.checkChanges(t, v, from)
	})
	m.checkTail(t, s, from)
}

func (m *model) checkEntity(t *testing.T, v store.View, key event.Key, from uint64) {
	t.Helper()
	versions := m.entities[key]
	got, err := v.Head(key)
	if err != nil {
		t.Fatalf("head of %v: %v", key, err)
	}
	if diff := cmp.Diff(m.latest(key).head, got); diff != "" {
		t.Errorf("head of %v (-want +got):\n%s", key, diff)
	}
	begin := uint64(0) // the entity's last version before the log
	for _, version := range versions {
		if version.head.Position < from {
			begin = version.head.Version
		}
	}
	var history []store.Record
	for _, version := range versions[begin:] {
		history = append(history, m.log[version.head.Position-1])
	}
	if diff := cmp.Diff(history, collect(t, v.History(key, begin+1))); diff != "" {
		t.Errorf("history of %v (-want +got):\n%s", key, diff)
	}
	if key.Kind != event.KindZone {
		return
	}
	if diff := diffSets(m.latest(key).list(store.Start{}), collect(t, v.RRsets(key.ID, 0, store.Start{}))); diff != "" {
		t.Errorf("RRsets of %v (-want +got):\n%s", key, diff)
	}
	for i := range versions {
		m.checkVersion(t, v, versions, i, begin)
	}
}

// checkVersion compares the RRsets at one version of a zone. Versions from
// before the log are gone, and so are those of a life that began before it and
// has ended since.
func (m *model) checkVersion(t *testing.T, v store.View, versions []state, i int, begin uint64) {
	t.Helper()
	version := versions[i].head.Version
	gone := version < begin
	if begin > 0 && version >= begin && versions[begin-1].head.Exists() {
		endsLater := slices.ContainsFunc(versions[version:], func(s state) bool { return s.head.Deleted })
		diedBefore := slices.ContainsFunc(versions[begin-1:version], func(s state) bool { return s.head.Deleted })
		gone = endsLater && !diedBefore
	}
	id := versions[i].head.Key.ID
	got, err := collectUntil(v.RRsets(id, version, store.Start{}))
	if gone {
		if !isCompacted(err) {
			t.Errorf("RRsets of %s at version %d: %v, want ErrCompacted", id, version, err)
		}
		return
	}
	if err != nil {
		t.Errorf("RRsets of %s at version %d: %v", id, version, err)
	}
	if diff := diffSets(versions[i].list(store.Start{}), got); diff != "" {
		t.Errorf("RRsets of %s at version %d (-want +got):\n%s", id, version, diff)
	}
}

func (m *model) checkIndexes(t *testing.T, v store.View) {
	t.Helper()
	for _, index := range []event.Index{
		event.IndexZoneID, event.IndexZoneName, event.IndexZoneVPC, event.IndexZoneDelegationSet, event.IndexDelegationSetID,
	} {
		got := []string{}
		for _, entry := range collect(t, v.List(index, nil, nil)) {
			got = append(got, string(entry.IndexKey))
			if diff := cmp.Diff(m.latest(entry.Head.Key).head, entry.Head); diff != "" {
				t.Errorf("%s at %q (-want +got):\n%s", index, entry.IndexKey, diff)
			}
		}
		if diff := cmp.Diff(m.index(t, index, "", ""), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", index, diff)
		}
	}
}

func (m *model) checkChanges(t *testing.T, v store.View, from uint64) {
	t.Helper()
	for id, want := range m.changes {
		got, found, err := v.Lookup(id)
		if err != nil {
			t.Fatalf("lookup %s: %v", id, err)
		}
		if want.Position < from {
			if found {
				t.Errorf("change %s is found, but it was compacted", id)
			}
			continue
		}
		if diff := cmp.Diff(want, got); !found || diff != "" {
			t.Errorf("change %s: found %v (-want +got):\n%s", id, found, diff)
		}
	}
}

func (m *model) checkTail(t *testing.T, s store.Store, from uint64) {
	t.Helper()
	if from > uint64(len(m.log)) {
		return
	}
	want := m.log[from-1:]
	if diff := cmp.Diff(want, tailN(t, s, from, len(want))); diff != "" {
		t.Errorf("tail from %d (-want +got):\n%s", from, diff)
	}
}

// diffSets compares lists of RRsets: the whole of each, by its encoding.
func diffSets(want, got []*zone.RRset) string {
	if slices.EqualFunc(want, got, func(a, b *zone.RRset) bool { return bytes.Equal(encodeSet(a), encodeSet(b)) }) {
		return ""
	}
	return cmp.Diff(describe(want), describe(got))
}

func encodeSet(set *zone.RRset) []byte {
	b, err := event.EncodeRRset(set)
	if err != nil {
		panic(err) // the suite made it
	}
	return b
}

func describe(sets []*zone.RRset) []string {
	lines := make([]string, len(sets))
	for i, set := range sets {
		lines[i] = fmt.Sprintf("%s %s %q %d %q", set.Name, set.Type, set.SetIdentifier, set.TTL, set.Values)
	}
	return lines
}
