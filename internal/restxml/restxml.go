// Package restxml is the AWS REST-XML protocol without any service's
// operations: an XML reader and writer, typed values and their constraints,
// path and query binding, the route matcher and the error document.
//
// Its main data structure is Reader, a pull reader over one document that is
// wholly in memory. Generated code asks it for one child element after another
// and switches on the name; text goes straight into strings of the caller:
//
//	for name := r.Child(); name != nil; name = r.Child() {
//		switch string(name) {
//		case "TTL":
//			v.TTL = r.Int(&ttl)
//		default:
//			r.Skip()
//		}
//	}
//
// Invariants: a Reader never looks back and never reads past its document; the
// first error sticks, and every later call returns at once with a zero value,
// so callers check Err once, at the end. Constraints are checked while reading,
// in document order, as a validating XML parser does it.
//
// Concurrency: Reader and Params belong to one goroutine; Router and
// Constraint are immutable after construction and shared freely.
package restxml

import "fmt"

// SyntaxError says that a document is not well-formed, or uses a part of XML
// that is refused (document types, encodings other than UTF-8, deep nesting).
type SyntaxError struct {
	Line   int    // counted from 1
	Reason string // one line
}

// Error is one line of text.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// RootError says that the document's root element is not the expected one.
type RootError struct{ Got, Want string }

// Error words it as Route 53 does.
func (e *RootError) Error() string { return fmt.Sprintf("%s is not valid, expected %s", e.Got, e.Want) }

// SchemaError says that a well-formed document breaks the service's schema.
type SchemaError struct {
	// Message is the text a validating parser (Xerces) has for the fault: its
	// key, a colon and a sentence, "cvc-enumeration-valid: Value …".
	Message string
}

// Error is the message.
func (e *SchemaError) Error() string { return e.Message }

// ParamError says that path, query or header members break their constraints.
type ParamError struct {
	// Message lists all of them: "2 validation errors detected: …; …".
	Message string
}

// Error is the message.
func (e *ParamError) Error() string { return e.Message }
