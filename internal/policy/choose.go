package policy

import (
	"math"

	"open53/internal/zone"
)

// MaxValues is how many sets of a multivalue group one answer holds.
const MaxValues = 8

// Applicable are the candidates that could answer this client at all: of
// geolocation and CIDR groups those whose area the client is in, of the others
// every one. It may be empty. The client may be nil unless the group is
// Located.
func (p Program) Applicable(c *Client) (s Set) {
	switch p.Policy() {
	case zone.GeolocationPolicy:
		return p.around(c)
	case zone.CIDRPolicy:
		return p.containing(c)
	case zone.Simple, zone.Weighted, zone.Latency, zone.Failover, zone.GeoproximityPolicy, zone.Multivalue:
	}
	return firstOf(p.Len())
}

// around are the areas of a geolocation group that the client is in.
func (p Program) around(c *Client) (s Set) {
	at := c.Position()
	var keys [levels]uint64
	keys[levelSubdivision] = codesKey(levelSubdivision, at.Country, at.Subdivision)
	keys[levelCountry] = codesKey(levelCountry, at.Country, zeroCode)
	keys[levelContinent] = codesKey(levelContinent, at.Continent, zeroCode)
	keys[levelDefault] = codesKey(levelDefault, zeroCode, zeroCode)
	from := 0
	for _, key := range keys {
		from = p.search(from, key)
		if from < p.Len() && p.key(from) == key {
			s.Add(from)
		}
	}
	return s
}

// search is the first candidate from one on whose key is not below key.
func (p Program) search(from int, key uint64) int {
	to := p.Len()
	for from < to {
		if middle := int(uint(from+to) >> 1); p.key(middle) < key {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from
}

// containing are the location of a CIDR group that the client is in, and the
// default one.
func (p Program) containing(c *Client) (s Set) {
	location, found := c.location(p.shared())
	n := p.Len()
	for i := range n {
		if at := p.location(i); at == defaultLocation || found && at == location {
			s.Add(i)
		}
	}
	return s
}

// Pick chooses one of the candidates that are left, which must not be none.
// The client may be nil unless the group is Located.
func (p Program) Pick(left Set, c *Client, r *Random) int {
	switch p.Policy() {
	case zone.Weighted:
		return p.byWeight(left, r)
	case zone.Latency:
		return p.nearest(left, c)
	case zone.GeoproximityPolicy:
		return p.closest(left, c)
	case zone.Multivalue:
		var picked [MaxValues]uint8
		p.PickValues(left, r, &picked)
		return int(picked[0])
	case zone.Simple, zone.Failover, zone.GeolocationPolicy, zone.CIDRPolicy:
	}
	return left.Next(0) // they are in order of preference
}

// byWeight draws in proportion to the weights. Weight 0 is drawn only where
// nothing else is left, and then all are equal.
func (p Program) byWeight(left Set, r *Random) int {
	if n := p.Len(); left.Len() == n && p.shared() > 0 {
		return p.upTo(uint32(r.Below(uint64(p.shared()))))
	}
	var sum uint32
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		sum += p.Weight(i)
	}
	if sum == 0 {
		return left.nth(int(r.Below(uint64(left.Len()))))
	}
	drawn := uint32(r.Below(uint64(sum)))
	for i := left.Next(0); ; i = left.Next(i + 1) {
		if w := p.Weight(i); drawn < w {
			return i
		} else {
			drawn -= w
		}
	}
}

// Probability is how likely a weighted group's candidate is to be picked of
// those that are left, 0 to 1.
func (p Program) Probability(left Set, i int) float64 {
	if !left.Has(i) {
		return 0
	}
	var sum uint32
	for j := left.Next(0); j >= 0; j = left.Next(j + 1) {
		sum += p.Weight(j)
	}
	if sum == 0 {
		return 1 / float64(left.Len())
	}
	return float64(p.Weight(i)) / float64(sum)
}

// upTo is the candidate that a number below the sum of all weights falls on.
func (p Program) upTo(drawn uint32) int {
	from, to := 0, p.Len()-1
	for from < to {
		if middle := int(uint(from+to) >> 1); p.weightUpTo(middle) <= drawn {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from
}

// nearest is the candidate whose region answers the client soonest.
func (p Program) nearest(left Set, c *Client) int {
	best, soonest := -1, float32(math.Inf(1))
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		if millis, _ := c.Millis(p.Region(i)); millis < soonest || best < 0 {
			best, soonest = i, millis
		}
	}
	return best
}

// closest is the candidate at the smallest biased distance. Of a client that
// is nowhere all are as far, and the first one is chosen.
func (p Program) closest(left Set, c *Client) int {
	at, located := c.point()
	if !located {
		return p.firstSomewhere(left)
	}
	best, least := -1, float32(math.Inf(1))
	biased := p[1]&flagBiased != 0
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		point, known := p.Point(i)
		if !known {
			continue
		}
		var distance float32
		if biased {
			distance = Biased(at.Kilometers(point), p.Bias(i))
		} else { // the chord is in the same order, and costs no arc sine
			x, y, z := at.X-point.X, at.Y-point.Y, at.Z-point.Z
			distance = x*x + y*y + z*z
		}
		if distance < least {
			best, least = i, distance
		}
	}
	if best < 0 {
		return left.Next(0)
	}
	return best
}

// firstSomewhere is the first candidate whose place is known, or the first.
func (p Program) firstSomewhere(left Set) int {
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		if _, known := p.Point(i); known {
			return i
		}
	}
	return left.Next(0)
}

// Biased is a distance as a bias of -99 to 99 makes it appear.
func Biased(distance float32, bias int) float32 {
	return distance * (1 - float32(bias)/100)
}

// PickValues draws up to MaxValues of the candidates that are left, in random
// order.
func (p Program) PickValues(left Set, r *Random, picked *[MaxValues]uint8) (n int) {
	var all [MaxCandidates]uint8
	count := 0
	for i := left.Next(0); i >= 0; i = left.Next(i + 1) {
		all[count] = uint8(i)
		count++
	}
	n = min(count, MaxValues)
	for i := range n { // as far as needed of a Fisher-Yates shuffle
		j := i + int(r.Below(uint64(count-i)))
		all[i], all[j] = all[j], all[i]
		picked[i] = all[i]
	}
	return n
}
