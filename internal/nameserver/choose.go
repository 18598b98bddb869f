package nameserver

import (
	"encoding/binary"

	"open53/internal/dnswire"
	"open53/internal/policy"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// maxJudged bounds how many candidates one query looks at through aliases that
// evaluate their target's health. Trees of aliases can be as large as the zone;
// what lies beyond the bound counts as healthy.
const maxJudged = 2048

// choose picks what a group answers this client with: of the candidates that
// apply, one that is healthy, or any of them if none is.
func (r *Responder) choose(set zonedb.Set) (zonedb.Set, resolution) {
	p := policy.Program(set.Data)
	var client *policy.Client
	if p.Located() {
		client = r.location()
	}
	candidates := p.Applicable(client)
	if candidates.Empty() {
		if r.trace != nil {
			r.trace.none(r, set)
		}
		return set, noneApplies
	}
	left := candidates
	if p.Judged() {
		if left = r.healthy(p, set.Type, candidates); left.Empty() {
			left = candidates
		}
	}
	if p.Policy() == zone.Multivalue {
		return r.mergeValues(set, candidates, left), resolved
	}
	var i int
	if r.config.StickyPrefix && p.Policy() == zone.Weighted {
		i = p.PickSticky(left, r.location().Network())
	} else {
		i = p.Pick(left, client, &r.random)
	}
	if r.trace != nil {
		r.trace.chosen(r, set, candidates, left, i)
	}
	return candidateSet(set.Type, p.Candidate(i)), resolved
}

// candidateSet is a candidate's payload.
func candidateSet(rrtype uint16, c policy.Candidate) zonedb.Set {
	return zonedb.Set{Type: rrtype, Count: c.Count, Kind: zonedb.Kind(c.Kind), Data: c.Data}
}

// mergeValues makes one RRset of up to eight sets of a multivalue group. They
// have one TTL on the wire, the least (RFC 2181 §5.2).
func (r *Responder) mergeValues(set zonedb.Set, candidates, left policy.Set) zonedb.Set {
	p := policy.Program(set.Data)
	var picked [policy.MaxValues]uint8
	var n int
	if r.config.StickyPrefix {
		n = p.PickValuesSticky(left, r.location().Network(), &picked)
	} else {
		n = p.PickValues(left, &r.random, &picked)
	}
	if r.trace != nil {
		r.trace.merged(r, set, candidates, left, picked[:n])
	}
	if n == 1 {
		return candidateSet(set.Type, p.Candidate(int(picked[0])))
	}
	evenTTL, evenLength := p.Even()
	merged := zonedb.Set{Type: set.Type, Kind: zonedb.Plain}
	if evenLength {
		merged.Kind = zonedb.PlainFixed
	}
	r.merged = r.merged[:0]
	for _, i := range picked[:n] {
		c := p.Candidate(int(i))
		if p.Repeated() {
			merged.Count += r.mergeNew(c.Data)
			continue
		}
		r.merged = append(r.merged, c.Data...)
		merged.Count += c.Count
	}
	if !evenTTL {
		leastTTL(r.merged)
	}
	merged.Data = r.merged
	return merged
}

// mergeNew merges the RRs that are not there yet and counts them: an RRset has
// each but once (RFC 2181 §5).
func (r *Responder) mergeNew(data []byte) (count int) {
	for at := 0; at < len(data); {
		end := nextRR(data, at)
		if value := data[at+zonedb.RRHead : end]; !r.hasMerged(value) {
			r.merged = append(r.merged, data[at:end]...)
			count++
		}
		at = end
	}
	return count
}

func (r *Responder) hasMerged(value []byte) bool {
	for at := 0; at < len(r.merged); {
		end := nextRR(r.merged, at)
		if string(r.merged[at+zonedb.RRHead:end]) == string(value) {
			return true
		}
		at = end
	}
	return false
}

// leastTTL gives all RRs the least TTL among them.
func leastTTL(b []byte) {
	const ttl = 6
	least := ^uint32(0)
	for at := 0; at < len(b); at = nextRR(b, at) {
		least = min(least, binary.BigEndian.Uint32(b[at+ttl:]))
	}
	for at := 0; at < len(b); at = nextRR(b, at) {
		binary.BigEndian.PutUint32(b[at+ttl:], least)
	}
}

// healthy are the candidates that are healthy.
func (r *Responder) healthy(p policy.Program, rrtype uint16, candidates policy.Set) (left policy.Set) {
	for i := candidates.Next(0); i >= 0; i = candidates.Next(i + 1) {
		if r.candidateHealthy(p, rrtype, i, 0) {
			left.Add(i)
			if p.Ordered() {
				break // the others do not matter
			}
		}
	}
	return left
}

// candidateHealthy: neither its health check nor, if it is an alias that
// evaluates it, its target says otherwise.
func (r *Responder) candidateHealthy(p policy.Program, rrtype uint16, i, depth int) bool {
	if check, checked := p.Check(i); checked && !r.world.Health.Healthy(check) {
		return false
	}
	return !p.Evaluates(i) || r.targetHealthy(candidateSet(rrtype, p.Candidate(i)), depth+1)
}

// targetHealthy reports whether what an alias points at can answer healthily.
func (r *Responder) targetHealthy(alias zonedb.Set, depth int) bool {
	if r.judged++; r.judged > maxJudged || depth > maxChain {
		return true
	}
	if alias.Kind == zonedb.AliasOutside {
		found := r.snapshot.OutsideAnswer(alias.Outside())
		return found != nil && !found.Failed && found.Set.Count > 0
	}
	target, found := r.aliasTarget(alias)
	return found && r.setHealthy(target, depth)
}

// setHealthy: a group is healthy if at least one of its sets is.
func (r *Responder) setHealthy(set zonedb.Set, depth int) bool {
	switch set.Kind {
	case zonedb.AliasInside, zonedb.AliasOutside:
		return !set.Evaluates() || r.targetHealthy(set, depth+1)
	case zonedb.Group:
		p := policy.Program(set.Data)
		if !p.Judged() {
			return true
		}
		for i := range p.Len() {
			r.judged++
			if r.candidateHealthy(p, set.Type, i, depth) {
				return true
			}
		}
		return false
	case zonedb.Plain, zonedb.PlainFixed, zonedb.LiveSOA:
	}
	return true
}

// location is who asks, for policies: in private zones a client in the region
// of its VPC; else the client subnet that the query names, or the address it
// came from.
func (r *Responder) location() *policy.Client {
	inside := r.inside()
	if r.placed && r.within == inside {
		return &r.where
	}
	if inside {
		r.placeInside()
		return &r.where
	}
	r.placed, r.within = true, false
	if addr, ok := r.query.ECS.Addr(); ok {
		r.where.Begin(r.world, addr, r.query.ECS.Source)
		return &r.where
	}
	addr := r.client.Unmap()
	r.where.Begin(r.world, addr, uint8(addr.BitLen()))
	return &r.where
}

// inside reports whether the client's VPC says where it is: in private zones,
// and where its address and nothing else would, but is one that means nothing
// elsewhere.
func (r *Responder) inside() bool {
	if r.view == nil {
		return false
	}
	if r.zone != nil && r.zone.Private() {
		return true
	}
	addr := r.client.Unmap()
	return !r.query.ECS.Present && (addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast())
}

// placeInside places the client in the region of its VPC. What was decided
// before, in a public zone that led here, keeps its scope.
func (r *Responder) placeInside() {
	if !r.placed {
		addr := r.client.Unmap()
		r.where.Begin(r.world, addr, uint8(addr.BitLen()))
	}
	r.where.Place(r.view.Position())
	r.placed, r.within = true, true
}

// echoesSubnet: a client subnet option is answered with one, and never sent
// otherwise (RFC 7871 §7.2.1).
func (r *Responder) echoesSubnet() bool {
	return r.query.ECS.Present && r.rcode != dnswire.RcodeFormErr && r.query.Version == 0
}

// scope is how many bits of the client subnet the response depends on. Where
// the client's own address was used, the option must not be, and has none.
func (r *Responder) scope() uint8 {
	if !r.placed || r.query.ECS.Source == 0 {
		return 0
	}
	return r.where.Scope()
}
