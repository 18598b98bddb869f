package restxml

import (
	"encoding/binary"
	"unicode/utf8"
)

// Classes of bytes, as bits of class.
const (
	className      = 1 << iota // may continue a name; every byte of a multi-byte character counts
	classNameStart             // may start a name
	classSpace                 // XML §2.3, production 3
	classTextStop              // ends a run of plain text: < & ] and carriage return
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf, 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
			t[c] = className | classNameStart
		case '0' <= c && c <= '9', c == '-', c == '.':
			t[c] = className
		case c == ' ', c == '\t', c == '\n':
			t[c] = classSpace
		case c == '\r':
			t[c] = classSpace | classTextStop
		case c == '<', c == '&', c == ']':
			t[c] = classTextStop
		}
	}
	return t
}()

func isSpace(c byte) bool { return class[c]&classSpace != 0 }

// nameRanges are the characters beyond ASCII that may start a name (XML §2.3,
// production 4); nameMore are those that may only continue one (4a).
var (
	nameRanges = [][2]rune{
		{0xC0, 0xD6},
		{0xD8, 0xF6},
		{0xF8, 0x2FF},
		{0x370, 0x37D},
		{0x37F, 0x1FFF},
		{0x200C, 0x200D},
		{0x2070, 0x218F},
		{0x2C00, 0x2FEF},
		{0x3001, 0xD7FF},
		{0xF900, 0xFDCF},
		{0xFDF0, 0xFFFD},
		{0x10000, 0xEFFFF},
	}
	nameMore = [][2]rune{{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}
)

func inRanges(c rune, ranges [][2]rune) bool {
	for _, r := range ranges {
		if r[0] <= c && c <= r[1] {
			return true
		}
	}
	return false
}

// validName checks a name that holds bytes beyond ASCII; the ASCII part was
// checked with class.
func validName(name []byte) bool {
	for i, c := range string(name) {
		if c < utf8.RuneSelf || inRanges(c, nameRanges) || i > 0 && inRanges(c, nameMore) {
			continue
		}
		return false
	}
	return true
}

// validChar reports whether a document may contain c (XML §2.2).
func validChar(c rune) bool {
	switch {
	case c < 0x20:
		return c == '\t' || c == '\n' || c == '\r'
	case c <= 0xD7FF:
		return true
	}
	return 0xE000 <= c && c <= 0xFFFD || 0x10000 <= c && c <= 0x10FFFF
}

// badChar returns the index of the first byte of data that is not part of a
// character a document may contain, or -1. Eight bytes are looked at together:
// a word in which no byte is below a blank or above ASCII needs no closer look.
func badChar(data []byte) int {
	const high = 0x8080808080808080
	i := 0
	for i < len(data) {
		for i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			if (w|(w-0x2020202020202020))&high != 0 {
				break
			}
			i += 8
		}
		for end := min(i+8, len(data)); i < end; {
			if c := data[i]; c < utf8.RuneSelf {
				if c < ' ' && class[c]&classSpace == 0 {
					return i
				}
				i++
				continue
			}
			c, size := utf8.DecodeRune(data[i:])
			if c == utf8.RuneError && size == 1 || !validChar(c) {
				return i
			}
			i += size
		}
	}
	return -1
}
