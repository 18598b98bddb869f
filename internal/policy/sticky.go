package policy

import (
	"encoding/binary"
	"math"
)

// A Network is what sticky draws take for one client. All clients of a network
// draw the same of a group, on every node; and when a set goes or comes, only
// the networks that it answered or will answer draw anew (rendezvous hashing).
type Network uint64

// The prefixes of networks.
const (
	stickyBits4 = 24
	stickyBits6 = 56
)

// Network is the client's, on which the answer then depends.
func (c *Client) Network() Network {
	if c.addr.Is4() {
		ip := c.addr.As4()
		c.scope = max(c.scope, stickyBits4)
		return Network(binary.BigEndian.Uint32(ip[:])>>(32-stickyBits4)) | 1<<63
	}
	ip := c.addr.As16()
	c.scope = max(c.scope, stickyBits6)
	return Network(binary.BigEndian.Uint64(ip[:]) >> (64 - stickyBits6))
}

// ticket is what a network draws for a candidate: a number that depends on
// network, group and set identifier alone.
func (p Program) ticket(i int, n Network) uint64 {
	tag := binary.LittleEndian.Uint32(p.at(i)[24:])
	return mix(mix(uint64(n)^wyrandStep, uint64(tag)<<32^wyrandMix), p.Identity()|1)
}

// PickSticky chooses one candidate of a weighted group for a network: over all
// networks, in proportion to the weights as Pick does.
func (p Program) PickSticky(left Set, n Network) int {
	best, least := -1, math.Inf(1)
	heavy := p.heaviest(left) > 0
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		weight := float64(p.Weight(i))
		if !heavy {
			weight = 1
		}
		// An exponential variate of the rate weight: the least of several is
		// that of each in proportion to its rate.
		u := (float64(p.ticket(i, n)>>11) + 0.5) / (1 << 53)
		if wait := -math.Log(u) / weight; wait < least { // +Inf for weight 0
			best, least = i, wait
		}
	}
	return best
}

func (p Program) heaviest(left Set) (most uint32) {
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		most = max(most, p.Weight(i))
	}
	return most
}

// PickValuesSticky chooses up to MaxValues of the candidates that are left for
// a network.
func (p Program) PickValuesSticky(left Set, network Network, picked *[MaxValues]uint8) (n int) {
	var tickets [MaxValues]uint64 // of picked, ascending
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		t := p.ticket(i, network)
		if n == MaxValues && t >= tickets[n-1] {
			continue
		}
		n = min(n+1, MaxValues)
		at := n - 1
		for ; at > 0 && tickets[at-1] > t; at-- {
			tickets[at], picked[at] = tickets[at-1], picked[at-1]
		}
		tickets[at], picked[at] = t, uint8(i)
	}
	return n
}
