package health

import "slices"

// Child is what a calculated check sees of a child.
type Child struct {
	Known    bool // false: deleted, or not there yet
	Disabled bool
	Healthy  bool // as published
}

// counts: disabled children count as healthy whatever they publish, and so do
// those that are gone, as for records.
func (c Child) counts() bool { return !c.Known || c.Disabled || c.Healthy }

// Calculated reports whether at least threshold children are healthy, and how
// many are. A threshold of 0 is always met, one above the number of children
// never.
func Calculated(threshold int32, children []Child) (healthy bool, count int) {
	for _, c := range children {
		if c.counts() {
			count++
		}
	}
	return count >= int(threshold), count
}

// Parents knows which calculated checks look at a check. Not safe for
// concurrent use.
type Parents struct {
	of       map[string]map[string]struct{} // child ─▶ parents
	children map[string][]string            // parent ─▶ children
}

// NewParents returns an empty index.
func NewParents() *Parents {
	return &Parents{of: map[string]map[string]struct{}{}, children: map[string][]string{}}
}

// Set says which children a check has now; none removes it.
func (p *Parents) Set(parent string, children []string) {
	for _, child := range p.children[parent] {
		delete(p.of[child], parent)
		if len(p.of[child]) == 0 {
			delete(p.of, child)
		}
	}
	if len(children) == 0 {
		delete(p.children, parent)
		return
	}
	p.children[parent] = children
	for _, child := range children {
		if p.of[child] == nil {
			p.of[child] = map[string]struct{}{}
		}
		p.of[child][parent] = struct{}{}
	}
}

// Of yields the checks that look at child.
func (p *Parents) Of(child string) func(yield func(parent string) bool) {
	return func(yield func(string) bool) {
		for parent := range p.of[child] {
			if !yield(parent) {
				return
			}
		}
	}
}

// Reaches reports whether a check with the id is among children or anywhere
// below them, as childrenOf tells. Each check is asked for once.
func Reaches(id string, children []string, childrenOf func(id string) ([]string, error)) (bool, error) {
	seen := map[string]bool{}
	for queue := children; len(queue) > 0; {
		next := queue[0]
		queue = queue[1:]
		if next == id {
			return true, nil
		}
		if seen[next] {
			continue
		}
		seen[next] = true
		below, err := childrenOf(next)
		if err != nil {
			return false, err
		}
		queue = append(slices.Clip(queue), below...)
	}
	return false, nil
}
