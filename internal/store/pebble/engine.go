package pebble

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"open53/internal/store"
	"open53/internal/store/internal/kv"
)

// engine implements kv.Engine.
type engine struct {
	db      *pebble.DB
	dir     *directory
	mark    *mark // nil while a store is being built
	options Options
	failure *failure
	left    atomic.Pointer[chan struct{}] // ends with the commit that was left behind, if any
	closing sync.WaitGroup                // snapshots
}

// openEngine opens the database of a directory, or with building an empty one
// in db.new.
func openEngine(dir *directory, mark *mark, options Options, building bool) (e *engine, err error) {
	e = &engine{dir: dir, mark: mark, options: options, failure: newFailure()}
	name := databaseName
	if building {
		name = buildingName
	}
	opened := make(chan error, 1)
	go func() {
		defer func() {
			// A damaged manifest can lead Pebble beyond the end of a slice.
			if r := recover(); r != nil {
				opened <- fmt.Errorf("%w: %v", store.ErrDamaged, r)
			}
		}()
		var err error
		e.db, err = pebble.Open(dir.path(name), databaseOptions(options, e.failure, building))
		opened <- readable(err)
	}()
	select {
	case err = <-opened:
	case <-e.failure.happened:
		err = e.failure.err()
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// databaseOptions keep memory small: two memtables and the cache are most of
// it.
func databaseOptions(options Options, failure *failure, building bool) *pebble.Options {
	logger := options.Logger
	o := &pebble.Options{
		FS:                          options.fs,
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   options.CacheBytes,
		MemTableSize:                8 << 20,
		MemTableStopWritesThreshold: 2,
		MaxOpenFiles:                256,
		L0CompactionThreshold:       2,
		ErrorIfNotExists:            !building,
		ErrorIfExists:               building,
		Merger:                      counterMerger,
		Logger:                      databaseLogger{logger, failure},
		EventListener:               failure.listener(logger),
	}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 8 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return o
}

// readable marks damage as such and makes the text one line.
func readable(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pebble.ErrCorruption) {
		err = fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if strings.Contains(err.Error(), "\n") {
		return oneLine{err}
	}
	return err
}

type oneLine struct{ error }

func (e oneLine) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }
func (e oneLine) Unwrap() error { return e.error }

// Failed implements kv.Engine.
func (e *engine) Failed() error { return e.failure.err() }

// Ready implements kv.Engine: it refuses a write that could fill the disk.
func (e *engine) Ready(size int) error {
	usage, err := e.options.fs.GetDiskUsage(e.dir.name)
	if err != nil {
		return nil //nolint:nilerr // not known on this system
	}
	if need := e.options.ReserveBytes + uint64(size); usage.AvailBytes < need {
		return fmt.Errorf("the disk is full: %d MiB are free, %d MiB must stay free", usage.AvailBytes>>20, need>>20)
	}
	return nil
}

// Commit implements kv.Engine. Pebble holds a commit back while it cannot
// flush; if it then fails for good, the commit is left behind.
func (e *engine) Commit(b kv.Batch) (kv.Reader, error) {
	batch := b.(*batch)
	if batch.err != nil {
		return nil, batch.err
	}
	var latest kv.Reader
	ended := make(chan struct{})
	var err error
	go func() {
		defer func() {
			// Pebble panics, with its locks held, if it cannot begin a new
			// log file.
			if r := recover(); r != nil {
				e.failure.blocked.Store(true)
				e.failure.set(fmt.Errorf("commit: %v", r))
			}
		}()
		err = batch.b.Commit(pebble.Sync)
		if err == nil {
			err = e.failure.err() // Pebble does not return what it calls fatal
		}
		if err == nil {
			latest = e.Snapshot()
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-e.failure.happened:
		select {
		case <-ended: // it was this commit that failed
		case <-time.After(patience / 50):
			e.left.Store(&ended)
			batch.left = true
			return nil, e.failure.err()
		}
	}
	if err != nil {
		e.failure.set(err)
	}
	return latest, err
}

// Published implements kv.Engine.
func (e *engine) Published(position uint64) { e.mark.set(position) }

// Snapshot implements kv.Engine.
func (e *engine) Snapshot() kv.Reader { return &reader{engine: e, snapshot: e.db.NewSnapshot()} }

// NewBatch implements kv.Engine.
func (e *engine) NewBatch() kv.Batch { return &batch{b: e.db.NewBatch()} }

// Close implements kv.Engine.
func (e *engine) Close() error {
	if cmp.Or(e.Failed(), e.Ready(0)) == nil {
		e.flush()
	}
	err := e.closeDatabase()
	if errors.Is(err, errStuck) {
		return err // and the directory stays locked
	}
	return cmp.Or(err, e.mark.close(), e.dir.unlock())
}

// patience is how long closing waits for what may never end, and how long
// Pebble may fail in the background before it has failed.
const patience = 5 * time.Second

// flush moves what is only in the log into tables. It need not succeed: but
// what lies in tables lies under checksums and is not replayed at the start.
func (e *engine) flush() {
	flushed, err := e.db.AsyncFlush()
	if err != nil {
		return
	}
	select {
	case <-flushed:
	case <-time.After(patience):
	}
}

var errStuck = errors.New("the database is stuck in a write; only the end of the process frees it")

// stuck reports that whoever takes one of Pebble's locks may wait forever.
func (e *engine) stuck() bool { return e.failure.blocked.Load() || e.left.Load() != nil }

func (e *engine) closeDatabase() error {
	if e.failure.blocked.Load() {
		return errStuck
	}
	if left := e.left.Load(); left != nil {
		select {
		case <-*left:
		case <-time.After(patience):
			return errStuck // closing would wait for it
		}
	}
	closed := make(chan error, 1)
	go func() {
		e.closing.Wait()
		closed <- e.db.Close()
	}()
	var err error
	select {
	case err = <-closed:
	case <-e.failure.happened:
		select {
		case err = <-closed:
		case <-time.After(patience):
			return errStuck
		}
	}
	if e.Failed() != nil {
		return nil // why was told when it happened
	}
	return err
}

// batch implements kv.Batch.
type batch struct {
	b    *pebble.Batch
	err  error // the first one
	left bool  // still being committed
}

func (b *batch) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *batch) Set(key, value []byte)         { b.keep(b.b.Set(key, value, nil)) }
func (b *batch) Delete(key []byte)             { b.keep(b.b.Delete(key, nil)) }
func (b *batch) DeleteRange(start, end []byte) { b.keep(b.b.DeleteRange(start, end, nil)) }
func (b *batch) Size() int                     { return b.b.Len() }

func (b *batch) Close() {
	if !b.left {
		_ = b.b.Close() // it only fails if it is used
	}
}

func (b *batch) Add(key []byte, delta int64) {
	b.keep(b.b.Merge(key, binary.BigEndian.AppendUint64(nil, uint64(delta)), nil))
}

// counterMerger adds up the operands of a key, 8 bytes big-endian each.
var counterMerger = &pebble.Merger{
	Name: "open53.counter",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		c := new(counter)
		return c, c.add(value)
	},
}

type counter struct{ sum uint64 }

func (c *counter) add(value []byte) error {
	if len(value) != 8 {
		return fmt.Errorf("%w: a counter has %d bytes", store.ErrDamaged, len(value))
	}
	c.sum += binary.BigEndian.Uint64(value)
	return nil
}

func (c *counter) MergeNewer(value []byte) error { return c.add(value) }
func (c *counter) MergeOlder(value []byte) error { return c.add(value) }
func (c *counter) Finish(bool) ([]byte, io.Closer, error) {
	return binary.BigEndian.AppendUint64(nil, c.sum), nil, nil
}
