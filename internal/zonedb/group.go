package zonedb

import (
	"encoding/binary"

	"open53/internal/policy"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// compileGroup compiles the RRsets of one name and type, in list order. It
// reports false if there is nothing to answer with. A simple RRset is a group
// of one only if it has a health check: its own answer does not depend on
// that, but the health of aliases to it does.
func (e *zoneEdit) compileGroup(group []*zone.RRset) (Set, bool, error) {
	first := group[0]
	if first.Policy == zone.Simple && first.HealthCheckID == "" || !routable(first.Type) {
		set, err := e.compileOne(first)
		return set, set.Count > 0, err
	}
	members := make([]policy.Member, 0, len(group))
	seen := map[string]bool{} // RRs of multivalue sets
	for _, set := range group {
		payload, err := e.compileOne(set)
		if err != nil {
			return Set{}, false, err
		}
		if payload.Count == 0 || set.Policy != first.Policy || set.Policy == zone.Multivalue && set.Alias != nil {
			continue // the API admits none of these
		}
		m := policy.Member{Set: set, Kind: uint8(payload.Kind), Count: payload.Count, Data: payload.Data}
		if payload.Kind == PlainFixed {
			m.RRLen = len(payload.Data) / payload.Count
		}
		if set.Policy == zone.Multivalue {
			m.Repeats = repeats(seen, payload.Data)
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return Set{}, false, nil
	}
	program, err := policy.Compile(members, &e.edit.db.world)
	if err != nil {
		return Set{}, false, err
	}
	if program.Located() {
		e.edit.db.located.Store(true)
	}
	return Set{Type: uint16(first.Type), Count: len(members), Kind: Group, Data: program}, true, nil
}

// repeats remembers the RRs of a plain set and reports whether one of them was
// there before, whatever its TTL.
func repeats(seen map[string]bool, data []byte) (found bool) {
	for len(data) > 0 {
		end := RRHead + int(binary.BigEndian.Uint16(data[RRHead-2:]))
		value := string(data[RRHead:end])
		found = found || seen[value]
		seen[value] = true
		data = data[end:]
	}
	return found
}

// routable reports whether RRsets of a type can be in a group. The others are
// parts of the zone's own machinery, which reads them plain.
func routable(t rdata.Type) bool {
	switch t {
	case rdata.TypeNS, rdata.TypeSOA, rdata.TypeDS, rdata.TypeDNAME:
		return false
	}
	return true
}
