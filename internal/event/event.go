// Package event is the record of one change: what every node applies, what
// history, audit, IXFR and GetChange read, and what the hash chain protects.
//
// Each entity (a hosted zone, a caller reference, a delegation set, …) has a
// stream of events, numbered 1, 2, 3, … and linked by hash:
//
//	zone Z1:  v1 ──hash──▶ v2 ──hash──▶ v3 (head)
//
// An event is encoded as deterministic CBOR (RFC 8949 §4.2.1); its hash is
// SHA-256 over that encoding. Applying an event consults no clock and no
// dice: ids, times and serials are in it.
package event

import (
	"crypto/sha256"
	"encoding/hex"

	"open53/internal/zone"
)

// Kind is what sort of entity a stream of events is about.
type Kind string

// The kinds of entity. The strings are stored.
const (
	KindZone          Kind = "zone"          // document: zone.HostedZone; RRset changes too
	KindReference     Kind = "reference"     // a claimed caller reference: "hostedzone/REF", "delegationset/REF", …
	KindDelegationSet Kind = "delegationset" // document: zone.DelegationSet

	// The documents of these begin with their id, under key 1; a page of them
	// is listed by IndexID.
	KindHealthCheck           Kind = "healthcheck"
	KindHealthStatus          Kind = "healthstatus" // what was last known, by health check id
	KindCIDRCollection        Kind = "cidrcollection"
	KindTrafficPolicy         Kind = "trafficpolicy"
	KindTrafficPolicyVersion  Kind = "trafficpolicyversion" // by zone.TrafficPolicyVersionID
	KindTrafficPolicyInstance Kind = "trafficpolicyinstance"
	KindNetwork               Kind = "network" // address ranges of a VPC
	KindAlarm                 Kind = "alarm"   // of the CloudWatch API
	KindLatency               Kind = "latency" // measured latencies, by source

	KindRoutingControl Kind = "routingcontrol" // document: health.RoutingControl, by ARN
)

// Key identifies an entity.
type Key struct {
	Kind Kind   `cbor:"1,keyasint"`
	ID   string `cbor:"2,keyasint"`
}

// Hash is the SHA-256 of an encoded event. The zero Hash precedes version 1.
type Hash [sha256.Size]byte

// String is the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Event is one change of one entity. The cbor keys are part of the store's
// format: never reuse a number.
type Event struct {
	Key     Key    `cbor:"1,keyasint"`
	Version uint64 `cbor:"2,keyasint"` // 1 for the first event of the entity, then +1 each
	Prev    Hash   `cbor:"3,keyasint"` // hash of the event before it
	Time    int64  `cbor:"4,keyasint"` // Unix milliseconds
	// ChangeID is the id of the request's change; the events of one Append
	// share it.
	ChangeID string `cbor:"5,keyasint"`
	// Actor is who asked: an access key id, or a "system:…" name.
	Actor string `cbor:"6,keyasint,omitempty"`
	// Operation is the API operation or the verb that led here.
	Operation string `cbor:"7,keyasint"`
	Comment   string `cbor:"8,keyasint,omitempty"`
	// Changes are the RRset changes, in the order of the batch (zones only).
	Changes []zone.Change `cbor:"9,keyasint,omitempty"`
	// Document is the entity's document after the event; nil leaves it as it
	// was.
	Document []byte `cbor:"10,keyasint,omitempty"`
	// Deleted ends the entity: its document and RRsets are gone, its history
	// and its head's version stay.
	Deleted bool `cbor:"11,keyasint,omitempty"`
	// Serial is the SOA serial that DNS serves after the event (zones only).
	Serial uint32 `cbor:"12,keyasint,omitempty"`
}
