package pebble

import (
	"bytes"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"open53/internal/store/internal/kv"
)

// reader implements kv.Reader on a snapshot of Pebble.
type reader struct {
	engine   *engine
	snapshot *pebble.Snapshot
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
	it, err := r.snapshot.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, readable(err)
	}
	return &cursor{engine: r.engine, it: it}, nil
}

// Close takes a lock of Pebble, which may have become stuck just now; so nobody
// but the engine's Close waits for it.
func (r *reader) Close() error {
	if !r.engine.stuck() {
		r.engine.closing.Go(func() { _ = r.snapshot.Close() }) // it never fails
	}
	return nil
}

// cursor implements kv.Cursor.
type cursor struct {
	engine  *engine
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
	if !c.engine.stuck() {
		err = c.it.Close()
	}
	if c.err != nil {
		err = c.err
	}
	return readable(err)
}
