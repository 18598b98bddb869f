package zonedb

import "unsafe"

// table maps name hashes to record locations. It is a persistent extendible
// hash: frozen versions share all pages that did not change, and a change
// copies one page and the directories above it, whatever the table's size.
//
//	directory[256] ─▶ directory[256] ─▶ page: 256 slots
//	hash bits 63–56   hash bits 55–48   open addressing within the page
//
// A range of 2^(8-depth) directory entries shares one page (extendible
// hashing); a full page splits in two, and a full page that has a single
// entry becomes a directory. A small table has neither, but one page of 8 to
// 256 slots. A slot holds 32 bits of the hash and 32 bits of location; the hash
// bits are those that later splits need, so that no split reads a record.
//
//	slot: hash bits 63–40 | hash bits 7–0 | location     0 is an empty slot
//
// A lookup is three dependent loads: directory entry, slot, record. Three
// levels of directories hold 2^24 pages, more than an arena has room for.
//
// Nodes whose owner is the running edit may be changed in place; all others
// are frozen and are copied first.
type table struct {
	len   int
	top   *directory // nil: small
	small []uint64
	owner uint64 // of small
}

const (
	fanBits   = 8
	fan       = 1 << fanBits
	minSlots  = 8
	pageSlots = 256
	topShift  = 64 - fanBits
)

// directory is 256 pointers to pages or, where its bit in dirs is set, to
// directories. deep has a bit for each directory that has directories of its
// own: a lookup learns from the top directory, which is always near, that it
// need not look at the bits of the next.
type directory struct {
	kids  [fan]unsafe.Pointer
	dirs  bits256
	deep  bits256
	owner uint64
}

type bits256 [fan / 64]uint64

func (b *bits256) has(i uint8) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b *bits256) add(i uint8) { b[i>>6] |= 1 << (i & 63) }

// page begins with its slots: a pointer to one is a pointer to the other.
type page struct {
	slots [pageSlots]uint64
	used  int
	depth int // how many bits of its directory's level its entries share
	owner uint64
}

// tagOf is the part of the hash that a slot keeps, in the upper half.
func tagOf(h uint64) uint64 { return h>>40<<40 | h&0xff<<32 }

func slotOf(h uint64, loc uint32) uint64 { return tagOf(h) | uint64(loc) }

func slotStart(slot uint64) int { return int(slot >> 32 & 0xff) }

// probe is a walk over the slots that may belong to a hash.
type probe struct {
	slots []uint64
	tag   uint64
	i     int
}

// probe begins at the page that would hold the hash.
func (t *table) probe(h uint64) probe {
	return probe{slots: t.slots(h), tag: tagOf(h), i: int(h & 0xff)}
}

// slots are those of the page that would hold the hash. The page itself is not
// read.
func (t *table) slots(h uint64) []uint64 {
	d := t.top
	if d == nil {
		return t.small
	}
	for shift := topShift; ; shift -= fanBits {
		i := uint8(h >> shift)
		if !d.dirs.has(i) {
			return slotsAt(d.kids[i])
		}
		below := (*directory)(d.kids[i])
		if !d.deep.has(i) {
			return slotsAt(below.kids[uint8(h>>(shift-fanBits))])
		}
		d = below
	}
}

// slotsAt are the slots of a page. Going through the page's type would read it,
// to see that the pointer is not nil.
func slotsAt(p unsafe.Pointer) []uint64 { return unsafe.Slice((*uint64)(p), pageSlots) }

// next returns the location of the next candidate; 0 ends the walk.
func (p *probe) next() uint32 {
	if len(p.slots) == 0 {
		return 0
	}
	mask := len(p.slots) - 1
	for {
		slot := p.slots[p.i&mask]
		p.i++
		if slot == 0 {
			return 0
		}
		if slot&^0xffffffff == p.tag {
			return uint32(slot)
		}
	}
}

// all calls f for every location.
func (t *table) all(f func(loc uint32)) {
	if t.top != nil {
		t.top.all(f)
		return
	}
	allSlots(t.small, f)
}

func (d *directory) all(f func(loc uint32)) {
	var last unsafe.Pointer
	for i, kid := range d.kids {
		switch {
		case d.dirs.has(uint8(i)):
			(*directory)(kid).all(f)
		case kid != last: // several entries share a page
			allSlots((*page)(kid).slots[:], f)
		}
		last = kid
	}
}

func allSlots(slots []uint64, f func(loc uint32)) {
	for _, slot := range slots {
		if slot != 0 {
			f(uint32(slot))
		}
	}
}
