// Package zonefile is a hosted zone as a master file (RFC 1035 §5), in both
// directions, and the way from one content to another in change sets that
// Route 53 takes.
//
//	master file ─ Read ─▶ File ─ Check ─ Plan(current) ─▶ []Change ─ Schedule ─▶ phases of Batches
//	zone ─ FromAPI ─▶ []*Set ─ Writer ─▶ master file
//
// The Set is the unit of all of it: one RRset, by name, type and set
// identifier. What a master file cannot say (aliases, routing policies, health
// checks) stands in it as comments, which other servers pass over:
//
//	; open53: {"Name":"app.example.com.","Type":"A","AliasTarget":{"DNSName":"lb.example.com.","EvaluateTargetHealth":true}}
//
// The JSON has the shape of the AWS CLI. An alias to the zone itself has no
// HostedZoneId, so that the file can be read into another zone of that name.
//
// Invariants: Write∘Read∘Write is Write. Lists of Sets are in the order in
// which Route 53 lists them, each key once. A Set is not modified once it has
// left this package's readers.
//
// Nothing here talks to a server; everything belongs to one goroutine.
package zonefile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"open53/internal/rdata"
	"open53/internal/route53api"
	"open53/internal/zone"
)

// Set is one RRset.
type Set struct {
	Name   rdata.Name
	Type   rdata.Type
	TTL    uint32   // seconds; 0 for aliases
	Values []string // Route 53 value strings; none for aliases
	// Special is the whole set where a line of a master file cannot say it,
	// with its own values; nil for plain sets. An alias to the zone itself has
	// no HostedZoneId.
	Special *route53api.ResourceRecordSet
	At      Position // of the first record in a file; zero for sets of a zone
	unread  bool     // comes from a comment: its values may be anything
}

// Position is a place in a file.
type Position struct {
	File string
	Line int // from 1
}

// String is "file:line".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// SetIdentifier is the set's identifier; empty for simple routing.
func (s *Set) SetIdentifier() string {
	if s.Special == nil || s.Special.SetIdentifier == nil {
		return ""
	}
	return *s.Special.SetIdentifier
}

// Key is the set's identity within its zone.
func (s *Set) Key() zone.RRsetKey {
	return zone.RRsetKey{Name: s.Name, Type: s.Type, SetIdentifier: s.SetIdentifier()}
}

// FromAPI is the set that the API listed for the zone with the id.
func FromAPI(in *route53api.ResourceRecordSet, zoneID string) (*Set, error) {
	name, err := rdata.ParseName(in.Name)
	if err != nil {
		return nil, fmt.Errorf("record set %s %s: %w", in.Name, in.Type, err)
	}
	t, ok := rdata.ParseType(string(in.Type))
	if !ok {
		return nil, fmt.Errorf("record set %s %s: type %q is unknown", in.Name, in.Type, in.Type)
	}
	s := &Set{Name: name, Type: t}
	if in.TTL != nil {
		if *in.TTL < 0 || *in.TTL > zone.MaxTTL {
			return nil, fmt.Errorf("record set %s %s: TTL %d is not within 0 and %d", in.Name, in.Type, *in.TTL, zone.MaxTTL)
		}
		s.TTL = uint32(*in.TTL)
	}
	for _, r := range in.ResourceRecords {
		s.Values = append(s.Values, r.Value)
	}
	if isPlain(in) {
		return s, nil
	}
	special := *in
	special.Name = name.String()
	if in.AliasTarget != nil {
		target, err := aliasTarget(in.AliasTarget, zoneID)
		if err != nil {
			return nil, fmt.Errorf("record set %s %s: alias target: %w", in.Name, in.Type, err)
		}
		special.AliasTarget = target
	}
	s.Special = &special
	return s, nil
}

