package pebble

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"open53/internal/event"
	"open53/internal/store"
)

// fullDisk is a file system that reports how much is free.
type fullDisk struct {
	vfs.FS
	free atomic.Uint64
}

func (f *fullDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: f.free.Load()}, nil
}

// TestDiskNearlyFull: writes are refused while too little is free, and nothing
// else happens.
func TestDiskNearlyFull(t *testing.T) {
	disk := &fullDisk{FS: vfs.Default}
	disk.free.Store(1 << 30)
	s := mustOpen(t, t.TempDir(), Options{ReserveBytes: 100 << 20, fs: disk})
	c := newChain("Z1")
	if _, err := s.Append(t.Context(), []*event.Event{c.next(t)}); err != nil {
		t.Fatal(err)
	}
	disk.free.Store(100<<20 - 1)
	e := c.next(t)
	_, err := s.Append(t.Context(), []*event.Event{e})
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	const want = "store is unavailable: the disk is full: 99 MiB are free, 100 MiB must stay free"
	if err == nil || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if s.Err() != nil || s.Position() != 1 {
		t.Errorf("the store has failed: %v, position %d", s.Err(), s.Position())
	}
	disk.free.Store(1 << 30)
	if position, err := s.Append(t.Context(), []*event.Event{e}); err != nil || position != 2 {
		t.Errorf("with room again: position %d, %v", position, err)
	}
	mustClose(t, s)
}

// TestWriteError makes the file system fail from some write on, in each kind
// of file, and goes on writing.
func TestWriteError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		pattern string
		after   int32 // operations of that kind that still succeed
	}{
		{"log at once", "*.log", 0},
		{"log later", "*.log", 150},
		{"table", "*.sst", 3},
		{"manifest", "MANIFEST-*", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			mustClose(t, mustOpen(t, dir, Options{}))
			var on atomic.Bool
			var left atomic.Int32
			left.Store(tt.after)
			fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if !on.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpFileClose {
					return nil
				}
				if match, _ := filepath.Match(tt.pattern, filepath.Base(op.Path)); !match || left.Add(-1) >= 0 {
					return nil
				}
				return syscall.ENOSPC
			}))
			s := mustOpen(t, dir, Options{fs: fs})
			on.Store(true)
			acknowledged := writeUntilError(t, s)
			checkReadable(t, s, acknowledged)
			on.Store(false)
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if errors.Is(err, errStuck) { // then the next process opens it
					again := t.TempDir()
					copyDirectory(t, dir, filepath.Join(again, "store"))
					dir = filepath.Join(again, "store")
				} else if err != nil {
					t.Errorf("close: %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("Close hangs")
			}
			s = mustOpen(t, dir, Options{})
			if s.Position() < acknowledged {
				t.Errorf("%d events were acknowledged, %d are there", acknowledged, s.Position())
			}
			if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
				t.Errorf("verify: %v, %q", err, report.Faults)
			}
			mustClose(t, s)
		})
	}
}

// writeUntilError appends until the store fails, or a good while.
func writeUntilError(t *testing.T, s *Store) (acknowledged uint64) {
	t.Helper()
	c := newChain("Z1")
	for range 60 {
		// Large enough that memtables fill and are flushed.
		for range 20 {
			position, err := s.Append(t.Context(), []*event.Event{big(t, c)})
			if err == nil {
				acknowledged = position
				continue
			}
			// Ambiguous if the commit was tried, unavailable if the failure in
			// the background was noticed before.
			if !errors.Is(err, store.ErrAmbiguous) && !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("error is %v, want ErrAmbiguous or ErrUnavailable, and the cause", err)
			}
			_, err = s.Append(t.Context(), []*event.Event{newChain("Z2").next(t)})
			if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrAmbiguous) {
				t.Errorf("the next error is %v, want ErrUnavailable", err)
			}
			if s.Err() == nil {
				t.Error("the store does not say that it has failed")
			}
			return acknowledged
		}
	}
	return acknowledged
}

// big makes an event of 20 kB.
func big(t *testing.T, c *chain) *event.Event {
	t.Helper()
	e := c.next(t)
	e.Document = nil
	e.Comment = fmt.Sprintf("%020000d", c.n)
	encoded, err := event.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	c.prev = event.HashOf(encoded)
	return e
}

// checkReadable: what was acknowledged is still read.
func checkReadable(t *testing.T, s *Store, acknowledged uint64) {
	t.Helper()
	if s.Position() != acknowledged {
		t.Errorf("position is %d, %d was acknowledged", s.Position(), acknowledged)
	}
	v := s.View()
	defer v.Close()
	if head, err := v.Head(event.Key{Kind: event.KindZone, ID: "Z1"}); err != nil || head.Position != acknowledged {
		t.Errorf("head is %+v, %v", head, err)
	}
	for _, err := range v.RRsets("Z1", 0, store.Start{}) {
		if err != nil {
			t.Error(err)
		}
	}
}
