package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// LatencySource says where an estimate comes from.
type LatencySource uint8

// The sources, best last.
const (
	LatencyUnknown    LatencySource = iota // nothing is known: all regions are as far
	LatencyByDistance                      // from the great circle to the region
	LatencyByCountry                       // measured, from the client's country
	LatencyByASN                           // measured, from its autonomous system
	LatencyByPrefix                        // measured, from its network
	LatencyByRule                          // cn-north-1 is next to everyone in China
)

// String is the source as explanations name it.
func (s LatencySource) String() string {
	switch s {
	case LatencyUnknown:
		return "unknown"
	case LatencyByDistance:
		return "distance"
	case LatencyByCountry:
		return "country"
	case LatencyByASN:
		return "asn"
	case LatencyByPrefix:
		return "prefix"
	case LatencyByRule:
		return "rule"
	}
	return "?"
}

// UnknownMillis is the estimate where nothing is known: farther than anything,
// and the same for all regions, so that a stable order decides.
const UnknownMillis float32 = 1 << 20

// An estimate by distance is the time that light takes in glass, 200 km a
// millisecond, there and back, over a route 1.3 times as long as the great
// circle, and the two milliseconds of the last mile. Between well-connected
// cities that comes within a fifth of what is measured.
const (
	millisPerKilometer = 2 * 1.3 / 200
	millisLastMile     = 2
)

// The region that answers all of a country, and the country.
const chinaRegion = "cn-north-1"

var china = CodeOf("CN")

// noRegion is the number of no region.
const noRegion = 1<<16 - 1

// Latencies estimate how far clients are from regions: from what the operator
// has measured, else from distance.
//
// Regions have numbers: Amazon's by name, then the operator's own in the order
// given. They are fixed when the table is made. What was measured comes in
// sets of rows, one for each source of measurements, and is replaced set by
// set; of two sources that know the same, the first one by name is believed.
//
// All methods are safe for concurrent use. Estimate and its Millis take no
// lock and allocate nothing.
type Latencies struct {
	regions []Region // by number
	numbers map[string]uint16
	points  []Point // of regions
	china   uint16

	current atomic.Pointer[measured]

	mu   sync.Mutex // guards sets, and the making of current
	sets map[string][]Latency
}

// NewLatencies makes a table that knows Amazon's regions and own ones. Error:
// a name that is twice there.
func NewLatencies(own ...Region) (*Latencies, error) {
	l := &Latencies{
		regions: slices.Concat(Regions(), own), numbers: make(map[string]uint16),
		sets: make(map[string][]Latency), china: noRegion,
	}
	if len(l.regions) >= noRegion {
		return nil, errors.New("too many regions")
	}
	for i, r := range l.regions {
		if _, twice := l.numbers[r.Name]; twice {
			return nil, fmt.Errorf("region %s exists already", r.Name)
		}
		l.numbers[r.Name] = uint16(i)
		l.points = append(l.points, PointOf(r.Coordinates))
	}
	if n, found := l.numbers[chinaRegion]; found {
		l.china = n
	}
	l.current.Store(&measured{width: len(l.regions)})
	return l, nil
}

// Region is the number of a region.
func (l *Latencies) Region(name string) (number uint16, ok bool) {
	number, ok = l.numbers[name]
	if !ok {
		number = noRegion
	}
	return number, ok
}

// RegionName is the name of a numbered region; "" for no region's number.
func (l *Latencies) RegionName(number uint16) string {
	if int(number) >= len(l.regions) {
		return ""
	}
	return l.regions[number].Name
}

// Regions lists the regions by number. The slice must not be changed.
func (l *Latencies) Regions() []Region { return l.regions }

// Set replaces the measurements of a source; no rows forget it. Rows of
// regions that are not known are kept aside.
func (l *Latencies) Set(source string, rows []Latency) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(rows) == 0 {
		delete(l.sets, source)
	} else {
		l.sets[source] = rows
	}
	l.current.Store(l.compile())
}

// Estimate is how far one client is from all regions.
type Estimate struct {
	regions *Latencies
	table   *measured
	at      Point
	located bool
	chinese bool
	// Rows of the table, from 1; 0 is none.
	byPrefix, byASN, byCountry uint32
	prefixBits                 uint8 // that the choice of byPrefix depends on
	bits                       uint8 // that all else depends on
}

// Estimate begins an estimate for the client at an address, whose position is
// what the Locator says.
func (l *Latencies) Estimate(addr netip.Addr, p Position) Estimate {
	e := Estimate{regions: l, table: l.current.Load(), located: p.Located, chinese: p.Country == china, bits: p.Bits}
	e.byPrefix, e.prefixBits = e.table.prefixes.find(addr)
	if p.ASN != 0 {
		e.byASN = e.table.asns[p.ASN]
	}
	if p.Country != (Code{}) {
		e.byCountry = e.table.countries[p.Country]
	}
	if p.Located {
		e.at = p.Point()
	}
	return e
}

// EstimateAt begins an estimate for a client at a position, by distance alone:
// a client in a region is nearest to that region, whatever was measured.
func (l *Latencies) EstimateAt(p Position) Estimate {
	e := Estimate{regions: l, table: l.current.Load(), located: p.Located}
	if p.Located {
		e.at = p.Point()
	}
	return e
}

// Millis is the estimated round trip to a region, in milliseconds, where the
// estimate comes from, and how many bits of the client's address it depends
// on. A number that is no region's is as far as what is unknown.
func (e *Estimate) Millis(region uint16) (millis float32, source LatencySource, bits uint8) {
	bits = max(e.prefixBits, e.bits)
	if int(region) >= len(e.regions.regions) {
		return UnknownMillis, LatencyUnknown, 0
	}
	if e.chinese && region == e.regions.china {
		return 0, LatencyByRule, e.bits
	}
	if millis, known := e.table.at(e.byPrefix, region); known {
		if region != e.regions.china { // there the country has been asked
			bits = e.prefixBits
		}
		return millis, LatencyByPrefix, bits
	}
	if millis, known := e.table.at(e.byASN, region); known {
		return millis, LatencyByASN, bits
	}
	if millis, known := e.table.at(e.byCountry, region); known {
		return millis, LatencyByCountry, bits
	}
	if e.located {
		return millisLastMile + millisPerKilometer*e.at.Kilometers(e.regions.points[region]), LatencyByDistance, bits
	}
	return UnknownMillis, LatencyUnknown, bits
}
