package ec2

import (
	"slices"

	"open53/internal/network"
	"open53/internal/zone"
)

// tagged are the VPCs that ResourceId.N names: all of them exist.
func (s *Service) tagged(c *call) ([]string, error) {
	ids := c.form.list("ResourceId")
	if len(ids) == 0 {
		return nil, missing("ResourceIdSet")
	}
	for _, id := range ids {
		if !network.ValidID(id) { // there is nothing else to tag
			return nil, fault("InvalidID", "The ID '"+id+"' is not valid")
		}
		if _, err := s.find(c, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// createTags sets tags of VPCs.
func (s *Service) createTags(c *call) error {
	tags, err := c.form.tags("Tag")
	if err != nil {
		return err
	}
	if len(tags) == 0 {
		return missing("TagSet")
	}
	return s.changeTags(c, func(old zone.Tags) (zone.Tags, error) { return withTags(old, tags) })
}

// deleteTags removes tags with the keys of Tag.N; where one has a value, only
// if it is that. Without any it removes all.
func (s *Service) deleteTags(c *call) error {
	numbers := c.form.numbers("Tag")
	return s.changeTags(c, func(old zone.Tags) (zone.Tags, error) {
		if len(numbers) == 0 {
			return nil, nil
		}
		for _, n := range numbers {
			prefix := numbered("Tag", n)
			key := c.form.Get(prefix + ".Key")
			if value, found := old.Get(key); found && c.form.Has(prefix+".Value") && c.form.Get(prefix+".Value") != value {
				continue
			}
			old = old.Without(key)
		}
		return old, nil
	})
}

func (s *Service) changeTags(c *call, change func(old zone.Tags) (zone.Tags, error)) error {
	ids, err := s.tagged(c)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := s.update(c, id, func(n *network.Network) (err error) {
			n.Tags, err = change(n.Tags)
			return err
		}); err != nil {
			return err
		}
	}
	return c.done()
}

// describeTags lists tags, filtered.
func (s *Service) describeTags(c *call) error {
	filters, err := c.form.filters()
	if err != nil {
		return err
	}
	for _, f := range filters {
		if _, known := tagValues(&network.Network{}, zone.Tag{}, f.name); !known {
			return fault("InvalidParameterValue", "The filter '"+f.name+"' is invalid")
		}
	}
	list, _, err := s.registry.List("", 0, c.sees)
	if err != nil {
		return err
	}
	c.answer.in("tagSet", func() {
		for _, n := range list {
			for _, t := range n.Tags {
				if !admitsTag(filters, n, t) {
					continue
				}
				c.answer.in("item", func() {
					c.answer.text("resourceId", n.ID)
					c.answer.text("resourceType", "vpc")
					c.answer.text("key", t.Key)
					c.answer.text("value", t.Value)
				})
			}
		}
	})
	return nil
}

func admitsTag(filters []filter, n *network.Network, t zone.Tag) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool {
		values, _ := tagValues(n, t, f.name)
		return !f.admits(values...)
	})
}

// tagValues are the values of a tag that a filter looks at.
func tagValues(n *network.Network, t zone.Tag, name string) ([]string, bool) {
	switch name {
	case "resource-id":
		return []string{n.ID}, true
	case "resource-type":
		return []string{"vpc"}, true
	case "key":
		return []string{t.Key}, true
	case "value":
		return []string{t.Value}, true
	}
	if len(name) > len("tag:") && name[:len("tag:")] == "tag:" {
		if t.Key == name[len("tag:"):] {
			return []string{t.Value}, true
		}
		return nil, true
	}
	return nil, false
}
