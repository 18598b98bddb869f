package prober

import "slices"

// orderedIDs is ids in order: what lists page through. Additions gather
// behind the sorted part until somebody looks.
type orderedIDs struct {
	ids    []string
	sorted int
}

func (o *orderedIDs) add(id string) { o.ids = append(o.ids, id) }

func (o *orderedIDs) sort() {
	if o.sorted < len(o.ids) {
		slices.Sort(o.ids)
		o.sorted = len(o.ids)
	}
}

func (o *orderedIDs) remove(id string) {
	o.sort()
	if i, found := slices.BinarySearch(o.ids, id); found {
		o.ids = slices.Delete(o.ids, i, i+1)
		o.sorted = len(o.ids)
	}
}

// from is the ids behind after.
func (o *orderedIDs) from(after string) []string {
	o.sort()
	i, found := slices.BinarySearch(o.ids, after)
	if found {
		i++
	}
	return o.ids[i:]
}
