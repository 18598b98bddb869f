package nameserver

import (
	"slices"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// solveName answers the question's name and, through CNAMEs and DNAMEs, the
// names it leads to, as long as they lie in our zones (RFC 1034 §4.3.2). The
// response code is that of the last name (RFC 6604). first is the lookup of the
// question, in its zone if one is ours.
func (r *Responder) solveName(first *zonedb.Lookup) {
	r.zone = first.Zone()
	if r.zone == nil {
		r.rcode = dnswire.RcodeRefused
		r.ede = dnswire.EDENotAuthoritative
		return
	}
	again := r.solveInZone(first)
	for links := 0; again && !r.tc && links < maxChain; links++ {
		zone := r.findZone(r.view, r.name, r.query.Type)
		if zone == nil {
			return
		}
		r.zone = zone
		r.next.Begin(zone, r.name)
		again = r.solveInZone(&r.next)
	}
}

// findZone chooses the deepest zone: of the private ones that the client's VPC
// sees, else of the public ones. A DS question at a zone's apex belongs to the
// parent (RFC 4035 §3.1.4.1), if we serve it; a private zone's only to a
// private one.
func (r *Responder) findZone(view *zonedb.View, name *zonedb.QName, rrtype uint16) *zonedb.Zone {
	if view != nil {
		if zone := r.snapshot.PrivateZone(view, name, 0); zone != nil {
			if isAtParent(zone, name, rrtype) {
				if parent := r.snapshot.PrivateZone(view, name, 1); parent != nil {
					return parent
				}
			}
			return zone
		}
	}
	zone := r.snapshot.Zone(name, 0)
	if zone != nil && isAtParent(zone, name, rrtype) {
		if parent := r.snapshot.Zone(name, 1); parent != nil {
			return parent
		}
	}
	return zone
}

// isAtParent reports whether the zone above has what is asked for.
func isAtParent(zone *zonedb.Zone, name *zonedb.QName, rrtype uint16) bool {
	return rrtype == dnswire.TypeDS && name.Labels == zone.Labels() && zone.Labels() > 0
}

// solveInZone answers the current name from its zone. It reports whether a
// CNAME or DNAME has made another name current.
func (r *Responder) solveInZone(lookup *zonedb.Lookup) (again bool) {
	z := r.zone
	if z.HasCuts() {
		if n, skip := z.Cut(r.name); n.Exists() {
			if n.IsCut() {
				r.refer(n, skip)
				return false
			}
			r.aa = true
			return r.solveDNAME(n, skip)
		}
	}
	n := lookup.Node(r.name)
	if !n.Exists() {
		encloser, skip := z.Encloser(r.name)
		if encloser.Exists() && encloser.HasWildcard() {
			n = z.Wildcard(r.name, skip)
			r.synthesised = r.name.SuffixHash(skip)
		}
		if !n.Exists() {
			r.aa = true
			r.rcode = dnswire.RcodeNXDomain
			r.appendSOA()
			return false
		}
	} else if n.IsCut() && r.query.Type != dnswire.TypeDS {
		r.refer(n, 0)
		return false
	}
	r.aa = true
	return r.solveNode(n)
}

// solveNode answers from the node that holds the current name's data.
func (r *Responder) solveNode(n zonedb.Node) (again bool) {
	if r.query.Type == dnswire.TypeANY {
		r.solveAny(n)
		return false
	}
	if set, ok := n.Find(r.query.Type); ok {
		r.answerSet(set)
		return false
	}
	if n.HasCNAME() {
		set, _ := n.Find(dnswire.TypeCNAME)
		set, found := r.resolve(set)
		if found == resolved {
			return r.followCNAME(set)
		}
		r.unresolved(set, found)
		return false
	}
	r.appendSOA() // NODATA
	return false
}

// answerSet puts a set into the answer section.
func (r *Responder) answerSet(set zonedb.Set) {
	if set.Kind > zonedb.PlainFixed || r.trace != nil { // most sets are RRs already
		var found resolution
		if set, found = r.resolve(set); found != resolved {
			r.unresolved(set, found)
			return
		}
	}
	start, ok := r.appendSet(answer, set, 0)
	if !ok {
		r.tc = true
		return
	}
	r.refersTo(reference{rrtype: set.Type, start: start, zone: r.zone})
}

// resolution is what became of an alias.
type resolution uint8

const (
	resolved resolution = iota
	noTarget
	noneApplies // of a group, to this client
	targetNotReady
	targetFailed
	aliasLoop
)

// resolve turns a group into what it chooses, an alias into its target's RRs and
// the live SOA into the zone's; plain sets are returned as they are.
func (r *Responder) resolve(set zonedb.Set) (zonedb.Set, resolution) {
	if r.trace != nil {
		r.trace.begin(r)
	}
	for range maxChain + 1 {
		if set.Kind == zonedb.Group {
			var found resolution
			if set, found = r.choose(set); found != resolved {
				return set, found
			}
		}
		switch set.Kind {
		case zonedb.Plain, zonedb.PlainFixed:
			if r.trace != nil {
				r.trace.records(r, set)
			}
			return set, resolved
		case zonedb.LiveSOA:
			soa, _ := r.zone.SOA()
			return zonedb.Set{Type: set.Type, Count: 1, Kind: zonedb.PlainFixed, Data: soa}, resolved
		case zonedb.AliasOutside:
			if r.trace != nil {
				r.trace.alias(r, set)
			}
			return r.resolveOutside(set)
		case zonedb.AliasInside:
			if r.trace != nil {
				r.trace.alias(r, set)
			}
			target, found := r.aliasTarget(set)
			if !found { // the target was deleted after the alias was made
				return set, noTarget
			}
			set = target
		case zonedb.Group: // chosen from above
		}
	}
	return set, aliasLoop // refused when written; only a bound here
}

// aliasTarget finds the set that an AliasInside set points at.
func (r *Responder) aliasTarget(set zonedb.Set) (zonedb.Set, bool) {
	target := r.zone.Find(set.Target())
	if !target.Exists() {
		return zonedb.Set{}, false
	}
	return target.Find(set.Type)
}

// resolveOutside answers an alias to a name outside our zones from what the
// resolver last found.
func (r *Responder) resolveOutside(set zonedb.Set) (zonedb.Set, resolution) {
	found := r.snapshot.OutsideAnswer(set.Outside())
	switch {
	case found == nil:
		return set, targetNotReady
	case found.Failed:
		return set, targetFailed
	case found.Set.Count == 0:
		return set, noTarget
	}
	return found.Set, resolved
}

// unresolved finishes a response whose alias has nothing to answer with.
func (r *Responder) unresolved(set zonedb.Set, found resolution) {
	if r.trace != nil {
		r.trace.failed(r, set, found)
	}
	switch found {
	case noTarget, noneApplies:
		r.appendSOA()
		return
	case targetNotReady:
		r.ede = dnswire.EDENotReady
	case targetFailed:
		r.ede = dnswire.EDENoReachableAuthority
	default:
		r.ede = dnswire.EDEOther
	}
	r.rcode, r.aa = dnswire.RcodeServFail, false
}

// followCNAME puts a CNAME into the answer and makes its target current.
func (r *Responder) followCNAME(set zonedb.Set) (again bool) {
	_, ok := r.appendSet(answer, set, 0)
	if !ok {
		r.tc = true
		return false
	}
	rdata := len(r.b) - (len(set.Data) - zonedb.RRHead)
	return r.setCurrent(rdata)
}

// setCurrent makes the uncompressed name at offset at of the response the
// current name. It reports false for a name that was current before: a loop.
func (r *Responder) setCurrent(at int) (again bool) {
	length, labels := r.target.words.Fold(r.b[at:], &r.target.offsets)
	r.targetName.Set(r.target.words[:], length, r.target.offsets[:], labels)
	r.name, r.at = &r.targetName, at
	if r.trace != nil {
		r.trace.cname(r)
	}
	return r.firstVisit()
}

// firstVisit reports whether the current name is new in this answer.
func (r *Responder) firstVisit() bool {
	h := r.name.Hash()
	if slices.Contains(r.visited[:r.visits], h) {
		return false
	}
	if r.visits < len(r.visited) {
		r.visited[r.visits] = h
		r.visits++
	}
	return true
}

// solveAny answers type ANY: every RRset, or one HINFO that says so
// (RFC 8482 §4.2). A CNAME is answered alone and not followed.
func (r *Responder) solveAny(n zonedb.Node) {
	if n.Sets() == 0 {
		r.appendSOA()
		return
	}
	if r.config.Any == AnyHINFO || r.config.Any == AnyMinimal && r.transport == dnswire.UDP {
		r.answerHINFO()
		return
	}
	answered := r.counts[answer]
	for i := range n.Sets() {
		set, found := r.resolve(n.SetAt(i))
		if found != resolved {
			continue
		}
		if _, ok := r.appendSet(answer, set, 0); !ok {
			r.tc = true
			return
		}
	}
	if r.counts[answer] == answered { // nothing but aliases that lead nowhere
		r.appendSOA()
	}
}

// hinfo is the RR of RFC 8482 §4.2: CPU "RFC8482", empty OS, TTL one day.
var hinfo = zonedb.Set{Type: dnswire.TypeHINFO, Count: 1, Kind: zonedb.PlainFixed, Data: []byte{
	0xc0, 0x0c, 0, dnswire.TypeHINFO, 0, 1, 0, 1, 0x51, 0x80, 0, 9, 7, 'R', 'F', 'C', '8', '4', '8', '2', 0,
}}

func (r *Responder) answerHINFO() {
	if _, ok := r.appendSet(answer, hinfo, 0); !ok {
		r.tc = true
	}
}
