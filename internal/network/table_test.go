package network_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"open53/internal/network"
)

// made returns a network with blocks; the number is id and age.
func made(number int, blocks ...string) *network.Network {
	n := &network.Network{
		ID: fmt.Sprintf("vpc-%08x", number), Region: "eu-west-1", Account: "000000000000", DNSSupport: true, DNSHostnames: true, Created: int64(number),
	}
	for i, text := range blocks {
		n.Blocks = append(n.Blocks, network.Block{
			Prefix: network.Prefix{Prefix: netip.MustParsePrefix(text)}, AssociationID: fmt.Sprintf("vpc-cidr-assoc-%d", i),
		})
	}
	return n
}

// found is the id of the network that an address is in.
func found(table *network.Table, addr netip.Addr) string {
	if number := table.Find(addr); number >= 0 {
		return table.Networks()[number].ID
	}
	return ""
}

func TestFind(t *testing.T) {
	table := network.NewTable([]*network.Network{
		made(5, "10.0.0.0/8", "2001:db8::/32"),
		made(4, "10.1.0.0/16", "10.1.2.3/32", "2001:db8:1::/64"),
		made(3, "10.1.2.0/24", "192.168.0.0/24"),
		made(2, "192.168.0.0/24", "255.255.255.255/32"),
		made(1),
	})
	for addr, want := range map[string]int{
		"9.255.255.255": 0, "10.0.0.0": 5, "10.0.255.255": 5, "10.1.0.0": 4, "10.1.1.255": 4,
		"10.1.2.0": 3, "10.1.2.2": 3, "10.1.2.3": 4, "10.1.2.4": 3, "10.1.2.255": 3, "10.1.3.0": 4, "10.1.255.255": 4, "10.2.0.0": 5,
		"10.255.255.255": 5, "11.0.0.0": 0, "0.0.0.0": 0,
		"192.167.255.255": 0, "192.168.0.1": 2, "192.168.1.0": 0, "255.255.255.254": 0, "255.255.255.255": 2,
		"::ffff:10.1.2.3": 4, // as a socket for both families shows it
		"2001:db7::1":     0, "2001:db8::": 5, "2001:db8:0:ffff:ffff:ffff:ffff:ffff": 5, "2001:db8:1::1": 4, "2001:db8:1:1::": 5, "2001:db9::": 0,
		"::10.1.2.3": 0,
	} {
		id := ""
		if want > 0 {
			id = fmt.Sprintf("vpc-%08x", want)
		}
		if got := found(table, netip.MustParseAddr(addr)); got != id {
			t.Errorf("%s: %q, want %q", addr, got, id)
		}
	}
}

func TestFindAtTheEdges(t *testing.T) {
	for name, table := range map[string]*network.Table{
		"no networks":  network.NewTable(nil),
		"no blocks":    network.NewTable([]*network.Network{made(1)}),
		"IPv4 only":    network.NewTable([]*network.Network{made(1, "0.0.0.0/0")}),
		"IPv6 only":    network.NewTable([]*network.Network{made(1, "::/0")}),
		"one address":  network.NewTable([]*network.Network{made(1, "10.0.0.1/32", "2001:db8::1/128")}),
		"last address": network.NewTable([]*network.Network{made(1, "255.255.255.255/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")}),
	} {
		for _, addr := range []string{"0.0.0.0", "10.0.0.0", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::", "2001:db8::", "2001:db8::1", "2001:db8::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
			at := netip.MustParseAddr(addr)
			want := ""
			for _, n := range table.Networks() {
				for _, b := range n.Blocks {
					if b.Prefix.Contains(at) {
						want = n.ID
					}
				}
			}
			if got := found(table, at); got != want {
				t.Errorf("%s: %s: %q, want %q", name, addr, got, want)
			}
		}
	}
}

