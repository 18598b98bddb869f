package geo

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"sync"
	"testing"
)

func parsePrefixes(t testing.TB, texts ...string) []netip.Prefix {
	t.Helper()
	var list []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestCollectionsLookup(t *testing.T) {
	var c Collections
	offices := c.Collection("offices") // asked for before it exists
	c.Set("offices", map[string][]netip.Prefix{
		"berlin": parsePrefixes(t, "192.0.2.0/24", "2001:db8::/32"),
		"lab":    parsePrefixes(t, "192.0.0.0/16", "2001:db8:1::/48"),
		"wide":   parsePrefixes(t, "192.0.0.0/8"),
	})
	for _, test := range []struct {
		name     string
		addr     string
		bits     uint8
		location string // "" is none
		matched  uint8
	}{
		{"longest", "192.0.2.7", 32, "berlin", 24},
		{"prefix as long as the block", "192.0.2.0", 24, "berlin", 24},
		{"prefix shorter than the block", "192.0.2.0", 23, "lab", 24},
		{"prefix shorter than two blocks", "192.0.2.0", 15, "wide", 24},
		{"prefix shorter than all", "192.0.2.0", 7, "", 24},
		{"beside", "192.0.3.1", 32, "lab", 24},
		{"outside", "10.0.0.1", 32, "", 1},
		{"longest of IPv6", "2001:db8:1::1", 128, "lab", 48},
		{"IPv6 shorter than the block", "2001:db8:1::", 47, "berlin", 48},
		{"mapped", "::ffff:192.0.2.7", 128, "berlin", 24},
		{"mapped and shorter", "::ffff:192.0.2.0", 96 + 23, "lab", 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			location, matched, ok := c.Lookup(offices, netip.MustParseAddr(test.addr), test.bits)
			want := uint16(0)
			if test.location != "" {
				want = c.Location(offices, test.location)
			}
			if location != want || ok != (want != 0) || matched != test.matched {
				t.Errorf("location %d, %v, by %d bits; want %d by %d", location, ok, matched, want, test.matched)
			}
		})
	}
}

func TestCollectionsNumbersStay(t *testing.T) {
	var c Collections
	client := netip.MustParseAddr("192.0.2.1")
	a, b := c.Collection("a"), c.Collection("b")
	if a == b || c.Location(a, "x") == c.Location(a, "y") || c.Location(a, "*") != 0 || c.Location(99, "x") != 0 {
		t.Fatalf("numbers %d and %d; %d and %d", a, b, c.Location(a, "x"), c.Location(a, "y"))
	}
	x := c.Location(b, "x")
	for round := range 3 {
		c.Set("b", map[string][]netip.Prefix{strconv.Itoa(round): nil, "x": parsePrefixes(t, "192.0.2.0/24")})
		if location, _, ok := c.Lookup(b, client, 32); !ok || location != x || c.Collection("b") != b {
			t.Fatalf("round %d: %d, %v", round, location, ok)
		}
		if _, _, ok := c.Lookup(a, client, 32); ok {
			t.Fatal("a collection that was never set has a location")
		}
		c.Drop("b")
		if _, _, ok := c.Lookup(b, client, 32); ok {
			t.Fatal("a dropped collection has a location")
		}
	}
	if _, _, ok := c.Lookup(1000, client, 32); ok {
		t.Fatal("a number of no collection has a location")
	}
	c.Drop("never heard of")
}

func TestCollectionsAgainstPlainSearch(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var c Collections
	number := c.Collection("c")
	for range 200 {
		list := randomPrefixes(random, random.IntN(30)+1)
		locations := map[string][]netip.Prefix{}
		seen := map[netip.Prefix]bool{}
		for i, p := range list {
			if !seen[p] { // a block is in one location
				seen[p] = true
				name := strconv.Itoa(i % 5)
				locations[name] = append(locations[name], p)
			}
		}
		c.Set("c", locations)
		for range 50 {
			a := near(random, list[random.IntN(len(list))])
			if !a.IsValid() {
				continue
			}
			known := random.IntN(a.BitLen() + 1)
			var want uint16
			best := -1
			for name, blocks := range locations {
				for _, p := range blocks {
					if p.Contains(a) && p.Bits() <= known && p.Bits() > best {
						best, want = p.Bits(), c.Location(number, name)
					}
				}
			}
			got, _, ok := c.Lookup(number, a, uint8(known))
			if ok != (best >= 0) || got != want {
				t.Fatalf("%s/%d is in %d, %v; want %d; of %v", a, known, got, ok, want, locations)
			}
		}
	}
}

func TestCollectionsReadersSeeWholeSets(t *testing.T) {
	var c Collections
	number := c.Collection("c")
	client, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	odd := map[string][]netip.Prefix{"odd": parsePrefixes(t, "192.0.2.0/24", "2001:db8::/32")}
	even := map[string][]netip.Prefix{"even": parsePrefixes(t, "192.0.2.0/24", "2001:db8::/32")}
	c.Set("c", odd)
	var group sync.WaitGroup
	done := make(chan struct{})
	group.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			_, _, one := c.Lookup(number, client, 32)
			_, _, two := c.Lookup(number, other, 128)
			if !one || !two {
				t.Error("a lookup found nothing")
				return
			}
		}
	})
	for range 500 {
		c.Set("c", even)
		c.Set("c", odd)
	}
	close(done)
	group.Wait()
}

func TestLookupsDoNotAllocate(t *testing.T) {
	var c Collections
	number := c.Collection("c")
	c.Set("c", map[string][]netip.Prefix{"x": parsePrefixes(t, "192.0.2.0/24", "192.0.0.0/16")})
	l, err := NewLatencies()
	if err != nil {
		t.Fatal(err)
	}
	l.Set("test", []Latency{{ASN: 64500, Region: "eu-west-1", Millis: 3}, {Country: "DE", Region: "eu-west-1", Millis: 3}})
	client := netip.MustParseAddr("192.0.2.1")
	at := Position{Country: CodeOf("DE"), ASN: 64500, Located: true}
	if n := testing.AllocsPerRun(100, func() {
		c.Lookup(number, client, 16)
		e := l.Estimate(client, at)
		for region := range l.Regions() {
			e.Millis(uint16(region))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCollectionsLookup(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	list := randomPrefixes(random, 1000)
	var c Collections
	c.Set("c", map[string][]netip.Prefix{"x": list})
	number := c.Collection("c")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		c.Lookup(number, list[i%len(list)].Addr(), 32)
	}
}
