// Package metricstore keeps measurements for 15 days and finds them again. It
// is the door to Prometheus's time series database (tsdb) and speaks of
// CloudWatch's things: a metric is a region, a namespace, a name and up to 30
// dimensions; what is measured of it has a unit.
//
// One datum is one row: a time and up to five fields. Each field of a metric
// and unit is one series of the database, labeled so that a metric is found by
// its dimensions and nothing else:
//
//	region ns __name__ unit dims="2" d:Host="a" d:Zone="b"  field="v"    the value
//	                                                        field="n"    how often, unless once
//	                                     (statistic sets:)  field="n", "sum", "min", "max"
//
// So values are kept as they came, and percentiles are exact. Times are seconds;
// the database's milliseconds only tell apart the rows of a second (of a
// minute, for metrics of standard resolution). Invariant: the rows of a metric
// and unit have different times, and no row is ever replaced.
//
// Opening takes no time: the database itself is opened by the first use, or by
// Run. All methods are safe for concurrent use; Put never blocks. What Append
// has acknowledged survives the process, but not the power: it is not synced.
package metricstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/tsdb"
)

// Retention is how long measurements are kept.
const Retention = 15 * 24 * time.Hour

// Region is where Amazon keeps the metrics of Route 53, and what Put writes to.
const Region = "us-east-1"

// queueLength is how many data Put takes ahead of Run.
const queueLength = 1 << 16

// batchLength is how many of them are written in one go.
const batchLength = 4096

// Dimension is one name and value of a metric.
type Dimension struct{ Name, Value string }

// Metric identifies what is measured.
type Metric struct {
	Region, Namespace, Name string
	Dimensions              []Dimension // names differ; the order is of no meaning
}

// Sample is what one datum says: Count values, whose sum and extremes are
// known. Where all of them are equal, Minimum is their value.
type Sample struct {
	Time                         int64 // Unix milliseconds
	Count, Sum, Minimum, Maximum float64
}

// Exact reports whether all values of the sample are known: they are equal.
func (s *Sample) Exact() bool {
	return s.Minimum == s.Maximum && (s.Sum == s.Minimum*s.Count || s.Count == 1)
}

// Value is the sample of one value, counted once.
func Value(t time.Time, v float64) Sample {
	return Sample{Time: t.UnixMilli(), Count: 1, Sum: v, Minimum: v, Maximum: v}
}

// Datum is one measurement of a metric.
type Datum struct {
	Metric Metric
	Unit   string // empty is None
	Sample Sample
	// HighResolution keeps the second of the sample; otherwise it is known to
	// the minute.
	HighResolution bool
}

// Errors that callers act on.
var (
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("metric store is closed")
	// ErrFull: a metric has as many rows in one second (1,000; of standard
	// resolution: 60,000 in one minute) as there is room for.
	ErrFull = errors.New("too many data for one metric and time")
)

// Options configure a Store.
type Options struct {
	// Dir is the directory of the database. Empty is a temporary one, which
	// Close removes.
	Dir    string
	Now    func() time.Time // nil is time.Now
	Logger *slog.Logger
}

// Store keeps metrics.
type Store struct {
	options Options
	queue   chan Datum
	dropped atomic.Uint64

	opening   sync.Mutex // guards the following
	db        *tsdb.DB
	temporary string // directory to remove
	failed    error  // opening did
	closed    bool

	writing sync.Mutex // guards rows, and is held from choosing times to the commit
	rows    rowTimes
}

// New makes a store. Nothing is opened or made yet.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{options: o, queue: make(chan Datum, queueLength), rows: rowTimes{}}
}

// Run opens the database, if it has a directory, and writes what Put was given
// until ctx ends, then what is left. A database that cannot be opened or
// written is logged: nothing else depends on it.
func (s *Store) Run(ctx context.Context) error {
	if s.options.Dir != "" {
		_, _ = s.open() // it is logged
	}
	batch := make([]Datum, 0, batchLength)
	for {
		select {
		case d := <-s.queue:
			batch = s.take(append(batch[:0], d))
			s.flush(batch)
		case <-ctx.Done():
			for {
				if batch = s.take(batch[:0]); len(batch) == 0 {
					return nil
				}
				s.flush(batch)
			}
		}
	}
}

// take adds what is waiting to a batch.
func (s *Store) take(batch []Datum) []Datum {
	for len(batch) < batchLength {
		select {
		case d := <-s.queue:
			batch = append(batch, d)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) flush(batch []Datum) {
	if err := s.Append(context.Background(), batch); err != nil {
		s.dropped.Add(uint64(len(batch)))
		s.options.Logger.Error("metrics lost", "count", len(batch), "error", err)
	}
}

// Put queues one value of a metric of Route 53's region, and never blocks:
// where too much is waiting, the value is dropped and counted. Dimensions must
// not be changed afterwards.
func (s *Store) Put(namespace, metric string, dimensions []Dimension, value float64, unit string, t time.Time) {
	d := Datum{Metric: Metric{Region, namespace, metric, dimensions}, Unit: unit, Sample: Value(t, value)}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		s.dropped.Add(1)
		return
	}
	select {
	case s.queue <- d:
	default:
		s.dropped.Add(1)
	}
}

// Dropped counts the data of Put that were lost.
func (s *Store) Dropped() uint64 { return s.dropped.Load() }

// open opens the database once.
func (s *Store) open() (*tsdb.DB, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.db != nil || s.failed != nil:
		return s.db, s.failed
	}
	dir := s.options.Dir
	if dir == "" {
		temporary, err := os.MkdirTemp("", "open53-metrics-")
		if err != nil {
			s.failed = fmt.Errorf("open metric store: %w", err)
			return nil, s.failed
		}
		dir, s.temporary = temporary, temporary
	}
	db, err := tsdb.Open(dir, slog.New(warnings{s.options.Logger.Handler()}), nil, databaseOptions(), nil)
	if err != nil {
		s.failed = fmt.Errorf("open metric store: %w", err)
		s.options.Logger.Error("metrics are not available", "error", err)
		return nil, s.failed
	}
	s.db = db
	return db, nil
}

func databaseOptions() *tsdb.Options {
	o := tsdb.DefaultOptions()
	o.RetentionDuration = Retention.Milliseconds()
	o.OutOfOrderTimeWindow = Retention.Milliseconds() // data may be two weeks late
	o.MaxBlockDuration = Retention.Milliseconds() / 10
	o.WALSegmentSize = 16 << 20
	o.StripeSize = 1 << 10 // the default of 16,384 locks is for millions of series
	return o
}

// Close closes the database; what Put has queued and Run has not written is
// lost. A second Close does nothing.
func (s *Store) Close() error {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.db != nil {
		if e := s.db.Close(); e != nil {
			err = fmt.Errorf("close metric store: %w", e)
		}
	}
	if s.temporary != "" {
		err = errors.Join(err, os.RemoveAll(s.temporary))
	}
	return err
}

// warnings keeps the database's progress reports out of the log.
type warnings struct{ slog.Handler }

// Enabled lets warnings through.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the filter.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the filter.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
