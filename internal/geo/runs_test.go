package geo

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// randomPrefixes draws prefixes that are often nested, of both families.
func randomPrefixes(random *rand.Rand, n int) []netip.Prefix {
	list := make([]netip.Prefix, 0, n)
	for len(list) < n {
		var p netip.Prefix
		if random.IntN(2) == 0 {
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], random.Uint32()&0xc0f0_0fff)
			p = netip.PrefixFrom(netip.AddrFrom4(b), random.IntN(33))
		} else {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:], random.Uint64()&0xc000_f000_0000_0fff)
			p = netip.PrefixFrom(netip.AddrFrom16(b), random.IntN(65))
		}
		list = append(list, p.Masked())
	}
	return list
}

// near draws an address in or beside a prefix.
func near(random *rand.Rand, p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for range random.IntN(3) {
		b[random.IntN(min(len(b), 8))] ^= 1 << random.IntN(8)
	}
	a, _ := netip.AddrFromSlice(b)
	switch random.IntN(4) {
	case 0:
		return a.Prev()
	case 1:
		return a.Next()
	}
	return a
}

// longest is the place of the longest prefix that contains an address, from 1,
// the last one of equal ones.
func longest(list []netip.Prefix, a netip.Addr) uint32 {
	best := -1
	for i, p := range list {
		if p.Contains(a) && (best < 0 || p.Bits() >= list[best].Bits()) {
			best = i
		}
	}
	return uint32(best + 1)
}

func TestPrefixesFindTheLongestMatch(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		list := randomPrefixes(random, random.IntN(40))
		table := makePrefixes(list, func(i int) uint32 { return uint32(i + 1) })
		for range 50 {
			a := netip.IPv4Unspecified()
			if len(list) > 0 {
				a = near(random, list[random.IntN(len(list))])
			}
			if !a.IsValid() {
				continue // before the first or behind the last one
			}
			got, length := table.find(a)
			if want := longest(list, a); got != want {
				t.Fatalf("%s is in %d, want %d, of %v", a, got, want, list)
			}
			checkBits(t, random, list, a, int(length))
		}
	}
}

// checkBits checks that addresses that share length bits have one longest
// prefix.
func checkBits(t *testing.T, random *rand.Rand, list []netip.Prefix, a netip.Addr, length int) {
	t.Helper()
	uniform := func(length int) bool {
		block := netip.PrefixFrom(a, length).Masked()
		for _, p := range list {
			if p.Bits() > length && block.Contains(p.Addr()) && longest(list, p.Addr()) != longest(list, a) {
				return false
			}
			// a prefix ends within the block, or the neighbors of its ends differ
			if last := lastOf(p); p.Bits() > length && block.Contains(last) && longest(list, last) != longest(list, a) {
				return false
			}
		}
		for range 10 {
			b := block.Addr().AsSlice()
			for bit := length; bit < min(len(b)*8, 64); bit++ {
				b[bit/8] |= byte(random.IntN(2)) << (7 - bit%8)
			}
			other, _ := netip.AddrFromSlice(b)
			if longest(list, other) != longest(list, a) {
				return false
			}
		}
		return true
	}
	if !uniform(length) {
		t.Fatalf("%s: %d bits are not enough, of %v", a, length, list)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestPrefixesBits(t *testing.T) {
	list := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("10.1.2.0/24"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2001:db8:0:1::/64"),
	}
	table := makePrefixes(list, func(i int) uint32 { return uint32(i + 1) })
	for _, test := range []struct {
		name   string
		addr   string
		value  uint32
		length uint8
	}{
		{"innermost", "10.1.2.3", 3, 24},
		{"beside the innermost", "10.1.3.3", 2, 24},
		{"far from the innermost", "10.1.128.3", 2, 17},
		{"far from both", "10.128.0.1", 1, 9},
		{"outside", "11.0.0.1", 0, 8},
		{"far outside", "192.0.2.1", 0, 1},
		{"mapped", "::ffff:10.1.2.3", 3, 24},
		{"last block of IPv6", "2001:db8:0:1::5", 5, 64},
		{"beside it", "2001:db8::5", 4, 64},
		{"none of IPv6", "3000::", 0, 4},
		{"above all", "ffff::", 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if value, length := table.find(netip.MustParseAddr(test.addr)); value != test.value || length != test.length {
				t.Errorf("got %d by %d bits, want %d by %d", value, length, test.value, test.length)
			}
		})
	}
	if value, length := table.find(netip.Addr{}); value != 0 || length != 0 {
		t.Errorf("no address has %d by %d bits", value, length)
	}
	var none prefixes
	if value, length := none.find(netip.MustParseAddr("::1")); value != 0 || length != 0 {
		t.Errorf("an empty table has %d by %d bits", value, length)
	}
}

func TestLongTablesAreIndexed(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	list := randomPrefixes(random, 5000)
	table := makePrefixes(list, func(i int) uint32 { return uint32(i + 1) })
	if table.v4.index == nil || table.v6.index == nil {
		t.Fatal("no index")
	}
	for range 2000 {
		a := near(random, list[random.IntN(len(list))])
		if !a.IsValid() {
			continue
		}
		if got, _ := table.find(a); got != longest(list, a) {
			t.Fatalf("%s is in %d, want %d", a, got, longest(list, a))
		}
	}
}
