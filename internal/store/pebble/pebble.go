// Package pebble is the store on disk, over one Pebble database. It is the
// default, and the truth of a server that runs alone.
//
//	DIR/            0700, belongs to the store alone
//	    LOCK        held by the process that has the store open
//	    committed   the last acknowledged position, in text (see mark)
//	    db/         the Pebble database
//	    db.new/     a database that is being created or restored
//
// A directory is a store if it has db: creating and restoring build db.new and
// rename it when it is whole and synced, so a crash leaves all or nothing.
//
// Every group of batches is one Pebble batch, synced before it is
// acknowledged. Pebble itself treats a damaged end of its newest log, and of
// its manifest, as writes that never ended, and silently starts without them.
// So Open compares what it finds with the mark, which is written after each
// sync, and with the counter of events, whose increments get lost with the
// writes they came with; what was acknowledged and is not there is an error.
//
// A write error of the database ends all writing until the store is reopened;
// reading goes on. Before that happens for want of space, writes are refused
// while the disk has less than Options.ReserveBytes free, and accepted again
// when it has more.
package pebble

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"open53/internal/store"
	"open53/internal/store/internal/kv"
)

// Options are the choices an operator has. The zero value is the default.
type Options struct {
	// CacheBytes is the size of the cache of uncompressed blocks; 0 is 8 MiB.
	CacheBytes int64
	// ReserveBytes is the free disk space below which writes are refused, so
	// that the database can still flush and compact; 0 is 64 MiB.
	ReserveBytes uint64
	// Logger receives errors that no caller sees, and details at debug level;
	// nil discards them.
	Logger *slog.Logger

	fs vfs.FS // tests replace it
}

const (
	defaultCacheBytes   = 8 << 20
	defaultReserveBytes = 64 << 20
)

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserveBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	return o
}

// Store is a store on disk.
type Store = kv.Store

// Open opens the store in a directory, or creates one if the directory is
// empty or does not exist. The error is one line that says what is wrong: the
// directory is in use, belongs to something else, is damaged, has lost events
// or has another format.
func Open(dir string, options Options) (*Store, error) {
	s, err := open(dir, options.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open data directory %s: %w", dir, err)
	}
	return s, nil
}

func open(dir string, options Options) (s *Store, err error) {
	d, err := lockDirectory(dir, options.fs)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = d.leave() // err says more
		}
	}()
	if err := d.createIfEmpty(options); err != nil {
		return nil, err
	}
	m, committed, err := openMark(d.path(markName), options)
	if err != nil {
		return nil, err
	}
	e, err := openEngine(d, m, options, false)
	if err != nil {
		return nil, cmp.Or(err, m.close())
	}
	s, err = kv.Open(e, committed)
	if err != nil {
		if committed > 0 && errors.Is(err, store.ErrDamaged) {
			err = fmt.Errorf("%w; restore a backup", err)
		}
		return nil, cmp.Or(err, e.closeDatabase(), m.close())
	}
	return s, nil
}

// createIfEmpty makes a new store if there is none, and refuses a directory
// that has something else in it.
func (d *directory) createIfEmpty(options Options) error {
	exists, err := d.holdsStore()
	if err != nil || exists {
		return err
	}
	id, err := kv.NewID(rand.Reader)
	if err != nil {
		return err
	}
	return d.build(options, func(e kv.Engine) (uint64, error) { return 0, kv.Create(e, id) })
}

// build makes a database with f, which returns its last position, and puts it
// in place when it is whole; after an error nothing is left of it.
func (d *directory) build(options Options, f func(e kv.Engine) (position uint64, err error)) (err error) {
	building := d.path(buildingName)
	// Of an attempt that crashed. The mark goes first: it never stays alone.
	if err := cmp.Or(os.RemoveAll(d.path(markName)), os.RemoveAll(building)); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = cmp.Or(err, os.RemoveAll(d.path(markName)), os.RemoveAll(building))
		}
	}()
	if err := os.Mkdir(building, 0o700); err != nil {
		return err
	}
	e, err := openEngine(d, nil, options, true)
	if err != nil {
		return err
	}
	position, err := f(e)
	if err := cmp.Or(err, e.closeDatabase()); err != nil {
		return err
	}
	if err := writeMark(d.path(markName), position); err != nil {
		return err
	}
	if err := os.Rename(building, d.path(databaseName)); err != nil {
		return err
	}
	return d.sync()
}

