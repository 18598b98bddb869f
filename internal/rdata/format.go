package rdata

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// FormatValue is the Route 53 value string for uncompressed rdata: names with
// the trailing dot, strings in quotation marks, octal escapes. Well-formed
// rdata that has no such string (a service parameter that Route 53 does not
// know, say, or TXT above its 4000 characters) comes in the generic form
// of RFC 3597, which ParseValue reads too. Malformed rdata is an error.
func FormatValue(t Type, wire []byte) (string, error) {
	if !wellFormed(t, wire) {
		return "", &ValueError{Code: malformedGeneric.code, Explanation: malformedGeneric.explanation, Value: genericText(wire)}
	}
	f := formatter{b: make([]byte, 0, 2*len(wire)+16)}
	f.rdata(t, wire)
	if f.hard {
		again, err := ParseValue(t, string(f.b))
		if err != nil || string(again) != string(wire) {
			return genericText(wire), nil
		}
	}
	return string(f.b), nil
}

// genericText is the form of RFC 3597 §5.
func genericText(wire []byte) string {
	b := append(make([]byte, 0, 2*len(wire)+12), `\# `...)
	b = strconv.AppendInt(b, int64(len(wire)), 10)
	if len(wire) > 0 {
		b = append(b, ' ')
		b = hex.AppendEncode(b, wire)
	}
	return string(b)
}

// formatter writes rdata as text; it is the parser's counterpart. The rdata
// is well-formed, so nothing here checks lengths.
type formatter struct {
	b     []byte
	start int // where the rdata begins in b
	// master selects the dialect, as in the parser.
	master bool
	// hard says that the parser may refuse the text: Route 53 limits values of
	// the type, or miekg/dns printed it.
	hard bool
}

// rdata appends the text of wire.
func (f *formatter) rdata(t Type, wire []byte) {
	switch t {
	case TypeA:
		f.b = netip.AddrFrom4([4]byte(wire)).AppendTo(f.b)
	case TypeAAAA:
		f.b = netip.AddrFrom16([16]byte(wire)).AppendTo(f.b)
	case TypeTXT, TypeSPF:
		f.hard = !f.master && len(wire) > maxValueText/4 // each byte may take an escape
		f.strings(wire)
	case TypeCAA:
		n := int(wire[1])
		f.number(uint64(wire[0]))
		f.b = append(append(f.b, ' '), wire[2:2+n]...)
		f.b = append(f.b, ' ')
		f.quoted(wire[2+n:])
	case TypeDS:
		f.hard = true
		f.number(uint64(binary.BigEndian.Uint16(wire)))
		f.numbersAndHex(wire[2:], 2)
	case TypeTLSA:
		f.hard = true
		f.numbersAndHex(wire, 3)
	case TypeSSHFP:
		f.hard = true
		f.numbersAndHex(wire, 2)
	case TypeSVCB, TypeHTTPS:
		f.hard = true
		f.serviceBinding(wire)
	default:
		f.other(t, wire)
	}
}

// other formats the types that a layout of numbers, strings and names
// describes, and hands the rest to miekg/dns.
func (f *formatter) other(t Type, wire []byte) {
	switch t {
	case TypeNS, TypeCNAME, TypePTR, TypeDNAME, TypeSOA, TypeMX, TypeSRV, TypeNAPTR:
	default:
		f.hard = true
		f.extension(t, wire)
		return
	}
	f.hard = t == TypeNAPTR
	layouts[t].parts(wire, func(kind byte, start, end int) {
		switch part := wire[start:end]; kind {
		case 'n', 'N':
			f.name(part)
		case 's':
			f.quoted(part[1:])
		case '4':
			if t == TypeSOA {
				f.separate()
				f.number(uint64(binary.BigEndian.Uint32(part)))
				return
			}
			f.numbers16(part)
		default: // '2' and '6' are 16-bit numbers in all of these
			f.numbers16(part)
		}
	})
}

// separate puts a blank before a field that is not the first.
func (f *formatter) separate() {
	if len(f.b) > f.start {
		f.b = append(f.b, ' ')
	}
}

func (f *formatter) number(n uint64) { f.b = strconv.AppendUint(f.b, n, 10) }

func (f *formatter) numbers16(part []byte) {
	for ; len(part) >= 2; part = part[2:] {
		f.separate()
		f.number(uint64(binary.BigEndian.Uint16(part)))
	}
}

// numbersAndHex appends n one-byte numbers and the rest as hexadecimal.
func (f *formatter) numbersAndHex(wire []byte, n int) {
	for _, v := range wire[:n] {
		f.separate()
		f.number(uint64(v))
	}
	f.b = append(f.b, ' ')
	f.b = hex.AppendEncode(f.b, wire[n:])
}

