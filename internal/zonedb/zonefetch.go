package zonedb

// A ZoneFetch brings the zone of a name closer before Snapshot.Zone chooses it,
// so that the names of a batch wait for memory together: among very many zones
// nothing on the way is in a cache. It is a guess that changes no answer. Its
// steps, like those of Lookup, read one thing each and are run for all names of
// the batch before the next: Slots, Zone, Head, Apex.
type ZoneFetch struct {
	slots [zoneGuesses]uint64
	tags  [zoneGuesses]uint64
	zone  *Zone
}

// zoneGuesses is how many depths of the name are looked at: apexes of two,
// three and four labels are as many as there usually are.
const zoneGuesses = 3

// Slots reads where the zones would be whose apexes are the longest suffixes
// of the name.
func (f *ZoneFetch) Slots(s *Snapshot, q *QName) {
	f.zone = nil
	f.slots = [zoneGuesses]uint64{}
	guesses := 0
	for i := 0; i <= q.Labels && guesses < zoneGuesses; i++ {
		labels := q.Labels - i
		if s.index.depths[labels>>6]>>(labels&63)&1 == 0 {
			continue
		}
		h := q.hashes[i]
		if slots := s.index.names.slots(h); len(slots) > 0 {
			f.slots[guesses] = slots[int(h)&(len(slots)-1)]
			f.tags[guesses] = tagOf(h)
			guesses++
		}
	}
}

// Zone reads which zone it is.
func (f *ZoneFetch) Zone(s *Snapshot) {
	for i, slot := range f.slots {
		if slot != 0 && slot&^0xffffffff == f.tags[i] {
			f.zone = s.index.zone(uint32(slot))
			return
		}
	}
}

// Head reads the zone's own fields.
func (f *ZoneFetch) Head() (touched byte) {
	if f.zone == nil {
		return 0
	}
	z := f.zone
	return byte(len(z.apex)) + byte(len(z.table.small)) + byte(len(z.arena.chunks))
}

// Apex reads what Snapshot.Zone compares.
func (f *ZoneFetch) Apex() (touched byte) {
	if f.zone == nil || len(f.zone.apex) == 0 {
		return 0
	}
	return f.zone.apex[0]
}