// isPlain reports whether lines of a master file can say all of the set.
func isPlain(in *route53api.ResourceRecordSet) bool {
	rest := *in
	rest.Name, rest.Type, rest.TTL, rest.ResourceRecords = "", "", nil, nil
	return in.TTL != nil && len(in.ResourceRecords) > 0 && reflect.ValueOf(rest).IsZero()
}

// aliasTarget writes the target's name in the API's way and leaves out the
// zone's own id.
func aliasTarget(in *route53api.AliasTarget, zoneID string) (*route53api.AliasTarget, error) {
	name, err := rdata.ParseName(in.DNSName)
	if err != nil {
		return nil, err
	}
	out := &route53api.AliasTarget{HostedZoneId: BareID(in.HostedZoneId), DNSName: name.String(), EvaluateTargetHealth: in.EvaluateTargetHealth}
	if out.HostedZoneId == zoneID {
		out.HostedZoneId = ""
	}
	return out, nil
}

// BareID is an id without the kind in front of it: "/hostedzone/Z1" is Z1.
func BareID(id string) string {
	return id[strings.LastIndexByte(id, '/')+1:]
}

// API is the set as the zone with the id has it.
func (s *Set) API(zoneID string) route53api.ResourceRecordSet {
	if s.Special == nil {
		return route53api.ResourceRecordSet{
			Name: s.Name.String(), Type: route53api.RRType(s.Type.String()), TTL: new(int64(s.TTL)), ResourceRecords: records(s.Values),
		}
	}
	out := *s.Special
	if out.AliasTarget != nil && out.AliasTarget.HostedZoneId == "" {
		target := *out.AliasTarget
		target.HostedZoneId = zoneID
		out.AliasTarget = &target
	}
	return out
}

func records(values []string) []route53api.ResourceRecord {
	list := make([]route53api.ResourceRecord, len(values))
	for i, v := range values {
		list[i].Value = v
	}
	return list
}

// Equal reports whether both sets have the same key and are written in the
// same way: values in the same order, the case of names in them included. Ways
// of writing a value that master files cannot tell apart do not matter.
func (s *Set) Equal(other *Set) bool {
	if s.Key() != other.Key() || s.TTL != other.TTL || !slices.EqualFunc(s.Values, other.Values, s.equalValue) {
		return false
	}
	if s.Special == nil || other.Special == nil {
		return s.Special == other.Special
	}
	a, b := *s.Special, *other.Special
	a.ResourceRecords, b.ResourceRecords = nil, nil
	return reflect.DeepEqual(a, b)
}

func (s *Set) equalValue(a, b string) bool {
	if a == b {
		return true
	}
	x, errA := rdata.ParseValue(s.Type, a)
	y, errB := rdata.ParseValue(s.Type, b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// isApex reports whether the set is the SOA or NS of the zone itself, which
// every zone has.
func (s *Set) isApex(apex rdata.Name) bool {
	return s.Name == apex && (s.Type == rdata.TypeSOA || s.Type == rdata.TypeNS)
}

// aliasWithin is the name in the zone that the set is an alias of.
func (s *Set) aliasWithin(apex rdata.Name) (rdata.Name, bool) {
	if s.Special == nil || s.Special.AliasTarget == nil {
		return "", false
	}
	a := s.Special.AliasTarget
	target, err := rdata.ParseName(a.DNSName)
	if err != nil || zone.IsServiceZone(a.HostedZoneId) || !target.IsSubdomainOf(apex) {
		return "", false
	}
	return target, true
}

// Sort puts sets into list order.
func Sort(sets []*Set) {
	type keyed struct {
		key string
		set *Set
	}
	list := make([]keyed, len(sets))
	var b []byte
	for i, s := range sets {
		// No byte of a sort key or a mnemonic is as low as these.
		b = append(s.Name.AppendSortKey(b[:0]), 0)
		b = append(append(b, s.Type.String()...), 0)
		list[i] = keyed{string(append(b, s.SetIdentifier()...)), s}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	for i := range list {
		sets[i] = list[i].set
	}
}
