package event

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// rrsetSamples are RRsets of every shape; fast says whether the hand-made
// decoder must read it without the library.
func rrsetSamples() []struct {
	name string
	set  *zone.RRset
	fast bool
} {
	name := rdata.MustParseName("a.example.com")
	long := make([]string, 400)
	for i := range long {
		long[i] = strings.Repeat("x", i%30)
	}
	return []struct {
		name string
		set  *zone.RRset
		fast bool
	}{
		{"simple", sampleRRset(), true},
		{"root", &zone.RRset{Name: rdata.Root, Type: rdata.TypeNS, TTL: 1, Values: []string{"a."}}, true},
		{"no values", &zone.RRset{Name: name, Type: rdata.TypeA}, true},
		{"one empty value", &zone.RRset{Name: name, Type: rdata.TypeA, Values: []string{""}}, true},
		{"many values", &zone.RRset{Name: name, Type: rdata.TypeTXT, TTL: 1<<32 - 1, Values: long}, true},
		{"type 65535", &zone.RRset{Name: name, Type: 65535, TTL: 65536, Values: []string{"x"}}, true},
		{"alias", &zone.RRset{Name: name, Type: rdata.TypeA, Alias: &zone.Alias{ZoneID: "Z", Target: name}}, true},
		{"alias with health", &zone.RRset{Name: name, Type: rdata.TypeA, Alias: &zone.Alias{ZoneID: "Z", Target: rdata.Root, EvaluateTargetHealth: true}}, true},
		{"weighted", &zone.RRset{Name: name, Type: rdata.TypeA, SetIdentifier: "x", TTL: 24, Values: []string{"1", "2"}, Policy: zone.Weighted, Weight: 24, HealthCheckID: "h"}, true},
		{"latency", &zone.RRset{Name: name, Type: rdata.TypeA, SetIdentifier: strings.Repeat("x", 128), TTL: 256, Policy: zone.Latency, Region: "r"}, true},
		{"failover", &zone.RRset{Name: name, Type: rdata.TypeA, SetIdentifier: "x", Policy: zone.Failover, Secondary: true, TrafficPolicyInstanceID: "t"}, true},
		{"geolocation", &zone.RRset{Name: name, Type: rdata.TypeA, SetIdentifier: "x", Policy: zone.GeolocationPolicy, Geolocation: &zone.Geolocation{Country: "*"}}, false},
		{"everything", fullRRset(), false},
	}
}

func TestRRsetRoundTrip(t *testing.T) {
	for _, tt := range rrsetSamples() {
		t.Run(tt.name, func(t *testing.T) {
			b, err := EncodeRRset(tt.set)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeRRset(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.set, got); diff != "" {
				t.Errorf("round trip (-want +got):\n%s", diff)
			}
			var d RRsetDecoder
			if fast := d.decodeFast(b) != nil; fast != tt.fast {
				t.Errorf("fast path taken: %v, want %v", fast, tt.fast)
			}
			for i := range b {
				if _, err := DecodeRRset(b[:i]); err == nil {
					t.Fatalf("the first %d of %d bytes are accepted", i, len(b))
				}
			}
		})
	}
}

func TestRRsetDecodeIsStrict(t *testing.T) {
	const name = "430161" + "00" // the wire name "a."
	for _, tt := range []struct{ name, hex string }{
		{"type in two bytes", "a2" + "01" + name + "02" + "1801"},
		{"TTL in nine bytes", "a3" + "01" + name + "0201" + "041b000000000000003c"},
		{"name length in two bytes", "a2" + "01" + "5803016100" + "0201"},
		{"map length in two bytes", "b802" + "01" + name + "0201"},
		{"fields out of order", "a2" + "0201" + "01" + name},
		{"field twice", "a4" + "01" + name + "0201" + "0405" + "0405"},
		{"zero TTL", "a3" + "01" + name + "0201" + "0400"},
		{"empty set identifier", "a3" + "01" + name + "0201" + "0340"},
		{"no values", "a3" + "01" + name + "0201" + "0580"},
		{"secondary that is false", "a3" + "01" + name + "0201" + "0af4"},
		{"alias without health", "a3" + "01" + name + "0201" + "06a3" + "01415a" + "02" + name + "03f4"},
		{"upper-case name", "a2" + "01" + "43014100" + "0201"},
		{"name without an end", "a2" + "01" + "420161" + "0201"},
		{"type too large", "a2" + "01" + name + "02" + "1a00010000"},
		{"policy too large", "a3" + "01" + name + "0201" + "07190100"},
		{"more fields than there are", "a3" + "01" + name + "0201"},
		{"unknown field", "a3" + "01" + name + "0201" + "1001"},
		{"trailing byte", "a2" + "01" + name + "0201" + "00"},
	} {
		b, err := hex.DecodeString(tt.hex)
		if err != nil {
			t.Fatal(err)
		}
		if set, err := DecodeRRset(b); err == nil {
			t.Errorf("%s: accepted: %+v", tt.name, set)
		}
	}
	good, _ := hex.DecodeString("a3" + "01" + name + "0201" + "06a2" + "01415a" + "02" + name)
	if _, err := DecodeRRset(good); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

func TestRRsetDecoderSharesNames(t *testing.T) {
	b, err := EncodeRRset(sampleRRset())
	if err != nil {
		t.Fatal(err)
	}
	var d RRsetDecoder
	one, _ := d.Decode(b)
	two, _ := d.Decode(b)
	if unsafe.StringData(string(one.Name)) != unsafe.StringData(string(two.Name)) {
		t.Error("two RRsets of one owner have two names")
	}
	clear(b) // nothing may refer to the input
	if diff := cmp.Diff(sampleRRset(), one); diff != "" {
		t.Errorf("RRset changed with its input (-want +got):\n%s", diff)
	}
}

func TestRRsetDecodeAllocations(t *testing.T) {
	b, err := EncodeRRset(sampleRRset())
	if err != nil {
		t.Fatal(err)
	}
	var d RRsetDecoder
	if n := testing.AllocsPerRun(100, func() {
		if _, err := d.Decode(b); err != nil {
			t.Fatal(err)
		}
	}); n > 2 { // the RRset with its slice, and the value
		t.Errorf("%v allocations per RRset, want 2", n)
	}
}

// FuzzDecodeRRset compares the hand-made decoder with the library: it accepts
// nothing that the library refuses, and gives the same RRset.
func FuzzDecodeRRset(f *testing.F) {
	for _, tt := range rrsetSamples() {
		b, err := EncodeRRset(tt.set)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var library zone.RRset
		err := decoding.Unmarshal(b, &library)
		if err == nil {
			var again []byte
			if again, err = EncodeRRset(&library); err == nil && !bytes.Equal(again, b) {
				err = errNotCanonical
			}
		}
		got, gotErr := DecodeRRset(b)
		if (err == nil) != (gotErr == nil) {
			t.Fatalf("library: %v; ours: %v", err, gotErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(&library, got); diff != "" {
			t.Fatalf("library and ours differ (-library +ours):\n%s", diff)
		}
	})
}

func BenchmarkDecodeRRset(b *testing.B) {
	encoded, err := EncodeRRset(sampleRRset())
	if err != nil {
		b.Fatal(err)
	}
	var d RRsetDecoder
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
