package zonedb

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapMemory returns zeroed memory outside the Go heap, so that compiled zones
// neither cost the collector work nor raise its target. A chunk of the largest
// size is one huge page, if the kernel has one to give: random lookups in a
// large zone then miss the TLB less (docs/decisions/0006).
func mapMemory(size int) (b []byte, unmap func([]byte)) {
	slack := 0
	if size == maxChunk {
		slack = maxChunk // to find an aligned place in
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size+slack), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, size), nil
	}
	if slack > 0 {
		p = align(p)
		b = unsafe.Slice((*byte)(p), size)
		_ = unix.Madvise(b, unix.MADV_HUGEPAGE) // a kernel without them says so
	}
	return unsafe.Slice((*byte)(p), size), func(b []byte) {
		_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)))
	}
}

// align gives back what lies before and behind the aligned chunk in a mapping
// of twice its size.
func align(p unsafe.Pointer) unsafe.Pointer {
	before := -uintptr(p) & (maxChunk - 1)
	aligned := unsafe.Add(p, before)
	if before > 0 {
		_ = unix.MunmapPtr(p, before)
	}
	if behind := maxChunk - before; behind > 0 {
		_ = unix.MunmapPtr(unsafe.Add(aligned, maxChunk), behind)
	}
	return aligned
}
