package restxml

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxAttributes bounds the attributes of one element.
const maxAttributes = 32

// markupKind is what stood between two pieces of text.
type markupKind uint8

const (
	nothing  markupKind = iota // a comment, a processing instruction, or an error
	startTag                   // an element was opened
	endTag                     // an element was closed
	cdata                      // a CDATA section
)

// markup reads what begins with the '<' at the current position. It returns the
// local name of a start tag, or the text of a CDATA section.
func (r *Reader) markup() (markupKind, []byte) {
	rest := r.data[r.pos:]
	if len(rest) < 2 {
		r.failEOF()
		return nothing, nil
	}
	switch rest[1] {
	case '/':
		r.endTag()
		return endTag, nil
	case '?':
		r.instruction()
		return nothing, nil
	case '!':
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			r.comment()
			return nothing, nil
		case bytes.HasPrefix(rest, []byte("<![CDATA[")) && r.depth > 0:
			return r.section()
		case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
			r.fail("document type declarations are not accepted")
		default:
			r.fail("unknown markup <!")
		}
		return nothing, nil
	}
	return startTag, r.startTag()
}

// startTag opens an element and returns its local name.
func (r *Reader) startTag() []byte {
	r.pos++
	start := r.pos
	local := r.name()
	if r.err != nil {
		return nil
	}
	if r.depth == MaxDepth {
		r.fail("elements are nested more than %d deep", MaxDepth)
		return nil
	}
	r.open[r.depth] = nameLoc{start, r.pos}
	r.depth++
	if r.pos < len(r.data) && r.data[r.pos] == '>' {
		r.pos++
		return local
	}
	r.attributes()
	if r.err != nil {
		return nil
	}
	return local
}

// name reads a name with at most one prefix and returns the part behind it.
func (r *Reader) name() []byte {
	start, i := r.pos, r.pos
	local := start
	var bits byte
	for ; i < len(r.data); i++ {
		c := r.data[i]
		if class[c]&className != 0 && (i > local || class[c]&classNameStart != 0) {
			bits |= c
			continue
		}
		if c != ':' || local != start || i == start {
			break
		}
		local = i + 1
	}
	r.pos = i
	if i == local || bits >= utf8.RuneSelf && (!validName(r.data[start:max(start, local-1)]) || !validName(r.data[local:i])) {
		r.fail("a name is missing or holds a character that names must not have")
		return nil
	}
	return r.data[local:i]
}

// attributes checks the rest of a start tag behind the name. What attributes
// say is of no interest.
func (r *Reader) attributes() {
	var seen [maxAttributes]nameLoc
	for n := 0; ; n++ {
		spaces := r.space()
		rest := r.data[r.pos:]
		switch {
		case len(rest) > 0 && rest[0] == '>':
			r.pos++
			return
		case len(rest) > 1 && rest[0] == '/' && rest[1] == '>':
			r.pos += 2
			r.empty = true
			return
		case len(rest) == 0:
			r.failEOF()
			return
		case spaces == 0:
			r.fail("white space is missing in the start tag of <%s>", r.local(r.depth-1))
			return
		case n == maxAttributes:
			r.fail("element <%s> has more than %d attributes", r.local(r.depth-1), maxAttributes)
			return
		}
		start := r.pos
		r.name()
		seen[n] = nameLoc{start, r.pos}
		for _, s := range seen[:n] {
			if bytes.Equal(r.data[s.start:s.end], r.data[start:r.pos]) {
				r.fail("attribute %s is given twice", r.data[start:r.pos])
			}
		}
		if r.attributeValue(); r.err != nil {
			return
		}
	}
}

// attributeValue reads an equals sign and a quoted value, and returns the
// value as it is written.
func (r *Reader) attributeValue() []byte {
	r.space()
	if !r.accept('=') {
		return nil
	}
	r.space()
	quote := byte('"')
	if r.pos < len(r.data) && r.data[r.pos] == '\'' {
		quote = '\''
	}
	if !r.accept(quote) {
		return nil
	}
	for start := r.pos; r.pos < len(r.data) && r.err == nil; {
		switch c := r.data[r.pos]; c {
		case quote:
			r.pos++
			return r.data[start : r.pos-1]
		case '<':
			r.fail("< in an attribute value")
		case '&':
			r.reference()
		default:
			r.pos++
		}
	}
	r.failEOF()
	return nil
}

// accept reads one given byte.
func (r *Reader) accept(c byte) bool {
	if r.err != nil || r.pos == len(r.data) || r.data[r.pos] != c {
		r.fail("%q is missing", c)
		return false
	}
	r.pos++
	return true
}

// space skips white space and returns how much there was.
func (r *Reader) space() int {
	start := r.pos
	for r.pos < len(r.data) && isSpace(r.data[r.pos]) {
		r.pos++
	}
	return r.pos - start
}

