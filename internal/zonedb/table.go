package zonedb

// table maps name hashes to record locations. It is a persistent extendible
// hash: frozen versions share all pages that did not change, and a change
// copies one page and the directories above it, whatever the table's size.
//
//	root ─▶ directory[256] ─▶ directory[256] ─▶ page: 8…256 slots
//	        hash bits 63–56   hash bits 55–48   open addressing within the page
//
// A directory entry range of 2^(8-depth) entries shares one page (extendible
// hashing); a full page splits in two, and a full page that has a single
// entry becomes a directory. A slot holds 32 bits of the hash and 32 bits of
// location; the hash bits are those that later splits need, so that no split
// reads a record.
//
//	slot: hash bits 63–40 | hash bits 7–0 | location     0 is an empty slot
//
// Nodes whose owner is the running edit may be changed in place; all others
// are frozen and are copied first.
type table struct {
	root *tableNode
	len  int
}

const (
	fanBits  = 8
	fan      = 1 << fanBits
	minSlots = 8
	maxSlots = 256
)

type tableNode struct {
	kids  *[fan]*tableNode // a directory if not nil
	slots []uint64         // a page otherwise; length is a power of two
	used  int
	depth int    // page: how many bits of its directory's level its entries share
	owner uint64 // the edit that may change this node
}

// tagOf is the part of the hash that a slot keeps, in the upper half.
func tagOf(h uint64) uint64 { return h>>40<<40 | h&0xff<<32 }

func slotOf(h uint64, loc uint32) uint64 { return tagOf(h) | uint64(loc) }

func slotStart(slot uint64) int { return int(slot >> 32 & 0xff) }

// levelShift is how far the hash is shifted for a directory at that level.
func levelShift(level int) int { return 56 - fanBits*level }

// probe is a walk over the slots that may belong to a hash.
type probe struct {
	slots []uint64
	tag   uint64
	i     int
}

// probe begins at the page that would hold the hash.
func (t *table) probe(h uint64) probe {
	n := t.root
	if n == nil {
		return probe{}
	}
	for shift := 56; n.kids != nil; shift -= fanBits {
		n = n.kids[uint8(h>>shift)]
	}
	return probe{slots: n.slots, tag: tagOf(h), i: int(h & 0xff)}
}

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

// tableEdit changes a table on behalf of one edit.
type tableEdit struct {
	*table
	owner uint64
}

func (e tableEdit) own(n *tableNode) *tableNode {
	if n.owner == e.owner {
		return n
	}
	c := *n
	c.owner = e.owner
	if n.kids != nil {
		kids := *n.kids
		c.kids = &kids
	} else {
		c.slots = append([]uint64(nil), n.slots...)
	}
	return &c
}

// page returns the owned page for h, copying the path to it, and its place:
// the directory above and its level (nil and -1 for a root page).
func (e tableEdit) page(h uint64) (page, dir *tableNode, level int) {
	if e.root == nil {
		e.root = &tableNode{slots: make([]uint64, minSlots), owner: e.owner}
	}
	e.root = e.own(e.root)
	n := e.root
	level = -1
	for n.kids != nil {
		level++
		dir = n
		i := int(uint8(h >> levelShift(level)))
		kid := dir.kids[i]
		if kid.owner != e.owner {
			own := e.own(kid)
			e.replace(dir, i, kid, own)
			kid = own
		}
		n = kid
	}
	return n, dir, level
}

// replace puts own in the place of kid: a page may fill a range of entries.
func (e tableEdit) replace(dir *tableNode, i int, kid, own *tableNode) {
	if kid.kids != nil {
		dir.kids[i] = own
		return
	}
	span := fan >> kid.depth
	first := i &^ (span - 1)
	for j := first; j < first+span; j++ {
		dir.kids[j] = own
	}
}

// insert adds a location for a hash that the caller knows is absent.
func (e tableEdit) insert(h uint64, loc uint32) {
	for {
		page, dir, level := e.page(h)
		if (page.used+1)*4 <= len(page.slots)*3 {
			putSlot(page.slots, slotOf(h, loc))
			page.used++
			e.len++
			return
		}
		if len(page.slots) < maxSlots {
			growPage(page, 2*len(page.slots))
			continue
		}
		e.split(page, dir, level, h)
	}
}

func putSlot(slots []uint64, slot uint64) {
	mask := len(slots) - 1
	i := slotStart(slot) & mask
	for slots[i] != 0 {
		i = (i + 1) & mask
	}
	slots[i] = slot
}

func growPage(page *tableNode, size int) {
	old := page.slots
	page.slots = make([]uint64, size)
	for _, slot := range old {
		if slot != 0 {
			putSlot(page.slots, slot)
		}
	}
}

// split divides a full page in two; a page that cannot be divided at its
// level becomes a directory first.
func (e tableEdit) split(page, dir *tableNode, level int, h uint64) {
	if dir == nil || page.depth == fanBits {
		// One level down: a new directory whose entries all share the page.
		below := *page
		below.depth = 0
		kids := new([fan]*tableNode)
		for i := range kids {
			kids[i] = &below
		}
		*page = tableNode{kids: kids, owner: e.owner}
		return
	}
	bit := uint(levelShift(level) + fanBits - 1 - page.depth)
	low := &tableNode{slots: make([]uint64, maxSlots), depth: page.depth + 1, owner: e.owner}
	high := &tableNode{slots: make([]uint64, maxSlots), depth: page.depth + 1, owner: e.owner}
	for _, slot := range page.slots {
		if slot == 0 {
			continue
		}
		half := low
		if slot>>bit&1 != 0 {
			half = high
		}
		putSlot(half.slots, slot)
		half.used++
	}
	span := fan >> page.depth
	first := int(uint8(h>>levelShift(level))) &^ (span - 1)
	for j := range span / 2 {
		dir.kids[first+j] = low
		dir.kids[first+span/2+j] = high
	}
}

// set replaces the location of an existing entry.
func (e tableEdit) set(h uint64, old, loc uint32) {
	page, _, _ := e.page(h)
	page.slots[findSlot(page.slots, slotOf(h, old))] = slotOf(h, loc)
}

// remove deletes an existing entry and closes the gap behind it.
func (e tableEdit) remove(h uint64, loc uint32) {
	page, _, _ := e.page(h)
	mask := len(page.slots) - 1
	hole := findSlot(page.slots, slotOf(h, loc))
	for i := (hole + 1) & mask; page.slots[i] != 0; i = (i + 1) & mask {
		start := slotStart(page.slots[i]) & mask
		if (i-start)&mask >= (i-hole)&mask { // may move back to the hole
			page.slots[hole] = page.slots[i]
			hole = i
		}
	}
	page.slots[hole] = 0
	page.used--
	e.len--
}

func findSlot(slots []uint64, slot uint64) int {
	mask := len(slots) - 1
	for i := slotStart(slot) & mask; ; i = (i + 1) & mask {
		if slots[i] == slot {
			return i
		}
		if slots[i] == 0 {
			panic("zonedb: slot is not in its page")
		}
	}
}

// all calls f for every location.
func (t *table) all(f func(loc uint32)) {
	if t.root != nil {
		t.root.all(f)
	}
}

func (n *tableNode) all(f func(loc uint32)) {
	if n.kids == nil {
		for _, slot := range n.slots {
			if slot != 0 {
				f(uint32(slot))
			}
		}
		return
	}
	var last *tableNode
	for _, kid := range n.kids {
		if kid != last {
			kid.all(f)
			last = kid
		}
	}
}
