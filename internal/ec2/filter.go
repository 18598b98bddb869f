package ec2

import (
	"net/netip"
	"slices"
	"strings"

	"open53/internal/network"
	"open53/internal/zone"
)

// filter admits what has one of the values; in values * is any text, ? one
// character and a backslash takes its meaning from what follows.
type filter struct {
	name   string
	values []string
}

// filters reads Filter.N.Name and Filter.N.Value.M.
func (f form) filters() ([]filter, error) {
	var list []filter
	for _, n := range f.numbers("Filter") {
		prefix := numbered("Filter", n)
		one := filter{name: f.Get(prefix + ".Name"), values: f.list(prefix + ".Value")}
		if one.name == "" {
			return nil, missing(prefix + ".Name")
		}
		list = append(list, one)
	}
	return list, nil
}

// admits reports whether any of the values has one of the filter's patterns.
func (f filter) admits(values ...string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(f.values, func(pattern string) bool { return glob(pattern, v) })
	})
}

// glob matches a pattern without backtracking further than the last star.
func glob(pattern, text string) bool {
	star, retry := -1, 0
	p, t := 0, 0
	for t < len(text) {
		literal, width := byte(0), 0
		if p < len(pattern) {
			literal, width = pattern[p], 1
			if literal == '\\' && p+1 < len(pattern) {
				literal, width = pattern[p+1], 2
			}
		}
		switch {
		case width == 1 && literal == '*':
			star, retry = p, t
			p++
		case width > 0 && (width == 1 && literal == '?' || literal == text[t]):
			p += width
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// vpcValues are the values of a VPC that a filter looks at; false for a filter
// that there is none of.
func vpcValues(n *network.Network, name string) ([]string, bool) {
	v4, v6 := blocksOf(n)
	switch name {
	case "vpc-id":
		return []string{n.ID}, true
	case "owner-id":
		return []string{n.Account}, true
	case "state":
		return []string{"available"}, true
	case "is-default", "isDefault":
		return []string{"false"}, true
	case "dhcp-options-id":
		return []string{defaultOptions}, true
	case "cidr", "cidr-block", "cidrBlock":
		return blockValues(v4[:min(1, len(v4))], prefixText), true
	case "cidr-block-association.cidr-block":
		return blockValues(v4, prefixText), true
	case "cidr-block-association.association-id":
		return blockValues(v4, associationID), true
	case "cidr-block-association.state":
		return blockValues(v4, associated), true
	case "ipv6-cidr-block-association.ipv6-cidr-block":
		return blockValues(v6, prefixText), true
	case "ipv6-cidr-block-association.association-id":
		return blockValues(v6, associationID), true
	case "ipv6-cidr-block-association.state":
		return blockValues(v6, associated), true
	case "ipv6-cidr-block-association.ipv6-pool":
		return blockValues(v6, pool), true
	case "tag-key":
		return tagKeys(n.Tags), true
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if value, found := n.Tags.Get(key); found {
			return []string{value}, true
		}
		return nil, true
	}
	return nil, false
}

func tagKeys(tags zone.Tags) []string {
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.Key
	}
	return keys
}

// blocksOf are a VPC's blocks by family; the first IPv4 one is the primary.
func blocksOf(n *network.Network) (v4, v6 []network.Block) {
	for _, b := range n.Blocks {
		if b.Prefix.Addr().Is4() {
			v4 = append(v4, b)
		} else {
			v6 = append(v6, b)
		}
	}
	return v4, v6
}

func blockValues(blocks []network.Block, value func(network.Block) string) []string {
	values := make([]string, len(blocks))
	for i, b := range blocks {
		values[i] = value(b)
	}
	return values
}

func prefixText(b network.Block) string { return b.Prefix.String() }

func associationID(b network.Block) string { return b.AssociationID }

func associated(network.Block) string { return "associated" }

// pool is where an IPv6 block comes from: those that the server chose seem to
// be Amazon's.
func pool(b network.Block) string {
	if b.Generated {
		return "Amazon"
	}
	return "open53"
}

// admitsVPC reports whether all filters admit a VPC. A CIDR filter means the
// block however it is written.
func admitsVPC(filters []filter, n *network.Network) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool {
		values, _ := vpcValues(n, f.name)
		if strings.Contains(f.name, "cidr") {
			f.values = canonicalBlocks(f.values)
		}
		return !f.admits(values...)
	})
}

func canonicalBlocks(values []string) []string {
	out := slices.Clone(values)
	for i, v := range out {
		if p, err := netip.ParsePrefix(v); err == nil {
			out[i] = p.Masked().String()
		}
	}
	return out
}

// checkFilters refuses filters that there are none of.
func checkFilters(filters []filter) error {
	for _, f := range filters {
		if _, known := vpcValues(&network.Network{}, f.name); !known {
			return fault("InvalidParameterValue", "The filter '"+f.name+"' is invalid")
		}
	}
	return nil
}
