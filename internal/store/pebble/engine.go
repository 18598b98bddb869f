package pebble

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
}

// failure is set when Pebble gives up. Its logger's Fatalf is how it says so;
// it then goes on as if nothing was, and so it is asked after each commit.
type failure struct {
	first atomic.Pointer[error]
	// stuck: Pebble has panicked with its locks held, and whatever takes them
	// would wait forever.
	stuck atomic.Bool
}

func (f *failure) set(err error) { f.first.CompareAndSwap(nil, &err) }

func (f *failure) err() error {
	if err := f.first.Load(); err != nil {
		return *err
	}
	return nil
}

// openEngine opens the database of a directory, or with building an empty one
// in db.new.
func openEngine(dir *directory, mark *mark, options Options, building bool) (e *engine, err error) {
	e = &engine{dir: dir, mark: mark, options: options, failure: new(failure)}
	name := databaseName
	if building {
		name = buildingName
	}
	defer func() {
		// A damaged manifest can lead Pebble beyond the end of a slice.
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("%w: %v", store.ErrDamaged, r)
		}
	}()
	e.db, err = pebble.Open(dir.path(name), databaseOptions(options, e.failure, building))
	if err != nil {
		return nil, readable(err)
	}
	if err := e.failure.err(); err != nil {
		return nil, cmp.Or(err, e.db.Close())
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
		EventListener: &pebble.EventListener{
			BackgroundError: seldom(func(err error) {
				logger.Error("database failed in the background", slog.Any("error", err))
			}),
			DataCorruption: func(info pebble.DataCorruptionInfo) {
				logger.Error("database file is damaged", slog.String("file", info.Path), slog.Any("error", info.Details))
			},
		},
	}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 8 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return o
}

// seldom drops calls that come within a second of the last one: Pebble repeats
// a flush that fails without a pause.
func seldom(f func(error)) func(error) {
	var last atomic.Int64
	return func(err error) {
		now, before := time.Now().UnixNano(), last.Load()
		if now-before > int64(time.Second) && last.CompareAndSwap(before, now) {
			f(err)
		}
	}
}

// databaseLogger is Pebble's logger.
type databaseLogger struct {
	logger  *slog.Logger
	failure *failure
}

func (l databaseLogger) Infof(format string, args ...any) {
	l.logger.Debug("database", slog.String("detail", fmt.Sprintf(format, args...)))
}

func (l databaseLogger) Errorf(format string, args ...any) {
	l.logger.Error("database", slog.String("detail", fmt.Sprintf(format, args...)))
}

// Fatalf must not end the process: answers go on from memory.
func (l databaseLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.failure.set(err)
	l.logger.Error("database failed", slog.Any("error", err))
}

// readable marks damage as such.
func readable(err error) error {
	if err != nil && errors.Is(err, pebble.ErrCorruption) {
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return err
}

// Ready implements kv.Engine: it refuses a write that could fill the disk.
func (e *engine) Ready(size int) error {
	if err := e.failure.err(); err != nil {
		return err
	}
	usage, err := e.options.fs.GetDiskUsage(e.dir.name)
	if err != nil {
		return nil //nolint:nilerr // not known on this system
	}
	if need := e.options.ReserveBytes + uint64(size); usage.AvailBytes < need {
		return fmt.Errorf("the disk is full: %d MiB are free, %d MiB must stay free", usage.AvailBytes>>20, need>>20)
	}
	return nil
}

// Commit implements kv.Engine.
func (e *engine) Commit(b kv.Batch) (err error) {
	defer func() {
		// Pebble panics if it cannot begin a new log file.
		if r := recover(); r != nil {
			err = fmt.Errorf("commit: %v", r)
			e.failure.stuck.Store(true)
			e.failure.set(err)
		}
	}()
	batch := b.(*batch)
	if batch.err != nil {
		return batch.err
	}
	if err := batch.b.Commit(pebble.Sync); err != nil {
		e.failure.set(err)
		return err
	}
	return e.failure.err()
}

// Published implements kv.Engine.
func (e *engine) Published(position uint64) { e.mark.set(position) }

// Snapshot implements kv.Engine.
func (e *engine) Snapshot() kv.Reader { return &reader{e.db.NewSnapshot(), e.failure} }

// NewBatch implements kv.Engine.
func (e *engine) NewBatch() kv.Batch { return &batch{b: e.db.NewBatch()} }

// Close implements kv.Engine.
func (e *engine) Close() error {
	if e.Ready(0) == nil {
		e.flush()
	}
	return e.closeFiles()
}

// flushPatience is how long closing waits for a flush, which Pebble tries
// again and again if it fails.
const flushPatience = 5 * time.Second

// flush moves what is only in the log into tables. It need not succeed: but
// what lies in tables lies under checksums and is not replayed at the start.
func (e *engine) flush() {
	flushed, err := e.db.AsyncFlush()
	if err != nil {
		return
	}
	select {
	case <-flushed:
	case <-time.After(flushPatience):
	}
}

func (e *engine) closeFiles() error {
	return cmp.Or(e.closeDatabase(), e.mark.close(), e.dir.unlock())
}

func (e *engine) closeDatabase() error {
	if e.failure.stuck.Load() {
		return nil // it would wait forever; the process ends soon
	}
	err := e.db.Close()
	if e.failure.err() != nil {
		return nil // known, and told when it happened
	}
	return err
}

// batch implements kv.Batch.
type batch struct {
	b   *pebble.Batch
	err error // the first one
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
func (b *batch) Close()                        { _ = b.b.Close() }

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
