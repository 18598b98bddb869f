package zone

import (
	"open53/internal/rdata"
)

// RRset is one resource record set as the API stores it. It has either Values
// or an Alias; in batches of clients also none of them, but a
// TrafficPolicyInstanceID. RRsets are immutable once built: they are shared
// between events, views and compilers. The cbor keys are part of the store's
// format: never reuse a number.
type RRset struct {
	Name          rdata.Name `cbor:"1,keyasint"`
	Type          rdata.Type `cbor:"2,keyasint"`
	SetIdentifier string     `cbor:"3,keyasint,omitempty"` // 1 to 128 characters; empty only for Simple
	TTL           uint32     `cbor:"4,keyasint,omitempty"` // seconds, 0 to 2147483647; 0 where Alias is set
	Values        []string   `cbor:"5,keyasint,omitempty"` // as the client wrote them, in its order
	Alias         *Alias     `cbor:"6,keyasint,omitempty"`

	// Policy tells which one of the routing fields below is meaningful.
	Policy       Policy        `cbor:"7,keyasint,omitempty"`
	Weight       uint8         `cbor:"8,keyasint,omitempty"`  // Weighted
	Region       string        `cbor:"9,keyasint,omitempty"`  // Latency
	Secondary    bool          `cbor:"10,keyasint,omitempty"` // Failover: false is PRIMARY
	Geolocation  *Geolocation  `cbor:"11,keyasint,omitempty"`
	Geoproximity *Geoproximity `cbor:"12,keyasint,omitempty"`
	CIDR         *CIDR         `cbor:"13,keyasint,omitempty"`

	HealthCheckID string `cbor:"14,keyasint,omitempty"`
	// TrafficPolicyInstanceID is the instance that owns the RRset. Clients see
	// it in place of Values or Alias.
	TrafficPolicyInstanceID string `cbor:"15,keyasint,omitempty"`
}

// Key is the identity of the RRset within its zone.
func (s *RRset) Key() RRsetKey {
	return RRsetKey{Name: s.Name, Type: s.Type, SetIdentifier: s.SetIdentifier}
}

// RRsetKey identifies an RRset within a zone.
type RRsetKey struct {
	Name          rdata.Name
	Type          rdata.Type
	SetIdentifier string
}

// Alias points an RRset at another one of the same zone and type, or at a
// name of one of Amazon's fixed zones.
type Alias struct {
	// ZoneID is the hosted zone id the client wrote: the zone's own, or one
	// of the fixed ids of AWS services.
	ZoneID string     `cbor:"1,keyasint"`
	Target rdata.Name `cbor:"2,keyasint"`
	// EvaluateTargetHealth makes the alias unhealthy when its target is.
	EvaluateTargetHealth bool `cbor:"3,keyasint,omitempty"`
}

// Policy is a routing policy.
type Policy uint8

// The routing policies, in no particular order; the numbers are stored.
const (
	Simple Policy = iota
	Weighted
	Latency
	Failover
	GeolocationPolicy
	GeoproximityPolicy
	Multivalue
	CIDRPolicy
)

// String is the policy's name as people and fault texts write it.
func (p Policy) String() string {
	switch p {
	case Simple:
		return "simple"
	case Weighted:
		return "weighted"
	case Latency:
		return "latency"
	case Failover:
		return "failover"
	case GeolocationPolicy:
		return "geolocation"
	case GeoproximityPolicy:
		return "geoproximity"
	case Multivalue:
		return "multivalue"
	case CIDRPolicy:
		return "CIDR"
	}
	return "unknown"
}

// Geolocation is the place a geolocation RRset answers for: a continent, or a
// country ("*" is the default location), or a subdivision of a country.
type Geolocation struct {
	Continent   string `cbor:"1,keyasint,omitempty"`
	Country     string `cbor:"2,keyasint,omitempty"`
	Subdivision string `cbor:"3,keyasint,omitempty"`
}

// Geoproximity is the place a geoproximity RRset stands at: exactly one of
// Region, LocalZoneGroup and the two coordinates.
type Geoproximity struct {
	Region         string `cbor:"1,keyasint,omitempty"`
	LocalZoneGroup string `cbor:"2,keyasint,omitempty"`
	Latitude       string `cbor:"3,keyasint,omitempty"` // degrees, as the client wrote it
	Longitude      string `cbor:"4,keyasint,omitempty"`
	Bias           int8   `cbor:"5,keyasint,omitempty"` // -99 to 99
	BiasSet        bool   `cbor:"6,keyasint,omitempty"` // the client wrote a bias, 0 included
}

// CIDR is the location of a CIDR collection an IP-based RRset answers for.
type CIDR struct {
	CollectionID string `cbor:"1,keyasint"`
	Location     string `cbor:"2,keyasint"` // "*" is the default location
}

// Change is one RRset's step from Old to New, as committed: Old is nil where
// the RRset did not exist, New where it no longer does. Both are kept so that
// events can be read backwards (history, revert, IXFR).
type Change struct {
	Action Action `cbor:"1,keyasint"`
	Old    *RRset `cbor:"2,keyasint,omitempty"`
	New    *RRset `cbor:"3,keyasint,omitempty"`
}

// Key is the identity of the RRset that changes.
func (c *Change) Key() RRsetKey {
	if c.New != nil {
		return c.New.Key()
	}
	return c.Old.Key()
}

// Action is what the client asked for.
type Action uint8

// The actions of ChangeResourceRecordSets; the numbers are stored.
const (
	Create Action = iota + 1
	Delete
	Upsert
)

// String is the action's name in the API.
func (a Action) String() string {
	switch a {
	case Create:
		return "CREATE"
	case Delete:
		return "DELETE"
	case Upsert:
		return "UPSERT"
	}
	return "?"
}
