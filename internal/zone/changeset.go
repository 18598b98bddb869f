package zone

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Compare orders RRsets as Route 53 lists them: by name (rdata.Name.SortKey),
// then by type mnemonic, then by set identifier, byte by byte.
func (k RRsetKey) Compare(other RRsetKey) int {
	if k.Name != other.Name {
		return cmp.Compare(k.Name.SortKey(), other.Name.SortKey())
	}
	if k.Type != other.Type {
		return cmp.Compare(k.Type.String(), other.Type.String())
	}
	return cmp.Compare(k.SetIdentifier, other.SetIdentifier)
}

// Changeset is the net effect of consecutive changes, in list order: the
// RRsets that are no longer as they were, and those that are new. An RRset
// that was replaced is in both; one that was changed to and fro is in neither.
func Changeset(changes []Change) (removed, added []*RRset) {
	type span struct{ first, last *RRset }
	spans := make(map[RRsetKey]span, len(changes))
	for i := range changes {
		c := &changes[i]
		s, found := spans[c.Key()]
		if !found {
			s.first = c.Old
		}
		s.last = c.New
		spans[c.Key()] = s
	}
	for _, s := range spans {
		if s.first.Equal(s.last) {
			continue
		}
		if s.first != nil {
			removed = append(removed, s.first)
		}
		if s.last != nil {
			added = append(added, s.last)
		}
	}
	sortRRsets(removed)
	sortRRsets(added)
	return removed, added
}

func sortRRsets(sets []*RRset) {
	slices.SortFunc(sets, compareRRsets)
}

// Inverse is the changes that take changes back, last first. They are made to
// be committed as they are: RequestOf(Inverse(…)) is mostly, but not always,
// accepted by Apply, which does not let an alias come before its target.
func Inverse(changes []Change) []Change {
	inverse := make([]Change, 0, len(changes))
	for _, change := range slices.Backward(changes) {
		inverse = append(inverse, step(change.New, change.Old))
	}
	return inverse
}

// step is the change that leads from one RRset to another of its key.
func step(from, to *RRset) Change {
	switch {
	case from == nil:
		return Change{Action: Create, New: to}
	case to == nil:
		return Change{Action: Delete, Old: from}
	}
	return Change{Action: Upsert, Old: from, New: to}
}

// Revert is the changes that lead from the current content to the target
// content; both come in list order, as store.View.RRsets yields them. Deletes
// come first, then what is not an alias, then aliases, each in list order: no
// step but an alias to a later alias lacks what it needs. The error is the
// first that an iterator yields.
func Revert(current, target iter.Seq2[*RRset, error]) ([]Change, error) {
	var deletes, plain, aliases []Change
	err := merge(current, target, func(from, to *RRset) {
		switch {
		case from.Equal(to):
		case to == nil:
			deletes = append(deletes, step(from, nil))
		case to.Alias == nil:
			plain = append(plain, step(from, to))
		default:
			aliases = append(aliases, step(from, to))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("compare contents: %w", err)
	}
	return slices.Concat(deletes, plain, aliases), nil
}

// merge walks two contents in list order and visits each key once, with nil
// where a side lacks it.
func merge(left, right iter.Seq2[*RRset, error], visit func(l, r *RRset)) error {
	l, stopLeft := newCursor(left)
	defer stopLeft()
	r, stopRight := newCursor(right)
	defer stopRight()
	for l.set != nil || r.set != nil {
		switch order := compareRRsets(l.set, r.set); {
		case order < 0:
			visit(l.set, nil)
			l.advance()
		case order > 0:
			visit(nil, r.set)
			r.advance()
		default:
			visit(l.set, r.set)
			l.advance()
			r.advance()
		}
	}
	return cmp.Or(l.err, r.err)
}

// compareRRsets orders by key; nil, the end of a list, is last. At least one
// is not nil.
func compareRRsets(a, b *RRset) int {
	switch {
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Key().Compare(b.Key())
}

// cursor is the place in an iterator of RRsets.
type cursor struct {
	next func() (*RRset, error, bool)
	set  *RRset // nil at the end, and after an error
	err  error
}

func newCursor(sets iter.Seq2[*RRset, error]) (*cursor, func()) {
	next, stop := iter.Pull2(sets)
	c := &cursor{next: next}
	c.advance()
	return c, stop
}

func (c *cursor) advance() {
	c.set, c.err, _ = c.next()
	if c.err != nil {
		c.set = nil
	}
}