// endTag closes the innermost open element, whose name the tag must repeat.
func (r *Reader) endTag() {
	if r.depth == 0 {
		r.fail("an end tag without a start tag")
		return
	}
	r.pos += len("</")
	loc := r.open[r.depth-1]
	want := r.data[loc.start:loc.end]
	rest := r.data[r.pos:]
	if len(rest) > len(want) && bytes.Equal(rest[:len(want)], want) {
		r.pos += len(want)
		if r.data[r.pos] == '>' {
			r.pos++
			r.depth--
			return
		}
		if r.space() > 0 && r.accept('>') {
			r.depth--
			return
		}
	}
	if r.pos == len(r.data) {
		r.failEOF()
		return
	}
	r.fail("element <%s> is not closed by its own end tag", want)
}

// comment skips <!-- … -->, in which "--" must not occur (XML §2.5).
func (r *Reader) comment() {
	r.pos += len("<!--")
	i := bytes.Index(r.data[r.pos:], []byte("--"))
	if i < 0 {
		r.fail("a comment is not closed")
		return
	}
	r.pos += i + len("--")
	if r.pos == len(r.data) || r.data[r.pos] != '>' {
		r.fail("-- inside a comment")
		return
	}
	r.pos++
}

// section reads <![CDATA[ … ]]>.
func (r *Reader) section() (markupKind, []byte) {
	r.pos += len("<![CDATA[")
	i := bytes.Index(r.data[r.pos:], []byte("]]>"))
	if i < 0 {
		r.fail("a CDATA section is not closed")
		return nothing, nil
	}
	text := r.data[r.pos : r.pos+i]
	r.pos += i + len("]]>")
	return cdata, text
}

// instruction skips <? … ?>.
func (r *Reader) instruction() {
	r.pos += len("<?")
	start := r.pos
	r.name()
	if r.err != nil {
		return
	}
	if bytes.EqualFold(r.data[start:r.pos], []byte("xml")) {
		r.fail("the XML declaration must be the first thing in the document")
		return
	}
	end := bytes.Index(r.data[r.pos:], []byte("?>"))
	if end < 0 || end > 0 && !isSpace(r.data[r.pos]) {
		r.fail("a processing instruction is not closed")
		return
	}
	r.pos += end + len("?>")
}

// declaration reads <?xml version="1.0" …?>, if the document begins with it
// (XML §2.8).
func (r *Reader) declaration() {
	const begin = "<?xml"
	if len(r.data) <= len(begin) || string(r.data[:len(begin)]) != begin || !isSpace(r.data[len(begin)]) {
		return
	}
	r.pos = len(begin)
	for step := 0; r.err == nil; {
		spaces := r.space()
		if bytes.HasPrefix(r.data[r.pos:], []byte("?>")) && step > 0 {
			r.pos += len("?>")
			return
		}
		if spaces == 0 {
			break
		}
		name := string(r.name())
		value := string(r.attributeValue())
		switch {
		case r.err != nil:
		case name == "version" && step == 0:
			if step = 1; value != "1.0" {
				r.fail("XML version %q is not accepted, only 1.0", value)
			}
		case name == "encoding" && step == 1:
			if step = 2; !bytes.EqualFold([]byte(value), []byte("utf-8")) {
				r.fail("encoding %q is not accepted, only UTF-8", value)
			}
		case name == "standalone" && (step == 1 || step == 2) && (value == "yes" || value == "no"):
			step = 3
		default:
			r.fail("the XML declaration is broken")
		}
	}
	r.fail("the XML declaration is broken")
}

// reference reads a character reference or one of the five predefined
// entities; there are no others without a document type.
func (r *Reader) reference() rune {
	const longest = len("&#x0010FFFF;") // leading zeros beyond that are refused
	window := r.data[r.pos:min(len(r.data), r.pos+longest)]
	end := bytes.IndexByte(window, ';')
	if end < 0 {
		r.fail("& does not begin a character reference or an entity")
		return 0
	}
	body := string(window[1:end])
	var c rune
	switch body {
	case "lt":
		c = '<'
	case "gt":
		c = '>'
	case "amp":
		c = '&'
	case "apos":
		c = '\''
	case "quot":
		c = '"'
	default:
		if c = numericReference(body); c < 0 {
			r.fail("&%s; is not a character reference or an entity that XML predefines", body)
			return 0
		}
	}
	r.pos += end + 1
	return c
}

// numericReference is the character of "#10" or "#xA", or -1.
func numericReference(body string) rune {
	if len(body) < 2 || body[0] != '#' {
		return -1
	}
	digits, base := body[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	if digits == "" || digits[0] == '+' || digits[0] == '-' {
		return -1
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || !validChar(rune(n)) {
		return -1
	}
	return rune(n)
}
