package ec2

import (
	"net/netip"
	"slices"

	"open53/internal/access"
	"open53/internal/network"
)

// vpcBlock reads an IPv4 block for a VPC: /16 to /28.
func vpcBlock(text string) (netip.Prefix, error) {
	p, err := network.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		return p, invalidValue("CidrBlock", text, "This is not a valid CIDR block.")
	}
	if p.Bits() < 16 || p.Bits() > 28 {
		return p, fault("InvalidVpc.Range", "The CIDR '"+text+"' is invalid.")
	}
	return p, nil
}

// block6 reads what a request says about an IPv6 block: a block, or that the
// server is to choose a /56, which comes from the unique local addresses (RFC
// 4193). Not valid if it says nothing.
func (s *Service) block6(c *call) (p netip.Prefix, generated bool, err error) {
	if generated, err = c.form.boolean("AmazonProvidedIpv6CidrBlock", false); err != nil {
		return p, false, err
	}
	text := c.form.Get("Ipv6CidrBlock")
	switch {
	case generated && text != "":
		return p, false, fault("InvalidParameterCombination", "Only one of AmazonProvidedIpv6CidrBlock and Ipv6CidrBlock can be specified.")
	case generated:
		address := [16]byte{0xfd}
		if err := s.registry.Draw(address[1:7]); err != nil {
			return p, false, err
		}
		return netip.PrefixFrom(netip.AddrFrom16(address), 56), true, nil
	case text == "":
		return p, false, nil
	}
	if p, err = network.ParsePrefix(text); err != nil || !p.Addr().Is6() {
		return p, false, invalidValue("Ipv6CidrBlock", text, "This is not a valid CIDR block.")
	}
	if p.Bits() < 44 || p.Bits() > 60 || p.Bits()%4 != 0 {
		return p, false, fault("InvalidVpc.Range", "The CIDR '"+text+"' is invalid.")
	}
	return p, false, nil
}

// associateBlock adds a block to a VPC.
func (s *Service) associateBlock(c *call) error {
	id, err := c.form.required("VpcId")
	if err != nil {
		return err
	}
	if _, err := s.find(c, id); err != nil {
		return err
	}
	prefix, generated, err := s.block6(c)
	if err != nil {
		return err
	}
	if text := c.form.Get("CidrBlock"); text != "" {
		if prefix.IsValid() {
			return fault("InvalidParameterCombination", "An IPv4 and an IPv6 block cannot be associated at once.")
		}
		if prefix, err = vpcBlock(text); err != nil {
			return err
		}
	} else if !prefix.IsValid() {
		return missing("CidrBlock")
	}
	changed, err := s.update(c, id, func(n *network.Network) error { return s.addBlock(n, prefix, generated) })
	if err != nil {
		return err
	}
	c.association(changed, changed.Blocks[len(changed.Blocks)-1], "associating")
	return nil
}

// disassociateBlock takes a block, but not the primary one, from its VPC.
func (s *Service) disassociateBlock(c *call) error {
	id, err := c.form.required("AssociationId")
	if err != nil {
		return err
	}
	has := func(b network.Block) bool { return b.AssociationID == id }
	found, _, err := s.registry.List("", 1, func(n *network.Network) bool { return c.sees(n) && slices.ContainsFunc(n.Blocks, has) })
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return noSuchAssociation(id)
	}
	var gone network.Block
	changed, err := s.update(c, found[0].ID, func(n *network.Network) error {
		i := slices.IndexFunc(n.Blocks, has)
		if i < 0 {
			return noSuchAssociation(id)
		}
		if v4, _ := blocksOf(n); len(v4) > 0 && has(v4[0]) {
			return fault("OperationNotPermitted", "The vpc CIDR block with association ID "+id+" may not be disassociated. It is the primary IPv4 CIDR block of the VPC")
		}
		gone = n.Blocks[i]
		n.Blocks = slices.Delete(n.Blocks, i, i+1)
		return nil
	})
	if err != nil {
		return err
	}
	c.association(changed, gone, "disassociating")
	return nil
}

func noSuchAssociation(id string) *access.Error {
	return fault("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '"+id+"' does not exist")
}

// association answers with one block.
func (c *call) association(n *network.Network, b network.Block, state string) {
	c.answer.text("vpcId", n.ID)
	if b.Prefix.Addr().Is4() {
		c.answer.block("cidrBlockAssociation", b, state)
	} else {
		c.answer.block6("ipv6CidrBlockAssociation", n, b, state)
	}
}
