package zone

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"open53/internal/rdata"
)

// Limits of single members of a change.
const (
	MaxTTL           = 2147483647 // seconds (RFC 2181 §8)
	MaxSetIdentifier = 128        // characters
	MaxValue         = 4000       // characters of one value
	maxHealthCheckID = 64
)

// draft is a change on its way through the batch: its RRset without owner
// name, alias target and checked values, which later steps fill in.
type draft struct {
	asked *RequestedChange
	set   *RRset
	// policyless marks a DELETE that names a set identifier but no policy:
	// legal for multivalue sets only, so the stored RRset decides. Terraform
	// deletes multivalue sets in this way, and Route 53 lets it.
	policyless bool
}

// shapeCheck checks what can be told from one change alone, without names,
// values and state. Its faults are InvalidInput.
type shapeCheck struct {
	batch *batch
	index int
	asked *RequestedChange
}

// shape builds the draft of change i. Its faults go to b.faults.
func (b *batch) shape(i int, c *RequestedChange) draft {
	check := shapeCheck{batch: b, index: i, asked: c}
	d := draft{asked: c, set: &RRset{
		Values: c.Set.Values, HealthCheckID: c.Set.HealthCheckID, TrafficPolicyInstanceID: c.Set.TrafficPolicyInstanceID,
	}}
	check.typeName(d.set)
	check.content(d.set)
	d.policyless = check.identifier(d.set)
	check.policy(d.set)
	check.length(c.Set.HealthCheckID, 0, maxHealthCheckID, "HealthCheckId")
	if b.opts.Instance != "" {
		d.set.TrafficPolicyInstanceID = b.opts.Instance
	}
	return d
}

func (k *shapeCheck) fault(text string) { k.batch.faults.add(k.index, faultInput, text) }

// invalid adds a fault in the words that Route 53 has for wrong shapes.
func (k *shapeCheck) invalid(what string) {
	k.fault("Invalid request: " + what + " in Change with " + k.asked.String())
}

func (k *shapeCheck) typeName(set *RRset) {
	t, ok := rdata.ParseType(k.asked.Set.Type)
	strict := k.batch.opts.Strict
	if !ok || strict && (!t.IsAmazon() || t.String() != k.asked.Set.Type) {
		k.enumeration(k.asked.Set.Type, TypeEnumeration)
	}
	set.Type = t
	if a := k.asked.Action; a != Create && a != Delete && a != Upsert {
		k.enumeration(a.String(), "CREATE, DELETE, UPSERT")
	}
}

// TypeEnumeration is Amazon's list of record types as its messages show it, in the order of the service model.
const TypeEnumeration = "SOA, A, TXT, NS, CNAME, MX, NAPTR, PTR, SRV, SPF, AAAA, CAA, DS, TLSA, SSHFP, SVCB, HTTPS"

// content checks that the set is one of: alias, TTL and values, traffic
// policy instance. A TTL or values beside another kind are one kind too many;
// a TTL or values alone are none.
func (k *shapeCheck) content(set *RRset) {
	s := &k.asked.Set
	kinds, part := 0, s.TTL != nil || len(s.Values) > 0
	instance := s.TrafficPolicyInstanceID != "" && k.batch.opts.Instance == ""
	for _, is := range [...]bool{s.Alias != nil, s.TTL != nil && len(s.Values) > 0, instance} {
		if is {
			kinds++
		}
	}
	const wanted = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found "
	switch {
	case kinds == 0:
		k.invalid(wanted + "none")
	case kinds > 1 || part && (s.Alias != nil || instance):
		k.invalid(wanted + "more than one")
	}
	if s.TTL != nil && k.inRange(*s.TTL, 0, MaxTTL, "TTL") {
		set.TTL = uint32(*s.TTL)
	}
	for _, v := range s.Values {
		k.length(v, 0, MaxValue, "RData")
	}
	if s.Alias != nil {
		set.Alias = &Alias{ZoneID: s.Alias.ZoneID, EvaluateTargetHealth: s.Alias.EvaluateTargetHealth}
	}
}

// identifier checks the set identifier against the routing fields. It reports
// whether there is an identifier and no policy in a DELETE.
func (k *shapeCheck) identifier(set *RRset) (policyless bool) {
	s := &k.asked.Set
	policies := s.policies()
	if s.SetIdentifier == nil {
		// MultiValueAnswer false is no policy, yet it asks for an identifier.
		if policies > 0 || s.MultiValueAnswer != nil {
			k.invalid("Missing field 'SetIdentifier'")
		}
	} else if k.length(*s.SetIdentifier, 1, MaxSetIdentifier, "ResourceRecordSetIdentifier") {
		set.SetIdentifier = *s.SetIdentifier
	}
	switch {
	case policies > 1:
		k.invalid(policyWanted + "more than one")
	case policies == 0 && s.SetIdentifier != nil && k.asked.Action == Delete:
		return true
	case policies == 0 && s.SetIdentifier != nil:
		k.invalid(policyNone)
	}
	return false
}

