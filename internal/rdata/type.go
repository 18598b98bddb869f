package rdata

import (
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Type is an RR type number.
type Type uint16

// The 17 types of the Route 53 API, and the ones the server treats specially.
const (
	TypeA     Type = 1
	TypeNS    Type = 2
	TypeCNAME Type = 5
	TypeSOA   Type = 6
	TypePTR   Type = 12
	TypeMX    Type = 15
	TypeTXT   Type = 16
	TypeAAAA  Type = 28
	TypeSRV   Type = 33
	TypeNAPTR Type = 35
	TypeDNAME Type = 39
	TypeDS    Type = 43
	TypeSSHFP Type = 44
	TypeTLSA  Type = 52
	TypeSVCB  Type = 64
	TypeHTTPS Type = 65
	TypeSPF   Type = 99
	TypeCAA   Type = 257
)

var amazonTypes = map[Type]bool{
	TypeSOA: true, TypeA: true, TypeTXT: true, TypeNS: true, TypeCNAME: true, TypeMX: true, TypeNAPTR: true,
	TypePTR: true, TypeSRV: true, TypeSPF: true, TypeAAAA: true, TypeCAA: true, TypeDS: true, TypeTLSA: true,
	TypeSSHFP: true, TypeSVCB: true, TypeHTTPS: true,
}

// IsAmazon reports whether the Route 53 API knows the type.
func (t Type) IsAmazon() bool { return amazonTypes[t] }

// extensionTypes are stored beyond Amazon's 17. Unknown numbers travel as
// TYPEnnn (RFC 3597); meta types, query types and the types that a signer
// makes are never data.
var extensionTypes = map[Type]bool{
	TypeDNAME: true, Type(dns.TypeLOC): true, Type(dns.TypeURI): true, Type(dns.TypeOPENPGPKEY): true,
	Type(dns.TypeSMIMEA): true, Type(dns.TypeCDS): true, Type(dns.TypeCDNSKEY): true, Type(dns.TypeCSYNC): true,
	Type(dns.TypeHINFO): true, Type(dns.TypeRP): true, Type(dns.TypeAFSDB): true,
}

// String is the mnemonic, or TYPEnnn.
func (t Type) String() string {
	if amazonTypes[t] || extensionTypes[t] {
		return dns.TypeToString[uint16(t)]
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// ParseType reads a type that an RRset can have: one of Amazon's 17, one of
// the named extensions, or TYPEnnn for any other data type. ok is false for
// meta types and query types (OPT, TSIG, AXFR, ANY, … and 128–255; RFC 6895
// §3.1), for the types a signer owns (DNSKEY, RRSIG, NSEC, NSEC3, NSEC3PARAM),
// and for type 0.
func ParseType(text string) (t Type, ok bool) {
	if n, found := dns.StringToType[text]; found {
		t = Type(n)
		return t, amazonTypes[t] || extensionTypes[t]
	}
	digits, found := strings.CutPrefix(text, "TYPE")
	if !found {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || (len(digits) > 1 && digits[0] == '0') {
		return 0, false
	}
	t = Type(n)
	return t, t.storable()
}

func (t Type) storable() bool {
	switch uint16(t) {
	case dns.TypeNone, dns.TypeOPT, dns.TypeDNSKEY, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeNSEC3PARAM, dns.TypeReserved:
		return false
	}
	return t < 128 || t > 255
}
