package ec2

import (
	"open53/internal/network"
	"open53/internal/restxml"
	"open53/internal/zone"
)

// document is XML in the making.
type document struct{ b []byte }

// in writes an element around what f writes.
func (d *document) in(name string, f func()) {
	d.b = restxml.AppendStart(d.b, name)
	f()
	d.b = restxml.AppendEnd(d.b, name)
}

func (d *document) text(name, value string) { d.b = restxml.AppendString(d.b, name, value) }

func (d *document) boolean(name string, value bool) { d.b = restxml.AppendBool(d.b, name, value) }

// state writes an element that has a state within.
func (d *document) state(name, state string) {
	d.in(name, func() { d.text("state", state) })
}

// defaultOptions is the DHCP options set of a VPC that has none of its own.
const defaultOptions = "default"

// vpc writes a VPC.
func (d *document) vpc(name string, n *network.Network, state string) {
	v4, v6 := blocksOf(n)
	d.in(name, func() {
		d.text("vpcId", n.ID)
		d.text("ownerId", n.Account)
		d.text("state", state)
		if len(v4) > 0 {
			d.text("cidrBlock", prefixText(v4[0]))
		}
		d.in("cidrBlockAssociationSet", func() {
			for _, b := range v4 {
				d.block("item", b, "associated")
			}
		})
		d.in("ipv6CidrBlockAssociationSet", func() {
			for _, b := range v6 {
				d.block6("item", n, b, "associated")
			}
		})
		d.text("dhcpOptionsId", defaultOptions)
		d.text("instanceTenancy", n.Tenancy)
		d.boolean("isDefault", false)
		d.tags(n.Tags)
	})
}

// block writes the association of an IPv4 block.
func (d *document) block(name string, b network.Block, state string) {
	d.in(name, func() {
		d.text("cidrBlock", prefixText(b))
		d.text("associationId", b.AssociationID)
		d.state("cidrBlockState", state)
	})
}

// block6 writes the association of an IPv6 block.
func (d *document) block6(name string, n *network.Network, b network.Block, state string) {
	d.in(name, func() {
		d.text("ipv6CidrBlock", prefixText(b))
		d.text("associationId", b.AssociationID)
		d.state("ipv6CidrBlockState", state)
		d.text("networkBorderGroup", n.Region)
		d.text("ipv6Pool", pool(b))
	})
}

func (d *document) tags(tags zone.Tags) {
	d.in("tagSet", func() {
		for _, t := range tags {
			d.in("item", func() {
				d.text("key", t.Key)
				d.text("value", t.Value)
			})
		}
	})
}