const (
	policyWanted = "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found "
	policyNone   = policyWanted + "none"
)

// policies counts the routing policies that the set asks for.
func (s *RequestedSet) policies() int {
	n := 0
	for _, is := range [...]bool{
		s.Weight != nil, s.Region != "", s.Failover != "", s.Geolocation != nil, s.Geoproximity != nil, s.CIDR != nil,
		s.MultiValueAnswer != nil && *s.MultiValueAnswer,
	} {
		if is {
			n++
		}
	}
	return n
}

// policy reads the routing fields; of several policies the last one stays,
// which does not matter as the batch fails.
func (k *shapeCheck) policy(set *RRset) {
	s := &k.asked.Set
	if s.Weight != nil && k.inRange(*s.Weight, 0, 255, "RRSetWeight") {
		set.Policy, set.Weight = Weighted, uint8(*s.Weight)
	}
	if s.Region != "" {
		k.region(s.Region)
		set.Policy, set.Region = Latency, s.Region
	}
	if s.Failover != "" {
		if s.Failover != "PRIMARY" && s.Failover != "SECONDARY" {
			k.enumeration(s.Failover, "PRIMARY, SECONDARY")
		}
		set.Policy, set.Secondary = Failover, s.Failover == "SECONDARY"
	}
	if s.Geolocation != nil {
		set.Policy, set.Geolocation = GeolocationPolicy, k.geolocation(s.Geolocation)
	}
	if s.Geoproximity != nil {
		set.Policy, set.Geoproximity = GeoproximityPolicy, k.geoproximity(s.Geoproximity)
	}
	if s.CIDR != nil {
		set.Policy, set.CIDR = CIDRPolicy, k.cidr(s.CIDR)
	}
	if s.MultiValueAnswer != nil && *s.MultiValueAnswer {
		set.Policy = Multivalue
	}
	if set.Policy == Simple {
		return
	}
	switch set.Type {
	case rdata.TypeNS, rdata.TypeSOA, rdata.TypeDS, rdata.TypeDNAME:
		k.invalid("A routing policy is not permitted for type " + set.Type.String())
	case rdata.TypeCNAME:
		if set.Policy == Multivalue {
			k.invalid("MultiValueAnswer is not permitted for type CNAME")
		}
	}
	if set.Policy == Multivalue && set.Alias != nil {
		k.invalid("MultiValueAnswer is not permitted with AliasTarget")
	}
}

// The checks below word themselves as Xerces does, which Route 53 validates
// its XML with. The API layer has its own for the members it decodes; these
// catch what comes in by other ways.

func (k *shapeCheck) enumeration(value, names string) {
	k.fault("Invalid XML ; cvc-enumeration-valid: Value '" + value + "' is not facet-valid with respect to enumeration '[" +
		names + "]'. It must be a value from the enumeration.")
}

func (k *shapeCheck) inRange(v, low, high int64, typeName string) bool {
	facet, bound, facetName := "cvc-minInclusive-valid", low, "minInclusive"
	if v > high {
		facet, bound, facetName = "cvc-maxInclusive-valid", high, "maxInclusive"
	} else if v >= low {
		return true
	}
	k.fault("Invalid XML ; " + facet + ": Value '" + strconv.FormatInt(v, 10) + "' is not facet-valid with respect to " + facetName +
		" '" + strconv.FormatInt(bound, 10) + "' for type '" + typeName + "'.")
	return false
}

func (k *shapeCheck) length(v string, low, high int, typeName string) bool {
	if len(v) >= low && len(v) <= high {
		return true // bytes are at least as many as characters
	}
	n := utf8.RuneCountInString(v)
	facet, bound, facetName := "cvc-minLength-valid", low, "minLength"
	if n > high {
		facet, bound, facetName = "cvc-maxLength-valid", high, "maxLength"
	} else if n >= low {
		return true
	}
	if low == high {
		facet, facetName = "cvc-length-valid", "length"
	}
	k.fault("Invalid XML ; " + facet + ": Value '" + v + "' with length = '" + strconv.Itoa(n) + "' is not facet-valid with respect to " +
		facetName + " '" + strconv.Itoa(bound) + "' for type '" + typeName + "'.")
	return false
}

func (k *shapeCheck) region(name string) {
	if amazonRegions[name] || k.batch.opts.Regions != nil && k.batch.opts.Regions(name) {
		return
	}
	k.enumeration(name, strings.Join(regionNames, ", "))
}

// RoutingFault is the first thing that is wrong with the routing fields of a
// set, which has a type and a set identifier, or empty. It needs no zone.
func RoutingFault(set RequestedSet, opts Options) string {
	b := batch{opts: &opts, limits: opts.Limits.withDefaults()}
	check := shapeCheck{batch: &b, asked: &RequestedChange{Action: Create, Set: set}}
	draft := &RRset{}
	check.typeName(draft)
	check.identifier(draft)
	check.policy(draft)
	if len(b.faults) == 0 {
		return ""
	}
	return b.faults[0].text
}
