package rdata

import (
	"strings"

	"github.com/miekg/dns"
)

// maxValueText is the longest value of the API, in characters.
const maxValueText = 4000

// isGeneric reports whether the value is in the form of RFC 3597 §5. No other
// form begins with a backslash and a hash: in a name it would be an escape,
// which the API allows in octal only.
func (p *parser) isGeneric() bool {
	return strings.HasPrefix(p.rest, `\#`) && (len(p.rest) == 2 || isBlank(p.rest[2]))
}

// generic reads `\# length hex`.
func (p *parser) generic(t Type) {
	p.missing = illegalGeneric
	p.field()
	length, ok := number(p.field(), maxRdata)
	if !ok {
		p.fail(illegalGeneric)
		return
	}
	p.skipBlanks()
	start := len(p.b)
	if p.rest != "" {
		p.hex()
	}
	if p.problem != nil || len(p.b)-start != int(length) {
		p.problem = illegalGeneric
		return
	}
	if !wellFormed(t, p.b[start:]) {
		p.fail(malformedGeneric)
	}
}

// wellFormed reports whether wire can be rdata of type t, uncompressed. Types
// that nobody knows may hold anything.
func wellFormed(t Type, wire []byte) bool {
	if len(wire) > maxRdata {
		return false
	}
	if l, known := layouts[t]; known {
		return l.parts(wire, nil)
	}
	if _, known := dns.TypeToRR[uint16(t)]; !known {
		return true
	}
	if len(wire) == 0 {
		// miekg/dns takes empty rdata of any type for an update's; see below.
		return t == typeNULL || t == typeAPL
	}
	rr, err := unpackRR(t, wire)
	if err != nil {
		return false
	}
	again, err := packRR(rr)
	return err == nil && string(again) == string(wire)
}

// Types whose rdata may be empty.
const (
	typeNULL Type = 10 // RFC 1035 §3.3.10
	typeAPL  Type = 42 // RFC 3123 §4
)

// unpackRR reads wire with miekg/dns. Compression pointers cannot lead
// anywhere: the rdata is unpacked on its own.
func unpackRR(t Type, wire []byte) (dns.RR, error) {
	header := dns.RR_Header{Name: ".", Rrtype: uint16(t), Class: dns.ClassINET, Rdlength: uint16(len(wire))}
	rr, end, err := dns.UnpackRRWithHeader(header, wire, 0)
	if err == nil && end != len(wire) {
		err = dns.ErrRdata
	}
	return rr, err
}

// packRR is the uncompressed rdata of rr.
func packRR(rr dns.RR) ([]byte, error) {
	buf := make([]byte, dns.Len(rr)+maxRRHeader)
	end, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return nil, err
	}
	nameEnd := nameLength(buf[:end])
	return buf[nameEnd+10 : end], nil
}

// maxRRHeader is room enough for what precedes rdata: name, type, class, TTL,
// length.
const maxRRHeader = MaxName + 10

// extension reads a value of a type that miekg/dns parses. The text goes to
// it field by field, escapes rewritten as master files have them, so that
// neither comments, parentheses nor directives mean anything.
func (p *parser) extension(t Type) {
	p.missing = malformedGeneric
	// Master files may name any type that miekg/dns knows; API values of the
	// types that Type.String calls TYPEnnn have the generic form only.
	mnemonic, known := dns.TypeToString[uint16(t)]
	if !known || (!extensionTypes[t] && !p.master) {
		p.fail(illegalGeneric)
		return
	}
	var line strings.Builder
	line.WriteString(". 0 IN " + mnemonic)
	for p.problem == nil {
		p.skipBlanks()
		if p.rest == "" {
			break
		}
		line.WriteByte(' ')
		p.rewrite(&line, p.field())
	}
	if p.problem != nil {
		return
	}
	line.WriteByte('\n')
	origin := "."
	if p.master && p.origin != Root {
		origin = string(appendMasterLabels(nil, p.origin, len(p.origin)))
	}
	zone := dns.NewZoneParser(strings.NewReader(line.String()), origin, "")
	rr, ok := zone.Next()
	if !ok || zone.Err() != nil {
		p.fail(malformedGeneric)
		return
	}
	wire, err := packRR(rr)
	if err != nil || !wellFormed(t, wire) {
		p.fail(malformedGeneric)
		return
	}
	p.b = append(p.b, wire...)
}

// rewrite appends field in master file form: decimal escapes, and nothing
// left that a master file parser would take for syntax.
func (p *parser) rewrite(line *strings.Builder, field string) {
	body, quoted := unquote(field)
	if !quoted && strings.Contains(field, `"`) {
		p.fail(invalidCharacterString)
		return
	}
	if quoted {
		line.WriteByte('"')
	}
	for i := 0; i < len(body); i++ {
		c := body[i]
		escaped := c == '\\'
		if escaped {
			v, width, ok := escape(body[i+1:], p.master)
			if !ok {
				p.fail(unsupportedCharacter)
				return
			}
			c = v
			i += width
		} else if c < ' ' || c >= 0x7f {
			p.fail(unsupportedCharacter)
			return
		}
		// In the API @ is no origin.
		if escaped || strings.IndexByte(`();"$`, c) >= 0 || (c == '@' && !p.master) {
			line.Write(appendDecimal(nil, c))
		} else {
			line.WriteByte(c)
		}
	}
	if quoted {
		line.WriteByte('"')
	}
}
