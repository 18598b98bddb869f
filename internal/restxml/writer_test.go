package restxml

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAppendText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", `a "b" 'c'`, `a "b" 'c'`},
		{"markup", "<a>&</a>", "&lt;a&gt;&amp;&lt;/a&gt;"},
		{"cdata end", "]]>", "]]&gt;"},
		{"white space", "a\tb\nc\rd", "a\tb\nc&#xD;d"},
		{"UTF-8", "höhe😀\u0085", "höhe😀\u0085"},
		{"control characters", "a\x00b\x1f", "a\uFFFDb\uFFFD"},
		{"broken UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"U+FFFD itself", "\uFFFD", "\uFFFD"},
		{"not a character", "\uFFFE", "\uFFFD"},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(AppendText(nil, tt.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAppendScalars(t *testing.T) {
	at := time.Date(2017, 3, 10, 2, 36, 41, 958_999_999, time.FixedZone("CET", 3600))
	for _, tt := range []struct{ name, got, want string }{
		{"string", string(AppendString(nil, "V", "<")), "<V>&lt;</V>"},
		{"int", string(AppendInt(nil, "V", -5)), "<V>-5</V>"},
		{"bool", string(AppendBool(nil, "V", true)), "<V>true</V>"},
		{"float", string(AppendFloat(nil, "V", 0.1)), "<V>0.1</V>"},
		{"whole float", string(AppendFloat(nil, "V", 1e6)), "<V>1000000</V>"},
		{"large float", string(AppendFloat(nil, "V", 1e300)), "<V>1E+300</V>"},
		{"small float", string(AppendFloat(nil, "V", -1e-300)), "<V>-1E-300</V>"},
		{"zero", string(AppendFloat(nil, "V", 0)), "<V>0</V>"},
		{"infinite", string(AppendFloat(nil, "V", math.Inf(-1))), "<V>-INF</V>"},
		{"time", string(AppendTime(nil, "V", at)), "<V>2017-03-10T01:36:41.958Z</V>"},
		{"time without milliseconds", string(AppendTime(nil, "V", time.Unix(0, 0))), "<V>1970-01-01T00:00:00.000Z</V>"},
		{"blob", string(AppendBlob(nil, "V", []byte("hi"))), "<V>aGk=</V>"},
		{"root", string(AppendRoot(nil, "V", "urn:x")), `<V xmlns="urn:x">`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %s, want %s", tt.got, tt.want)
			}
		})
	}
}

func TestErrorDocument(t *testing.T) {
	e := ErrorDocument{Type: "Sender", Code: "InvalidInput", Message: "a < b", RequestID: "r-1"}
	doc := e.Append(nil, "https://route53.amazonaws.com/doc/2013-04-01/")
	want := "<?xml version=\"1.0\"?>\n" + `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>` +
		`<Code>InvalidInput</Code><Message>a &lt; b</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`
	if diff := cmp.Diff(want, string(doc)); diff != "" {
		t.Error(diff)
	}
	back, err := ParseErrorDocument(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, back); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrorDocument(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      ErrorDocument
		fails     bool
	}{
		{
			"old batch error", `<InvalidChangeBatch xmlns="u"><Messages><Message>one</Message><Message>two</Message></Messages><RequestId>r</RequestId></InvalidChangeBatch>`,
			ErrorDocument{Code: "InvalidChangeBatch", Message: "[one, two]", RequestID: "r"},
			false,
		},
		{"more members", `<ErrorResponse><Error><Detail/><Code>X</Code></Error><Other>1</Other></ErrorResponse>`, ErrorDocument{Code: "X"}, false},
		{"HTML", `<!DOCTYPE html><html></html>`, ErrorDocument{}, true},
		{"nothing", ``, ErrorDocument{}, true},
		{"cut off", `<ErrorResponse><Error><Code>X</Code>`, ErrorDocument{Code: "X"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseErrorDocument([]byte(tt.doc))
			if (err != nil) != tt.fails {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What AppendText writes, Text reads.
func TestTextRoundTrip(t *testing.T) {
	for _, s := range []string{"", " ", "a\r\nb\rc", "<&>]]>", "\"v=spf1 -all\"", strings.Repeat("é\t", 99)} {
		doc := AppendString([]byte("<r>"), "t", s)
		var r Reader
		r.Reset(append(doc, "</r>"...))
		r.Root()
		r.Child()
		if got := string(r.Text()); got != s || r.Err() != nil {
			t.Errorf("%q: got %q (%v)", s, got, r.Err())
		}
	}
}
