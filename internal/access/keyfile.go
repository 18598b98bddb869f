package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkInterval is how often a lookup looks whether the file has changed.
	checkInterval = time.Second
	// missInterval is the same for lookups that find nothing: a new key works
	// soon, and a flood of unknown keys does not keep the disk busy.
	missInterval = 50 * time.Millisecond
)

// KeyFile is a credentials file. Lookups read an immutable table; whoever
// finds that the file has changed puts a new one in its place. A file that
// cannot be read leaves the table as it is: to revoke a key, remove its
// profile, not the file.
type KeyFile struct {
	path   string
	logger *slog.Logger
	table  atomic.Pointer[keyTable]

	reading sync.Mutex // guards reading the file and what follows
	failed  string     // the last failure, so that it is logged once
}

// keyTable is the file's content at one time. Frozen but for checked.
type keyTable struct {
	keys    map[string]Key
	info    fs.FileInfo
	checked atomic.Int64 // Unix nanoseconds of the last look at the file
}

// OpenKeyFile reads a credentials file that must exist.
func OpenKeyFile(path string, logger *slog.Logger) (*KeyFile, error) {
	f := &KeyFile{path: path, logger: logger}
	table, err := f.read()
	if err != nil {
		return nil, err
	}
	if table.info.Mode().Perm()&0o077 != 0 {
		logger.Warn("credentials file can be read by others",
			slog.String("path", path), slog.String("mode", table.info.Mode().Perm().String()))
	}
	f.table.Store(table)
	return f, nil
}

func (f *KeyFile) read() (*keyTable, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	keys, err := parseProfiles(data)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %s: %w", f.path, err)
	}
	return &keyTable{keys: keys, info: info}, nil
}

// Lookup finds a key.
func (f *KeyFile) Lookup(id string, now time.Time) (Key, bool) {
	table := f.refresh(f.table.Load(), now, checkInterval)
	key, ok := table.keys[id]
	if !ok {
		key, ok = f.refresh(table, now, missInterval).keys[id]
	}
	return key, ok
}

// Profile finds the key of a profile; false if it has none.
func (f *KeyFile) Profile(name string) (Key, bool) {
	for _, k := range f.table.Load().keys {
		if k.Profile == name {
			return k, true
		}
	}
	return Key{}, false
}

// refresh reads the file if it is not the one that table was read from. It
// looks at most once in interval.
func (f *KeyFile) refresh(table *keyTable, now time.Time, interval time.Duration) *keyTable {
	last := table.checked.Load()
	if now.UnixNano()-last < int64(interval) || !table.checked.CompareAndSwap(last, now.UnixNano()) {
		return table
	}
	info, err := os.Stat(f.path)
	if err == nil && os.SameFile(info, table.info) && info.ModTime().Equal(table.info.ModTime()) && info.Size() == table.info.Size() {
		return table
	}
	f.reading.Lock()
	defer f.reading.Unlock()
	if current := f.table.Load(); current != table { // somebody else has read it
		return current
	}
	fresh, err := f.read()
	if err != nil {
		if f.failed != err.Error() {
			f.failed = err.Error()
			f.logger.Error("credentials stay as they were", slog.Any("error", err))
		}
		return table
	}
	fresh.checked.Store(now.UnixNano())
	f.failed = ""
	f.table.Store(fresh)
	f.logger.Info("credentials read again", slog.String("path", f.path), slog.Int("keys", len(fresh.keys)))
	return fresh
}

// CreateKeyFile writes a credentials file with a new admin key, mode 0600,
// unless the file exists. After a crash there is the whole file or none.
// random is crypto/rand.Reader outside tests.
func CreateKeyFile(path string, random io.Reader) (created bool, err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, err // nil if it exists
	}
	key, err := NewKey(adminProfile, random)
	if err != nil {
		return false, fmt.Errorf("create credentials: %w", err)
	}
	text := fmt.Sprintf("# Access keys of this open53 site: one profile each, read again when this file changes.\n"+
		"# open53_actions limits a key, e.g. to route53:Get* route53:List*.\n"+
		"[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.Profile, key.ID, key.Secret)
	if err := writeNew(path, []byte(text)); err != nil {
		return false, fmt.Errorf("create credentials: %w", err)
	}
	return true, nil
}

// writeNew writes a file durably: under another name first, then in place.
func writeNew(path string, data []byte) error {
	directory := filepath.Dir(path)
	temp, err := os.CreateTemp(directory, filepath.Base(path)+".new-") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDirectory(directory)
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// NewKey makes a key that may do everything: an id of AKIA and 16 characters,
// a secret of 40 letters and digits (238 bits), so that neither needs quoting.
func NewKey(profile string, random io.Reader) (Key, error) {
	id, err := draw(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
	if err != nil {
		return Key{}, err
	}
	secret, err := draw(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40)
	if err != nil {
		return Key{}, err
	}
	return Key{ID: "AKIA" + id, Secret: secret, Profile: profile, Actions: everything}, nil
}

// draw picks n letters of an alphabet, all with the same chance.
func draw(random io.Reader, alphabet string, n int) (string, error) {
	text := make([]byte, 0, n)
	var b [64]byte
	for len(text) < n {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fmt.Errorf("draw a key: %w", err)
		}
		for _, c := range b {
			if limit := 256 - 256%len(alphabet); int(c) < limit && len(text) < n { // no modulo bias
				text = append(text, alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return string(text), nil
}
