package zone

import (
	"open53/internal/rdata"
)

// maxLoopSteps bounds the search for loops. A longer chain is let through:
// whoever follows chains at query time has a far lower bound.
const maxLoopSteps = 1000

// visit is a question that a chain leads to: the name, and the type asked for
// there, 0 for any.
type visit struct {
	name rdata.Name
	t    rdata.Type
}

// loop refuses a set that leads to target, and from there through aliases and
// CNAMEs of the zone back to itself. Wildcards and DNAME are not followed.
func (b *batch) loop(i int, set *RRset, target rdata.Name) {
	if !target.IsSubdomainOf(b.zone.Name) {
		return
	}
	first := visit{name: target}
	if set.Type != rdata.TypeCNAME {
		first.t = set.Type
	}
	seen := map[visit]bool{first: true}
	queue := []visit{first}
	for len(queue) > 0 && len(seen) <= maxLoopSteps {
		v := queue[0]
		queue = queue[1:]
		if !v.name.IsSubdomainOf(b.zone.Name) {
			continue
		}
		// Whoever arrives here asks for what set answers: a CNAME answers for
		// every type, and a way that begins at an alias keeps to its type.
		if v.name == set.Name {
			b.loopFault(i, set)
			return
		}
		for _, s := range b.state.at(v.name).sets {
			for next := range b.leadsTo(s, v.t) {
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
}

// leadsTo yields where a question of type t goes on from set s.
func (b *batch) leadsTo(s *RRset, t rdata.Type) func(yield func(visit) bool) {
	return func(yield func(visit) bool) {
		if s.Type != rdata.TypeCNAME {
			if t != 0 && t != s.Type {
				return
			}
			t = s.Type
		}
		if s.Alias != nil {
			if s.Alias.ZoneID == b.zone.ID {
				yield(visit{name: s.Alias.Target, t: t})
			}
			return
		}
		if s.Type != rdata.TypeCNAME {
			return
		}
		for _, v := range s.Values {
			if name, ok := nameValue(s.Type, v); ok && !yield(visit{name: name, t: t}) {
				return
			}
		}
	}
}

func (b *batch) loopFault(i int, set *RRset) {
	b.fault(i, notPermitted(set)+" as it creates a CNAME or alias loop in the zone.")
}
