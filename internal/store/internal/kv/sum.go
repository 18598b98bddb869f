package kv

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"open53/internal/event"
	"open53/internal/store"
	"open53/internal/zone"
)

// sum is a hash of a set: the SHA-256 of each member, added modulo 2^256. It
// changes by one addition per row that comes or goes, so the state that a log
// leads to is compared with the state that is stored in constant memory,
// however large a zone is. It finds every accidental difference; it is not
// made to resist someone who chooses rows so that their hashes cancel out.
type sum [32]byte

func (s *sum) add(member [32]byte) { s.combine(member, 0, bits.Add64) }
func (s *sum) sub(member [32]byte) { s.combine(member, 0, bits.Sub64) }

func (s *sum) combine(member [32]byte, carry uint64, op func(x, y, carry uint64) (uint64, uint64)) {
	for i := 0; i < len(s); i += 8 {
		var word uint64
		word, carry = op(binary.LittleEndian.Uint64(s[i:]), binary.LittleEndian.Uint64(member[i:]), carry)
		binary.LittleEndian.PutUint64(s[i:], word)
	}
}

// rrsetMember is the hash of one row of tableRRsets.
func rrsetMember(key, encoded []byte) [32]byte {
	b := make([]byte, 0, 512)
	b = binary.BigEndian.AppendUint32(b, uint32(len(key)))
	b = append(append(b, key...), encoded...)
	return sha256.Sum256(b)
}

// addChanges applies an event's RRset changes to the sum of a zone's RRsets.
func (s *sum) addChanges(e *event.Event) error {
	if e.Deleted {
		*s = sum{}
		return nil
	}
	for i := range e.Changes {
		c := &e.Changes[i]
		key := appendRRsetKey(nil, e.Key.ID, c.Key())
		for _, side := range []struct {
			set *zone.RRset
			op  func(*sum, [32]byte)
		}{{c.Old, (*sum).sub}, {c.New, (*sum).add}} {
			if side.set == nil {
				continue
			}
			encoded, err := event.EncodeRRset(side.set)
			if err != nil {
				return err
			}
			side.op(s, rrsetMember(key, encoded))
		}
	}
	return nil
}

// headMember is the hash of a head. The document goes in by its own hash, so
// that a reader of a backup need not keep documents.
func headMember(h store.Head, document [32]byte) [32]byte {
	b := appendEntity(make([]byte, 0, 256), h.Key)
	b = binary.BigEndian.AppendUint64(append(b, 0), h.Version)
	b = append(b, h.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, h.Position)
	b = binary.BigEndian.AppendUint64(b, h.RRsets)
	b = binary.BigEndian.AppendUint32(b, h.Serial)
	if h.Deleted {
		b = append(b, 1)
	}
	return sha256.Sum256(append(b, document[:]...))
}
