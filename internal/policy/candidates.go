package policy

import "math/bits"

// Set is a set of a group's candidates, by number.
type Set [MaxCandidates / 64]uint64

// first is the set of the first n candidates.
func first(n int) (s Set) {
	i := 0
	for ; n >= 64; n -= 64 {
		s[i] = ^uint64(0)
		i++
	}
	if n > 0 {
		s[i] = 1<<n - 1
	}
	return s
}

// Add puts candidate i into the set.
func (s *Set) Add(i int) { s[i>>6] |= 1 << (i & 63) }

// Has reports whether candidate i is in the set.
func (s *Set) Has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

// Empty reports whether no candidate is in the set.
func (s *Set) Empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

// Len is the number of candidates in the set.
func (s *Set) Len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// Next is the first candidate of the set at or after i; -1 if there is none.
func (s *Set) Next(i int) int {
	word := i >> 6
	if word >= len(s) {
		return -1
	}
	for rest := s[word] >> (i & 63) << (i & 63); ; rest = s[word] {
		if rest != 0 {
			return word<<6 | bits.TrailingZeros64(rest)
		}
		if word++; word == len(s) {
			return -1
		}
	}
}

// nth is the n-th candidate of the set, from 0; n is below Len.
func (s *Set) nth(n int) int {
	for i := s.Next(0); ; i = s.Next(i + 1) {
		if n == 0 {
			return i
		}
		n--
	}
}
