package kv_test

import (
	"io"
	"testing"

	"open53/internal/store"
	"open53/internal/store/internal/kv"
	"open53/internal/store/storetest"
)

// TestStoreWithTinyLimits runs the suite where nothing fits into memory.
func TestStoreWithTinyLimits(t *testing.T) {
	engines := make(map[store.Store]kv.Engine)
	opened := func(t *testing.T, engine kv.Engine) store.Store {
		t.Helper()
		s, err := kv.OpenTiny(engine)
		if err != nil {
			t.Fatal(err)
		}
		engines[s] = engine
		return s
	}
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) store.Store {
			t.Helper()
			engine := kv.NewFakeEngine()
			if err := kv.Create(engine, "id"); err != nil {
				t.Fatal(err)
			}
			return opened(t, engine)
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return opened(t, engines[s])
		},
		Restore: func(t *testing.T, r io.Reader) (store.Store, error) {
			t.Helper()
			engine := kv.NewFakeEngine()
			if _, err := kv.Restore(t.Context(), engine, r); err != nil {
				return nil, err
			}
			return opened(t, engine), nil
		},
		VerifyBackup: kv.VerifyBackup,
	})
}
