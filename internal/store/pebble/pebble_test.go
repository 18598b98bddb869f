package pebble

import (
	"io"
	"path/filepath"
	"testing"

	"open53/internal/store"
	"open53/internal/store/storetest"
)

func mustOpen(tb testing.TB, dir string, options Options) *Store {
	tb.Helper()
	s, err := Open(dir, options)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	dirs := make(map[store.Store]string)
	opened := func(t *testing.T, dir string) store.Store {
		t.Helper()
		s := mustOpen(t, dir, Options{})
		dirs[s] = dir
		return s
	}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) store.Store {
			t.Helper()
			return opened(t, t.TempDir())
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return opened(t, dirs[s])
		},
		Restore: func(t *testing.T, r io.Reader) (store.Store, error) {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "restored")
			if err := Restore(t.Context(), r, dir, Options{}); err != nil {
				return nil, err
			}
			return opened(t, dir), nil
		},
		VerifyBackup: VerifyBackup,
	})
}
