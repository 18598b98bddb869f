package zonedb

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"open53/internal/rdata"
)

// Names are hashed label by label from the right, so that one pass over a
// question gives the hash of every suffix: the apex it may belong to, its
// ancestors, itself. The seed is random per process, so that nobody can
// choose names that collide.

var hashSeed = rand.Uint64() | 1

const (
	hashK0 = 0xa0761d6478bd642f
	hashK1 = 0xe7037ed1a0b428db
)

func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashLabel extends the hash of a suffix by the label before it. words begins
// at the label's first byte and must have eight readable bytes behind the
// label.
func hashLabel(h uint64, words []byte, n int) uint64 {
	h ^= uint64(n) * hashK0
	for n > 8 {
		h = mum(h^binary.LittleEndian.Uint64(words), hashK1)
		words = words[8:]
		n -= 8
	}
	w := binary.LittleEndian.Uint64(words) & (^uint64(0) >> (64 - 8*uint(n)))
	return mum(h^w, hashK1)
}

// rootHash is the hash of the root name.
func rootHash() uint64 { return hashSeed }

// hashName is the hash of a whole name (wire form, lower case).
func hashName(name rdata.Name) uint64 {
	var buf [rdata.MaxName + 9]byte
	copy(buf[:], name)
	return hashWire(buf[:], len(name), rootHash())
}

// hashWire hashes the n bytes of labels at the start of words (a root byte at
// the end is skipped) on top of the suffix hash h. words needs eight more
// readable bytes.
func hashWire(words []byte, n int, h uint64) uint64 {
	var starts [128]uint8
	labels := 0
	for i := 0; i < n && words[i] != 0; i += 1 + int(words[i]) {
		starts[labels] = uint8(i)
		labels++
	}
	for l := labels - 1; l >= 0; l-- {
		i := int(starts[l])
		h = hashLabel(h, words[i+1:], int(words[i]))
	}
	return h
}
