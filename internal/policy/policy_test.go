package policy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"open53/internal/geo"
	"open53/internal/rdata"
	"open53/internal/zone"
)

func members(sets ...*zone.RRset) (m []Member) {
	for i, s := range sets {
		s.Name, s.Type, s.SetIdentifier = rdata.MustParseName("www.example.com"), rdata.TypeA, fmt.Sprintf("set %d", i)
		m = append(m, Member{Set: s, Kind: 1, Count: 1, RRLen: 16, Data: []byte{byte(i), 2, 3}})
	}
	return m
}

func compiled(t *testing.T, w *World, sets ...*zone.RRset) Program {
	t.Helper()
	p, err := Compile(members(sets...), w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSet compares with a list of numbers.
func TestSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var s Set
		var want []int
		for i := range MaxCandidates {
			if rng.IntN(20) == 0 {
				s.Add(i)
				want = append(want, i)
			}
		}
		var all []int
		for i := s.Next(0); i >= 0; i = s.Next(i + 1) {
			if !s.Has(i) {
				t.Fatalf("%d is not in the set", i)
			}
			all = append(all, i)
		}
		if !slices.Equal(all, want) || s.Len() != len(want) || s.Empty() != (len(want) == 0) {
			t.Fatalf("got %v (%d), want %v", all, s.Len(), want)
		}
		for n, i := range want {
			if s.nth(n) != i {
				t.Fatalf("nth(%d) is %d, want %d", n, s.nth(n), i)
			}
		}
	}
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128} {
		if s := firstOf(n); s.Len() != n || n > 0 && !s.Has(n-1) || n < MaxCandidates && s.Next(n) != -1 {
			t.Errorf("firstOf(%d) has %d", n, s.Len())
		}
	}
}

// TestCompile: what is compiled is what is read back, in order of preference.
func TestCompile(t *testing.T) {
	w := World{}.Complete()
	coordinates := &zone.Geoproximity{Latitude: "+1.5", Longitude: "-2."}
	tests := []struct {
		name  string
		sets  []*zone.RRset
		order []int    // of the members
		place []string // of the candidates
	}{
		{"weighted", []*zone.RRset{{Policy: zone.Weighted, Weight: 3}, {Policy: zone.Weighted}}, []int{0, 1}, []string{"", ""}},
		{"failover", []*zone.RRset{{Policy: zone.Failover, Secondary: true}, {Policy: zone.Failover}}, []int{1, 0}, []string{"PRIMARY", "SECONDARY"}},
		{"latency", []*zone.RRset{{Policy: zone.Latency, Region: "us-east-2"}, {Policy: zone.Latency, Region: "us-east-1"}}, []int{1, 0}, []string{"us-east-1", "us-east-2"}},
		{
			"geolocation",
			[]*zone.RRset{
				{Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "*"}},
				{Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Continent: "NA"}},
				{Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "US"}},
				{Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "US", Subdivision: "TX"}},
			},
			[]int{3, 2, 1, 0},
			[]string{"subdivision US-TX", "country US", "continent NA", "default"},
		},
		{
			"geoproximity",
			[]*zone.RRset{
				{Policy: zone.GeoproximityPolicy, Geoproximity: coordinates},
				{Policy: zone.GeoproximityPolicy, Geoproximity: &zone.Geoproximity{Region: "eu-west-1", Bias: -99}},
				{Policy: zone.GeoproximityPolicy, Geoproximity: &zone.Geoproximity{LocalZoneGroup: "us-west-2-lax-1"}},
			},
			[]int{0, 1, 2},
			[]string{"+1.5,-2.", "eu-west-1", "us-west-2-lax-1"},
		},
		{
			"CIDR",
			[]*zone.RRset{
				{Policy: zone.CIDRPolicy, CIDR: &zone.CIDR{CollectionID: "c", Location: "*"}},
				{Policy: zone.CIDRPolicy, CIDR: &zone.CIDR{CollectionID: "c", Location: "office"}},
			},
			[]int{1, 0},
			[]string{"office", "*"},
		},
		{"multivalue", []*zone.RRset{{Policy: zone.Multivalue}}, []int{0}, []string{""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.sets[0].HealthCheckID = "check"
			p := compiled(t, &w, test.sets...)
			if p.Policy() != test.sets[0].Policy || p.Len() != len(test.sets) || !p.Judged() {
				t.Errorf("policy %s, %d candidates, judged %t", p.Policy(), p.Len(), p.Judged())
			}
			for i, from := range test.order {
				identifier, place := p.Texts(i)
				c := p.Candidate(i)
				if identifier != fmt.Sprintf("set %d", from) || place != test.place[i] || c.Kind != 1 || c.Count != 1 || string(c.Data) != string([]byte{byte(from), 2, 3}) {
					t.Errorf("candidate %d is %q at %q: %+v", i, identifier, place, c)
				}
				if _, checked := p.Check(i); checked != (from == 0) {
					t.Errorf("candidate %d has a health check: %t", i, checked)
				}
			}
		})
	}
}

