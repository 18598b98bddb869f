package kv

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// The tables; see the package comment.
const (
	tableMeta     = 'm'
	tableLog      = 'l'
	tableVersions = 'v'
	tableHeads    = 'h'
	tableRRsets   = 'r'
	tableIndexes  = 'i'
	tableChanges  = 'c'
	tableCounts   = 'n'
	tableBase     = 'b'
)

// Keys of tableMeta.
var (
	metaFormat = []byte{tableMeta, 'f', 'o', 'r', 'm', 'a', 't'}
	metaStore  = []byte{tableMeta, 's', 't', 'o', 'r', 'e'}
	metaBase   = []byte{tableMeta, 'b', 'a', 's', 'e'}
	metaBackup = []byte{tableMeta, 'b', 'a', 'c', 'k', 'u', 'p'}
	metaEvents = []byte{tableMeta, 'e', 'v', 'e', 'n', 't', 's'}
)

// bounds of a whole table.
func bounds(table byte) (lower, upper []byte) { return []byte{table}, []byte{table + 1} }

func uint64Bytes(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func parseUint64(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("%w: a number has %d bytes", store.ErrDamaged, len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}

func logKey(position uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tableLog}, position)
}

// appendEntity appends kind‖0‖id.
func appendEntity(b []byte, key event.Key) []byte {
	b = append(b, key.Kind...)
	b = append(b, 0)
	return append(b, key.ID...)
}

// parseEntity reads kind‖0‖id.
func parseEntity(b []byte) (event.Key, error) {
	kind, id, ok := bytes.Cut(b, []byte{0})
	if !ok {
		return event.Key{}, fmt.Errorf("%w: %q is not the key of an entity", store.ErrDamaged, b)
	}
	return event.Key{Kind: event.Kind(kind), ID: string(id)}, nil
}

func headKey(key event.Key) []byte { return appendEntity([]byte{tableHeads}, key) }

func versionKey(key event.Key, version uint64) []byte {
	b := append(appendEntity([]byte{tableVersions}, key), 0)
	return binary.BigEndian.AppendUint64(b, version)
}

// versionBounds are the rows of an entity's history from version from on.
func versionBounds(key event.Key, from uint64) (lower, upper []byte) {
	return versionKey(key, from), append(appendEntity([]byte{tableVersions}, key), 1)
}

// parseVersionKey reads a key of tableVersions.
func parseVersionKey(b []byte) (event.Key, uint64, error) {
	cut := len(b) - 9
	if cut < 1 || b[cut] != 0 {
		return event.Key{}, 0, fmt.Errorf("%w: %q is not the key of a version", store.ErrDamaged, b)
	}
	key, err := parseEntity(b[1:cut])
	return key, binary.BigEndian.Uint64(b[cut+1:]), err
}

func basePrefix(base uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tableBase}, base)
}

func baseKey(base uint64, key event.Key) []byte { return appendEntity(basePrefix(base), key) }

func baseBounds(base uint64) (lower, upper []byte) { return basePrefix(base), basePrefix(base + 1) }

func changeKey(id string) []byte { return append([]byte{tableChanges}, id...) }

func countKey(kind event.Kind) []byte { return append([]byte{tableCounts}, kind...) }

func indexPrefix(index event.Index) []byte {
	return append(append([]byte{tableIndexes}, index...), 0)
}

func indexKey(row event.Row) []byte { return append(indexPrefix(row.Index), row.Key...) }

func zonePrefix(zoneID string) []byte {
	return append(append([]byte{tableRRsets}, zoneID...), 0)
}

func zoneBounds(zoneID string) (lower, upper []byte) {
	upper = append(append([]byte{tableRRsets}, zoneID...), 1)
	return zonePrefix(zoneID), upper
}

func appendRRsetKey(b []byte, zoneID string, key zone.RRsetKey) []byte {
	b = append(append(b, tableRRsets), zoneID...)
	b = key.Name.AppendSortKey(append(b, 0))
	b = append(append(b, 0), key.Type.String()...)
	return append(append(b, 0), key.SetIdentifier...)
}

// nameBounds are the rows of one owner name.
func nameBounds(zoneID string, name rdata.Name) (lower, upper []byte) {
	lower = name.AppendSortKey(zonePrefix(zoneID))
	return append(lower, 0), append(bytes.Clone(lower), 1)
}

// startKey is the first key at or after a place in the list.
func startKey(zoneID string, start store.Start) []byte {
	b := zonePrefix(zoneID)
	if start.Name == "" {
		return b
	}
	b = append(start.Name.AppendSortKey(b), 0)
	if start.Type == "" {
		return b
	}
	b = append(append(b, start.Type...), 0)
	return append(b, start.SetIdentifier...)
}

// prefixEnd is the first key behind all keys that begin with prefix.
func prefixEnd(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil // not reached: the first byte is a table
}
