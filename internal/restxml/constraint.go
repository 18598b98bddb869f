package restxml

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Constraint is what a service model says about a scalar shape. Which fields
// count depends on the method it is given to: lengths, pattern and prefixes to
// String, values to Enum, bounds to Int.
type Constraint struct {
	Type   string // the shape's name, for messages
	MinLen int    // in Unicode characters
	MaxLen int    // in Unicode characters; 0 is no limit
	// Pattern must match the whole text; nil is any text.
	Pattern *Pattern
	// Prefixes are path elements that a client may write in front of an id:
	// with "hostedzone", "/hostedzone/Z1" and "hostedzone/Z1" are read as "Z1".
	Prefixes []string
	// Enum lists the values of an enumeration.
	Enum *Enum
	// Min and Max bound integers, both included.
	Min, Max int64
}

// Pattern is a regular expression with the text that messages show for it.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// NewPattern makes a Pattern that matches whole texts. The expression is in
// Go's syntax, text is the model's form of it. It panics if expr is broken.
func NewPattern(text, expr string) *Pattern {
	return &Pattern{text: text, re: regexp.MustCompile(`^(?:` + expr + `)$`)}
}

// Enum is a set of texts, in the order that messages list them.
type Enum struct {
	values []string
	index  map[string]int
	open   bool
}

// NewEnum makes a set that admits the given values only.
func NewEnum(values ...string) *Enum {
	e := &Enum{values: slices.Clone(values), index: make(map[string]int, len(values))}
	for i, v := range values {
		e.index[v] = i
	}
	return e
}

// Open returns a set with the same values that admits any text but the empty
// one.
func (e *Enum) Open() *Enum { return &Enum{values: e.values, index: e.index, open: true} }

// lookup returns the set's own copy of a value, so that reading a known one
// allocates nothing.
func (e *Enum) lookup(text []byte) (string, bool) {
	if i, ok := e.index[string(text)]; ok {
		return e.values[i], true
	}
	return string(text), e.open && len(text) > 0
}

func (e *Enum) String() string { return "[" + strings.Join(e.values, ", ") + "]" }

// facet is the part of a constraint that a value breaks.
type facet uint8

const (
	valid facet = iota
	minLength
	maxLength
	minInclusive
	maxInclusive
	pattern
	enumeration
	notInteger
)

// checkString tells which facet text breaks.
func (c *Constraint) checkString(text string) facet {
	// A text has at most as many characters as bytes, so counting is rare.
	if c.MaxLen > 0 && len(text) > c.MaxLen && utf8.RuneCountInString(text) > c.MaxLen {
		return maxLength
	}
	if c.MinLen > 0 && (len(text) < c.MinLen || c.MinLen > 1 && utf8.RuneCountInString(text) < c.MinLen) {
		return minLength
	}
	if c.Pattern != nil && !c.Pattern.re.MatchString(text) {
		return pattern
	}
	return valid
}

// parseInt reads an integer as XML Schema writes it and checks the bounds.
func (c *Constraint) parseInt(text string) (int64, facet) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// Out of int64's range, or no integer at all?
		digits := strings.TrimLeft(text, "+-")
		switch {
		case len(text)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "":
			return 0, notInteger
		case text[0] == '-':
			return n, minInclusive
		}
		return n, maxInclusive
	}
	switch {
	case n < c.Min:
		return n, minInclusive
	case n > c.Max:
		return n, maxInclusive
	}
	return n, valid
}

// trimPrefixes removes what the client wrote in front of an id.
func (c *Constraint) trimPrefixes(id string) string {
	for i := 0; i < len(c.Prefixes); i++ {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(id, "/"), c.Prefixes[i])
		if ok && len(rest) > 1 && rest[0] == '/' {
			id = rest[1:]
			i = -1 // what is left must have none
		}
	}
	return id
}

// schemaText words a broken facet as Xerces, the XML parser behind Route 53,
// does for elements of a body.
func (c *Constraint) schemaText(f facet, value string) string {
	length := utf8.RuneCountInString(value)
	value = shown(value)
	switch f {
	case minLength:
		return fmt.Sprintf("cvc-minLength-valid: Value '%s' with length = '%d' is not facet-valid with respect to minLength '%d' for type '%s'.", value, length, c.MinLen, c.Type)
	case maxLength:
		return fmt.Sprintf("cvc-maxLength-valid: Value '%s' with length = '%d' is not facet-valid with respect to maxLength '%d' for type '%s'.", value, length, c.MaxLen, c.Type)
	case minInclusive:
		return fmt.Sprintf("cvc-minInclusive-valid: Value '%s' is not facet-valid with respect to minInclusive '%d' for type '%s'.", value, c.Min, c.Type)
	case maxInclusive:
		return fmt.Sprintf("cvc-maxInclusive-valid: Value '%s' is not facet-valid with respect to maxInclusive '%d' for type '%s'.", value, c.Max, c.Type)
	case pattern:
		return fmt.Sprintf("cvc-pattern-valid: Value '%s' is not facet-valid with respect to pattern '%s' for type '%s'.", value, c.Pattern.text, c.Type)
	case enumeration:
		return fmt.Sprintf("cvc-enumeration-valid: Value '%s' is not facet-valid with respect to enumeration '%s'. It must be a value from the enumeration.", value, c.Enum)
	case notInteger:
		return badDatatype(value, "integer")
	case valid:
	}
	return ""
}

// badDatatype is the text for a value that cannot be read at all.
func badDatatype(value, datatype string) string {
	return fmt.Sprintf("cvc-datatype-valid.1.2.1: '%s' is not a valid value for '%s'.", shown(value), datatype)
}

// paramText words a broken facet as AWS does for members of path, query and
// headers.
func (c *Constraint) paramText(f facet, member, value string) string {
	var must string
	switch f {
	case minLength:
		must = fmt.Sprintf("have length greater than or equal to %d", c.MinLen)
	case maxLength:
		must = fmt.Sprintf("have length less than or equal to %d", c.MaxLen)
	case minInclusive:
		must = fmt.Sprintf("have value greater than or equal to %d", c.Min)
	case maxInclusive:
		must = fmt.Sprintf("have value less than or equal to %d", c.Max)
	case pattern:
		must = "satisfy regular expression pattern: " + c.Pattern.text
	case enumeration:
		must = "satisfy enum value set: " + c.Enum.String()
	case notInteger:
		must = "be an integer"
	case valid:
	}
	return fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must %s", shown(value), member, must)
}

// shown cuts a value for a message.
func shown(value string) string {
	const most = 1024 // bytes
	if len(value) <= most {
		return value
	}
	cut := most
	for !utf8.RuneStart(value[cut]) {
		cut--
	}
	return value[:cut] + "..."
}
