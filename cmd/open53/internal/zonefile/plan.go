package zonefile

import (
	"iter"

	"open53/internal/rdata"
)

// Change is the step of one set from Old to New: one of them is nil where the
// set is created or deleted.
type Change struct {
	Old, New *Set
}

// Name is the owner name of the set.
func (c Change) Name() rdata.Name { return c.either().Name }

func (c Change) either() *Set {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// PlanOptions say what becomes of what a file does not mention.
type PlanOptions struct {
	// Replace deletes the sets that the file does not have, but for the
	// zone's SOA and NS.
	Replace bool
}

// WithoutApex leaves the zone's own SOA and NS out of the file.
func (f *File) WithoutApex() {
	kept := f.Sets[:0]
	for _, s := range f.Sets {
		if !s.isApex(f.Zone) {
			kept = append(kept, s)
		}
	}
	f.Sets = kept
}

// Plan is what must change for a zone that holds current, in list order, to
// hold the file; in list order. unchanged counts the sets that are there
// already.
func (f *File) Plan(current []*Set, o PlanOptions) (changes []Change, unchanged int) {
	for old, wanted := range paired(current, f.Sets) {
		switch {
		case old == nil:
			changes = append(changes, Change{New: wanted})
		case wanted == nil:
			if o.Replace && !old.isApex(f.Zone) {
				changes = append(changes, Change{Old: old})
			}
		case old.Equal(wanted):
			unchanged++
		default:
			changes = append(changes, Change{Old: old, New: wanted})
		}
	}
	return changes, unchanged
}

// paired yields each key of two lists once, with nil where one lacks it.
func paired(left, right []*Set) iter.Seq2[*Set, *Set] {
	return func(yield func(l, r *Set) bool) {
		for len(left) > 0 || len(right) > 0 {
			var l, r *Set
			order := 0
			switch {
			case len(right) == 0:
				order = -1
			case len(left) == 0:
				order = 1
			default:
				order = left[0].Key().Compare(right[0].Key())
			}
			if order <= 0 {
				l, left = left[0], left[1:]
			}
			if order >= 0 {
				r, right = right[0], right[1:]
			}
			if !yield(l, r) {
				return
			}
		}
	}
}

// namesOf yields the sets of each name; sets are in list order.
func namesOf(sets []*Set) iter.Seq[[]*Set] {
	return func(yield func([]*Set) bool) {
		for len(sets) > 0 {
			n := 1
			for n < len(sets) && sets[n].Name == sets[0].Name {
				n++
			}
			if !yield(sets[:n:n]) {
				return
			}
			sets = sets[n:]
		}
	}
}
