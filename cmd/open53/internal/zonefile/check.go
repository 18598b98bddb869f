package zonefile

import (
	"errors"
	"slices"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// thisZone stands for the id of the zone, which a file does not know.
const thisZone = "ZTHISZONE"

// maxValues is how many values one RRset can have: Amazon's quota.
const maxValues = 400

// Check finds what a zone would refuse in the file as a whole, by the rules
// that the server has (zone.Apply): CNAME beside other data, a second SOA,
// sets of different routing policies, alias loops, and so on. What a file
// cannot know (health checks, resources of AWS) is taken to exist, and so are
// alias targets that are not in the file unless complete says that the zone
// will hold nothing else. The error is *Faults.
func (f *File) Check(complete bool) error {
	c := checker{file: f, complete: complete, zone: &zone.HostedZone{ID: thisZone, Name: f.Zone}}
	c.options = zone.Options{
		Limits:                 zone.Limits{RequestRecords: -1, RequestCharacters: -1, Values: maxValues},
		Regions:                func(string) bool { return true },
		ServiceZones:           func(string) bool { return true },
		TrafficPolicyInstances: func(string) bool { return true },
	}
	for group := range namesOf(f.Sets) {
		if c.simple(group) {
			continue
		}
		if err := c.group(group); err != nil {
			return err
		}
	}
	return c.faults.err()
}

// checker is one run of Check. It is the zone.View of its runs of Apply.
type checker struct {
	file     *File
	complete bool
	zone     *zone.HostedZone
	options  zone.Options
	faults   Faults

	checking *Set
	done     []*zone.RRset      // sets of the same name that come before it in the file
	byName   map[rdata.Name]int // index of the first set of each name; made when it is needed
}

// simple tells that there is nothing about a name that could be refused: its
// values were parsed when the file was read.
func (c *checker) simple(group []*Set) bool {
	s := group[0]
	if len(group) > 1 || s.Special != nil || s.unread || len(s.Values) > maxValues || s.Name.IsWildcard() {
		return false
	}
	switch s.Type {
	case rdata.TypeA, rdata.TypeAAAA, rdata.TypeTXT, rdata.TypeMX, rdata.TypePTR, rdata.TypeSRV, rdata.TypeCAA:
		return true
	default: // has rules about places and targets, or is rare
		return false
	}
}

// group checks the sets of one name, each against those that stand before it
// in the file: so a conflict is told of the later line.
func (c *checker) group(group []*Set) error {
	group = slices.Clone(group)
	slices.SortStableFunc(group, func(a, b *Set) int { return a.At.Line - b.At.Line })
	c.done = nil
	for _, s := range group {
		c.checking = s
		request := zone.Request{Changes: []zone.RequestedChange{{Action: zone.Create, Set: requested(s, c.file.Zone)}}}
		changes, err := zone.Apply(c.zone, c, request, c.options)
		var refused *zone.BatchError
		switch {
		case err == nil:
			c.done = append(c.done, changes[0].New)
		case errors.As(err, &refused):
			for _, msg := range refused.Messages {
				c.faults.add(s.At, "%s", msg)
			}
		default:
			return err
		}
	}
	return nil
}

// RRsetsAt is the content that the set being checked comes to.
func (c *checker) RRsetsAt(name rdata.Name) ([]*zone.RRset, error) {
	if name == c.checking.Name {
		return c.done, nil
	}
	if c.byName == nil {
		c.byName = make(map[rdata.Name]int, len(c.file.Sets))
		for i, s := range slices.Backward(c.file.Sets) {
			c.byName[s.Name] = i
		}
	}
	var list []*zone.RRset
	has := false
	if first, found := c.byName[name]; found {
		for _, s := range c.file.Sets[first:] {
			if s.Name != name {
				break
			}
			list = append(list, outline(s, c.file.Zone))
			has = has || s.Type == c.checking.Type
		}
	}
	if !has && !c.complete {
		list = append(list, &zone.RRset{Name: name, Type: c.checking.Type}) // the zone may have it
	}
	return list, nil
}

// outline is what others of the zone can notice of a set: where it leads to.
func outline(s *Set, apex rdata.Name) *zone.RRset {
	set := &zone.RRset{Name: s.Name, Type: s.Type, SetIdentifier: s.SetIdentifier(), TTL: s.TTL, Values: s.Values}
	if target, within := s.aliasWithin(apex); within {
		set.Alias = &zone.Alias{ZoneID: thisZone, Target: target}
	}
	return set
}

// requested is the set as the server sees it in a request.
func requested(s *Set, apex rdata.Name) zone.RequestedSet {
	in := s.API(thisZone)
	r := zone.RequestedSet{
		Name: in.Name, Type: string(in.Type), SetIdentifier: in.SetIdentifier, TTL: in.TTL, Values: s.Values,
		Weight: in.Weight, MultiValueAnswer: in.MultiValueAnswer,
		Region: text(in.Region), Failover: text(in.Failover),
		HealthCheckID: text(in.HealthCheckId), TrafficPolicyInstanceID: text(in.TrafficPolicyInstanceId),
	}
	if a := in.AliasTarget; a != nil {
		r.Alias = &zone.RequestedAlias{ZoneID: a.HostedZoneId, DNSName: a.DNSName, EvaluateTargetHealth: a.EvaluateTargetHealth}
		if _, within := s.aliasWithin(apex); within {
			r.Alias.ZoneID = thisZone
		}
	}
	if g := in.GeoLocation; g != nil {
		r.Geolocation = &zone.RequestedGeolocation{Continent: text(g.ContinentCode), Country: text(g.CountryCode), Subdivision: text(g.SubdivisionCode)}
	}
	if g := in.GeoProximityLocation; g != nil {
		r.Geoproximity = &zone.RequestedGeoproximity{Region: text(g.AWSRegion), LocalZoneGroup: text(g.LocalZoneGroup)}
		if g.Coordinates != nil {
			r.Geoproximity.Coordinates = &zone.RequestedCoordinates{Latitude: g.Coordinates.Latitude, Longitude: g.Coordinates.Longitude}
		}
		if g.Bias != nil {
			r.Geoproximity.Bias = new(int64(*g.Bias))
		}
	}
	if in.CidrRoutingConfig != nil {
		r.CIDR = &zone.RequestedCIDR{CollectionID: in.CidrRoutingConfig.CollectionId, LocationName: in.CidrRoutingConfig.LocationName}
	}
	return r
}

// text is an optional member; absent and empty are the same.
func text[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}
