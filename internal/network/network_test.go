package network_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/zone"
)

func TestValidate(t *testing.T) {
	good := func() *network.Network { return made(0x12345678, "10.0.0.0/16", "2001:db8::/56") }
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*network.Network)
		want   string
	}{
		{"id", func(n *network.Network) { n.ID = "vpc-xyz" }, "VPC id"},
		{"short id", func(n *network.Network) { n.ID = "vpc-1234567" }, "VPC id"},
		{"no region", func(n *network.Network) { n.Region = "" }, "region"},
		{"region", func(n *network.Network) { n.Region = "EU\x00" }, "region"},
		{"account", func(n *network.Network) { n.Account = "me" }, "account"},
		{"host bits", func(n *network.Network) {
			n.Blocks[0].Prefix = network.Prefix{Prefix: netip.MustParsePrefix("10.0.0.1/16")}
		}, "not valid"},
		{"no block", func(n *network.Network) { n.Blocks[0].Prefix = network.Prefix{} }, "not valid"},
		{"twice", func(n *network.Network) { n.Blocks[1].Prefix = n.Blocks[0].Prefix }, "twice"},
		{"no association", func(n *network.Network) { n.Blocks[0].AssociationID = "" }, "association"},
		{"too many", func(n *network.Network) { n.Blocks = make([]network.Block, network.MaxBlocks+1) }, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := good()
			c.change(n)
			if err := n.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestDocument: a network is read from its document as it was written, and
// the same one gives the same bytes.
func TestDocument(t *testing.T) {
	n := made(7, "10.0.0.0/16", "2001:db8::/56")
	n.Tags = zone.Tags{{Key: "Name", Value: "ünï"}}
	b, err := event.EncodeDocument(n)
	if err != nil {
		t.Fatal(err)
	}
	again := new(network.Network)
	if err := event.DecodeDocument(b, again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, again, cmp.Comparer(func(a, b network.Prefix) bool { return a.Prefix == b.Prefix })); diff != "" {
		t.Error(diff)
	}
	rows, err := event.IndexRows(event.KindNetwork, b)
	if err != nil || len(rows) != 1 || rows[0] != (event.Row{Index: event.IndexID(event.KindNetwork), Key: n.ID}) {
		t.Errorf("index rows: %v %v", rows, err)
	}
}

func TestParsePrefix(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "2001:db8::1/32": "2001:db8::/32", "0.0.0.0/0": "0.0.0.0/0",
		"10.0.0.0": "", "10.0.0.0/33": "", "::ffff:10.0.0.0/104": "", "fe80::%1/64": "", "": "",
	} {
		p, err := network.ParsePrefix(text)
		if (err != nil) != (want == "") || err == nil && p.String() != want {
			t.Errorf("%q: %v %v", text, p, err)
		}
	}
}

func FuzzParsePrefix(f *testing.F) {
	f.Add("10.0.0.0/8")
	f.Add("2001:db8::/56")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := network.ParsePrefix(text)
		if err != nil {
			return
		}
		again, err := network.ParsePrefix(p.String())
		if err != nil || again != p || p != p.Masked() {
			t.Errorf("%q: %v, again %v %v", text, p, again, err)
		}
	})
}
