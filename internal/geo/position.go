package geo

import (
	"net/netip"
	"sync/atomic"
)

// Position is what is known of where a client is. The zero Position is a
// client of which nothing is known. It holds no pointers into the database.
type Position struct {
	Continent   Code    // "EU"; Amazon's opinion
	Country     Code    // ISO 3166-1 alpha-2
	Subdivision Code    // ISO 3166-2 without the country; only where it matters
	Located     bool    // Latitude and Longitude are known
	Latitude    float32 // degrees, north is positive
	Longitude   float32 // degrees, east is positive
	ASN         uint32  // autonomous system; 0 is unknown
	// Bits is how many bits of the address were needed to find this out: the
	// answer is the same for all addresses that share them. For IPv4 at most
	// 32.
	Bits uint8
}

// Code is a short upper-case code, left aligned, zero padded.
type Code [3]byte

// CodeOf makes a Code of up to three bytes.
func CodeOf(text string) (c Code) {
	copy(c[:], text)
	return c
}

// String is the code without its padding.
func (c Code) String() string {
	n := 0
	for n < len(c) && c[n] != 0 {
		n++
	}
	return string(c[:n])
}

// Locator finds positions in the latest database it was given. It is safe for
// concurrent use; Locate allocates nothing.
type Locator struct {
	current atomic.Pointer[Database]
}

// Locate finds an address. Without a database nothing is known of anyone.
func (l *Locator) Locate(addr netip.Addr) Position {
	if db := l.current.Load(); db != nil {
		return db.Locate(addr)
	}
	return Position{}
}

// Use makes db answer from now on.
func (l *Locator) Use(db *Database) { l.current.Store(db) }
