package geo

import (
	"maps"
	"math"
	"net/netip"
	"slices"
)

// measured is all measurements, frozen: for each network, autonomous system
// and country that has any a row with a column for each region.
type measured struct {
	width     int
	millis    []float32 // rows of width; not a number where nothing was measured
	prefixes  prefixes  // values are rows, from 1
	asns      map[uint32]uint32
	countries map[Code]uint32
}

// at is the measurement in a row, from 1; 0 is no row.
func (m *measured) at(row uint32, region uint16) (millis float32, known bool) {
	if row == 0 {
		return 0, false
	}
	millis = m.millis[int(row-1)*m.width+int(region)]
	return millis, millis == millis
}

// compile makes the table of all sets, under the lock.
func (l *Latencies) compile() *measured {
	m := &measured{width: len(l.regions), asns: make(map[uint32]uint32), countries: make(map[Code]uint32)}
	nets := make(map[netip.Prefix]uint32)
	for _, source := range slices.Sorted(maps.Keys(l.sets)) {
		for i := range l.sets[source] {
			latency := &l.sets[source][i]
			region, known := l.numbers[latency.Region]
			if !known {
				continue
			}
			var row uint32
			switch {
			case latency.Prefix.IsValid():
				row = rowOf(m, nets, netOf(latency.Prefix))
			case latency.ASN != 0:
				row = rowOf(m, m.asns, latency.ASN)
			default:
				row = rowOf(m, m.countries, CodeOf(latency.Country))
			}
			if _, measured := m.at(row, region); !measured {
				m.millis[int(row-1)*m.width+int(region)] = latency.Millis
			}
		}
	}
	m.addPrefixes(nets)
	return m
}

// netOf is the network that a prefix is taken for.
func netOf(p netip.Prefix) netip.Prefix {
	if !p.Addr().Is4() && p.Bits() > maxBits6 {
		p = netip.PrefixFrom(p.Addr(), maxBits6)
	}
	return p.Masked()
}

// rowOf is the row of a key, made where there is none.
func rowOf[K comparable](m *measured, rows map[K]uint32, key K) uint32 {
	row, found := rows[key]
	if !found {
		for range m.width {
			m.millis = append(m.millis, float32(math.NaN()))
		}
		row = uint32(len(m.millis) / m.width)
		rows[key] = row
	}
	return row
}

// addPrefixes makes the table of networks. Each row is completed from the next
// wider network's: the longest match is that of a region.
func (m *measured) addPrefixes(nets map[netip.Prefix]uint32) {
	list := slices.SortedFunc(maps.Keys(nets), netip.Prefix.Compare) // wider ones first
	for i, wider := range enclosing(list) {
		if wider < 0 {
			continue
		}
		for region := range m.width {
			if _, known := m.at(nets[list[i]], uint16(region)); known {
				continue
			}
			m.millis[int(nets[list[i]]-1)*m.width+region] = m.millis[int(nets[list[wider]]-1)*m.width+region]
		}
	}
	m.prefixes = makePrefixes(list, func(i int) uint32 { return nets[list[i]] })
}
