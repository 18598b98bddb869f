package policy

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"open53/internal/geo"
	"open53/internal/zone"
)

// Member is one RRset of a group with its compiled payload.
type Member struct {
	Set   *zone.RRset
	Kind  uint8 // of the payload; given back with the Candidate
	Count int   // RRs in the payload
	RRLen int   // length of each RR, if they are of one length; else 0
	// Repeats: an RR is in the payload of a member before this one too.
	Repeats bool
	Data    []byte
}

// noRegion is the number of regions that are not known; their latency is not
// either.
const noRegion = math.MaxUint16

// place is what compilation finds out about a member.
type place struct {
	*Member
	key     uint64 // orders the candidates; then name; then they stay as given
	name    string
	text    string
	region  uint16
	point   geo.Point
	nowhere bool
}

// Compile makes the Program of a group: RRsets of one name, type and policy,
// in list order, each with something to answer with. Error: too many of them,
// or the health table is full.
func Compile(members []Member, w *World) (Program, error) {
	first := members[0].Set
	if len(members) > MaxCandidates {
		return nil, fmt.Errorf("%s %s: more than %d sets", first.Name, first.Type, MaxCandidates)
	}
	places := make([]place, len(members))
	for i := range members {
		places[i] = placeOf(&members[i], w)
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.name, b.name))
	})
	p := make(Program, headLen+len(places)*candidateLen)
	p[0] = uint8(first.Policy)
	le := binary.LittleEndian
	le.PutUint16(p[2:], uint16(len(places)))
	le.PutUint64(p[8:], identity(first))
	if first.Policy == zone.CIDRPolicy {
		le.PutUint32(p[4:], w.Collections.Collection(first.CIDR.CollectionID))
	}
	if first.Policy == zone.Multivalue {
		p[1] |= unevenness(members)
	}
	for i := range places {
		var err error
		if p, err = p.add(i, &places[i], w); err != nil {
			return nil, fmt.Errorf("%s %s: %w", first.Name, first.Type, err)
		}
	}
	return p, nil
}

func identity(s *zone.RRset) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Name)) // never fails
	_, _ = h.Write([]byte{byte(s.Type >> 8), byte(s.Type)})
	return h.Sum64()
}

// tag tells the sets of a group apart, the same on every node.
func tag(s *zone.RRset) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.SetIdentifier)) // never fails
	return h.Sum32()
}

// add writes the i-th candidate.
func (p Program) add(i int, m *place, w *World) (Program, error) {
	le := binary.LittleEndian
	c := p.at(i)
	if m.Set.HealthCheckID != "" {
		number, err := w.Health.Number(m.Set.HealthCheckID)
		if err != nil {
			return nil, err
		}
		le.PutUint32(c, number+1)
		p[1] |= flagJudged
	}
	if m.Set.Alias != nil && m.Set.Alias.EvaluateTargetHealth {
		c[4] |= flagEvaluates
		p[1] |= flagJudged
	}
	c[5] = m.Kind
	le.PutUint16(c[6:], uint16(m.Count))
	le.PutUint32(c[8:], uint32(len(p)))
	le.PutUint32(c[12:], uint32(len(m.Data)))
	m.text = m.text[:min(len(m.text), math.MaxUint8)]
	c[29] = uint8(len(m.text))
	le.PutUint16(c[30:], uint16(len(m.Set.SetIdentifier)))
	p.arguments(i, m, w)
	p = append(p, m.Data...)
	p = append(p, m.Set.SetIdentifier...)
	return append(p, m.text...), nil
}

// arguments writes what the policy looks at.
func (p Program) arguments(i int, m *place, w *World) {
	le := binary.LittleEndian
	c := p.at(i)
	switch m.Set.Policy {
	case zone.Simple, zone.Failover: // the order says it all
	case zone.Multivalue:
		le.PutUint32(c[24:], tag(m.Set))
	case zone.Weighted:
		le.PutUint32(c[24:], tag(m.Set))
		sum := p.shared() + uint32(m.Set.Weight)
		le.PutUint32(c[16:], uint32(m.Set.Weight))
		le.PutUint32(c[20:], sum)
		le.PutUint32(p[4:], sum)
	case zone.Latency:
		le.PutUint16(c[16:], m.region)
	case zone.GeolocationPolicy:
		le.PutUint64(c[16:], m.key)
	case zone.GeoproximityPolicy:
		for j, f := range [3]float32{m.point.X, m.point.Y, m.point.Z} {
			le.PutUint32(c[16+4*j:], math.Float32bits(f))
		}
		c[28] = uint8(m.Set.Geoproximity.Bias)
		if m.Set.Geoproximity.Bias != 0 {
			p[1] |= flagBiased
		}
		if m.nowhere {
			c[4] |= flagNowhere
		}
	case zone.CIDRPolicy:
		le.PutUint16(c[16:], w.Collections.Location(p.shared(), m.Set.CIDR.Location))
	}
}

