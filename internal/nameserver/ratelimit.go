package nameserver

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"sync/atomic"

	"open53/internal/dnswire"
)

// RateLimit bounds how many responses go to one network, so that the server is
// no use for reflecting traffic at somebody (response rate limiting, as in
// BIND, NSD and Knot). It counts like responses: the same name and type; all of
// a wildcard as one; all NXDOMAIN of a zone as one; all errors as one. Beyond
// the limit every Slip-th response is sent truncated, so that real clients ask
// again over TCP, and the others not at all. Clients over TCP and with a good
// cookie are not limited.
type RateLimit struct {
	// PerSecond is the limit for each kind and network; 0 turns it off.
	PerSecond int
	// Slip 1 truncates all that is over the limit, 2 every other one; 0 drops
	// all.
	Slip int
	// Workers share the work, so each keeps to its share of the limit.
	Workers int
	// Exempt networks are not limited.
	Exempt []netip.Prefix
}

// RateStats are the counters of rate limiting.
type RateStats struct {
	Dropped, Slipped atomic.Uint64
}

const (
	limitBits4 = 24 // prefix that counts as one network
	limitBits6 = 56
	// limitSlots of 16 bytes: the table of one worker is 1 MiB. Networks that
	// meet in a slot take turns in it, which only lets more through.
	limitSlots = 1 << 16
	// limitBurst is how many seconds' worth of responses may come at once.
	limitBurst = 1
	// tokenScale: tokens are counted in thousandths.
	tokenScale = 1000
)

// limiter is one worker's table.
type limiter struct {
	config *RateLimit
	rate   uint64 // thousandths of a response a millisecond: responses a second of this worker
	slots  []limitSlot
	seed   uint64
}

type limitSlot struct {
	tag    uint32 // of network and kind
	slip   uint32 // responses over the limit so far
	tokens int32  // thousandths of a response
	at     uint32 // milliseconds
}

func newLimiter(c *RateLimit, seed uint64) *limiter {
	if c.PerSecond <= 0 {
		return nil
	}
	rate := max(1, (c.PerSecond+max(1, c.Workers)-1)/max(1, c.Workers))
	return &limiter{config: c, rate: uint64(rate), slots: make([]limitSlot, limitSlots), seed: seed}
}

// verdict is what becomes of a response.
type verdict uint8

const (
	send verdict = iota
	slip
	drop
)

// admit counts a response of a kind (a hash) to a client.
func (l *limiter) admit(client netip.Addr, kind uint64, now uint32) verdict {
	for _, p := range l.config.Exempt {
		if p.Contains(client) {
			return send
		}
	}
	h := mix(network(client)^l.seed, kind|1)
	s := &l.slots[h%limitSlots]
	full := int32(l.rate * tokenScale * limitBurst)
	if tag := uint32(h>>32) | 1; s.tag != tag {
		*s = limitSlot{tag: tag, tokens: full, at: now}
	}
	passed := uint64(now - s.at) // wraps after 49 days
	s.at = now
	s.tokens = int32(min(int64(full), int64(s.tokens)+int64(min(passed, 1<<20)*l.rate)))
	if s.tokens >= tokenScale {
		s.tokens -= tokenScale
		return send
	}
	s.slip++
	if n := uint32(l.config.Slip); n > 0 && s.slip%n == 0 {
		return slip
	}
	return drop
}

// network is the part of an address that counts as one client.
func network(client netip.Addr) uint64 {
	if client.Is4() || client.Is4In6() {
		ip := client.Unmap().As4()
		return uint64(binary.BigEndian.Uint32(ip[:]))>>(32-limitBits4) | 1<<63
	}
	ip := client.As16()
	return binary.BigEndian.Uint64(ip[:]) >> (64 - limitBits6)
}

// admit decides about the response to a client over UDP.
func (r *Responder) admit() verdict {
	if r.limiter == nil || r.transport != dnswire.UDP || r.cookieState == goodCookie {
		return send
	}
	v := r.limiter.admit(r.client, r.kind(), uint32(r.now()))
	switch v {
	case slip:
		add(&r.Stats.Rate.Slipped)
	case drop:
		add(&r.Stats.Rate.Dropped)
	case send:
	}
	return v
}

// kind is the hash that like responses share.
func (r *Responder) kind() uint64 {
	switch {
	case r.rcode == dnswire.RcodeNXDomain && r.zone != nil:
		return mix(r.zone.Hash(), 3)
	case r.rcode != dnswire.RcodeNoError:
		return uint64(r.rcode) << 8
	case r.synthesised != 0:
		return mix(r.synthesised, 5)
	case r.zone == nil:
		return 7
	}
	return bits.RotateLeft64(r.question, 17) ^ uint64(r.query.Type)
}
