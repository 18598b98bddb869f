package zonedb

import (
	"fmt"
	"slices"
	"sync/atomic"

	"open53/internal/network"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// Edit collects changes of compiled zones and publishes them all at once with
// Commit. One Edit is open at a time; it is not safe for concurrent use.
type Edit struct {
	db    *DB
	owner uint64
	zones map[string]*zoneEdit // by id; nil value: dropped
	index zoneIndex
	// networks are the table that the edit puts in place, if any.
	networks *network.Table
}

// zoneEdit is one zone's next version in the making.
type zoneEdit struct {
	edit *Edit
	zone *Zone // a private copy
	// below counts the children that names gained and lost in this edit; their
	// records learn of it once, in settle. A zone loaded from scratch would
	// otherwise write its apex anew for every name.
	below map[rdata.Name]childDelta
}

type childDelta struct {
	count    int
	wildcard int
}

// ZoneConfig is what a compiled zone needs to know of its hosted zone.
type ZoneConfig struct {
	ID      string
	Name    rdata.Name
	Private bool
	// VPCs are those whose clients a private zone answers.
	VPCs []zone.VPC
	// Order ranks hosted zones of one name: the lowest one answers.
	Order uint64
}

// AddZone begins a zone. Adding an id twice is an error.
func (e *Edit) AddZone(c ZoneConfig) error {
	if e.find(c.ID) != nil {
		return fmt.Errorf("zone %s is already compiled", c.ID)
	}
	e.zones[c.ID] = &zoneEdit{edit: e, below: map[rdata.Name]childDelta{}, zone: &Zone{
		id: c.ID, apex: c.Name, apexHash: hashName(c.Name), labels: c.Name.Labels(),
		private: c.Private, vpcs: slices.Clone(c.VPCs), created: c.Order, queries: new(atomic.Uint64),
	}}
	return nil
}

// SetVPCs replaces the VPCs whose clients a private zone answers.
func (e *Edit) SetVPCs(id string, vpcs []zone.VPC) error {
	ze := e.find(id)
	if ze == nil {
		return fmt.Errorf("zone %s is not compiled", id)
	}
	ze.zone.vpcs = slices.Clone(vpcs)
	return nil
}

// SetNetworks replaces the table that tells which VPC a client is in. An empty
// one is the same as none.
func (e *Edit) SetNetworks(t *network.Table) { e.networks = t }

// DropZone removes a zone; an unknown id is ignored.
func (e *Edit) DropZone(id string) {
	e.zones[id] = nil
}

// find returns the zone's edit, opening it if the zone is published.
func (e *Edit) find(id string) *zoneEdit {
	if ze, ok := e.zones[id]; ok {
		return ze
	}
	z := e.db.byID[id]
	if z == nil {
		return nil
	}
	next := *z
	ze := &zoneEdit{edit: e, zone: &next, below: map[rdata.Name]childDelta{}}
	e.zones[id] = ze
	return ze
}

// SetVersion records the version and serial that the zone stands at now.
func (e *Edit) SetVersion(id string, version uint64, serial uint32) error {
	ze := e.find(id)
	if ze == nil {
		return fmt.Errorf("zone %s is not compiled", id)
	}
	ze.zone.version = version
	if ze.zone.serial != serial {
		ze.zone.serial = serial
		ze.zone.putSerial()
	}
	return nil
}

// SetName replaces all RRsets of one owner name, which must lie in the zone;
// no sets removes the name. sets are in list order. On an error the name is
// as it was.
func (e *Edit) SetName(id string, name rdata.Name, sets []*zone.RRset) error {
	ze := e.find(id)
	if ze == nil {
		return fmt.Errorf("zone %s is not compiled", id)
	}
	if !name.IsSubdomainOf(ze.zone.apex) {
		return fmt.Errorf("%s is not in zone %s", name, ze.zone.apex)
	}
	compiled, err := ze.compileSets(sets)
	if err != nil {
		return err
	}
	return ze.put(name, compiled)
}

func (ze *zoneEdit) table() tableEdit {
	return tableEdit{table: &ze.zone.table, owner: ze.edit.owner}
}

// locate finds the record of a name.
func (ze *zoneEdit) locate(name rdata.Name) (h uint64, loc uint32, n Node) {
	h = hashName(name)
	owner := name[:len(name)-len(ze.zone.apex)]
	p := ze.zone.table.probe(h)
	for loc = p.next(); loc != 0; loc = p.next() {
		n = ze.zone.node(loc)
		if string(n.owner()) == string(owner) {
			return h, loc, n
		}
	}
	return h, 0, Node{}
}

// put gives a name its compiled sets, keeping the nodes above it right: every
// name between an owner name and the apex exists (RFC 4592 §2.2.2).
func (ze *zoneEdit) put(name rdata.Name, sets []Set) error {
	h, loc, old := ze.locate(name)
	d := ze.draft(name, old)
	d.sets = sets
	if d.size() > maxChunk-unit {
		return fmt.Errorf("%s: RRsets of more than 2 MiB at one name", name)
	}
	ze.countCut(name, old, d.flags())
	if len(sets) == 0 && d.children+ze.below[name].count == 0 && !d.apex {
		if loc != 0 {
			ze.remove(name, h, loc, old)
		}
		return nil
	}
	ze.write(h, loc, old, &d)
	if loc == 0 && !d.apex {
		ze.zone.depth = max(ze.zone.depth, name.Labels()-ze.zone.labels)
		ze.childAdded(name)
	}
	return nil
}

// draft begins a name's next record from its present one, if any.
func (ze *zoneEdit) draft(name rdata.Name, old Node) draft {
	apex := len(name) == len(ze.zone.apex)
	if old.Exists() {
		return draftOf(old, apex)
	}
	return draft{owner: []byte(name[:len(name)-len(ze.zone.apex)]), apex: apex}
}

// write stores a draft in place of the record at loc (0: there is none).
func (ze *zoneEdit) write(h uint64, loc uint32, old Node, d *draft) {
	next, room := ze.zone.arena.alloc(d.size())
	d.write(room)
	if loc == 0 {
		ze.table().insert(h, next)
		return
	}
	ze.zone.arena.free(loc, old.size())
	ze.table().set(h, loc, next)
}

// remove deletes a record that has neither RRsets nor children.
func (ze *zoneEdit) remove(name rdata.Name, h uint64, loc uint32, old Node) {
	ze.zone.arena.free(loc, old.size())
	ze.table().remove(h, loc)
	delete(ze.below, name)
	ze.countChild(name, -1)
}

// childAdded makes the parent of a new name exist and counts the name below it.
func (ze *zoneEdit) childAdded(name rdata.Name) {
	parent := name.Parent()
	if ze.countChild(name, 1) > 1 {
		return // the parent gained another child in this edit: it exists
	}
	h, loc, old := ze.locate(parent)
	if loc != 0 {
		return
	}
	d := ze.draft(parent, old)
	ze.write(h, 0, old, &d)
	if !d.apex {
		ze.childAdded(parent)
	}
}

func (ze *zoneEdit) countChild(name rdata.Name, by int) int {
	parent := name.Parent()
	delta := ze.below[parent]
	delta.count += by
	if name.IsWildcard() {
		delta.wildcard += by
	}
	ze.below[parent] = delta
	return delta.count
}

// settle writes the gained and lost children into the parents' records,
// deepest first: an empty non-terminal goes with its last child.
func (ze *zoneEdit) settle() {
	for len(ze.below) > 0 {
		deepest := 0
		for name := range ze.below {
			deepest = max(deepest, name.Labels())
		}
		for name, delta := range ze.below {
			if name.Labels() == deepest {
				delete(ze.below, name)
				ze.settleName(name, delta)
			}
		}
	}
}

func (ze *zoneEdit) settleName(name rdata.Name, delta childDelta) {
	if delta == (childDelta{}) {
		h, loc, n := ze.locate(name)
		if loc != 0 && n.Sets() == 0 && n.children() == 0 && len(name) != len(ze.zone.apex) {
			ze.remove(name, h, loc, n)
		}
		return
	}
	h, loc, n := ze.locate(name)
	d := ze.draft(name, n)
	d.children += delta.count
	d.wildcard = d.wildcard && delta.wildcard == 0 || delta.wildcard > 0
	if d.children == 0 && len(d.sets) == 0 && !d.apex {
		ze.remove(name, h, loc, n)
		return
	}
	ze.write(h, loc, n, &d)
}

// countCut keeps the counts of cuts and DNAMEs per depth.
func (ze *zoneEdit) countCut(name rdata.Name, old Node, flags uint8) {
	const cut = flagCut | flagDNAME
	was := old.Exists() && old.rec[4]&cut != 0
	is := flags&cut != 0
	if was == is {
		return
	}
	z := ze.zone
	counts := new([129]uint32)
	if z.cuts != nil {
		*counts = *z.cuts
	}
	depth := name.Labels() - z.labels
	if is {
		counts[depth]++
		z.cutDepths[depth>>6] |= 1 << (depth & 63)
	} else if counts[depth]--; counts[depth] == 0 {
		z.cutDepths[depth>>6] &^= 1 << (depth & 63)
	}
	z.cuts = counts
	if z.cutDepths == [3]uint64{} {
		z.cuts = nil
	}
}
