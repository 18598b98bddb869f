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
	unit         = 8
	offsetBits   = 18
	maxChunk     = unit << offsetBits // 2 MiB
	minChunk     = 512
	maxChunks    = 1 << (32 - offsetBits)
	offHeapChunk = 64 << 10 // chunks of this size and larger are mapped outside the Go heap
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
	fill   int // number of the chunk that new records go into
	live   int // bytes of records in use
	dead   int // bytes of records not in use
}

// at is the record at a location.
func (a *arena) at(loc uint32) []byte {
	return a.chunks[loc>>offsetBits].b[int(loc&(1<<offsetBits-1))*unit:]
}

// alloc finds room for a record of size bytes (a multiple of unit).
func (a *arena) alloc(size int) (loc uint32, room []byte) {
	if len(a.chunks) == 0 || len(a.chunks[a.fill].b)-a.chunks[a.fill].used < size {
		a.grow(size)
	}
	c := a.chunks[a.fill]
	loc = uint32(a.fill)<<offsetBits | uint32(c.used/unit)
	room = c.b[c.used : c.used+size : c.used+size]
	c.used += size
	a.live += size
	return loc, room
}

// grow begins a chunk with room for size bytes. Chunks grow with the zone, so
// that a small zone stays small.
func (a *arena) grow(size int) {
	number := len(a.chunks)
	for i, c := range a.chunks {
		if c == nil {
			number = i
			break
		}
	}
	if number == maxChunks {
		panic("zonedb: zone is larger than 32 GiB")
	}
	used := 0
	if number == 0 {
		used = unit // location 0 means no record
	}
	want := min(max(minChunk, (a.live+a.dead)/2), maxChunk) &^ (unit - 1)
	c := newChunk(max(want, used+size))
	c.used = used
	if number == len(a.chunks) {
		a.chunks = append(a.chunks, c)
	} else {
		a.replace(number, c)
	}
	a.fill = number
}

// replace puts c in a place of the list, which older versions share.
func (a *arena) replace(number int, c *chunk) {
	chunks := append([]*chunk(nil), a.chunks...)
	chunks[number] = c
	a.chunks = chunks
}

// free counts the record at loc as dead.
func (a *arena) free(loc uint32, size int) {
	a.chunks[loc>>offsetBits].dead += size
	a.live -= size
	a.dead += size
}
