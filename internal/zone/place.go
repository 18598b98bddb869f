package zone

import (
	"strconv"

	"open53/internal/rdata"
)

// The fault texts in this file and in routing.go, alias.go and values.go are
// Route 53's where public reports quote them. Those that nobody has quoted are
// made in the same style, and marked "ours"; a true text may replace them.

// mayStand reports whether set may be at its place: the apex rules, CNAME and
// DNAME rules, and those of its group.
func (b *batch) mayStand(i int, set *RRset, at *node) bool {
	before := len(b.faults)
	b.apex(i, set)
	if len(b.faults) == before { // a CNAME at the apex conflicts with all there; one fault is enough
		b.exclusive(i, set, at)
	}
	if len(b.faults) == before {
		b.group(i, set, at)
	}
	return len(b.faults) == before
}

// notPermitted is the opening of most conflict texts.
func notPermitted(set *RRset) string {
	return "RRSet of type " + set.Type.String() + " with DNS name " + set.Name.String() + " is not permitted"
}

// apex checks the types that belong at the apex, or not there.
func (b *batch) apex(i int, set *RRset) {
	atApex, zone := set.Name == b.zone.Name, b.zone.Name.String()
	switch set.Type {
	case rdata.TypeCNAME, rdata.TypeDS: // the DS text is ours
		if atApex {
			b.fault(i, notPermitted(set)+" at apex in zone "+zone)
		}
	case rdata.TypeSOA:
		if !atApex || len(set.Values) > 1 { // ours: the text is that of the deletion
			b.fault(i, soaMissing)
		}
	case rdata.TypeNS, rdata.TypeDNAME: // RFC 4592 §4.2, §4.4; the text is ours
		if set.Name.IsWildcard() {
			b.fault(i, notPermitted(set)+" at a wildcard in zone "+zone)
		}
	}
}

const (
	nsMissing  = "A HostedZone must contain at least one NS record for the zone itself."
	soaMissing = "A HostedZone must contain exactly one SOA record."
)

// apexKept checks, after the batch, that what a DELETE took from the apex was
// put back if it was NS or SOA.
func (b *batch) apexKept(i int, deleted rdata.Type) {
	switch {
	case deleted == rdata.TypeNS && !b.state.at(b.zone.Name).hasType(rdata.TypeNS):
		b.fault(i, nsMissing)
	case deleted == rdata.TypeSOA && !b.state.at(b.zone.Name).hasType(rdata.TypeSOA):
		b.fault(i, soaMissing)
	}
}

// exclusive checks CNAME, which stands alone at its name (RFC 1034 §3.6.2),
// and DNAME, which stands without NS below the apex (RFC 6672 §2.3).
func (b *batch) exclusive(i int, set *RRset, at *node) {
	zone := b.zone.Name.String()
	for _, other := range at.sets {
		switch {
		case other.Type == set.Type:
		case set.Type == rdata.TypeCNAME:
			b.fault(i, notPermitted(set)+" as it conflicts with other records with the same DNS name in zone "+zone)
			return
		case other.Type == rdata.TypeCNAME, set.Name != b.zone.Name && nsWithDNAME(set.Type, other.Type):
			b.fault(i, notPermitted(set)+" because a conflicting RRSet of type "+other.Type.String()+
				" with the same DNS name already exists in zone "+zone)
			return
		}
	}
}

func nsWithDNAME(a, b rdata.Type) bool {
	return a == rdata.TypeNS && b == rdata.TypeDNAME || a == rdata.TypeDNAME && b == rdata.TypeNS
}

// content checks the values of a set that may stand at its place.
func (b *batch) content(i int, set *RRset) {
	switch set.Type {
	case rdata.TypeCNAME, rdata.TypeDNAME: // RFC 2181 §10.1, RFC 6672 §2.4; the text is ours
		if len(set.Values) > 1 {
			b.fault(i, notPermitted(set)+" to have more than one record in zone "+b.zone.Name.String())
			return
		}
	}
	if set.Type == rdata.TypeCNAME && len(set.Values) == 1 {
		if target, ok := nameValue(set.Type, set.Values[0]); ok {
			b.loop(i, set, target)
		}
	}
}

// values checks each value of the set, and all of them together.
func (b *batch) values(i int, set *RRset) {
	if limit := b.limits.Values; len(set.Values) > limit {
		b.fault(i, "Cannot have more than "+strconv.Itoa(limit)+" records in a RRSet.")
		return
	}
	good := true
	for _, v := range set.Values {
		wire, err := rdata.AppendValue(b.scratch[:0], set.Type, v)
		if err != nil {
			b.fault(i, "Invalid Resource Record: '"+err.Error()+"'")
			good = false
		}
		b.scratch = wire
	}
	if !good || len(set.Values) < 2 {
		return
	}
	for _, v := range rdata.Duplicates(set.Type, set.Values) {
		b.fault(i, "Duplicate Resource Record: '"+v+"'")
	}
}

// nameValue reads a value that is one name.
func nameValue(t rdata.Type, value string) (rdata.Name, bool) {
	if name, err := rdata.ParseName(value); err == nil {
		return name, true
	}
	wire, err := rdata.ParseValue(t, value) // the generic form of RFC 3597
	if err != nil {
		return "", false
	}
	name, err := rdata.NameFromWire(wire)
	return name, err == nil
}
