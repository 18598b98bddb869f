// Package reference answers DNS queries in the plainest way that is right, so
// that tests can hold the fast path against it. It walks RFC 1034 §4.3.2 over
// maps of miekg/dns records and shares no code with zonedb and nameserver.
//
//	Server ─▶ Zone: owner name ─▶ type ─▶ rrset
//
// Names are presentation form as miekg/dns unpacks it, which is unique for a
// wire form; maps are by the canonical (lower case) one, while a response keeps
// the case of whatever it repeats. Sizes are those of responses whose owner
// names are compression pointers and whose rdata are not compressed, because
// that decides what fits.
//
// The order in which the values of an RRset are rotated is the only thing that
// a server is free to choose; Turns enumerates the choices, so that a response
// can be compared byte by byte.
//
// Nothing here is safe for concurrent use.
package reference

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/miekg/dns"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// Server is a set of zones and what an operator chooses about answers.
type Server struct {
	Zones []*Zone
	// UDPSize is the largest response over UDP to clients with EDNS, in bytes.
	UDPSize int
	// MinimalUDP and MinimalTCP answer ANY with a single HINFO (RFC 8482).
	MinimalUDP, MinimalTCP bool
	AuthorityNS            bool
	NSID                   []byte
	// Outside are the targets of aliases that lie in no zone.
	Outside map[Target]*Outside

	scratch []byte
}

// Target is what an alias asks for outside.
type Target struct {
	Name rdata.Name
	Type rdata.Type
}

// Outside is what became of a target. A target that is not in Server.Outside is
// not resolved yet.
type Outside struct {
	Failed bool
	Values []dns.RR // none: the target has no such type; owners do not matter
}

// Zone is one zone by owner name.
type Zone struct {
	id    string
	apex  string
	nodes map[string]map[uint16]*rrset // owner names, and empty non-terminals
}

// rrset is the data of one name and type: records, or an alias.
type rrset struct {
	rrtype uint16
	rrs    []dns.RR
	alias  *zone.Alias
}

// NewZone indexes the simple RRsets of a zone; serial is the one that its SOA
// is served with.
func NewZone(id string, apex rdata.Name, serial uint32, sets []*zone.RRset) (*Zone, error) {
	z := &Zone{id: id, apex: presentation(apex), nodes: map[string]map[uint16]*rrset{}}
	z.add(z.apex)
	for _, s := range sets {
		owner := presentation(s.Name)
		set := &rrset{rrtype: uint16(s.Type), alias: s.Alias}
		for _, value := range s.Values {
			rr, err := record(s, value)
			if err != nil {
				return nil, err
			}
			if soa, ok := rr.(*dns.SOA); ok {
				soa.Serial = serial
			}
			set.rrs = append(set.rrs, rr)
		}
		z.add(owner)
		z.nodes[owner][set.rrtype] = set
	}
	return z, nil
}

// add makes a name and all names between it and the apex exist (RFC 4592
// §2.2.2).
func (z *Zone) add(owner string) {
	for {
		if z.nodes[owner] == nil {
			z.nodes[owner] = map[uint16]*rrset{}
		}
		if owner == z.apex {
			return
		}
		owner = parent(owner)
	}
}

// record is one value as miekg/dns reads it from the wire.
func record(s *zone.RRset, value string) (dns.RR, error) {
	data, err := rdata.ParseValue(s.Type, value)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Name, s.Type, err)
	}
	wire := append([]byte(s.Name), 0, 0, 0, 1)
	binary.BigEndian.PutUint16(wire[len(s.Name):], uint16(s.Type))
	wire = binary.BigEndian.AppendUint32(wire, s.TTL)
	wire = binary.BigEndian.AppendUint16(wire, uint16(len(data)))
	rr, _, err := dns.UnpackRR(append(wire, data...), 0)
	return rr, err
}

func presentation(n rdata.Name) string {
	s, _, err := dns.UnpackDomainName([]byte(n), 0)
	if err != nil {
		panic(err) // a Name is a checked wire form
	}
	return s
}

func parent(name string) string {
	off, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[off:]
}

// suffix is a name without its first skip labels.
func suffix(name string, skip int) string {
	for range skip {
		name = parent(name)
	}
	return name
}

// types of a node in order of their numbers.
func types(node map[uint16]*rrset) []uint16 {
	var all []uint16
	for t := range node {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

// Turns are the rotations that one response is made with. The zero value
// rotates nothing; Next goes on to the next combination.
type Turns struct {
	turns, sizes []int
	used         int
}

// turn is how far the next RRset of n values is rotated.
func (t *Turns) turn(n int) int {
	if t.used == len(t.turns) {
		t.turns = append(t.turns, 0)
		t.sizes = append(t.sizes, n)
	}
	t.used++
	return t.turns[t.used-1]
}

// Next reports whether there is another combination.
func (t *Turns) Next() bool {
	// What comes behind depends on nothing but the query: sizes stay.
	t.used = 0
	for i := len(t.turns) - 1; i >= 0; i-- {
		if t.turns[i]++; t.turns[i] < t.sizes[i] {
			return true
		}
		t.turns[i] = 0
	}
	return false
}

// option is an EDNS option of a code in a query.
func option[T dns.EDNS0](o *dns.OPT) bool {
	return slices.ContainsFunc(o.Option, func(e dns.EDNS0) bool { _, ok := e.(T); return ok })
}

// nsid is the option as miekg/dns wants it.
func nsid(text []byte) *dns.EDNS0_NSID {
	return &dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: hex.EncodeToString(text)}
}
