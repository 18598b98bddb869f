package event

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/zone"
)

func sampleRRset() *zone.RRset {
	return &zone.RRset{
		Name: rdata.MustParseName("www.example.com"), Type: rdata.TypeA, TTL: 300,
		Values: []string{"192.0.2.1"},
	}
}

// fullRRset sets every field, nested ones included.
func fullRRset() *zone.RRset {
	return &zone.RRset{
		Name: rdata.MustParseName(`\052.\377.example.com`), Type: rdata.TypeTXT, SetIdentifier: "eins\x00\xff", TTL: 1 << 31,
		Values: []string{`"a"`, "", "\xff"},
		Alias:  &zone.Alias{ZoneID: "Z1", Target: rdata.MustParseName("a.example.com"), EvaluateTargetHealth: true},
		Policy: zone.CIDRPolicy, Weight: 255, Region: "eu-west-1", Secondary: true,
		Geolocation:   &zone.Geolocation{Continent: "EU", Country: "DE", Subdivision: "BY"},
		Geoproximity:  &zone.Geoproximity{Region: "r", LocalZoneGroup: "g", Latitude: "1.5", Longitude: "-2", Bias: -99, BiasSet: true},
		CIDR:          &zone.CIDR{CollectionID: "c", Location: "*"},
		HealthCheckID: "h", TrafficPolicyInstanceID: "t",
	}
}

func sampleEvent() *Event {
	s := sampleRRset()
	return &Event{
		Key: Key{KindZone, "Z0123456789ABCDEFGH"}, Version: 5, Prev: HashOf([]byte("four")), Time: 1763000000000,
		ChangeID: "C0123456789ABCDEFGH", Actor: "AKIA0123456789ABCDEF", Operation: "ChangeResourceRecordSets",
		Comment: "ünïcode \xff", Changes: []zone.Change{{Action: zone.Upsert, Old: s, New: s}}, Serial: 5,
	}
}

// TestEncodeIsStable pins the stored format: a change of these bytes makes
// every existing log unreadable.
func TestEncodeIsStable(t *testing.T) {
	e := &Event{
		Key: Key{KindZone, "Z1"}, Version: 1, Time: 1763000000000, ChangeID: "C1", Operation: "CreateHostedZone",
		Changes: []zone.Change{{Action: zone.Create, New: sampleRRset()}}, Document: []byte{0xa0}, Serial: 1,
	}
	const want = "a9" +
		"01a201447a6f6e6502425a31" + // key
		"0201" + // version
		"035820" + "0000000000000000000000000000000000000000000000000000000000000000" +
		"041b0000019a7afd1e00" + // time
		"05424331" + // change id
		"0750437265617465486f737465645a6f6e65" + // operation
		"0981a2010103a401510377777707" + "6578616d706c6503636f6d00" + "02010419012c058149" + "3139322e302e322e31" + // changes
		"0a41a0" + // document
		"0c01" // serial
	got, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, hex.EncodeToString(got)); diff != "" {
		t.Errorf("encoding (-want +got):\n%s", diff)
	}
	const wantHash = "1265924b2bcb947fdae14e6833fd5bdd8d7f2f2db184a09684cad25c9bf55cc7"
	if got := HashOf(got).String(); got != wantHash {
		t.Errorf("hash is %s, want %s", got, wantHash)
	}
}

