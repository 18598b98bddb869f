package zone

import (
	"strconv"

	"open53/internal/rdata"
)

// group checks set against the other RRsets of its name and type: one policy
// for all, no place twice, not too many.
func (b *batch) group(i int, set *RRset, at *node) {
	members := 1
	for _, other := range at.sets {
		if other.Type != set.Type || other.SetIdentifier == set.SetIdentifier {
			continue
		}
		members++
		switch {
		case other.Policy != set.Policy:
			b.fault(i, mixedPolicies(set))
			return
		case set.Policy == CIDRPolicy && other.CIDR.CollectionID != set.CIDR.CollectionID: // ours
			b.fault(i, subject(set)+" cannot be created because a CIDR RRSet with the same name and type uses another CIDR collection.")
			return
		case samePlace(set, other):
			b.fault(i, placeTaken(set))
			return
		}
	}
	limit := b.limits.Group
	if set.Policy == GeoproximityPolicy {
		limit = min(limit, b.limits.GeoproximityGroup)
	}
	if members > limit { // ours
		b.fault(i, "Cannot have more than "+strconv.Itoa(limit)+" RRSets with DNS name "+set.Name.String()+" and type "+set.Type.String()+".")
	}
}

// subject names the set and, for policies of places, its place.
func subject(s *RRset) string {
	text := "RRSet with DNS name " + s.Name.String() + ", type " + s.Type.String() + ", SetIdentifier " + s.SetIdentifier
	switch s.Policy {
	case Latency:
		text += ", and Region Name=" + s.Region
	case Failover: // this and the following are ours
		text += ", and Failover=" + s.failoverRole()
	case GeolocationPolicy:
		text += ", and GeoLocation=" + s.Geolocation.String()
	case GeoproximityPolicy:
		text += ", and GeoProximityLocation=" + s.Geoproximity.String()
	case CIDRPolicy:
		text += ", and Location Name=" + s.CIDR.Location
	case Simple, Weighted, Multivalue:
	}
	return text
}

// mixedPolicies is the fault of a set whose group has another policy.
func mixedPolicies(s *RRset) string {
	switch s.Policy {
	case Simple:
		return "RRSet with DNS name " + s.Name.String() + ", type " + s.Type.String() +
			" cannot be created as other RRSets exist with the same name and type."
	case Weighted:
		return subject(s) + " cannot be created as a non-weighted set exists with the same name and type."
	case Multivalue:
		return subject(s) + " cannot be created because a non multivalue answer rrset exists with the same name and type."
	case Latency, Failover, GeolocationPolicy, GeoproximityPolicy, CIDRPolicy: // the last four are ours
	}
	return subject(s) + " cannot be created because a non-" + s.Policy.String() + " RRSet with the same name and type already exists."
}

// placeTaken is the fault of a set whose place another one of its group has.
func placeTaken(s *RRset) string {
	what := "location"
	switch s.Policy {
	case Latency:
		what = "region"
	case Failover: // this and the others are ours
		what = "failover role"
	case Simple, Weighted, GeolocationPolicy, GeoproximityPolicy, Multivalue, CIDRPolicy:
	}
	return subject(s) + " cannot be created because a " + s.Policy.String() + " RRSet with the same name, type and " + what + " already exists."
}

// samePlace reports whether two sets of one group and policy would answer for
// the same clients: one region, one location, one role.
func samePlace(a, b *RRset) bool {
	switch a.Policy {
	case Latency:
		return a.Region == b.Region
	case Failover:
		return a.Secondary == b.Secondary
	case GeolocationPolicy:
		return *a.Geolocation == *b.Geolocation
	case GeoproximityPolicy:
		return a.Geoproximity.samePlace(b.Geoproximity)
	case CIDRPolicy:
		return a.CIDR.Location == b.CIDR.Location
	case Simple, Weighted, Multivalue:
	}
	return false
}

// samePlace compares without the bias.
func (g *Geoproximity) samePlace(other *Geoproximity) bool {
	if g.Latitude == "" || other.Latitude == "" {
		return g.Region == other.Region && g.LocalZoneGroup == other.LocalZoneGroup && g.Latitude == other.Latitude
	}
	return picodegrees(g.Latitude) == picodegrees(other.Latitude) && picodegrees(g.Longitude) == picodegrees(other.Longitude)
}

// references checks what the set says about other resources. The error is
// that of a lookup.
func (b *batch) references(i int, set *RRset) error {
	if set.Alias != nil && set.Alias.Target != "" {
		b.alias(i, set)
	}
	if id := set.TrafficPolicyInstanceID; id != b.opts.Instance && (b.opts.TrafficPolicyInstances == nil || !b.opts.TrafficPolicyInstances(id)) {
		b.fault(i, "No traffic policy instance exists with the specified ID "+id) // ours
	}
	if b.zone.Private {
		b.private(i, set)
	}
	if set.Policy == Failover && !set.Secondary && set.Alias == nil && set.HealthCheckID == "" {
		b.fault(i, "A non-alias primary ResourceRecordSet must have an associated health check. No changes made.")
	}
	if checks := b.opts.HealthChecks; checks != nil && set.HealthCheckID != "" {
		exists, err := checks.HealthCheckExists(set.HealthCheckID)
		if err != nil {
			return err
		}
		if !exists {
			b.faults.add(i, faultHealthCheck, "No health check exists with the specified ID "+set.HealthCheckID)
		}
	}
	if set.CIDR != nil && b.opts.CIDRCollections != nil {
		return b.cidr(i, set.CIDR)
	}
	return nil
}

// private checks what private zones do not have. The texts are ours.
func (b *batch) private(i int, set *RRset) {
	zone := b.zone.Name.String()
	if set.Policy == CIDRPolicy {
		b.fault(i, subject(set)+" is not permitted in private zone "+zone)
	}
	if set.Policy == Simple && set.HealthCheckID != "" {
		b.fault(i, notPermitted(set)+" to have a health check without a routing policy in private zone "+zone)
	}
}

func (b *batch) cidr(i int, c *CIDR) error {
	collection, location, err := b.opts.CIDRCollections.CIDRLocationExists(c.CollectionID, c.Location)
	switch {
	case err != nil:
		return err
	case !collection: // ours
		b.fault(i, "No CIDR collection exists with the specified ID "+c.CollectionID)
	case !location: // ours
		b.fault(i, "No CIDR location exists with the name "+c.Location+" in collection "+c.CollectionID)
	}
	return nil
}

// equalTTLs checks, after the batch, the groups of the weighted sets that it
// wrote. Only the first member of a group that differs is told.
func (b *batch) equalTTLs() {
	type groupKey struct {
		name rdata.Name
		t    rdata.Type
	}
	told := make(map[groupKey]bool)
	for i := range b.changes {
		set := b.changes[i].New
		if set == nil || set.Policy != Weighted || set.Alias != nil || told[groupKey{set.Name, set.Type}] {
			continue
		}
		for _, other := range b.state.at(set.Name).sets {
			if other.Type == set.Type && other.Alias == nil && other.TTL != set.TTL {
				told[groupKey{set.Name, set.Type}] = true
				b.fault(i, "RRSet with DNS name "+set.Name.String()+" and type "+set.Type.String()+", SetIdentifier "+set.SetIdentifier+
					" cannot be created as weighted sets must contain the same TTL.")
				break
			}
		}
	}
}
