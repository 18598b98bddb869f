// Package positions makes of a database of positions one that all servers
// under test can read: open53, gdnsd and PowerDNS.
//
// The database that `make geo-database` fetches has a flat layout, which only
// open53 knows. The tree over networks stays as it is; each of its leaves gets
// a record in the layout of MaxMind's GeoIP2 City (MaxMind DB file format
// specification 2.0). Two records are alike in both if they are in one: so
// servers find the same position by the same steps.
package positions

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"

	"open53/internal/geo"
)

// flat is a record of the layout that is read.
type flat struct {
	Country   string  `maxminddb:"country_code"`
	State     string  `maxminddb:"state1"`
	Latitude  float64 `maxminddb:"latitude"`
	Longitude float64 `maxminddb:"longitude"`
}

// home is where the loopback network is, from which queries without a client's
// subnet come.
var home = flat{Country: "DE", Latitude: 52.5, Longitude: 13.4}

// separator is between the tree and the records, in bytes.
const separator = 16

// Convert writes the database to another file. It must be one of IPv4 in the
// layout of ip-location-db.
func Convert(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read positions: %w", err)
	}
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	defer db.Close() //nolint:errcheck // of bytes in memory
	c := converter{
		db: db, text: text, count: db.Metadata.NodeCount, size: db.Metadata.RecordSize,
		offsets: map[uint]uint{},
	}
	if db.Metadata.IPVersion != 4 {
		return fmt.Errorf("%s is not of IPv4 alone", from)
	}
	if err := c.convert(); err != nil {
		return fmt.Errorf("convert %s: %w", from, err)
	}
	return os.WriteFile(to, c.file(), 0o644)
}

type converter struct {
	db          *maxminddb.Reader
	text        []byte
	count, size uint          // of nodes; bits of a record in the tree
	offsets     map[uint]uint // of records, from old to new
	tree, data  []byte        // as they will be
}

// convert makes the tree and the records.
func (c *converter) convert() error {
	c.tree = make([]byte, 0, c.count*8)
	for node := range c.count {
		for side := range uint(2) {
			next, err := c.branch(c.record(node, side))
			if err != nil {
				return err
			}
			c.tree = binary.BigEndian.AppendUint32(c.tree, uint32(next))
		}
	}
	return c.addHome()
}

// record is one of the two records of a node.
func (c *converter) record(node, side uint) uint {
	b := c.text[node*c.size/4:]
	switch c.size {
	case 24:
		b = b[3*side:]
		return uint(b[0])<<16 | uint(b[1])<<8 | uint(b[2])
	case 28: // the middle byte has the highest bits of both
		high := uint(b[3] >> (4 * (1 - side)) & 15)
		b = b[4*side:]
		return high<<24 | uint(b[0])<<16 | uint(b[1])<<8 | uint(b[2])
	default:
		return uint(binary.BigEndian.Uint32(b[4*side:]))
	}
}

// branch is what takes the place of a record of the tree.
func (c *converter) branch(old uint) (uint, error) {
	if old <= c.count {
		return old, nil
	}
	place, seen := c.offsets[old]
	if !seen {
		var r flat
		if err := c.db.LookupOffset(uintptr(old - c.count - separator)).Decode(&r); err != nil {
			return 0, err
		}
		place = c.add(r)
		c.offsets[old] = place
	}
	return place, nil
}

// add appends a record, and returns what refers to it in the tree.
func (c *converter) add(r flat) uint {
	place := c.count + separator + uint(len(c.data))
	p := geo.Known(r.Country, r.State, r.Latitude, r.Longitude, true, 0)
	d := mapOf(c.data, 3)
	d = text(mapOf(text(d, "continent"), 1), "code", p.Continent.String())
	d = text(mapOf(text(d, "country"), 1), "iso_code", p.Country.String())
	d = mapOf(text(d, "location"), 2)
	d = double(text(d, "latitude"), r.Latitude)
	c.data = double(text(d, "longitude"), r.Longitude)
	return place
}

// addHome puts 127.0.0.0/8 at home.
func (c *converter) addHome() error {
	node := uint(0)
	for depth := range 8 {
		at := node * 8
		if depth > 0 { // all bits but the first are set
			at += 4
		}
		next := uint(binary.BigEndian.Uint32(c.tree[at:]))
		if depth == 7 || next == c.count {
			binary.BigEndian.PutUint32(c.tree[at:], uint32(c.add(home)))
			return nil
		}
		if next > c.count {
			break
		}
		node = next
	}
	return fmt.Errorf("127.0.0.0/8 is part of a larger network")
}

// file is the whole file.
func (c *converter) file() []byte {
	out := append(c.tree, make([]byte, separator)...)
	out = append(out, c.data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	out = mapOf(out, 9)
	out = number(text(out, "binary_format_major_version"), 2)
	out = number(text(out, "binary_format_minor_version"), 0)
	// Type 9, a number of 64 bits, is extended type 2.
	out = append(text(out, "build_epoch"), 4, 2)
	out = binary.BigEndian.AppendUint32(out, uint32(c.db.Metadata.BuildEpoch))
	out = text(out, "database_type", "GeoIP2-City")
	out = text(mapOf(text(out, "description"), 1), "en", "made for a benchmark")
	out = number(text(out, "ip_version"), 4)
	out = text(append(text(out, "languages"), 1, 4), "en") // type 11, a list: extended type 4
	out = append(text(out, "node_count"), 6<<5|4)
	out = binary.BigEndian.AppendUint32(out, uint32(c.count))
	return number(text(out, "record_size"), 32)
}

// mapOf begins a map of so many pairs, at most 28.
func mapOf(b []byte, pairs int) []byte { return append(b, byte(7<<5|pairs)) }

// text appends strings of at most 28 bytes each.
func text(b []byte, strings ...string) []byte {
	for _, s := range strings {
		b = append(append(b, byte(2<<5|len(s))), s...)
	}
	return b
}

// number appends a number of 16 bits.
func number(b []byte, n uint16) []byte { return binary.BigEndian.AppendUint16(append(b, 5<<5|2), n) }

func double(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 3<<5|8), math.Float64bits(f))
}
