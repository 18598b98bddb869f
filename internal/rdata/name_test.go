package rdata

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	longest := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61) // 255 bytes in wire form
	tests := []struct {
		name string
		text string
		want string // String(), or the code of the error
	}{
		{"dot optional", "www.example.com", "www.example.com."},
		{"dot", "www.example.com.", "www.example.com."},
		{"root", ".", "."},
		{"folded", "WWW.Example.COM", "www.example.com."},
		{"wildcard", "*.example.com", `\052.example.com.`},
		{"escaped wildcard", `\052.example.com`, `\052.example.com.`},
		{"escaped dot", `a\056b.c`, `a\056b.c.`},
		{"escaped letter", `\101b`, "ab."},
		{"printable", "a!b.c", `a\041b.c.`},
		{"byte 255", `\377`, `\377.`},
		{"longest label", label63, label63 + "."},
		{"longest name", longest, longest + "."},
		{"longest name with dot", longest + ".", longest + "."},
		{"empty", "", "DomainNameEmpty"},
		{"leading dot", ".a", "DomainLabelEmpty"},
		{"two dots", "a..b", "DomainLabelEmpty"},
		{"two dots at the end", "a..", "DomainLabelEmpty"},
		{"only dots", "..", "DomainLabelEmpty"},
		{"label too long", label63 + "a", "DomainLabelTooLong"},
		{"label too long before a dot", label63 + "a.b", "DomainLabelTooLong"},
		{"name too long", longest + "b", "DomainNameTooLong"},
		{"name far too long", strings.Repeat("a.", 5000), "DomainNameTooLong"},
		{"blank", "a b", "UnsupportedCharacter"},
		{"not ASCII", "ä", "UnsupportedCharacter"},
		{"delete", "a\x7f", "UnsupportedCharacter"},
		{"short escape", `a\05`, "UnsupportedCharacter"},
		{"not octal", `a\089`, "UnsupportedCharacter"},
		{"escape above 377", `a\400`, "UnsupportedCharacter"},
		{"escape of a letter", `a\.b`, "UnsupportedCharacter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := ParseName(tt.text)
			got := n.String()
			if v := (*ValueError)(nil); errors.As(err, &v) {
				got = v.Code
			}
			if got != tt.want {
				t.Errorf("ParseName(%q) = %s, want %s", tt.text, got, tt.want)
			}
			if len(n) > MaxName {
				t.Errorf("ParseName(%q) has %d bytes", tt.text, len(n))
			}
		})
	}
}

func TestValueErrorText(t *testing.T) {
	_, err := ParseValue(TypeA, "www.example.com")
	if want := "FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'www.example.com'"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = ParseValue(TypeNAPTR, `1 1 "U" "123" "regular" a.b`)
	if want := `WARNING problem: NAPTRRRDATARegexpAndReplacementError (NAPTR record can have only one field in regexp and replacement) ` +
		`encountered with '1 1 "U" "123" "regular" a.b'`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNameRelations(t *testing.T) {
	www, zone := MustParseName("www.example.com"), MustParseName("example.com")
	tests := []struct {
		name string
		got  any
		want any
	}{
		{"labels", www.Labels(), 3},
		{"labels of the root", Root.Labels(), 0},
		{"parent", www.Parent(), zone},
		{"parent of the root", Root.Parent(), Root},
		{"below", www.IsSubdomainOf(zone), true},
		{"itself", zone.IsSubdomainOf(zone), true},
		{"below the root", zone.IsSubdomainOf(Root), true},
		{"above", zone.IsSubdomainOf(www), false},
		{"suffix inside a label", MustParseName("badexample.com").IsSubdomainOf(zone), false},
		{"suffix that only looks like labels", MustParseName(`x\007example.com`).IsSubdomainOf(zone), false},
		{"wildcard", MustParseName("*.example.com").IsWildcard(), true},
		{"star in a longer label", MustParseName("*a.example.com").IsWildcard(), false},
		{"star further right", MustParseName("a.*.example.com").IsWildcard(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
}

// The order of ListResourceRecordSets: labels from the right, escaped, dots
// kept, so that characters below the dot come before longer names.
func TestSortKeyOrder(t *testing.T) {
	want := []string{"example.com", "a-b.example.com", "a.example.com", "*.a.example.com", "x.a.example.com", "ab.example.com", "example.net"}
	var names []Name
	for _, text := range want {
		names = append(names, MustParseName(text))
	}
	slices.Reverse(names)
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.SortKey(), b.SortKey()) })
	for i, n := range names {
		if n != MustParseName(want[i]) {
			t.Errorf("place %d: %s, want %s", i, n, want[i])
		}
	}
	if got, want := MustParseName("*.example.com").SortKey(), `com.example.\052.`; got != want {
		t.Errorf("SortKey = %s, want %s", got, want)
	}
}

func TestParseType(t *testing.T) {
	tests := []struct {
		text string
		want Type
		ok   bool
	}{
		{"A", TypeA, true},
		{"HTTPS", TypeHTTPS, true},
		{"DNAME", TypeDNAME, true},
		{"TYPE65280", 65280, true},
		{"TYPE1", TypeA, true},
		{"a", 0, false},
		{"TYPE0", 0, false},
		{"TYPE01", 0, false},
		{"TYPE65536", 0, false},
		{"TYPE41", 0, false},
		{"TYPE255", 0, false},
		{"ANY", 0, false},
		{"RRSIG", 0, false},
		{"", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, ok := ParseType(tt.text)
			if ok != tt.ok || (ok && got != tt.want) {
				t.Errorf("ParseType(%q) = %d, %v, want %d, %v", tt.text, got, ok, tt.want, tt.ok)
			}
			if again, ok := ParseType(got.String()); tt.ok && (!ok || again != got) {
				t.Errorf("ParseType(%s) = %d, %v, want %d", got, again, ok, got)
			}
		})
	}
}