func TestCompileLimits(t *testing.T) {
	w := World{}.Complete()
	var sets []*zone.RRset
	for range MaxCandidates {
		sets = append(sets, &zone.RRset{Policy: zone.Weighted, Weight: 255})
	}
	p := compiled(t, &w, sets...)
	r := NewRandom(1)
	left := firstOf(MaxCandidates)
	seen := map[int]bool{}
	for range 20_000 {
		seen[p.Pick(left, nil, &r)] = true
	}
	if len(seen) != MaxCandidates {
		t.Errorf("%d of %d candidates were picked", len(seen), MaxCandidates)
	}
	if _, err := Compile(members(append(sets, &zone.RRset{Policy: zone.Weighted})...), &w); err == nil {
		t.Error("one set too many is compiled")
	}
	long := strings.Repeat("€", 128)
	m := members(&zone.RRset{Policy: zone.Latency, Region: strings.Repeat("r", 300)})
	m[0].Set.SetIdentifier = long
	if p, err := Compile(m, &w); err != nil {
		t.Error(err)
	} else if identifier, place := p.Texts(0); identifier != long || len(place) != 255 {
		t.Errorf("texts of %d and %d bytes", len(identifier), len(place))
	}
}

// TestBiased: the formula as it is documented now, of which the one of 2023 is
// another for negative biases.
func TestBiased(t *testing.T) {
	for bias, want := range map[int]float32{0: 1000, 50: 500, 99: 10, -50: 1500, -99: 1990, 25: 750, -10: 1100} {
		if got := Biased(1000, bias); got < want-0.1 || got > want+0.1 {
			t.Errorf("1000 km with bias %d are %.1f km, want %.1f", bias, got, want)
		}
	}
}

// TestPickSticky: over many networks sticky draws are as Pick's; weight 0 and
// few candidates included.
func TestPickSticky(t *testing.T) {
	w := World{}.Complete()
	for _, test := range []struct {
		name    string
		weights []uint8
		want    []float64
	}{
		{"proportional", []uint8{10, 20, 70}, []float64{0.1, 0.2, 0.7}},
		{"zero", []uint8{0, 1, 3}, []float64{0, 0.25, 0.75}},
		{"all zero", []uint8{0, 0}, []float64{0.5, 0.5}},
	} {
		var sets []*zone.RRset
		for _, weight := range test.weights {
			sets = append(sets, &zone.RRset{Policy: zone.Weighted, Weight: weight})
		}
		p := compiled(t, &w, sets...)
		counts := make([]int, len(sets))
		const networks = 100_000
		for n := range Network(networks) {
			counts[p.PickSticky(firstOf(p.Len()), n)]++
		}
		for i, share := range test.want {
			// Six standard deviations.
			if d := float64(counts[i])/networks - share; d > 0.01 || d < -0.01 || share == 0 && counts[i] > 0 {
				t.Errorf("%s: %v", test.name, counts)
			}
		}
	}
	var sets []*zone.RRset
	for range 20 {
		sets = append(sets, &zone.RRset{Policy: zone.Multivalue})
	}
	p := compiled(t, &w, sets...)
	counts := make([]int, len(sets))
	var picked [MaxValues]uint8
	for n := range Network(10_000) {
		got := picked[:p.PickValuesSticky(firstOf(20), n, &picked)]
		if len(got) != MaxValues {
			t.Fatalf("%d values", len(got))
		}
		for i, a := range got {
			counts[a]++
			if slices.Contains(got[:i], a) {
				t.Fatalf("%v has %d twice", got, a)
			}
		}
	}
	for i, n := range counts {
		if n < 3700 || n > 4300 { // 4,000 and six standard deviations
			t.Errorf("value %d is in %d of 10,000 answers", i, n)
		}
	}
	if n := p.PickValuesSticky(firstOf(3), 1, &picked); n != 3 {
		t.Errorf("%d of three values", n)
	}
}

