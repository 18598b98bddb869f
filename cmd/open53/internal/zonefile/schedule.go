package zonefile

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"open53/internal/rdata"
	"open53/internal/route53api"
	"open53/internal/zone"
)

// Amazon's limits of one request; an UPSERT counts twice.
const (
	MaxRecords    = 1000
	MaxCharacters = 32000 // of values
)

// Step is one change of a change set.
type Step struct {
	Action route53api.ChangeAction
	Set    *Set
}

// Batch is one change set: it is made as a whole or not at all.
type Batch struct {
	Steps []Step
	size  size
}

// size is what the limits count.
type size struct{ records, characters int }

func (a size) plus(b size) size { return size{a.records + b.records, a.characters + b.characters} }

func (a size) fits() bool { return a.records <= MaxRecords && a.characters <= MaxCharacters }

func (s Step) size() size {
	n := size{records: max(1, len(s.Set.Values))} // an alias is a record
	for _, v := range s.Set.Values {
		n.characters += utf8.RuneCountInString(v)
	}
	if s.Action == route53api.ChangeActionUpsert {
		n.records, n.characters = 2*n.records, 2*n.characters
	}
	return n
}

func sizeOf(steps []Step) size {
	var sum size
	for _, s := range steps {
		sum = sum.plus(s.size())
	}
	return sum
}

// Schedule puts the changes of Plan into batches. The batches of
// one phase do not depend on each other; a phase follows when the one before
// it is done. What fits into one batch becomes one batch.
//
// Nothing is in the way of what comes, whatever the order of the batches of a
// phase: deletes precede creates of the same name in one batch, alias targets
// precede their aliases, and in several batches names that only lose sets come
// last. The error is a set that no batch can hold.
func (f *File) Schedule(changes []Change) (phases [][]Batch, err error) {
	s := newScheduler(f, changes)
	if len(changes) == 0 {
		return nil, nil
	}
	if len(changes) <= MaxRecords {
		all := s.unit(changes)
		steps := all.steps()
		if sum := sizeOf(steps); sum.fits() {
			return [][]Batch{{{Steps: steps, size: sum}}}, nil
		}
	}
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].Name() == changes[0].Name() {
			n++
		}
		if err := s.name(changes[:n]); err != nil {
			return nil, err
		}
		changes = changes[n:]
	}
	for _, l := range append(s.levels, s.deletes) {
		if len(l.batches) > 0 {
			phases = append(phases, l.batches)
		}
		for _, b := range l.alone {
			phases = append(phases, []Batch{b})
		}
	}
	return phases, nil
}

// scheduler is one run of Schedule.
type scheduler struct {
	apex rdata.Name
	// aliases are the file's aliases whose targets are in the zone, those that
	// do not change included: they may lead to ones that do.
	aliases map[aliasKey][]*Set
	// bound are the names with deletes: what is written there must come in the
	// same batch, so all that is written there has the level of its aliases.
	bound map[rdata.Name][]*Set
	// depth is how many phases must be before that of an alias.
	depth   map[*Set]int
	levels  []level
	deletes level // of names where nothing is written
}

type aliasKey struct {
	name rdata.Name
	t    rdata.Type
}

// level is what can be done at the same time, and what follows it one by one.
type level struct {
	batches []Batch
	alone   []Batch
}

func newScheduler(f *File, changes []Change) *scheduler {
	s := &scheduler{
		apex: f.Zone, aliases: make(map[aliasKey][]*Set), bound: make(map[rdata.Name][]*Set), depth: make(map[*Set]int),
	}
	for _, set := range f.Sets {
		if _, within := set.aliasWithin(f.Zone); within {
			key := aliasKey{set.Name, set.Type}
			s.aliases[key] = append(s.aliases[key], set)
		}
	}
	if len(s.aliases) == 0 {
		return s
	}
	for _, c := range changes {
		if c.Old != nil && !c.isUpsert() && s.bound[c.Name()] == nil {
			s.bound[c.Name()] = []*Set{}
		}
	}
	for key, sets := range s.aliases {
		if _, found := s.bound[key.name]; found {
			s.bound[key.name] = append(s.bound[key.name], sets...)
		}
	}
	return s
}

// isUpsert reports whether the change can be made in one step whatever else
// changes at the name: UPSERT of one of several routed sets may meet the place
// of another that moves too, and UPSERT of a CNAME may close a loop that
// another change is about to open.
func (c Change) isUpsert() bool {
	return c.Old != nil && c.New != nil && c.Old.Special == nil && c.New.Special == nil && c.New.Type != rdata.TypeCNAME
}

// unit is steps that belong together.
type unit struct {
	deletes []Step
	writes  [][]Step // by level
}

