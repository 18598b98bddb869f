package pebble

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/store/internal/kv"
)

// mustClose closes a store.
func mustClose(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// refused checks that a directory is not opened, for a reason told in one line.
func refused(t *testing.T, dir, why string) {
	t.Helper()
	s, err := Open(dir, Options{})
	if err == nil {
		_ = s.Close()
		t.Fatalf("it is opened, want an error with %q", why)
	}
	if text := err.Error(); !strings.Contains(text, why) || !strings.Contains(text, dir) || strings.Contains(text, "\n") {
		t.Errorf("error is %q, want one line with %q and the directory", text, why)
	}
}

func TestOpenInUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "store")
	s := mustOpen(t, dir, Options{})
	refused(t, dir, "it is in use by another open53")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), envOpenDir+"="+dir)
	out, err := child.Output()
	if err != nil || string(out) != "open data directory "+dir+": it is in use by another open53\n" {
		t.Errorf("another process: %q, %v", out, err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode is %v, %v; want 0700", info.Mode(), err)
	}
	if _, err := s.Append(t.Context(), []*event.Event{newChain("Z1").next(t)}); err != nil {
		t.Errorf("after others tried to open it: %v", err)
	}
	mustClose(t, s)
	mustClose(t, mustOpen(t, dir, Options{}))
}

// TestOpenIsQuiet: a start and an end without trouble report none.
func TestOpenIsQuiet(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	for range 3 {
		s := mustOpen(t, dir, Options{Logger: logger})
		if s.Position() == 0 {
			fill(t, s, "Z1", 5000)
		}
		mustClose(t, s)
	}
	if log.Len() > 0 {
		t.Errorf("logged:\n%s", log.String())
	}
}

func TestOpenForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("!"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "not empty (thesis.txt) and holds no store")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("something was left in a foreign directory: %v, %v", entries, err)
	}
	file := filepath.Join(dir, "thesis.txt")
	refused(t, file, "not a directory")
}

func TestOpenWithoutDatabase(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	if _, err := s.Append(t.Context(), []*event.Event{newChain("Z1").next(t)}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if err := os.RemoveAll(filepath.Join(dir, databaseName)); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "holds no store")
}

// TestOpenAfterInterruptedCreation: whatever a crash leaves of a creation, the
// next start makes a store.
func TestOpenAfterInterruptedCreation(t *testing.T) {
	for _, left := range [][]string{{"db.new/"}, {"db.new/", "db.new/000002.log"}, {"db.new/", markName}, {lockName}, {"lost+found/"}} {
		dir := t.TempDir()
		for _, name := range left {
			var err error
			if path := filepath.Join(dir, name); strings.HasSuffix(name, "/") {
				err = os.Mkdir(path, 0o700)
			} else {
				err = os.WriteFile(path, []byte("left"), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		s := mustOpen(t, dir, Options{})
		if s.Position() != 0 {
			t.Errorf("after %v: position is %d", left, s.Position())
		}
		mustClose(t, s)
	}
}

func TestOpenOtherFormat(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, dir, Options{}))
	edit := func(key, value string) {
		t.Helper()
		options := Options{}.withDefaults()
		d, err := lockDirectory(dir, options.fs)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := openMark(d.path(markName), options)
		if err != nil {
			t.Fatal(err)
		}
		e, err := openEngine(d, m, options, false)
		if err != nil {
			t.Fatal(err)
		}
		b := e.NewBatch()
		b.Set([]byte(key), []byte(value))
		latest, err := e.Commit(b)
		if err != nil {
			t.Fatal(err)
		}
		_ = latest.Close()
		b.Close()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	edit("mformat", "\x00\x00\x00\x00\x00\x00\x00\x63")
	refused(t, dir, fmt.Sprintf("this version of open53 reads format %d", kv.Format))
	edit("mformat", "\x00\x00\x00\x00\x00\x00\x00\x01")
	edit("n"+string(event.KindZone), "short")
	s := mustOpen(t, dir, Options{})
	v := s.View()
	if _, err := v.Count(event.KindZone); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a broken counter: %v, want ErrDamaged", err)
	}
	_ = v.Close()
	mustClose(t, s)
}

// TestOpenLostEvents: an end that is missing is noticed by the mark, a middle
// by the counter.
func TestOpenLostEvents(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	c := newChain("Z1")
	for range 5 {
		if _, err := s.Append(t.Context(), []*event.Event{c.next(t)}); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	if err := writeMark(filepath.Join(dir, markName), 7); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "events 6 to 7 are lost; restore a backup")
	if err := os.Remove(filepath.Join(dir, markName)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, dir, Options{})) // the operator accepts the loss
}

