package certificate

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"open53/internal/certificate/certtest"
)

// TestFollowsFiles: a new pair is used, a broken one is not.
func TestFollowsFiles(t *testing.T) {
	directory := t.TempDir()
	certFile, keyFile, _ := certtest.Write(t, directory, 1)
	c, err := Open(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serial := func(later bool) int64 {
		if later {
			c.checked = c.checked.Add(-interval)
		}
		pair, err := c.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	certtest.Write(t, directory, 2)
	if got := serial(false); got != 1 {
		t.Errorf("looked too early: %d", got)
	}
	if got := serial(true); got != 2 {
		t.Errorf("after a change: %d", got)
	}
	if err := os.WriteFile(keyFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(true); got != 2 {
		t.Errorf("with a broken key: %d", got)
	}
	certtest.Write(t, directory, 3)
	if got := serial(true); got != 3 {
		t.Errorf("mended: %d", got)
	}
	if _, err := Open(certFile, filepath.Join(directory, "missing"), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("opened without a key")
	}
}
