package restxml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline reads any document into one line: name(child child …) for elements,
// name="text" for those without children.
func outline(r *Reader, name string) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, child := 0, r.Child(); child != nil; i, child = i+1, r.Child() {
		if i > 0 {
			b.WriteByte(' ')
		}
		n := string(child)
		if strings.HasPrefix(n, "t") {
			fmt.Fprintf(&b, "%s=%q", n, r.Text())
			continue
		}
		b.WriteString(outline(r, n))
	}
	b.WriteByte(')')
	return b.String()
}

func readOutline(doc string) (string, error) {
	var r Reader
	r.Namespace = "urn:x"
	r.Reset([]byte(doc))
	root := string(r.Root())
	text := outline(&r, root)
	r.End()
	return text, r.Err()
}

func TestReaderAccepts(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"empty root", `<r/>`, `r()`},
		{"root with tags", `<r></r>`, `r()`},
		{"declaration", "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\n<r/>", `r()`},
		{"declaration without encoding", `<?xml version='1.0'?><r/>`, `r()`},
		{"byte order mark", "\xef\xbb\xbf<?xml version='1.0'?><r/>", `r()`},
		{"text", `<r><t>a b</t></r>`, `r(t="a b")`},
		{"white space is kept in text", "<r><t>\n a\t</t></r>", `r(t="\n a\t")`},
		{"white space between elements", "<r>\n\t<a> </a>\r\n</r>", `r(a())`},
		{"self-closing text", `<r><t/><t /></r>`, `r(t="" t="")`},
		{"empty text", `<r><t></t></r>`, `r(t="")`},
		{"entities", `<r><t>&lt;&gt;&amp;&apos;&quot;</t></r>`, `r(t="<>&'\"")`},
		{"character references", `<r><t>&#65;&#x42;&#x1F600;&#xd;</t></r>`, "r(t=\"AB\U0001F600\\r\")"},
		{"cdata", `<r><t>a<![CDATA[<b>&amp;]]>c</t></r>`, `r(t="a<b>&amp;c")`},
		{"brackets in cdata", `<r><t><![CDATA[]]]]></t></r>`, `r(t="]]")`},
		{"brackets in text", `<r><t>a]b]]c] ]></t></r>`, `r(t="a]b]]c] ]>")`},
		{"comment in text", `<r><t>a<!-- - -->b</t></r>`, `r(t="ab")`},
		{"instruction in text", `<r><t>a<?php x?>b</t></r>`, `r(t="ab")`},
		{"line ends", "<r><t>a\r\nb\rc\n<![CDATA[d\re\r\nf]]></t></r>", `r(t="a\nb\nc\nd\ne\nf")`},
		{"comments and instructions around", "<!-- a --><?p?><r><!----><a/><?p q?></r> <!-- b -->\n<?z?>", `r(a())`},
		{"attributes", `<r a="1" b = '2"' xmlns:q="u" q:c="&lt;>"><a x="y"/></r>`, `r(a())`},
		{"prefixes", `<p:r xmlns:p="u"><p:a><t>x</t></p:a></p:r>`, `r(a(t="x"))`},
		{"space in end tag", "<r><a></a\n></r >", `r(a())`},
		{"characters beyond ASCII", `<r><t>höhe 😀</t><é/></r>`, `r(t="höhe 😀" é())`},
		{"doctype in cdata", `<r><t><![CDATA[<!DOCTYPE r>]]></t></r>`, `r(t="<!DOCTYPE r>")`},
		{"as deep as allowed", strings.Repeat("<a>", MaxDepth) + strings.Repeat("</a>", MaxDepth), strings.Repeat("a(", MaxDepth) + strings.Repeat(")", MaxDepth)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readOutline(tt.doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"nothing", ``, `line 1: the document has no root element`},
		{"space only", " \n ", `line 2: the document has no root element`},
		{"text only", `hello`, `line 1: text before the root element`},
		{"json", `{"a":1}`, `line 1: text before the root element`},
		{"text before", `x<r/>`, `line 1: text before the root element`},
		{"text behind", "<r/>\nx", `line 2: text after the root element`},
		{"second root", `<r/><r/>`, `line 1: a second root element, or other markup after the root element`},
		{"stray end tag", `</r>`, `line 1: an end tag without a start tag`},
		{"end tag behind", `<r/></r>`, `line 1: an end tag without a start tag`},
		{"unclosed", "<r>\n<a>", `line 2: the document ends inside element <a>`},
		{"unclosed text", `<r><t>abc`, `line 1: the document ends inside element <t>`},
		{"unclosed tag", `<r><t`, `line 1: the document ends inside element <t>`},
		{"unclosed end tag", `<r></r`, `line 1: element <r> is not closed by its own end tag`},
		{"lone bracket", `<r><`, `line 1: the document ends inside element <r>`},
		{"wrong end tag", "<r><a>\n</b></r>", `line 2: element <a> is not closed by its own end tag`},
		{"longer end tag", `<r><a></ab></r>`, `line 1: element <a> is not closed by its own end tag`},
		{"prefix of end tag", `<p:r></r>`, `line 1: element <p:r> is not closed by its own end tag`},
		{"name begins with digit", `<1/>`, `line 1: a name is missing or holds a character that names must not have`},
		{"name with two colons", `<a:b:c/>`, `line 1: white space is missing in the start tag of <b>`},
		{"name ends with colon", `<a:/>`, `line 1: a name is missing or holds a character that names must not have`},
		{"name with a character of no name", "<a\u00d7/>", `line 1: a name is missing or holds a character that names must not have`},
		{"space before name", `< r/>`, `line 1: a name is missing or holds a character that names must not have`},
		{"attribute without value", `<r a/>`, `line 1: '=' is missing`},
		{"attribute without quotes", `<r a=1/>`, `line 1: '"' is missing`},
		{"attribute unclosed", `<r a="1/>`, `line 1: the document ends inside element <r>`},
		{"attribute with bracket", `<r a="<"/>`, `line 1: < in an attribute value`},
		{"attribute with bad entity", `<r a="&x;"/>`, `line 1: &x; is not a character reference or an entity that XML predefines`},
		{"attribute twice", `<r a="1" a="2"/>`, `line 1: attribute a is given twice`},
		{"attributes without space", `<r a="1"b="2"/>`, `line 1: white space is missing in the start tag of <r>`},
		{"too many attributes", `<r` + manyAttributes(maxAttributes+1) + `/>`, `line 1: element <r> has more than 32 attributes`},
		{"unknown entity", `<r><t>&nbsp;</t></r>`, `line 1: &nbsp; is not a character reference or an entity that XML predefines`},
		{"bare ampersand", `<r><t>a & b</t></r>`, `line 1: & does not begin a character reference or an entity`},
		{"reference to a control character", `<r><t>&#1;</t></r>`, `line 1: &#1; is not a character reference or an entity that XML predefines`},
		{"reference to a surrogate", `<r><t>&#xD800;</t></r>`, `line 1: &#xD800; is not a character reference or an entity that XML predefines`},
		{"negative reference", `<r><t>&#-65;</t></r>`, `line 1: &#-65; is not a character reference or an entity that XML predefines`},
		{"cdata end in text", `<r><t>a]]>b</t></r>`, `line 1: ]]> outside of a CDATA section`},
		{"cdata unclosed", `<r><t><![CDATA[a</t></r>`, `line 1: a CDATA section is not closed`},
		{"cdata before root", `<![CDATA[a]]><r/>`, `line 1: unknown markup <!`},
		{"comment unclosed", `<r><!-- a</r>`, `line 1: a comment is not closed`},
		{"comment with dashes", `<r><!-- a -- b --></r>`, `line 1: -- inside a comment`},
		{"comment with three dashes", `<r><!-- a ---></r>`, `line 1: -- inside a comment`},
		{"doctype", `<!DOCTYPE r [<!ENTITY x "y">]><r/>`, `line 1: document type declarations are not accepted`},
		{"doctype inside", `<r><!DOCTYPE r></r>`, `line 1: document type declarations are not accepted`},
		{"declaration not first", "\n<?xml version='1.0'?><r/>", `line 2: the XML declaration must be the first thing in the document`},
		{"declaration without version", `<?xml encoding='utf-8'?><r/>`, `line 1: the XML declaration is broken`},
		{"declaration of nothing", `<?xml ?><r/>`, `line 1: a name is missing or holds a character that names must not have`},
		{"version", `<?xml version='1.1'?><r/>`, `line 1: XML version "1.1" is not accepted, only 1.0`},
		{"encoding", `<?xml version='1.0' encoding='latin1'?><r/>`, `line 1: encoding "latin1" is not accepted, only UTF-8`},
		{"instruction unclosed", `<?p x<r/>`, `line 1: a processing instruction is not closed`},
		{"control character", "<r><t>\x01</t></r>", `line 1: byte 0x01: only UTF-8 without control characters is accepted`},
		{"NUL far into the document", "<r>" + strings.Repeat(" ", 99) + "\n\x00</r>", `line 2: byte 0x00: only UTF-8 without control characters is accepted`},
		{"broken UTF-8", "<r><t>\xc3(</t></r>", `line 1: byte 0xc3: only UTF-8 without control characters is accepted`},
		{"encoded surrogate", "<r><t>\xed\xa0\x80</t></r>", `line 1: byte 0xed: only UTF-8 without control characters is accepted`},
		{"not a character", "<r><t>\uffff</t></r>", `line 1: byte 0xef: only UTF-8 without control characters is accepted`},
		{"UTF-16", "\xff\xfe<\x00r\x00", `line 1: byte 0xff: only UTF-8 without control characters is accepted`},
		{"too deep", strings.Repeat("<a>", MaxDepth+1), `line 1: elements are nested more than 64 deep`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readOutline(tt.doc)
			if err == nil {
				t.Fatal("accepted")
			}
			if syntax := new(SyntaxError); !errors.As(err, &syntax) {
				t.Errorf("error is a %T", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Error("the text is longer than a line")
			}
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

func TestReaderSchemaFaults(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"text among elements", `<r><a>x<b/></a></r>`, `cvc-complex-type.2.3: Element 'a' cannot have character [children], because the type's content type is element-only.`},
		{"cdata among elements", `<r><![CDATA[x]]></r>`, `cvc-complex-type.2.3: Element 'r' cannot have character [children], because the type's content type is element-only.`},
		{"element in text", `<r><t>x<b>y</b></t></r>`, `cvc-type.3.1.2: Element 't' is a simple type, so it must have no element information item [children].`},
		{"element in empty text", `<r><t><b/></t></r>`, `cvc-type.3.1.2: Element 't' is a simple type, so it must have no element information item [children].`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readOutline(tt.doc)
			schema := new(SchemaError)
			if !errors.As(err, &schema) {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(tt.want, schema.Message); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderLenient(t *testing.T) {
	var r Reader
	r.Lenient = true
	r.Reset([]byte(`<r>x<a>y<t>1<b>2<c/></b>3</t>z</a><![CDATA[w]]></r>`))
	if got, want := outline(&r, string(r.Root())), `r(a(t="13"))`; got != want || r.Err() != nil {
		t.Errorf("got %s (%v), want %s", got, r.Err(), want)
	}
}

func TestReaderSkip(t *testing.T) {
	var r Reader
	r.Reset([]byte(`<r><x>1<y>2</y>&lt;<![CDATA[<]]><!-- --><z/></x><t>3</t></r>`))
	r.Root()
	r.Child()
	r.Skip()
	if name := string(r.Child()); name != "t" {
		t.Fatalf("element behind the skipped one is %q (%v)", name, r.Err())
	}
	if text := string(r.Text()); text != "3" {
		t.Errorf("text is %q", text)
	}
	if r.Child() != nil || r.Err() != nil {
		t.Errorf("end: %v", r.Err())
	}

	for _, broken := range []string{`<r><x>&bad;</x></r>`, `<r><x>]]></x></r>`, `<r><x><y></x></r>`, `<r><x>`} {
		r.Reset([]byte(broken))
		r.Root()
		r.Child()
		r.Skip()
		if r.Err() == nil {
			t.Errorf("%s was skipped without an error", broken)
		}
	}
}

func TestExpect(t *testing.T) {
	var r Reader
	r.Reset([]byte(`<ChangeBatch/>`))
	if r.Expect("ChangeResourceRecordSetsRequest") {
		t.Fatal("accepted")
	}
	if got, want := r.Err().Error(), "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Child() != nil || r.Text() != nil {
		t.Error("reading goes on after an error")
	}
}

// After an error every method returns a zero value, and the error stays.
func TestReaderErrorSticks(t *testing.T) {
	var r Reader
	r.Reset([]byte(`<r><a></b><t>5</t></r>`))
	r.Root()
	r.Child()
	if r.Child() != nil {
		t.Fatal("the broken end tag was not seen")
	}
	first := r.Err()
	c := &Constraint{Type: "T", Max: 9, Enum: NewEnum("5")}
	if r.String(c) != "" || r.Int(c) != 0 || r.Enum(c) != "" || r.Bool() || r.Float() != 0 || !r.Time().IsZero() || r.Blob() != nil {
		t.Error("a value was read after the error")
	}
	r.Skip()
	r.Missing("x")
	r.CheckCount("x", 0, 1, 0)
	r.End()
	if !errors.Is(r.Err(), first) {
		t.Errorf("error became %v", r.Err())
	}
}

func TestBadChar(t *testing.T) {
	// Each byte that is refused, at each place within and across two words.
	for at := range 24 {
		for c := range 256 {
			data := []byte(strings.Repeat("x", 24))
			data[at] = byte(c)
			want := -1
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x80 {
				want = at
			}
			if got := badChar(data); got != want {
				t.Fatalf("byte %#x at %d: got %d, want %d", c, at, got, want)
			}
		}
		for _, s := range []string{"é", "€", "😀", "\u0085"} {
			if got := badChar([]byte(strings.Repeat("x", at) + s + "x")); got != -1 {
				t.Errorf("%q at %d: got %d", s, at, got)
			}
		}
	}
}
