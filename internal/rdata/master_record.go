package rdata

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/miekg/dns"
)

const (
	// maxTTL is the largest TTL (RFC 2181 §8).
	maxTTL = 1<<31 - 1
	// maxIncludeDepth ends files that include themselves.
	maxIncludeDepth = 16
)

// masterReader is the state of one ReadMaster.
type masterReader struct {
	options MasterOptions
	yield   func(MasterRecord, error) bool

	origin   Name
	owner    Name   // owner of the last record, "" before the first
	ownerRaw string // text that owner was read from, under the same origin

	defaultTTL, lastTTL       uint32
	hasDefaultTTL, hasLastTTL bool
}

// file reads one file; false means that the loop has had enough.
func (m *masterReader) file(r io.Reader, origin Name, name string, depth int) bool {
	m.origin, m.owner, m.ownerRaw = origin, "", ""
	lines := newLineReader(r)
	for {
		text, err := lines.next()
		at := position{file: name, line: lines.start, depth: depth}
		switch {
		case errors.Is(err, io.EOF):
			return true
		case errors.Is(err, errUnclosedParen), errors.Is(err, errUnclosedQuote),
			errors.Is(err, errExtraParen), errors.Is(err, errLineTooLong):
			if !m.fault(at, "%s", err) {
				return false
			}
		case err != nil:
			m.yield(MasterRecord{}, &MasterError{File: name, Line: lines.line + 1, Msg: "read: " + err.Error(), Err: err})
			return false
		case len(text) > 0:
			if !m.line(at, string(text)) {
				return false
			}
		}
	}
}

// position is where a record starts; depth counts the $INCLUDEs around it.
type position struct {
	file        string
	line, depth int
}

func (m *masterReader) fault(at position, format string, args ...any) bool {
	return m.yield(MasterRecord{}, &MasterError{File: at.file, Line: at.line, Msg: fmt.Sprintf(format, args...)})
}

// line handles one logical line.
func (m *masterReader) line(at position, text string) bool {
	if text[0] == '$' {
		return m.directive(at, text)
	}
	return m.record(at, text)
}

// record handles a line that is blank or holds a record.
func (m *masterReader) record(at position, text string) bool {
	p := parser{rest: text, master: true, origin: m.origin}
	if !isBlank(text[0]) {
		owner := p.field()
		if why := m.readOwner(owner); why != nil {
			return m.fault(at, "owner name %s: %s", shorten(owner), why.explanation)
		}
	}
	p.skipBlanks()
	if p.rest == "" && isBlank(text[0]) {
		return true
	}
	if m.owner == "" {
		return m.fault(at, "no owner name")
	}
	rr := MasterRecord{File: at.file, Line: at.line, Name: m.owner}
	hasTTL, fault := m.readHead(&p, &rr)
	if fault != "" {
		return m.fault(at, "%s", fault)
	}
	if signed[rr.Type] {
		if m.options.SkipDNSSEC {
			return true
		}
		return m.fault(at, "signed zone: %s records are made by the signer", dns.Type(rr.Type))
	}
	if !rr.Type.storable() {
		return m.fault(at, "type %s is no data", dns.Type(rr.Type))
	}
	return m.readRdata(at, &p, rr, hasTTL)
}

// readOwner sets the owner name. Files repeat it often, so the last text is kept.
func (m *masterReader) readOwner(text string) *problem {
	if text == m.ownerRaw && text != "" {
		return nil
	}
	var buf [MaxName]byte
	wire, why := appendMasterName(buf[:0], text, m.origin)
	if why != nil {
		return why
	}
	lowerASCII(wire)
	m.owner, m.ownerRaw = Name(wire), text
	return nil
}

