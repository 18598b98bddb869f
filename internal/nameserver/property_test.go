package nameserver_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/geo"
	"open53/internal/zone"
)

// plainRouter is routing as the documentation tells it, over RRsets, maps and
// lists: slow and obviously right. It says what answers are possible, because
// draws are random.
type plainRouter struct {
	sets     []*zone.RRset
	sick     map[string]bool
	addr     netip.Addr
	bits     int
	position geo.Position
	blocks   map[string][]netip.Prefix
	measured []geo.Latency
}

// outcome is one possible answer: the values of so many of these sets.
type outcome struct {
	take int
	from []*zone.RRset
}

func (o outcome) allows(values []string) bool {
	taken := 0
	var union []string
	for _, s := range o.from {
		if slices.Contains(values, s.Values[0]) {
			taken++
			union = append(union, s.Values...)
		}
	}
	slices.Sort(union)
	return taken == o.take && slices.Equal(union, values)
}

func (p *plainRouter) group(name string) (group []*zone.RRset) {
	for _, s := range p.sets {
		if s.Name.String() == name {
			group = append(group, s)
		}
	}
	return group
}

// choose lists the possible answers; an empty outcome is NODATA.
func (p *plainRouter) choose(name string) []outcome {
	group := p.group(name)
	if len(group) == 0 {
		return []outcome{{}}
	}
	candidates := p.applicable(group)
	if len(candidates) == 0 {
		return []outcome{{}}
	}
	var live []*zone.RRset
	for _, s := range candidates {
		if p.healthy(s) {
			live = append(live, s)
		}
	}
	if len(live) == 0 {
		live = candidates
	}
	if group[0].Policy == zone.Multivalue {
		return []outcome{{take: min(8, len(live)), from: live}}
	}
	var possible []outcome
	for _, s := range p.pick(live) {
		if s.Alias != nil {
			possible = append(possible, p.choose(s.Alias.Target.String())...)
		} else {
			possible = append(possible, outcome{take: 1, from: []*zone.RRset{s}})
		}
	}
	return possible
}

func (p *plainRouter) healthy(s *zone.RRset) bool {
	if s.HealthCheckID != "" && p.sick[s.HealthCheckID] {
		return false
	}
	if s.Alias == nil || !s.Alias.EvaluateTargetHealth {
		return true
	}
	return slices.ContainsFunc(p.group(s.Alias.Target.String()), p.healthy)
}

func (p *plainRouter) applicable(group []*zone.RRset) (candidates []*zone.RRset) {
	switch group[0].Policy {
	case zone.GeolocationPolicy:
		for _, s := range group {
			g := *s.Geolocation
			at := p.position
			inContinent := g.Continent != "" && g.Continent == at.Continent.String()
			inCountry := g.Country != "" && g.Country == at.Country.String() && (g.Subdivision == "" || g.Subdivision == at.Subdivision.String())
			if inContinent || inCountry || g.Country == "*" {
				candidates = append(candidates, s)
			}
		}
		return candidates
	case zone.CIDRPolicy:
		longest, location := -1, ""
		for name, list := range p.blocks {
			for _, block := range list {
				if block.Contains(p.addr) && block.Bits() <= p.bits && block.Bits() > longest {
					longest, location = block.Bits(), name
				}
			}
		}
		for _, s := range group {
			if s.CIDR.Location == "*" || longest >= 0 && s.CIDR.Location == location {
				candidates = append(candidates, s)
			}
		}
		return candidates
	}
	return group
}

// pick lists the sets that may be picked.
func (p *plainRouter) pick(live []*zone.RRset) []*zone.RRset {
	rank := func(s *zone.RRset) float64 { // the lowest one is picked
		switch s.Policy {
		case zone.Weighted:
			if s.Weight > 0 {
				return 0
			}
			return 1
		case zone.Failover:
			if s.Secondary {
				return 1
			}
			return 0
		case zone.GeolocationPolicy:
			switch g := s.Geolocation; {
			case g.Subdivision != "":
				return 0
			case g.Continent != "":
				return 2
			case g.Country == "*":
				return 3
			}
			return 1
		case zone.CIDRPolicy:
			if s.CIDR.Location == "*" {
				return 1
			}
			return 0
		case zone.Latency:
			return p.millis(s.Region)
		case zone.GeoproximityPolicy:
			if !p.position.Located {
				return 0
			}
			g := s.Geoproximity
			where := coordinatesOf(g)
			return p.kilometers(where) * (1 - float64(g.Bias)/100)
		}
		return 0
	}
	best := math.Inf(1)
	for _, s := range live {
		best = min(best, rank(s))
	}
	var possible []*zone.RRset
	for _, s := range live {
		// Distances are not exact; what is as good may be picked.
		slack := 0.0
		switch s.Policy {
		case zone.Latency:
			slack = 0.2
		case zone.GeoproximityPolicy:
			slack = 5
		}
		if rank(s) <= best+slack {
			possible = append(possible, s)
		}
	}
	first := live[0].Policy
	if first == zone.GeoproximityPolicy && !p.position.Located {
		return possible[:1] // by identifier
	}
	if first == zone.Latency && best >= float64(geo.UnknownMillis) { // by name
		return []*zone.RRset{slices.MinFunc(possible, func(a, b *zone.RRset) int { return strings.Compare(a.Region, b.Region) })}
	}
	return possible
}

