package restxml

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams(t *testing.T) {
	id := &Constraint{Type: "TagResourceId", MinLen: 1, MaxLen: 4}
	zone := &Constraint{Type: "ResourceId", MaxLen: 4, Prefixes: []string{"hostedzone"}}
	rrtype := &Constraint{Type: "RRType", Enum: NewEnum("A", "NS")}
	open := &Constraint{Type: "RRType", MaxLen: 3, Enum: NewEnum("A", "NS").Open()}
	version := &Constraint{Type: "Version", Min: 1, Max: 1000}
	pat := &Constraint{Type: "UUID", Pattern: NewPattern("[0-9]+", "[0-9]+")}
	for _, tt := range []struct {
		name string
		read func(p *Params) any
		want any
		err  string
	}{
		{"string", func(p *Params) any { return p.String("resourceId", "abc", id) }, "abc", ""},
		{"prefix", func(p *Params) any { return p.String("id", "/hostedzone/Z1", zone) }, "Z1", ""},
		{
			"too long", func(p *Params) any { return p.String("resourceId", "abcde", id) }, "abcde",
			"1 validation error detected: Value 'abcde' at 'resourceId' failed to satisfy constraint: Member must have length less than or equal to 4",
		},
		{
			"too short", func(p *Params) any { return p.String("resourceId", "", id) }, "",
			"1 validation error detected: Value '' at 'resourceId' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{
			"pattern", func(p *Params) any { return p.String("id", "x1", pat) }, "x1",
			"1 validation error detected: Value 'x1' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]+",
		},
		{"enum", func(p *Params) any { return p.Enum("type", "NS", rrtype) }, "NS", ""},
		{
			"enum unknown", func(p *Params) any { return p.Enum("type", "LOC", rrtype) }, "LOC",
			"1 validation error detected: Value 'LOC' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [A, NS]",
		},
		{"open enum", func(p *Params) any { return p.Enum("type", "LOC", open) }, "LOC", ""},
		{
			"open enum too long", func(p *Params) any { return p.Enum("type", "NSEC", open) }, "NSEC",
			"1 validation error detected: Value 'NSEC' at 'type' failed to satisfy constraint: Member must have length less than or equal to 3",
		},
		{"int", func(p *Params) any { return p.Int("version", "7", version) }, int64(7), ""},
		{
			"int below", func(p *Params) any { return p.Int("version", "0", version) }, int64(0),
			"1 validation error detected: Value '0' at 'version' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		{
			"int above", func(p *Params) any { return p.Int("version", "99999999999999999999", version) }, int64(math.MaxInt64),
			"1 validation error detected: Value '99999999999999999999' at 'version' failed to satisfy constraint: Member must have value less than or equal to 1000",
		},
		{
			"no int", func(p *Params) any { return p.Int("version", "one", version) }, int64(0),
			"1 validation error detected: Value 'one' at 'version' failed to satisfy constraint: Member must be an integer",
		},
		{"bool", func(p *Params) any { return p.Bool("flag", "true") }, true, ""},
		{
			"no bool", func(p *Params) any { return p.Bool("flag", "yes") }, false,
			"1 validation error detected: Value 'yes' at 'flag' failed to satisfy constraint: Member must be true or false",
		},
		{
			"all faults are told", func(p *Params) any { p.Missing("vPCId"); return p.Int("version", "0", version) }, int64(0),
			"2 validation errors detected: Value null at 'vPCId' failed to satisfy constraint: Member must not be null; " +
				"Value '0' at 'version' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p Params
			if diff := cmp.Diff(tt.want, tt.read(&p)); diff != "" {
				t.Error(diff)
			}
			var got string
			if err := p.Err(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.err, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      [][2]string
		broken    bool
	}{
		{"nothing", "", nil, false},
		{"several", "maxitems=5&name=a.b&x", [][2]string{{"maxitems", "5"}, {"name", "a.b"}, {"x", ""}}, false},
		{"empty parts", "&&a=1&", [][2]string{{"a", "1"}}, false},
		{"encoded", "n%61me=%2Fhostedzone%2fZ1", [][2]string{{"name", "/hostedzone/Z1"}}, false},
		{"plus is a blank", "name=a+b%2B", [][2]string{{"name", "a b+"}}, false},
		{"second equals sign", "nexttoken=YQ==", [][2]string{{"nexttoken", "YQ=="}}, false},
		{"UTF-8", "name=h%C3%B6he", [][2]string{{"name", "höhe"}}, false},
		{"broken escape", "a=1&b=%2", [][2]string{{"a", "1"}}, true},
		{"escape of no digits", "b=%zz", nil, true},
		{"broken UTF-8", "b=%ff", nil, true},
		{"control character", "b=%00", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got [][2]string
			q := NewQuery(tt.raw)
			for q.Next() {
				got = append(got, [2]string{q.Key, q.Value})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if (q.Err() != nil) != tt.broken {
				t.Errorf("error is %v", q.Err())
			}
			if q.Next() {
				t.Error("goes on after the end")
			}
		})
	}
}

func TestAppendEscaped(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Z1-a_b.c~", "Z1-a_b.c~"},
		{"/hostedzone/Z1", "%2Fhostedzone%2FZ1"},
		{"a b+c%&=é*", "a%20b%2Bc%25%26%3D%C3%A9%2A"},
	} {
		got := string(AppendEscaped(nil, tt.in))
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
		if back, ok := unescape(got, true); !ok || back != tt.in {
			t.Errorf("%q: read back as %q", tt.in, back)
		}
	}
}
