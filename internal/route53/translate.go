package route53

import (
	"strings"

	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// This file is where API types become domain types and back, and the only
// place. What a client wrote is read back as it was, but for names, which are
// in lower case and end with a dot.

// optional is nil for the empty string.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// value is the empty string for nil.
func value[T ~string](text *T) string {
	if text == nil {
		return ""
	}
	return string(*text)
}

// batchOf reads a change batch.
func batchOf(b *api.ChangeBatch) zone.Request {
	req := zone.Request{Changes: make([]zone.RequestedChange, len(b.Changes))}
	for i := range b.Changes {
		c := &b.Changes[i]
		req.Changes[i] = zone.RequestedChange{Action: actionOf(c.Action), Set: requestedOf(&c.ResourceRecordSet)}
	}
	return req
}

// actionOf is 0, which zone.Apply refuses, for what is no action.
func actionOf(a api.ChangeAction) zone.Action {
	switch a {
	case api.ChangeActionCreate:
		return zone.Create
	case api.ChangeActionDelete:
		return zone.Delete
	case api.ChangeActionUpsert:
		return zone.Upsert
	}
	return 0
}

func requestedOf(r *api.ResourceRecordSet) zone.RequestedSet {
	set := zone.RequestedSet{
		Name: r.Name, Type: string(r.Type), SetIdentifier: r.SetIdentifier, TTL: r.TTL,
		Weight: r.Weight, Region: value(r.Region), Failover: value(r.Failover), MultiValueAnswer: r.MultiValueAnswer,
		HealthCheckID: value(r.HealthCheckId), TrafficPolicyInstanceID: value(r.TrafficPolicyInstanceId),
	}
	if len(r.ResourceRecords) > 0 {
		set.Values = make([]string, len(r.ResourceRecords))
		for i := range r.ResourceRecords {
			set.Values[i] = r.ResourceRecords[i].Value
		}
	}
	if a := r.AliasTarget; a != nil {
		set.Alias = &zone.RequestedAlias{ZoneID: a.HostedZoneId, DNSName: a.DNSName, EvaluateTargetHealth: a.EvaluateTargetHealth}
	}
	if g := r.GeoLocation; g != nil {
		set.Geolocation = &zone.RequestedGeolocation{
			Continent: value(g.ContinentCode), Country: value(g.CountryCode), Subdivision: value(g.SubdivisionCode),
		}
	}
	if g := r.GeoProximityLocation; g != nil {
		set.Geoproximity = requestedGeoproximity(g)
	}
	if c := r.CidrRoutingConfig; c != nil {
		set.CIDR = &zone.RequestedCIDR{CollectionID: c.CollectionId, LocationName: c.LocationName}
	}
	return set
}

func requestedGeoproximity(g *api.GeoProximityLocation) *zone.RequestedGeoproximity {
	out := &zone.RequestedGeoproximity{Region: value(g.AWSRegion), LocalZoneGroup: value(g.LocalZoneGroup)}
	if c := g.Coordinates; c != nil {
		out.Coordinates = &zone.RequestedCoordinates{Latitude: c.Latitude, Longitude: c.Longitude}
	}
	if g.Bias != nil {
		out.Bias = new(int64(*g.Bias))
	}
	return out
}

// rrsetFrom writes an RRset.
func rrsetFrom(s *zone.RRset) api.ResourceRecordSet {
	r := api.ResourceRecordSet{
		Name: s.Name.String(), Type: api.RRType(s.Type.String()), SetIdentifier: optional(s.SetIdentifier),
		HealthCheckId: optional(s.HealthCheckID), TrafficPolicyInstanceId: optional(s.TrafficPolicyInstanceID),
	}
	if len(s.Values) > 0 {
		r.TTL = new(int64(s.TTL))
		r.ResourceRecords = make([]api.ResourceRecord, len(s.Values))
		for i, v := range s.Values {
			r.ResourceRecords[i] = api.ResourceRecord{Value: v}
		}
	}
	if a := s.Alias; a != nil {
		r.AliasTarget = &api.AliasTarget{HostedZoneId: a.ZoneID, DNSName: a.Target.String(), EvaluateTargetHealth: a.EvaluateTargetHealth}
	}
	writePolicy(&r, s)
	return r
}

// writePolicy writes the one routing field that the RRset's policy has.
func writePolicy(r *api.ResourceRecordSet, s *zone.RRset) {
	switch s.Policy {
	case zone.Simple:
	case zone.Weighted:
		r.Weight = new(int64(s.Weight))
	case zone.Latency:
		r.Region = new(api.ResourceRecordSetRegion(s.Region))
	case zone.Failover:
		r.Failover = new(api.ResourceRecordSetFailoverPrimary)
		if s.Secondary {
			r.Failover = new(api.ResourceRecordSetFailoverSecondary)
		}
	case zone.GeolocationPolicy:
		g := s.Geolocation
		r.GeoLocation = &api.GeoLocation{
			ContinentCode: optional(g.Continent), CountryCode: optional(g.Country), SubdivisionCode: optional(g.Subdivision),
		}
	case zone.GeoproximityPolicy:
		r.GeoProximityLocation = geoproximityFrom(s.Geoproximity)
	case zone.Multivalue:
		r.MultiValueAnswer = new(true)
	case zone.CIDRPolicy:
		r.CidrRoutingConfig = &api.CidrRoutingConfig{CollectionId: s.CIDR.CollectionID, LocationName: s.CIDR.Location}
	}
}

func geoproximityFrom(g *zone.Geoproximity) *api.GeoProximityLocation {
	out := &api.GeoProximityLocation{AWSRegion: optional(g.Region), LocalZoneGroup: optional(g.LocalZoneGroup)}
	if g.Latitude != "" || g.Longitude != "" {
		out.Coordinates = &api.Coordinates{Latitude: g.Latitude, Longitude: g.Longitude}
	}
	if g.BiasSet {
		out.Bias = new(int32(g.Bias))
	}
	return out
}

// zoneFrom writes a hosted zone.
func zoneFrom(z *zone.HostedZone, head store.Head) api.HostedZone {
	out := api.HostedZone{
		Id: "/hostedzone/" + z.ID, Name: z.Name.String(), CallerReference: z.CallerReference,
		Config:                 &api.HostedZoneConfig{Comment: optional(z.Comment), PrivateZone: new(z.Private)},
		ResourceRecordSetCount: new(int64(visibleCount(z, head.RRsets))),
	}
	switch {
	case z.AcceleratedRecovery:
		out.Features = &api.HostedZoneFeatures{AcceleratedRecoveryStatus: new(api.AcceleratedRecoveryStatusEnabled)}
	case z.AcceleratedRecoverySet:
		out.Features = &api.HostedZoneFeatures{AcceleratedRecoveryStatus: new(api.AcceleratedRecoveryStatusDisabled)}
	}
	return out
}

// delegationSetFrom writes the delegation set of a public zone; set is the
// reusable one that it was created with, or nil.
func delegationSetFrom(z *zone.HostedZone, set *zone.DelegationSet) *api.DelegationSet {
	if z.Private {
		return nil
	}
	if set != nil {
		out := reusableSetFrom(set)
		return &out
	}
	return &api.DelegationSet{NameServers: z.NameServers}
}

func reusableSetFrom(set *zone.DelegationSet) api.DelegationSet {
	return api.DelegationSet{
		Id: new("/delegationset/" + set.ID), CallerReference: new(set.CallerReference), NameServers: set.NameServers,
	}
}

func vpcFrom(v zone.VPC) api.VPC {
	return api.VPC{VPCRegion: new(api.VPCRegion(v.Region)), VPCId: new(v.ID)}
}

func vpcsFrom(list []zone.VPC) []api.VPC {
	out := make([]api.VPC, len(list))
	for i, v := range list {
		out[i] = vpcFrom(v)
	}
	return out
}

// vpcOf reads a VPC. Error: InvalidVPCId.
func vpcOf(v *api.VPC) (zone.VPC, error) {
	out := zone.VPC{Region: value(v.VPCRegion), ID: value(v.VPCId)}
	if !validVPCID(out.ID) || out.Region == "" || strings.IndexByte(out.Region, 0) >= 0 {
		return out, &api.InvalidVPCId{Message: "The VPC ID is invalid."}
	}
	return out, nil
}

// validVPCID reports whether id is vpc- and 8 to 17 hexadecimal digits.
func validVPCID(id string) bool {
	digits, ok := strings.CutPrefix(id, "vpc-")
	return ok && len(digits) >= 8 && len(digits) <= 17 && strings.Trim(digits, "0123456789abcdef") == ""
}

func tagsFrom(tags zone.Tags) []api.Tag {
	out := make([]api.Tag, len(tags)) // never nil: clients expect the element
	for i, t := range tags {
		out[i] = api.Tag{Key: new(t.Key), Value: new(t.Value)}
	}
	return out
}

func tagsOf(tags []api.Tag) []zone.Tag {
	out := make([]zone.Tag, len(tags))
	for i, t := range tags {
		out[i] = zone.Tag{Key: value(t.Key), Value: value(t.Value)}
	}
	return out
}
