package nameserver

import (
	"math/bits"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// section numbers the counts of a response.
type section int

const (
	answer section = iota
	authority
	additional
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// begin lays down header and question, and works out how long the response
// may get.
func (r *Responder) begin(msg []byte) {
	q := r.query
	end := dnswire.HeaderLen
	if q.Question {
		end = q.QuestionEnd
	}
	r.b = append(r.b, msg[:end]...)
	switch {
	case r.transport != dnswire.UDP:
		r.limit = dnswire.MaxMessage
	case q.EDNS:
		// RFC 6891 §6.2.5: sizes below 512 mean 512.
		r.limit = max(dnswire.MaxUDPPlain, min(int(q.UDPSize), r.config.UDPSize))
	default:
		r.limit = dnswire.MaxUDPPlain
	}
	r.limit = min(r.limit, cap(r.b)) - r.optLen()
}

// finish adds the OPT record and the header. What did not fit leaves an empty,
// truncated response.
func (r *Responder) finish() []byte {
	q := r.query
	if r.tc {
		r.truncate()
	}
	if q.EDNS {
		r.appendOPT()
		r.counts[additional]++
	}
	flags := dnswire.FlagQR | q.Flags&(0xf<<11|dnswire.FlagRD|dnswire.FlagCD) | uint16(r.rcode&0xf)
	if r.aa {
		flags |= dnswire.FlagAA
	}
	if r.tc {
		flags |= dnswire.FlagTC
		add(&r.Stats.Truncated)
	}
	b := r.b
	dnswire.PutUint16(b[2:], flags)
	if q.Question {
		dnswire.PutUint16(b[4:], 1)
	} else {
		dnswire.PutUint16(b[4:], 0)
	}
	dnswire.PutUint16(b[6:], r.counts[answer])
	dnswire.PutUint16(b[8:], r.counts[authority])
	dnswire.PutUint16(b[10:], r.counts[additional])
	add(&r.Stats.Queries)
	add(&r.Stats.Cookies[r.cookieState])
	add(&r.Stats.Rcodes[min(r.rcode, len(r.Stats.Rcodes)-1)])
	return b
}

// truncate empties a response that does not fit: whole RRsets or none
// (RFC 2181 §9). Over TCP nothing larger can be sent.
func (r *Responder) truncate() {
	r.b = r.b[:dnswire.HeaderLen]
	if r.query.Question {
		r.b = r.b[:r.query.QuestionEnd]
	}
	r.counts = [3]uint16{}
	if r.transport != dnswire.UDP {
		r.tc, r.aa = false, false
		r.rcode = dnswire.RcodeServFail
		r.ede = dnswire.EDEOther
	}
}

// room reports whether n more bytes fit.
func (r *Responder) room(n int) bool { return len(r.b)+n <= r.limit }

// owner returns the two bytes of a compression pointer to the name without its
// first skip labels, where it stands in the response; 0 if it stands too far
// behind to be pointed at.
func (r *Responder) owner(skip int) uint16 {
	at := r.at + int(r.name.Offsets[skip])
	if at > 0x3fff {
		return 0
	}
	return 0xc000 | uint16(at)
}

// questionPointer is the owner that compiled RRs have.
const questionPointer = 0xc000 | dnswire.HeaderLen

// appendSet appends the RRs of a plain set to a section, rotated, with the
// owner name that is skip labels into the current name. It returns where the
// first RR begins, and false if the set does not fit.
func (r *Responder) appendSet(s section, set zonedb.Set, skip int) (start int, ok bool) {
	owner := r.owner(skip)
	if owner == 0 {
		return r.appendFarSet(s, set, skip)
	}
	if !r.room(len(set.Data)) {
		return 0, false
	}
	start = len(r.b)
	if set.Count > 1 {
		turn := r.turn(set)
		r.b = append(append(r.b, set.Data[turn:]...), set.Data[:turn]...)
	} else {
		r.b = append(r.b, set.Data...)
	}
	if owner != questionPointer {
		for at := start; at < len(r.b); at = nextRR(r.b, at) {
			dnswire.PutUint16(r.b[at:], owner)
		}
	}
	r.counts[s] += uint16(set.Count)
	return start, true
}

// turn is the offset in the set's data of the RR that comes first this time.
func (r *Responder) turn(set zonedb.Set) int {
	first := r.random.Below(uint64(set.Count))
	if set.Kind == zonedb.PlainFixed {
		return int(first) * (len(set.Data) / set.Count)
	}
	at := 0
	for range first {
		at = nextRR(set.Data, at)
	}
	return at
}

// nextRR is the offset of the RR behind the one at, whose owner is a pointer.
func nextRR(b []byte, at int) int {
	return at + zonedb.RRHead + int(b[at+10])<<8 + int(b[at+11])
}

// appendFarSet is appendSet for owners beyond the reach of pointers: the owner
// is written out in each RR.
func (r *Responder) appendFarSet(s section, set zonedb.Set, skip int) (start int, ok bool) {
	name := r.name.Words[r.name.Offsets[skip]:r.name.Len]
	if !r.room(len(set.Data) + set.Count*(len(name)-2)) {
		return 0, false
	}
	start = len(r.b)
	for at := 0; at < len(set.Data); {
		next := nextRR(set.Data, at)
		r.b = append(append(r.b, name...), set.Data[at+2:next]...)
		at = next
	}
	r.counts[s] += uint16(set.Count)
	return start, true
}

// appendSOA puts the zone's SOA into the authority section of a negative
// answer, its TTL cut to the negative TTL (RFC 2308 §3).
func (r *Responder) appendSOA() {
	soa, ttl := r.zone.SOA()
	if len(soa) == 0 {
		return
	}
	set := zonedb.Set{Type: dnswire.TypeSOA, Count: 1, Kind: zonedb.PlainFixed, Data: soa}
	if _, ok := r.appendSet(authority, set, r.name.Labels-r.zone.Labels()); !ok {
		r.tc = true
		return
	}
	at := len(r.b) - len(soa) + 6 // the TTL, also behind a written-out owner
	r.b[at], r.b[at+1], r.b[at+2], r.b[at+3] = byte(ttl>>24), byte(ttl>>16), byte(ttl>>8), byte(ttl)
}
