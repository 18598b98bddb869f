package geo

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"unsafe"
)

// Database has the positions of addresses, frozen. It is made of layers: what
// the first one does not know the next one may.
type Database struct{ layers []*Layer }

// NewDatabase makes a database of layers, best first.
func NewDatabase(layers ...*Layer) *Database { return &Database{layers: layers} }

// Locate finds an address: its place in the first layer that knows a country,
// its autonomous system in the first that knows one.
func (d *Database) Locate(addr netip.Addr) (p Position) {
	for _, layer := range d.layers {
		if p.Country != (Code{}) && (p.ASN != 0 || !layer.knowsASN) {
			continue // it could add nothing
		}
		at, length := layer.table.find(addr)
		p.Bits = max(p.Bits, length)
		if at == 0 {
			continue
		}
		found := &layer.positions[at-1]
		if p.Country == (Code{}) {
			asn, bits := p.ASN, p.Bits
			p = *found
			p.ASN, p.Bits = asn, bits
		}
		if p.ASN == 0 {
			p.ASN = found.ASN
		}
	}
	return p
}

// Layer is what one source knows of addresses, frozen.
type Layer struct {
	table     prefixes   // values are places in positions, from 1
	positions []Position // each once
	knowsASN  bool       // some of them have one
}

// Networks is how many runs of addresses the layer tells apart.
func (l *Layer) Networks() int { return len(l.table.v4.starts) + len(l.table.v6.starts) }

// Bytes is the memory that the layer takes.
func (l *Layer) Bytes() int {
	return l.table.v4.bytes() + l.table.v6.bytes() + len(l.positions)*int(unsafe.Sizeof(Position{}))
}

// LayerBuilder makes a layer of networks in ascending order. The zero one is
// ready to use, by one goroutine.
type LayerBuilder struct {
	layer   Layer
	numbers map[Position]uint32
	end4    uint64 // first IPv4 address behind the last network
	end6    uint64 // first /64 behind it, modulo 2^64
	full6   bool   // there is none
}

// Known makes a position of what a source says. Texts that are no codes, and
// coordinates that are none, are left out; so are subdivisions that no RRset
// can name. A subdivision may be its code or its English name.
func Known(country, subdivision string, latitude, longitude float64, located bool, asn uint32) Position {
	p := Position{ASN: asn}
	if len(country) == 2 && upper(country) && country != "ZZ" { // ZZ: of unknown location
		continent, _ := ContinentOf(country)
		p.Continent, p.Country = CodeOf(continent), CodeOf(country)
		p.Subdivision = CodeOf(subdivisionCode(country, subdivision))
	}
	if located && math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180 && (latitude != 0 || longitude != 0) {
		p.Located, p.Latitude, p.Longitude = true, hundredths(latitude), hundredths(longitude)
	}
	return p
}

// hundredths is an angle to within a kilometer, as exact as RRsets can say.
func hundredths(degrees float64) float32 { return float32(math.Round(degrees*100) / 100) }

func upper(text string) bool {
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return false
		}
	}
	return true
}

// subdivisionCode is the code of a subdivision, by code or by name; "" where
// there is no such place.
func subdivisionCode(country, subdivision string) string {
	if subdivision == "" {
		return ""
	}
	if _, exists := Lookup(Location{Country: country, Subdivision: subdivision}); exists {
		return subdivision
	}
	return readWorld().subdivisions[country+" "+subdivision]
}

// Place is the number of a position in this layer, for Network.
func (b *LayerBuilder) Place(p Position) uint32 {
	p.Bits = 0
	if p == (Position{}) {
		return 0
	}
	number, known := b.numbers[p]
	if !known {
		if b.numbers == nil {
			b.numbers = make(map[Position]uint32)
		}
		b.layer.positions = append(b.layer.positions, p)
		b.layer.knowsASN = b.layer.knowsASN || p.ASN != 0
		number = uint32(len(b.layer.positions))
		b.numbers[p] = number
	}
	return number
}

// errOrder: networks overlap or fall.
var errOrder = errors.New("network is not behind the one before it")

// Network says where a network is: IPv4 and IPv6 ones each in ascending order,
// none within another. Of what is behind the first 64 bits of an IPv6 address
// only the first network counts.
func (b *LayerBuilder) Network(p netip.Prefix, place uint32) error {
	if !p.IsValid() || place > uint32(len(b.layer.positions)) {
		return fmt.Errorf("%s: no network or no place", p)
	}
	if p.Addr().Is4() {
		s := spanOf(key4(p.Addr()), p.Bits(), place)
		if uint64(s.first) < b.end4 {
			return fmt.Errorf("%s: %w", p, errOrder)
		}
		if uint64(s.first) > b.end4 {
			b.layer.table.v4.begin(uint32(b.end4), 0)
		}
		b.layer.table.v4.begin(s.first, place)
		b.end4 = uint64(s.last) + 1
		return nil
	}
	s := spanOf(key6(p.Addr()), min(p.Bits(), maxBits6), place)
	if s.first < b.end6 || b.full6 {
		if p.Bits() > maxBits6 && s.first == b.end6-1 {
			return nil // in the same /64 as the one before it
		}
		return fmt.Errorf("%s: %w", p, errOrder)
	}
	if s.first > b.end6 {
		b.layer.table.v6.begin(b.end6, 0)
	}
	b.layer.table.v6.begin(s.first, place)
	b.end6 = s.last + 1
	b.full6 = b.end6 == 0
	return nil
}

// Layer ends the building: the builder is done with.
func (b *LayerBuilder) Layer() *Layer {
	v4, v6 := &b.layer.table.v4, &b.layer.table.v6
	if len(v4.starts) > 0 && b.end4 <= math.MaxUint32 {
		v4.begin(uint32(b.end4), 0)
	}
	if len(v6.starts) > 0 && !b.full6 {
		v6.begin(b.end6, 0)
	}
	v4.finish()
	v6.finish()
	b.numbers = nil
	return &b.layer
}