// readHead reads TTL and class, in either order and both optional, and the
// type.
func (m *masterReader) readHead(p *parser, rr *MasterRecord) (hasTTL bool, fault string) {
	hasClass := false
	for {
		p.skipBlanks()
		if p.rest == "" {
			return false, "type is missing"
		}
		field := p.field()
		if '0' <= field[0] && field[0] <= '9' && !hasTTL {
			ttl, ok := parseTTL(field)
			if !ok || ttl > maxTTL {
				return false, fmt.Sprintf("TTL %s is not a time of 0 to 2147483647 seconds", shorten(field))
			}
			rr.TTL, hasTTL = ttl, true
			continue
		}
		if class, is := parseClass(field); is && !hasClass {
			if class != dns.ClassINET {
				return false, fmt.Sprintf("class %s: only IN is served", shorten(field))
			}
			hasClass = true
			continue
		}
		t, ok := parseMasterType(field)
		if !ok {
			return false, fmt.Sprintf("type %s is unknown", shorten(field))
		}
		rr.Type = t
		return hasTTL, ""
	}
}

// readRdata reads what is left of the line and yields the record.
func (m *masterReader) readRdata(at position, p *parser, rr MasterRecord, hasTTL bool) bool {
	p.skipBlanks()
	text := p.rest
	p.value(rr.Type)
	if p.problem != nil {
		return m.fault(at, "%s %s: %s", rr.Type, shorten(text), p.problem.explanation)
	}
	rr.Wire = p.b
	if !m.setTTL(&rr, hasTTL) {
		return m.fault(at, "no TTL, and none before it")
	}
	value, err := FormatValue(rr.Type, rr.Wire)
	if err != nil {
		return m.fault(at, "%s %s: %s", rr.Type, shorten(text), malformedGeneric.explanation)
	}
	rr.Value = value
	return m.yield(rr, nil)
}

// setTTL completes the TTL: $TTL (RFC 2308 §4), else that of the record before
// (RFC 1035 §5.1), else for SOA its own minimum, as BIND and others do.
func (m *masterReader) setTTL(rr *MasterRecord, hasTTL bool) bool {
	switch {
	case hasTTL:
	case m.hasDefaultTTL:
		rr.TTL = m.defaultTTL
		return true // $TTL does not become the TTL of the record before
	case m.hasLastTTL:
		rr.TTL = m.lastTTL
	case rr.Type == TypeSOA:
		minimum := rr.Wire[len(rr.Wire)-4:]
		rr.TTL = uint32(minimum[0])<<24 | uint32(minimum[1])<<16 | uint32(minimum[2])<<8 | uint32(minimum[3])
		rr.TTL = min(rr.TTL, maxTTL)
	default:
		return false
	}
	m.lastTTL, m.hasLastTTL = rr.TTL, true
	return true
}

// signed are the types that only a signer makes, and ZONEMD (RFC 8976), which
// the first change of the zone would make wrong.
var signed = map[Type]bool{
	Type(dns.TypeDNSKEY): true, Type(dns.TypeRRSIG): true, Type(dns.TypeNSEC): true, Type(dns.TypeNSEC3): true,
	Type(dns.TypeNSEC3PARAM): true, Type(dns.TypeSIG): true, Type(dns.TypeKEY): true, Type(dns.TypeNXT): true,
	Type(dns.TypeZONEMD): true,
}

// parseMasterType reads any type mnemonic that miekg/dns knows, in either
// case, or TYPEnnn.
func parseMasterType(text string) (Type, bool) {
	switch text { // nearly all records of nearly all zones
	case "A":
		return TypeA, true
	case "AAAA":
		return TypeAAAA, true
	}
	text = strings.ToUpper(text)
	if n, found := dns.StringToType[text]; found {
		return Type(n), true
	}
	return ParseType(text)
}

// parseClass reads a class mnemonic or CLASSnnn (RFC 3597 §5).
func parseClass(text string) (class uint16, is bool) {
	switch text {
	case "IN":
		return dns.ClassINET, true
	case "A", "AAAA": // skip the map
		return 0, false
	}
	text = strings.ToUpper(text)
	if digits, found := strings.CutPrefix(text, "CLASS"); found {
		n, ok := number(digits, 0xffff)
		return uint16(n), ok
	}
	class, is = dns.StringToClass[text]
	return class, is && text != "ANY"
}

// shorten quotes text for a message, what was several lines as one.
func shorten(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return fmt.Sprintf("%.60q…", text)
	}
	return fmt.Sprintf("%q", text)
}
