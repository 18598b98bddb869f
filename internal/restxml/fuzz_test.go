package restxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// fragments are what FuzzReader builds documents from. encoding/xml and Reader
// must agree on everything that can be made of them; left out is what
// encoding/xml is known to be lax about (attributes given twice or without
// space between them, instructions whose target runs into other characters,
// declarations in the middle, document types).
var fragments = []string{
	"<a>", "</a>", "<b>", "</b>", "<c/>", "<d x='1'>", "</d>", "<p:e xmlns:p=\"u\">", "</p:e>", "<f y=\"&lt;\" z='\"'/>",
	"text", " ", "\n", "\r\n", "\r", "é", "&amp;", "&#65;", "&#x1F600;", "&quot;", "&bad;", "&#0;", "&", ";",
	"<!-- c -->", "<!---->", "<!-- - -->", "<!--", "-->", "--", "<![CDATA[", "]]>", "]]", "]", "<?pi x?>", "?>",
	"<", ">", "</", "/>", "'", "\"", "=", "<a b='<'>", "<1>", "</a >", "< a>", "<a\n>", "\t",
}

func fragmentDocument(choices []byte) []byte {
	var b bytes.Buffer
	b.WriteString("<r>")
	for _, c := range choices {
		b.WriteString(fragments[int(c)%len(fragments)])
	}
	b.WriteString("</r>")
	return b.Bytes()
}

// ours reads a whole document and returns the text of all its elements.
func ours(data []byte) (string, error) {
	var r Reader
	var text strings.Builder
	r.Reset(data)
	r.Root()
	for r.err == nil && r.depth > 0 {
		if r.empty {
			r.close()
			continue
		}
		r.text = r.text[:0]
		r.run(true)
		text.Write(r.text)
		if r.err != nil {
			break
		}
		if kind, section := r.markup(); kind == cdata {
			text.Write(appendNormalized(nil, section))
		}
	}
	r.End()
	return text.String(), r.Err()
}

// theirs does the same with encoding/xml, which takes several roots and text
// around them.
func theirs(data []byte) (string, error) {
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(data))
	for depth, roots := 0, 0; ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if depth != 0 || roots != 1 {
				return "", io.ErrUnexpectedEOF
			}
			break
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth > 0 {
				text.Write(token)
			} else if len(bytes.TrimSpace(token)) > 0 {
				return "", errors.New("text outside of the root")
			}
		}
	}
	// RawToken does not compare end tags with start tags.
	d = xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return text.String(), nil
		} else if err != nil {
			return "", err
		}
	}
}

// FuzzReader takes its input once as a document and once as a recipe for one.
// A document that Reader accepts is one for encoding/xml too, with the same
// text; on documents made from fragments the two agree in both directions.
func FuzzReader(f *testing.F) {
	for i := range fragments {
		f.Add([]byte{byte(i)})
		f.Add([]byte{0, byte(i), 1})
		f.Add([]byte(fragments[i]))
	}
	for _, doc := range []string{
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r xmlns='u'><t>&#xD;</t></r>",
		"<r><![CDATA[<]]></r><!-- end -->",
		"\xef\xbb\xbf<r/>",
		strings.Repeat("<a>", 70),
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := ours(data)
		// Beyond ASCII the two have names of different editions of XML.
		if err == nil && isASCII(data) {
			if want, err := theirs(data); err != nil {
				t.Fatalf("accepted %q; encoding/xml says %v", data, err)
			} else if text != want {
				t.Fatalf("text of %q is %q; encoding/xml has %q", data, text, want)
			}
		}
		doc := fragmentDocument(data)
		if len(data) > 60 { // deep nesting is refused by one only
			return
		}
		text, err = ours(doc)
		want, wantErr := theirs(doc)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got %v, encoding/xml %v", doc, err, wantErr)
		}
		if err == nil && text != want {
			t.Fatalf("text of %q is %q; encoding/xml has %q", doc, text, want)
		}
	})
}

func isASCII(data []byte) bool {
	return bytes.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// FuzzText writes any text and reads it back.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a<b>&c", "\r\n", "]]>", "\xff", "\u0000", "é😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := AppendEnd(AppendString([]byte("<r>"), "t", s), "r")
		var r Reader
		r.Reset(doc)
		r.Root()
		r.Child()
		got := string(r.Text())
		if r.Child() != nil {
			t.Fatal("more children")
		}
		if r.End(); r.Err() != nil {
			t.Fatalf("%q: %v", doc, r.Err())
		}
		want := strings.Map(func(c rune) rune {
			if !validChar(c) {
				return utf8.RuneError
			}
			return c
		}, s)
		if got != want {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}
