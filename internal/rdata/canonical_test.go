package rdata

import (
	"encoding/hex"
	"slices"
	"testing"
)

func TestCanonicalValue(t *testing.T) {
	tests := []struct {
		name string
		t    Type
		a, b string // equal after folding, or not
		same bool
	}{
		{"cname", TypeCNAME, "A.B", "a.b.", true},
		{"mx", TypeMX, "10 Mail.X", "10 mail.x.", true},
		{"soa, both names", TypeSOA, "A.X B.X 1 2 3 4 5", "a.x b.x 1 2 3 4 5", true},
		{"srv", TypeSRV, "1 2 3 T", "1 2 3 t", true},
		{"naptr name", TypeNAPTR, `1 2 "s" "x" "" T.`, `1 2 "s" "x" "" t.`, true},
		{"naptr strings", TypeNAPTR, `1 2 "S" "x" "" t.`, `1 2 "s" "x" "" t.`, false},
		{"txt", TypeTXT, `"A"`, `"a"`, false},
		{"txt split", TypeTXT, `"ab"`, `"a" "b"`, false},
		{"caa", TypeCAA, `0 issue "A"`, `0 issue "a"`, false},
		{"https target keeps its case", TypeHTTPS, "1 T.", "1 t.", false},
		{"dname", TypeDNAME, "T.", "t.", true},
		{"rp", 17, "A. B.", "a. b.", true},
		{"afsdb", 18, "1 T.", "1 t.", true},
		{"aaaa", TypeAAAA, "2001:DB8::1", "2001:db8:0:0:0:0:0:1", true},
		{"ds", TypeDS, "1 8 99 ABCD", "1 8 99 ab cd", true},
		{"https parameters in any order", TypeHTTPS, "1 . port=1 alpn=h2", `1 . alpn="h2" port=1`, true},
		{"unknown type", 65280, `\# 1 41`, `\# 1 61`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseValue(tt.t, tt.a)
			if err != nil {
				t.Fatal(err)
			}
			b, err := ParseValue(tt.t, tt.b)
			if err != nil {
				t.Fatal(err)
			}
			before := slices.Clone(a)
			if same := slices.Equal(CanonicalValue(tt.t, a), CanonicalValue(tt.t, b)); same != tt.same {
				t.Errorf("%x and %x: equal is %v, want %v", a, b, same, tt.same)
			}
			if !slices.Equal(a, before) {
				t.Error("input changed")
			}
		})
	}
}

func TestEqualValues(t *testing.T) {
	tests := []struct {
		name string
		t    Type
		a, b []string
		want bool
	}{
		{"none", TypeA, nil, nil, true},
		{"same", TypeA, []string{"192.0.2.1"}, []string{"192.0.2.1"}, true},
		{"other order", TypeA, []string{"192.0.2.1", "192.0.2.2"}, []string{"192.0.2.2", "192.0.2.1"}, true},
		{"other number", TypeA, []string{"192.0.2.1"}, []string{"192.0.2.1", "192.0.2.1"}, false},
		{"other multiplicity", TypeA, []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"}, []string{"192.0.2.1", "192.0.2.2", "192.0.2.2"}, false},
		{"case and dot", TypeMX, []string{"10 A.b"}, []string{"10 a.B."}, true},
		{"invalid text equals itself", TypeA, []string{"x", "192.0.2.1"}, []string{"192.0.2.1", "x"}, true},
		{"invalid text equals nothing else", TypeA, []string{"x"}, []string{"y"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := EqualValues(tt.t, tt.a, tt.b); got != tt.want {
				t.Errorf("got %v", got)
			}
			if got := EqualValues(tt.t, tt.b, tt.a); got != tt.want {
				t.Errorf("the other way round: got %v", got)
			}
		})
	}
}

func TestDuplicate(t *testing.T) {
	tests := []struct {
		name   string
		t      Type
		values []string
		want   []string
	}{
		{"none", TypeA, []string{"192.0.2.1", "192.0.2.2"}, nil},
		{"plain", TypeA, []string{"192.0.2.1", "192.0.2.1"}, []string{"192.0.2.1"}},
		{"as written the second time", TypeMX, []string{"1 a.", "2 b.", "1 A"}, []string{"1 A"}},
		{"each repetition", TypeAAAA, []string{"::1", "::2", "0::1", "::0:1", "::2"}, []string{"0::1", "::0:1", "::2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Duplicates(tt.t, tt.values); !slices.Equal(got, tt.want) {
				t.Errorf("Duplicates = %q, want %q", got, tt.want)
			}
			got, ok := Duplicate(tt.t, tt.values)
			if ok != (len(tt.want) > 0) || (ok && got != tt.want[0]) {
				t.Errorf("Duplicate = %q, %v, want the first of %q", got, ok, tt.want)
			}
		})
	}
}

func TestTargetOffset(t *testing.T) {
	tests := []struct {
		name string
		t    Type
		text string
		off  int
		ok   bool
	}{
		{"ns", TypeNS, "a.b.", 0, true},
		{"mx", TypeMX, "10 a.b.", 2, true},
		{"null mx", TypeMX, "0 .", 0, false},
		{"srv", TypeSRV, "1 2 3 a.b.", 6, true},
		{"no service", TypeSRV, "1 2 3 .", 0, false},
		{"https", TypeHTTPS, "1 a.b. port=1", 2, true},
		{"https at its owner", TypeHTTPS, "1 . port=1", 0, false},
		{"svcb alias", TypeSVCB, "0 a.b.", 2, true},
		{"afsdb", 18, "1 a.b.", 2, true},
		{"cname", TypeCNAME, "a.b.", 0, false},
		{"a", TypeA, "192.0.2.1", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := ParseValue(tt.t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if off, ok := TargetOffset(tt.t, wire); off != tt.off || ok != tt.ok {
				t.Errorf("got %d, %v, want %d, %v", off, ok, tt.off, tt.ok)
			}
		})
	}
	for _, malformed := range []string{"", "00", "000a", "000a40", "000a0361"} {
		wire, err := hex.DecodeString(malformed)
		if err != nil {
			t.Fatal(err)
		}
		if off, ok := TargetOffset(TypeMX, wire); ok {
			t.Errorf("malformed MX %s has a target at %d", malformed, off)
		}
	}
}
