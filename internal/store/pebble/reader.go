package pebble

import (
	"bytes"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"open53/internal/store/internal/kv"
)

// reader implements kv.Reader on a snapshot of Pebble. Opening an iterator
// costs many times what seeking one does, so the ones that are done wait for
// the next scan: a batch of a thousand changes looks at a thousand names.
type reader struct {
	engine   *engine
	snapshot *pebble.Snapshot

	mu   sync.Mutex // guards idle
	idle []*pebble.Iterator
}

// maxIdle bounds the iterators that a reader keeps.
const maxIdle = 4

// iterator returns one with the given bounds, before its first key.
func (r *reader) iterator(lower, upper []byte) (*pebble.Iterator, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		it := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		it.SetBounds(lower, upper)
		return it, nil
	}
	r.mu.Unlock()
	return r.snapshot.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
}

// done keeps an iterator for later, or closes it.
func (r *reader) done(it *pebble.Iterator) error {
	err := it.Error()
	if err == nil {
		r.mu.Lock()
		if len(r.idle) < maxIdle {
			r.idle = append(r.idle, it)
			r.mu.Unlock()
			return nil
		}
		r.mu.Unlock()
	}
	return errors.Join(err, it.Close())
}

func (r *reader) Read(dst, key []byte) (value []byte, found bool, err error) {
	value, closer, err := r.snapshot.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, readable(err)
	}
	dst = append(dst, value...)
	return dst, true, closer.Close()
}

func (r *reader) Last(lower, upper []byte) (key []byte, found bool, err error) {
	it, err := r.snapshot.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, false, readable(err)
	}
	if it.Last() {
		key, found = bytes.Clone(it.Key()), true
	}
	return key, found, readable(it.Close())
}

func (r *reader) Scan(lower, upper []byte) (kv.Cursor, error) {
	it, err := r.iterator(lower, upper)
	if err != nil {
		return nil, readable(err)
	}
	return &cursor{reader: r, it: it}, nil
}

// Close takes a lock of Pebble, which may have become stuck just now; so nobody
// but the engine's Close waits for it.
func (r *reader) Close() error {
	if !r.engine.stuck() {
		idle := r.idle
		r.idle = nil
		r.engine.closing.Go(func() {
			for _, it := range idle {
				_ = it.Close() // it has told its errors
			}
			_ = r.snapshot.Close() // it never fails
		})
	}
	return nil
}

// cursor implements kv.Cursor.
type cursor struct {
	reader  *reader
	it      *pebble.Iterator
	value   []byte
	err     error
	started bool
}

func (c *cursor) Next() (ok bool) {
	if c.started {
		ok = c.it.Next()
	} else {
		ok = c.it.First()
		c.started = true
	}
	if ok {
		c.value, c.err = c.it.ValueAndErr()
	}
	return ok && c.err == nil
}

func (c *cursor) Key() []byte   { return c.it.Key() }
func (c *cursor) Value() []byte { return c.value }

func (c *cursor) Close() error {
	err := c.it.Error()
	if !c.reader.engine.stuck() {
		err = c.reader.done(c.it)
	}
	if c.err != nil {
		err = c.err
	}
	return readable(err)
}
