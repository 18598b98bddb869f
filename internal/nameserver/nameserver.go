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
	"open53/internal/policy"
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
	// StickyPrefix makes weighted and multivalue draws the same for all clients
	// of one network (/24 or /56), as long as the group and its health stay.
	StickyPrefix bool
	Cookies      Cookies
	RateLimit    RateLimit
	// TCPIdle is told to clients that send edns-tcp-keepalive (RFC 7828), in
	// units of 100 ms; 0 tells nothing.
	TCPIdle uint16
	// Now is the clock, for cookies and rate limits, in Unix milliseconds. It
	// is asked once per batch.
	Now func() int64
}

// DefaultUDPSize avoids fragments on all usual paths (DNS flag day 2020).
const DefaultUDPSize = 1232

// maxChain bounds the CNAMEs, DNAMEs and aliases of one answer.
const maxChain = 16

// Responder answers queries for one worker.
type Responder struct {
	db     *zonedb.DB
	config *Config
	public bool // private zones are left out, whoever asks

	query     *dnswire.Query // what is being answered
	client    netip.Addr
	transport dnswire.Transport
	snapshot  *zonedb.Snapshot
	view      *zonedb.View // the client's VPC; nil for none
	random    policy.Random
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

	// What routing policies need.
	world  *policy.World
	where  policy.Client // who asks; begun by location
	placed bool          // where has been begun for this query
	within bool          // where is the region of the client's VPC
	judged int           // candidates whose health was looked at through aliases
	merged []byte        // the RRs of several sets as one
	trace  *trace        // nil but in Explain

	// What cookies and rate limits need.
	cookie      [clientCookie + serverCookie]byte
	cookieState cookieState
	limiter     *limiter
	clock       int64  // Unix milliseconds; 0: not asked yet
	question    uint64 // hash of the question's name
	synthesised uint64 // hash of the wildcard the answer comes from; 0 if none

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
	Rate      RateStats
	// Cookies counts queries by what their COOKIE option was.
	Cookies [goodCookie + 1]atomic.Uint64
}

// nameBuffer is room for a name that is not the question's.
type nameBuffer struct {
	words   dnswire.FoldedName
	offsets [dnswire.MaxLabels + 1]uint8
}

// New returns a Responder. seed starts its random choices.
func New(db *zonedb.DB, config *Config, seed uint64) *Responder {
	return &Responder{
		db: db, config: config, world: db.World(),
		random: policy.NewRandom(seed | 1), limiter: newLimiter(&config.RateLimit, seed),
	}
}

// Respond appends the response to a message to reply, which must have
// capacity for the largest response of the transport. A nil result means that
// the message gets no response.
func (r *Responder) Respond(reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte {
	r.snapshot, r.clock = r.db.Snapshot(), 0
	r.read(&r.single, msg, client)
	r.locate(&r.single)
	if zone := r.single.lookup.Zone(); zone != nil {
		zone.Queries().Add(1)
	}
	return r.respond(&r.single, reply, msg, client, transport)
}

// respond answers a message that has been read.
func (r *Responder) respond(a *asked, reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte {
	r.query, r.client, r.transport, r.view = &a.query, client, transport, a.view
	r.b = reply[:0]
	r.rcode, r.aa, r.tc, r.ede = dnswire.RcodeNoError, false, false, -1
	r.counts = [3]uint16{}
	r.referenced, r.addeds, r.visits, r.dnamed = 0, 0, 0, 0
	r.zone, r.question, r.synthesised, r.cookieState = nil, 0, 0, noCookie
	r.placed, r.within, r.judged = false, false, 0
	switch a.status {
	case dnswire.Drop:
		add(&r.Stats.Dropped)
		return nil
	case dnswire.FormErr:
		r.rcode = dnswire.RcodeFormErr
		r.begin(msg)
	case dnswire.NoQuestion:
		r.solveNoQuestion(msg)
	case dnswire.NotQuery:
		r.rcode = dnswire.RcodeNotImp
		r.begin(msg)
	case dnswire.OK:
		r.cookieState = r.checkCookie()
		r.begin(msg)
		if !r.demandCookie() {
			r.solve(a)
		}
		runtime.KeepAlive(r.snapshot)
	}
	switch r.admit() {
	case drop:
		return nil
	case slip:
		r.tc = true
	case send:
	}
	return r.finish()
}

// solveNoQuestion answers a query for nothing but a server cookie (RFC 7873
// §5.4).
func (r *Responder) solveNoQuestion(msg []byte) {
	if r.cookieState = r.checkCookie(); r.cookieState == noCookie {
		r.rcode = dnswire.RcodeFormErr
	}
	r.begin(msg)
}

// now is the time in Unix milliseconds.
func (r *Responder) now() int64 {
	if r.clock == 0 {
		r.clock = r.config.Now()
	}
	return r.clock
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
		r.question = a.name.Hash()
		r.firstVisit()
		r.solveName(&a.lookup)
		if r.config.AuthorityNS {
			r.appendAuthorityNS()
		}
		if r.trace != nil {
			r.trace.ended = true
		}
		r.solveAdditional()
	}
}
