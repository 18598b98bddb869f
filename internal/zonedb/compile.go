package zonedb

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

const (
	typeNS    = uint16(rdata.TypeNS)
	typeSOA   = uint16(rdata.TypeSOA)
	typeCNAME = uint16(rdata.TypeCNAME)
	typeDNAME = uint16(rdata.TypeDNAME)
)

// compileSets turns all RRsets of one owner name into compiled sets, in order
// of type number. sets must be in list order, so that groups are contiguous.
func (e *zoneEdit) compileSets(sets []*zone.RRset) ([]Set, error) {
	var compiled []Set
	for len(sets) > 0 {
		n := 1
		for n < len(sets) && sets[n].Type == sets[0].Type {
			n++
		}
		set, ok, err := e.compileGroup(sets[:n])
		if err != nil {
			return nil, err
		}
		if ok {
			compiled = append(compiled, set)
		}
		sets = sets[n:]
	}
	slices.SortFunc(compiled, func(a, b Set) int { return int(a.Type) - int(b.Type) })
	return compiled, nil
}

// compileOne compiles the RRset that is alone at its name and type.
func (e *zoneEdit) compileOne(set *zone.RRset) (Set, error) {
	switch {
	case set.Type == rdata.TypeSOA:
		if err := e.setSOA(set); err != nil {
			return Set{}, err
		}
		return Set{Type: typeSOA, Count: 1, Kind: LiveSOA}, nil
	case set.Alias != nil:
		return e.compileAlias(set), nil
	}
	return compileValues(set)
}

// compileValues compiles an RRset's RRs.
func compileValues(set *zone.RRset) (Set, error) {
	compiled := Set{Type: uint16(set.Type), Kind: PlainFixed}
	for _, value := range set.Values {
		wire, err := rdata.ParseValue(set.Type, value)
		if err != nil {
			return Set{}, fmt.Errorf("%s %s: %w", set.Name, set.Type, err)
		}
		if len(wire) > 0xffff {
			return Set{}, fmt.Errorf("%s %s: rdata is longer than 65535 bytes", set.Name, set.Type)
		}
		size := len(compiled.Data)
		compiled.Data = appendRR(compiled.Data, uint16(set.Type), set.TTL, wire)
		if compiled.Count > 0 && (len(compiled.Data)-size)*compiled.Count != size {
			compiled.Kind = Plain
		}
		compiled.Count++
	}
	return compiled, nil
}

// appendRR appends an RR whose owner is a pointer to the question.
func appendRR(b []byte, rrtype uint16, ttl uint32, wire []byte) []byte {
	b = append(b, 0xc0, 0x0c, byte(rrtype>>8), byte(rrtype), 0, 1)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(wire)))
	return append(b, wire...)
}

// compileAlias compiles an edge to another name. The target is found when a
// query comes, by its hash, so that a change of the target needs no change of
// the aliases that point at it.
func (e *zoneEdit) compileAlias(set *zone.RRset) Set {
	target := set.Alias.Target
	var evaluates uint8
	if set.Alias.EvaluateTargetHealth {
		evaluates = 1
	}
	if set.Alias.ZoneID == e.zone.id && target.IsSubdomainOf(e.zone.apex) {
		labels := target[:len(target)-len(e.zone.apex)]
		data := binary.LittleEndian.AppendUint64(nil, hashName(target))
		data = append(data, evaluates)
		return Set{Type: uint16(set.Type), Count: 1, Kind: AliasInside, Data: append(data, labels...)}
	}
	i := e.edit.db.outside.index(OutsideTarget{Name: target, Type: set.Type})
	data := append(binary.LittleEndian.AppendUint32(nil, i), evaluates)
	return Set{Type: uint16(set.Type), Count: 1, Kind: AliasOutside, Data: data}
}

// setSOA compiles the zone's SOA: the RR as served, with the zone's serial,
// and the TTL of negative answers.
func (e *zoneEdit) setSOA(set *zone.RRset) error {
	if len(set.Values) != 1 {
		return fmt.Errorf("%s SOA: %d values", set.Name, len(set.Values))
	}
	wire, err := rdata.ParseValue(set.Type, strings.TrimSpace(set.Values[0]))
	if err != nil {
		return fmt.Errorf("%s SOA: %w", set.Name, err)
	}
	soa := appendRR(nil, typeSOA, set.TTL, wire)
	// RFC 2308 §3: the lesser of the SOA's TTL and its minimum field.
	minimum := binary.BigEndian.Uint32(wire[len(wire)-4:])
	e.zone.soa = soa
	e.zone.negativeTTL = min(set.TTL, minimum)
	e.zone.putSerial()
	return nil
}
