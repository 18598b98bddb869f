package zonedb

import "golang.org/x/sys/unix"

// mapMemory returns zeroed memory outside the Go heap, so that compiled zones
// neither cost the collector work nor raise its target.
func mapMemory(size int) (b []byte, unmap func([]byte)) {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, size), nil
	}
	return b, func(b []byte) { _ = unix.Munmap(b) }
}
