package nameserver_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/geo"
	"open53/internal/nameserver"
	"open53/internal/policy"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// The networks that tests ask from, and where they are.
const (
	fromSeattle = "198.51.100.10" // US-WA
	fromDallas  = "198.51.101.10" // US-TX
	fromUS      = "198.51.102.10" // nobody knows which state, nor where
	fromParis   = "203.0.113.10"
	fromBerlin  = "203.0.114.10"
	fromTokyo   = "192.0.2.10"
	fromBeijing = "192.0.3.10"
	fromNowhere = "10.0.0.10"
	fromParis6  = "2001:db8:1::10"
)

// atlas says so.
func atlas(t testing.TB) *geo.Database {
	t.Helper()
	var b geo.LayerBuilder
	for _, row := range []struct {
		network, country, subdivision string
		latitude, longitude           float64
		located                       bool
		asn                           uint32
	}{
		{"192.0.2.0/24", "JP", "", 35.68, 139.69, true, 64500},
		{"192.0.3.0/24", "CN", "", 39.9, 116.4, true, 0},
		{"198.51.100.0/24", "US", "WA", 47.61, -122.33, true, 64501},
		{"198.51.101.0/24", "US", "TX", 32.78, -96.8, true, 0},
		{"198.51.102.0/24", "US", "", 0, 0, false, 0},
		{"203.0.113.0/24", "FR", "", 48.86, 2.35, true, 64502},
		{"203.0.114.0/23", "DE", "", 52.52, 13.4, true, 0},
		{"2001:db8:1::/48", "FR", "", 48.86, 2.35, true, 0},
	} {
		place := b.Place(geo.Known(row.country, row.subdivision, row.latitude, row.longitude, row.located, row.asn))
		if err := b.Network(netip.MustParsePrefix(row.network), place); err != nil {
			t.Fatal(err)
		}
	}
	return geo.NewDatabase(b.Layer())
}

// lab is a server with one zone, example.com, in a world that tests shape.
type lab struct {
	t      testing.TB
	world  policy.World
	db     *zonedb.DB
	config *nameserver.Config
	*nameserver.Responder
}

const labZone = "ZLAB"

func newLab(t testing.TB, sets ...*zone.RRset) *lab {
	t.Helper()
	l := &lab{t: t, world: policy.World{}.Complete(), config: &nameserver.Config{UDPSize: 1232}}
	l.world.Locator.Use(atlas(t))
	l.db = zonedb.NewIn(l.world)
	l.load(sets)
	l.Responder = nameserver.New(l.db, l.config, 1)
	return l
}

func (l *lab) load(sets []*zone.RRset) {
	l.t.Helper()
	apex := rdata.MustParseName("example.com")
	all := append([]*zone.RRset{
		{Name: apex, Type: rdata.TypeSOA, TTL: 900, Values: []string{"ns.example.net. h.example.net. 1 7200 900 1209600 60"}},
		{Name: apex, Type: rdata.TypeNS, TTL: 900, Values: []string{"ns.example.net."}},
	}, sets...)
	dnstest.SortRRsets(all)
	e := l.db.Begin()
	e.DropZone(labZone)
	e.Commit()
	if err := compile(l.db, zonedb.ZoneConfig{ID: labZone, Name: apex}, 1, all); err != nil {
		l.t.Fatal(err)
	}
}

// sick makes exactly these health checks unhealthy.
func (l *lab) sick(all []string, ids ...string) {
	l.t.Helper()
	for _, id := range append(slices.Clone(all), ids...) {
		n, err := l.world.Health.Number(id)
		if err != nil {
			l.t.Fatal(err)
		}
		l.world.Health.Set(n, !slices.Contains(ids, id))
	}
}

// got is what a test looks at in a response.
type got struct {
	rcode  int
	values []string // sorted
	ttl    uint32   // of the first RR
	ecs    *dns.EDNS0_SUBNET
	msg    *dns.Msg
}

func (g got) String() string {
	if len(g.values) == 0 {
		return dns.RcodeToString[g.rcode]
	}
	return strings.Join(g.values, " ")
}

