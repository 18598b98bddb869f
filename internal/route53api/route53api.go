// Package route53api is the Route 53 API as a contract: what travels, not what
// it means. Most of it is generated from the service model (the *.gen.go
// files): types, enumerations, XML codecs, constraints, routes, errors, the API
// interface, and a client. Written by hand are the parts that are the same for
// every operation: Handler, Client and the errors that the model lacks.
//
// A request passes through one exchange, the main data structure:
//
//	match route → read body → Options.Authorize → decode and check → API → encode
//
// Members of a type follow one rule. A required member is a value, and the
// decoder refuses a request without it; an optional one is a pointer, or a
// slice, and nil where it is absent. In requests ids have lost the prefixes
// that clients may write in front of them ("/hostedzone/Z1" arrives as "Z1").
//
// Invariants: an error of the API reaches the client as an error document,
// always; what an internal error says does not. A request whose members break
// the model never reaches the API.
//
// Concurrency: Handler and Client are immutable once made. An exchange belongs
// to one goroutine and is reused; nothing of it outlives its request.
package route53api

//go:generate go run ../gen/route53gen -model ../../api/models/route53.json -overrides ../../api/models/overrides.json -out .

import "open53/internal/restxml"

// PathPrefix begins every path of the API.
const PathPrefix = "/" + Version + "/"

// operation is one row of the table of operations.
type operation struct {
	name   string
	status int // of a success
	route  restxml.Route
	serve  func(x *exchange) error
}

// Operation describes an operation to those who list or permit them.
type Operation struct {
	Name   string // "CreateHostedZone"
	Method string // "POST"
	Path   string // "/2013-04-01/hostedzone/{Id}"
}

// Operations lists all operations by name.
func Operations() []Operation {
	list := make([]Operation, 0, len(operations))
	for _, op := range operations {
		list = append(list, Operation{Name: op.name, Method: op.route.Method, Path: op.route.Pattern})
	}
	return list
}

// EnumRule says what a server admits for one enumeration. The zero value is
// the model's values and nothing else.
type EnumRule struct {
	// Any admits every text within the model's length; the API checks it.
	Any bool
	// Values, if any, take the place of the model's.
	Values []string
}

// apply makes the constraint that follows from the model's.
func (e EnumRule) apply(c restxml.Constraint) restxml.Constraint {
	if len(e.Values) > 0 {
		c.Enum = restxml.NewEnum(e.Values...)
	}
	if e.Any {
		c.Enum = c.Enum.Open()
	}
	return c
}

// TextRule says what a server admits for a text that the model has a pattern
// for. The zero value is the model.
type TextRule struct {
	// Any, if not zero, admits every text of so many characters; the API
	// checks it.
	Any int
}

// apply makes the constraint that follows from the model's.
func (r TextRule) apply(c restxml.Constraint) restxml.Constraint {
	if r.Any > 0 {
		c.MaxLen, c.Pattern = r.Any, nil
	}
	return c
}