func TestEventRoundTrip(t *testing.T) {
	minimal := &Event{Key: Key{KindReference, "hostedzone/x"}, Version: 1, ChangeID: "C1", Operation: "x"}
	full := sampleEvent()
	full.Changes = []zone.Change{
		{Action: zone.Create, New: fullRRset()},
		{Action: zone.Delete, Old: fullRRset()},
		{Action: zone.Upsert, Old: sampleRRset(), New: sampleRRset()},
	}
	full.Document = []byte("document")
	deleted := &Event{Key: Key{KindZone, "Z1"}, Version: 2, Prev: HashOf(nil), Time: -1, ChangeID: "C", Operation: "x", Deleted: true}
	for _, tt := range []struct {
		name  string
		event *Event
	}{{"minimal", minimal}, {"full", full}, {"deleted", deleted}} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Encode(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.event, got); diff != "" {
				t.Errorf("round trip (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeIsStrict(t *testing.T) {
	e := &Event{Key: Key{KindZone, "Z1"}, Version: 1, Time: 2, ChangeID: "C1", Operation: "x", Serial: 7}
	good, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, with string) []byte {
		o, _ := hex.DecodeString(old)
		w, err := hex.DecodeString(with)
		if err != nil || !bytes.Contains(good, o) {
			t.Fatalf("%s is not in %x", old, good)
		}
		return bytes.Replace(good, o, w, 1)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "EOF"},
		{"truncated", good[:len(good)-1], "EOF"},
		{"trailing byte", append(bytes.Clone(good), 0), "extraneous"},
		{"unknown key", append(replace("a701", "a801"), 0x0d, 1), "unknown field"},
		{"duplicate key", append(replace("a701", "a801"), 0x0c, 7), "duplicate"},
		{"indefinite map", append(replace("a701", "bf01"), 0xff), "indefinite"},
		{"text string", replace("07"+"4178", "07"+"6178"), "not deterministic"},
		{"integer in a longer form", replace("0c07", "0c1807"), "not deterministic"},
		{"zero of an optional field", replace("0c07", "0c00"), "not deterministic"},
		{"null", replace("0c07", "0cf6"), "not deterministic"},
		{"keys out of order", replace("0201", "0c07"), "duplicate"},
		{"tag", replace("0c07", "0cc107"), "tag"},
		{"float", replace("0c07", "0cf94700"), "cannot unmarshal"},
		{"short hash", replace("5820"+strings.Repeat("00", 32), "581f"+strings.Repeat("00", 31)), "not deterministic"},
		{"an array", []byte{0x80}, "unmarshal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.b)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	good := func() *Event {
		return &Event{
			Key: Key{KindZone, "Z1"}, Version: 2, Prev: HashOf(nil), ChangeID: "C1", Operation: "x",
			Changes: []zone.Change{{Action: zone.Upsert, Old: sampleRRset(), New: sampleRRset()}},
		}
	}
	for _, tt := range []struct {
		name string
		edit func(e *Event)
		want string // "" is valid
	}{
		{"good", func(*Event) {}, ""},
		{"no kind", func(e *Event) { e.Key.Kind = "" }, "key is empty"},
		{"no id", func(e *Event) { e.Key.ID = "" }, "key is empty"},
		{"NUL in id", func(e *Event) { e.Key.ID = "a\x00b" }, "NUL"},
		{"long id", func(e *Event) { e.Key.ID = strings.Repeat("x", MaxID) }, "longer"},
		{"no change id", func(e *Event) { e.ChangeID = "" }, "change id"},
		{"version 0", func(e *Event) { e.Version = 0 }, "version is 0"},
		{"version 1 after something", func(e *Event) { e.Version = 1 }, "has a previous hash"},
		{"version 2 after nothing", func(e *Event) { e.Prev = Hash{} }, "no previous hash"},
		{"deletion with a document", func(e *Event) { e.Deleted, e.Document = true, []byte{1} }, "deletion has a document"},
		{"changes of a reference", func(e *Event) { e.Key.Kind = KindReference }, "has RRset changes"},
		{"empty change", func(e *Event) { e.Changes[0] = zone.Change{} }, "change 0: neither"},
		{"change of two RRsets", func(e *Event) { e.Changes[0].New.Type = rdata.TypeAAAA }, "not the same one"},
		{"no owner name", func(e *Event) { e.Changes[0].Old, e.Changes[0].New.Name = nil, "" }, "owner name"},
		{"upper-case owner name", func(e *Event) { e.Changes[0].Old, e.Changes[0].New.Name = nil, "\x01A\x00" }, "owner name"},
		{"open owner name", func(e *Event) { e.Changes[0].Old, e.Changes[0].New.Name = nil, "\x01a" }, "owner name"},
		{"two roots", func(e *Event) { e.Changes[0].Old, e.Changes[0].New.Name = nil, "\x01a\x00\x00" }, "owner name"},
		{"alias to nothing", func(e *Event) { e.Changes[0].New.Alias = &zone.Alias{} }, "alias target"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := good()
			tt.edit(e)
			err := e.Validate()
			if (tt.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			if _, err := Encode(e); (err == nil) != (tt.want == "") {
				t.Errorf("Encode disagrees: %v", err)
			}
		})
	}
}

func TestDocumentRoundTrip(t *testing.T) {
	want := zone.HostedZone{
		ID: "Z1", Name: rdata.MustParseName("example.com"), CallerReference: "r", Comment: "c", Private: true,
		DelegationSetID: "N1", NameServers: []string{"a", "b"}, VPCs: []zone.VPC{{Region: "r", ID: "v"}},
		Authorizations: []zone.VPC{{Region: "r", ID: "w"}}, Tags: zone.Tags{{Key: "k", Value: "v"}},
		AcceleratedRecovery: true, SerialMode: zone.SerialFixed, Created: 5,
	}
	b, err := EncodeDocument(&want)
	if err != nil {
		t.Fatal(err)
	}
	var got zone.HostedZone
	if err := DecodeDocument(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	if err := DecodeDocument(append(b, 0), &got); err == nil {
		t.Error("a byte behind the document is accepted")
	}
	if err := DecodeDocument([]byte{0xa1, 0x18, 0x63, 1}, &got); err == nil {
		t.Error("an unknown key is accepted")
	}
}

func FuzzDecodeEvent(f *testing.F) {
	e := sampleEvent()
	e.Changes = []zone.Change{{Action: zone.Create, New: fullRRset()}, {Action: zone.Delete, Old: sampleRRset()}}
	for _, seed := range []*Event{
		e,
		{Key: Key{KindReference, "r"}, Version: 1, ChangeID: "C", Operation: "x"},
		{Key: Key{KindZone, "Z"}, Version: 1, ChangeID: "C", Operation: "x", Document: []byte{1}},
	} {
		b, err := Encode(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Encode(e)
		if err != nil {
			t.Fatalf("a decoded event does not encode: %v", err)
		}
		if !bytes.Equal(b, again) {
			t.Fatalf("decoded %x, encoded %x", b, again)
		}
		for i := range e.Changes { // what stores do with each change
			_ = e.Changes[i].Key().Name.SortKey()
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e := sampleEvent()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	e := sampleEvent()
	encoded, err := Encode(e)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
