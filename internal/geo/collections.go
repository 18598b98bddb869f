package geo

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// DefaultLocation is the name of the location that answers where no block of a
// collection matches. It has no blocks; its number is 0 in every collection.
const DefaultLocation = "*"

// maxLocations bounds the numbers of one collection's locations.
const maxLocations = 1<<16 - 1

// Collections are CIDR collections as queries see them: which location of a
// collection an address is in.
//
// Collections and locations have numbers, for compiled answers to hold. A name
// gets one when it is first asked for, be there such a collection or not, and
// keeps it for good: what is dropped and comes again is found again.
//
// All methods are safe for concurrent use. Lookup takes no lock and allocates
// nothing.
type Collections struct {
	blocks atomic.Pointer[[]*blocks] // by collection number; nil where there is none

	mu       sync.Mutex // guards names and numbered, and the making of a new list of blocks
	names    map[string]*collectionNames
	numbered []*collectionNames
}

type collectionNames struct {
	number    uint32
	locations map[string]uint16
}

// blocks is one collection, frozen.
type blocks struct {
	list  []block
	table prefixes // values are places in list, from 1
}

type block struct {
	location uint16
	length   uint8
	around   uint32 // the next wider block around it: its place in list, from 1; 0 is none
}

// Collection is the number of a collection.
func (c *Collections) Collection(id string) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.named(id).number
}

func (c *Collections) named(id string) *collectionNames {
	names := c.names[id]
	if names == nil {
		if c.names == nil {
			c.names = make(map[string]*collectionNames)
		}
		names = &collectionNames{number: uint32(len(c.numbered)), locations: make(map[string]uint16)}
		c.names[id] = names
		c.numbered = append(c.numbered, names)
	}
	return names
}

// Location is the number of a collection's location; 0 is DefaultLocation, and
// what an unknown collection or one with too many locations answers.
func (c *Collections) Location(collection uint32, name string) uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if uint64(collection) >= uint64(len(c.numbered)) {
		return 0
	}
	return c.numbered[collection].location(name)
}

func (n *collectionNames) location(name string) uint16 {
	if name == DefaultLocation {
		return 0
	}
	number, known := n.locations[name]
	if !known && len(n.locations) < maxLocations {
		number = uint16(len(n.locations) + 1)
		n.locations[name] = number
	}
	return number
}

// Set makes a collection be these blocks, by name of location, from now on.
// Blocks are masked; an IPv6 block longer than /64 or an invalid one is left
// out.
func (c *Collections) Set(id string, locations map[string][]netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.named(id)
	var list []netip.Prefix
	var numbers []uint16
	ordered := make([]string, 0, len(locations))
	for name := range locations {
		ordered = append(ordered, name)
	}
	slices.Sort(ordered) // one numbering, whatever the order of the map
	for _, name := range ordered {
		number := names.location(name)
		for _, p := range locations[name] {
			if p.IsValid() && number != 0 && (p.Addr().Is4() || p.Bits() <= maxBits6) {
				list, numbers = append(list, p.Masked()), append(numbers, number)
			}
		}
	}
	c.replace(names.number, makeBlocks(list, numbers))
}

// Drop makes a collection be empty.
func (c *Collections) Drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if names := c.names[id]; names != nil {
		c.replace(names.number, nil)
	}
}

// replace publishes a new list, under the lock.
func (c *Collections) replace(number uint32, b *blocks) {
	var list []*blocks
	if old := c.blocks.Load(); old != nil {
		list = slices.Clone(*old)
	}
	for uint32(len(list)) <= number {
		list = append(list, nil)
	}
	list[number] = b
	c.blocks.Store(&list)
}

func makeBlocks(list []netip.Prefix, locations []uint16) *blocks {
	b := &blocks{list: make([]block, len(list))}
	for i, p := range list {
		b.list[i] = block{location: locations[i], length: uint8(p.Bits())}
	}
	for i, wider := range enclosing(list) {
		b.list[i].around = uint32(wider + 1)
	}
	b.table = makePrefixes(list, func(i int) uint32 { return uint32(i + 1) })
	return b
}

// enclosing finds, for each prefix, the narrowest other one that contains it;
// -1 where there is none. Of equal prefixes the later ones are within the
// earlier ones, as makeRuns has it.
func enclosing(list []netip.Prefix) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if d := list[a].Addr().Compare(list[b].Addr()); d != 0 {
			return d
		}
		return list[a].Bits() - list[b].Bits()
	})
	around := make([]int, len(list))
	var open []int
	for _, i := range order {
		for len(open) > 0 && !list[open[len(open)-1]].Contains(list[i].Addr()) {
			open = open[:len(open)-1]
		}
		around[i] = -1
		if len(open) > 0 {
			around[i] = open[len(open)-1]
		}
		open = append(open, i)
	}
	return around
}

// Lookup finds the location of the narrowest block of a collection that an
// address is in, of which only the first so many bits are known: the client
// subnet's prefix length, or all 32 or 128. A block longer than that does not
// match.
//
// matched is how many bits the answer depends on, found or not: all addresses
// that share them, and are known as well, get the same. It may exceed bits,
// where more of them would tell more.
func (c *Collections) Lookup(collection uint32, addr netip.Addr, bits uint8) (location uint16, matched uint8, ok bool) {
	all := c.blocks.Load()
	if all == nil || collection >= uint32(len(*all)) || (*all)[collection] == nil {
		return 0, 0, false
	}
	if addr.Is4In6() {
		addr, bits = addr.Unmap(), max(bits, 96)-96
	}
	b := (*all)[collection]
	at, matched := b.table.find(addr)
	for ; at != 0; at = b.list[at-1].around {
		if b.list[at-1].length <= bits {
			return b.list[at-1].location, matched, true
		}
	}
	return 0, matched, false
}
