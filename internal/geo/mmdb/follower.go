package mmdb

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"open53/internal/geo"
)

// Interval is how often files are looked at.
const Interval = 5 * time.Second

// Follower keeps a locator in step with files: it reads those that are new or
// have changed, and puts a new database in use. A file that cannot be read
// leaves what was last read of it in use. Its methods belong to one goroutine.
type Follower struct {
	files    []string // that must be there
	patterns []string // of files that may come and go
	locator  *geo.Locator
	log      *slog.Logger

	read map[string]*reading
	used []*geo.Layer
}

// reading is what a file held when it was last looked at.
type reading struct {
	modified time.Time
	size     int64
	layer    *geo.Layer // nil if it was never good
}

// NewFollower returns a Follower of files, best first; or, if there are none,
// of whatever matches the patterns, in order of names within each.
func NewFollower(files, patterns []string, locator *geo.Locator, log *slog.Logger) *Follower {
	if len(files) > 0 {
		patterns = nil
	}
	return &Follower{files: files, patterns: patterns, locator: locator, log: log, read: make(map[string]*reading)}
}

// Load reads the files for the first time. Error: one that must be there
// cannot be read. Others that cannot are told to the log.
func (f *Follower) Load() error {
	for _, path := range f.files {
		if err := f.look(path); err != nil {
			return err
		}
	}
	f.Follow()
	return nil
}

// Run looks at the files every so often until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			f.Follow()
		}
	}
}

// Follow looks at the files once.
func (f *Follower) Follow() {
	paths := slices.Clone(f.files)
	for _, pattern := range f.patterns {
		found, _ := filepath.Glob(pattern) // a bad pattern finds nothing
		paths = append(paths, found...)
	}
	var layers []*geo.Layer
	for _, path := range paths {
		if err := f.look(path); err != nil {
			f.log.Error("geo database stays as it was", "path", path, "error", err)
		}
		if r := f.read[path]; r != nil && r.layer != nil {
			layers = append(layers, r.layer)
		}
	}
	if slices.Equal(layers, f.used) {
		return
	}
	f.used = layers
	f.locator.Use(geo.NewDatabase(layers...))
	for path := range f.read { // files that have gone
		if !slices.Contains(paths, path) {
			delete(f.read, path)
			f.log.Info("geo database no longer used", "path", path)
		}
	}
}

// look reads a file unless it is as it was, or was as bad as it is.
func (f *Follower) look(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	}
	if err != nil {
		if r := f.read[path]; r != nil && r.modified.IsZero() {
			return nil // it was told of once
		}
		f.note(path, time.Time{}, 0)
		return fmt.Errorf("read geo database: %w", err)
	}
	if r := f.read[path]; r != nil && r.modified.Equal(info.ModTime()) && r.size == info.Size() {
		return nil
	}
	r := f.note(path, info.ModTime(), info.Size())
	begin := time.Now()
	layer, err := Read(path)
	if err != nil {
		return err
	}
	r.layer = layer
	debug.FreeOSMemory() // the file and what was made on the way are several times what is kept
	f.log.Info("geo database read", "path", path, "networks", layer.Networks(), "bytes", layer.Bytes(),
		"elapsed", time.Since(begin).Round(time.Millisecond))
	return nil
}

// note remembers how a file looked, and not what was read of it.
func (f *Follower) note(path string, modified time.Time, size int64) *reading {
	r := f.read[path]
	if r == nil {
		r = new(reading)
		f.read[path] = r
	}
	r.modified, r.size = modified, size
	return r
}
