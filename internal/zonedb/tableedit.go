package zonedb

import "unsafe"

// tableEdit changes a table on behalf of one edit.
type tableEdit struct {
	*table
	owner uint64
}

// place is a page that the edit owns, and where it hangs.
type place struct {
	page  *page
	dir   *directory
	above *directory // of dir; nil at the top
	shift int        // of the hash, at the directory's level
}

// ownPage returns the page for h, copying the path to it. The table is not
// small.
func (e tableEdit) ownPage(h uint64) place {
	if e.top.owner != e.owner {
		e.top = e.ownDirectory(e.top)
	}
	at := place{dir: e.top, shift: topShift}
	for {
		i := uint8(h >> at.shift)
		kid := at.dir.kids[i]
		if !at.dir.dirs.has(i) {
			at.page = (*page)(kid)
			if at.page.owner != e.owner {
				own := *at.page
				own.owner = e.owner
				at.replace(h, &own, &own)
				at.page = &own
			}
			return at
		}
		below := (*directory)(kid)
		if below.owner != e.owner {
			below = e.ownDirectory(below)
			at.dir.kids[i] = unsafe.Pointer(below)
		}
		at.above, at.dir = at.dir, below
		at.shift -= fanBits
	}
}

func (e tableEdit) ownDirectory(d *directory) *directory {
	own := *d
	own.owner = e.owner
	return &own
}

// replace puts low into the first half of the entries that share the place's
// page, and high into the second.
func (at *place) replace(h uint64, low, high *page) {
	span := fan >> at.page.depth
	first := int(uint8(h>>at.shift)) &^ (span - 1)
	for j := range span {
		half := low
		if j >= span/2 && span > 1 {
			half = high
		}
		at.dir.kids[first+j] = unsafe.Pointer(half)
	}
}

// insert adds a location for a hash that the caller knows is absent.
func (e tableEdit) insert(h uint64, loc uint32) {
	e.len++
	if e.top == nil {
		if e.insertSmall(slotOf(h, loc)) {
			return
		}
		e.grow()
	}
	for {
		at := e.ownPage(h)
		if (at.page.used+1)*4 <= pageSlots*3 {
			putSlot(at.page.slots[:], slotOf(h, loc))
			at.page.used++
			return
		}
		e.split(at, h)
	}
}

// insertSmall adds a slot to the small table, unless it is full at its largest.
func (e tableEdit) insertSmall(slot uint64) bool {
	if e.len*4 > len(e.small)*3 {
		size := max(minSlots, 2*len(e.small))
		if size > pageSlots {
			return false
		}
		old := e.small
		e.small, e.table.owner = make([]uint64, size), e.owner
		for _, slot := range old {
			if slot != 0 {
				putSlot(e.small, slot)
			}
		}
	}
	e.ownSmall()
	putSlot(e.small, slot)
	return true
}

func (e tableEdit) ownSmall() {
	if e.table.owner != e.owner {
		e.small = append([]uint64(nil), e.small...)
		e.table.owner = e.owner
	}
}

// grow turns the small table into one page under a directory.
func (e tableEdit) grow() {
	p := &page{owner: e.owner, used: e.len - 1}
	copy(p.slots[:], e.small) // the same size, so the same places
	e.small = nil
	e.top = &directory{owner: e.owner}
	for i := range e.top.kids {
		e.top.kids[i] = unsafe.Pointer(p)
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

// split divides a full page in two; a page that has a single entry becomes a
// directory first.
func (e tableEdit) split(at place, h uint64) {
	p := at.page
	if p.depth == fanBits {
		p.depth = 0
		below := &directory{owner: e.owner}
		for i := range below.kids {
			below.kids[i] = unsafe.Pointer(p)
		}
		i := uint8(h >> at.shift)
		at.dir.kids[i] = unsafe.Pointer(below)
		at.dir.dirs.add(i)
		if at.above != nil {
			at.above.deep.add(uint8(h >> (at.shift + fanBits)))
		}
		return
	}
	bit := at.shift + fanBits - 1 - p.depth
	low := &page{depth: p.depth + 1, owner: e.owner}
	high := &page{depth: p.depth + 1, owner: e.owner}
	for _, slot := range p.slots {
		if slot == 0 {
			continue
		}
		half := low
		if slot>>bit&1 != 0 {
			half = high
		}
		putSlot(half.slots[:], slot)
		half.used++
	}
	at.replace(h, low, high)
}

// ownSlots are the slots of the page for h, to be changed.
func (e tableEdit) ownSlots(h uint64) ([]uint64, *page) {
	if e.top == nil {
		e.ownSmall()
		return e.small, nil
	}
	at := e.ownPage(h)
	return at.page.slots[:], at.page
}

// set replaces the location of an existing entry.
func (e tableEdit) set(h uint64, old, loc uint32) {
	slots, _ := e.ownSlots(h)
	slots[findSlot(slots, slotOf(h, old))] = slotOf(h, loc)
}

// remove deletes an existing entry and closes the gap behind it.
func (e tableEdit) remove(h uint64, loc uint32) {
	slots, p := e.ownSlots(h)
	mask := len(slots) - 1
	hole := findSlot(slots, slotOf(h, loc))
	for i := (hole + 1) & mask; slots[i] != 0; i = (i + 1) & mask {
		start := slotStart(slots[i]) & mask
		if (i-start)&mask >= (i-hole)&mask { // may move back to the hole
			slots[hole] = slots[i]
			hole = i
		}
	}
	slots[hole] = 0
	if p != nil {
		p.used--
	}
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
