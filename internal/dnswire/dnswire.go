// Package dnswire is the wire code of the query path: reading one query and
// appending one response, without allocation. Everything else that touches
// DNS messages uses miekg/dns.
//
// A Query holds what one message asked, as offsets into the message and a
// folded copy of the question's name. It is reused: each worker owns one and
// Parse overwrites it.
//
//	message:  header | question | … | OPT
//	Name:     \3www\7example\3com\0      folded to lower case
//	Offsets:  0     4       12           where each label begins, left to right
//
// Nothing here keeps a reference to a message after the call, and nothing is
// safe for concurrent use.
package dnswire

// Sizes of RFC 1035 §4.1 and RFC 6891 §6.2.
const (
	HeaderLen     = 12    // bytes
	MaxUDPPlain   = 512   // largest response without EDNS
	MaxMessage    = 65535 // largest response over TCP
	OPTLen        = 11    // an OPT RR without options
	MaxNameLen    = 255
	MaxLabels     = 127
	QuestionStart = HeaderLen
)

// Header flag bits, as a 16-bit number (RFC 1035 §4.1.1, RFC 4035 §3).
const (
	FlagQR = 1 << 15
	FlagAA = 1 << 10
	FlagTC = 1 << 9
	FlagRD = 1 << 8
	FlagRA = 1 << 7
	FlagAD = 1 << 5
	FlagCD = 1 << 4

	opcodeShift = 11
	opcodeMask  = 0xf << opcodeShift
)

// Opcodes.
const (
	OpcodeQuery  = 0
	OpcodeNotify = 4
	OpcodeUpdate = 5
)

// Response codes; those above 15 need EDNS (RFC 6891 §6.1.3).
const (
	RcodeNoError   = 0
	RcodeFormErr   = 1
	RcodeServFail  = 2
	RcodeNXDomain  = 3
	RcodeNotImp    = 4
	RcodeRefused   = 5
	RcodeYXDomain  = 6
	RcodeNotAuth   = 9
	RcodeBadVers   = 16
	RcodeBadCookie = 23
)

// Classes.
const (
	ClassIN  = 1
	ClassCH  = 3
	ClassANY = 255
)

// RR types that the query path treats specially.
const (
	TypeA     = 1
	TypeNS    = 2
	TypeCNAME = 5
	TypeSOA   = 6
	TypeMX    = 15
	TypeHINFO = 13
	TypeTXT   = 16
	TypeAAAA  = 28
	TypeSRV   = 33
	TypeDNAME = 39
	TypeOPT   = 41
	TypeDS    = 43
	TypeSVCB  = 64
	TypeHTTPS = 65
	TypeTSIG  = 250
	TypeIXFR  = 251
	TypeAXFR  = 252
	TypeANY   = 255
)

// Transport is what a message came over.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
	TLS
)

// EDNS options (RFC 6891 registry).
const (
	OptionNSID      = 3
	OptionECS       = 8
	OptionCookie    = 10
	OptionKeepalive = 11
	OptionPadding   = 12
	OptionEDE       = 15
)

// Extended DNS Error codes (RFC 8914).
const (
	EDEOther                = 0
	EDENotReady             = 14
	EDEProhibited           = 18
	EDENotAuthoritative     = 20
	EDENotSupported         = 21
	EDENoReachableAuthority = 22
	EDENetworkError         = 23
	EDEInvalidData          = 24
)

func be16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

// AppendUint16 appends v in network order.
func AppendUint16(b []byte, v uint16) []byte { return append(b, byte(v>>8), byte(v)) }

// AppendUint32 appends v in network order.
func AppendUint32(b []byte, v uint32) []byte {
	return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// PutUint16 writes v at b[0:2] in network order.
func PutUint16(b []byte, v uint16) { b[0], b[1] = byte(v>>8), byte(v) }
