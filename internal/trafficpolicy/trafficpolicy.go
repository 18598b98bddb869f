// Package trafficpolicy is what a traffic policy document says: it reads one,
// finds everything that is wrong with it, and expands it into RRsets.
//
// A Document is a graph without cycles. It begins at one rule or endpoint; a
// rule has branches, each of which leads to a rule or an endpoint:
//
//	start ─▶ rule "geo" ─┬─ FR ─▶ endpoint "paris"
//	                     └─ *  ─▶ rule "failover" ─┬─ primary   ─▶ endpoint "a"
//	                                               └─ secondary ─▶ endpoint "b"
//
// Expand turns each rule that the start leads to into one group of RRsets at a
// hidden name, each branch into one RRset of it: an alias where it leads to a
// rule or an AWS resource, else the endpoint's value. The root, at the
// instance's name, is an alias of the first group. So DNS answers a policy with
// what it has for hand-made records.
//
// Invariants: what Parse accepts zone.Apply accepts, in a zone that has room
// for it. Equal documents and places expand to equal RRsets, in equal order.
// Documents are immutable once parsed. The package is pure, and safe for
// concurrent use.
package trafficpolicy

import (
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// The formats of documents. They differ in how geoproximity rules name places.
const (
	Format2015 = "2015-10-01"
	Format2023 = "2023-05-09"
)

// Limits of a document.
const (
	MaxDocument = 102400 // characters
	MaxRules    = 100    // ours; Amazon publishes none
	maxID       = 255    // bytes of the id of a rule or endpoint; ours
	maxFaults   = 20     // that an Error tells
)

// Document is a traffic policy document that Parse has accepted.
type Document struct {
	Format    string
	Type      rdata.Type // of all RRsets
	Start     Reference
	Endpoints map[string]*Endpoint // by id
	Rules     map[string]*Rule     // by id
}

// Reference leads to an endpoint or a rule of the document: one of the two ids
// is set.
type Reference struct {
	Endpoint string
	Rule     string
}

// Endpoint is where traffic ends: a value, or the alias of an AWS resource.
type Endpoint struct {
	Value string      // of the document's type; empty where Alias is set
	Alias *zone.Alias // without EvaluateTargetHealth
	// fixedHealth tells that the resource's health cannot be evaluated.
	fixedHealth bool
}

// Rule is one routing decision.
type Rule struct {
	Policy   zone.Policy
	Branches []Branch // at least one
}

// Branch is one outcome of a rule.
type Branch struct {
	Reference

	EvaluateTargetHealth bool // of the alias that the branch becomes, if it does
	// Routing has the policy and its fields, and the health check, of the
	// RRset that the branch becomes.
	Routing zone.RRset
}

// Error is everything that is wrong with a document.
type Error struct {
	Faults []string // "endpoint or rule id: what", in the document's order
}

// Error is the faults as Amazon joins them. Where there are very many it is
// the first of them.
func (e *Error) Error() string {
	return strings.Join(e.Faults[:min(len(e.Faults), maxFaults)], ";")
}