func TestRestoreRefuses(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	fill(t, s, "Z1", 3000)
	var b bytes.Buffer
	if err := s.Backup(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	restore := func(dir string, backup []byte, why string) {
		t.Helper()
		err := Restore(t.Context(), bytes.NewReader(backup), dir, Options{})
		if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error is %v, want one line with %q", err, why)
		}
	}
	parent := t.TempDir()
	missing := filepath.Join(parent, "missing")
	damaged := bytes.Clone(b.Bytes())
	damaged[len(damaged)/2] ^= 4
	restore(missing, damaged, "backup is damaged")
	restore(missing, b.Bytes()[:b.Len()-1], "backup is truncated")
	restore(missing, []byte("PK\x03\x04"), "not a backup of open53")
	if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
		t.Errorf("something is left behind: %v, %v", entries, err)
	}
	empty := t.TempDir()
	restore(empty, damaged, "backup is damaged")
	if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
		t.Errorf("something is left behind: %v, %v", entries, err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	restore(foreign, b.Bytes(), "not empty (x)")
	used := t.TempDir()
	mustClose(t, mustOpen(t, used, Options{}))
	restore(used, b.Bytes(), "there is a store already")
	open := mustOpen(t, used, Options{})
	restore(used, b.Bytes(), "in use by another open53")
	mustClose(t, open)
	if err := Restore(t.Context(), bytes.NewReader(b.Bytes()), missing, Options{}); err != nil {
		t.Fatal(err)
	}
	restored := mustOpen(t, missing, Options{})
	if report, err := restored.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 || report.RRsets != 3000 {
		t.Errorf("verify: %+v, %v", report, err)
	}
	mustClose(t, restored)
}

// TestDamagedFiles changes one place of one file, as a bad disk would. The
// store may be refused, or say that it is damaged when it is read or verified;
// if it does neither, it holds all that it held.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	original := t.TempDir()
	closed, killed := filepath.Join(original, "closed"), filepath.Join(original, "killed")
	c := newChain("Z2")
	var want store.BackupInfo
	for i := range 4 { // each Close makes tables; behind them is a log
		s := mustOpen(t, closed, Options{})
		fill(t, s, fmt.Sprintf("Z1-%d", i), 1500)
		for range 60 {
			if _, err := s.Append(t.Context(), []*event.Event{c.next(t)}); err != nil {
				t.Fatal(err)
			}
		}
		want = contents(t, s)
		_ = os.RemoveAll(killed)
		copyDirectory(t, closed, killed)
		mustClose(t, s)
	}
	outcomes := make(map[string]int)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, state := range []string{"closed", "killed"} {
		source := filepath.Join(original, state)
		for _, file := range files(t, source) {
			for range damages(t, file) {
				dir := filepath.Join(t.TempDir(), "store")
				copyDirectory(t, source, dir)
				what := damageFile(t, filepath.Join(dir, file), r)
				outcome := tryDamaged(t, dir, want)
				outcomes[filepath.Ext(file)+" "+outcome]++
				if outcome == "less" {
					t.Errorf("%s: %s: %s: the store is opened and verified and holds less", state, file, what)
				}
				_ = os.RemoveAll(dir)
			}
		}
	}
	t.Log(outcomes)
}

// damages is how often a file is damaged, by its kind; the environment may ask
// for more.
func damages(t *testing.T, file string) int {
	t.Helper()
	times := 1
	if text := os.Getenv("OPEN53_DAMAGE_ROUNDS"); text != "" {
		var err error
		if times, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasSuffix(file, ".log") || strings.Contains(file, "MANIFEST") {
		return 5 * times
	}
	return times
}

// contents is the hash of the last event and the digest of a backup, which
// covers the state.
func contents(t *testing.T, s *Store) store.BackupInfo {
	t.Helper()
	var b bytes.Buffer
	if err := s.Backup(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	info, err := VerifyBackup(&b)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func copyDirectory(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// damageFile flips a bit, zeroes a piece or cuts the end off.
func damageFile(t *testing.T, name string, r *rand.Rand) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	what := "removed"
	switch n := r.IntN(10); {
	case len(b) == 0 || n == 0:
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		return what
	case n < 3:
		at := r.IntN(len(b))
		what, b = fmt.Sprintf("cut to %d of %d bytes", at, len(b)), b[:at]
	case n < 5:
		at := r.IntN(len(b))
		end := min(len(b), at+1+r.IntN(4096))
		clear(b[at:end])
		what = fmt.Sprintf("zeroed from %d to %d of %d", at, end, len(b))
	default:
		at := r.IntN(len(b))
		b[at] ^= 1 << r.IntN(8)
		what = fmt.Sprintf("bit flipped in byte %d of %d", at, len(b))
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return what
}

// tryDamaged opens a store that was damaged and looks what is left.
func tryDamaged(t *testing.T, dir string, want store.BackupInfo) string {
	t.Helper()
	s, err := Open(dir, Options{})
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("not one line: %q", err)
		}
		return "refused"
	}
	defer func() { _ = s.Close() }() // may fail; the damage is known by then
	report, err := s.Verify(t.Context(), nil)
	if err != nil || len(report.Faults) > 0 {
		return "found"
	}
	var b bytes.Buffer
	if err := s.Backup(t.Context(), &b); err != nil {
		return "found"
	}
	if got, err := VerifyBackup(&b); err != nil || got != want {
		return "less"
	}
	return "whole"
}
