package geo

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

func TestLayerBuilderKeepsOrder(t *testing.T) {
	for _, test := range []struct {
		name     string
		networks []string
		fault    string // the last one, if it is refused
	}{
		{"ascending", []string{"10.0.0.0/8", "11.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "2001:db9::/32"}, ""},
		{"families apart", []string{"2001:db8::/32", "10.0.0.0/8", "2001:db9::/32", "11.0.0.0/8"}, ""},
		{"descending", []string{"11.0.0.0/8", "10.0.0.0/8"}, "10.0.0.0/8"},
		{"nested", []string{"10.0.0.0/8", "10.1.0.0/16"}, "10.1.0.0/16"},
		{"twice", []string{"10.0.0.0/8", "10.0.0.0/8"}, "10.0.0.0/8"},
		{"everything and more", []string{"0.0.0.0/0", "255.255.255.255/32"}, "255.255.255.255/32"},
		{"everything of IPv6 and more", []string{"::/0", "2001:db8::/32"}, "2001:db8::/32"},
		{"everything of IPv6 and the end", []string{"::/0", "ffff:ffff:ffff:ffff::/64"}, "ffff:ffff:ffff:ffff::/64"},
		{"descending IPv6", []string{"2001:db9::/32", "2001:db8::/32"}, "2001:db8::/32"},
		{"in one /64", []string{"2001:db8::/65", "2001:db8::8000:0:0:0/65", "2001:db8:0:1::/64"}, ""},
		{"in the /64 of a whole one", []string{"2001:db8::/64", "2001:db8::/64"}, "2001:db8::/64"},
		{"last addresses", []string{"255.255.255.255/32", "ffff:ffff:ffff:ffff::/64"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b LayerBuilder
			place := b.Place(Position{Country: CodeOf("DE")})
			for i, text := range test.networks {
				err := b.Network(netip.MustParsePrefix(text), place)
				if wrong := err != nil; wrong != (text == test.fault && i == len(test.networks)-1) {
					t.Fatalf("%s: %v", text, err)
				}
				if err != nil && !errors.Is(err, errOrder) {
					t.Errorf("%s: %v", text, err)
				}
			}
			db := NewDatabase(b.Layer())
			for _, text := range test.networks {
				p := netip.MustParsePrefix(text)
				for _, addr := range []netip.Addr{p.Addr(), lastOf(p)} {
					if got := db.Locate(addr); test.fault == "" && got.Country != CodeOf("DE") {
						t.Errorf("%s is at %+v", addr, got)
					}
				}
			}
		})
	}
	var b LayerBuilder
	if err := b.Network(netip.Prefix{}, 0); err == nil {
		t.Error("no network is accepted")
	}
	if err := b.Network(netip.MustParsePrefix("10.0.0.0/8"), 1); err == nil {
		t.Error("a place that is none is accepted")
	}
}

// TestLayersAgainstPlainSearch builds layers of random networks that do not
// overlap.
func TestLayersAgainstPlainSearch(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		var list []netip.Prefix
		for _, p := range randomPrefixes(random, 300) {
			if p.Bits() > 0 && !slices.ContainsFunc(list, p.Overlaps) {
				list = append(list, p)
			}
		}
		slices.SortFunc(list, netip.Prefix.Compare)
		var b LayerBuilder
		positions := make([]Position, len(list))
		for i, p := range list {
			positions[i] = Position{ASN: uint32(random.IntN(5))} // 0 is nowhere
			if err := b.Network(p, b.Place(positions[i])); err != nil {
				t.Fatal(err)
			}
		}
		db := NewDatabase(b.Layer())
		for range 200 {
			addr := near(random, list[random.IntN(len(list))])
			if !addr.IsValid() {
				continue
			}
			want := Position{}
			for i, p := range list {
				if p.Contains(addr) {
					want = positions[i]
				}
			}
			got := db.Locate(addr)
			if block := netip.PrefixFrom(addr, int(got.Bits)).Masked(); db.Locate(block.Addr()) != got {
				t.Fatalf("%s: %d bits do not tell %+v", addr, got.Bits, got)
			}
			got.Bits = 0
			if got != want {
				t.Fatalf("%s is at %+v, want %+v", addr, got, want)
			}
		}
	}
}
