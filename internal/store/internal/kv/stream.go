package kv

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"open53/internal/event"
	"open53/internal/store"
)

// A backup is a CBOR sequence (RFC 8742) of byte strings. Each holds one item:
// a letter that says what it is, then the item itself.
//
//	h  backupHeader
//	b  baseItem, one per entity that had events before the log begins
//	r  encoded RRset of the zone of the b before it, as the log begins
//	e  encoded event; the first is at position base+1, each next one at +1
//	t  backupTrailer
//
// in this order, and nothing behind. The trailer holds the SHA-256 of all
// bytes before it and the sum of the state that the events lead to, so that a
// reader knows that it has read, and rebuilt, exactly what was there.
const (
	itemHeader  = 'h'
	itemBase    = 'b'
	itemRRset   = 'r'
	itemEvent   = 'e'
	itemTrailer = 't'
)

const (
	backupMagic  = "open53 backup"
	backupFormat = 1
	// maxItem is the largest item; an event is smaller than a batch.
	maxItem = store.MaxBatch + 1<<16
)

type backupHeader struct {
	Magic    string `cbor:"1,keyasint"`
	Format   uint64 `cbor:"2,keyasint"`
	StoreID  string `cbor:"3,keyasint"`
	Position uint64 `cbor:"4,keyasint"`
	Base     uint64 `cbor:"5,keyasint,omitempty"`
}

type baseItem struct {
	Key event.Key `cbor:"1,keyasint"`
	Row baseRow   `cbor:"2,keyasint"`
}

type backupTrailer struct {
	Events   uint64   `cbor:"1,keyasint"`
	Entities uint64   `cbor:"2,keyasint"` // as the events leave them, deleted ones included
	RRsets   uint64   `cbor:"3,keyasint"` // as the events leave them
	State    sum      `cbor:"4,keyasint"` // of their heads and rows
	Digest   [32]byte `cbor:"5,keyasint"`
}

// errTruncated and errBackup begin what is wrong with a backup.
var (
	errBackup    = errors.New("backup is damaged")
	errTruncated = errors.New("backup is truncated")
)

// streamWriter writes the items of a backup.
type streamWriter struct {
	w      *bufio.Writer
	digest hash.Hash // of all items so far
}

func newStreamWriter(w io.Writer) *streamWriter {
	return &streamWriter{w: bufio.NewWriterSize(w, 1<<16), digest: sha256.New()}
}

func (s *streamWriter) item(letter byte, payload []byte) error {
	head := append(byteStringHead(len(payload)+1), letter)
	s.digest.Write(head)
	s.digest.Write(payload)
	if _, err := s.w.Write(head); err != nil {
		return err
	}
	_, err := s.w.Write(payload)
	return err
}

func (s *streamWriter) document(letter byte, v any) error {
	payload, err := event.EncodeDocument(v)
	if err != nil {
		return err
	}
	return s.item(letter, payload)
}

// finish adds the digest to the trailer and writes it.
func (s *streamWriter) finish(t backupTrailer) error {
	s.digest.Sum(t.Digest[:0])
	if err := s.document(itemTrailer, t); err != nil {
		return err
	}
	return s.w.Flush()
}

// byteStringHead is the head of a CBOR byte string (RFC 8949 §3).
func byteStringHead(n int) []byte {
	switch {
	case n < 24:
		return []byte{0x40 | byte(n)}
	case n <= 0xff:
		return []byte{0x58, byte(n)}
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16([]byte{0x59}, uint16(n))
	}
	return binary.BigEndian.AppendUint32([]byte{0x5a}, uint32(n))
}

// streamReader reads the items of a backup and proves the stream itself; what
// the items mean is up to its user.
type streamReader struct {
	r      *bufio.Reader
	digest hash.Hash // of all items before the current one
	whole  hash.Hash // of everything read
	header backupHeader
}

func newStreamReader(r io.Reader) (*streamReader, error) {
	s := &streamReader{r: bufio.NewReaderSize(r, 1<<16), digest: sha256.New(), whole: sha256.New()}
	letter, payload, err := s.read()
	if err != nil || letter != itemHeader || event.DecodeDocument(payload, &s.header) != nil || s.header.Magic != backupMagic {
		if err != nil && !errors.Is(err, errBackup) && !errors.Is(err, errTruncated) {
			return nil, err
		}
		return nil, errors.New("this is not a backup of open53")
	}
	if s.header.Format != backupFormat {
		return nil, fmt.Errorf("the backup has format %d; this version of open53 reads format %d", s.header.Format, backupFormat)
	}
	if s.header.StoreID == "" || s.header.Base > s.header.Position {
		return nil, fmt.Errorf("%w: its header makes no sense", errBackup)
	}
	return s, nil
}

// next returns the next item. The trailer is returned only if its digest is
// right and nothing comes behind it.
func (s *streamReader) next() (letter byte, payload []byte, err error) {
	letter, payload, err = s.read()
	if err != nil || letter != itemTrailer {
		return letter, payload, err
	}
	var t backupTrailer
	if err := event.DecodeDocument(payload, &t); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errBackup, err)
	}
	if [32]byte(s.digest.Sum(nil)) != t.Digest {
		return 0, nil, fmt.Errorf("%w: its digest is not that of its contents", errBackup)
	}
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("%w: there is more behind its end", errBackup)
		}
		return 0, nil, err
	}
	return letter, payload, nil
}

// read reads one item.
func (s *streamReader) read() (letter byte, payload []byte, err error) {
	head := make([]byte, 1, 5)
	if _, err := io.ReadFull(s.r, head); err != nil {
		return 0, nil, truncated(err)
	}
	size := 0
	switch {
	case head[0] >= 0x41 && head[0] < 0x58:
		size = int(head[0] & 0x1f)
	case head[0] >= 0x58 && head[0] <= 0x5a:
		head = head[:1+1<<(head[0]-0x58)]
		if _, err := io.ReadFull(s.r, head[1:]); err != nil {
			return 0, nil, truncated(err)
		}
		for _, c := range head[1:] {
			size = size<<8 | int(c)
		}
	}
	if size < 1 || size > maxItem || string(byteStringHead(size)) != string(head) {
		return 0, nil, fmt.Errorf("%w: no item begins with %x", errBackup, head)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return 0, nil, truncated(err)
	}
	if b[0] != itemTrailer {
		s.digest.Write(head)
		s.digest.Write(b)
	}
	s.whole.Write(head)
	s.whole.Write(b)
	return b[0], b[1:], nil
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return fmt.Errorf("read backup: %w", err)
}
