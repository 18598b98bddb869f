// Package network is what open53 knows of virtual private clouds: which
// addresses are in them, and so which private hosted zones a client sees.
//
// A Network is a VPC: its id, region, owner and address blocks, immutable once
// built and the document of an entity of the store. A Table finds the network
// that an address is in:
//
//	10.0.0.0/8    vpc-1   ├──────────────────────────────┤
//	10.1.0.0/16   vpc-2        ├────────┤
//	intervals             ├─1──┼───2────┼───────1────────┤ none …
//
// The block with the longest prefix wins, whoever it belongs to; of networks
// that have the very same block, the one that was made first, by id if need
// be. The blocks are flattened into disjoint intervals, and a query finds its
// interval through an index over those address bits that differ: a few reads,
// however many networks there are.
//
// The package is pure: no sockets, no files, no clock. A Table never changes,
// so any number of readers use it without a lock; Find allocates nothing.
package network

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"open53/internal/zone"
)

// MaxBlocks is how many address blocks one network can have.
const MaxBlocks = 1000

// Network is a VPC. The cbor keys are part of the store's format: never reuse
// a number.
type Network struct {
	ID      string  `cbor:"1,keyasint"` // "vpc-…"
	Region  string  `cbor:"2,keyasint"` // "eu-west-1"
	Account string  `cbor:"3,keyasint"` // of the owner: 12 digits
	Blocks  []Block `cbor:"4,keyasint,omitempty"`
	// DNSSupport and DNSHostnames are the attributes enableDnsSupport and
	// enableDnsHostnames: private zones are for networks that have both.
	DNSSupport   bool `cbor:"5,keyasint"`
	DNSHostnames bool `cbor:"6,keyasint"`
	// UsageMetrics is enableNetworkAddressUsageMetrics: stored, and no more.
	UsageMetrics bool      `cbor:"7,keyasint,omitempty"`
	Tenancy      string    `cbor:"8,keyasint,omitempty"` // "default" or "dedicated": stored, and no more
	Tags         zone.Tags `cbor:"9,keyasint,omitempty"`
	Created      int64     `cbor:"10,keyasint"` // Unix milliseconds
}

// Block is a range of addresses. The first IPv4 block of a network is its
// primary one.
type Block struct {
	Prefix Prefix `cbor:"1,keyasint"`
	// AssociationID is what the EC2 API calls the block by:
	// "vpc-cidr-assoc-…".
	AssociationID string `cbor:"2,keyasint"`
	// Generated tells that the server chose the addresses of an IPv6 block.
	Generated bool `cbor:"3,keyasint,omitempty"`
}

// Prefix is a netip.Prefix that documents hold as text.
type Prefix struct{ netip.Prefix }

// MarshalBinary is the text: "10.0.0.0/8".
func (p Prefix) MarshalBinary() ([]byte, error) { return p.MarshalText() }

// UnmarshalBinary reads what MarshalBinary wrote.
func (p *Prefix) UnmarshalBinary(b []byte) error { return p.UnmarshalText(b) }

// VPC is the network's name in hosted zones.
func (n *Network) VPC() zone.VPC { return zone.VPC{Region: n.Region, ID: n.ID} }

// Private reports whether clients of the network see private zones.
func (n *Network) Private() bool { return n.DNSSupport && n.DNSHostnames }

// before orders networks by age.
func (n *Network) before(other *Network) bool {
	return cmp.Or(cmp.Compare(n.Created, other.Created), cmp.Compare(n.ID, other.ID)) < 0
}

// Clone is a copy that may be changed before it is given to others.
func (n *Network) Clone() *Network {
	c := *n
	c.Blocks, c.Tags = slices.Clone(n.Blocks), slices.Clone(n.Tags)
	return &c
}

// ValidID reports whether id is one of a VPC: vpc- and 8 to 17 hexadecimal
// digits.
func ValidID(id string) bool {
	digits, ok := strings.CutPrefix(id, "vpc-")
	return ok && len(digits) >= 8 && len(digits) <= 17 && strings.Trim(digits, "0123456789abcdef") == ""
}

// ParsePrefix reads an address block: an IPv4 or IPv6 address without a zone,
// a slash and a length. Bits beyond the length are cleared, as EC2 does.
func ParsePrefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q is not an address block such as 10.0.0.0/16 or 2001:db8::/56", text)
	}
	if p.Addr().Is4In6() {
		return p, fmt.Errorf("%q maps IPv4 into IPv6: write it as IPv4", text)
	}
	return p.Masked(), nil
}

// Validate checks what every stored network satisfies: an id, a region and an
// owner, valid blocks, none of them twice.
func (n *Network) Validate() error {
	switch {
	case !ValidID(n.ID):
		return fmt.Errorf("VPC id %q is not vpc- and 8 to 17 hexadecimal digits", n.ID)
	case !validRegion(n.Region):
		return fmt.Errorf("region %q is not 1 to 64 lower-case letters, digits and hyphens", n.Region)
	case len(n.Account) != 12 || strings.Trim(n.Account, "0123456789") != "":
		return fmt.Errorf("account %q is not 12 digits", n.Account)
	case len(n.Blocks) > MaxBlocks:
		return fmt.Errorf("more than %d address blocks", MaxBlocks)
	}
	seen := make(map[netip.Prefix]bool, len(n.Blocks))
	for _, b := range n.Blocks {
		p := b.Prefix.Prefix
		switch {
		case !p.IsValid() || p != p.Masked() || p.Addr().Is4In6():
			return fmt.Errorf("address block %s is not valid", p)
		case seen[p]:
			return fmt.Errorf("address block %s is there twice", p)
		case b.AssociationID == "":
			return errors.New("an address block has no association id")
		}
		seen[p] = true
	}
	return nil
}

// validRegion admits Amazon's region names, and an operator's own of that
// form.
func validRegion(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
