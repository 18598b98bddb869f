package kv

import (
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
)

// headRow is the value of tableHeads. The cbor keys are part of the format.
type headRow struct {
	Version  uint64     `cbor:"1,keyasint"`
	Hash     event.Hash `cbor:"2,keyasint"`
	Position uint64     `cbor:"3,keyasint"`
	Deleted  bool       `cbor:"4,keyasint,omitempty"`
	Document []byte     `cbor:"5,keyasint,omitempty"`
	Serial   uint32     `cbor:"6,keyasint,omitempty"`
	RRsets   uint64     `cbor:"7,keyasint,omitempty"`
}

func rowOfHead(h store.Head) headRow {
	return headRow{h.Version, h.Hash, h.Position, h.Deleted, h.Document, h.Serial, h.RRsets}
}

func (r headRow) head(key event.Key) store.Head {
	return store.Head{
		Key: key, Version: r.Version, Hash: r.Hash, Position: r.Position,
		Deleted: r.Deleted, Document: r.Document, Serial: r.Serial, RRsets: r.RRsets,
	}
}

// baseRow is the value of tableBase: an entity as it was at the base position,
// and the sum of its RRsets then.
type baseRow struct {
	Head headRow `cbor:"1,keyasint"`
	Sum  sum     `cbor:"2,keyasint"`
}

// changeRow is the value of tableChanges.
type changeRow struct {
	First   uint64      `cbor:"1,keyasint"` // position of the change's first event
	Last    uint64      `cbor:"2,keyasint"`
	Time    int64       `cbor:"3,keyasint"`
	Comment string      `cbor:"4,keyasint,omitempty"`
	Keys    []event.Key `cbor:"5,keyasint"`
}

// backupRow is the value of metaBackup.
type backupRow struct {
	Position uint64   `cbor:"1,keyasint"`
	Digest   [32]byte `cbor:"2,keyasint"`
}

// damaged reports that a value cannot be what was written.
func damaged(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", store.ErrDamaged, what, err)
}

func readRow(r Reader, key []byte, what string, row any) (found bool, err error) {
	value, found, err := r.Read(nil, key)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", what, err)
	}
	if !found {
		return false, nil
	}
	if err := event.DecodeDocument(value, row); err != nil {
		return false, damaged(what, err)
	}
	return true, nil
}

// readHead reads an entity's head; the zero version where it never existed.
func readHead(r Reader, key event.Key) (store.Head, error) {
	var row headRow
	if _, err := readRow(r, headKey(key), "head", &row); err != nil {
		return store.Head{}, fmt.Errorf("%s %q: %w", key.Kind, key.ID, err)
	}
	return row.head(key), nil
}

// readBase reads what an entity was at the base position; the zero version
// where all its events are in the log.
func readBase(r Reader, base uint64, key event.Key) (store.Head, sum, error) {
	if base == 0 {
		return store.Head{Key: key}, sum{}, nil
	}
	var row baseRow
	if _, err := readRow(r, baseKey(base, key), "base", &row); err != nil {
		return store.Head{}, sum{}, fmt.Errorf("%s %q: %w", key.Kind, key.ID, err)
	}
	return row.Head.head(key), row.Sum, nil
}

func readCounter(r Reader, key []byte) (uint64, error) {
	value, found, err := r.Read(nil, key)
	if err != nil || !found {
		return 0, err
	}
	return parseUint64(value)
}

// readRecord reads the event at a position of the log.
func readRecord(r Reader, position uint64) (store.Record, error) {
	encoded, found, err := r.Read(nil, logKey(position))
	if err != nil {
		return store.Record{}, fmt.Errorf("read event %d: %w", position, err)
	}
	if !found {
		return store.Record{}, fmt.Errorf("%w: event %d is missing", store.ErrDamaged, position)
	}
	return decodeRecord(position, encoded)
}

func decodeRecord(position uint64, encoded []byte) (store.Record, error) {
	e, err := event.Decode(encoded)
	if err != nil {
		return store.Record{}, damaged(fmt.Sprintf("event %d", position), err)
	}
	return store.Record{Position: position, Hash: event.HashOf(encoded), Event: e}, nil
}
