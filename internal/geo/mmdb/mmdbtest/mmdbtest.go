// Package mmdbtest makes MMDB files for tests: small ones, of any layout, for
// any networks.
//
// A file is a binary tree over the bits of addresses, whose leaves are places
// in a data section, and a map of metadata at the end (MaxMind DB file format
// specification 2.0). Records here are 32 bits wide; each record is written
// once for each network.
package mmdbtest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"testing"
)

// Records are made of Map, List and the types string, float64, float32, uint16,
// uint32, uint64 and bool.
type (
	// Map is a map of a record.
	Map = map[string]any
	// List is a list of a record.
	List = []any
)

// File makes a file with a record for each network: of IPv4 alone, unless one
// is of IPv6. The narrowest network wins.
func File(t testing.TB, records map[string]any) []byte {
	t.Helper()
	b := builder{version: 4}
	b.nodes = append(b.nodes, node{})
	networks := make([]netip.Prefix, 0, len(records))
	texts := make(map[netip.Prefix]string)
	for text := range records {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		if p.Addr().Is6() {
			b.version = 6
		}
		networks = append(networks, p.Masked())
		texts[p.Masked()] = text
	}
	slices.SortFunc(networks, func(a, b netip.Prefix) int { // wide ones first
		if a.Bits() != b.Bits() {
			return a.Bits() - b.Bits()
		}
		return a.Compare(b)
	})
	for _, p := range networks {
		b.insert(p, len(b.data))
		b.data = appendValue(t, b.data, records[texts[p]])
	}
	return b.file(t)
}

// A node has for each bit what comes next: the place of another node, or leaf
// with the place of data, or neither.
type node [2]struct{ next, data int } // data from 1

type builder struct {
	version int
	nodes   []node
	data    []byte
}

// insert puts data at a network.
func (b *builder) insert(p netip.Prefix, data int) {
	address, length := p.Addr().AsSlice(), p.Bits()
	if b.version == 6 && len(address) == 4 { // at ::/96
		address, length = append(make([]byte, 12), address...), length+96
	}
	at := 0
	for i := range length {
		side := address[i/8] >> (7 - i%8) & 1
		branch := &b.nodes[at][side]
		if i == length-1 {
			branch.next, branch.data = 0, data+1
			return
		}
		if branch.next == 0 {
			var split node // what was here is on both sides
			split[0].data, split[1].data = branch.data, branch.data
			branch.next, branch.data = len(b.nodes), 0
			b.nodes = append(b.nodes, split)
			branch = &b.nodes[at][side]
		}
		at = branch.next
	}
}

func (b *builder) file(t testing.TB) []byte {
	t.Helper()
	var out []byte
	count := len(b.nodes)
	for _, n := range b.nodes {
		for _, branch := range n {
			record := count
			switch {
			case branch.next > 0:
				record = branch.next
			case branch.data > 0:
				record = count + 16 + branch.data - 1
			}
			out = binary.BigEndian.AppendUint32(out, uint32(record))
		}
	}
	out = append(out, make([]byte, 16)...)
	out = append(out, b.data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return appendValue(t, out, Map{
		"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0), "build_epoch": uint64(1),
		"database_type": "test", "description": Map{"en": "test"}, "ip_version": uint16(b.version), "languages": List{"en"},
		"node_count": uint32(count), "record_size": uint16(32),
	})
}

// appendValue encodes a value.
func appendValue(t testing.TB, out []byte, v any) []byte {
	t.Helper()
	switch v := v.(type) {
	case string:
		return append(appendControl(out, 2, len(v)), v...)
	case float64:
		return binary.BigEndian.AppendUint64(appendControl(out, 3, 8), math.Float64bits(v))
	case float32:
		return binary.BigEndian.AppendUint32(appendControl(out, 15, 4), math.Float32bits(v))
	case uint16:
		return binary.BigEndian.AppendUint16(appendControl(out, 5, 2), v)
	case uint32:
		return binary.BigEndian.AppendUint32(appendControl(out, 6, 4), v)
	case uint64:
		return binary.BigEndian.AppendUint64(appendControl(out, 9, 8), v)
	case bool:
		size := 0
		if v {
			size = 1
		}
		return appendControl(out, 14, size)
	case List:
		out = appendControl(out, 11, len(v))
		for _, element := range v {
			out = appendValue(t, out, element)
		}
		return out
	case Map:
		out = appendControl(out, 7, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = appendValue(t, appendValue(t, out, key), v[key])
		}
		return out
	}
	t.Fatal(fmt.Errorf("a record cannot hold a %T", v))
	return nil
}

// appendControl begins a value of a type with a size of up to 284.
func appendControl(out []byte, kind, size int) []byte {
	first, extra := min(size, 29), []byte(nil)
	if first == 29 {
		extra = []byte{byte(size - 29)}
	}
	if kind <= 7 {
		return append(append(out, byte(kind<<5|first)), extra...)
	}
	return append(append(out, byte(first), byte(kind-7)), extra...)
}
