package zone

// Request is a change batch as a client asks for it. Apply keeps the value
// slices of a request that it accepts; the caller must not change them after.
type Request struct {
	Changes []RequestedChange
}

// RequestedChange is one CREATE, DELETE or UPSERT.
type RequestedChange struct {
	Action Action
	Set    RequestedSet
}

// RequestedSet is a ResourceRecordSet as it stands in the request, before any
// rule was looked at. A nil pointer is an element that is not there, which
// differs from 0 and false; in the plain strings the empty one is not there.
type RequestedSet struct {
	Name          string // in the API's form; see rdata.ParseName
	Type          string // mnemonic or TYPEnnn
	SetIdentifier *string
	TTL           *int64 // seconds
	Values        []string
	Alias         *RequestedAlias

	Weight           *int64
	Region           string
	Failover         string // PRIMARY or SECONDARY
	Geolocation      *RequestedGeolocation
	Geoproximity     *RequestedGeoproximity
	CIDR             *RequestedCIDR
	MultiValueAnswer *bool

	HealthCheckID           string
	TrafficPolicyInstanceID string
}

// RequestedAlias is an AliasTarget.
type RequestedAlias struct {
	ZoneID               string // without the /hostedzone/ prefix
	DNSName              string
	EvaluateTargetHealth bool
}

// RequestedGeolocation is a GeoLocation.
type RequestedGeolocation struct {
	Continent   string
	Country     string
	Subdivision string
}

// RequestedGeoproximity is a GeoProximityLocation.
type RequestedGeoproximity struct {
	Region         string
	LocalZoneGroup string
	Coordinates    *RequestedCoordinates
	Bias           *int64
}

// RequestedCoordinates are degrees, in decimal.
type RequestedCoordinates struct {
	Latitude  string
	Longitude string
}

// RequestedCIDR is a CidrRoutingConfig.
type RequestedCIDR struct {
	CollectionID string
	LocationName string
}

// String is the change as Route 53 prints it in its InvalidInput texts. Name
// and type are the client's own text.
func (c *RequestedChange) String() string {
	id := "null"
	if c.Set.SetIdentifier != nil {
		id = *c.Set.SetIdentifier
	}
	return "[Action=" + c.Action.String() + ", Name=" + c.Set.Name + ", Type=" + c.Set.Type + ", SetIdentifier=" + id + "]"
}

// RequestOf is the batch that asks for the changes: what a client would have
// to send. Apply of it against the state before the changes gives them back;
// where the RRsets belong to an instance, with Options.Instance.
func RequestOf(changes []Change) Request {
	req := Request{Changes: make([]RequestedChange, len(changes))}
	for i := range changes {
		c := &changes[i]
		set := c.New
		if set == nil {
			set = c.Old
		}
		req.Changes[i] = RequestedChange{Action: c.Action, Set: requestedSet(set)}
	}
	return req
}

func requestedSet(s *RRset) RequestedSet {
	r := RequestedSet{
		Name: s.Name.String(), Type: s.Type.String(), Values: s.Values,
		HealthCheckID: s.HealthCheckID, TrafficPolicyInstanceID: s.TrafficPolicyInstanceID,
	}
	if s.SetIdentifier != "" {
		r.SetIdentifier = &s.SetIdentifier
	}
	if len(s.Values) > 0 {
		r.TTL = new(int64(s.TTL))
	}
	if a := s.Alias; a != nil {
		r.Alias = &RequestedAlias{ZoneID: a.ZoneID, DNSName: a.Target.String(), EvaluateTargetHealth: a.EvaluateTargetHealth}
	}
	switch s.Policy {
	case Simple:
	case Weighted:
		r.Weight = new(int64(s.Weight))
	case Latency:
		r.Region = s.Region
	case Failover:
		r.Failover = s.failoverRole()
	case GeolocationPolicy:
		g := s.Geolocation
		r.Geolocation = &RequestedGeolocation{Continent: g.Continent, Country: g.Country, Subdivision: g.Subdivision}
	case GeoproximityPolicy:
		r.Geoproximity = requestedGeoproximity(s.Geoproximity)
	case Multivalue:
		r.MultiValueAnswer = new(true)
	case CIDRPolicy:
		r.CIDR = &RequestedCIDR{CollectionID: s.CIDR.CollectionID, LocationName: s.CIDR.Location}
	}
	return r
}

func requestedGeoproximity(g *Geoproximity) *RequestedGeoproximity {
	r := &RequestedGeoproximity{Region: g.Region, LocalZoneGroup: g.LocalZoneGroup}
	if g.Latitude != "" || g.Longitude != "" {
		r.Coordinates = &RequestedCoordinates{Latitude: g.Latitude, Longitude: g.Longitude}
	}
	if g.BiasSet {
		r.Bias = new(int64(g.Bias))
	}
	return r
}

func (s *RRset) failoverRole() string {
	if s.Secondary {
		return "SECONDARY"
	}
	return "PRIMARY"
}
