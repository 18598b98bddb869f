package trafficpolicy

import (
	"slices"
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// resource is a kind of endpoint that is an alias of an AWS resource.
type resource struct {
	service string // of zone.ServiceZone
	title   string // in faults
	types   []rdata.Type
	// parse finds the alias target and the region of the resource in an
	// endpoint's Value and Region.
	parse func(value rdata.Name, region string) (target rdata.Name, in string, ok bool)
	// fixedHealth: EvaluateTargetHealth cannot be true.
	fixedHealth bool
}

var (
	addresses = []rdata.Type{rdata.TypeA, rdata.TypeAAAA}
	ipv4      = []rdata.Type{rdata.TypeA}
)

// resources are the endpoint types but "value". The title of the classic load
// balancer is Amazon's, the others are in its manner.
var resources = map[string]resource{
	"cloudfront":                {service: "cloudfront", title: "CloudFront distribution", types: addresses, parse: parseCloudFront, fixedHealth: true},
	"elastic-load-balancer":     {service: "elb-alb-clb", title: "ELB Classic load balancer", types: addresses, parse: regionBefore("elb")},
	"application-load-balancer": {service: "elb-alb-clb", title: "ELB Application load balancer", types: addresses, parse: regionBefore("elb")},
	"network-load-balancer":     {service: "elb-nlb", title: "ELB Network load balancer", types: addresses, parse: parseNetworkBalancer},
	"elastic-beanstalk":         {service: "elasticbeanstalk", title: "Elastic Beanstalk environment", types: addresses, parse: regionBefore("elasticbeanstalk")},
	"s3-website":                {service: "s3-website", title: "S3 website bucket", types: ipv4, parse: parseWebsite},
}

// endpointTypes is the list that a fault shows.
const endpointTypes = "value, cloudfront, application-load-balancer, elastic-load-balancer, network-load-balancer, elastic-beanstalk, s3-website"

// endpoint reads one endpoint. Region is for S3 only; elsewhere Amazon lets it
// stand, and so do we.
func (r *reader) endpoint(id string, n *node) *Endpoint {
	f := r.fields(id, "An endpoint", n)
	kind, value, region := f.text("Type"), f.text("Value"), f.text("Region")
	f.end()
	if value == "" {
		r.fault(id, "Value is required")
		return &Endpoint{}
	}
	if kind == "" || kind == "value" {
		return r.plain(id, value)
	}
	res, known := resources[kind]
	if !known {
		r.fault(id, "Type '"+printable(kind)+"' is not one of "+endpointTypes)
		return &Endpoint{}
	}
	if r.doc.Type != 0 && !slices.Contains(res.types, r.doc.Type) {
		r.fault(id, "Type "+kind+" is not permitted for RecordType "+r.doc.Type.String())
	}
	if res.service == "s3-website" && region == "" {
		r.fault(id, "Region is required for Type "+kind)
		return &Endpoint{}
	}
	alias, ok := res.alias(value, region)
	if !ok {
		r.fault(id, "Value is not a valid "+res.title+" name")
		return &Endpoint{}
	}
	return &Endpoint{Alias: alias, fixedHealth: res.fixedHealth}
}

func (r *reader) plain(id, value string) *Endpoint {
	if r.doc.Type == 0 { // told already
		return &Endpoint{}
	}
	if _, err := rdata.ParseValue(r.doc.Type, value); err != nil || len(value) > zone.MaxValue {
		why := "it is too long"
		if err != nil {
			why = printable(err.Error())
		}
		r.fault(id, "Value is not a valid "+r.doc.Type.String()+" value: "+why)
		return &Endpoint{}
	}
	return &Endpoint{Value: value}
}

// alias finds the alias that leads to a resource.
func (res *resource) alias(value, region string) (*zone.Alias, bool) {
	name, err := rdata.ParseName(value)
	if err != nil {
		return nil, false
	}
	target, in, ok := res.parse(name, region)
	if !ok {
		return nil, false
	}
	id, found := zone.ServiceZone(res.service, in)
	return &zone.Alias{ZoneID: id, Target: target}, found
}

// labels are the labels of a name, the leftmost first.
func labels(name rdata.Name) []string {
	var list []string
	for len(name) > 1 {
		n := int(name[0])
		list = append(list, string(name[1:1+n]))
		name = name[1+n:]
	}
	return list
}

// trimAmazon takes the domain of AWS resources off, that of China too.
func trimAmazon(parts []string) ([]string, bool) {
	n := len(parts)
	if n > 0 && parts[n-1] == "cn" {
		n--
	}
	if n < 2 || parts[n-1] != "com" {
		return nil, false
	}
	return parts[:n-1], true
}

func parseCloudFront(name rdata.Name, _ string) (rdata.Name, string, bool) {
	parts := labels(name)
	n := len(parts)
	ok := n == 3 && parts[1] == "cloudfront" && (parts[2] == "net" || parts[2] == "cn")
	return name, "global", ok
}

// regionBefore reads names like NAME.us-east-1.elb.amazonaws.com, where the
// region is before the service.
func regionBefore(service string) func(rdata.Name, string) (rdata.Name, string, bool) {
	return func(name rdata.Name, _ string) (rdata.Name, string, bool) {
		parts, ok := trimAmazon(labels(name))
		if !ok {
			return "", "", false
		}
		if service == "elb" {
			if len(parts) == 0 || parts[len(parts)-1] != "amazonaws" {
				return "", "", false
			}
			parts = parts[:len(parts)-1]
		}
		n := len(parts)
		if n < 3 || parts[n-1] != service {
			return "", "", false
		}
		return name, parts[n-2], true
	}
}

// parseNetworkBalancer reads NAME.elb.us-east-1.amazonaws.com.
func parseNetworkBalancer(name rdata.Name, _ string) (rdata.Name, string, bool) {
	parts, ok := trimAmazon(labels(name))
	n := len(parts)
	if !ok || n < 4 || parts[n-1] != "amazonaws" || parts[n-3] != "elb" {
		return "", "", false
	}
	return name, parts[n-2], true
}

// dashedWebsites are the older regions, whose website endpoints are written
// with a dash: s3-website-us-east-1.
var dashedWebsites = []string{
	"us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1",
}

// parseWebsite reads a bucket, with or without the domain of its website. The
// target is the region's website endpoint: S3 finds the bucket by the name that
// the browser asks for.
func parseWebsite(bucket rdata.Name, region string) (rdata.Name, string, bool) {
	host := "s3-website." + region
	if slices.Contains(dashedWebsites, region) {
		host = "s3-website-" + region
	}
	domain := ".amazonaws.com."
	if strings.HasPrefix(region, "cn-") {
		domain = ".amazonaws.com.cn."
	}
	target, err := rdata.ParseName(host + domain)
	if err != nil || bucket == rdata.Root || bucket == target {
		return "", "", false
	}
	return target, region, true
}
