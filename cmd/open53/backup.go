package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"open53/internal/store"
	"open53/internal/store/pebble"
)

func newBackupCommand() *cobra.Command {
	s := &connection{}
	var to string
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write a consistent backup of a running server to a file",
		Long: `Write everything that a running server holds, with its history, to a file that
"open53 restore" reads. The server goes on meanwhile. The file is read back and
proved before it gets its name. Access keys are not in it: they are in the file
credentials of the data directory.`,
		Example: `  open53 backup
  open53 backup -o /backup/open53-monday
  open53 backup -o - | ssh vault 'cat > open53-backup'`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "-" && isTerminal(cmd.OutOrStdout()) {
				return usagef("a backup is not for the terminal: say -o FILE, or send standard output elsewhere")
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			if to == "" {
				to = "open53-" + time.Now().UTC().Format("20060102T150405Z") + ".backup"
			}
			resp, err := c.adminStream(cmd.Context(), http.MethodGet, "backup", nil)
			if err != nil {
				return c.failure("backup", err)
			}
			defer resp.Body.Close() //nolint:errcheck // only read from
			if to == "-" {
				return c.pipeBackup(cmd, resp.Body)
			}
			return c.saveBackup(cmd, resp.Body, to)
		},
	}
	cmd.Flags().StringVarP(&to, "to", "o", "", "write to `FILE`; - is standard output (default open53-TIME.backup)")
	s.register(cmd.Flags())
	return cmd
}

// saveBackup writes a file and proves it.
func (c *client) saveBackup(cmd *cobra.Command, body io.Reader, path string) error {
	var info store.BackupInfo
	var size int64
	err := writeFile(path, 0o600, func(f *os.File) error {
		p := newProgress(cmd.ErrOrStderr(), "backup", "bytes", 0)
		defer p.finish()
		var err error
		if size, err = io.Copy(f, countingReader{body, p}); err != nil {
			return c.failure("receive", err)
		}
		p.finish()
		info, err = readBack(cmd, f, uint64(size))
		return err
	})
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("backup: %w; %s was not written", err, path)
	}
	if err := c.recordBackup(cmd.Context(), info); err != nil {
		return c.failure("tell the server that "+path+" is proved", err)
	}
	return printf(cmd, "%s: %s, proved; %d events up to position %d, %d record sets\n", path, byteCount(uint64(size)), info.Events, info.Position, info.RRsets)
}

// readBack proves the backup that was written to f.
func readBack(cmd *cobra.Command, f *os.File, size uint64) (store.BackupInfo, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return store.BackupInfo{}, err
	}
	p := newProgress(cmd.ErrOrStderr(), "prove backup", "bytes", size)
	defer p.finish()
	return pebble.VerifyBackup(bufio.NewReaderSize(countingReader{f, p}, 1<<20))
}

// recordBackup tells the server what a backup holds: compact asks for it.
func (c *client) recordBackup(ctx context.Context, info store.BackupInfo) error {
	return c.admin(ctx, http.MethodPost, "backups", map[string]any{
		"store_id": info.StoreID, "position": info.Position,
		"last_event": info.LastEvent.String(), "digest": hex.EncodeToString(info.Digest[:]),
	}, nil)
}

// pipeBackup writes the backup to standard output and proves it on the way.
func (c *client) pipeBackup(cmd *cobra.Command, body io.Reader) error {
	p := newProgress(cmd.ErrOrStderr(), "backup", "bytes", 0)
	defer p.finish()
	r, w := io.Pipe()
	proof := make(chan error, 1)
	go func() {
		_, err := pebble.VerifyBackup(bufio.NewReaderSize(r, 1<<20))
		_, _ = io.Copy(io.Discard, r) // whatever is wrong, let the writer end
		proof <- err
	}()
	_, err := io.Copy(io.MultiWriter(cmd.OutOrStdout(), w), countingReader{body, p})
	_ = w.CloseWithError(err) // nil is the end of the stream
	proved := <-proof
	if err != nil {
		return c.failure("backup", err)
	}
	if proved != nil {
		return fmt.Errorf("backup: what was written is no whole backup: %w", proved)
	}
	return nil
}

// countingReader shows how much was read.
type countingReader struct {
	r io.Reader
	p *progress
}

func (c countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.add(uint64(n))
	return n, err
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
