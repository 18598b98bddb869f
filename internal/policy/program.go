package policy

import (
	"encoding/binary"
	"math"

	"open53/internal/geo"
	"open53/internal/zone"
)

// Program is a compiled RRset group. Numbers are little-endian:
//
//	0   u8   policy
//	1   u8   flags
//	2   u16  number of candidates
//	4   u32  sum of weights, or number of the CIDR collection
//	8   u64  identity: a hash of name and type, the same on every node
//	16       candidates
//
// and each candidate:
//
//	0   u32  health check's number and one; 0 is none
//	4   u8   flags
//	5   u8   kind of payload, which the caller gave
//	6   u16  RRs in the payload
//	8   u32  offset of the payload in the program
//	12  u32  its length; the set's identifier and place are behind it
//	16       weighted: u32 weight, u32 sum of the weights up to this one
//	         weighted, multivalue: 24 u32 hash of the set's identifier
//	         latency: u16 region; CIDR: u16 location; geolocation: u64 key
//	         geoproximity: 3 × f32 point, then i8 bias
//	29  u8   length of the place's text
//	30  u16  length of the identifier
type Program []byte

const (
	headLen      = 16
	candidateLen = 32
)

// MaxCandidates is how many RRsets one group can have: more than the API
// admits.
const MaxCandidates = 128

// Flags of a Program.
const (
	flagJudged     uint8 = 1 << iota // some candidate may be unhealthy
	flagUnevenTTL                    // multivalue: the TTLs differ
	flagBiased                       // geoproximity: there is a bias
	flagUnevenSize                   // multivalue: the RRs differ in length
	flagRepeated                     // multivalue: some RR is in two sets
)

// Flags of a candidate.
const (
	flagEvaluates uint8 = 1 << iota // an alias that is as healthy as its target
	flagNowhere                     // geoproximity: nobody knows where it is
)

// Policy is the policy of the group.
func (p Program) Policy() zone.Policy { return zone.Policy(p[0]) }

// Len is the number of candidates.
func (p Program) Len() int { return int(binary.LittleEndian.Uint16(p[2:])) }

// Judged reports whether the health of candidates has to be looked at.
func (p Program) Judged() bool { return p[1]&flagJudged != 0 }

// Even reports whether all RRs of a multivalue group have one TTL and one
// length.
func (p Program) Even() (ttl, length bool) {
	return p[1]&flagUnevenTTL == 0, p[1]&flagUnevenSize == 0
}

// Repeated reports whether an RR is in several sets of a multivalue group.
func (p Program) Repeated() bool { return p[1]&flagRepeated != 0 }

// Identity is a hash of the group's name and type, the same on every node.
func (p Program) Identity() uint64 { return binary.LittleEndian.Uint64(p[8:]) }

func (p Program) shared() uint32 { return binary.LittleEndian.Uint32(p[4:]) }

// at is the i-th candidate's bytes.
func (p Program) at(i int) []byte {
	at := headLen + i*candidateLen
	return p[at : at+candidateLen : at+candidateLen]
}

// Candidate is one RRset of a group.
type Candidate struct {
	Kind  uint8 // of the payload, as the compiler was told
	Count int   // RRs
	Data  []byte
}

// Check is the number of the i-th candidate's health check, if it has one.
func (p Program) Check(i int) (number uint32, checked bool) {
	n := binary.LittleEndian.Uint32(p.at(i))
	return n - 1, n != 0
}

// Evaluates reports whether the i-th candidate is an alias that is only as
// healthy as its target.
func (p Program) Evaluates(i int) bool { return p.at(i)[4]&flagEvaluates != 0 }

// Located reports whether the group's choice depends on where the client is.
func (p Program) Located() bool {
	switch p.Policy() {
	case zone.Latency, zone.GeolocationPolicy, zone.GeoproximityPolicy, zone.CIDRPolicy:
		return true
	case zone.Simple, zone.Weighted, zone.Failover, zone.Multivalue:
	}
	return false
}

// Ordered reports whether the first healthy candidate is the one to pick.
func (p Program) Ordered() bool {
	switch p.Policy() {
	case zone.Simple, zone.Failover, zone.GeolocationPolicy, zone.CIDRPolicy:
		return true
	case zone.Weighted, zone.Latency, zone.GeoproximityPolicy, zone.Multivalue:
	}
	return false
}

// Candidate returns the i-th candidate.
func (p Program) Candidate(i int) Candidate {
	c := p.at(i)
	start, length := int(binary.LittleEndian.Uint32(c[8:])), int(binary.LittleEndian.Uint32(c[12:]))
	return Candidate{
		Kind: c[5], Count: int(binary.LittleEndian.Uint16(c[6:])), Data: p[start : start+length : start+length],
	}
}

// Texts are the i-th candidate's set identifier and the place it stands for,
// as explanations name them.
func (p Program) Texts(i int) (identifier, place string) {
	c := p.at(i)
	at := int(binary.LittleEndian.Uint32(c[8:]) + binary.LittleEndian.Uint32(c[12:]))
	middle := at + int(binary.LittleEndian.Uint16(c[30:]))
	return string(p[at:middle]), string(p[middle : middle+int(c[29])])
}

// Weight is the weight of a weighted group's candidate.
func (p Program) Weight(i int) uint32 { return binary.LittleEndian.Uint32(p.at(i)[16:]) }

func (p Program) weightUpTo(i int) uint32 { return binary.LittleEndian.Uint32(p.at(i)[20:]) }

// Region is the number of a latency group's region.
func (p Program) Region(i int) uint16 { return binary.LittleEndian.Uint16(p.at(i)[16:]) }

// location is the number of a CIDR group's location.
func (p Program) location(i int) uint16 { return binary.LittleEndian.Uint16(p.at(i)[16:]) }

// key is the place of a geolocation group's candidate.
func (p Program) key(i int) uint64 { return binary.LittleEndian.Uint64(p.at(i)[16:]) }

// Bias is the bias of a geoproximity group's candidate, -99 to 99.
func (p Program) Bias(i int) int { return int(int8(p.at(i)[28])) }

// Point is where a geoproximity group's candidate stands; false if nobody
// knows, which is farther away than anything.
func (p Program) Point(i int) (geo.Point, bool) {
	c := p.at(i)
	f := func(at int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(c[at:])) }
	return geo.Point{X: f(16), Y: f(20), Z: f(24)}, c[4]&flagNowhere == 0
}