// steps begins with the deletes, so that every state on the way to the last
// one is a part of it; aliases go before what they may point at.
func (u *unit) steps() []Step {
	slices.SortStableFunc(u.deletes, func(a, b Step) int { return a.aliasFirst() - b.aliasFirst() })
	return slices.Concat(append([][]Step{u.deletes}, u.writes...)...)
}

func (s Step) aliasFirst() int {
	if s.Set.Special != nil && s.Set.Special.AliasTarget != nil {
		return 0
	}
	return 1
}

// unit makes the steps of changes.
func (s *scheduler) unit(changes []Change) unit {
	var u unit
	for _, c := range changes {
		if c.Old != nil && !c.isUpsert() {
			u.deletes = append(u.deletes, Step{route53api.ChangeActionDelete, c.Old})
		}
		if c.New == nil {
			continue
		}
		depth := s.depthOf(c.New)
		for len(u.writes) <= depth {
			u.writes = append(u.writes, nil)
		}
		action := route53api.ChangeActionCreate
		if c.isUpsert() {
			action = route53api.ChangeActionUpsert
		}
		u.writes[depth] = append(u.writes[depth], Step{action, c.New})
	}
	return u
}

// depthOf is 0 for what is no alias within the zone, and for an alias one more
// than the level of its target.
func (s *scheduler) depthOf(set *Set) int {
	target, within := set.aliasWithin(s.apex)
	if !within {
		return 0
	}
	if depth, known := s.depth[set]; known {
		return depth
	}
	s.depth[set] = 1 // ends a ring, which only names with deletes can form
	next, bound := s.bound[target]
	if !bound {
		next = s.aliases[aliasKey{target, set.Type}]
	}
	depth := 1
	for _, t := range next {
		depth = max(depth, 1+s.depthOf(t))
	}
	s.depth[set] = depth
	return depth
}

// name schedules the changes of one name: together if some are deletes, else
// each level for itself.
func (s *scheduler) name(changes []Change) error {
	u := s.unit(changes)
	if len(u.writes) == 0 {
		return s.deletes.add(u.steps())
	}
	if len(u.deletes) > 0 {
		return s.level(len(u.writes) - 1).add(u.steps())
	}
	for depth, steps := range u.writes {
		if err := s.level(depth).add(steps); err != nil {
			return err
		}
	}
	return nil
}

func (s *scheduler) level(n int) *level {
	for len(s.levels) <= n {
		s.levels = append(s.levels, level{})
	}
	return &s.levels[n]
}

// add puts steps into one batch: the last one if there is room. What no batch
// can hold as a whole is done in steps, one batch after the other.
func (l *level) add(steps []Step) error {
	if len(steps) == 0 {
		return nil
	}
	sum := sizeOf(steps)
	if !sum.fits() {
		return l.addAlone(steps)
	}
	if n := len(l.batches); n > 0 && l.batches[n-1].size.plus(sum).fits() {
		l.batches[n-1].append(steps, sum)
		return nil
	}
	l.batches = append(l.batches, Batch{Steps: steps, size: sum})
	return nil
}

func (b *Batch) append(steps []Step, sum size) {
	b.Steps = append(b.Steps, steps...)
	b.size = b.size.plus(sum)
}

func (l *level) addAlone(steps []Step) error {
	var open Batch
	for _, step := range steps {
		sum := step.size()
		if !sum.fits() {
			return fmt.Errorf("%s %s: its %d values of %d characters are too large for one change set (%s; the limits are %d and %d, and a set that exists counts twice)",
				step.Set.Name, step.Set.Type, len(step.Set.Values), charactersOf(step.Set), step.Action, MaxRecords, MaxCharacters)
		}
		if !open.size.plus(sum).fits() {
			l.alone = append(l.alone, open)
			open = Batch{}
		}
		open.append([]Step{step}, sum)
	}
	l.alone = append(l.alone, open)
	return nil
}

func charactersOf(s *Set) int { return Step{route53api.ChangeActionCreate, s}.size().characters }

// Changes is the batch as the API takes it, for the zone with the id.
func (b *Batch) Changes(zoneID string) []route53api.Change {
	list := make([]route53api.Change, len(b.Steps))
	for i, s := range b.Steps {
		list[i] = route53api.Change{Action: s.Action, ResourceRecordSet: s.Set.API(zoneID)}
	}
	return list
}

// Sets counts the sets that the batch changes.
func (b *Batch) Sets() int {
	keys := make(map[zone.RRsetKey]struct{}, len(b.Steps)) // a set may be deleted and created
	for _, s := range b.Steps {
		keys[s.Set.Key()] = struct{}{}
	}
	return len(keys)
}
