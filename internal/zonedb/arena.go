package zonedb

import (
	"runtime"
)

// A zone's records lie in chunks of bytes. A record is written once and never
// changed; chunks fill from front to back, so readers of an older version and
// the writer of the next never touch the same byte. Records that no newer
// version refers to are dead; relocate moves the live ones out of chunks that
// are mostly dead, and the collector takes the chunk when its last reader is
// gone.
//
//	location: chunk number (14 bits) | offset in units of 8 bytes (18 bits)
const (
	unit          = 8
	offsetBits    = 18
	maxChunk      = unit << offsetBits // 2 MiB
	minChunk      = 512
	maxChunks     = 1 << (32 - offsetBits)
	offHeapChunk  = 64 << 10 // chunks of this size and larger are mapped outside the Go heap
	relocateBytes = 32 << 10 // live bytes moved per commit at most
)

type chunk struct {
	b    []byte
	used int // bytes written; writer only
	dead int // bytes of records no longer referred to; writer only
}

func newChunk(size int) *chunk {
	if size < offHeapChunk {
		return &chunk{b: make([]byte, size)}
	}
	b, unmap := mapMemory(size)
	c := &chunk{b: b}
	if unmap != nil {
		runtime.AddCleanup(c, func(b []byte) { unmap(b) }, b)
	}
	return c
}

// arena is the list of a zone's chunks. Frozen versions share the chunks and
// have their own slice headers; emptied chunks leave a nil.
type arena struct {
	chunks []*chunk
	live   int // bytes of records in use
	dead   int // bytes of records not in use
}

// at is the record at a location.
func (a *arena) at(loc uint32) []byte {
	return a.chunks[loc>>offsetBits].b[int(loc&(1<<offsetBits-1))*unit:]
}

// alloc finds room for a record of size bytes (a multiple of unit).
func (a *arena) alloc(size int) (loc uint32, room []byte) {
	last := len(a.chunks) - 1
	if last < 0 || a.chunks[last] == nil || len(a.chunks[last].b)-a.chunks[last].used < size {
		last = a.grow(size)
	}
	c := a.chunks[last]
	loc = uint32(last)<<offsetBits | uint32(c.used/unit)
	room = c.b[c.used : c.used+size : c.used+size]
	c.used += size
	a.live += size
	return loc, room
}

// grow adds a chunk with room for size bytes and returns its number. Chunks
// grow with the zone, so that a small zone stays small.
func (a *arena) grow(size int) int {
	used := 0
	if len(a.chunks) == 0 {
		used = unit // location 0 means no record
	}
	if len(a.chunks) == maxChunks {
		panic("zonedb: zone is larger than 32 GiB")
	}
	want := min(max(minChunk, (a.live+a.dead)/2), maxChunk) &^ (unit - 1)
	c := newChunk(max(want, used+size))
	c.used = used
	a.chunks = append(a.chunks, c)
	return len(a.chunks) - 1
}

// free counts the record at loc as dead.
func (a *arena) free(loc uint32, size int) {
	a.chunks[loc>>offsetBits].dead += size
	a.live -= size
	a.dead += size
}
