package zonedb

// zoneIndex finds zones by apex: names, which lead to zone numbers, and a
// vector from numbers to zones. Frozen versions share what did not change;
// replacing a zone copies one path of each.
type zoneIndex struct {
	zoneVector
	nameIndex // last: it ends with what queries do not read
}

// nameIndex is a table from the hashes of apexes to zone numbers.
type nameIndex struct {
	// depths has a bit for each label count that some apex has; byDepth counts
	// the apexes.
	depths  [2]uint64
	names   table
	byDepth [128]uint32
}

// zoneVector is a persistent vector of zones.
type zoneVector struct {
	zones *[fan]*[fan]*[fan]*Zone
	free  []uint32 // numbers of dropped zones
	next  uint32   // lowest number never used; numbers begin at 1
}

// maxZones is what the vector can hold.
const maxZones = fan * fan * fan

func (x *zoneVector) zone(number uint32) *Zone {
	return x.zones[number>>16][uint8(number>>8)][uint8(number)]
}

// find returns the zone whose apex has the hash and the wire form, or nil.
func (x *zoneIndex) find(h uint64, apex []byte) *Zone {
	return x.nameIndex.find(&x.zoneVector, h, apex)
}

func (x *nameIndex) find(zones *zoneVector, h uint64, apex []byte) *Zone {
	p := x.names.probe(h)
	for number := p.next(); number != 0; number = p.next() {
		if z := zones.zone(number); string(z.apex) == string(apex) {
			return z
		}
	}
	return nil
}

// numberOf is the number of the zone that answers for an apex; 0 if none.
func (x *nameIndex) numberOf(zones *zoneVector, h uint64, apex string) uint32 {
	p := x.names.probe(h)
	for number := p.next(); number != 0; number = p.next() {
		if string(zones.zone(number).apex) == apex {
			return number
		}
	}
	return 0
}

// add makes a zone number answer for the zone's apex, for which none answers.
func (x *nameIndex) add(z *Zone, number uint32, owner uint64) {
	tableEdit{table: &x.names, owner: owner}.insert(z.apexHash, number)
	x.byDepth[z.labels]++
	x.depths[z.labels>>6] |= 1 << (z.labels & 63)
}

// drop ends what add began.
func (x *nameIndex) drop(z *Zone, number uint32, owner uint64) {
	tableEdit{table: &x.names, owner: owner}.remove(z.apexHash, number)
	if x.byDepth[z.labels]--; x.byDepth[z.labels] == 0 {
		x.depths[z.labels>>6] &^= 1 << (z.labels & 63)
	}
}

// put stores z as the zone that answers for its apex.
func (x *zoneIndex) put(z *Zone, owner uint64) {
	number := x.numberOf(&x.zoneVector, z.apexHash, string(z.apex))
	if number == 0 {
		number = x.newNumber()
		x.add(z, number, owner)
	}
	x.setZone(number, z)
}

// remove forgets the apex of z.
func (x *zoneIndex) remove(z *Zone, owner uint64) {
	number := x.numberOf(&x.zoneVector, z.apexHash, string(z.apex))
	x.drop(z, number, owner)
	x.release(number)
}

// release makes a number free.
func (x *zoneVector) release(number uint32) {
	x.setZone(number, nil)
	x.free = append(x.free, number)
}

func (x *zoneVector) newNumber() uint32 {
	if n := len(x.free); n > 0 {
		number := x.free[n-1]
		x.free = x.free[: n-1 : n-1] // a discarded edit must not write into it
		return number
	}
	if x.next+1 == maxZones {
		panic("zonedb: more than 16,777,214 zones")
	}
	x.next++
	return x.next
}

// setZone replaces one element of the vector, copying its path.
func (x *zoneVector) setZone(number uint32, z *Zone) {
	top := new([fan]*[fan]*[fan]*Zone)
	if x.zones != nil {
		*top = *x.zones
	}
	middle := new([fan]*[fan]*Zone)
	if top[number>>16] != nil {
		*middle = *top[number>>16]
	}
	bottom := new([fan]*Zone)
	if middle[uint8(number>>8)] != nil {
		*bottom = *middle[uint8(number>>8)]
	}
	bottom[uint8(number)] = z
	middle[uint8(number>>8)] = bottom
	top[number>>16] = middle
	x.zones = top
}
