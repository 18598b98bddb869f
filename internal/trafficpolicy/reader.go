package trafficpolicy

import (
	"strconv"
	"strings"

	"open53/internal/zone"
)

// reader reads one document and collects its faults.
type reader struct {
	opts   *zone.Options
	doc    *Document
	faults []string
}

// fault notes what is wrong with the endpoint or rule of an id; an empty id is
// the document itself. Amazon's one text that is known has this form:
//
//	my_elb: Value is not a valid ELB Classic load balancer name.
//
// All others here are ours.
func (r *reader) fault(id, what string) {
	if id != "" {
		what = id + ": " + what
	}
	r.faults = append(r.faults, what+".")
}

// fields reads the members of one object. What is asked for twice is read
// twice; what is not asked for is a fault at the end.
type fields struct {
	r     *reader
	id    string // for faults
	node  *node
	known map[string]bool
}

// fields begins to read n. A node that is no object is a fault, and reads as an
// empty one.
func (r *reader) fields(id, what string, n *node) *fields {
	if n == nil || n.kind != object {
		r.fault(id, what+" must be an object")
		n = &node{kind: object}
	}
	return &fields{r: r, id: id, node: n, known: map[string]bool{}}
}

// member is the value of a member; nil if it is not there, or null.
func (f *fields) member(name string) *node {
	f.known[name] = true
	for _, m := range f.node.members {
		if m.name == name && m.value.kind != null {
			return m.value
		}
	}
	return nil
}

// has reports whether a member is there.
func (f *fields) has(name string) bool { return f.member(name) != nil }

// text is a member that is a string. Numbers are taken as they are written.
func (f *fields) text(name string) string {
	n := f.member(name)
	switch {
	case n == nil:
		return ""
	case n.kind == text || n.kind == number:
		return n.text
	}
	f.r.fault(f.id, name+" must be a string")
	return ""
}

// flag is a member that is true or false, or a string that says so.
func (f *fields) flag(name string, usual bool) bool {
	n := f.member(name)
	if n == nil {
		return usual
	}
	if n.kind == boolean || n.kind == text {
		switch strings.ToLower(n.text) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	f.r.fault(f.id, name+" must be true or false")
	return usual
}

// integer is a member that is an integer, or a string that is one.
func (f *fields) integer(name string, low, high int64) (v int64, set bool) {
	n := f.member(name)
	if n == nil {
		return 0, false
	}
	if n.kind == number || n.kind == text {
		if v, err := strconv.ParseInt(n.text, 10, 64); err == nil && low <= v && v <= high {
			return v, true
		}
	}
	f.r.fault(f.id, name+" must be an integer from "+strconv.FormatInt(low, 10)+" to "+strconv.FormatInt(high, 10))
	return 0, false
}

// list is a member that is an array with at least one item.
func (f *fields) list(name string) []*node {
	n := f.member(name)
	if n == nil || n.kind != array || len(n.items) == 0 {
		f.r.fault(f.id, name+" must be an array with at least one item")
		return nil
	}
	return n.items
}

// end notes members that nobody has asked for.
func (f *fields) end() {
	for _, m := range f.node.members {
		if !f.known[m.name] {
			f.r.fault(f.id, "The member '"+printable(m.name)+"' is not known here")
		}
	}
}

// printable is a text of the document as messages may show it.
func printable(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
