package zone

import (
	"slices"

	"open53/internal/rdata"
)

// state is the zone as it evolves along a batch: the view, and over it the
// names that the batch has touched.
type state struct {
	view  View
	nodes map[rdata.Name]*node
	err   error // the first error of the view; what was read after it is empty
}

func newState(view View) state {
	return state{view: view, nodes: make(map[rdata.Name]*node)}
}

// node is the RRsets of one owner name.
type node struct {
	sets []*RRset
	// shared tells that sets is still the view's own slice, not to be written.
	shared bool
}

func (s *state) at(name rdata.Name) *node {
	if n, found := s.nodes[name]; found {
		return n
	}
	sets, err := s.view.RRsetsAt(name)
	if err != nil && s.err == nil {
		s.err = err
	}
	n := &node{sets: sets, shared: true}
	s.nodes[name] = n
	return n
}

// find returns the RRset of type t with the set identifier, or nil.
func (n *node) find(t rdata.Type, id string) *RRset {
	for _, s := range n.sets {
		if s.Type == t && s.SetIdentifier == id {
			return s
		}
	}
	return nil
}

// hasType reports whether there is an RRset of type t.
func (n *node) hasType(t rdata.Type) bool {
	return slices.ContainsFunc(n.sets, func(s *RRset) bool { return s.Type == t })
}

// put adds set, or replaces the one with its key.
func (n *node) put(set *RRset) {
	n.own()
	for i, s := range n.sets {
		if s.Type == set.Type && s.SetIdentifier == set.SetIdentifier {
			n.sets[i] = set
			return
		}
	}
	n.sets = append(n.sets, set)
}

func (n *node) remove(set *RRset) {
	n.own()
	n.sets = slices.DeleteFunc(n.sets, func(s *RRset) bool { return s == set })
}

func (n *node) own() {
	if n.shared {
		n.sets, n.shared = slices.Clone(n.sets), false
	}
}
