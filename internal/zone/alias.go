package zone

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"open53/internal/rdata"
)

// aliasTarget reads the target's name into the draft.
func (b *batch) aliasTarget(i int, d *draft) bool {
	if d.set.Alias == nil {
		return true
	}
	name, err := rdata.ParseName(d.asked.Set.Alias.DNSName)
	if err != nil {
		b.fault(i, err.Error())
		return false
	}
	d.set.Alias.Target = name
	return true
}

// alias checks an alias set: its type, and that its target is there. A target
// in the zone must be an RRset of the alias's own name and type that the state
// holds now; a wildcard that would match does not count.
func (b *batch) alias(i int, set *RRset) {
	t, a := set.Type, set.Alias
	if t == rdata.TypeNS || t == rdata.TypeSOA || t == rdata.TypeDNAME { // ours
		b.fault(i, notPermitted(set)+" to be an alias in zone "+b.zone.Name.String())
		return
	}
	if a.ZoneID == b.zone.ID {
		b.aliasWithin(i, set)
		return
	}
	service, known := serviceZones()[a.ZoneID]
	if !known && (b.opts.ServiceZones == nil || !b.opts.ServiceZones(a.ZoneID)) {
		b.fault(i, aliasOf(set)+aliasOutside)
		b.fault(i, aliasOf(set)+aliasNotFound)
		return
	}
	if b.opts.Strict && !service.holds(a.Target) {
		b.fault(i, aliasOf(set)+aliasOutside)
	}
	// Services have addresses; CloudFront has HTTPS records too.
	if t != rdata.TypeA && t != rdata.TypeAAAA && (t != rdata.TypeHTTPS || a.ZoneID != cloudFrontZone) {
		b.fault(i, aliasOf(set)+aliasNotFound)
	}
	if a.ZoneID == cloudFrontZone {
		b.cloudFront(i, set)
	}
}

func (b *batch) aliasWithin(i int, set *RRset) {
	target := set.Alias.Target
	if target == set.Name {
		b.loopFault(i, set)
		return
	}
	if !target.IsSubdomainOf(b.zone.Name) {
		b.fault(i, aliasOf(set)+aliasOutside)
		b.fault(i, aliasOf(set)+aliasNotFound)
		return
	}
	if b.opts.Instance == "" && b.zone.Hides(target) || !b.state.at(target).hasType(set.Type) {
		b.fault(i, aliasOf(set)+aliasNotFound)
		return
	}
	b.loop(i, set, target)
}

// cloudFront checks what its zone does not have. The texts are ours.
func (b *batch) cloudFront(i int, set *RRset) {
	if set.Alias.EvaluateTargetHealth {
		b.fault(i, aliasOf(set)+", but EvaluateTargetHealth is not permitted for CloudFront")
	}
	if b.zone.Private {
		b.fault(i, aliasOf(set)+", but aliases of private zones cannot target CloudFront")
	}
}

// The two faults of a target, which appear together where both hold.
const (
	aliasOutside  = ", but the alias target name does not lie within the target zone"
	aliasNotFound = ", but that target was not found"
)

func aliasOf(s *RRset) string {
	return "Tried to create an alias that targets " + s.Alias.Target.String() + ", type " + s.Type.String() + " in zone " + s.Alias.ZoneID
}

// cloudFrontZone is the zone of CloudFront and of edge-optimized API Gateway
// names, which are CloudFront's.
const cloudFrontZone = "Z2FDTNDATAQYW2"

//go:embed servicezones.csv
var serviceZonesCSV string

// service is a kind of AWS resource that has a fixed alias zone.
type service string

// serviceZones maps the fixed zone ids to their services.
var serviceZones = sync.OnceValue(func() map[string]service {
	zones := make(map[string]service)
	for line := range strings.Lines(serviceZonesCSV) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) == 3 && !strings.HasPrefix(line, "#") && fields[0] != "service" {
			zones[fields[2]] = service(fields[0])
		}
	}
	return zones
})

// ServiceZone is the fixed alias zone of an AWS service in a region: of
// "elb-alb-clb", "elb-nlb", "s3-website", "elasticbeanstalk" and others, or of
// "cloudfront", which has the region "global". Where there are several, it is
// the one that sorts first.
func ServiceZone(name, region string) (id string, found bool) {
	for line := range strings.Lines(serviceZonesCSV) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) == 3 && fields[0] == name && fields[1] == region && (!found || fields[2] < id) {
			id, found = fields[2], true
		}
	}
	return id, found
}

// IsServiceZone reports whether id is the fixed alias zone of an AWS service.
func IsServiceZone(id string) bool {
	_, found := serviceZones()[id]
	return found
}

// awsDomains are the parents of most resource names, one for each partition.
var awsDomains = names("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "c2s.ic.gov", "sc2s.sgov.gov", "csp.hci.ic.gov", "cloud.adc-e.uk")

var serviceDomains = map[service][]rdata.Name{
	"cloudfront":        names("cloudfront.net", "cloudfront.cn"),
	"apigateway-edge":   names("cloudfront.net", "cloudfront.cn"),
	"globalaccelerator": names("awsglobalaccelerator.com"),
	"elasticbeanstalk":  names("elasticbeanstalk.com", "elasticbeanstalk.com.cn"),
	"apprunner":         names("awsapprunner.com"),
}

// holds reports whether a resource of the service can have the name. The zero
// service, of an id the operator added, holds any.
func (s service) holds(target rdata.Name) bool {
	domains, own := serviceDomains[s]
	if !own {
		domains = awsDomains
	}
	if slices.ContainsFunc(domains, target.IsSubdomainOf) {
		return true
	}
	return s == ""
}

func names(texts ...string) []rdata.Name {
	list := make([]rdata.Name, len(texts))
	for i, text := range texts {
		list[i] = rdata.MustParseName(text)
	}
	return list
}
