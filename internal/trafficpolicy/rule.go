package trafficpolicy

import (
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// maxHealthCheck is the longest id of a health check.
const maxHealthCheck = 64

// rule reads one rule.
func (r *reader) rule(id string, n *node) *Rule {
	f := r.fields(id, "A rule", n)
	rule := &Rule{}
	branches := func(list string, policy zone.Policy, read func(*fields, *Branch)) {
		rule.Policy = policy
		for _, item := range f.list(list) {
			rule.Branches = append(rule.Branches, r.branch(id, list, item, policy, read))
		}
	}
	switch kind := f.text("RuleType"); {
	case kind == "":
		r.fault(id, "RuleType is required")
		return rule
	case kind == "failover":
		r.failover(id, f, rule)
	case kind == "geo":
		branches(r.locations(f), zone.GeolocationPolicy, r.location)
	case kind == "latency":
		branches("Regions", zone.Latency, r.region)
	case kind == "geoproximity":
		branches("GeoproximityLocations", zone.GeoproximityPolicy, r.proximity)
	case kind == "multivalue":
		branches("Items", zone.Multivalue, func(*fields, *Branch) {})
		r.multivalue(id, rule)
	case kind == "weighted":
		branches("Items", zone.Weighted, r.weight)
	case kind == "cidr" && !r.opts.Strict: // Amazon has no such rule
		branches("Items", zone.CIDRPolicy, r.cidr)
	default:
		r.fault(id, "RuleType '"+printable(kind)+"' is not one of failover, geo, geoproximity, latency, multivalue, weighted")
		return rule
	}
	f.end()
	r.places(id, rule)
	return rule
}

// failover reads the one rule that has no list.
func (r *reader) failover(id string, f *fields, rule *Rule) {
	rule.Policy = zone.Failover
	for _, role := range []string{"Primary", "Secondary"} {
		if !f.has(role) {
			r.fault(id, role+" is required")
			continue
		}
		b := r.branch(id, role, f.member(role), zone.Failover, func(_ *fields, b *Branch) { b.Routing.Secondary = role == "Secondary" })
		rule.Branches = append(rule.Branches, b)
	}
}

// branch reads what all branches have; read does the rest. EvaluateTargetHealth
// is true where nothing is said and it may be: without it no rule would ever
// leave a branch, and Amazon's examples, which say nothing, mean to.
func (r *reader) branch(id, what string, n *node, policy zone.Policy, read func(*fields, *Branch)) Branch {
	f := r.fields(id, what, n)
	b := Branch{Reference: Reference{Endpoint: f.text("EndpointReference"), Rule: f.text("RuleReference")}}
	if (b.Endpoint == "") == (b.Rule == "") {
		r.fault(id, "Exactly one of EndpointReference and RuleReference is required in "+what)
	}
	b.EvaluateTargetHealth = f.flag("EvaluateTargetHealth", true)
	if e := r.doc.Endpoints[b.Endpoint]; e != nil && e.fixedHealth {
		if f.has("EvaluateTargetHealth") && b.EvaluateTargetHealth {
			r.fault(id, "EvaluateTargetHealth must not be true for the CloudFront distribution '"+b.Endpoint+"'")
		}
		b.EvaluateTargetHealth = false
	}
	b.Routing.Policy, b.Routing.HealthCheckID = policy, f.text("HealthCheck")
	if len(b.Routing.HealthCheckID) > maxHealthCheck || b.Routing.HealthCheckID != "" && !isID(b.Routing.HealthCheckID) {
		r.fault(id, "HealthCheck '"+printable(b.Routing.HealthCheckID)+"' is not the id of a health check")
	}
	read(f, &b)
	f.end()
	return b
}

// location reads where a geolocation branch answers. The default location may
// be written as the country * or as IsDefault.
func (r *reader) location(f *fields, b *Branch) {
	g := zone.Geolocation{Continent: f.text("Continent"), Country: f.text("Country"), Subdivision: f.text("Subdivision")}
	b.Routing.Geolocation = &g
	r.locationText(f, &g)
	if f.flag("IsDefault", false) {
		if g != (zone.Geolocation{}) && g != (zone.Geolocation{Country: "*"}) {
			r.fault(f.id, "IsDefault must not be true for the location "+printable(g.String()))
		}
		g.Country = "*"
	}
	if g == (zone.Geolocation{}) {
		r.fault(f.id, "One of Continent, Country and IsDefault is required in Locations")
		return
	}
	if !r.routable(zone.RequestedSet{Geolocation: &zone.RequestedGeolocation{Continent: g.Continent, Country: g.Country, Subdivision: g.Subdivision}}) {
		r.fault(f.id, "The location "+printable(g.String())+" is not valid")
	}
}

func (r *reader) region(f *fields, b *Branch) {
	b.Routing.Region = f.text("Region")
	if b.Routing.Region == "" {
		r.fault(f.id, "Region is required in Regions")
	} else if !r.routable(zone.RequestedSet{Region: b.Routing.Region}) {
		r.fault(f.id, "Region '"+printable(b.Routing.Region)+"' is not valid")
	}
}

func (r *reader) weight(f *fields, b *Branch) {
	weight, set := f.integer("Weight", 0, 255)
	if !set && !f.has("Weight") {
		r.fault(f.id, "Weight is required in Items")
	}
	b.Routing.Weight = uint8(weight)
}

// cidr reads which blocks a branch answers for: a location of a CIDR
// collection, or "*". Whether it exists is asked when records are made.
func (r *reader) cidr(f *fields, b *Branch) {
	c := &zone.CIDR{CollectionID: f.text("CollectionId"), Location: f.text("LocationName")}
	b.Routing.CIDR = c
	if !r.routable(zone.RequestedSet{CIDR: &zone.RequestedCIDR{CollectionID: c.CollectionID, LocationName: c.Location}}) {
		r.fault(f.id, "The location "+printable(c.CollectionID+" "+c.Location)+" is not valid")
	}
}

// multivalue checks what only this rule asks for: endpoints that are values.
func (r *reader) multivalue(id string, rule *Rule) {
	if r.doc.Type == rdata.TypeCNAME {
		r.fault(id, "RuleType multivalue is not permitted for RecordType CNAME")
	}
	for _, b := range rule.Branches {
		if b.Rule != "" {
			r.fault(id, "RuleReference is not permitted in a multivalue rule")
		}
		if e := r.doc.Endpoints[b.Endpoint]; e != nil && e.Alias != nil {
			r.fault(id, "Endpoint '"+b.Endpoint+"' must be of the type value in a multivalue rule")
		}
	}
}

// regionPrefix begins the places of geoproximity rules.
const regionPrefix = "aws:route53:"

// proximity reads where a geoproximity branch stands.
func (r *reader) proximity(f *fields, b *Branch) {
	g := &zone.Geoproximity{}
	b.Routing.Geoproximity = g
	place, ok := "", false
	if r.doc.Format == Format2023 {
		at := r.fields(f.id, "Location", f.member("Location"))
		place, ok = r.place2023(at, g)
		at.end()
	} else {
		place, ok = r.place2015(f, g)
	}
	if bias, set := f.integer("Bias", -99, 99); set {
		g.Bias, g.BiasSet = int8(bias), true
	}
	if !ok {
		return
	}
	asked := zone.RequestedGeoproximity{Region: g.Region, LocalZoneGroup: g.LocalZoneGroup}
	if g.Latitude != "" || g.Longitude != "" {
		asked.Coordinates = &zone.RequestedCoordinates{Latitude: g.Latitude, Longitude: g.Longitude}
	}
	if !r.routable(zone.RequestedSet{Geoproximity: &asked}) {
		r.fault(f.id, "The location "+printable(place)+" is not valid")
	}
}

// place2015 reads Region, or Latitude and Longitude. It returns the place for
// faults, and false where it has told one.
func (r *reader) place2015(f *fields, g *zone.Geoproximity) (string, bool) {
	region, coordinates := f.text("Region"), f.has("Latitude") || f.has("Longitude")
	if (region == "") == !coordinates {
		r.fault(f.id, "Either Region or Latitude and Longitude are required in GeoproximityLocations")
		return "", false
	}
	if coordinates {
		return r.coordinates(f, g)
	}
	var ok bool
	if g.Region, ok = strings.CutPrefix(region, regionPrefix); !ok || g.Region == "" {
		r.fault(f.id, "Region '"+printable(region)+"' must begin with "+regionPrefix)
		return "", false
	}
	return region, true
}

// place2023 reads a Location. A Local Zone is written with its last letter,
// which its group lacks.
func (r *reader) place2023(f *fields, g *zone.Geoproximity) (string, bool) {
	kind := f.text("Type")
	switch kind {
	case "Coordinate":
		return r.coordinates(f, g)
	case "Region", "LocalZone":
	default:
		r.fault(f.id, "Type '"+printable(kind)+"' of a Location is not one of Region, LocalZone, Coordinate")
		return "", false
	}
	location := f.text("LocationName")
	name, ok := strings.CutPrefix(location, regionPrefix)
	if !ok || name == "" {
		r.fault(f.id, "LocationName '"+printable(location)+"' must begin with "+regionPrefix)
		return "", false
	}
	if kind == "Region" {
		g.Region = name
		return location, true
	}
	last := name[len(name)-1]
	if last < 'a' || last > 'z' || len(name) < 2 {
		r.fault(f.id, "LocationName '"+printable(location)+"' is not a Local Zone: it must end with the letter of one")
		return "", false
	}
	g.LocalZoneGroup = name[:len(name)-1]
	return location, true
}

func (r *reader) coordinates(f *fields, g *zone.Geoproximity) (string, bool) {
	g.Latitude, g.Longitude = f.text("Latitude"), f.text("Longitude")
	return g.String(), true
}

// routable asks package zone about the routing fields of a set.
func (r *reader) routable(set zone.RequestedSet) bool {
	set.Name, set.Type, set.SetIdentifier = "www.example.com", "A", new("1")
	return zone.RoutingFault(set, *r.opts) == ""
}

// places refuses a place that two branches have.
func (r *reader) places(id string, rule *Rule) {
	seen := map[string]bool{}
	for i := range rule.Branches {
		place := ""
		switch s := &rule.Branches[i].Routing; s.Policy {
		case zone.Latency:
			place = s.Region
		case zone.GeolocationPolicy:
			place = s.Geolocation.String()
		case zone.GeoproximityPolicy:
			place = s.Geoproximity.String()
		case zone.CIDRPolicy:
			place = s.CIDR.Location
		case zone.Simple, zone.Weighted, zone.Failover, zone.Multivalue:
		}
		if place != "" && seen[place] {
			r.fault(id, "The location "+printable(place)+" must not be there twice")
		}
		seen[place] = true
	}
}
