package policy

import (
	"net/netip"

	"open53/internal/geo"
)

var zeroCode geo.Code

// defaultLocation is the number of "*" in each CIDR collection.
const defaultLocation = 0

// Client is who asks, as far as it is known, and what has been found out about
// it for this query: everything at most once, and only when a policy asks. It
// is a worker's scratch space.
type Client struct {
	world    *World
	addr     netip.Addr
	bits     uint8 // how many bits of addr are known
	mapped   bool  // addr came as an IPv4-mapped IPv6 address
	scope    uint8
	known    uint8
	position geo.Position
	estimate geo.Estimate
	place    geo.Point
}

// What is known of a Client.
const (
	knowsPosition uint8 = 1 << iota
	knowsEstimate
	knowsPoint
)

// Begin sets the client: an address of which the first so many bits are known,
// 32 or 128 for a whole one.
func (c *Client) Begin(w *World, addr netip.Addr, bits uint8) {
	c.world, c.scope, c.known, c.mapped = w, 0, 0, addr.Is4In6()
	if c.mapped {
		addr, bits = addr.Unmap(), max(bits, mappedBits)-mappedBits
	}
	c.addr, c.bits = addr, bits
}

// mappedBits is the length of ::ffff:0:0/96.
const mappedBits = 96

// Place makes the client stand at a position, whatever its address says.
// Latencies follow from distances then, and choices made from now on depend on
// no bits of the address.
func (c *Client) Place(p geo.Position) {
	p.Bits = 0
	c.position, c.estimate = p, c.world.Latencies.EstimateAt(p)
	c.known = knowsPosition | knowsEstimate
}

// Addr is the client's address and how many bits of it are known.
func (c *Client) Addr() (addr netip.Addr, bits uint8) { return c.addr, c.bits }

// Scope is how many bits of the client's address the choices made since Begin
// depend on: any client that shares them gets the same answer, draws aside.
func (c *Client) Scope() uint8 {
	if c.mapped && c.scope > 0 {
		return c.scope + mappedBits
	}
	return c.scope
}

// Position is where the client is.
func (c *Client) Position() *geo.Position {
	if c.known&knowsPosition == 0 {
		c.position = c.world.Locator.Locate(c.addr)
		c.known |= knowsPosition
	}
	c.scope = max(c.scope, c.position.Bits)
	return &c.position
}

// Millis is the estimated latency between the client and a region.
func (c *Client) Millis(region uint16) (millis float32, source geo.LatencySource) {
	if c.known&knowsEstimate == 0 {
		scope := c.scope // what the position depends on counts if it is used
		c.estimate = c.world.Latencies.Estimate(c.addr, *c.Position())
		c.scope = scope
		c.known |= knowsEstimate
	}
	millis, source, bits := c.estimate.Millis(region)
	c.scope = max(c.scope, bits)
	return millis, source
}

// point is where on the globe the client is, if that is known.
func (c *Client) point() (geo.Point, bool) {
	at := c.Position()
	if c.known&knowsPoint == 0 && at.Located {
		c.place = at.Point()
		c.known |= knowsPoint
	}
	return c.place, at.Located
}

// Kilometers is the distance to a point, if it is known where the client is.
func (c *Client) Kilometers(p geo.Point) (float32, bool) {
	at, located := c.point()
	return at.Kilometers(p), located
}

// location is the client's location in a CIDR collection.
func (c *Client) location(collection uint32) (location uint16, found bool) {
	location, matched, found := c.world.Collections.Lookup(collection, c.addr, c.bits)
	c.scope = max(c.scope, matched)
	return location, found
}