// unevenness says in which way the RRs of a multivalue group differ: they are
// answered as one RRset.
func unevenness(members []Member) (flags uint8) {
	first := &members[0]
	for i := range members {
		m := &members[i]
		if m.Set.TTL != first.Set.TTL {
			flags |= flagUnevenTTL
		}
		if m.RRLen == 0 || m.RRLen != first.RRLen {
			flags |= flagUnevenSize
		}
		if m.Repeats {
			flags |= flagRepeated
		}
	}
	return flags
}

// placeOf finds where in the group's order a member belongs.
func placeOf(m *Member, w *World) place {
	p := place{Member: m}
	switch s := m.Set; s.Policy {
	case zone.Simple, zone.Weighted, zone.Multivalue:
	case zone.Latency:
		// Where nothing is known of the client, names decide.
		var known bool
		if p.region, known = w.Latencies.Region(s.Region); !known {
			p.region = noRegion
		}
		p.name, p.text = s.Region, s.Region
	case zone.Failover:
		p.text = "PRIMARY"
		if s.Secondary {
			p.key, p.text = 1, "SECONDARY"
		}
	case zone.GeolocationPolicy:
		p.key, p.text = locationKey(s.Geolocation), locationText(s.Geolocation)
	case zone.GeoproximityPolicy:
		p.point, p.text, p.nowhere = pointOf(s.Geoproximity, w)
	case zone.CIDRPolicy:
		p.text = s.CIDR.Location
		if s.CIDR.Location == geo.DefaultLocation {
			p.key = 1
		}
	}
	return p
}

// The levels of geolocation, the most specific first.
const (
	levelSubdivision = iota
	levelCountry
	levelContinent
	levelDefault
	levels
)

// codesKey is a place as a number: level, then codes.
func codesKey(level int, larger, smaller geo.Code) uint64 {
	return uint64(level)<<56 | uint64(larger[0])<<40 | uint64(larger[1])<<32 | uint64(larger[2])<<24 |
		uint64(smaller[0])<<16 | uint64(smaller[1])<<8 | uint64(smaller[2])
}

func locationKey(g *zone.Geolocation) uint64 {
	switch {
	case g.Country == geo.DefaultCountry:
		return codesKey(levelDefault, geo.Code{}, geo.Code{})
	case g.Continent != "":
		return codesKey(levelContinent, geo.CodeOf(g.Continent), geo.Code{})
	case g.Subdivision != "":
		return codesKey(levelSubdivision, geo.CodeOf(g.Country), geo.CodeOf(g.Subdivision))
	}
	return codesKey(levelCountry, geo.CodeOf(g.Country), geo.Code{})
}

func locationText(g *zone.Geolocation) string {
	switch {
	case g.Continent != "":
		return "continent " + g.Continent
	case g.Country == geo.DefaultCountry:
		return "default"
	case g.Subdivision != "":
		return "subdivision " + g.Country + "-" + g.Subdivision
	}
	return "country " + g.Country
}

// pointOf finds a geoproximity set's place.
func pointOf(g *zone.Geoproximity, w *World) (point geo.Point, text string, nowhere bool) {
	switch {
	case g.Region != "":
		number, known := w.Latencies.Region(g.Region)
		if !known {
			return point, g.Region, true
		}
		return geo.PointOf(w.Latencies.Regions()[number].Coordinates), g.Region, false
	case g.LocalZoneGroup != "":
		group, known := geo.FindLocalZoneGroup(g.LocalZoneGroup)
		if !known {
			return point, g.LocalZoneGroup, true
		}
		return geo.PointOf(group.Coordinates), g.LocalZoneGroup, false
	}
	text = g.Latitude + "," + g.Longitude
	latitude, err1 := strconv.ParseFloat(g.Latitude, 64)
	longitude, err2 := strconv.ParseFloat(g.Longitude, 64)
	if err1 != nil || err2 != nil {
		return point, text, true
	}
	return geo.PointOf(geo.Coordinates{Latitude: latitude, Longitude: longitude}), text, false
}
