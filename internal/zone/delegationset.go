package zone

// DelegationSet is a reusable delegation set: name servers that several
// public hosted zones share. The cbor keys are part of the store's format:
// never reuse a number.
type DelegationSet struct {
	ID              string `cbor:"1,keyasint"` // "N…", no /delegationset/ prefix
	CallerReference string `cbor:"2,keyasint"`
	// NameServers are the names of the set, without trailing dot, as the API
	// shows them.
	NameServers []string `cbor:"3,keyasint,omitempty"`
	Created     int64    `cbor:"4,keyasint"` // Unix milliseconds
}
