package dnsserver

import (
	"context"
	"errors"
	"fmt"

	"open53/internal/route53api"
	"open53/test/bench/internal/apiclient"
	"open53/test/bench/internal/zonedata"
)

// createPolicies starts the node, makes the zones of all policies over its
// API, and stops it.
func (n *Node) createPolicies(ctx context.Context, names int) (err error) {
	p, err := n.Run(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	credentials, err := apiclient.Credentials(n.Credentials())
	if err != nil {
		return err
	}
	c := creator{client: apiclient.New("http://"+n.API.String(), credentials), names: names}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	for _, policy := range zonedata.Policies() {
		if policy == zonedata.Plain {
			continue // imported
		}
		if err := c.zone(ctx, policy); err != nil {
			return fmt.Errorf("make %s: %w", policy.Zone, err)
		}
	}
	return nil
}

// creator makes the zones.
type creator struct {
	client             *route53api.Client
	names              int
	healthy, unhealthy string // health checks
	collection         string
}

// prepare makes what records refer to. A calculated check that wants no
// healthy child is always healthy, or the contrary.
func (c *creator) prepare(ctx context.Context) error {
	for reference, inverted := range map[string]bool{"healthy": false, "unhealthy": true} {
		out, err := c.client.CreateHealthCheck(ctx, &route53api.CreateHealthCheckInput{
			CallerReference: reference, HealthCheckConfig: route53api.HealthCheckConfig{
				Type: route53api.HealthCheckTypeCalculated, HealthThreshold: new(int32(0)), Inverted: &inverted,
			},
		})
		if err != nil {
			return err
		}
		if inverted {
			c.unhealthy = out.HealthCheck.Id
		} else {
			c.healthy = out.HealthCheck.Id
		}
	}
	out, err := c.client.CreateCidrCollection(ctx, &route53api.CreateCidrCollectionInput{Name: "blocks", CallerReference: "blocks"})
	if err != nil {
		return err
	}
	c.collection = *out.Collection.Id
	blocks := map[int][]string{}
	for _, b := range zonedata.Blocks() {
		blocks[b.Set] = append(blocks[b.Set], b.Network.String())
	}
	in := &route53api.ChangeCidrCollectionInput{Id: c.collection}
	for set, list := range blocks {
		in.Changes = append(in.Changes, route53api.CidrCollectionChange{
			LocationName: fmt.Sprintf("location%d", set), Action: route53api.CidrCollectionChangeActionPut, CidrList: list,
		})
	}
	_, err = c.client.ChangeCidrCollection(ctx, in)
	return err
}

// batch is how many changes a request has at most: as many as one may have,
// of records, in the API.
const batch = 1000

// zone makes the zone of a policy.
func (c *creator) zone(ctx context.Context, p *zonedata.Policy) error {
	zone, err := c.client.CreateHostedZone(ctx, &route53api.CreateHostedZoneInput{Name: p.Zone, CallerReference: p.Zone})
	if err != nil {
		return err
	}
	z := zonedata.Zone{Apex: p.Zone, Names: c.names}
	var changes []route53api.Change
	for i := range c.names {
		for set := range p.Sets {
			changes = append(changes, route53api.Change{
				Action: route53api.ChangeActionCreate, ResourceRecordSet: c.set(p, z.QName(zonedata.Positive, i), set),
			})
		}
		if len(changes)+p.Sets <= batch && i < c.names-1 {
			continue
		}
		if _, err := c.client.ChangeResourceRecordSets(ctx, &route53api.ChangeResourceRecordSetsInput{
			HostedZoneId: zone.HostedZone.Id, ChangeBatch: route53api.ChangeBatch{Changes: changes},
		}); err != nil {
			return err
		}
		changes = changes[:0]
	}
	return nil
}

// set is one set of a name.
func (c *creator) set(p *zonedata.Policy, name string, i int) route53api.ResourceRecordSet {
	s := route53api.ResourceRecordSet{
		Name: name, Type: route53api.RRTypeA, TTL: new(int64(zonedata.TTL)), SetIdentifier: new(fmt.Sprintf("set-%d", i)),
		ResourceRecords: []route53api.ResourceRecord{{Value: zonedata.SetAddress(i)}},
	}
	switch p {
	case zonedata.Weighted2, zonedata.Weighted10:
		s.Weight = new(int64(50))
	case zonedata.Latency:
		s.Region = new(route53api.ResourceRecordSetRegion(zonedata.Places[i].Region))
	case zonedata.FailoverHealthy:
		s.Failover, s.HealthCheckId = failover(i), checked(i, c.healthy)
	case zonedata.FailoverUnhealthy:
		s.Failover, s.HealthCheckId = failover(i), checked(i, c.unhealthy)
	case zonedata.Geolocation:
		s.GeoLocation = &[]route53api.GeoLocation{
			{CountryCode: new("US")}, {ContinentCode: new("EU")}, {ContinentCode: new("NA")}, {CountryCode: new("*")},
		}[i]
	case zonedata.Geoproximity, zonedata.Biased:
		at := zonedata.Places[i]
		s.GeoProximityLocation = &route53api.GeoProximityLocation{Coordinates: &route53api.Coordinates{
			Latitude: fmt.Sprint(at.Latitude), Longitude: fmt.Sprint(at.Longitude),
		}}
		if p == zonedata.Biased {
			s.GeoProximityLocation.Bias = new(int32(10 * (i + 1)))
		}
	case zonedata.Multivalue:
		s.MultiValueAnswer = new(true)
	case zonedata.CIDR:
		location := "*"
		if i > 0 {
			location = fmt.Sprintf("location%d", i)
		}
		s.CidrRoutingConfig = &route53api.CidrRoutingConfig{CollectionId: c.collection, LocationName: location}
	}
	return s
}

func failover(i int) *route53api.ResourceRecordSetFailover {
	if i == 0 {
		return new(route53api.ResourceRecordSetFailoverPrimary)
	}
	return new(route53api.ResourceRecordSetFailoverSecondary)
}

// checked is the health check of a primary.
func checked(i int, check string) *string {
	if i == 0 {
		return &check
	}
	return nil
}
