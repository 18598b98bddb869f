package rdata

import "strings"

// maxRdata is the largest rdata: RDLENGTH has 16 bits (RFC 1035 §3.2.1).
const maxRdata = 65535

// parser reads one value. The first problem sticks; later calls do nothing.
type parser struct {
	rest string // text not yet read
	b    []byte // wire form, appended to
	// master selects the dialect: false is an API value.
	master bool
	// origin completes relative names in master files; "" where none is known.
	origin Name
	// missing is what is wrong when a field is missing or left over.
	missing *problem
	problem *problem
}

func (p *parser) fail(why *problem) {
	if p.problem == nil {
		p.problem = why
	}
}

// fields counts the fields before any is read, because that is the fault that
// Route 53 reports first. A most of 0 means any number.
func (p *parser) fields(least, most int, wrong *problem) {
	p.missing = wrong
	if n := fieldCount(p.rest); n < least || (most > 0 && n > most) {
		p.fail(wrong)
	}
}

// fieldCount counts the fields of s, each up to a blank or a closing mark.
func fieldCount(s string) int {
	n := 0
	for {
		for s != "" && isBlank(s[0]) {
			s = s[1:]
		}
		if s == "" {
			return n
		}
		s = s[fieldEnd(s):]
		n++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func (p *parser) skipBlanks() {
	i := 0
	for i < len(p.rest) && isBlank(p.rest[i]) {
		i++
	}
	p.rest = p.rest[i:]
}

// field cuts the next field off: up to a blank, or a quoted string with its
// quotation marks.
func (p *parser) field() string {
	if p.problem != nil {
		return ""
	}
	p.skipBlanks()
	if p.rest == "" {
		p.fail(p.missing)
		return ""
	}
	end := fieldEnd(p.rest)
	text := p.rest[:end]
	p.rest = p.rest[end:]
	return text
}

// fieldEnd is the length of the field that s begins with. A quotation mark
// inside an unquoted field does not end it: key="a b" is one field.
func fieldEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++ // never ends a field
		case c == '"':
			if quoted && s[0] == '"' {
				return i + 1
			}
			quoted = !quoted
		case isBlank(c) && !quoted:
			return i
		}
	}
	return len(s)
}

// end refuses what is left behind the last field.
func (p *parser) end() {
	p.skipBlanks()
	if p.rest != "" {
		p.fail(p.missing)
	}
}

// name reads a field as a domain name.
func (p *parser) name() {
	text := p.field()
	if p.problem != nil {
		return
	}
	var why *problem
	if p.master {
		p.b, why = appendMasterName(p.b, text, p.origin)
	} else {
		p.b, why = appendName(p.b, text)
	}
	if why != nil {
		p.fail(why)
	}
}

// onlyName is the rdata of CNAME, NS, PTR and DNAME. The whole text is the
// name, so that a blank in it is an unsupported character.
func (p *parser) onlyName() {
	if p.master {
		p.fields(1, 1, nameNotOneField)
		p.name()
		return
	}
	var why *problem
	if p.b, why = appendName(p.b, p.rest); why != nil {
		p.fail(why)
	}
}

// number parses decimal digits, no sign, no blank; ok is false above limit.
func number(text string, limit uint64) (n uint64, ok bool) {
	if text == "" || len(text) > 20 {
		return 0, false
	}
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
		if n > limit { // limit is at most 2^32-1, so n cannot wrap first
			return 0, false
		}
	}
	return n, true
}

func (p *parser) uint8() uint8 {
	n, ok := number(p.field(), 0xff)
	if !ok {
		p.fail(illegalNumber8)
		return 0
	}
	p.b = append(p.b, byte(n))
	return uint8(n)
}

func (p *parser) uint16(wrong *problem) {
	n, ok := number(p.field(), 0xffff)
	if !ok {
		p.fail(wrong)
		return
	}
	p.b = append(p.b, byte(n>>8), byte(n))
}

func (p *parser) uint32() {
	text := p.field()
	n, ok := number(text, 0xffffffff)
	if !ok && p.master {
		// SOA timers in master files may carry units, as TTLs do.
		var seconds uint32
		seconds, ok = parseTTL(text)
		n = uint64(seconds)
	}
	if !ok {
		p.fail(illegalNumber32)
		return
	}
	p.b = append(p.b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// hex reads the rest of the value as hexadecimal digits, blanks between them
// allowed, and returns the bytes appended.
func (p *parser) hex() []byte {
	start := len(p.b)
	p.skipBlanks()
	if p.rest == "" {
		p.fail(p.missing)
	}
	if p.problem != nil {
		return nil
	}
	high, digits := byte(0), 0
	for i := range len(p.rest) {
		c := p.rest[i]
		if isBlank(c) {
			continue
		}
		v, ok := hexDigit(c)
		if !ok {
			p.fail(illegalHex)
			return nil
		}
		if digits%2 == 1 {
			p.b = append(p.b, high<<4|v)
		}
		high = v
		digits++
	}
	if digits%2 == 1 {
		p.fail(illegalHex)
	}
	p.rest = ""
	return p.b[start:]
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// charString reads a field as a <character-string> (RFC 1035 §3.3) and
// appends it with its length byte.
func (p *parser) charString() {
	length := len(p.b)
	p.b = append(p.b, 0)
	p.text(p.field())
	if p.problem != nil {
		return
	}
	n := len(p.b) - length - 1
	if n > 255 {
		p.fail(characterStringTooLong)
		return
	}
	p.b[length] = byte(n)
}

// text appends the bytes that a quoted field stands for. API values need the
// quotation marks.
func (p *parser) text(field string) {
	if p.problem != nil {
		return
	}
	body, quoted := unquote(field)
	if !quoted && (!p.master || strings.HasPrefix(field, `"`)) {
		p.fail(invalidCharacterString)
		return
	}
	var why *problem
	if p.b, why = appendText(p.b, body, p.master); why != nil {
		p.fail(why)
	}
}

// unquote removes a pair of quotation marks. The closing one is not a pair
// if it is escaped; fieldEnd has seen to that wherever a field was cut, save
// for an unclosed string that ends in an escaped mark.
func unquote(field string) (body string, quoted bool) {
	if len(field) < 2 || field[0] != '"' || fieldEnd(field) != len(field) {
		return field, false
	}
	body = field[1 : len(field)-1]
	if field[len(field)-1] != '"' || endsEscaped(body) {
		return field, false
	}
	return body, true
}

// endsEscaped reports whether the byte behind s is escaped by s.
func endsEscaped(s string) bool {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// appendText appends the bytes of a string whose quotation marks are gone.
func appendText(b []byte, s string, decimal bool) ([]byte, *problem) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' {
			if (c < ' ' || c >= 0x7f) && !decimal {
				return b, unsupportedCharacter
			}
			if c == '"' {
				return b, invalidCharacterString
			}
			b = append(b, c)
			continue
		}
		v, width, ok := escape(s[i+1:], decimal)
		if !ok {
			return b, unsupportedCharacter
		}
		b = append(b, v)
		i += width
	}
	return b, nil
}

// escape reads what follows a backslash: three digits, or one character that
// stands for itself. width is the number of bytes read.
func escape(s string, decimal bool) (v byte, width int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	if s[0] < '0' || s[0] > '9' {
		return s[0], 1, s[0] >= ' ' && s[0] < 0x7f
	}
	if decimal {
		v, ok = decimalEscape(s)
	} else {
		v, ok = octalEscape(s)
	}
	return v, 3, ok
}

// decimalEscape reads the three decimal digits behind a backslash.
func decimalEscape(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	n, ok := number(s[:3], 0xff)
	return byte(n), ok
}
