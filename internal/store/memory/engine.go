package memory

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/google/btree"

	"open53/internal/store/internal/kv"
)

// degree is small: each snapshot makes the next writes copy whole nodes.
const degree = 8

// entry is a key with its value; neither is ever modified.
type entry struct{ key, value []byte }

func before(a, b entry) bool { return bytes.Compare(a.key, b.key) < 0 }

// engine implements kv.Engine.
type engine struct {
	mu   sync.Mutex // guards tree
	tree *btree.BTreeG[entry]
}

func newEngine() *engine { return &engine{tree: btree.NewG(degree, before)} }

func (e *engine) Failed() error      { return nil }
func (e *engine) Ready(int) error    { return nil }
func (e *engine) Published(uint64)   {}
func (e *engine) Close() error       { return nil }
func (e *engine) NewBatch() kv.Batch { return &batch{} }
func (e *engine) Snapshot() kv.Reader {
	e.mu.Lock()
	defer e.mu.Unlock()
	return reader{e.tree.Clone()}
}

func (e *engine) Commit(b kv.Batch) (kv.Reader, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, write := range b.(*batch).writes {
		write(e.tree)
	}
	return reader{e.tree.Clone()}, nil
}

// batch collects writes as functions to run on the tree.
type batch struct {
	writes []func(*btree.BTreeG[entry])
	size   int
}

func (b *batch) Set(key, value []byte) {
	e := entry{bytes.Clone(key), append([]byte{}, value...)}
	b.writes = append(b.writes, func(t *btree.BTreeG[entry]) { t.ReplaceOrInsert(e) })
	b.size += len(key) + len(value)
}

func (b *batch) Delete(key []byte) {
	e := entry{key: bytes.Clone(key)}
	b.writes = append(b.writes, func(t *btree.BTreeG[entry]) { t.Delete(e) })
	b.size += len(key)
}

func (b *batch) DeleteRange(start, end []byte) {
	lower, upper := entry{key: bytes.Clone(start)}, entry{key: bytes.Clone(end)}
	b.writes = append(b.writes, func(t *btree.BTreeG[entry]) {
		var doomed []entry
		t.AscendRange(lower, upper, func(e entry) bool {
			doomed = append(doomed, e)
			return true
		})
		for _, e := range doomed {
			t.Delete(e)
		}
	})
	b.size += len(start) + len(end)
}

func (b *batch) Add(key []byte, delta int64) {
	k := bytes.Clone(key)
	b.writes = append(b.writes, func(t *btree.BTreeG[entry]) {
		var sum uint64
		if e, found := t.Get(entry{key: k}); found {
			sum = binary.BigEndian.Uint64(e.value)
		}
		t.ReplaceOrInsert(entry{k, binary.BigEndian.AppendUint64(nil, sum+uint64(delta))})
	})
	b.size += len(key) + 8
}

func (b *batch) Size() int { return b.size }
func (b *batch) Close()    {}

// reader is a snapshot.
type reader struct{ tree *btree.BTreeG[entry] }

func (r reader) Read(dst, key []byte) ([]byte, bool, error) {
	e, found := r.tree.Get(entry{key: key})
	return append(dst, e.value...), found, nil
}

func (r reader) Last(lower, upper []byte) (key []byte, found bool, err error) {
	r.tree.DescendLessOrEqual(entry{key: upper}, func(e entry) bool {
		if bytes.Equal(e.key, upper) {
			return true
		}
		if found = bytes.Compare(e.key, lower) >= 0; found {
			key = e.key
		}
		return false
	})
	return key, found, nil
}

func (r reader) Scan(lower, upper []byte) (kv.Cursor, error) {
	return &cursor{tree: r.tree, next: bytes.Clone(lower), upper: bytes.Clone(upper), want: 8}, nil
}

func (r reader) Close() error { return nil }

// cursor reads the tree in pieces, which grow as a scan turns out to be long.
type cursor struct {
	tree        *btree.BTreeG[entry]
	next, upper []byte  // what is not read yet; next is nil at the end
	piece       []entry // what is; piece[0] is the current entry
	want        int
	started     bool
}

func (c *cursor) Next() bool {
	if c.started && len(c.piece) > 0 {
		c.piece = c.piece[1:]
	}
	c.started = true
	if len(c.piece) == 0 && c.next != nil {
		c.read()
	}
	return len(c.piece) > 0
}

func (c *cursor) read() {
	c.piece = make([]entry, 0, c.want)
	var next []byte
	c.tree.AscendRange(entry{key: c.next}, entry{key: c.upper}, func(e entry) bool {
		if len(c.piece) == c.want {
			next = e.key
			return false
		}
		c.piece = append(c.piece, e)
		return true
	})
	c.next = next
	c.want = min(2*c.want, 512)
}

func (c *cursor) Key() []byte   { return c.piece[0].key }
func (c *cursor) Value() []byte { return c.piece[0].value }
func (c *cursor) Close() error  { return nil }
