package rdata

import (
	"strconv"
	"strings"
)

// directive handles a line that begins with a dollar sign.
func (m *masterReader) directive(at position, text string) bool {
	p := parser{rest: text, master: true, origin: m.origin}
	switch name := strings.ToUpper(p.field()); name {
	case "$ORIGIN":
		return m.originDirective(at, &p)
	case "$TTL":
		return m.ttlDirective(at, &p)
	case "$INCLUDE":
		return m.include(at, &p)
	case "$GENERATE":
		return m.generate(at, &p)
	default:
		return m.fault(at, "directive %s is unknown", shorten(name))
	}
}

func (m *masterReader) originDirective(at position, p *parser) bool {
	p.missing = domainNameEmpty
	p.name()
	p.end()
	if p.problem != nil {
		return m.fault(at, "$ORIGIN: %s", p.problem.explanation)
	}
	lowerASCII(p.b)
	// The owner of the record before stays what it was; its text may now mean
	// another name.
	m.origin, m.ownerRaw = Name(p.b), ""
	return true
}

func (m *masterReader) ttlDirective(at position, p *parser) bool {
	ttl, ok := parseTTL(p.field())
	p.skipBlanks()
	if !ok || ttl > maxTTL || p.rest != "" {
		return m.fault(at, "$TTL wants one time of 0 to 2147483647 seconds")
	}
	m.defaultTTL, m.hasDefaultTTL = ttl, true
	return true
}

// include reads another file in the place of the directive. The file has no
// effect on origin and owner of the one that includes it (RFC 1035 §5.1).
func (m *masterReader) include(at position, p *parser) bool {
	name, why := appendText(nil, trimQuotes(p.field()), true)
	if why != nil || len(name) == 0 {
		return m.fault(at, "$INCLUDE wants a file name")
	}
	origin := m.origin
	if p.skipBlanks(); p.rest != "" {
		p.missing = nameNotOneField
		p.name()
		p.end()
		if p.problem != nil {
			return m.fault(at, "$INCLUDE: %s", p.problem.explanation)
		}
		lowerASCII(p.b)
		origin = Name(p.b)
	}
	if m.options.Open == nil {
		return m.fault(at, "$INCLUDE %s is refused: other files are not read here", shorten(string(name)))
	}
	if at.depth == maxIncludeDepth {
		return m.fault(at, "$INCLUDE %s: more than %d files deep", shorten(string(name)), maxIncludeDepth)
	}
	r, err := m.options.Open(string(name))
	if err != nil {
		return m.yield(MasterRecord{}, &MasterError{File: at.file, Line: at.line, Msg: "$INCLUDE: " + err.Error(), Err: err})
	}
	defer r.Close() //nolint:errcheck // only read from
	savedOrigin, savedOwner, savedRaw := m.origin, m.owner, m.ownerRaw
	more := m.file(r, origin, string(name), at.depth+1)
	m.origin, m.owner, m.ownerRaw = savedOrigin, savedOwner, savedRaw
	return more
}

func trimQuotes(field string) string {
	body, _ := unquote(field)
	return body
}

// generate handles `$GENERATE start-stop[/step] record`: the record once for
// each number, with $ and ${offset,width,base} replaced. BIND invented it.
func (m *masterReader) generate(at position, p *parser) bool {
	start, stop, step, ok := parseRange(p.field())
	if !ok {
		return m.fault(at, "$GENERATE wants a range start-stop or start-stop/step")
	}
	if (stop-start)/step >= int64(m.options.MaxGenerate) {
		return m.fault(at, "$GENERATE makes more than %d records", m.options.MaxGenerate)
	}
	p.skipBlanks()
	template := p.rest
	if template == "" {
		return m.fault(at, "$GENERATE has no record")
	}
	// A line behind it without an owner means the record before it.
	savedOwner, savedRaw := m.owner, m.ownerRaw
	defer func() { m.owner, m.ownerRaw = savedOwner, savedRaw }()
	var b []byte
	for n := start; n <= stop; n += step {
		if b, ok = appendGenerated(b[:0], template, n); !ok {
			return m.fault(at, "$GENERATE: bad ${offset,width,base} in %s", shorten(template))
		}
		if len(b) > maxMasterLine {
			return m.fault(at, "$GENERATE: %s", errLineTooLong)
		}
		if !m.record(at, string(b)) {
			return false
		}
	}
	return true
}

// parseRange reads start-stop[/step], each at most 2^31-1.
func parseRange(text string) (start, stop, step int64, ok bool) {
	const limit = 1<<31 - 1
	bounds, stepText, hasStep := strings.Cut(text, "/")
	from, to, found := strings.Cut(bounds, "-")
	first, ok1 := number(from, limit)
	last, ok2 := number(to, limit)
	every, ok3 := uint64(1), true
	if hasStep {
		every, ok3 = number(stepText, limit)
	}
	ok = found && ok1 && ok2 && ok3 && every > 0 && first <= last
	return int64(first), int64(last), int64(every), ok
}

// appendGenerated appends template with the number n put in. `\$` and `$$`
// are a dollar sign.
func appendGenerated(b []byte, template string, n int64) ([]byte, bool) {
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c == '\\' && i+1 < len(template) {
			b = append(b, c, template[i+1])
			i++
			continue
		}
		if c != '$' {
			b = append(b, c)
			continue
		}
		rest := template[i+1:]
		switch {
		case strings.HasPrefix(rest, "$"):
			b = append(b, `\$`...)
			i++
		case strings.HasPrefix(rest, "{"):
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				return b, false
			}
			var ok bool
			if b, ok = appendModified(b, rest[1:end], n); !ok {
				return b, false
			}
			i += end + 1
		default:
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return b, true
}

// appendModified appends n as ${offset[,width[,base]]} says: base is d, o, x,
// X, or n and N for nibbles in reverse order with dots, as ip6.arpa has them.
func appendModified(b []byte, modifier string, n int64) ([]byte, bool) {
	fields := strings.Split(modifier, ",")
	offset, err := strconv.ParseInt(fields[0], 10, 32)
	if err != nil || len(fields) > 3 || n+offset < 0 {
		return b, false
	}
	n += offset
	width := uint64(0)
	if len(fields) > 1 {
		var ok bool
		if width, ok = number(fields[1], MaxName); !ok {
			return b, false
		}
	}
	base := "d"
	if len(fields) > 2 {
		base = fields[2]
	}
	var digits string
	switch base {
	case "d":
		digits = strconv.FormatInt(n, 10)
	case "o":
		digits = strconv.FormatInt(n, 8)
	case "x":
		digits = strconv.FormatInt(n, 16)
	case "X":
		digits = strings.ToUpper(strconv.FormatInt(n, 16))
	case "n":
		return appendNibbles(b, n, int(width), "0123456789abcdef"), true
	case "N":
		return appendNibbles(b, n, int(width), "0123456789ABCDEF"), true
	default:
		return b, false
	}
	for range int(width) - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...), true
}

// appendNibbles appends n's hexadecimal digits from the lowest on, a dot
// between them; width counts digits and dots.
func appendNibbles(b []byte, n int64, width int, alphabet string) []byte {
	for {
		b = append(b, alphabet[n&0xf])
		n >>= 4
		width--
		if n == 0 && width <= 0 {
			return b
		}
		b = append(b, '.')
		width--
		if n == 0 && width <= 0 {
			return b
		}
	}
}