func coordinatesOf(g *zone.Geoproximity) geo.Coordinates {
	if r, ok := geo.FindRegion(g.Region); ok {
		return r.Coordinates
	}
	latitude, _ := strconv.ParseFloat(g.Latitude, 64)
	longitude, _ := strconv.ParseFloat(g.Longitude, 64)
	return geo.Coordinates{Latitude: latitude, Longitude: longitude}
}

// kilometers is the haversine formula.
func (p *plainRouter) kilometers(c geo.Coordinates) float64 {
	rad := func(degrees float64) float64 { return degrees * math.Pi / 180 }
	a1, a2 := rad(float64(p.position.Latitude)), rad(c.Latitude)
	b := rad(c.Longitude - float64(p.position.Longitude))
	h := math.Pow(math.Sin((a2-a1)/2), 2) + math.Cos(a1)*math.Cos(a2)*math.Pow(math.Sin(b/2), 2)
	return 2 * 6371 * math.Asin(min(1, math.Sqrt(h)))
}

func (p *plainRouter) millis(region string) float64 {
	if region == "cn-north-1" && p.position.Country.String() == "CN" {
		return 0
	}
	longest, found := -1, 0.0
	for _, row := range p.measured {
		if row.Prefix.IsValid() && row.Prefix.Contains(p.addr) && row.Region == region && row.Prefix.Bits() > longest {
			longest, found = row.Prefix.Bits(), float64(row.Millis)
		}
	}
	if longest >= 0 {
		return found
	}
	for _, row := range p.measured {
		if row.ASN != 0 && row.ASN == p.position.ASN && row.Region == region {
			return float64(row.Millis)
		}
	}
	if r, ok := geo.FindRegion(region); ok && p.position.Located {
		return 2 + 0.013*p.kilometers(r.Coordinates)
	}
	return float64(geo.UnknownMillis)
}

// randomGroups makes a zone of groups n0, n1, … whose aliases lead to later
// names, some of which do not exist.
func randomGroups(rng *rand.Rand, names int) (sets []*zone.RRset) {
	serial := 0
	places := []string{"US-WA", "US-TX", "c:US", "c:FR", "c:DE", "EU", "NA", "AS", "*"}
	regions := []string{"eu-west-1", "us-west-2", "cn-north-1", "ap-northeast-1", "sa-east-1"}
	locations := []string{"office", "lab", "other", "*"}
	for n := range names {
		kind := zone.Policy(rng.IntN(8))
		members := 1 + rng.IntN(4)
		if kind == zone.Multivalue {
			members = 1 + rng.IntN(12)
		}
		if kind == zone.Simple {
			members = 1
		}
		if kind == zone.Failover {
			members = min(members, 2)
		}
		order := rng.Perm(12)
		place, region, location := rng.Perm(len(places)), rng.Perm(len(regions)), rng.Perm(len(locations))
		for i := range members {
			serial++
			s := named(fmt.Sprintf("n%d", n), set(fmt.Sprintf("s%02d", order[i]), fmt.Sprintf("10.1.%d.%d", serial/256, serial%256)))
			if rng.IntN(3) == 0 && kind != zone.Multivalue {
				s = aliased(fmt.Sprintf("n%d", n+1+rng.IntN(names-n)), rng.IntN(4) > 0, s)
			} else if rng.IntN(4) == 0 {
				serial++
				s.Values = append(s.Values, fmt.Sprintf("10.1.%d.%d", serial/256, serial%256))
			}
			if rng.IntN(3) > 0 {
				s.HealthCheckID = fmt.Sprintf("c%d", rng.IntN(6))
			}
			switch kind {
			case zone.Simple:
				s.SetIdentifier = ""
			case zone.Weighted:
				weighted([]uint8{0, 0, 1, 10, 255}[rng.IntN(5)], s)
			case zone.Latency:
				inRegion(regions[region[i]], s)
			case zone.Failover:
				if s = primary(s); i == 1 {
					secondary(s)
				}
			case zone.GeolocationPolicy:
				at(places[place[i]], s)
			case zone.GeoproximityPolicy:
				g := zone.Geoproximity{Region: regions[region[i]], Bias: int8(rng.IntN(199) - 99)}
				if rng.IntN(3) == 0 {
					g = zone.Geoproximity{Latitude: strconv.Itoa(rng.IntN(181) - 90), Longitude: strconv.Itoa(rng.IntN(361) - 180)}
				}
				near(g, s)
			case zone.Multivalue:
				multivalue(s)
			case zone.CIDRPolicy:
				inside(locations[location[i]], s)
			}
			sets = append(sets, s)
		}
	}
	return sets
}

