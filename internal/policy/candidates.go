package policy

import "math/bits"

// Set is a set of a group's candidates, by number. It is small enough to stay
// in registers.
type Set struct{ low, high uint64 }

// firstOf is the set of the first n candidates.
func firstOf(n int) Set {
	if n <= 64 {
		return Set{low: 1<<n - 1} // a shift by 64 gives 0
	}
	return Set{low: ^uint64(0), high: 1<<(n-64) - 1}
}

// Add puts candidate i into the set.
func (s *Set) Add(i int) {
	if i < 64 {
		s.low |= 1 << i
	} else {
		s.high |= 1 << (i - 64)
	}
}

// Has reports whether candidate i is in the set.
func (s Set) Has(i int) bool {
	if i < 64 {
		return s.low>>i&1 != 0
	}
	return s.high>>(i-64)&1 != 0
}

// Empty reports whether no candidate is in the set.
func (s Set) Empty() bool { return s.low|s.high == 0 }

// Len is the number of candidates in the set.
func (s Set) Len() int { return bits.OnesCount64(s.low) + bits.OnesCount64(s.high) }

// Next is the first candidate of the set at or after i; -1 if there is none.
func (s Set) Next(i int) int {
	if i < 64 {
		if rest := s.low >> i << i; rest != 0 {
			return bits.TrailingZeros64(rest)
		}
		i = 64
	}
	if rest := s.high >> (i - 64) << (i - 64); rest != 0 {
		return 64 + bits.TrailingZeros64(rest)
	}
	return -1
}

// nth is the n-th candidate of the set, from 0; n is below Len.
func (s Set) nth(n int) int {
	for i := s.Next(0); ; i = s.Next(i + 1) {
		if n == 0 {
			return i
		}
		n--
	}
}
