package mmdb

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"open53/internal/geo"
	"open53/internal/geo/mmdb/mmdbtest"
)

// place writes a file in the way that its time changes.
func place(t *testing.T, path string, text []byte, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func in(t *testing.T, country string) []byte {
	t.Helper()
	return mmdbtest.File(t, map[string]any{"192.0.2.0/24": object{"country_code": country}})
}

func country(locator *geo.Locator) string {
	return locator.Locate(netip.MustParseAddr("192.0.2.1")).Country.String()
}

func TestFollowerReadsWhatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mmdb")
	place(t, path, in(t, "DE"), time.Hour)
	var locator geo.Locator
	var log bytes.Buffer
	f := NewFollower([]string{path}, nil, &locator, slog.New(slog.NewTextHandler(&log, nil)))
	if err := f.Load(); err != nil {
		t.Fatal(err)
	}
	step := func(name, want, logged string) {
		t.Helper()
		log.Reset()
		f.Follow()
		if got := country(&locator); got != want {
			t.Errorf("%s: the client is in %q, want %q", name, got, want)
		}
		if logged == "" && log.Len() > 0 || !strings.Contains(log.String(), logged) {
			t.Errorf("%s: the log says %q, want %q", name, log.String(), logged)
		}
	}
	step("as it was", "DE", "")
	place(t, path, in(t, "FR"), time.Minute)
	step("another content", "FR", "geo database read")
	place(t, path, in(t, "JP")[:100], 30*time.Second)
	step("a damaged file", "FR", "stays as it was")
	step("still damaged", "FR", "")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	step("no file", "FR", "stays as it was")
	step("still none", "FR", "")
	place(t, path, in(t, "JP"), time.Second)
	step("good again", "JP", "geo database read")
}

func TestFollowerNeedsTheFilesItIsGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mmdb")
	var locator geo.Locator
	f := NewFollower([]string{path}, nil, &locator, slog.New(slog.DiscardHandler))
	if err := f.Load(); err == nil {
		t.Error("a missing file is accepted")
	}
	place(t, path, []byte("no database"), time.Hour)
	if err := f.Load(); err == nil {
		t.Error("a damaged file is accepted")
	}
}

func TestFollowerFindsFiles(t *testing.T) {
	dir := t.TempDir()
	var locator geo.Locator
	var log bytes.Buffer
	f := NewFollower(nil, []string{filepath.Join(dir, "*.mmdb")}, &locator, slog.New(slog.NewTextHandler(&log, nil)))
	if err := f.Load(); err != nil || country(&locator) != "" {
		t.Fatalf("an empty directory: %v, %q", err, country(&locator))
	}
	place(t, filepath.Join(dir, "b.mmdb"), in(t, "FR"), time.Hour)
	f.Follow()
	if got := country(&locator); got != "FR" {
		t.Errorf("with b alone in %q", got)
	}
	place(t, filepath.Join(dir, "a.mmdb"), in(t, "DE"), time.Hour)
	place(t, filepath.Join(dir, "c.mmdb"), []byte("no database"), time.Hour)
	f.Follow()
	if got := country(&locator); got != "DE" {
		t.Errorf("with a before b in %q", got)
	}
	if !strings.Contains(log.String(), "c.mmdb") {
		t.Errorf("the log does not say that c is damaged: %s", log.String())
	}
	if err := os.Remove(filepath.Join(dir, "a.mmdb")); err != nil {
		t.Fatal(err)
	}
	f.Follow()
	if got := country(&locator); got != "FR" {
		t.Errorf("without a in %q", got)
	}
	given := NewFollower([]string{filepath.Join(dir, "b.mmdb")}, []string{filepath.Join(dir, "*.mmdb")}, &locator, slog.New(slog.DiscardHandler))
	place(t, filepath.Join(dir, "a.mmdb"), in(t, "DE"), time.Hour)
	if err := given.Load(); err != nil || country(&locator) != "FR" {
		t.Errorf("given b it is in %q, %v", country(&locator), err)
	}
}
