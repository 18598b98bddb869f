package memory

import (
	"io"
	"testing"

	"open53/internal/store"
	"open53/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T) store.Store {
			t.Helper()
			s, err := Open()
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Restore: func(t *testing.T, r io.Reader) (store.Store, error) {
			t.Helper()
			s, err := Restore(t.Context(), r)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		VerifyBackup: VerifyBackup,
	})
}