// name appends a name with its trailing dot.
func (f *formatter) name(wire []byte) {
	f.separate()
	if len(wire) == 1 {
		f.b = append(f.b, '.')
		return
	}
	if f.master {
		f.b = appendMasterLabels(f.b, wire, len(wire))
		return
	}
	for i := 0; wire[i] != 0; i += 1 + int(wire[i]) {
		for _, c := range wire[i+1 : i+1+int(wire[i])] {
			if c <= ' ' || c >= 0x7f || c == '.' || c == '\\' || c == '"' {
				f.b = appendOctal(f.b, c)
			} else {
				f.b = append(f.b, c)
			}
		}
		f.b = append(f.b, '.')
	}
}

func appendOctal(b []byte, c byte) []byte {
	return append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

// strings appends character strings, each in quotation marks.
func (f *formatter) strings(wire []byte) {
	for len(wire) > 0 {
		n := 1 + int(wire[0])
		f.quoted(wire[1:n])
		wire = wire[n:]
	}
}

// quoted appends s in quotation marks.
func (f *formatter) quoted(s []byte) {
	if n := len(f.b); n > f.start && f.b[n-1] != ' ' && f.b[n-1] != '=' {
		f.b = append(f.b, ' ')
	}
	f.b = append(f.b, '"')
	for _, c := range s {
		f.stringByte(c)
	}
	f.b = append(f.b, '"')
}

// stringByte appends one byte of a quoted string.
func (f *formatter) stringByte(c byte) {
	switch {
	case c == '"' || c == '\\':
		f.b = append(f.b, '\\', c)
	case c >= ' ' && c < 0x7f:
		f.b = append(f.b, c)
	case f.master:
		f.b = appendDecimal(f.b, c)
	default:
		f.b = appendOctal(f.b, c)
	}
}

// serviceBinding appends the rdata of SVCB and HTTPS.
func (f *formatter) serviceBinding(wire []byte) {
	f.numbers16(wire[:2])
	n := nameLength(wire[2:])
	f.name(wire[2 : 2+n])
	for rest := wire[2+n:]; len(rest) > 0; {
		key := binary.BigEndian.Uint16(rest)
		end := 4 + int(binary.BigEndian.Uint16(rest[2:]))
		f.serviceParam(key, rest[4:end])
		rest = rest[end:]
	}
}

func (f *formatter) serviceParam(key uint16, value []byte) {
	f.separate()
	if key >= paramsNamed {
		f.b = append(f.b, "key"...)
		f.number(uint64(key))
		if len(value) > 0 {
			f.b = append(f.b, '=')
			f.quoted(value)
		}
		return
	}
	f.b = append(f.b, paramNames[key]...)
	if key == paramNoDefaultALPN || key == paramOHTTP {
		return
	}
	f.b = append(f.b, '=')
	switch key {
	case paramMandatory:
		for i := 0; i < len(value); i += 2 {
			f.comma(i)
			f.paramKey(binary.BigEndian.Uint16(value[i:]))
		}
	case paramALPN:
		f.quoted(joinValueList(value))
	case paramPort:
		f.number(uint64(binary.BigEndian.Uint16(value)))
	case paramIPv4Hint, paramIPv6Hint:
		size := 4
		if key == paramIPv6Hint {
			size = 16
		}
		for i := 0; i < len(value); i += size {
			f.comma(i)
			addr, _ := netip.AddrFromSlice(value[i : i+size])
			f.b = addr.AppendTo(f.b)
		}
	case paramECH:
		f.b = base64.StdEncoding.AppendEncode(f.b, value)
	default:
		f.quoted(value)
	}
}

func (f *formatter) comma(i int) {
	if i > 0 {
		f.b = append(f.b, ',')
	}
}

func (f *formatter) paramKey(key uint16) {
	if key < paramsNamed {
		f.b = append(f.b, paramNames[key]...)
		return
	}
	f.b = append(f.b, "key"...)
	f.number(uint64(key))
}

// joinValueList is the inverse of splitValueList on character strings.
func joinValueList(wire []byte) []byte {
	var b []byte
	for i := 0; i < len(wire); {
		if i > 0 {
			b = append(b, ',')
		}
		end := i + 1 + int(wire[i])
		for _, c := range wire[i+1 : end] {
			if c == ',' || c == '\\' {
				b = append(b, '\\')
			}
			b = append(b, c)
		}
		i = end
	}
	return b
}

// extension appends what miekg/dns prints, with the escapes of the dialect.
// The caller reads the text back: not all that miekg prints can be read.
func (f *formatter) extension(t Type, wire []byte) {
	rr, err := unpackRR(t, wire)
	if _, unknown := rr.(*dns.RFC3597); err != nil || unknown || !extensionTypes[t] {
		f.b = append(f.b, genericText(wire)...)
		return
	}
	text := strings.TrimPrefix(rr.String(), rr.Header().String())
	if f.master {
		f.b = append(f.b, text...)
		return
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			f.b = append(f.b, text[i])
			continue
		}
		v, width, ok := escape(text[i+1:], true)
		if !ok {
			v, width = '\\', 0
		}
		f.b = appendOctal(f.b, v)
		i += width
	}
}
