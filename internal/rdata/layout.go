package rdata

// A layout says of which parts the rdata of a type is made, one byte a part:
//
//	1 2 4 6  that many bytes: numbers and the like
//	n        a domain name, folded to lower case in canonical form
//	N        a domain name whose case is kept (RFC 3597 §7, RFC 9460 §2.1)
//	s        a character string
//	*        the rest, at least one byte
//	+        the rest, one or more character strings
//	p        the rest, service parameters
//	t        a CAA tag and the rest, which may be empty
//	a        address of 4 bytes, A of 16
type layout string

// Which names are folded is RFC 4034 §6.2 as amended by RFC 6840 §5.1. The
// obsolete types are here because their canonical form is the same law.
var layouts = map[Type]layout{
	TypeA: "a", TypeAAAA: "A", TypeNS: "n", TypeCNAME: "n", TypePTR: "n", TypeDNAME: "n",
	TypeSOA: "nn44444", TypeMX: "2n", TypeTXT: "+", TypeSPF: "+", TypeSRV: "6n", TypeNAPTR: "4sssn",
	TypeDS: "4*", TypeTLSA: "12*", TypeSSHFP: "2*", TypeSVCB: "2Np", TypeHTTPS: "2Np", TypeCAA: "1t",

	3: "n", 4: "n", 7: "n", 8: "n", 9: "n", // MD, MF, MB, MG, MR
	14: "nn", 17: "nn", 18: "2n", 21: "2n", 26: "2nn", 36: "2n", // MINFO, RP, AFSDB, RT, PX, KX
}

// parts calls each with every part of wire: its kind and its bounds. It
// reports whether wire is exactly what the layout says.
func (l layout) parts(wire []byte, each func(kind byte, start, end int)) bool {
	i := 0
	for k := range len(l) {
		n := partLength(l[k], wire[i:])
		if n < 0 {
			return false
		}
		if each != nil {
			each(l[k], i, i+n)
		}
		i += n
	}
	return i == len(wire)
}

// partLength is the length of the part that b begins with, -1 if it is malformed.
func partLength(kind byte, b []byte) int {
	n := -1
	switch kind {
	case '1', '2', '4', '6':
		n = int(kind - '0')
	case 'a':
		n = 4
	case 'A':
		n = 16
	case 'n', 'N':
		n = nameLength(b)
	case 's':
		if len(b) > 0 {
			n = 1 + int(b[0])
		}
	case '*':
		if len(b) > 0 {
			n = len(b)
		}
	case '+':
		if validStrings(b) {
			n = len(b)
		}
	case 'p':
		if validServiceParams(b) {
			n = len(b)
		}
	case 't':
		if len(b) > 0 && int(b[0]) < len(b) && validCAATag(b[1:1+int(b[0])]) {
			n = len(b)
		}
	}
	if n > len(b) {
		return -1
	}
	return n
}

// nameLength is the length of the uncompressed name that b begins with, -1 if
// it is none.
func nameLength(b []byte) int {
	for i := 0; i < len(b) && i < MaxName; i += 1 + int(b[i]) {
		if b[i] == 0 {
			return i + 1
		}
		if b[i] > MaxLabel {
			return -1
		}
	}
	return -1
}

func validStrings(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		n := 1 + int(b[0])
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return true
}

// TargetOffset says where in wire the name begins whose addresses belong into
// the additional section of an answer (RFC 1035 §3.3, RFC 1183, RFC 2782,
// RFC 9460 §4.1). ok is false for types without one, for malformed rdata, and
// where the name is the root: no service (RFC 2782, RFC 7505) or, in SVCB and
// HTTPS, the owner itself.
func TargetOffset(t Type, wire []byte) (off int, ok bool) {
	switch t {
	case TypeNS, 3, 4, 7: // MD, MF, MB
	case TypeMX, TypeSVCB, TypeHTTPS, 18, 21, 36: // AFSDB, RT, KX
		off = 2
	case TypeSRV:
		off = 6
	default:
		return 0, false
	}
	if len(wire) < off || nameLength(wire[off:]) <= 1 {
		return 0, false
	}
	return off, true
}
