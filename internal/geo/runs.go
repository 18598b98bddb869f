package geo

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"unsafe"
)

// address is the part of an address that is looked at: all of an IPv4
// address, the first 64 bits of an IPv6 one (what is behind them is one
// network).
type address interface{ uint32 | uint64 }

// maxBits6 is the longest IPv6 prefix that a table tells apart.
const maxBits6 = 64

// key4 is an IPv4 address as a number.
func key4(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// key6 is the first half of an IPv6 address as a number.
func key6(a netip.Addr) uint64 {
	b := a.As16()
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// span is the addresses of a prefix, and what to remember of them.
type span[K address] struct {
	first, last K
	value       uint32 // not 0
}

// spanOf is the span of the first so many bits of k.
func spanOf[K address](k K, length int, value uint32) span[K] {
	host := ^K(0)
	if length > 0 {
		host >>= length // shifting by the width gives 0
	} else {
		k = 0
	}
	return span[K]{first: k &^ host, last: k | host, value: value}
}

// runs divides all addresses of a family into runs that have one value each.
// It is frozen once made.
type runs[K address] struct {
	starts []K      // ascending, the first one is 0
	values []uint32 // of the addresses from starts[i] on; 0 is nothing
	// index cuts what lies between the second run's start and the last one's
	// into equal parts of 2^shift addresses, and has for each the run that its
	// first address is in; the last run stands behind them. It is nil for
	// short tables.
	index []uint32
	shift uint8
}

// The index has about a number for each four runs, if they are spread evenly:
// it ends the search sooner and takes little.
const (
	indexFrom    = 256     // runs
	maxIndexSize = 1 << 20 // 4 MiB
)

// makeRuns lets the innermost span win wherever spans are nested, and of equal
// ones the last. It sorts spans.
func makeRuns[K address](spans []span[K]) runs[K] {
	slices.SortStableFunc(spans, func(a, b span[K]) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last))
	})
	var r runs[K]
	r.begin(0, 0)
	var open []span[K] // each within the one before it
	closeOne := func() (ends bool) {
		inner := open[len(open)-1]
		open = open[:len(open)-1]
		if inner.last == ^K(0) {
			return true // so do all around it
		}
		outer := uint32(0)
		if len(open) > 0 {
			outer = open[len(open)-1].value
		}
		r.begin(inner.last+1, outer)
		return false
	}
	for _, s := range spans {
		for len(open) > 0 && open[len(open)-1].last < s.first {
			closeOne()
		}
		r.begin(s.first, s.value)
		open = append(open, s)
	}
	for len(open) > 0 && !closeOne() {
	}
	r.finish()
	return r
}

// begin says that addresses from start on have a value; starts never fall.
func (r *runs[K]) begin(start K, value uint32) {
	n := len(r.starts)
	if n > 0 && r.starts[n-1] == start {
		n--
		r.starts, r.values = r.starts[:n], r.values[:n]
	}
	if n > 0 && r.values[n-1] == value {
		return
	}
	r.starts, r.values = append(r.starts, start), append(r.values, value)
}

// finish gives back spare memory and makes the index.
func (r *runs[K]) finish() {
	r.starts, r.values = slices.Clip(r.starts), slices.Clip(r.values)
	if len(r.starts) < indexFrom {
		return
	}
	last := len(r.starts) - 1
	base, length := r.starts[1], r.starts[last]-r.starts[1]
	parts := min(len(r.starts)/4, maxIndexSize)
	for length>>r.shift >= K(parts) {
		r.shift++
	}
	run := 1
	for i := K(0); i <= length>>r.shift; i++ {
		for run < last && r.starts[run+1]-base <= i<<r.shift {
			run++
		}
		r.index = append(r.index, uint32(run))
	}
	r.index = slices.Clip(append(r.index, uint32(last)))
}

// width is how many bits an address has.
func width[K address]() int { return int(unsafe.Sizeof(K(0))) * 8 }

// find returns the value of an address, and how many of its first bits are
// enough to know it: all addresses that share them have that value.
func (r *runs[K]) find(k K) (value uint32, length uint8) {
	if len(r.starts) == 0 {
		return 0, 0
	}
	low, high := 0, len(r.starts)-1 // the run is within these
	if r.index != nil {
		switch {
		case k < r.starts[1]:
			high = 0
		case k >= r.starts[high]:
			low = high
		default:
			i := (k - r.starts[1]) >> r.shift
			low, high = int(r.index[i]), int(r.index[i+1])
		}
	}
	for low < high {
		middle := int(uint(low+high+1) >> 1)
		if r.starts[middle] <= k {
			low = middle
		} else {
			high = middle - 1
		}
	}
	// The widest block around k that the run contains is one bit longer than
	// what k shares with its nearest neighbor outside.
	if low > 0 {
		length = shared(k, r.starts[low]-1) + 1
	}
	if low+1 < len(r.starts) {
		length = max(length, shared(k, r.starts[low+1])+1)
	}
	return r.values[low], length
}

// shared is how many first bits two different addresses share.
func shared[K address](a, b K) uint8 {
	return uint8(bits.LeadingZeros64(uint64(a^b)) - (64 - width[K]()))
}

// bytes is the memory of the table.
func (r *runs[K]) bytes() int {
	return len(r.starts)*width[K]()/8 + 4*len(r.values) + 4*len(r.index)
}

// prefixes is runs for both families.
type prefixes struct {
	v4 runs[uint32]
	v6 runs[uint64]
}

// makePrefixes makes a table of values by prefix. The prefixes are valid, none
// longer than maxBits6 for IPv6; values are not 0.
func makePrefixes(list []netip.Prefix, value func(i int) uint32) prefixes {
	var v4 []span[uint32]
	var v6 []span[uint64]
	for i, p := range list {
		if p.Addr().Is4() {
			v4 = append(v4, spanOf(key4(p.Addr()), p.Bits(), value(i)))
		} else {
			v6 = append(v6, spanOf(key6(p.Addr()), p.Bits(), value(i)))
		}
	}
	return prefixes{v4: makeRuns(v4), v6: makeRuns(v6)}
}

// find looks an address up. An address that is none has no value.
func (p *prefixes) find(a netip.Addr) (value uint32, length uint8) {
	switch {
	case a.Is4():
		return p.v4.find(key4(a))
	case a.Is4In6():
		return p.v4.find(key4(a.Unmap()))
	case a.Is6():
		return p.v6.find(key6(a))
	}
	return 0, 0
}