// Restore makes a store of a backup in a directory that is empty or does not
// exist. It proves the backup on the way (see VerifyBackup) and leaves nothing
// behind if it is refused.
func Restore(ctx context.Context, r io.Reader, dir string, options Options) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore into %s: %w", dir, err)
		}
	}()
	_, err = os.Stat(dir)
	created := errors.Is(err, os.ErrNotExist)
	options = options.withDefaults()
	d, err := lockDirectory(dir, options.fs)
	if err != nil {
		return err
	}
	err = cmp.Or(d.restore(ctx, r, options), d.leave())
	if err != nil && created {
		err = cmp.Or(err, os.Remove(dir))
	}
	return err
}

func (d *directory) restore(ctx context.Context, r io.Reader, options Options) error {
	exists, err := d.holdsStore()
	if err == nil && exists {
		err = errors.New("there is a store already")
	}
	if err != nil {
		return err
	}
	return d.build(options, func(e kv.Engine) (uint64, error) { return kv.Restore(ctx, e, r) })
}

// VerifyBackup proves a backup from end to end without restoring it: that it
// is whole and unaltered, and that its events lead to the state it was made
// from. It keeps about 300 bytes per entity.
func VerifyBackup(r io.Reader) (store.BackupInfo, error) { return kv.VerifyBackup(r) }

// The names in a store's directory.
const (
	lockName     = "LOCK"
	markName     = "committed"
	databaseName = "db"
	buildingName = "db.new"
)

// directory is a store's directory, locked.
type directory struct {
	name    string
	lock    io.Closer
	newLock bool // the lock's file was not there before
}

func (d *directory) path(name string) string { return filepath.Join(d.name, name) }

// lockDirectory makes the directory, if need be, and locks it.
func lockDirectory(name string, fs vfs.FS) (*directory, error) {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, err
	}
	d := &directory{name: name}
	_, err := os.Stat(d.path(lockName))
	d.newLock = errors.Is(err, os.ErrNotExist)
	lock, err := fs.Lock(d.path(lockName))
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return nil, err
	}
	if err != nil { // the lock itself was refused
		return nil, errors.New("it is in use by another open53")
	}
	d.lock = lock
	return d, nil
}

func (d *directory) unlock() error { return d.lock.Close() }

// leave unlocks the directory; one that holds no store is left as it was found.
func (d *directory) leave() error {
	if exists, _ := d.holdsStore(); exists || !d.newLock {
		return d.unlock()
	}
	return cmp.Or(os.Remove(d.path(lockName)), d.unlock())
}

// holdsStore reports whether there is a store; anything else but an empty
// directory is an error.
func (d *directory) holdsStore() (bool, error) {
	entries, err := os.ReadDir(d.name)
	if err != nil {
		return false, err
	}
	foreign := ""
	for _, entry := range entries {
		switch name := entry.Name(); name {
		case databaseName:
			return true, nil
		case lockName, buildingName, "lost+found":
		case markName:
			// Written just before the rename that makes a store.
			if _, err := os.Stat(d.path(buildingName)); err != nil {
				foreign = name
			}
		default:
			foreign = name
		}
	}
	if foreign != "" {
		return false, fmt.Errorf("it is not empty (%s) and holds no store of open53", foreign)
	}
	return false, nil
}

// sync makes the directory's entries durable.
func (d *directory) sync() error {
	f, err := os.Open(d.name)
	if err != nil {
		return err
	}
	return cmp.Or(f.Sync(), f.Close())
}
