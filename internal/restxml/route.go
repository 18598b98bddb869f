package restxml

import (
	"fmt"
	"slices"
	"strings"
)

// MaxLabels is how many labels a path pattern may have.
const MaxLabels = 4

// Route is a method and a path pattern.
type Route struct {
	Method string
	// Pattern is a path whose segments are literal or a {label}. A trailing
	// slash means nothing: paths match with and without.
	Pattern string
	// Prefixes are, by label, path elements that a client may write in front
	// of it: "/hostedzone/{Id}" with the prefix "hostedzone" also matches
	// /hostedzone/hostedzone/Z1 and /hostedzone//hostedzone/Z1.
	Prefixes map[string][]string
}

// Router finds the route of a request. It does not redirect and does not clean
// paths: a signature covers the path as the client wrote it.
type Router struct {
	root pathNode
}

// pathNode is one segment of all patterns that begin alike. Its children are
// either literals or one label, never both, so matching never goes back.
type pathNode struct {
	literals map[string]*pathNode
	label    *pathNode
	prefixes []string // of this node, if it is a label
	methods  []methodRoute
}

type methodRoute struct {
	method string
	index  int
}

// Match is what a path leads to.
type Match struct {
	Index  int // of the route, in the list given to NewRouter; -1 if there is none
	Labels [MaxLabels]string
	// Allow lists the path's methods, in the order of the routes, where the
	// path has a route but not for this method.
	Allow []string
}

// NewRouter makes a Router. Errors: two routes for one method and path, a
// label beside a literal, more than MaxLabels labels.
func NewRouter(routes []Route) (*Router, error) {
	rt := new(Router)
	for i, route := range routes {
		if err := rt.add(i, route); err != nil {
			return nil, fmt.Errorf("route %s %s: %w", route.Method, route.Pattern, err)
		}
	}
	return rt, nil
}

func (rt *Router) add(index int, route Route) error {
	node := &rt.root
	labels := 0
	for seg := range strings.SplitSeq(strings.Trim(route.Pattern, "/"), "/") {
		name, isLabel := strings.CutPrefix(seg, "{")
		if !isLabel {
			if node.label != nil {
				return fmt.Errorf("literal %s beside a label", seg)
			}
			if node.literals == nil {
				node.literals = make(map[string]*pathNode)
			}
			if node.literals[seg] == nil {
				node.literals[seg] = new(pathNode)
			}
			node = node.literals[seg]
			continue
		}
		prefixes := route.Prefixes[strings.TrimSuffix(name, "}")]
		switch {
		case node.literals != nil:
			return fmt.Errorf("label %s beside a literal", seg)
		case node.label == nil:
			node.label = &pathNode{prefixes: prefixes}
		case !slices.Equal(node.label.prefixes, prefixes):
			return fmt.Errorf("label %s has other prefixes in another route", seg)
		}
		node = node.label
		if labels++; labels > MaxLabels {
			return fmt.Errorf("more than %d labels", MaxLabels)
		}
	}
	for _, m := range node.methods {
		if m.method == route.Method {
			return fmt.Errorf("there is such a route already")
		}
	}
	node.methods = append(node.methods, methodRoute{route.Method, index})
	return nil
}

// Match finds the route for a method and an escaped path, as url.URL's
// EscapedPath returns it. Labels come back decoded, in path order; one that is
// empty or not properly encoded matches nothing.
func (rt *Router) Match(method, path string) Match {
	m := Match{Index: -1}
	node := &rt.root
	path = strings.TrimPrefix(path, "/")
	for labels := 0; path != ""; {
		var seg string
		if node.label == nil {
			seg, path, _ = strings.Cut(path, "/")
			if node = node.literals[seg]; node == nil {
				return m
			}
			continue
		}
		node = node.label
		seg, path, _ = strings.Cut(node.trimPrefixes(path), "/")
		label, ok := unescape(seg, false)
		if !ok || label == "" {
			return m
		}
		m.Labels[labels] = label
		labels++
	}
	for _, r := range node.methods {
		if r.method == method {
			m.Index = r.index
			return m
		}
	}
	for _, r := range node.methods {
		m.Allow = append(m.Allow, r.method)
	}
	return m
}

// trimPrefixes removes what the client wrote in front of a label, if there
// still is something behind it.
func (n *pathNode) trimPrefixes(path string) string {
	for _, p := range n.prefixes {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/"), p)
		if ok && len(rest) > 1 && rest[0] == '/' {
			return rest[1:]
		}
	}
	return path
}