// TestIdentity: sticky draws are the same on every node and for every process.
func TestIdentity(t *testing.T) {
	w := World{}.Complete()
	p := compiled(t, &w, &zone.RRset{Policy: zone.Weighted, Weight: 1})
	if p.Identity() != 0x98d3563338497021 {
		t.Errorf("identity is %#x", p.Identity())
	}
	var c Client
	c.Begin(&w, netip.MustParseAddr("192.0.2.77"), 32)
	if got := p.ticket(0, c.Network()); got != 0xf1493461e5c4324f {
		t.Errorf("ticket is %#x", got)
	}
}

// TestMappedClient: an IPv4-mapped address is looked up as IPv4, and the scope
// is told in IPv6's bits.
func TestMappedClient(t *testing.T) {
	w := World{}.Complete()
	w.Collections.Set("c", map[string][]netip.Prefix{"office": {netip.MustParsePrefix("192.0.2.0/24")}})
	p := compiled(t, &w,
		&zone.RRset{Policy: zone.CIDRPolicy, CIDR: &zone.CIDR{CollectionID: "c", Location: "office"}},
		&zone.RRset{Policy: zone.CIDRPolicy, CIDR: &zone.CIDR{CollectionID: "c", Location: "*"}})
	var c Client
	for _, test := range []struct {
		addr       string
		bits       uint8
		applicable int
		scope      uint8 // where a block is found
	}{
		{"192.0.2.1", 32, 2, 24},
		{"::ffff:192.0.2.1", 128, 2, 120},
		{"::ffff:192.0.2.0", 119, 1, 0},
		{"::ffff:0:0", 64, 1, 0},
	} {
		c.Begin(&w, netip.MustParseAddr(test.addr), test.bits)
		s := p.Applicable(&c)
		if s.Len() != test.applicable || test.applicable == 2 && c.Scope() != test.scope {
			t.Errorf("%s/%d: %d candidates, scope %d", test.addr, test.bits, s.Len(), c.Scope())
		}
	}
}

// TestPlace: a client can be put where its address is not.
func TestPlace(t *testing.T) {
	w := World{}.Complete()
	ireland, _ := geo.FindRegion("eu-west-1")
	p := compiled(t, &w,
		&zone.RRset{Policy: zone.Latency, Region: "us-west-2"}, &zone.RRset{Policy: zone.Latency, Region: "eu-west-2"})
	var c Client
	c.Begin(&w, netip.MustParseAddr("10.0.0.1"), 32)
	c.Place(geo.Position{Located: true, Latitude: float32(ireland.Latitude), Longitude: float32(ireland.Longitude)})
	left := firstOf(2)
	if i := p.Pick(left, &c, nil); p.Region(i) != mustRegion(t, &w, "eu-west-2") || c.Scope() != 0 {
		t.Errorf("picked %d, scope %d", i, c.Scope())
	}
}

func mustRegion(t *testing.T, w *World, name string) uint16 {
	t.Helper()
	n, ok := w.Latencies.Region(name)
	if !ok {
		t.Fatalf("no region %s", name)
	}
	return n
}
