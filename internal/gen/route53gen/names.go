package main

import (
	"strings"
	"unicode"
)

// constName is the Go name of an enumeration's value: ChangeActionCreate for
// CREATE, VPCRegionUsEast1 for us-east-1, RRTypeAAAA for AAAA.
func (s *service) constName(enum *shape, value string) string {
	var b strings.Builder
	b.WriteString(enum.goName)
	notAlnum := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for _, word := range strings.FieldsFunc(value, notAlnum) {
		switch {
		case s.initialisms[word]:
			b.WriteString(word)
		case word == strings.ToUpper(word):
			b.WriteString(word[:1] + strings.ToLower(word[1:]))
		default:
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// lowerFirst is the form in which AWS names a member in its messages.
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// goType is the type of a value of the shape.
func (s *shape) goType() string {
	switch s.kind {
	case kindString:
		return "string"
	case kindInt32:
		return "int32"
	case kindInt64:
		return "int64"
	case kindFloat:
		return "float64"
	case kindBool:
		return "bool"
	case kindTime:
		return "time.Time"
	case kindBlob:
		return "[]byte"
	case kindList:
		return "[]" + s.item.goType()
	}
	return s.goName
}

// goType is the type of the member's field.
func (m *member) goType() string {
	if m.pointer() {
		return "*" + m.shape.goType()
	}
	return m.shape.goType()
}
