package restxml

import (
	"bytes"
	"fmt"
	"strings"
)

// MaxDepth is how deep elements may be nested.
const MaxDepth = 64

// Reader is a pull reader of one XML document. The zero value is not ready:
// call Reset. Namespaces are ignored: elements are known by local name.
type Reader struct {
	// Namespace is the service's, named in the texts of schema errors.
	Namespace string
	// Lenient reads an answer of a server: constraints are not checked, ids
	// keep their prefixes, stray text and elements inside values are skipped.
	Lenient bool

	data  []byte
	pos   int
	depth int               // number of open elements
	open  [MaxDepth]nameLoc // their names; open[depth] is the one closed last
	empty bool              // the innermost open element is <name/>; its end is yet to be told
	text  []byte            // text that is not one piece of data
	err   error
}

// nameLoc is where a name stands in the document, its prefix included.
type nameLoc struct{ start, end int }

// Reset begins a new document. The Reader keeps data until the next Reset, and
// never changes it.
func (r *Reader) Reset(data []byte) {
	r.data, r.pos, r.depth, r.empty, r.err = data, 0, 0, false, nil
	if i := badChar(data); i >= 0 {
		r.pos = i
		r.fail("byte %#02x: only UTF-8 without control characters is accepted", data[i])
	}
}

// Err is the first error: nil, *SyntaxError, *RootError or *SchemaError.
func (r *Reader) Err() error { return r.err }

// Root reads up to and with the root element's start tag and returns its local
// name; nil after an error.
func (r *Reader) Root() []byte {
	if r.err != nil {
		return nil
	}
	r.data = bytes.TrimPrefix(r.data, []byte("\xef\xbb\xbf"))
	r.declaration()
	for r.err == nil {
		r.space()
		if r.pos == len(r.data) {
			r.fail("the document has no root element")
			break
		}
		if r.data[r.pos] != '<' {
			r.fail("text before the root element")
			break
		}
		switch kind, name := r.markup(); kind {
		case startTag:
			return name
		case endTag, cdata:
			r.fail("unexpected markup before the root element")
		case nothing:
		}
	}
	return nil
}

// Expect is Root for a document whose root element must have the local name
// want; false after an error.
func (r *Reader) Expect(want string) bool {
	name := r.Root()
	if r.err == nil && string(name) != want {
		r.err = &RootError{Got: string(name), Want: want}
	}
	return r.err == nil
}

// End checks that nothing but comments, processing instructions and white
// space follow the root element, which must be closed. A document of no bytes,
// never begun, passes.
func (r *Reader) End() {
	for r.err == nil {
		r.space()
		if r.pos == len(r.data) {
			return
		}
		if r.data[r.pos] != '<' {
			r.fail("text after the root element")
			return
		}
		if kind, _ := r.markup(); kind != nothing {
			r.fail("a second root element, or other markup after the root element")
		}
	}
}

// Child moves into the next child of the innermost open element and returns
// its local name, which is valid until the next Reset. At the end of the open
// element it closes that and returns nil; also after an error.
func (r *Reader) Child() []byte {
	if r.err != nil {
		return nil
	}
	if r.empty {
		r.close()
		return nil
	}
	for r.err == nil {
		r.space()
		if r.pos == len(r.data) {
			r.failEOF()
			return nil
		}
		if r.data[r.pos] != '<' {
			r.strayText()
			continue
		}
		switch kind, name := r.markup(); kind {
		case startTag:
			return name
		case endTag:
			return nil
		case cdata:
			r.strayText()
		case nothing:
		}
	}
	return nil
}

// strayText handles text where only elements belong.
func (r *Reader) strayText() {
	if !r.Lenient {
		r.failSchema("cvc-complex-type.2.3: Element '%s' cannot have character [children], because the type's content type is element-only.", r.local(r.depth-1))
		return
	}
	r.run(false)
}

// Text reads the innermost open element to its end, closes it, and returns its
// text; nil after an error. The bytes are valid until the next call.
func (r *Reader) Text() []byte {
	if r.err != nil {
		return nil
	}
	if r.empty {
		r.close()
		return nil
	}
	start, i := r.pos, r.pos
	for i < len(r.data) && class[r.data[i]]&classTextStop == 0 {
		i++
	}
	if i+1 < len(r.data) && r.data[i] == '<' && r.data[i+1] == '/' {
		r.pos = i
		r.endTag()
		return r.data[start:i]
	}
	return r.joinedText()
}

// joinedText is Text for content that holds references, CDATA sections,
// comments or carriage returns.
func (r *Reader) joinedText() []byte {
	r.text = r.text[:0]
	for r.err == nil {
		r.run(true)
		if r.err != nil {
			break
		}
		switch kind, name := r.markup(); kind {
		case endTag:
			return r.text
		case startTag:
			if r.err != nil {
				break
			}
			if !r.Lenient {
				r.failSchema("cvc-type.3.1.2: Element '%s' is a simple type, so it must have no element information item [children].", r.local(r.depth-2))
				break
			}
			r.Skip()
		case cdata:
			r.text = appendNormalized(r.text, name)
		case nothing:
		}
	}
	return nil
}

// Skip reads the innermost open element to its end and closes it, whatever it
// holds.
func (r *Reader) Skip() {
	for target := r.depth - 1; r.err == nil && r.depth > target; {
		if r.empty {
			r.close()
			continue
		}
		if r.run(false); r.err == nil {
			r.markup()
		}
	}
}

// run reads text up to the next '<', into r.text if keep.
func (r *Reader) run(keep bool) {
	for r.err == nil {
		start := r.pos
		for r.pos < len(r.data) && class[r.data[r.pos]]&classTextStop == 0 {
			r.pos++
		}
		if keep {
			r.text = append(r.text, r.data[start:r.pos]...)
		}
		if r.pos == len(r.data) {
			r.failEOF()
			return
		}
		var c rune
		switch r.data[r.pos] {
		case '<':
			return
		case '&':
			c = r.reference()
		case '\r': // XML §2.11: CR and CR LF are one LF
			c = '\n'
			if r.pos++; r.pos < len(r.data) && r.data[r.pos] == '\n' {
				r.pos++
			}
		case ']':
			if bytes.HasPrefix(r.data[r.pos:], []byte("]]>")) {
				r.fail("]]> outside of a CDATA section")
				return
			}
			c = ']'
			r.pos++
		}
		if keep {
			r.text = append(r.text, string(c)...)
		}
	}
}

// appendNormalized appends text with line ends as XML §2.11 wants them.
func appendNormalized(b, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\r')
		if i < 0 {
			return append(b, text...)
		}
		b = append(append(b, text[:i]...), '\n')
		text = bytes.TrimPrefix(text[i+1:], []byte("\n"))
	}
}

// close ends the innermost open element.
func (r *Reader) close() {
	r.empty = false
	r.depth--
}

// local is the local name of the open element i, 0 being the root.
func (r *Reader) local(i int) string {
	name := string(r.data[r.open[i].start:r.open[i].end])
	if _, after, found := strings.Cut(name, ":"); found {
		return after
	}
	return name
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		line := 1 + bytes.Count(r.data[:r.pos], []byte("\n"))
		r.err = &SyntaxError{Line: line, Reason: fmt.Sprintf(format, args...)}
	}
}

func (r *Reader) failEOF() {
	if r.depth == 0 {
		r.fail("the document ends early")
		return
	}
	r.fail("the document ends inside element <%s>", r.local(r.depth-1))
}

func (r *Reader) failSchema(format string, args ...any) {
	if r.err == nil {
		r.err = &SchemaError{Message: fmt.Sprintf(format, args...)}
	}
}
