package zonedb

import (
	"encoding/binary"

	"open53/internal/rdata"
)

const (
	relocateSlack = 4 << 10  // dead bytes that no zone minds
	relocateBytes = 32 << 10 // live bytes moved per commit at most
)

// relocate moves live records out of a chunk that is more than half dead, a
// bounded amount per commit, so that the arena stays below twice its live size
// (and a chunk) without a pause. An emptied chunk is let go.
func (ze *zoneEdit) relocate() {
	a := &ze.zone.arena
	if a.dead <= a.live+relocateSlack {
		return
	}
	budget := relocateBytes
	for i, c := range a.chunks {
		if c != nil && i != a.fill && c.dead*2 >= c.used {
			if budget -= ze.empty(i, c, budget); budget <= 0 {
				return
			}
		}
	}
}

// empty moves up to budget live bytes out of chunk i. It returns how many it
// moved; when none are left the chunk is dropped.
func (ze *zoneEdit) empty(i int, c *chunk, budget int) int {
	a := &ze.zone.arena
	moved := 0
	at := 0
	if i == 0 {
		at = unit
	}
	for at < c.used {
		size := int(binary.LittleEndian.Uint32(c.b[at:]))
		loc := uint32(i)<<offsetBits | uint32(at/unit)
		at += size
		n := Node{rec: c.b[at-size:]}
		name := rdata.Name(string(n.owner()) + string(ze.zone.apex))
		h, current, _ := ze.locate(name)
		if current != loc {
			continue // dead
		}
		if moved >= budget {
			return moved
		}
		next, room := a.alloc(size)
		copy(room, n.rec[:size])
		ze.table().set(h, loc, next)
		a.free(loc, size)
		moved += size
	}
	a.replace(i, nil)
	a.dead -= c.dead
	return moved
}
