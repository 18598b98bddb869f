package zonedb

// QName is a name being looked up: its labels, and the hash of every suffix.
// It is a worker's scratch space; Set overwrites it.
type QName struct {
	// Words is the name in wire form, lower case, with eight readable bytes
	// behind it.
	Words   []byte
	Len     int     // bytes of the name, the root included
	Labels  int     // the root not included
	Offsets []uint8 // of the labels, and of the root's length byte
	hashes  [128]uint64
}

// Set prepares a name. The slices are kept until the next Set; words needs
// eight readable bytes behind the name.
func (q *QName) Set(words []byte, length int, offsets []uint8, labels int) {
	q.Words, q.Len, q.Offsets, q.Labels = words, length, offsets, labels
	h := rootHash()
	q.hashes[labels] = h
	for i := labels - 1; i >= 0; i-- {
		at := int(offsets[i])
		h = hashLabel(h, words[at+1:], int(words[at]))
		q.hashes[i] = h
	}
}

// Hash is the hash of the whole name.
func (q *QName) Hash() uint64 { return q.hashes[0] }

// SuffixHash is the hash of the name without its first skip labels.
func (q *QName) SuffixHash(skip int) uint64 { return q.hashes[skip] }

// In reports whether the name is the zone's apex or lies below it.
func (q *QName) In(z *Zone) bool {
	skip := q.Labels - z.labels
	return skip >= 0 && string(q.Words[q.Offsets[skip]:q.Len]) == string(z.apex)
}

// Zone returns the deepest public zone that the name, without its first skip
// labels, lies in; nil if none.
func (s *Snapshot) Zone(q *QName, skip int) *Zone {
	return s.index.deepest(&s.index.zoneVector, q, skip)
}

// deepest returns the zone with the longest apex that the name, without its
// first skip labels, lies in; nil if none.
func (x *nameIndex) deepest(zones *zoneVector, q *QName, skip int) *Zone {
	for i := skip; i <= q.Labels; i++ {
		labels := q.Labels - i
		if x.depths[labels>>6]>>(labels&63)&1 == 0 {
			continue
		}
		if z := x.find(zones, q.hashes[i], q.Words[q.Offsets[i]:q.Len]); z != nil {
			return z
		}
	}
	return nil
}

// Node returns the node of the name without its first skip labels, which must
// lie in the zone.
func (z *Zone) Node(q *QName, skip int) Node {
	return z.Find(q.hashes[skip], q.Words[q.Offsets[skip]:q.Offsets[q.Labels-z.labels]])
}

// A Lookup is a name's lookup taken apart, so that those of a batch of names
// can wait for memory together. Each step reads what the one before it found
// and branches on nothing that it reads: a mispredicted branch would end the
// overlap. Begin, Slot, Record, then Node.
type Lookup struct {
	zone   *Zone
	slots  []uint64
	slot   uint64
	record []byte
}

// Begin finds the name's page; the name lies in the zone.
func (l *Lookup) Begin(z *Zone, q *QName) {
	l.zone, l.slots, l.slot, l.record = z, z.table.slots(q.hashes[0]), 0, nil
}

// Zone is the zone of Begin; nil if there was none.
func (l *Lookup) Zone() *Zone { return l.zone }

// End forgets the zone.
func (l *Lookup) End() { l.zone, l.slots, l.slot, l.record = nil, nil, 0, nil }

// Slot reads the first place that may say where the record is.
func (l *Lookup) Slot(q *QName) {
	if n := len(l.slots); n > 0 {
		l.slot = l.slots[int(q.hashes[0])&(n-1)]
	}
}

// Record finds the record and reads its head.
func (l *Lookup) Record(q *QName) (touched byte) {
	if l.slot == 0 {
		return 0
	}
	loc := uint32(l.slot)
	if h := q.hashes[0]; l.slot&^0xffffffff != tagOf(h) {
		walk := probe{slots: l.slots, tag: tagOf(h), i: int(h&0xff) + 1}
		if loc = walk.next(); loc == 0 {
			return 0
		}
	}
	l.record = l.zone.arena.at(loc)
	return l.record[0]
}

// Node is the name's node, as Zone.Node finds it.
func (l *Lookup) Node(q *QName) Node {
	if l.record != nil {
		n := Node{rec: l.record}
		if string(n.owner()) == string(q.Words[:q.Offsets[q.Labels-l.zone.labels]]) {
			return n
		}
	}
	return l.zone.Node(q, 0)
}

// Cut returns the topmost delegation or DNAME strictly above the name, and how
// many labels of the name lie before it.
func (z *Zone) Cut(q *QName) (n Node, skip int) {
	depth := q.Labels - z.labels
	for d := 1; d < depth; d++ {
		if !z.CutAt(d) {
			continue
		}
		n := z.Node(q, depth-d)
		if n.Exists() && (n.IsCut() || n.HasDNAME()) {
			return n, depth - d
		}
	}
	return Node{}, 0
}

// Encloser returns the closest encloser of a name that does not exist
// (RFC 4592 §3.3.1), and how many labels of the name lie before it.
func (z *Zone) Encloser(q *QName) (n Node, skip int) {
	depth := q.Labels - z.labels
	for skip = max(1, depth-z.depth); skip < depth; skip++ {
		if n = z.Node(q, skip); n.Exists() {
			return n, skip
		}
	}
	return z.ApexNode(), depth
}

// wildcardLabel is the label "*", as words for hashing.
var wildcardLabel = [9]byte{'*'}

// Wildcard returns the source of synthesis below the encloser that is skip
// labels into the name: the node "*.<encloser>".
func (z *Zone) Wildcard(q *QName, skip int) Node {
	h := hashLabel(q.hashes[skip], wildcardLabel[:], 1)
	encloser := q.Words[q.Offsets[skip]:q.Offsets[q.Labels-z.labels]]
	p := z.table.probe(h)
	for loc := p.next(); loc != 0; loc = p.next() {
		n := z.node(loc)
		owner := n.owner()
		if len(owner) == 2+len(encloser) && owner[0] == 1 && owner[1] == '*' && string(owner[2:]) == string(encloser) {
			return n
		}
	}
	return Node{}
}
