package zonedb

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// mappings is how many mappings this process has.
func mappings(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return strings.Count(string(text), "\n")
}

// TestMapMemory: chunks are zero, writable to their last byte, the largest are
// aligned, and nothing of them stays mapped.
func TestMapMemory(t *testing.T) {
	for _, size := range []int{offHeapChunk, maxChunk - 8192, maxChunk} {
		before := mappings(t)
		for range 100 {
			b, unmap := mapMemory(size)
			if len(b) != size || b[0] != 0 || b[size-1] != 0 {
				t.Fatalf("%d bytes: %d, %d, %d", size, len(b), b[0], b[size-1])
			}
			b[0], b[size-1] = 1, 1
			if size == maxChunk && uintptr(unsafe.Pointer(&b[0]))%maxChunk != 0 {
				t.Errorf("the largest chunk is at %p", b)
			}
			unmap(b)
		}
		if after := mappings(t); after > before+20 {
			t.Errorf("%d bytes: %d mappings became %d", size, before, after)
		}
	}
}

// TestChunksAreLetGo: dropped zones give their memory back to the system.
func TestChunksAreLetGo(t *testing.T) {
	before := mappings(t)
	for range 5 {
		loadNames(t, New(), 60_000)
	}
	for range 50 { // cleanups run some time after the collection
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
		if mappings(t) < before+40 {
			return
		}
	}
	t.Errorf("%d mappings became %d", before, mappings(t))
}
