package zonedb

import (
	"encoding/binary"

	"open53/internal/rdata"
)

// relocate moves live records out of a chunk that is more than half dead, a
// bounded amount per commit, so that the arena stays below twice its live size
// (and a chunk) without a pause. An emptied chunk is let go.
func (ze *zoneEdit) relocate() {
	a := &ze.zone.arena
	if a.dead <= a.live/2+minChunk {
		return
	}
	budget := relocateBytes
	for i := 0; i < len(a.chunks)-1 && budget > 0; i++ { // never the chunk being filled
		c := a.chunks[i]
		if c != nil && c.dead*2 > c.used {
			budget -= ze.empty(i, c, budget)
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
	chunks := append([]*chunk(nil), a.chunks...) // older versions share the list
	chunks[i] = nil
	a.chunks = chunks
	a.dead -= c.dead
	return moved
}
