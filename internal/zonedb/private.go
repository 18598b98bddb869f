package zonedb

import (
	"net/netip"
	"slices"

	"open53/internal/geo"
	"open53/internal/network"
	"open53/internal/zone"
)

// View is a VPC as its clients see it: its private zones, before the public
// ones. A published View never changes.
type View struct {
	names    nameIndex // first: it is what queries read
	vpc      zone.VPC
	position geo.Position // of the region
	// hidden are zones that do not answer, because an older one of the VPC has
	// their name. The API does not let it come to that.
	hidden []*Zone
	owner  uint64 // the edit that may change it
}

// VPC is the VPC's id and region.
func (v *View) VPC() zone.VPC { return v.vpc }

// Position is where the VPC's region is, as far as that is known.
func (v *View) Position() geo.Position { return v.position }

// newView is a VPC without zones.
func newView(e *Edit, vpc zone.VPC) *View {
	v := &View{vpc: vpc}
	country, subdivision := geo.CountryOfRegion(vpc.Region)
	var at geo.Coordinates
	number, known := e.db.world.Latencies.Region(vpc.Region)
	if known {
		at = e.db.world.Latencies.Regions()[number].Coordinates
	}
	v.position = geo.Known(country, subdivision, at.Latitude, at.Longitude, known, 0)
	return v
}

// privateIndex is what a Snapshot knows of networks and private zones.
type privateIndex struct {
	networks *network.Table
	views    []*View // by number of the network; never nil
	zones    zoneVector
}

// Networks reports whether clients can be in a VPC at all.
func (s *Snapshot) Networks() bool { return s.private != nil }

// VPCs is the number of VPCs that clients can be in.
func (s *Snapshot) VPCs() int {
	if s.private == nil {
		return 0
	}
	return len(s.private.views)
}

// View is the VPC that a client is in; nil for none.
func (s *Snapshot) View(client netip.Addr) *View {
	if s.private == nil {
		return nil
	}
	if number := s.private.networks.Find(client); number >= 0 {
		return s.private.views[number]
	}
	return nil
}

// PrivateZone returns the deepest private zone of a View of this snapshot that
// the name, without its first skip labels, lies in; nil if none.
func (s *Snapshot) PrivateZone(v *View, q *QName, skip int) *Zone {
	return v.names.deepest(&s.private.zones, q, skip)
}

// privateZones are the private zones of a DB and the networks, as the next
// Snapshot will have them. DB.mu guards it. A zone has one place in the vector
// however many VPCs see it, so that a change of its content costs the same.
type privateZones struct {
	index   *privateIndex // as last published
	zones   zoneVector
	numbers map[string]uint32 // by zone id
	views   map[zone.VPC]*View
	changed bool // some view, or the networks
}

func newPrivateZones() privateZones {
	return privateZones{numbers: map[string]uint32{}, views: map[zone.VPC]*View{}}
}

// put stores a zone's next version, and makes it known in its VPCs.
func (p *privateZones) put(e *Edit, old, z *Zone) {
	if !z.private {
		return
	}
	if old != nil && (old.apex != z.apex || old.created != z.created) { // another zone with its id
		p.drop(e, old)
		old = nil
	}
	number, known := p.numbers[z.id]
	if !known {
		number = p.zones.newNumber()
		p.numbers[z.id] = number
	}
	p.zones.setZone(number, z)
	var before []zone.VPC
	if old != nil {
		before = old.vpcs
	}
	for _, vpc := range before {
		switch v := p.views[vpc]; {
		case !slices.Contains(z.vpcs, vpc):
			p.leave(e, vpc, z)
		case v.hides(z):
			v = p.own(e, vpc)
			v.reveal(z)
			v.hidden = append(v.hidden, z)
		}
	}
	for _, vpc := range z.vpcs {
		if !slices.Contains(before, vpc) {
			p.join(e, vpc, z)
		}
	}
}

// drop forgets a zone.
func (p *privateZones) drop(e *Edit, z *Zone) {
	if !z.private {
		return
	}
	for _, vpc := range z.vpcs {
		p.leave(e, vpc, z)
	}
	p.zones.release(p.numbers[z.id])
	delete(p.numbers, z.id)
}

// own is the view of a VPC that the edit may change.
func (p *privateZones) own(e *Edit, vpc zone.VPC) *View {
	v := p.views[vpc]
	if v != nil && v.owner == e.owner {
		return v
	}
	next := new(View)
	if v != nil {
		*next = *v
		next.hidden = slices.Clone(v.hidden)
	} else {
		next = newView(e, vpc)
	}
	next.owner = e.owner
	p.views[vpc], p.changed = next, true
	return next
}

// join lets the VPC's clients see a zone.
func (p *privateZones) join(e *Edit, vpc zone.VPC, z *Zone) {
	v := p.own(e, vpc)
	if number := v.names.numberOf(&p.zones, z.apexHash, string(z.apex)); number != 0 {
		answering := p.zones.zone(number)
		if answering.id == z.id {
			return
		}
		if answering.before(z) {
			v.hidden = append(v.hidden, z)
			return
		}
		v.names.drop(answering, number, e.owner)
		v.hidden = append(v.hidden, answering)
	}
	v.names.add(z, p.numbers[z.id], e.owner)
}

// leave ends what join began; the oldest hidden zone of the name takes over.
func (p *privateZones) leave(e *Edit, vpc zone.VPC, z *Zone) {
	v := p.own(e, vpc)
	if v.hides(z) {
		v.reveal(z)
		return
	}
	v.names.drop(z, p.numbers[z.id], e.owner)
	var next *Zone
	for _, h := range v.hidden {
		if h.apex == z.apex && (next == nil || h.before(next)) {
			next = h
		}
	}
	if next != nil {
		v.reveal(next)
		v.names.add(next, p.numbers[next.id], e.owner)
	}
	if v.names.names.len == 0 {
		delete(p.views, vpc)
	}
}

func (v *View) hides(z *Zone) bool {
	return slices.ContainsFunc(v.hidden, func(h *Zone) bool { return h.id == z.id })
}

func (v *View) reveal(z *Zone) {
	v.hidden = slices.DeleteFunc(v.hidden, func(h *Zone) bool { return h.id == z.id })
}

// publish is the index of the next Snapshot: the latest zones in each view, and
// a view for each network.
func (p *privateZones) publish(e *Edit) *privateIndex {
	var networks *network.Table
	if p.index != nil {
		networks = p.index.networks
	}
	if e.networks != nil {
		networks, p.changed = e.networks, true
	}
	if networks == nil || len(networks.Networks()) == 0 {
		p.index = nil
		return nil
	}
	next := &privateIndex{networks: networks, zones: p.zones}
	if p.changed || p.index == nil {
		next.views = p.viewsOf(e, networks)
	} else {
		next.views = p.index.views
	}
	p.index, p.changed = next, false
	return next
}

// viewsOf are the views of networks. One that is not for private zones has a
// view without any.
func (p *privateZones) viewsOf(e *Edit, networks *network.Table) []*View {
	views := make([]*View, len(networks.Networks()))
	for i, n := range networks.Networks() {
		if n.Private() {
			views[i] = p.views[n.VPC()]
		}
		if views[i] == nil {
			views[i] = newView(e, n.VPC())
		}
	}
	return views
}
