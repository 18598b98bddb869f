package zone

import (
	"fmt"

	"open53/internal/rdata"
)

// TrafficPolicy is a traffic policy without its versions, which are documents
// of their own: a thousand of them may have 100 KB each. The cbor keys are
// part of the store's format: never reuse a number.
type TrafficPolicy struct {
	// ID is a UUID of version 7, so that ids ascend in the order of creation,
	// which is the one that ListTrafficPolicies has.
	ID   string     `cbor:"1,keyasint"`
	Name string     `cbor:"2,keyasint"`
	Type rdata.Type `cbor:"3,keyasint"` // of the newest version
	// Versions are the numbers of those that exist, ascending; never empty.
	Versions []uint16 `cbor:"4,keyasint"`
	// LastVersion is the highest number ever given, 1 to 1000. Numbers are
	// not given again.
	LastVersion uint16 `cbor:"5,keyasint"`
	Created     int64  `cbor:"6,keyasint"` // Unix milliseconds
}

// TrafficPolicyVersion is one version of a traffic policy. All but the comment
// stays as it was created.
type TrafficPolicyVersion struct {
	ID       string     `cbor:"1,keyasint"` // TrafficPolicyVersionID
	PolicyID string     `cbor:"2,keyasint"`
	Version  uint16     `cbor:"3,keyasint"` // 1 to 1000
	Type     rdata.Type `cbor:"4,keyasint"`
	Document string     `cbor:"5,keyasint"` // as the client wrote it
	Comment  string     `cbor:"6,keyasint,omitempty"`
	Created  int64      `cbor:"7,keyasint"` // Unix milliseconds
}

// TrafficPolicyVersionID is the id of a version's entity. The ids of a policy's
// versions begin with its own and a slash, and ascend with the number.
func TrafficPolicyVersionID(policyID string, version uint16) string {
	return fmt.Sprintf("%s/%04d", policyID, version)
}

// TrafficPolicyInstance is a traffic policy version applied to a name. It owns
// RRsets of its zone: those that have its id, see RRset.TrafficPolicyInstanceID.
type TrafficPolicyInstance struct {
	ID      string     `cbor:"1,keyasint"` // UUID
	ZoneID  string     `cbor:"2,keyasint"`
	Name    rdata.Name `cbor:"3,keyasint"` // of the root
	Type    rdata.Type `cbor:"4,keyasint"`
	TTL     uint32     `cbor:"5,keyasint"` // seconds, of all its RRsets
	Policy  string     `cbor:"6,keyasint"` // id of the traffic policy
	Version uint16     `cbor:"7,keyasint"` // of the traffic policy
	// Hidden are the owner names of its RRsets below the root.
	Hidden []rdata.Name `cbor:"8,keyasint,omitempty"`
	// Message is why its RRsets could not be made as the newest request asks,
	// or empty. Type, TTL, Policy and Version then are those of the RRsets
	// that it has, if it has any.
	Message string `cbor:"9,keyasint,omitempty"`
	Created int64  `cbor:"10,keyasint"` // Unix milliseconds
}