// TestRandomTrees: compiled programs answer as the plain router does, for
// random groups, alias trees, health and clients.
func TestRandomTrees(t *testing.T) {
	clients := []string{fromSeattle, fromDallas, fromUS, fromParis, fromBerlin, fromTokyo, fromBeijing, fromNowhere, fromParis6}
	blocks := map[string][]netip.Prefix{
		"office": {netip.MustParsePrefix("203.0.112.0/20"), netip.MustParsePrefix("2001:db8::/32")},
		"lab":    {netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.0.0/16")},
		"gone":   {netip.MustParsePrefix("198.51.101.0/24")},
	}
	measured := []geo.Latency{
		{Prefix: netip.MustParsePrefix("203.0.113.0/24"), Region: "sa-east-1", Millis: 20},
		{Prefix: netip.MustParsePrefix("203.0.112.0/20"), Region: "us-west-2", Millis: 10},
		{ASN: 64501, Region: "ap-northeast-1", Millis: 5},
	}
	rounds := 400
	if testing.Short() {
		rounds = 100
	}
	nodata, multi, asked := 0, 0, 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 4))
		const names = 7
		sets := randomGroups(rng, names)
		l := newLab(t, sets...)
		l.world.Collections.Set(collection, blocks)
		l.world.Latencies.Set("test", measured)
		slices.SortFunc(sets, func(a, b *zone.RRset) int { return strings.Compare(a.SetIdentifier, b.SetIdentifier) })
		for range 3 {
			router := &plainRouter{sets: sets, sick: map[string]bool{}, blocks: blocks, measured: measured}
			var sick, all []string
			for i := range 6 {
				id := fmt.Sprintf("c%d", i)
				all = append(all, id)
				if rng.IntN(2) == 0 {
					sick = append(sick, id)
					router.sick[id] = true
				}
			}
			l.sick(all, sick...)
			for n := range names {
				client := clients[rng.IntN(len(clients))]
				router.addr = netip.MustParseAddr(client)
				router.bits = router.addr.BitLen()
				subnet := ""
				if rng.IntN(2) == 0 {
					router.bits = 8 * (2 + rng.IntN(2))
					prefix := netip.PrefixFrom(router.addr, router.bits).Masked()
					router.addr, subnet, client = prefix.Addr(), prefix.String(), fromTokyo
				}
				router.position = l.world.Locator.Locate(router.addr)
				possible := router.choose(fmt.Sprintf("n%d.example.com.", n))
				g := l.query(fmt.Sprintf("n%d", n), dns.TypeA, client, subnet)
				asked++
				if len(g.values) == 0 {
					nodata++
				} else if len(g.values) > 2 {
					multi++
				}
				if !slices.ContainsFunc(possible, func(o outcome) bool { return o.allows(g.values) }) {
					t.Fatalf("seed %d: n%d from %s %s, sick %v: got %s, possible %s\n%s", seed, n, client, subnet, sick, g, show(possible), showSets(sets))
				}
			}
		}
	}
	if nodata == 0 || multi == 0 {
		t.Errorf("of %d answers %d were NODATA and %d of several sets: the test does not try enough", asked, nodata, multi)
	}
}

func show(possible []outcome) string {
	var b strings.Builder
	for _, o := range possible {
		fmt.Fprintf(&b, "\n  %d of", o.take)
		for _, s := range o.from {
			fmt.Fprintf(&b, " %v", s.Values)
		}
	}
	return b.String()
}

func showSets(sets []*zone.RRset) string {
	var b strings.Builder
	for _, s := range sets {
		fmt.Fprintf(&b, "%s %s %s w=%d r=%s second=%t", s.Name, s.SetIdentifier, s.Policy, s.Weight, s.Region, s.Secondary)
		if s.Geolocation != nil {
			fmt.Fprint(&b, " ", s.Geolocation)
		}
		if s.Geoproximity != nil {
			fmt.Fprint(&b, " ", s.Geoproximity, s.Geoproximity.Bias)
		}
		if s.CIDR != nil {
			fmt.Fprint(&b, " ", s.CIDR.Location)
		}
		if s.Alias != nil {
			fmt.Fprint(&b, " alias ", s.Alias.Target, s.Alias.EvaluateTargetHealth)
		}
		fmt.Fprintf(&b, " check=%s %v\n", s.HealthCheckID, s.Values)
	}
	return b.String()
}
