package pebble

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// failure is how the engine learns that Pebble has failed for good: from its
// logger's Fatalf, after which Pebble goes on as if nothing was; from flushes
// and compactions that fail again and again; from a damaged file that one of
// them meets.
type failure struct {
	happened chan struct{} // closed when first is set
	first    atomic.Pointer[error]
	once     sync.Once
	// blocked: a goroutine of Pebble stands still, with Pebble's locks.
	blocked atomic.Bool
}

func newFailure() *failure { return &failure{happened: make(chan struct{})} }

func (f *failure) set(err error) {
	f.once.Do(func() {
		f.first.Store(&err)
		close(f.happened)
	})
}

func (f *failure) err() error {
	if err := f.first.Load(); err != nil {
		return *err
	}
	return nil
}

// listener watches Pebble's work in the background.
func (f *failure) listener(logger *slog.Logger) *pebble.EventListener {
	var flushes, compactions streak
	return &pebble.EventListener{
		BackgroundError: func(error) {}, // each is reported below, or by who asked
		FlushEnd:        func(info pebble.FlushInfo) { f.ended(&flushes, "flush", info.Err, logger) },
		CompactionEnd:   func(info pebble.CompactionInfo) { f.ended(&compactions, "compaction", info.Err, logger) },
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			logger.Error("database file is damaged", slog.String("file", info.Path), slog.Any("error", info.Details))
		},
	}
}

// emptyTable is how Pebble reports a flush that had nothing to do.
const emptyTable = "pebble: empty table"

// ended takes note of how a flush or a compaction has ended.
func (f *failure) ended(s *streak, what string, err error, logger *slog.Logger) {
	if errors.Is(err, pebble.ErrCancelledCompaction) {
		return
	}
	if err != nil && err.Error() == emptyTable {
		err = nil
	}
	lasting, first := s.ended(err)
	if err == nil {
		return
	}
	err = fmt.Errorf("%s: %w", what, readable(err))
	if first {
		logger.Error("database failed in the background", slog.Any("error", err))
	}
	if lasting > patience || errors.Is(err, pebble.ErrCorruption) {
		f.set(err)
	}
	// Pebble tries again at once. Its lock is held here, but there is nothing
	// to do for it until this gets better.
	time.Sleep(min(100*time.Millisecond+lasting/10, time.Second))
}

// streak is a row of failures with no success among them.
type streak struct {
	mu    sync.Mutex // guards since
	since time.Time  // of the first failure; zero if the last one succeeded
}

func (s *streak) ended(err error) (lasting time.Duration, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.since = time.Time{}
		return 0, false
	}
	if s.since.IsZero() {
		s.since = time.Now()
		return 0, true
	}
	return time.Since(s.since), false
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

// fatalCommit is the one fatal condition after which Pebble may go on: it says
// so to the goroutine that commits, which commits nothing any more.
const fatalCommit = "pebble: fatal commit error: %v"

// Fatalf must not end the process, for DNS goes on, and reading does. But
// Pebble relies on it not to return: it leaves behind what it was doing half
// done. So the goroutine stands still, and with it all that needs its locks:
// flushes, compactions, commits, but not reads.
func (l databaseLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.logger.Error("database failed", slog.Any("error", err))
	if format != fatalCommit {
		l.failure.blocked.Store(true)
	}
	l.failure.set(err)
	if format != fatalCommit {
		select {}
	}
}
