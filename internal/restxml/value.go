package restxml

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// String reads the open element as text.
func (r *Reader) String(c *Constraint) string {
	text := string(r.Text())
	if r.err != nil || r.Lenient {
		return text
	}
	text = c.trimPrefixes(text)
	if f := c.checkString(text); f != valid {
		r.failSchema("%s", c.schemaText(f, text))
	}
	return text
}

// Enum reads the open element as a value of an enumeration; white space around
// it is ignored.
func (r *Reader) Enum(c *Constraint) string {
	text, ok := c.Enum.lookup(bytes.TrimSpace(r.Text()))
	if r.err != nil || r.Lenient {
		return text
	}
	f := valid
	if !ok {
		f = enumeration
	} else if c.Enum.open {
		f = c.checkString(text)
	}
	if f != valid {
		r.failSchema("%s", c.schemaText(f, text))
	}
	return text
}

// Int reads the open element as an integer; white space around it is ignored.
func (r *Reader) Int(c *Constraint) int64 {
	text := string(bytes.TrimSpace(r.Text()))
	if r.err != nil {
		return 0
	}
	n, f := c.parseInt(text)
	if f != valid && (!r.Lenient || f == notInteger) {
		r.failSchema("%s", c.schemaText(f, text))
	}
	return n
}

// Bool reads the open element as true, false, 1 or 0.
func (r *Reader) Bool() bool {
	text := bytes.TrimSpace(r.Text())
	switch string(text) {
	case "true", "1":
		return true
	case "false", "0":
	default:
		r.failSchema("%s", badDatatype(string(text), "boolean"))
	}
	return false
}

// Float reads the open element as a double (XML Schema part 2, §3.2.5): a
// decimal number with or without exponent, INF, -INF or NaN.
func (r *Reader) Float() float64 {
	text := string(bytes.TrimSpace(r.Text()))
	switch text {
	case "INF":
		return math.Inf(1)
	case "-INF":
		return math.Inf(-1)
	case "NaN":
		return math.NaN()
	}
	f, err := strconv.ParseFloat(text, 64)
	// ParseFloat reads more than the schema does: hexadecimal, "Infinity".
	// Beyond the range it returns an infinity, as the schema wants.
	if err != nil && !math.IsInf(f, 0) || strings.Trim(text, "0123456789+-.eE") != "" {
		r.failSchema("%s", badDatatype(text, "double"))
		return 0
	}
	return f
}

// Time reads the open element as an ISO 8601 date and time.
func (r *Reader) Time() time.Time {
	text := string(bytes.TrimSpace(r.Text()))
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		r.failSchema("%s", badDatatype(text, "dateTime"))
		return time.Time{}
	}
	return t.UTC()
}

// Blob reads the open element as base64.
func (r *Reader) Blob() []byte {
	text := string(bytes.TrimSpace(r.Text()))
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || r.err != nil {
		r.failSchema("%s", badDatatype(text, "base64Binary"))
		return nil
	}
	return b
}

// Missing reports that the element closed last lacks a required child.
func (r *Reader) Missing(child string) {
	if r.Lenient || r.err != nil {
		return
	}
	r.failSchema(`cvc-complex-type.2.4.b: The content of element '%s' is not complete. One of '{"%s":%s}' is expected.`, r.local(r.depth), r.Namespace, child)
}

// CheckCount checks how many items the list element closed last had: with
// fewer than least one is missing, with more than most (0 is no limit) one is
// too many.
func (r *Reader) CheckCount(item string, count, least, most int) {
	if r.Lenient || r.err != nil {
		return
	}
	if count < least {
		r.Missing(item)
	}
	if most > 0 && count > most {
		r.failSchema(`cvc-complex-type.2.4.d: Invalid content was found starting with element '{"%s":%s}'. No child element is expected at this point.`, r.Namespace, item)
	}
}
