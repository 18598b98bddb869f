package zone

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
)

func TestCIDRCollectionChange(t *testing.T) {
	type put = CIDRChange
	tests := []struct {
		name    string
		changes []CIDRChange
		strict  bool
		want    string // the locations after them, or the error
	}{
		{"nothing there", []CIDRChange{{Location: "c", Delete: true, Blocks: []string{"10.0.0.0/8"}}}, false, "a 192.0.2.0/24; b 2001:db8::/32"},
		{
			"another location",
			[]CIDRChange{put{Location: "aa", Blocks: []string{"10.0.0.0/8", "9.0.0.0/8"}}},
			false,
			"a 192.0.2.0/24; aa 9.0.0.0/8 10.0.0.0/8; b 2001:db8::/32",
		},
		{"there already", []CIDRChange{put{Location: "a", Blocks: []string{"192.0.2.0/24"}}}, false, "a 192.0.2.0/24; b 2001:db8::/32"},
		{"other spelling", []CIDRChange{{Location: "b", Delete: true, Blocks: []string{"2001:0DB8:0::/32"}}}, false, "a 192.0.2.0/24"},
		{
			"moved, put first",
			[]CIDRChange{put{Location: "b", Blocks: []string{"192.0.2.0/24"}}, {Location: "a", Delete: true, Blocks: []string{"192.0.2.0/24"}}},
			false,
			"b 192.0.2.0/24 2001:db8::/32",
		},
		{"nested", []CIDRChange{put{Location: "b", Blocks: []string{"192.0.2.0/25"}}}, false, "a 192.0.2.0/24; b 192.0.2.0/25 2001:db8::/32"},
		{
			"taken",
			[]CIDRChange{put{Location: "b", Blocks: []string{"192.0.2.0/24"}}},
			false,
			"CidrBlockInUseException: The CIDR block 192.0.2.0/24 is in use by the location a already.",
		},
		{
			"longer than Amazon takes",
			[]CIDRChange{put{Location: "b", Blocks: []string{"192.0.2.0/25"}}},
			true,
			"InvalidInput: The CIDR block 192.0.2.0/25 is not valid: IPv4 blocks have 1 to 24 bits, IPv6 blocks 1 to 48.",
		},
		{
			"as long as Amazon takes",
			[]CIDRChange{put{Location: "b", Blocks: []string{"2001:db8:1::/48", "10.0.0.0/24"}}},
			true,
			"a 192.0.2.0/24; b 10.0.0.0/24 2001:db8::/32 2001:db8:1::/48",
		},
		{"zone of an address", []CIDRChange{put{Location: "b", Blocks: []string{"fe80::%eth0/64"}}}, false, "InvalidInput: The CIDR block fe80::%eth0/64 is not valid."},
		{
			"too many",
			[]CIDRChange{put{Location: "b", Blocks: numbered(600)}, {Location: "b", Delete: true, Blocks: numbered(401)}},
			false,
			"InvalidInput: A request can contain at most 1000 CIDR blocks.",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			old := &CIDRCollection{ID: "c", Version: 7, Locations: []CIDRLocation{
				{Name: "a", Blocks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
				{Name: "b", Blocks: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}},
			}}
			changed, err := old.Change(test.changes, test.strict)
			got := fmt.Sprint(err)
			if err == nil {
				got = describe(changed)
				if changed.Version != 8 || changed.ID != "c" {
					t.Errorf("it is %s, version %d", changed.ID, changed.Version)
				}
			} else if broken := new(Error); !errors.As(err, &broken) {
				t.Errorf("%v is no Error", err)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if was := describe(old); was != "a 192.0.2.0/24; b 2001:db8::/32" || old.Version != 7 {
				t.Errorf("the old collection became %s", was)
			}
		})
	}
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)
	}
	return list
}

func describe(c *CIDRCollection) string {
	var parts []string
	for _, l := range c.Locations {
		text := l.Name
		for _, b := range l.Blocks {
			text += " " + b.String()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func TestUsesAfter(t *testing.T) {
	set := func(collection, location string) *RRset {
		return &RRset{Name: rdata.MustParseName("a.example"), Type: rdata.TypeA, Policy: CIDRPolicy, CIDR: &CIDR{CollectionID: collection, Location: location}}
	}
	plain := &RRset{Name: rdata.MustParseName("a.example"), Type: rdata.TypeA}
	z := &HostedZone{CIDRUses: []CIDRUse{{"c", "x", 2}, {"d", "*", 1}}}
	for _, test := range []struct {
		name    string
		changes []Change
		want    []CIDRUse
		changed bool
	}{
		{"none of it", []Change{{New: plain}, {Old: plain}}, z.CIDRUses, false},
		{"another", []Change{{New: set("c", "y")}}, []CIDRUse{{"c", "x", 2}, {"c", "y", 1}, {"d", "*", 1}}, true},
		{"the last", []Change{{Old: set("d", "*")}}, []CIDRUse{{"c", "x", 2}}, true},
		{"not the last", []Change{{Old: set("c", "x")}}, []CIDRUse{{"c", "x", 1}, {"d", "*", 1}}, true},
		{"in place", []Change{{Old: set("c", "x"), New: set("c", "x")}}, z.CIDRUses, false},
		{"to another", []Change{{Old: set("d", "*"), New: set("b", "*")}}, []CIDRUse{{"b", "*", 1}, {"c", "x", 2}}, true},
		{"away and back", []Change{{Old: set("d", "*")}, {New: set("d", "*")}}, z.CIDRUses, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, changed := z.UsesAfter(test.changes)
			if diff := cmp.Diff(test.want, got); diff != "" || changed != test.changed {
				t.Errorf("changed: %v\n%s", changed, diff)
			}
		})
	}
}
