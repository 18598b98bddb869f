package kv

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"testing"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// fakeEngine is the plainest engine: a map that every snapshot copies. Tests
// reach into it and make it fail.
type fakeEngine struct {
	mu   sync.Mutex // guards what follows
	rows map[string][]byte

	commits int                  // so far
	commit  func(n int) error    // called before the n-th commit (1 is the first) is applied
	after   func(n int) error    // called after it is
	ready   error                // what Ready returns
	failed  error                // what Failed returns
	read    func(k string) error // called before each Read
}

func newFakeEngine() *fakeEngine { return &fakeEngine{rows: make(map[string][]byte)} }

// copy is an engine of what this one holds now.
func (e *fakeEngine) copy() *fakeEngine {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &fakeEngine{rows: maps.Clone(e.rows)}
}

func (e *fakeEngine) Failed() error    { return e.failed }
func (e *fakeEngine) Ready(int) error  { return e.ready }
func (e *fakeEngine) Published(uint64) {}
func (e *fakeEngine) Close() error     { return nil }
func (e *fakeEngine) NewBatch() Batch  { return &fakeBatch{} }

func (e *fakeEngine) Snapshot() Reader {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &fakeReader{engine: e, rows: maps.Clone(e.rows)}
}

func (e *fakeEngine) Commit(b Batch) (Reader, error) {
	e.mu.Lock()
	e.commits++
	n := e.commits
	e.mu.Unlock()
	if e.commit != nil {
		if err := e.commit(n); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	for _, write := range b.(*fakeBatch).writes {
		write(e.rows)
	}
	e.mu.Unlock()
	if e.after != nil {
		if err := e.after(n); err != nil {
			return nil, err
		}
	}
	return e.Snapshot(), nil
}

type fakeBatch struct {
	writes []func(rows map[string][]byte)
	size   int
}

func (b *fakeBatch) Set(key, value []byte) {
	k, v := string(key), append([]byte{}, value...)
	b.writes = append(b.writes, func(rows map[string][]byte) { rows[k] = v })
	b.size += len(key) + len(value)
}

func (b *fakeBatch) Delete(key []byte) {
	k := string(key)
	b.writes = append(b.writes, func(rows map[string][]byte) { delete(rows, k) })
	b.size += len(key)
}

func (b *fakeBatch) DeleteRange(start, end []byte) {
	lower, upper := string(start), string(end)
	b.writes = append(b.writes, func(rows map[string][]byte) {
		maps.DeleteFunc(rows, func(k string, _ []byte) bool { return k >= lower && k < upper })
	})
}

func (b *fakeBatch) Add(key []byte, delta int64) {
	k := string(key)
	b.writes = append(b.writes, func(rows map[string][]byte) {
		var before uint64
		if v := rows[k]; len(v) == 8 {
			before = binary.BigEndian.Uint64(v)
		}
		rows[k] = uint64Bytes(before + uint64(delta))
	})
}

func (b *fakeBatch) Size() int { return b.size }
func (b *fakeBatch) Close()    {}

type fakeReader struct {
	engine *fakeEngine
	rows   map[string][]byte
}

func (r *fakeReader) Read(dst, key []byte) ([]byte, bool, error) {
	if r.engine.read != nil {
		if err := r.engine.read(string(key)); err != nil {
			return dst, false, err
		}
	}
	value, found := r.rows[string(key)]
	return append(dst, value...), found, nil
}

func (r *fakeReader) keys(lower, upper []byte) []string {
	keys := slices.Sorted(maps.Keys(r.rows))
	return slices.DeleteFunc(keys, func(k string) bool { return k < string(lower) || k >= string(upper) })
}

func (r *fakeReader) Last(lower, upper []byte) ([]byte, bool, error) {
	keys := r.keys(lower, upper)
	if len(keys) == 0 {
		return nil, false, nil
	}
	return []byte(keys[len(keys)-1]), true, nil
}

func (r *fakeReader) Scan(lower, upper []byte) (Cursor, error) {
	return &fakeCursor{rows: r.rows, keys: r.keys(lower, upper), at: -1}, nil
}

func (r *fakeReader) Close() error { return nil }

type fakeCursor struct {
	rows map[string][]byte
	keys []string
	at   int
}

func (c *fakeCursor) Next() bool    { c.at++; return c.at < len(c.keys) }
func (c *fakeCursor) Key() []byte   { return []byte(c.keys[c.at]) }
func (c *fakeCursor) Value() []byte { return bytes.Clone(c.rows[c.keys[c.at]]) }
func (c *fakeCursor) Close() error  { return nil }

// mustOpen opens a store over an engine, made if it is empty.
func mustOpen(tb testing.TB, e *fakeEngine) *Store {
	tb.Helper()
	if len(e.rows) == 0 {
		if err := Create(e, "id"); err != nil {
			tb.Fatal(err)
		}
	}
	s, err := Open(e, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// chain makes the events of one entity.
type chain struct {
	key     event.Key
	version uint64
	prev    event.Hash
}

func (c *chain) next(tb testing.TB, changeID string, edit func(e *event.Event)) *event.Event {
	tb.Helper()
	e := &event.Event{Key: c.key, Version: c.version + 1, Prev: c.prev, ChangeID: changeID, Operation: "Test"}
	if edit != nil {
		edit(e)
	}
	encoded, err := event.Encode(e)
	if err != nil {
		tb.Fatal(err)
	}
	c.version, c.prev = e.Version, event.HashOf(encoded)
	return e
}

func testRRset(name, value string) *zone.RRset {
	return &zone.RRset{Name: rdata.MustParseName(name), Type: rdata.TypeA, TTL: 300, Values: []string{value}}
}

// addChange gives an event a change that creates an RRset.
func addChange(set *zone.RRset) func(e *event.Event) {
	return func(e *event.Event) { e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: set}) }
}

func mustAppend(tb testing.TB, s store.Store, events ...*event.Event) {
	tb.Helper()
	if _, err := s.Append(tb.Context(), events); err != nil {
		tb.Fatal(err)
	}
}

// sampleStore has two zones, one of which was deleted and made again, and a
// reference.
func sampleStore(tb testing.TB, e *fakeEngine) (*Store, *chain) {
	tb.Helper()
	s := mustOpen(tb, e)
	one, two := &chain{key: event.Key{Kind: event.KindZone, ID: "Z1"}}, &chain{key: event.Key{Kind: event.KindZone, ID: "Z2"}}
	reference := &chain{key: event.Key{Kind: event.KindReference, ID: "hostedzone/r"}}
	document := func(id string) func(e *event.Event) {
		return func(e *event.Event) {
			var err error
			if e.Document, err = event.EncodeDocument(&zone.HostedZone{ID: id, Name: rdata.MustParseName("example.com")}); err != nil {
				tb.Fatal(err)
			}
		}
	}
	mustAppend(tb, s, one.next(tb, "C1", document("Z1")), reference.next(tb, "C1", nil))
	mustAppend(tb, s, two.next(tb, "C2", document("Z2")))
	mustAppend(tb, s, one.next(tb, "C3", addChange(testRRset("a.example.com", "192.0.2.1"))))
	mustAppend(tb, s, two.next(tb, "C4", addChange(testRRset("b.example.com", "192.0.2.2"))))
	mustAppend(tb, s, two.next(tb, "C5", func(e *event.Event) { e.Deleted = true }))
	mustAppend(tb, s, two.next(tb, "C6", document("Z2")))
	mustAppend(tb, s, one.next(tb, "C7", addChange(testRRset("c.example.com", "192.0.2.3"))))
	return s, one
}
