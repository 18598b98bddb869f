package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"open53/internal/store/pebble"
)

// storeDirectory is where `open53 serve` keeps its store.
func storeDirectory(data string) string { return filepath.Join(data, "store") }

func newRestoreCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "restore --data DIR FILE",
		Short: "Make a data directory of a backup",
		Long: `Make the data directory of a server of a backup. The directory must not hold a
store yet. The backup is proved on the way; one that is damaged leaves nothing
behind. Afterwards "open53 serve --data DIR" serves what the backup holds; copy
the file credentials there too, or serve makes a new admin key.`,
		Example: `  open53 restore --data /var/lib/open53 open53-20260102T030405Z.backup
  ssh vault cat open53-backup | open53 restore --data ./open53-data -`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if data == "" {
				return usagef("--data is missing: which directory?")
			}
			in, size := cmd.InOrStdin(), uint64(0)
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("restore: %w", err)
				}
				defer f.Close() //nolint:errcheck // only read from
				if info, err := f.Stat(); err == nil {
					size = uint64(info.Size())
				}
				in = f
			}
			return restore(cmd, in, size, data)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "data `DIR` to make; it may exist, without a store")
	return cmd
}

func restore(cmd *cobra.Command, in io.Reader, size uint64, data string) error {
	made, err := makeDirectory(data)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	p := newProgress(cmd.ErrOrStderr(), "restore", "bytes", size)
	err = pebble.Restore(cmd.Context(), bufio.NewReaderSize(countingReader{in, p}, 1<<20), storeDirectory(data), pebble.Options{})
	p.finish()
	if err != nil {
		if made {
			err = errors.Join(err, os.Remove(data)) // it is empty again
		}
		return err
	}
	s, err := pebble.Open(storeDirectory(data), pebble.Options{})
	if err != nil {
		return err
	}
	position := s.Position()
	if err := s.Close(); err != nil {
		return err
	}
	return printf(cmd, "restored %s up to position %d: open53 serve --data %s\n", data, position, data)
}

// makeDirectory makes a data directory unless it is there.
func makeDirectory(path string) (made bool, err error) {
	if _, err := os.Stat(path); err == nil {
		return false, nil
	}
	return true, os.MkdirAll(path, 0o700)
}
