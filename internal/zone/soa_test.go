package zone

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
)

func TestNewZoneRRsets(t *testing.T) {
	t.Parallel()
	name := rdata.MustParseName("example.com")
	got := NewZoneRRsets(name, []string{"ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net."}, "")
	want := []*RRset{
		{Name: name, Type: rdata.TypeNS, TTL: 172800, Values: []string{"ns-2048.awsdns-64.com.", "ns-2049.awsdns-65.net."}},
		{Name: name, Type: rdata.TypeSOA, TTL: 900, Values: []string{"ns-2048.awsdns-64.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	soa := NewZoneRRsets(name, []string{"ns1.example.net"}, "dns.example.net.")[1]
	if got := soa.Values[0]; got != "ns1.example.net. dns.example.net. 1 7200 900 1209600 86400" {
		t.Error(got)
	}
	if serial, ok := soa.SOASerial(); serial != 1 || !ok {
		t.Errorf("serial %d, %v", serial, ok)
	}
}

func TestSerialAfter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b uint32
		want bool
	}{ // RFC 1982 §5.2, in 32 bits
		{1, 0, true},
		{0, 1, false},
		{44, 44, false},
		{0, 0xffffffff, true},
		{100, 0xffffff00, true},
		{0xffffff00, 100, false},
		{0x7fffffff, 0, true},
		{0x80000000, 0, false},
		{0, 0x80000000, false},
		{0x80000001, 0, false},
	} {
		if got := SerialAfter(tc.a, tc.b); got != tc.want {
			t.Errorf("SerialAfter(%d, %d) = %v", tc.a, tc.b, got)
		}
	}
}

func TestNextSerial(t *testing.T) {
	t.Parallel()
	soa := func(serial string) []Change {
		return []Change{
			{Action: Create, New: &RRset{Type: rdata.TypeA, Values: []string{"192.0.2.1"}}},
			{Action: Upsert, New: &RRset{Type: rdata.TypeSOA, Values: []string{"a. b. " + serial + " 1 1 1 1"}}},
		}
	}
	for _, tc := range []struct {
		name    string
		mode    SerialMode
		current uint32
		changes []Change
		want    uint32
	}{
		{"one per batch", SerialFollow, 7, []Change{{Action: Delete, Old: &RRset{Type: rdata.TypeA}}, {Action: Delete, Old: &RRset{Type: rdata.TypeMX}}}, 8},
		{"past the end", SerialFollow, 0xffffffff, nil, 0},
		{"a new zone", SerialFollow, 0, soa("1"), 1},
		{"a greater serial is taken", SerialFollow, 7, soa("2026010101"), 2026010101},
		{"the next serial is taken", SerialFollow, 7, soa("8"), 8},
		{"a greater serial past the end", SerialFollow, 0xfffffff0, soa("5"), 5},
		{"the same serial is not", SerialFollow, 7, soa("7"), 8},
		{"a smaller serial is not", SerialFollow, 2026010101, soa("1"), 2026010102},
		{"a serial half way round is not", SerialFollow, 7, soa("2147483655"), 8},
		{"fixed stays", SerialFixed, 7, []Change{{Action: Delete, Old: &RRset{Type: rdata.TypeA}}}, 7},
		{"fixed takes what is written", SerialFixed, 7, soa("3"), 3},
		{"generic form", SerialFollow, 1, []Change{{Action: Upsert, New: &RRset{Type: rdata.TypeSOA, Values: []string{`\# 22 00000000002a00000001000000010000000100000001`}}}}, 42},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := NextSerial(tc.mode, tc.current, tc.changes); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestNextSerialIsAlwaysAfter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	set := RRset{Type: rdata.TypeSOA, Values: []string{"a. b. 1 1 1 1 1"}}
	for range 2000 {
		current := r.Uint32()
		changes := []Change{{Action: Upsert, New: ServedSOA(&set, r.Uint32())}}
		if next := NextSerial(SerialFollow, current, changes); !SerialAfter(next, current) {
			t.Fatalf("%d does not come after %d", next, current)
		}
	}
}

func TestServedSOA(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ value, want string }{
		{"NS.example.com. H.example.com. 1 7200 900 1209600 86400", "NS.example.com. H.example.com. 4294967295 7200 900 1209600 86400"},
		{"ns.example.com  h.example.com 4294967295 2 3 4 5", "ns.example.com  h.example.com 4294967295 2 3 4 5"},
		{`\# 22 00000000000100000002000000030000000400000005`, `\# 22 0000ffffffff00000002000000030000000400000005`},
	} {
		set := &RRset{Type: rdata.TypeSOA, TTL: 900, Values: []string{tc.value}}
		served := ServedSOA(set, 0xffffffff)
		if served.Values[0] != tc.want || served.TTL != 900 || set.Values[0] != tc.value {
			t.Errorf("%s: served %v, stored %v", tc.value, served.Values, set.Values)
		}
		if serial, ok := served.SOASerial(); serial != 0xffffffff || !ok {
			t.Errorf("%s: serial %d, %v", tc.value, serial, ok)
		}
	}
	a := &RRset{Type: rdata.TypeA, Values: []string{"192.0.2.1"}}
	if ServedSOA(a, 5) != a {
		t.Error("a set that is no SOA was changed")
	}
}
