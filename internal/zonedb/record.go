package zonedb

import "encoding/binary"

// A record is one owner name of a zone, as bytes in an arena:
//
//	0  u32  size of the record in bytes, a multiple of 8
//	4  u8   flags
//	5  u8   length of the owner name without the apex
//	6  u16  number of RRsets (0: an empty non-terminal)
//	8  u32  number of child nodes (only with hasChildren)
//	   8 bytes per RRset: u16 type, u16 count, u32 kind<<28 | length of its data
//	   the owner name's labels above the apex, lower case, no root byte
//	   the data of the RRsets, in order
//
// The data of a plain RRset are its RRs as they go into a response; the owner
// is a compression pointer to the question:
//
//	c0 0c | type | class IN | TTL | length | rdata
//
// so that an answer is a copy. Numbers in the record's head are little-endian.
const (
	recordHead = 8
	setHead    = 8

	// RRHead is the length of an RR up to its rdata in compiled data.
	RRHead = 12
)

// Flags of a Node.
const (
	flagChildren uint8 = 1 << iota // names exist directly below
	flagWildcard                   // one of them is "*"
	flagCut                        // a delegation: NS, and not the apex
	flagDNAME
	flagCNAME
)

// Kind is how an RRset's data are to be read.
type Kind uint8

// The kinds of compiled RRset.
const (
	// Plain data are RRs, ready to copy.
	Plain Kind = iota
	// PlainFixed is Plain with all RRs of one size, so that they can be
	// rotated by arithmetic.
	PlainFixed
	// AliasInside data are the target in this zone: u64 hash, u8 whether its
	// health counts, then its labels above the apex.
	AliasInside
	// AliasOutside data are a u32 index into the snapshot's outside targets,
	// then u8 whether their health counts.
	AliasOutside
	// LiveSOA has no data: the zone holds the SOA, whose serial moves.
	LiveSOA
	// Group data are a policy.Program, whose payloads are of the kinds above;
	// the count is that of its candidates.
	Group
)

const (
	kindShift  = 28
	lengthMask = 1<<kindShift - 1
)

// Node is one owner name of a compiled zone; the zero Node is none.
type Node struct {
	rec []byte
}

// Exists reports whether there is a node.
func (n Node) Exists() bool { return n.rec != nil }

// IsCut reports a zone cut.
func (n Node) IsCut() bool { return n.rec[4]&flagCut != 0 }

// HasDNAME reports a DNAME at the node.
func (n Node) HasDNAME() bool { return n.rec[4]&flagDNAME != 0 }

// HasCNAME reports a CNAME at the node.
func (n Node) HasCNAME() bool { return n.rec[4]&flagCNAME != 0 }

// HasWildcard reports a child named "*".
func (n Node) HasWildcard() bool { return n.rec[4]&flagWildcard != 0 }

// Sets is the number of RRsets; an empty non-terminal has none.
func (n Node) Sets() int { return int(binary.LittleEndian.Uint16(n.rec[6:])) }

func (n Node) size() int { return int(binary.LittleEndian.Uint32(n.rec)) }

func (n Node) children() int {
	if n.rec[4]&flagChildren == 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(n.rec[recordHead:]))
}

func (n Node) directory() int { return recordHead + int(n.rec[4]&flagChildren)*4 }

// owner is the name's labels above the apex.
func (n Node) owner() []byte {
	at := n.directory() + n.Sets()*setHead
	return n.rec[at : at+int(n.rec[5])]
}

// Set is one compiled RRset.
type Set struct {
	Type  uint16
	Count int // RRs
	Kind  Kind
	Data  []byte
}

// Target is the target of an AliasInside set, for Zone.Find.
func (s *Set) Target() (hash uint64, owner []byte) {
	return binary.LittleEndian.Uint64(s.Data), s.Data[9:]
}

// Outside is the number of an AliasOutside set's target, for
// Snapshot.OutsideAnswer.
func (s *Set) Outside() uint32 { return binary.LittleEndian.Uint32(s.Data) }

// Evaluates reports whether an alias is only as healthy as its target.
func (s *Set) Evaluates() bool {
	if s.Kind == AliasInside {
		return s.Data[8] != 0
	}
	return s.Data[4] != 0
}

// Find returns the RRset of a type.
func (n Node) Find(rrtype uint16) (Set, bool) {
	rec := n.rec
	at := n.directory()
	sets := n.Sets()
	data := at + sets*setHead + int(rec[5])
	for range sets {
		head := binary.LittleEndian.Uint64(rec[at:])
		length := int(head >> 32 & lengthMask)
		if uint16(head) == rrtype {
			return Set{
				Type: rrtype, Count: int(uint16(head >> 16)), Kind: Kind(head >> (32 + kindShift)),
				Data: rec[data : data+length : data+length],
			}, true
		}
		data += length
		at += setHead
	}
	return Set{}, false
}

// SetAt returns the i-th RRset; sets are in order of type number.
func (n Node) SetAt(i int) Set {
	rec := n.rec
	at := n.directory()
	data := at + n.Sets()*setHead + int(rec[5])
	for {
		head := binary.LittleEndian.Uint64(rec[at:])
		length := int(head >> 32 & lengthMask)
		if i == 0 {
			return Set{
				Type: uint16(head), Count: int(uint16(head >> 16)), Kind: Kind(head >> (32 + kindShift)),
				Data: rec[data : data+length : data+length],
			}
		}
		i--
		data += length
		at += setHead
	}
}

// draft is a node while it is being compiled.
type draft struct {
	owner    []byte // labels above the apex
	children int
	wildcard bool
	apex     bool
	sets     []Set
}

// draftOf reads a record back; the data still lie in the arena.
func draftOf(n Node, apex bool) draft {
	d := draft{owner: n.owner(), children: n.children(), wildcard: n.HasWildcard(), apex: apex}
	for i := range n.Sets() {
		d.sets = append(d.sets, n.SetAt(i))
	}
	return d
}

func (d *draft) size() int {
	size := recordHead + len(d.owner)
	if d.children > 0 {
		size += 4
	}
	for i := range d.sets {
		size += setHead + len(d.sets[i].Data)
	}
	return (size + unit - 1) &^ (unit - 1)
}

func (d *draft) flags() uint8 {
	var flags uint8
	if d.children > 0 {
		flags |= flagChildren
	}
	if d.wildcard {
		flags |= flagWildcard
	}
	for i := range d.sets {
		switch d.sets[i].Type {
		case typeNS:
			if !d.apex {
				flags |= flagCut
			}
		case typeDNAME:
			flags |= flagDNAME
		case typeCNAME:
			flags |= flagCNAME
		}
	}
	return flags
}

// write lays the draft out in room, which has size() bytes.
func (d *draft) write(room []byte) {
	le := binary.LittleEndian
	le.PutUint32(room, uint32(len(room)))
	room[4] = d.flags()
	room[5] = uint8(len(d.owner))
	le.PutUint16(room[6:], uint16(len(d.sets)))
	at := recordHead
	if d.children > 0 {
		le.PutUint32(room[at:], uint32(d.children))
		at += 4
	}
	for i := range d.sets {
		s := &d.sets[i]
		le.PutUint64(room[at:], uint64(s.Type)|uint64(s.Count)<<16|uint64(len(s.Data))<<32|uint64(s.Kind)<<(32+kindShift))
		at += setHead
	}
	at += copy(room[at:], d.owner)
	for i := range d.sets {
		at += copy(room[at:], d.sets[i].Data)
	}
}
