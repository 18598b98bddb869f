package rdata

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"", ".", "a", "A.b.", `\052.example.com`, `a\056b.c.`, "a..b", `\4`, "@", "ä", strings.Repeat("a", 64), strings.Repeat("abcdefg.", 32)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseName(text)
		if err != nil {
			if v := (*ValueError)(nil); !errors.As(err, &v) || v.Value != text {
				t.Fatalf("ParseName(%q): %#v is not a *ValueError about it", text, err)
			}
			return
		}
		if again, err := ParseName(name.String()); err != nil || again != name {
			t.Fatalf("ParseName(%q.String()) = %q, %v", name, again, err)
		}
		if again, err := NameFromWire([]byte(name)); err != nil || again != name {
			t.Fatalf("NameFromWire(%q) = %q, %v", name, again, err)
		}
	})
}

func FuzzNameFromWire(f *testing.F) {
	for _, s := range []string{"", "\x00", "\x01A\x00", "\x01a", "\x00\x00", "\x40", "\xc0\x00", "\x02a\xff\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		before := bytes.Clone(wire)
		name, err := NameFromWire(wire)
		if !bytes.Equal(wire, before) {
			t.Fatal("input changed")
		}
		if err != nil {
			return
		}
		if n := nameLength(wire); n != len(wire) {
			t.Fatalf("nameLength(%q) = %d, want %d", wire, n, len(wire))
		}
		if again, err := ParseName(name.String()); err != nil || again != name {
			t.Fatalf("ParseName(%s) = %q, %v, want %q", name, again, err, name)
		}
		labels := 0
		for n := name; n != Root; n = n.Parent() {
			labels++
			if !name.IsSubdomainOf(n) {
				t.Fatalf("%q is not below %q", name, n)
			}
		}
		if labels != name.Labels() {
			t.Fatalf("%q.Labels() = %d, want %d", name, name.Labels(), labels)
		}
	})
}

// checkWire is what holds for every value that was parsed.
func checkWire(t *testing.T, typ Type, wire []byte) {
	t.Helper()
	text, err := FormatValue(typ, wire)
	if err != nil {
		t.Fatalf("FormatValue(%s, %x): %v", typ, wire, err)
	}
	again, err := ParseValue(typ, text)
	if err != nil || !bytes.Equal(again, wire) {
		t.Fatalf("%s: ParseValue(FormatValue(%x) = %s) = %x, %v", typ, wire, text, again, err)
	}
	canonical := CanonicalValue(typ, wire)
	if len(canonical) != len(wire) || !bytes.Equal(CanonicalValue(typ, canonical), canonical) {
		t.Fatalf("%s: CanonicalValue(%x) = %x is not a fixed point", typ, wire, canonical)
	}
	if !EqualValues(typ, []string{text}, []string{genericText(canonical)}) {
		t.Fatalf("%s: %s is not equal to its canonical form", typ, text)
	}
	if off, ok := TargetOffset(typ, wire); ok && nameLength(wire[off:]) < 2 {
		t.Fatalf("%s: TargetOffset(%x) = %d is no name", typ, wire, off)
	}
	line, err := AppendMasterLine(nil, "", Root, typ, 1, wire)
	if err != nil {
		t.Fatalf("AppendMasterLine(%s, %x): %v", typ, wire, err)
	}
	for rr, err := range ReadMaster(bytes.NewReader(line), "", "") {
		want := MasterRecord{Line: 1, Name: Root, Type: typ, TTL: 1, Wire: wire, Value: text}
		if err != nil || !cmp.Equal(rr, want, cmp.Comparer(bytes.Equal)) {
			t.Fatalf("read %q: %v, %s", line, err, cmp.Diff(want, rr))
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, tt := range valueTests {
		f.Add(uint16(tt.t), tt.text)
	}
	for _, tt := range refusedTests {
		f.Add(uint16(tt.t), tt.text)
	}
	f.Fuzz(func(t *testing.T, n uint16, text string) {
		typ := Type(n)
		if !typ.storable() || signed[typ] {
			return
		}
		wire, err := ParseValue(typ, text)
		if err != nil {
			if v := (*ValueError)(nil); !errors.As(err, &v) || v.Value != text || v.Code == "" {
				t.Fatalf("ParseValue(%s, %q): %#v is not a *ValueError about it", typ, text, err)
			}
			return
		}
		checkWire(t, typ, wire)
	})
}

// FuzzFormatValue starts from wire form, as transfers do.
func FuzzFormatValue(f *testing.F) {
	for _, tt := range valueTests {
		if wire, err := ParseValue(tt.t, tt.text); err == nil {
			f.Add(uint16(tt.t), wire)
		}
	}
	f.Fuzz(func(t *testing.T, n uint16, wire []byte) {
		typ := Type(n)
		if !typ.storable() || signed[typ] || len(wire) > maxRdata {
			return
		}
		text, err := FormatValue(typ, wire)
		_, lineErr := AppendMasterLine(nil, "", Root, typ, 0, wire)
		if (err != nil) != (lineErr != nil) {
			t.Fatalf("%s %x: FormatValue: %v; AppendMasterLine: %v", typ, wire, err, lineErr)
		}
		if err != nil {
			if _, err := ParseValue(typ, genericText(wire)); err == nil {
				t.Fatalf("%s %x is refused as wire, accepted as %s", typ, wire, genericText(wire))
			}
			return
		}
		if len(text) == 0 {
			t.Fatalf("%s %x has empty text", typ, wire)
		}
		checkWire(t, typ, wire)
	})
}

func FuzzReadMaster(f *testing.F) {
	for _, tt := range masterTests {
		f.Add(tt.text)
	}
	for _, tt := range masterErrorTests {
		f.Add(tt.text)
	}
	origin := MustParseName("example.com")
	f.Fuzz(func(t *testing.T, text string) {
		var first []MasterRecord
		var file []byte
		options := MasterOptions{MaxGenerate: 20}
		for rr, err := range options.Read(strings.NewReader(text), origin, "f") {
			if err != nil {
				if m := (*MasterError)(nil); !errors.As(err, &m) || m.Line < 1 || m.Line > 1+strings.Count(text, "\n") {
					t.Fatalf("%#v is not a *MasterError in the file", err)
				}
				continue
			}
			var err error
			if file, err = AppendMasterLine(file, origin, rr.Name, rr.Type, rr.TTL, rr.Wire); err != nil {
				t.Fatalf("%+v is not written: %v", rr, err)
			}
			rr.Line = len(first) + 1
			first = append(first, rr)
			if len(first) > 100 {
				break
			}
		}
		var second []MasterRecord
		for rr, err := range ReadMaster(bytes.NewReader(file), origin, "f") {
			if err != nil {
				t.Fatalf("%v in %q", err, file)
			}
			second = append(second, rr)
		}
		if diff := cmp.Diff(first, second, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Fatalf("read, written %q and read again:\n%s", file, diff)
		}
	})
}
