package restxml

import (
	"fmt"
	"strings"
)

// Params reads members that travel outside the body, and collects the
// constraints they break. The zero value is ready.
type Params struct {
	faults []string
}

// String checks a text. member is the name that messages give it.
func (p *Params) String(member, value string, c *Constraint) string {
	value = c.trimPrefixes(value)
	p.note(c.checkString(value), c, member, value)
	return value
}

// Enum checks a value of an enumeration.
func (p *Params) Enum(member, value string, c *Constraint) string {
	value, ok := c.Enum.lookup([]byte(strings.TrimSpace(value)))
	switch {
	case !ok:
		p.note(enumeration, c, member, value)
	case c.Enum.open:
		p.note(c.checkString(value), c, member, value)
	}
	return value
}

// Int reads an integer.
func (p *Params) Int(member, value string, c *Constraint) int64 {
	n, f := c.parseInt(strings.TrimSpace(value))
	p.note(f, c, member, value)
	return n
}

// Bool reads true or false.
func (p *Params) Bool(member, value string) bool {
	switch strings.TrimSpace(value) {
	case "true", "1":
		return true
	case "false", "0":
	default:
		p.faults = append(p.faults, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must be true or false", shown(value), member))
	}
	return false
}

// Missing reports that a required member was not given.
func (p *Params) Missing(member string) {
	p.faults = append(p.faults, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", member))
}

func (p *Params) note(f facet, c *Constraint, member, value string) {
	if f != valid {
		p.faults = append(p.faults, c.paramText(f, member, value))
	}
}

// Err is nil, or a *ParamError that lists everything noted.
func (p *Params) Err() error {
	switch len(p.faults) {
	case 0:
		return nil
	case 1:
		return &ParamError{Message: "1 validation error detected: " + p.faults[0]}
	}
	return &ParamError{Message: fmt.Sprintf("%d validation errors detected: %s", len(p.faults), strings.Join(p.faults, "; "))}
}

// Query walks over the parameters of a raw query string in order.
//
//	for q := restxml.NewQuery(r.URL.RawQuery); q.Next(); {
//		switch q.Key {
type Query struct {
	Key, Value string // decoded
	rest       string
	err        error
}

// NewQuery begins at the first parameter of raw.
func NewQuery(raw string) *Query { return &Query{rest: raw} }

// Next moves to the next parameter; false at the end and at a parameter whose
// percent encoding is broken, which Err tells apart.
func (q *Query) Next() bool {
	for q.rest != "" && q.err == nil {
		var pair string
		pair, q.rest, _ = strings.Cut(q.rest, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		var okKey, okValue bool
		q.Key, okKey = unescape(key, true)
		q.Value, okValue = unescape(value, true)
		if !okKey || !okValue {
			q.err = &ParamError{Message: "The query string is not properly percent-encoded: " + shown(pair)}
			return false
		}
		return true
	}
	return false
}

// Err is nil or a *ParamError.
func (q *Query) Err() error { return q.err }

// unescape decodes %XX, and + as a blank in queries (RFC 3986 §2.1). The result
// is text without control characters: whatever arrives here goes into messages.
func unescape(s string, query bool) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && (!query || strings.IndexByte(s, '+') < 0) {
		return s, badChar([]byte(s)) < 0
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && query:
			b = append(b, ' ')
		case s[i] == '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			b = append(b, byte(hi<<4|lo))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), badChar(b) < 0
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// AppendEscaped appends s for use as a path label or in a query: every byte but
// the unreserved ones (RFC 3986 §2.3) as %XX.
func AppendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
