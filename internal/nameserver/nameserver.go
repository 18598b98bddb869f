// Package nameserver turns one DNS query into one response, from the compiled
// zones of a zonedb.Snapshot. It knows no sockets.
//
// Respond takes the steps in protocol order, each working on the Responder's
// scratch space:
//
//	parse ─▶ zone ─▶ cut above? ─▶ name, wildcard, or NXDOMAIN ─▶ CNAME: again
//	      ─▶ authority ─▶ additional ─▶ OPT ─▶ header
//
// Answers are copies of precompiled RRs whose owner is a compression pointer
// to the question; behind a CNAME the pointer is moved to the target in the
// response. Nothing here allocates, locks, logs or blocks, and a test counts
// allocations for each kind of answer.
//
// A Responder belongs to one goroutine; Config and DB are shared.
package nameserver

import (
	"net/netip"
	"runtime"
	"sync/atomic"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// AnyMode says how a query of type ANY is answered.
type AnyMode uint8

const (
	// AnyMinimal answers ANY over UDP with one synthesised HINFO (RFC 8482
	// §4.2) and over TCP with every RRset.
	AnyMinimal AnyMode = iota
	// AnyFull answers ANY with every RRset, as Amazon Route 53 does.
	AnyFull
	// AnyHINFO answers ANY with HINFO over TCP too.
	AnyHINFO
)

// Config is what an operator chooses about answers. It is not changed while a
// Responder uses it.
type Config struct {
	// UDPSize is the largest response over UDP to clients with EDNS, and what
	// is advertised: 512 to 4096 bytes; 1232 by default.
	UDPSize int
	Any     AnyMode
	// NSID is sent to clients that ask for it (RFC 5001); empty sends none.
	NSID []byte
	// Version answers version.bind and version.server in class CH; empty
	// refuses. ID answers id.server and hostname.bind (RFC 4892).
	Version, ID string
	// AuthorityNS adds the zone's NS RRset to positive answers, as Amazon
	// Route 53 does. Without it answers are minimal.
	AuthorityNS bool
}

// DefaultUDPSize avoids fragments on all usual paths (DNS flag day 2020).
const DefaultUDPSize = 1232

// maxChain bounds the CNAMEs, DNAMEs and aliases of one answer.
const maxChain = 16

// Responder answers queries for one worker.
type Responder struct {
	db     *zonedb.DB
	config *Config

	query     *dnswire.Query // what is being answered
	client    netip.Addr
	transport dnswire.Transport
	snapshot  *zonedb.Snapshot
	random    uint64
	single    asked   // of Respond
	batch     []asked // of Prepare

	// The name being answered: first the question's, then each CNAME's
	// target. at is where it stands in the response.
	name       *zonedb.QName
	at         int
	zone       *zonedb.Zone
	targetName zonedb.QName
	next       zonedb.Lookup // of targetName
	target     nameBuffer    // what name refers to behind the first CNAME
	// visited are the hashes of the names answered so far, to end loops.
	visited [maxChain + 1]uint64
	visits  int
	// dnames are the hashes of the owners of DNAMEs in the answer.
	dnames [maxChain + 1]uint64
	dnamed int

	// Names whose addresses go into the additional section.
	extraName zonedb.QName
	extra     nameBuffer

	b          []byte // the response
	limit      int    // largest length of b, the OPT record not counted
	rcode      int
	aa, tc     bool
	counts     [3]uint16 // answer, authority, additional
	ede        int       // extended error, -1 for none
	references [maxReferences]reference
	referenced int
	added      [maxAdded]uint64
	addeds     int

	fetched byte // what Fetch read, so that it is not left out

	// Stats counts responses; read by others while the worker runs.
	Stats Stats
}

// Stats are one Responder's counters. The worker alone adds; readers sum the
// workers up.
type Stats struct {
	Queries   atomic.Uint64
	Rcodes    [24]atomic.Uint64
	Truncated atomic.Uint64
	Dropped   atomic.Uint64
}

// nameBuffer is room for a name that is not the question's.
type nameBuffer struct {
	words   dnswire.FoldedName
	offsets [dnswire.MaxLabels + 1]uint8
}

// New returns a Responder. seed starts its random choices.
func New(db *zonedb.DB, config *Config, seed uint64) *Responder {
	return &Responder{db: db, config: config, random: seed | 1}
}

// Respond appends the response to a message to reply, which must have
// capacity for the largest response of the transport. A nil result means that
// the message gets no response.
func (r *Responder) Respond(reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte {
	r.snapshot = r.db.Snapshot()
	r.read(&r.single, msg)
	return r.respond(&r.single, reply, msg, client, transport)
}

// respond answers a message that has been read.
func (r *Responder) respond(a *asked, reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte {
	r.query, r.client, r.transport = &a.query, client, transport
	r.b = reply[:0]
	r.rcode, r.aa, r.tc, r.ede = dnswire.RcodeNoError, false, false, -1
	r.counts = [3]uint16{}
	r.referenced, r.addeds, r.visits, r.dnamed = 0, 0, 0, 0
	switch a.status {
	case dnswire.Drop:
		add(&r.Stats.Dropped)
		return nil
	case dnswire.FormErr:
		r.rcode = dnswire.RcodeFormErr
		r.begin(msg)
	case dnswire.NotQuery:
		r.rcode = dnswire.RcodeNotImp
		r.begin(msg)
	case dnswire.OK:
		r.begin(msg)
		r.solve(a)
		runtime.KeepAlive(r.snapshot)
	}
	return r.finish()
}

// add counts without a locked instruction: the worker is the only writer.
func add(c *atomic.Uint64) { c.Store(c.Load() + 1) }

// solve fills in the sections of a well-formed query.
func (r *Responder) solve(a *asked) {
	q := r.query
	switch {
	case q.EDNS && q.Version > 0:
		r.rcode = dnswire.RcodeBadVers
	case q.Class == dnswire.ClassCH:
		r.solveChaos()
	case q.Class != dnswire.ClassIN:
		r.rcode = dnswire.RcodeRefused
	case q.Type == dnswire.TypeAXFR || q.Type == dnswire.TypeIXFR:
		r.rcode = dnswire.RcodeRefused
		r.ede = dnswire.EDENotSupported
	default:
		r.name, r.at = &a.name, dnswire.HeaderLen
		r.firstVisit()
		r.solveName(&a.lookup)
		if r.config.AuthorityNS {
			r.appendAuthorityNS()
		}
		r.solveAdditional()
	}
}

// draw is a wyrand step: fast, good enough to rotate and to choose.
func (r *Responder) draw() uint64 {
	r.random += 0xa0761d6478bd642f
	return mix(r.random, r.random^0xe7037ed1a0b428db)
}
