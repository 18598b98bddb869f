package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"open53/cmd/open53/internal/zonefile"
	"open53/internal/rdata"
	"open53/internal/route53api"
)

// zoneRef is a hosted zone that somebody named.
type zoneRef struct {
	id   string // without /hostedzone/
	name rdata.Name
	zone route53api.HostedZone
}

func newZoneRef(z route53api.HostedZone) (*zoneRef, error) {
	name, err := rdata.ParseName(z.Name)
	if err != nil {
		return nil, fmt.Errorf("hosted zone %s: name: %w", z.Id, err)
	}
	return &zoneRef{id: zonefile.BareID(z.Id), name: name, zone: z}, nil
}

// label is what messages call the zone.
func (z *zoneRef) label() string {
	if z.zone.Id == "" {
		return z.id
	}
	return readable(z.name.String())
}

func (z *zoneRef) private() bool {
	c := z.zone.Config
	return c != nil && c.PrivateZone != nil && *c.PrivateZone
}

// errNoZone is that no hosted zone has the name.
var errNoZone = errors.New("there is no hosted zone")

// isZoneID reports whether text has the form of a hosted zone's id, which no
// one writes a domain name in.
func isZoneID(text string) bool {
	if strings.HasPrefix(text, "/hostedzone/") {
		return true
	}
	for i := range len(text) {
		if c := text[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(text) >= 8 && text[0] == 'Z'
}

// findZone finds a hosted zone by id or name. Of zones with one name
// "NAME:private" and "NAME:public" say which is meant.
func (c *client) findZone(ctx context.Context, text string) (*zoneRef, error) {
	if isZoneID(text) {
		out, err := c.GetHostedZone(ctx, &route53api.GetHostedZoneInput{Id: zonefile.BareID(text)})
		if err != nil {
			return nil, c.failure("find hosted zone "+text, err)
		}
		return newZoneRef(out.HostedZone)
	}
	text, view, _ := strings.Cut(text, ":")
	if view != "" && view != "private" && view != "public" {
		return nil, usagef("zone %q: what follows the colon is neither private nor public", text+":"+view)
	}
	name, err := rdata.ParseName(text)
	if err != nil {
		return nil, usagef("zone %q is neither an id nor a name: %w", text, err)
	}
	zones, err := c.zonesNamed(ctx, name)
	if err != nil {
		return nil, c.failure("find hosted zone "+text, err)
	}
	if view != "" {
		zones = slices.DeleteFunc(zones, func(z *zoneRef) bool { return z.private() != (view == "private") })
	}
	switch len(zones) {
	case 0:
		return nil, fmt.Errorf("%w %s (\"open53 zone create %s\" makes it)", errNoZone, name, strings.TrimSuffix(text, "."))
	case 1:
		return zones[0], nil
	}
	return nil, usagef("%d hosted zones have the name %s; say which by its id: %s", len(zones), name, idsOf(zones))
}

func idsOf(zones []*zoneRef) string {
	ids := make([]string, len(zones))
	for i, z := range zones {
		ids[i] = z.id
		if z.private() {
			ids[i] += " (private)"
		}
	}
	return strings.Join(ids, ", ")
}

// zonesNamed lists the hosted zones of one name.
func (c *client) zonesNamed(ctx context.Context, name rdata.Name) ([]*zoneRef, error) {
	var list []*zoneRef
	in := &route53api.ListHostedZonesByNameInput{DNSName: new(name.String())}
	for {
		out, err := c.ListHostedZonesByName(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, z := range out.HostedZones {
			ref, err := newZoneRef(z)
			if err != nil {
				return nil, err
			}
			if ref.name != name {
				return list, nil
			}
			list = append(list, ref)
		}
		if !out.IsTruncated {
			return list, nil
		}
		in = &route53api.ListHostedZonesByNameInput{DNSName: out.NextDNSName, HostedZoneId: out.NextHostedZoneId}
	}
}

// zones yields all hosted zones.
func (c *client) zones(ctx context.Context) iter.Seq2[route53api.HostedZone, error] {
	return func(yield func(route53api.HostedZone, error) bool) {
		in := &route53api.ListHostedZonesInput{MaxItems: new("100")}
		for {
			out, err := c.ListHostedZones(ctx, in)
			if err != nil {
				yield(route53api.HostedZone{}, err)
				return
			}
			for _, z := range out.HostedZones {
				if !yield(z, nil) {
					return
				}
			}
			if !out.IsTruncated {
				return
			}
			in.Marker = out.NextMarker
		}
	}
}

// recordPage is the most record sets that one request lists.
const recordPage = "300"

// recordSets yields the zone's record sets from a place on, in list order.
// start says name, type and identifier; a zero one is the beginning.
func (c *client) recordSets(ctx context.Context, zoneID string, start route53api.ListResourceRecordSetsInput) iter.Seq2[*route53api.ResourceRecordSet, error] {
	return func(yield func(*route53api.ResourceRecordSet, error) bool) {
		start.HostedZoneId = zoneID
		if start.MaxItems == nil {
			start.MaxItems = new(recordPage)
		}
		for {
			out, err := c.ListResourceRecordSets(ctx, &start)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range out.ResourceRecordSets {
				if !yield(&out.ResourceRecordSets[i], nil) {
					return
				}
			}
			if !out.IsTruncated {
				return
			}
			start.StartRecordName, start.StartRecordType, start.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
		}
	}
}

// completeZone completes the first argument with the names of zones.
func (s *connection) completeZone(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return s.zoneNames(cmd)
}

// zoneNames are the names of all zones, as long as the server is quick.
func (s *connection) zoneNames(cmd *cobra.Command) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	c, err := s.connect(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for z, err := range c.zones(ctx) {
		if err != nil || len(names) == 1000 {
			break
		}
		names = append(names, strings.TrimSuffix(z.Name, "."))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// absoluteName reads a name as people write it: "@" is the zone itself, a name
// with a trailing dot is absolute, and others are relative to the zone, unless
// they end with its name.
func (z *zoneRef) absoluteName(text string) (rdata.Name, error) {
	if text == "@" {
		return z.name, nil
	}
	name, err := rdata.ParseName(text)
	switch {
	case err != nil:
		return "", usagef("name %q: %w", text, err)
	case strings.HasSuffix(text, "."):
		if !name.IsSubdomainOf(z.name) {
			return "", usagef("name %q lies outside zone %s", text, z.name)
		}
		return name, nil
	case name.IsSubdomainOf(z.name) && z.name != rdata.Root:
		return name, nil
	}
	labels := string(name[:len(name)-1])
	if len(labels)+len(z.name) > rdata.MaxName {
		return "", usagef("name %q: with the zone's name it is longer than %d bytes", text, rdata.MaxName)
	}
	return rdata.Name(labels) + z.name, nil
}
