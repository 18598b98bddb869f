// Package zone is what a hosted zone is and how a change batch changes it.
//
// A HostedZone holds what CreateHostedZone and its relatives set; its contents
// are RRsets, told apart by RRsetKey. Validate-and-apply is Apply: a pure
// function from a view of the current RRsets and a change batch to the list
// of Changes to commit, or to every error of the batch in Route 53's words:
//
//	Request ─ limits ─ shape ─┬─ name, values ─ place ─ group ─ alias ─▶ []Change
//	                          └── one change after the other, each against
//	                              the state that those before it leave
//
// What Apply lets through keeps the zone whole: NS and one SOA at the apex, a
// CNAME alone at its name, one policy and no place twice in a group, no loop
// of aliases and CNAMEs. HostedZone, RRset and Change are immutable once
// built, so they may be shared; Apply and the rest hold no state of their own
// and may be called from any goroutine.
//
// The package is pure: no sockets, no files, no goroutines, no clock, no
// dice. Ids, times and serials come in as arguments, so that replaying an
// event gives the same state on every node.
package zone

import (
	"open53/internal/rdata"
)

// HostedZone is a hosted zone without its RRsets. The cbor keys are part of
// the store's format: never reuse a number.
type HostedZone struct {
	ID              string     `cbor:"1,keyasint"` // "Z…", no /hostedzone/ prefix
	Name            rdata.Name `cbor:"2,keyasint"`
	CallerReference string     `cbor:"3,keyasint"`
	Comment         string     `cbor:"4,keyasint,omitempty"`
	Private         bool       `cbor:"5,keyasint,omitempty"`
	// DelegationSetID is the reusable delegation set the zone was created
	// with, or empty.
	DelegationSetID string `cbor:"6,keyasint,omitempty"`
	// NameServers are the four (at least one) names of the zone's delegation
	// set, without trailing dot, as the API shows them. They never change
	// after creation, whatever becomes of the apex NS RRset.
	NameServers []string `cbor:"7,keyasint,omitempty"`
	// VPCs are the VPCs a private zone is associated with, in order of
	// association. Empty for public zones.
	VPCs []VPC `cbor:"8,keyasint,omitempty"`
	// Authorizations are VPCs of other accounts that may be associated.
	Authorizations []VPC `cbor:"9,keyasint,omitempty"`
	Tags           Tags  `cbor:"10,keyasint,omitempty"`
	// AcceleratedRecovery is the feature flag that UpdateHostedZoneFeatures
	// stores; it changes nothing else.
	AcceleratedRecovery bool       `cbor:"11,keyasint,omitempty"`
	SerialMode          SerialMode `cbor:"12,keyasint,omitempty"`
	Created             int64      `cbor:"13,keyasint"` // Unix milliseconds
	// AcceleratedRecoverySet tells that UpdateHostedZoneFeatures was called:
	// a zone that it switched the feature off for says so, a new one does not.
	AcceleratedRecoverySet bool `cbor:"14,keyasint,omitempty"`
	// HiddenRRsets is how many of the zone's RRsets are hidden (see Hides).
	HiddenRRsets uint64 `cbor:"15,keyasint,omitempty"`

	// CIDRUses are the locations of CIDR collections that the zone's RRsets
	// name, in order of collection and location.
	CIDRUses []CIDRUse `cbor:"16,keyasint,omitempty"`
	// Account is whose zone it is: 12 digits, or empty for the site's account.
	Account string `cbor:"17,keyasint,omitempty"`
}

// VPC names a virtual private cloud.
type VPC struct {
	Region string `cbor:"1,keyasint"`
	ID     string `cbor:"2,keyasint"`
}

// SerialMode says what a change does to the SOA serial that DNS serves.
type SerialMode uint8

const (
	// SerialFollow raises the served serial by one per event (RFC 1982); the
	// API keeps showing the SOA value as it was written.
	SerialFollow SerialMode = iota
	// SerialFixed serves the serial of the stored SOA value, as Amazon does.
	SerialFixed
)

// Tag is one key and value on a resource.
type Tag struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// Tags are the tags of one resource, sorted by key, keys unique.
type Tags []Tag
