// Package memory is the store that keeps nothing: everything is gone when the
// process ends. It serves `open53 dev` and tests, and passes the same
// conformance suite as the others.
//
// The engine under it is a B-tree of immutable keys and values. A snapshot is
// a copy-on-write clone: it costs nothing to make, and writers then copy the
// nodes they change. One lock serializes writes and clones; a clone is read
// without any.
package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"open53/internal/store"
	"open53/internal/store/internal/kv"
)

// Store is a store in memory.
type Store = kv.Store

// Open makes an empty store.
func Open() (*Store, error) {
	engine := newEngine()
	id, err := kv.NewID(rand.Reader)
	if err == nil {
		err = kv.Create(engine, id)
	}
	if err != nil {
		return nil, fmt.Errorf("open store in memory: %w", err)
	}
	return kv.Open(engine, 0)
}

// Restore makes a store of a backup; see store.Store.Backup. A backup that is
// truncated or altered is refused.
func Restore(ctx context.Context, r io.Reader) (*Store, error) {
	engine := newEngine()
	if _, err := kv.Restore(ctx, engine, r); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	return kv.Open(engine, 0)
}

// VerifyBackup proves a backup from end to end without restoring it.
func VerifyBackup(r io.Reader) (store.BackupInfo, error) { return kv.VerifyBackup(r) }
