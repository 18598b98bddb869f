package rdata

import (
	"errors"
	"strings"
)

// Limits of a domain name (RFC 1035 §2.3.4).
const (
	MaxLabel = 63  // bytes in one label
	MaxName  = 255 // bytes in the wire form, length bytes and root included
)

// Name is a fully qualified domain name in uncompressed wire form, folded to
// lower case (RFC 4343): "\x03www\x07example\x03com\x00". Two names are equal
// when the strings are equal, so a Name is a map key. The zero value is no
// name; the root is Root.
type Name string

// Root is the name of the DNS root.
const Root Name = "\x00"

// ParseName reads a name as the Route 53 API writes it: labels separated by
// dots, the trailing dot optional, `\ooo` for the byte with that octal code.
// Printable ASCII may stand for itself; bytes 000–040 and 177–377 must be
// escaped. The result is folded to lower case. The error is a *ValueError
// (DomainNameEmpty, DomainLabelEmpty, DomainLabelTooLong, DomainNameTooLong,
// UnsupportedCharacter).
func ParseName(text string) (Name, error) {
	var buf [MaxName]byte // most names fit: one allocation, for the result
	wire, why := appendName(buf[:0], text)
	if why != nil {
		return "", why.with(text)
	}
	lowerASCII(wire)
	return Name(wire), nil
}

// MustParseName is ParseName for constants; it panics on a bad name.
func MustParseName(text string) Name {
	n, err := ParseName(text)
	if err != nil {
		panic(err)
	}
	return n
}

// appendName appends the wire form of an API name with the case kept.
func appendName(b []byte, text string) ([]byte, *problem) {
	switch text {
	case "":
		return b, domainNameEmpty
	case ".":
		return append(b, 0), nil
	}
	start, label := len(b), len(b) // label is where the open label's length goes
	b = append(b, 0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '.':
			if why := closeLabel(b, start, label); why != nil {
				return b[:start], why
			}
			label = len(b)
			b = append(b, 0)
			continue
		case c == '\\':
			v, ok := octalEscape(text[i+1:])
			if !ok {
				return b[:start], unsupportedCharacter
			}
			c = v
			i += 3
		case c <= ' ' || c >= 0x7f:
			return b[:start], unsupportedCharacter
		}
		b = append(b, c)
	}
	if len(b) == label+1 { // the text ends with a dot, and b with the root
		return b, nil
	}
	if why := closeLabel(b, start, label); why != nil {
		return b[:start], why
	}
	return append(b, 0), nil
}

// closeLabel sets the length byte at label of the label that ends b, which is
// part of the name that begins at start.
func closeLabel(b []byte, start, label int) *problem {
	n := len(b) - label - 1
	switch {
	case n == 0:
		return domainLabelEmpty
	case n > MaxLabel:
		return domainLabelTooLong
	case len(b)-start >= MaxName: // the root has no place behind it
		return domainNameTooLong
	}
	b[label] = byte(n)
	return nil
}

// octalEscape reads the three octal digits behind a backslash.
func octalEscape(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	v := 0
	for i := range 3 {
		if s[i] < '0' || s[i] > '7' {
			return 0, false
		}
		v = v<<3 | int(s[i]-'0')
	}
	return byte(v), v <= 0xff
}

func lowerASCII(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' { // a length byte is at most 63, below 'A'
			b[i] = c + 'a' - 'A'
		}
	}
}

// NameFromWire checks an uncompressed wire-form name and folds it to lower
// case. Bytes after the root label are an error.
func NameFromWire(wire []byte) (Name, error) {
	if len(wire) > MaxName {
		return "", errors.New("name is longer than 255 bytes")
	}
	for i := 0; i < len(wire); {
		n := int(wire[i])
		switch {
		case n == 0 && i == len(wire)-1:
			b := append(make([]byte, 0, len(wire)), wire...)
			lowerASCII(b)
			return Name(b), nil
		case n == 0:
			return "", errors.New("bytes after the root label")
		case n > MaxLabel:
			return "", errors.New("label is longer than 63 bytes")
		}
		i += n + 1
	}
	return "", errors.New("name has no root label")
}

// String is the API's form: lower case, trailing dot, every byte outside
// a–z 0–9 - _ as `\ooo` in octal.
func (n Name) String() string {
	if n == Root {
		return "."
	}
	b := make([]byte, 0, len(n)+8)
	for i := 0; i < len(n) && n[i] != 0; {
		end := i + 1 + int(n[i])
		b = appendEscaped(b, string(n[i+1:end]))
		b = append(b, '.')
		i = end
	}
	return string(b)
}

func appendEscaped(b []byte, label string) []byte {
	for i := range len(label) {
		c := label[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' {
			b = append(b, c)
			continue
		}
		b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
	return b
}

// SortKey orders names as Route 53 lists them: labels reversed, the escaped
// form, trailing dots kept ("com.example.www."), compared byte by byte. A
// SortKey holds no byte below '-'.
func (n Name) SortKey() string {
	if n == Root {
		return "."
	}
	return string(n.AppendSortKey(make([]byte, 0, len(n)+8)))
}

// AppendSortKey appends SortKey to b.
func (n Name) AppendSortKey(b []byte) []byte {
	if n == Root {
		return append(b, '.')
	}
	var starts [128]uint8
	labels := 0
	for i := 0; i < len(n) && n[i] != 0; i += 1 + int(n[i]) {
		starts[labels] = uint8(i)
		labels++
	}
	for l := labels - 1; l >= 0; l-- {
		i := int(starts[l])
		b = appendEscaped(b, string(n[i+1:i+1+int(n[i])]))
		b = append(b, '.')
	}
	return b
}

// Labels counts the labels, the root not included.
func (n Name) Labels() int {
	labels := 0
	for i := 0; i < len(n) && n[i] != 0; i += 1 + int(n[i]) {
		labels++
	}
	return labels
}

// Parent removes the left-most label; the parent of the root is the root.
func (n Name) Parent() Name {
	if n == "" || n == Root {
		return Root
	}
	return n[1+int(n[0]):]
}

// IsSubdomainOf reports whether n is zone or lies below it.
func (n Name) IsSubdomainOf(zone Name) bool {
	if len(n) < len(zone) || !strings.HasSuffix(string(n), string(zone)) {
		return false
	}
	cut := len(n) - len(zone)
	for i := 0; i <= cut; i += 1 + int(n[i]) { // the suffix must begin at a label
		if i == cut {
			return true
		}
	}
	return false
}

// IsWildcard reports whether the left-most label is exactly "*" (RFC 4592 §2.1.1).
func (n Name) IsWildcard() bool { return len(n) >= 2 && n[0] == 1 && n[1] == '*' }
