package ec2

import (
	"slices"

	"open53/internal/geo"
)

// describeRegions lists Amazon's regions; a VPC can be in any.
func (s *Service) describeRegions(c *call) error {
	wanted := c.form.list("RegionName")
	regions := geo.Regions()
	for _, name := range wanted {
		if _, found := geo.FindRegion(name); !found {
			return invalidValue("RegionName", name, "No such region.")
		}
	}
	filters, err := c.form.filters()
	if err != nil {
		return err
	}
	c.answer.in("regionInfo", func() {
		for _, r := range regions {
			if len(wanted) > 0 && !slices.Contains(wanted, r.Name) || !admitsRegion(filters, r.Name) {
				continue
			}
			c.answer.in("item", func() {
				c.answer.text("regionName", r.Name)
				c.answer.text("regionEndpoint", regionEndpoint(r.Name))
				c.answer.text("optInStatus", optInStatus)
			})
		}
	})
	return nil
}

const optInStatus = "opt-in-not-required"

func regionEndpoint(name string) string { return "ec2." + name + ".amazonaws.com" }

func admitsRegion(filters []filter, name string) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool {
		switch f.name {
		case "region-name":
			return !f.admits(name)
		case "endpoint":
			return !f.admits(regionEndpoint(name))
		case "opt-in-status":
			return !f.admits(optInStatus)
		}
		return true
	})
}

// describeAccountAttributes tells what tools ask for before they make a VPC:
// that there are VPCs, and none by default.
func (s *Service) describeAccountAttributes(c *call) error {
	wanted := c.form.list("AttributeName")
	c.answer.in("accountAttributeSet", func() {
		for _, a := range [][2]string{{"supported-platforms", "VPC"}, {"default-vpc", "none"}} {
			if len(wanted) > 0 && !slices.Contains(wanted, a[0]) {
				continue
			}
			c.answer.in("item", func() {
				c.answer.text("attributeName", a[0])
				c.answer.in("attributeValueSet", func() {
					c.answer.in("item", func() { c.answer.text("attributeValue", a[1]) })
				})
			})
		}
	})
	return nil
}