// ask asks for the A RRset of a name in the zone, from an address.
func (l *lab) ask(name, client string) got {
	l.t.Helper()
	return l.query(name, dns.TypeA, client, "")
}

// query asks with a client subnet, if it is not empty.
func (l *lab) query(name string, qtype uint16, client, subnet string) got {
	l.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name+".example.com.", qtype)
	m.SetEdns0(1232, false)
	if subnet != "" {
		p := netip.MustParsePrefix(subnet)
		family := uint16(1)
		if p.Addr().Is6() {
			family = 2
		}
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_SUBNET{
			Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(p.Bits()), Address: net.IP(p.Addr().AsSlice()),
		})
	}
	wire, err := m.Pack()
	if err != nil {
		l.t.Fatal(err)
	}
	reply := l.Respond(make([]byte, 0, 4096), wire, netip.MustParseAddr(client), dnswire.UDP)
	response := new(dns.Msg)
	if err := response.Unpack(reply); err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	return read(response)
}

func read(m *dns.Msg) got {
	g := got{rcode: m.Rcode, msg: m}
	for i, rr := range m.Answer {
		if i == 0 {
			g.ttl = rr.Header().Ttl
		}
		switch rr := rr.(type) {
		case *dns.A:
			g.values = append(g.values, rr.A.String())
		case *dns.CNAME:
			g.values = append(g.values, rr.Target)
		}
	}
	slices.Sort(g.values)
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if ecs, ok := option.(*dns.EDNS0_SUBNET); ok {
				g.ecs = ecs
			}
		}
	}
	return g
}

// set is an A RRset of www; the others below give it a policy.
func set(id string, values ...string) *zone.RRset {
	return &zone.RRset{Name: rdata.MustParseName("www.example.com"), Type: rdata.TypeA, TTL: 60, SetIdentifier: id, Values: values}
}

func named(name string, s *zone.RRset) *zone.RRset {
	s.Name = rdata.MustParseName(name + ".example.com")
	return s
}

func checked(check string, s *zone.RRset) *zone.RRset {
	s.HealthCheckID = check
	return s
}

// aliased makes a set an alias to a name of the zone.
func aliased(target string, evaluate bool, s *zone.RRset) *zone.RRset {
	s.Values, s.TTL = nil, 0
	s.Alias = &zone.Alias{ZoneID: labZone, Target: rdata.MustParseName(target + ".example.com"), EvaluateTargetHealth: evaluate}
	return s
}

func weighted(weight uint8, s *zone.RRset) *zone.RRset {
	s.Policy, s.Weight = zone.Weighted, weight
	return s
}

func primary(s *zone.RRset) *zone.RRset {
	s.Policy = zone.Failover
	return s
}

func secondary(s *zone.RRset) *zone.RRset {
	s.Policy, s.Secondary = zone.Failover, true
	return s
}

func multivalue(s *zone.RRset) *zone.RRset {
	s.Policy = zone.Multivalue
	return s
}

func inRegion(region string, s *zone.RRset) *zone.RRset {
	s.Policy, s.Region = zone.Latency, region
	return s
}

// at gives a set a geolocation: "EU" is a continent, "c:FR" a country, "US-WA"
// a subdivision, "*" the default.
func at(place string, s *zone.RRset) *zone.RRset {
	g := &zone.Geolocation{}
	country, isCountry := strings.CutPrefix(place, "c:")
	before, after, isSubdivision := strings.Cut(place, "-")
	switch {
	case place == "*":
		g.Country = "*"
	case isCountry:
		g.Country = country
	case isSubdivision:
		g.Country, g.Subdivision = before, after
	default:
		g.Continent = place
	}
	s.Policy, s.Geolocation = zone.GeolocationPolicy, g
	return s
}

func near(g zone.Geoproximity, s *zone.RRset) *zone.RRset {
	s.Policy, s.Geoproximity = zone.GeoproximityPolicy, &g
	return s
}

const collection = "00000000-0000-4000-8000-000000000001"

func inside(location string, s *zone.RRset) *zone.RRset {
	s.Policy, s.CIDR = zone.CIDRPolicy, &zone.CIDR{CollectionID: collection, Location: location}
	return s
}
