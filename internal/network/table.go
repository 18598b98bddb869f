package network

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
)

// Table finds the network of an address. It is immutable.
type Table struct {
	networks []*Network
	v4, v6   intervals
}

// NewTable builds the table of some networks, which it keeps and which must
// not be changed any more.
func NewTable(networks []*Network) *Table {
	t := &Table{networks: slices.Clone(networks)}
	slices.SortFunc(t.networks, func(a, b *Network) int {
		switch {
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	var v4, v6 []block
	for number, n := range t.networks {
		for _, b := range n.Blocks {
			p := b.Prefix.Prefix
			if first := keyOf(p.Addr()); isIPv4(p.Addr()) {
				v4 = append(v4, newBlock(first, p.Bits(), int32(number)))
			} else {
				v6 = append(v6, newBlock(first, p.Bits(), int32(number)))
			}
		}
	}
	t.v4, t.v6 = newIntervals(v4), newIntervals(v6)
	return t
}

// Networks are the networks by number. The slice must not be changed.
func (t *Table) Networks() []*Network { return t.networks }

// Find is the number of the network that an address is in; -1 for none.
func (t *Table) Find(addr netip.Addr) int {
	if isIPv4(addr) {
		return int(t.v4.find(keyOf(addr)))
	}
	return int(t.v6.find(keyOf(addr)))
}

// key is an address, left aligned.
type key struct{ high, low uint64 }

func keyOf(addr netip.Addr) key {
	b := addr.As16()
	if isIPv4(addr) {
		return key{high: uint64(binary.BigEndian.Uint32(b[12:])) << 32}
	}
	return key{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// isIPv4 takes an IPv4 address that a socket shows as IPv6 for what it is.
func isIPv4(addr netip.Addr) bool { return addr.Is4() || addr.Is4In6() }

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.high, other.high), cmp.Compare(k.low, other.low))
}

// less is compare for the query path.
func (k key) less(other key) bool {
	return k.high < other.high || k.high == other.high && k.low < other.low
}

// next is the key behind k; ok is false behind the last one.
func (k key) next() (key, bool) {
	low, carry := bits.Add64(k.low, 1, 0)
	high, overflow := bits.Add64(k.high, 0, carry)
	return key{high, low}, overflow == 0
}

// block is a network's block as a range of keys.
type block struct {
	first, last key
	length      int
	number      int32
}

func newBlock(first key, length int, number int32) block {
	last := first
	if length < 64 {
		last.high |= ^uint64(0) >> length
		last.low = ^uint64(0)
	} else {
		last.low |= ^uint64(0) >> (length - 64)
	}
	return block{first: first, last: last, length: length, number: number}
}

// interval begins at a key and ends where the next one begins.
type interval struct {
	start  key
	number int32 // of the network it belongs to; -1: nobody's
}

// intervals are disjoint, in order, and cover the keys from the first start
// on.
//
// All keys that belong to anybody have the first skip bits of base. The bits
// behind them lead through index: the intervals that start within bucket b are
// index[b] up to index[b+1].
type intervals struct {
	list  []interval
	base  uint64
	skip  uint
	bits  uint
	index []uint32
}

// maxIndexBits bounds the index: 2^16 buckets are 256 KiB.
const maxIndexBits = 16

func newIntervals(blocks []block) intervals {
	if len(blocks) == 0 {
		return intervals{}
	}
	var x intervals
	x.flatten(blocks)
	x.makeIndex(blocks)
	return x
}

// flatten cuts nested blocks into intervals. Blocks either nest or have
// nothing in common, so a stack of the open ones suffices.
func (x *intervals) flatten(blocks []block) {
	slices.SortFunc(blocks, func(a, b block) int {
		return cmp.Or(a.first.compare(b.first), cmp.Compare(a.length, b.length), cmp.Compare(a.number, b.number))
	})
	var open []block
	closeUntil := func(at key, all bool) {
		for len(open) > 0 {
			top := open[len(open)-1]
			if !all && at.compare(top.last) <= 0 {
				return
			}
			open = open[:len(open)-1]
			number := int32(-1)
			if len(open) > 0 {
				number = open[len(open)-1].number
			}
			if after, ok := top.last.next(); ok {
				x.begin(after, number)
			}
		}
	}
	for i, b := range blocks {
		if i > 0 && blocks[i-1].first == b.first && blocks[i-1].length == b.length {
			continue // the older network has the very same block
		}
		closeUntil(b.first, false)
		x.begin(b.first, b.number)
		open = append(open, b)
	}
	closeUntil(key{}, true)
}

// begin starts an interval; what started at the same place is empty.
func (x *intervals) begin(at key, number int32) {
	last := len(x.list) - 1
	if last >= 0 && x.list[last].start == at {
		x.list[last].number = number
		return
	}
	x.list = append(x.list, interval{at, number})
}

func (x *intervals) makeIndex(blocks []block) {
	x.base = x.list[0].start.high
	different := uint64(0)
	for _, b := range blocks {
		different |= b.first.high ^ x.base | b.last.high ^ x.base
	}
	x.skip = uint(bits.LeadingZeros64(different))
	x.bits = uint(min(bits.Len(uint(len(x.list)))+2, maxIndexBits))
	x.index = make([]uint32, 1<<x.bits+1)
	for _, i := range x.list {
		if x.common(i.start) { // what follows the last block may start beyond
			x.index[x.bucket(i.start)+1]++
		}
	}
	for b := range 1 << x.bits {
		x.index[b+1] += x.index[b]
	}
}

// common reports whether a key has the bits that all blocks share.
func (x *intervals) common(k key) bool { return (k.high^x.base)>>(64-x.skip) == 0 }

func (x *intervals) bucket(k key) uint64 { return k.high << x.skip >> (64 - x.bits) }

// find is the number of the network that has the key; -1 for none.
func (x *intervals) find(k key) int32 {
	if len(x.index) == 0 || !x.common(k) {
		return -1
	}
	b := x.bucket(k)
	low, high := int(x.index[b]), int(x.index[b+1])
	for low < high { // the first one that starts behind the key
		if middle := int(uint(low+high) >> 1); k.less(x.list[middle].start) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low == 0 {
		return -1
	}
	return x.list[low-1].number
}
