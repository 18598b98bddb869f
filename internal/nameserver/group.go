package nameserver

import (
	"fmt"
	"net/netip"
	"sync"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// Group makes the Responders of one server and sums up their counters. All of
// it is safe for concurrent use.
type Group struct {
	db     *zonedb.DB
	config *Config
	seed   func() uint64

	mu         sync.Mutex // guards the fields below
	responders []*Responder
	idle       []*Responder // of Answer
}

// NewGroup returns a Group; seed is called once per Responder.
func NewGroup(db *zonedb.DB, config *Config, seed func() uint64) *Group {
	return &Group{db: db, config: config, seed: seed}
}

// New makes a Responder. The Group keeps it for its counters.
func (g *Group) New() *Responder {
	r := New(g.db, g.config, g.seed())
	g.mu.Lock()
	defer g.mu.Unlock()
	g.responders = append(g.responders, r)
	return r
}

// Answer returns the whole response to a query, as over TCP; nil if there is
// none. It is of public zones, even for a client that sees private ones.
func (g *Group) Answer(msg []byte, client netip.Addr) []byte {
	r := g.borrow()
	defer g.giveBack(r)
	r.public = true
	defer func() { r.public = false }()
	return r.Respond(make([]byte, 0, dnswire.MaxMessage), msg, client, dnswire.TCP)
}

// borrow takes a Responder that nobody uses.
func (g *Group) borrow() *Responder {
	g.mu.Lock()
	if n := len(g.idle); n > 0 {
		defer g.mu.Unlock()
		r := g.idle[n-1]
		g.idle = g.idle[:n-1]
		return r
	}
	g.mu.Unlock()
	return g.New()
}

func (g *Group) giveBack(r *Responder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.idle = append(g.idle, r)
}

// Totals are the counters of all Responders.
type Totals struct {
	Queries, Truncated, Dropped uint64
	Rcodes                      [24]uint64
	RateDropped, RateSlipped    uint64
	Cookies                     [goodCookie + 1]uint64 // by state; see CookieNames
}

// CookieNames say what Totals.Cookies counts.
var CookieNames = [goodCookie + 1]string{"none", "client", "bad", "good"}

// Totals sums up.
func (g *Group) Totals() Totals {
	g.mu.Lock()
	defer g.mu.Unlock()
	var t Totals
	for _, r := range g.responders {
		t.Queries += r.Stats.Queries.Load()
		t.Truncated += r.Stats.Truncated.Load()
		t.Dropped += r.Stats.Dropped.Load()
		t.RateDropped += r.Stats.Rate.Dropped.Load()
		t.RateSlipped += r.Stats.Rate.Slipped.Load()
		for i := range t.Cookies {
			t.Cookies[i] += r.Stats.Cookies[i].Load()
		}
		for i := range t.Rcodes {
			t.Rcodes[i] += r.Stats.Rcodes[i].Load()
		}
	}
	return t
}

// rcodeNames are the codes that Respond can answer.
var rcodeNames = map[int]string{
	dnswire.RcodeNoError: "NOERROR", dnswire.RcodeFormErr: "FORMERR", dnswire.RcodeServFail: "SERVFAIL",
	dnswire.RcodeNXDomain: "NXDOMAIN", dnswire.RcodeNotImp: "NOTIMP", dnswire.RcodeRefused: "REFUSED",
	dnswire.RcodeYXDomain: "YXDOMAIN", dnswire.RcodeNotAuth: "NOTAUTH", dnswire.RcodeBadVers: "BADVERS",
	dnswire.RcodeBadCookie: "BADCOOKIE",
}

// RcodeName is the mnemonic of a response code (RFC 6895 §2.3).
func RcodeName(rcode int) string {
	if name, ok := rcodeNames[rcode]; ok {
		return name
	}
	return fmt.Sprintf("RCODE%d", rcode)
}