// TestFindRandom compares tables with a plain search, near the edges of all
// blocks.
func TestFindRandom(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 4))
		var networks []*network.Network
		var probes []netip.Addr
		for i := range 1 + rng.IntN(40) {
			var blocks []string
			for range rng.IntN(6) {
				p := randomPrefix(rng)
				blocks = append(blocks, p.String())
				probes = append(probes, p.Addr(), p.Addr().Prev(), lastOf(p), lastOf(p).Next())
			}
			networks = append(networks, made(i, blocks...))
		}
		for range 50 {
			probes = append(probes, randomPrefix(rng).Addr())
		}
		rng.Shuffle(len(networks), func(i, j int) { networks[i], networks[j] = networks[j], networks[i] })
		table := network.NewTable(networks)
		for _, addr := range probes {
			if !addr.IsValid() {
				continue
			}
			if got, want := found(table, addr), search(networks, addr); got != want {
				t.Fatalf("seed %d: %s: %q, want %q", seed, addr, got, want)
			}
		}
	}
}

// search is the rule, read from the package comment.
func search(networks []*network.Network, addr netip.Addr) string {
	var best *network.Network
	length := -1
	for _, n := range networks {
		for _, b := range n.Blocks {
			if !b.Prefix.Contains(addr) {
				continue
			}
			if bits := b.Prefix.Bits(); bits > length || bits == length && n.Created < best.Created {
				best, length = n, bits
			}
		}
	}
	if best == nil {
		return ""
	}
	return best.ID
}

func randomPrefix(rng *rand.Rand) netip.Prefix {
	if rng.IntN(2) == 0 {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 10<<24|rng.Uint32()&[]uint32{0xffffffff, 0xffffff, 0xf0f00, 0x7}[rng.IntN(4)])
		return netip.PrefixFrom(netip.AddrFrom4(a), rng.IntN(33)).Masked()
	}
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], 0x20010db8<<32|rng.Uint64()&[]uint64{0xffffffffffffffff, 0xffffff, 0xf0f00, 0x7}[rng.IntN(4)])
	binary.BigEndian.PutUint64(a[8:], rng.Uint64()&[]uint64{0xffffffffffffffff, 0xff}[rng.IntN(2)])
	return netip.PrefixFrom(netip.AddrFrom16(a), rng.IntN(129)).Masked()
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

func TestFindAllocatesNothing(t *testing.T) {
	table := network.NewTable([]*network.Network{made(1, "10.0.0.0/8", "2001:db8::/32")})
	for _, text := range []string{"10.1.2.3", "192.0.2.1", "2001:db8::1"} {
		addr := netip.MustParseAddr(text)
		if n := testing.AllocsPerRun(100, func() { table.Find(addr) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

// BenchmarkFind shows that the number of networks does not matter.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		var v4, v6 []netip.Addr
		var networks []*network.Network
		for i := range n {
			networks = append(networks, made(i, fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255), fmt.Sprintf("2600:1f%02x:%x::/56", i&255, i)))
			v4 = append(v4, netip.MustParseAddr(fmt.Sprintf("10.%d.%d.77", i>>8, i&255)))
			v6 = append(v6, netip.MustParseAddr(fmt.Sprintf("2600:1f%02x:%x:7::1", i&255, i)))
		}
		table := network.NewTable(networks)
		rng := rand.New(rand.NewPCG(1, 1))
		rng.Shuffle(n, func(i, j int) { v4[i], v4[j], v6[i], v6[j] = v4[j], v4[i], v6[j], v6[i] })
		for family, clients := range map[string][]netip.Addr{"IPv4": v4, "IPv6": v6} {
			b.Run(fmt.Sprintf("%s/%d", family, n), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if table.Find(clients[i%n]) < 0 {
						b.Fatal("not found")
					}
				}
			})
		}
	}
}

// BenchmarkNewTable is the price of a change.
func BenchmarkNewTable(b *testing.B) {
	var networks []*network.Network
	for i := range 10_000 {
		networks = append(networks, made(i, fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255)))
	}
	for b.Loop() {
		network.NewTable(networks)
	}
}
