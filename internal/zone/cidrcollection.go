package zone

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
)

// CIDRCollection is a CIDR collection: blocks of addresses by location, which
// IP-based RRsets name. The cbor keys are part of the store's format: never
// reuse a number.
type CIDRCollection struct {
	ID              string `cbor:"1,keyasint"` // a UUID
	Name            string `cbor:"2,keyasint"`
	CallerReference string `cbor:"3,keyasint"`
	Version         int64  `cbor:"4,keyasint"` // as the API shows it: 1 when new, +1 for each change of its blocks
	Created         int64  `cbor:"5,keyasint"` // Unix milliseconds
	// Locations are in order of name, none without blocks.
	Locations []CIDRLocation `cbor:"6,keyasint,omitempty"`
}

// CIDRLocation is a location of a collection.
type CIDRLocation struct {
	Name string `cbor:"1,keyasint"`
	// Blocks are masked and in order. No block is in two locations.
	Blocks []netip.Prefix `cbor:"2,keyasint"`
}

// MaxCIDRBlocksPerRequest is how many blocks one request may name.
const MaxCIDRBlocksPerRequest = 1000

// CIDRChange puts blocks into a location, or takes those away that are there.
type CIDRChange struct {
	Location string
	Delete   bool
	Blocks   []string // "192.0.2.0/24"
}

// Location finds a location by name.
func (c *CIDRCollection) Location(name string) (CIDRLocation, bool) {
	i, found := slices.BinarySearchFunc(c.Locations, name, func(l CIDRLocation, name string) int { return cmp.Compare(l.Name, name) })
	if !found {
		return CIDRLocation{}, false
	}
	return c.Locations[i], true
}

// Blocks is how many blocks the collection has.
func (c *CIDRCollection) Blocks() (n int) {
	for i := range c.Locations {
		n += len(c.Locations[i].Blocks)
	}
	return n
}

// Change is the collection with changes made, one after the other, so that a
// block can move from a location to another; c stays as it is. strict accepts
// only blocks that Amazon does. Errors, as *Error: InvalidInput,
// CidrBlockInUseException for a block that ends up in two locations.
func (c *CIDRCollection) Change(changes []CIDRChange, strict bool) (*CIDRCollection, error) {
	locations := make(map[string]map[netip.Prefix]struct{})
	for _, l := range c.Locations {
		blocks := make(map[netip.Prefix]struct{}, len(l.Blocks))
		for _, b := range l.Blocks {
			blocks[b] = struct{}{}
		}
		locations[l.Name] = blocks
	}
	named := 0
	for i := range changes {
		if named += len(changes[i].Blocks); named > MaxCIDRBlocksPerRequest {
			return nil, cidrInput("A request can contain at most " + strconv.Itoa(MaxCIDRBlocksPerRequest) + " CIDR blocks.")
		}
		if err := changes[i].apply(locations, strict); err != nil {
			return nil, err
		}
	}
	changed := *c
	changed.Version++
	changed.Locations = nil
	home := make(map[netip.Prefix]string)
	for _, name := range slices.Sorted(maps.Keys(locations)) {
		blocks := slices.SortedFunc(maps.Keys(locations[name]), netip.Prefix.Compare)
		for _, b := range blocks {
			if other, taken := home[b]; taken { // ours
				return nil, &Error{Code: "CidrBlockInUseException", Message: "The CIDR block " + b.String() + " is in use by the location " + other + " already."}
			}
			home[b] = name
		}
		if len(blocks) > 0 {
			changed.Locations = append(changed.Locations, CIDRLocation{Name: name, Blocks: blocks})
		}
	}
	return &changed, nil
}

func (c *CIDRChange) apply(locations map[string]map[netip.Prefix]struct{}, strict bool) error {
	blocks := locations[c.Location]
	if blocks == nil {
		blocks = make(map[netip.Prefix]struct{})
		locations[c.Location] = blocks
	}
	for _, text := range c.Blocks {
		block, err := cidrBlock(text, strict)
		if err != nil {
			return err
		}
		if c.Delete {
			delete(blocks, block)
		} else {
			blocks[block] = struct{}{}
		}
	}
	return nil
}

// cidrBlock reads a block. Amazon takes IPv4 blocks of 1 to 24 bits and IPv6
// blocks of 1 to 48, as it sees no more of a client; servers that clients ask
// directly see more.
func cidrBlock(text string, strict bool) (netip.Prefix, error) {
	most4, most6 := 32, 64
	if strict {
		most4, most6 = 24, 48
	}
	block, err := netip.ParsePrefix(text)
	switch {
	case err != nil || block.Addr().Is4In6():
		return block, cidrInput("The CIDR block " + text + " is not valid.")
	case block != block.Masked():
		return block, cidrInput("The CIDR block " + text + " is not valid: the address of the network is " + block.Masked().String() + ".")
	case block.Bits() < 1, block.Addr().Is4() && block.Bits() > most4, block.Addr().Is6() && block.Bits() > most6:
		return block, cidrInput("The CIDR block " + text + " is not valid: IPv4 blocks have 1 to " + strconv.Itoa(most4) +
			" bits, IPv6 blocks 1 to " + strconv.Itoa(most6) + ".")
	}
	return block, nil
}

// cidrInput is the error for a request that no collection fits. The texts are
// ours.
func cidrInput(message string) error { return &Error{Code: CodeInvalidInput, Message: message} }

// CIDRUse is how many RRsets of a zone name a location.
type CIDRUse struct {
	CollectionID string `cbor:"1,keyasint"`
	Location     string `cbor:"2,keyasint"`
	RRsets       uint64 `cbor:"3,keyasint"`
}

func (u CIDRUse) compare(other CIDRUse) int {
	return cmp.Or(cmp.Compare(u.CollectionID, other.CollectionID), cmp.Compare(u.Location, other.Location))
}

// UsesAfter is what HostedZone.CIDRUses is after changes; changed is false
// where they concern no CIDR collection, and then it is the same slice.
func (z *HostedZone) UsesAfter(changes []Change) (uses []CIDRUse, changed bool) {
	uses = z.CIDRUses
	count := func(set *RRset, by uint64) {
		if set == nil || set.CIDR == nil {
			return
		}
		if !changed {
			uses, changed = slices.Clone(uses), true
		}
		use := CIDRUse{CollectionID: set.CIDR.CollectionID, Location: set.CIDR.Location}
		i, found := slices.BinarySearchFunc(uses, use, CIDRUse.compare)
		if !found {
			uses = slices.Insert(uses, i, use)
		}
		uses[i].RRsets += by
	}
	for i := range changes {
		count(changes[i].New, 1)
	}
	for i := range changes {
		count(changes[i].Old, ^uint64(0)) // minus one
	}
	if changed {
		uses = slices.DeleteFunc(uses, func(u CIDRUse) bool { return u.RRsets == 0 })
		changed = !slices.Equal(uses, z.CIDRUses)
	}
	if !changed {
		return z.CIDRUses, false
	}
	return uses, true
}
