// Package policy chooses among the RRsets of one name and type: weighted,
// latency, failover, geolocation, geoproximity, multivalue, and by CIDR.
//
// The main data structure is the Program: a group compiled into bytes that lie
// in a zone's arena.
//
//	head        policy, flags, number of candidates, what they share
//	candidates  32 bytes each, in the order in which the policy prefers them:
//	            health check, payload, and what the policy looks at
//	payloads    RRs ready to copy, or the target of an alias; then the set's
//	            identifier and place, for explanations
//
// A choice takes three steps, which the caller sees: which candidates are
// Applicable to the client, which of those are healthy (the caller knows what
// aliases lead to), which one to Pick of the healthy ones, or of all that are
// applicable if none is (it fails open).
//
// A Program is frozen and may be run by any number of goroutines; a Client and
// a Random belong to one. Nothing here locks or allocates once compiled.
package policy

import (
	"open53/internal/geo"
	"open53/internal/health"
)

// World is what choices depend on besides the query: shared by compilers and
// all workers, and safe for concurrent use, as its parts are.
type World struct {
	Health      *health.Table
	Locator     *geo.Locator
	Latencies   *geo.Latencies
	Collections *geo.Collections
}

// Complete returns the World with empty parts in place of those that are nil:
// everything healthy, everybody nowhere.
func (w World) Complete() World {
	if w.Health == nil {
		w.Health = health.NewTable()
	}
	if w.Locator == nil {
		w.Locator = new(geo.Locator)
	}
	if w.Latencies == nil {
		w.Latencies, _ = geo.NewLatencies() // fails for doubled names only
	}
	if w.Collections == nil {
		w.Collections = new(geo.Collections)
	}
	return w
}
