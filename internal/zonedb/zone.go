package zonedb

import (
	"encoding/binary"
	"sync/atomic"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// Zone is one compiled zone at one version. A published Zone never changes.
type Zone struct {
	id       string
	apex     rdata.Name
	apexHash uint64
	labels   int // of the apex
	private  bool
	vpcs     []zone.VPC // of a private zone
	created  uint64     // order among zones of one name: the oldest answers

	version     uint64
	serial      uint32
	soa         []byte // the SOA RR as served, owner a pointer to the question
	negativeTTL uint32

	table table
	arena arena
	// cuts[d] counts the delegations and DNAMEs at depth d (labels above the
	// apex); cutDepths has a bit per depth that holds any. A query probes its
	// ancestors at these depths only.
	cuts      *[129]uint32
	cutDepths [3]uint64
	depth     int // no node is deeper; never lowered but by a full compile

	// queries counts for all versions of the zone.
	queries *atomic.Uint64
}

// Queries counts the queries that the zone was chosen for.
func (z *Zone) Queries() *atomic.Uint64 { return z.queries }

// ID is the hosted zone's id.
func (z *Zone) ID() string { return z.id }

// Apex is the zone's name, wire form.
func (z *Zone) Apex() rdata.Name { return z.apex }

// Hash is the hash of the apex.
func (z *Zone) Hash() uint64 { return z.apexHash }

// Private reports whether only clients of some VPCs see the zone.
func (z *Zone) Private() bool { return z.private }

// Labels is the number of labels of the apex.
func (z *Zone) Labels() int { return z.labels }

// before reports whether z, and not other, answers for the name they share.
func (z *Zone) before(other *Zone) bool {
	return z.created < other.created || z.created == other.created && z.id < other.id
}

// Version is the zone version the compiled zone stands at.
func (z *Zone) Version() uint64 { return z.version }

// Serial is the SOA serial as served.
func (z *Zone) Serial() uint32 { return z.serial }

// SOA is the SOA RR as served (owner: a pointer to the question), and the TTL
// that it has in a negative answer (RFC 2308 §3). Empty while the zone has no
// SOA.
func (z *Zone) SOA() (rr []byte, negativeTTL uint32) { return z.soa, z.negativeTTL }

// Names is the number of owner names, empty non-terminals included.
func (z *Zone) Names() int { return z.table.len }

// MaxDepth is a bound on the labels of owner names above the apex.
func (z *Zone) MaxDepth() int { return z.depth }

// CutAt reports whether any name that is depth labels above the apex is a
// delegation or has a DNAME.
func (z *Zone) CutAt(depth int) bool {
	return z.cutDepths[depth>>6]>>(depth&63)&1 != 0
}

// HasCuts reports whether the zone has delegations or DNAMEs at all.
func (z *Zone) HasCuts() bool { return z.cuts != nil }

// Find looks an owner name up: h is the hash of the whole name, owner its
// labels above the apex in lower case.
func (z *Zone) Find(h uint64, owner []byte) Node {
	p := z.table.probe(h)
	for loc := p.next(); loc != 0; loc = p.next() {
		n := z.node(loc)
		if string(n.owner()) == string(owner) {
			return n
		}
	}
	return Node{}
}

func (z *Zone) node(loc uint32) Node { return Node{rec: z.arena.at(loc)} }

// ApexNode is the node of the zone's own name.
func (z *Zone) ApexNode() Node { return z.Find(z.apexHash, nil) }

// Walk calls f for each owner name, in no order, with its labels above the
// apex, until f returns false.
func (z *Zone) Walk(f func(owner []byte, n Node) bool) {
	more := true
	z.table.all(func(loc uint32) {
		if more {
			n := z.node(loc)
			more = f(n.owner(), n)
		}
	})
}

// putSerial writes the serial into the SOA RR: the first of the five numbers
// that end the rdata.
func (z *Zone) putSerial() {
	if n := len(z.soa); n > 0 {
		soa := append([]byte(nil), z.soa...) // older versions share the bytes
		binary.BigEndian.PutUint32(soa[n-20:], z.serial)
		z.soa = soa
	}
}

// Memory is the size of the zone's records and tables, in bytes.
func (z *Zone) Memory() (live, total int) {
	for _, c := range z.arena.chunks {
		if c != nil {
			total += len(c.b)
		}
	}
	return z.arena.live, total
}
