package ec2

import (
	"errors"
	"net/netip"
	"slices"

	"open53/internal/network"
	"open53/internal/network/registry"
)

// createVPC makes a VPC with one IPv4 block and, if asked for, an IPv6 one.
func (s *Service) createVPC(c *call) error {
	n := &network.Network{
		Region: c.region, Account: c.caller.AccountID, DNSSupport: true, Created: s.registry.Now(),
		Tenancy: c.form.Get("InstanceTenancy"),
	}
	switch n.Tenancy {
	case "":
		n.Tenancy = "default"
	case "default", "dedicated":
	default:
		return invalidValue("InstanceTenancy", n.Tenancy, "Expecting default or dedicated.")
	}
	if slices.ContainsFunc([]string{"Ipv4IpamPoolId", "Ipv6IpamPoolId"}, c.form.Has) {
		return fault("UnsupportedOperation", "The operation is not supported: there are no IPAM pools here.")
	}
	var err error
	if n.Tags, err = c.form.specifiedTags("vpc"); err != nil {
		return err
	}
	text, err := c.form.required("CidrBlock")
	if err != nil {
		return err
	}
	prefix, err := vpcBlock(text)
	if err != nil {
		return err
	}
	if err := s.addBlock(n, prefix, false); err != nil {
		return err
	}
	if prefix, generated, err := s.block6(c); err != nil {
		return err
	} else if prefix.IsValid() {
		if err := s.addBlock(n, prefix, generated); err != nil {
			return err
		}
	}
	if n.ID, err = s.registry.NewID("vpc-"); err != nil {
		return err
	}
	if err := s.registry.Create(c.ctx, c.operation, n); err != nil {
		return err
	}
	c.answer.vpc("vpc", n, "pending")
	return nil
}

// describeVPCs lists the VPCs that are named, or all, filtered.
func (s *Service) describeVPCs(c *call) error {
	filters, err := c.form.filters()
	if err == nil {
		err = checkFilters(filters)
	}
	if err != nil {
		return err
	}
	page, err := c.form.page()
	if err != nil {
		return err
	}
	var list []*network.Network
	next := ""
	if ids := c.form.list("VpcId"); len(ids) > 0 {
		if list, err = s.named(c, ids, filters); err != nil {
			return err
		}
	} else if list, next, err = s.registry.List(page.from, page.limit, func(n *network.Network) bool {
		return c.sees(n) && admitsVPC(filters, n)
	}); err != nil {
		return err
	}
	c.answer.in("vpcSet", func() {
		for _, n := range list {
			c.answer.vpc("item", n, "available")
		}
	})
	if next != "" {
		c.answer.text("nextToken", next)
	}
	return nil
}

// named finds the VPCs with some ids, all of which must exist.
func (s *Service) named(c *call, ids []string, filters []filter) ([]*network.Network, error) {
	var list []*network.Network
	seen := map[string]bool{}
	for _, id := range ids {
		n, err := s.find(c, id)
		if err != nil {
			return nil, err
		}
		if !seen[id] && admitsVPC(filters, n) {
			list = append(list, n)
		}
		seen[id] = true
	}
	return list, nil
}

// deleteVPC ends a VPC. Hosted zones that are associated with it stay so, as
// with Amazon; they have no clients there any more.
func (s *Service) deleteVPC(c *call) error {
	n, err := s.vpc(c, "VpcId")
	if err != nil {
		return err
	}
	err = s.registry.Delete(c.ctx, c.operation, n.ID)
	if errors.Is(err, registry.ErrNotFound) {
		return noSuchVPC(n.ID)
	}
	if err != nil {
		return err
	}
	return c.done()
}

// The attributes of a VPC, as operations name them.
const (
	dnsSupport   = "enableDnsSupport"
	dnsHostnames = "enableDnsHostnames"
	usageMetrics = "enableNetworkAddressUsageMetrics"
)

func attribute(n *network.Network, name string) *bool {
	switch name {
	case dnsSupport:
		return &n.DNSSupport
	case dnsHostnames:
		return &n.DNSHostnames
	case usageMetrics:
		return &n.UsageMetrics
	}
	return nil
}

func (s *Service) describeAttribute(c *call) error {
	n, err := s.vpc(c, "VpcId")
	if err != nil {
		return err
	}
	name, err := c.form.required("Attribute")
	if err != nil {
		return err
	}
	value := attribute(n, name)
	if value == nil {
		return invalidValue("Attribute", name, "Unknown attribute.")
	}
	c.answer.text("vpcId", n.ID)
	c.answer.in(name, func() { c.answer.boolean("value", *value) })
	return nil
}

// modifyAttribute sets one attribute.
func (s *Service) modifyAttribute(c *call) error {
	id, err := c.form.required("VpcId")
	if err != nil {
		return err
	}
	var chosen string
	var value bool
	for _, name := range []string{dnsSupport, dnsHostnames, usageMetrics} {
		member := "E" + name[1:]
		if !c.form.Has(member + ".Value") {
			continue
		}
		if chosen != "" {
			return fault("InvalidParameterCombination", "Fields for multiple attribute types specified: "+chosen+" and "+name)
		}
		chosen = name
		if value, err = c.form.boolean(member+".Value", false); err != nil {
			return err
		}
	}
	if chosen == "" {
		return fault("MissingParameter", "The request must contain an attribute to modify")
	}
	if _, err := s.find(c, id); err != nil {
		return err
	}
	if _, err := s.update(c, id, func(n *network.Network) error {
		*attribute(n, chosen) = value
		return nil
	}); err != nil {
		return err
	}
	return c.done()
}

// addBlock adds a block, which must overlap none of the VPC's.
func (s *Service) addBlock(n *network.Network, prefix netip.Prefix, generated bool) error {
	for _, b := range n.Blocks {
		if b.Prefix.Overlaps(prefix) {
			return fault("InvalidVpc.Range", "The CIDR '"+prefix.String()+"' conflicts with the CIDR '"+b.Prefix.String()+"' of the VPC.")
		}
	}
	id, err := s.registry.NewID("vpc-cidr-assoc-")
	if err != nil {
		return err
	}
	n.Blocks = append(n.Blocks, network.Block{Prefix: network.Prefix{Prefix: prefix}, AssociationID: id, Generated: generated})
	return nil
}
