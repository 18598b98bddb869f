package pebble

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
)

// mark is the file that holds the last acknowledged position:
//
//	00000000000000001234 9ae0daaf
//
// a decimal number and its CRC-32C. It is written in place after each sync of
// the database and not synced itself: so it never says more than what is
// durable, and may say less after a power cut. A mark that cannot be read
// proves nothing and is ignored.
type mark struct {
	file   *os.File
	logger *slog.Logger
	failed bool // and logged
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func formatMark(position uint64) []byte {
	number := fmt.Sprintf("%020d", position)
	return fmt.Appendf(nil, "%s %08x\n", number, crc32.Checksum([]byte(number), castagnoli))
}

// openMark opens or creates the mark and reads it.
func openMark(name string, options Options) (m *mark, committed uint64, err error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	b := make([]byte, len(formatMark(0)))
	n, err := file.ReadAt(b, 0)
	if n == len(b) {
		_, err = fmt.Sscanf(string(b), "%d", &committed)
	}
	if err != nil || string(formatMark(committed)) != string(b) {
		options.Logger.Warn("file of the committed position is unreadable, starting without it")
		committed = 0
	}
	return &mark{file: file, logger: options.Logger}, committed, nil
}

// writeMark makes the mark of a new store and syncs it.
func writeMark(name string, position uint64) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(formatMark(position))
	return cmp.Or(err, file.Sync(), file.Close())
}

func (m *mark) set(position uint64) {
	if _, err := m.file.WriteAt(formatMark(position), 0); err != nil && !m.failed {
		m.failed = true
		m.logger.Error("writing the committed position failed", slog.Any("error", err))
	}
}

func (m *mark) close() error { return m.file.Close() }
