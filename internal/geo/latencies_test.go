package geo

import (
	"math"
	"net/netip"
	"testing"
)

func newLatencies(t testing.TB, own ...Region) *Latencies {
	t.Helper()
	l, err := NewLatencies(own...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRegionNumbers(t *testing.T) {
	home := Region{Name: "home", Coordinates: Coordinates{Latitude: 52.52, Longitude: 13.4}}
	l := newLatencies(t, home)
	if len(l.Regions()) != 40 {
		t.Fatalf("%d regions", len(l.Regions()))
	}
	for i, r := range l.Regions() {
		n, ok := l.Region(r.Name)
		if !ok || int(n) != i || l.RegionName(n) != r.Name {
			t.Errorf("%s has number %d, %v, which is %q", r.Name, n, ok, l.RegionName(n))
		}
	}
	if n, _ := l.Region("home"); n != 39 {
		t.Errorf("the first own region has number %d", n)
	}
	n, ok := l.Region("mars-north-1")
	e := l.Estimate(netip.MustParseAddr("192.0.2.1"), Position{Located: true})
	if millis, source, _ := e.Millis(n); ok || l.RegionName(n) != "" || millis != UnknownMillis || source != LatencyUnknown {
		t.Errorf("mars-north-1 is %d, %v, %v ms by %v", n, ok, millis, source)
	}
	for _, own := range [][]Region{{home, home}, {{Name: "eu-west-1"}}} {
		if _, err := NewLatencies(own...); err == nil {
			t.Errorf("%v are accepted", own)
		}
	}
}

func TestEstimate(t *testing.T) {
	l := newLatencies(t)
	l.Set("a", []Latency{
		{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Region: "eu-west-1", Millis: 10},
		{Prefix: netip.MustParsePrefix("192.0.0.0/16"), Region: "eu-west-1", Millis: 11},
		{Prefix: netip.MustParsePrefix("192.0.0.0/16"), Region: "us-east-1", Millis: 12},
		{ASN: 64500, Region: "us-east-1", Millis: 20},
		{ASN: 64500, Region: "sa-east-1", Millis: 21},
		{Country: "DE", Region: "sa-east-1", Millis: 30},
		{Country: "DE", Region: "af-south-1", Millis: 31},
		{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Region: "eu-west-1", Millis: 40},
		{Country: "DE", Region: "mars-north-1", Millis: 1},
	})
	l.Set("b", []Latency{
		{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Region: "eu-west-1", Millis: 99}, // known from a
		{Country: "DE", Region: "eu-west-3", Millis: 32},
	})
	berlin := Position{Country: CodeOf("DE"), ASN: 64500, Located: true, Latitude: 52.52, Longitude: 13.4, Bits: 20}
	beijing := Position{Country: CodeOf("CN"), Located: true, Latitude: 39.9, Longitude: 116.4, Bits: 21}
	for _, test := range []struct {
		name   string
		addr   string
		at     Position
		region string
		millis float32
		source LatencySource
		bits   uint8
	}{
		{"longest prefix", "192.0.2.1", berlin, "eu-west-1", 10, LatencyByPrefix, 24},
		{"wider prefix for another region", "192.0.2.1", berlin, "us-east-1", 12, LatencyByPrefix, 24},
		{"wider prefix", "192.0.128.1", berlin, "eu-west-1", 11, LatencyByPrefix, 17},
		{"autonomous system before country", "192.0.2.1", berlin, "sa-east-1", 21, LatencyByASN, 24},
		{"autonomous system without prefix", "203.0.113.1", berlin, "us-east-1", 20, LatencyByASN, 20},
		{"country", "203.0.113.1", berlin, "af-south-1", 31, LatencyByCountry, 20},
		{"country of another source", "203.0.113.1", berlin, "eu-west-3", 32, LatencyByCountry, 20},
		{"distance", "203.0.113.1", berlin, "eu-central-1", 7.5, LatencyByDistance, 20},
		{"nothing known", "203.0.113.1", Position{}, "eu-west-1", UnknownMillis, LatencyUnknown, 5},
		{"64 bits of IPv6", "2001:db8::2", Position{}, "eu-west-1", 40, LatencyByPrefix, 64},
		{"China by rule", "203.0.113.1", beijing, "cn-north-1", 0, LatencyByRule, 21},
		{"China elsewhere", "203.0.113.1", beijing, "cn-northwest-1", 17, LatencyByDistance, 21},
		{"not China", "203.0.113.1", Position{Country: CodeOf("HK")}, "cn-north-1", UnknownMillis, LatencyUnknown, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			region, ok := l.Region(test.region)
			if !ok {
				t.Fatal("no such region")
			}
			e := l.Estimate(netip.MustParseAddr(test.addr), test.at)
			millis, source, bits := e.Millis(region)
			if source != test.source || bits != test.bits || math.Abs(float64(millis-test.millis)) > 2 {
				t.Errorf("%v ms by %v and %d bits, want %v by %v and %d", millis, source, bits, test.millis, test.source, test.bits)
			}
			if source != LatencyByDistance && millis != test.millis {
				t.Errorf("%v ms, want %v", millis, test.millis)
			}
		})
	}
	l.Set("a", nil)
	e := l.Estimate(netip.MustParseAddr("192.0.2.1"), Position{})
	region, _ := l.Region("eu-west-1")
	if millis, source, _ := e.Millis(region); millis != 99 || source != LatencyByPrefix {
		t.Errorf("without the first source %v ms by %v", millis, source)
	}
}

func TestKilometers(t *testing.T) {
	place := map[string]Coordinates{
		"Berlin": {52.52, 13.405}, "Potsdam": {52.4, 13.06}, "New York": {40.71, -74.01}, "London": {51.51, -0.13},
		"Wellington": {-41.29, 174.78}, "Madrid": {40.42, -3.7}, "north": {90, 0}, "south": {-90, 77},
	}
	for _, test := range []struct {
		from, to string
		want     float64
	}{
		{"Berlin", "Berlin", 0},
		{"Berlin", "Potsdam", 27},
		{"London", "New York", 5570},
		{"Wellington", "Madrid", 19855}, // nearly antipodes
		{"north", "south", math.Pi * EarthRadius},
	} {
		got := PointOf(place[test.from]).Kilometers(PointOf(place[test.to]))
		if back := PointOf(place[test.to]).Kilometers(PointOf(place[test.from])); back != got {
			t.Errorf("%s and %s: %v km there, %v back", test.from, test.to, got, back)
		}
		if math.Abs(float64(got)-test.want) > 6 {
			t.Errorf("%s to %s: %v km, want %v", test.from, test.to, got, test.want)
		}
	}
}

func BenchmarkEstimate(b *testing.B) {
	l := newLatencies(b)
	client, at := netip.MustParseAddr("192.0.2.1"), Position{Located: true, Latitude: 52, Longitude: 13}
	b.ReportAllocs()
	for b.Loop() {
		e := l.Estimate(client, at)
		for region := range uint16(4) {
			e.Millis(region)
		}
	}
}
