package restxml

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Declaration begins every document that a Route 53 server writes.
const Declaration = "<?xml version=\"1.0\"?>\n"

// TimeFormat is how timestamps are written: UTC with milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// AppendText appends s as character data. What a document may not contain
// becomes U+FFFD.
func AppendText(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '<' && c != '>' && c != '&' || c == '\n' || c == '\t' {
			i++
			continue
		}
		var escape string
		size := 1
		switch c {
		case '<':
			escape = "&lt;"
		case '>':
			escape = "&gt;"
		case '&':
			escape = "&amp;"
		case '\r': // a bare one would be read back as a line feed
			escape = "&#xD;"
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if validChar(r) && (r != utf8.RuneError || size != 1) {
				i += size
				continue
			}
			escape = "\uFFFD"
		}
		b = append(b, s[start:i]...)
		b = append(b, escape...)
		i += size
		start = i
	}
	return append(b, s[start:]...)
}

// AppendStart appends <name>.
func AppendStart(b []byte, name string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	return append(b, '>')
}

// AppendEnd appends </name>.
func AppendEnd(b []byte, name string) []byte {
	b = append(b, '<', '/')
	b = append(b, name...)
	return append(b, '>')
}

// AppendRoot appends the start tag of a root element in a namespace.
func AppendRoot(b []byte, name, namespace string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	b = append(b, ` xmlns="`...)
	b = append(b, namespace...)
	return append(b, '"', '>')
}

// AppendString appends <name>value</name>.
func AppendString(b []byte, name, value string) []byte {
	return AppendEnd(AppendText(AppendStart(b, name), value), name)
}

// AppendInt appends <name>value</name>.
func AppendInt(b []byte, name string, value int64) []byte {
	return AppendEnd(strconv.AppendInt(AppendStart(b, name), value, 10), name)
}

// AppendBool appends <name>true</name> or <name>false</name>.
func AppendBool(b []byte, name string, value bool) []byte {
	return AppendEnd(strconv.AppendBool(AppendStart(b, name), value), name)
}

// AppendFloat appends <name>value</name>, with as many digits as it takes to
// read the same number back.
func AppendFloat(b []byte, name string, value float64) []byte {
	b = AppendStart(b, name)
	switch abs := math.Abs(value); {
	case math.IsInf(value, 1):
		b = append(b, "INF"...)
	case math.IsInf(value, -1):
		b = append(b, "-INF"...)
	case abs != 0 && abs < 1e-6 || abs >= 1e21:
		b = strconv.AppendFloat(b, value, 'E', -1, 64)
	default:
		b = strconv.AppendFloat(b, value, 'f', -1, 64)
	}
	return AppendEnd(b, name)
}

// AppendTime appends <name>value</name> in TimeFormat; parts of a millisecond
// are cut off.
func AppendTime(b []byte, name string, value time.Time) []byte {
	return AppendEnd(value.UTC().AppendFormat(AppendStart(b, name), TimeFormat), name)
}

// AppendBlob appends <name>value</name> in base64.
func AppendBlob(b []byte, name string, value []byte) []byte {
	return AppendEnd(base64.StdEncoding.AppendEncode(AppendStart(b, name), value), name)
}
