package pebble

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"open53/internal/event"
	"open53/internal/store/internal/kv"
)

// memoryEngine opens the database in a file system in memory; the mark and the
// lock are in a real directory, the database in one of the same name.
func memoryEngine(t *testing.T, dir string, fs vfs.FS, building bool) *engine {
	t.Helper()
	options := Options{fs: fs}.withDefaults()
	lock, err := vfs.Default.Lock(filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	d := &directory{name: dir, lock: lock}
	m, _, err := openMark(d.path(markName), options)
	if err != nil {
		t.Fatal(err)
	}
	e, err := openEngine(d, m, options, building)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPowerCut cuts the power under writers: the disk keeps what was synced and
// any part of the rest.
func TestPowerCut(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			fs := vfs.NewCrashableMem()
			if err := fs.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			syncRoot(t, fs, dir)
			e := memoryEngine(t, dir, fs, true)
			if err := kv.Create(e, "id"); err != nil {
				t.Fatal(err)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			d := &directory{name: dir}
			if err := fs.Rename(d.path(buildingName), d.path(databaseName)); err != nil {
				t.Fatal(err)
			}
			syncRoot(t, fs, dir)
			s, err := kv.Open(memoryEngine(t, dir, fs, false), 0)
			if err != nil {
				t.Fatal(err)
			}
			acknowledged, cut := writeUntilCut(t, s, fs, r)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			s, err = kv.Open(memoryEngine(t, dir, cut, false), acknowledged)
			if err != nil {
				t.Fatalf("after the cut: %v", err)
			}
			if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
				t.Errorf("verify: %v, %q", err, report.Faults)
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// syncRoot makes the directory and all directories above it durable.
func syncRoot(t *testing.T, fs vfs.FS, dir string) {
	t.Helper()
	for ; ; dir = filepath.Dir(dir) {
		f, err := fs.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if dir == filepath.Dir(dir) {
			return
		}
	}
}

// writeUntilCut returns the disk as a cut leaves it and a position that was
// acknowledged before.
func writeUntilCut(t *testing.T, s *Store, fs *vfs.MemFS, r *rand.Rand) (acknowledged uint64, cut *vfs.MemFS) {
	t.Helper()
	var stop atomic.Bool
	var last atomic.Uint64
	var wg sync.WaitGroup
	for n := range 4 {
		c := newChain(fmt.Sprintf("Z%d", n))
		wg.Go(func() {
			for !stop.Load() {
				position, err := s.Append(t.Context(), []*event.Event{c.next(t)})
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				for old := last.Load(); old < position && !last.CompareAndSwap(old, position); old = last.Load() {
				}
			}
		})
	}
	time.Sleep(time.Duration(5+r.IntN(150)) * time.Millisecond)
	acknowledged = last.Load()
	cut = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
	stop.Store(true)
	wg.Wait()
	return acknowledged, cut
}

func TestMark(t *testing.T) {
	name := filepath.Join(t.TempDir(), markName)
	options := Options{}.withDefaults()
	if err := writeMark(name, 7); err != nil {
		t.Fatal(err)
	}
	m, committed, err := openMark(name, options)
	if err != nil || committed != 7 {
		t.Fatalf("committed is %d, %v; want 7", committed, err)
	}
	m.set(1<<64 - 1)
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(name)
	if err != nil || string(good) != "18446744073709551615 "+string(good[21:]) || len(good) != 30 {
		t.Fatalf("mark is %q, %v", good, err)
	}
	for _, bad := range []string{"", "x", string(good[:29]), "00000000000000000007" + string(good[20:])} {
		if err := os.WriteFile(name, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		m, committed, err := openMark(name, options)
		if err != nil || committed != 0 {
			t.Errorf("a mark of %q says %d, %v", bad, committed, err)
		}
		_ = m.close()
	}
}
