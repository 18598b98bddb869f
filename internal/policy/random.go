package policy

import "math/bits"

// Random is a sequence of wyrand: eight bytes of state, a multiplication a
// step. It is good enough to choose by, and no secret.
type Random struct{ state uint64 }

const (
	wyrandStep = 0xa0761d6478bd642f
	wyrandMix  = 0xe7037ed1a0b428db
)

// NewRandom begins a sequence.
func NewRandom(seed uint64) Random { return Random{state: seed} }

// Next is the next 64 bits.
func (r *Random) Next() uint64 {
	r.state += wyrandStep
	return mix(r.state, r.state^wyrandMix)
}

// Below draws a number from 0 to n-1. The bias is n in 2^64, which nobody will
// live to see.
func (r *Random) Below(n uint64) uint64 {
	hi, _ := bits.Mul64(r.Next(), n)
	return hi
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
