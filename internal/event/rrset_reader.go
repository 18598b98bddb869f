package event

import (
	"open53/internal/rdata"
	"open53/internal/zone"
)

// rrsetReader reads CBOR items in their shortest form (RFC 8949 §4.2.1) from
// the front of b. At anything else it sets bad and yields zero values; the
// caller then leaves the bytes to the library.
type rrsetReader struct {
	b   []byte
	bad bool
}

const (
	majorUint  = 0 << 5
	majorBytes = 2 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	itemTrue   = 0xf5
)

// head reads the head of an item of the given major type.
func (r *rrsetReader) head(major byte) uint64 {
	if r.bad || len(r.b) == 0 || r.b[0]&0xe0 != major {
		r.bad = true
		return 0
	}
	info := r.b[0] & 0x1f
	if info < 24 {
		r.b = r.b[1:]
		return uint64(info)
	}
	size := 1 << (info - 24) // 1, 2, 4 or 8 bytes
	if info > 27 || len(r.b) < 1+size {
		r.bad = true
		return 0
	}
	var v uint64
	for _, c := range r.b[1 : 1+size] {
		v = v<<8 | uint64(c)
	}
	r.b = r.b[1+size:]
	if (size == 1 && v < 24) || (size > 1 && v>>(4*size) == 0) { // fits a shorter form
		r.bad = true
		return 0
	}
	return v
}

func (r *rrsetReader) mapHeader() int { return int(r.head(majorMap)) }
func (r *rrsetReader) uint() uint64   { return r.head(majorUint) }

// bytes returns the contents of a byte string; they belong to the input.
func (r *rrsetReader) bytes() []byte {
	n := r.head(majorBytes)
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *rrsetReader) text() string { return string(r.bytes()) }

// nextKey reads a map key of 1 to 23; 0 is anything else.
func (r *rrsetReader) nextKey() byte {
	if r.bad || len(r.b) == 0 || r.b[0] >= 24 {
		r.bad = true
		return 0
	}
	key := r.b[0]
	r.b = r.b[1:]
	return key
}

func (r *rrsetReader) key(want byte) bool { return r.nextKey() == want }

func (r *rrsetReader) isTrue() bool {
	if r.bad || len(r.b) == 0 || r.b[0] != itemTrue {
		r.bad = true
		return false
	}
	r.b = r.b[1:]
	return true
}

// values reads an array of byte strings, into one if there is just one.
func (r *rrsetReader) values(one []string) []string {
	n := r.head(majorArray)
	if r.bad || n == 0 || n > uint64(len(r.b)) { // each takes a byte at least
		r.bad = true
		return nil
	}
	values := one
	if n > 1 {
		values = make([]string, 0, n)
	}
	for range n {
		values = append(values, r.text())
	}
	if r.bad {
		return nil
	}
	return values
}

func (r *rrsetReader) alias() *zone.Alias {
	fields := r.mapHeader()
	if fields != 2 && fields != 3 || !r.key(1) {
		return nil
	}
	a := &zone.Alias{ZoneID: r.text()}
	if !r.key(2) {
		return nil
	}
	target := r.bytes()
	if r.bad || !isCanonicalName(target) {
		return nil
	}
	a.Target = rdata.Name(target)
	if fields == 3 {
		if !r.key(3) || !r.isTrue() {
			return nil
		}
		a.EvaluateTargetHealth = true
	}
	return a
}
