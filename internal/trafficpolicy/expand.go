package trafficpolicy

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// Place is where a document is expanded: an instance.
type Place struct {
	Zone     *zone.HostedZone
	Name     rdata.Name // of the root, at or below the apex
	Instance string     // id; decides over hidden names
	TTL      uint32     // seconds, of every RRset with values
}

// ErrNameTooLong says that the zone's name leaves no room for hidden names.
var ErrNameTooLong = errors.New("the name of the hosted zone is too long for the records of a traffic policy")

// Expand returns the RRsets of an instance: targets before the aliases that
// lead to them, the root last. Rules that nothing leads to have none. Error:
// ErrNameTooLong.
func (d *Document) Expand(at Place) ([]*zone.RRset, error) {
	e := expansion{doc: d, at: at, done: map[string]bool{}}
	root := &zone.RRset{Name: at.Name, Type: d.Type, TrafficPolicyInstanceID: at.Instance}
	if d.Start.Rule != "" {
		e.rule(d.Start.Rule)
		// What leads to the root is as healthy as the group below it.
		root.Alias = e.inside(ruleLabel, d.Start.Rule, true)
	} else {
		e.lead(root, d.Endpoints[d.Start.Endpoint], false)
	}
	if len(e.at.Zone.Name) > rdata.MaxName-hiddenSize && len(e.sets) > 0 {
		return nil, ErrNameTooLong
	}
	return append(e.sets, root), nil
}

type expansion struct {
	doc  *Document
	at   Place
	sets []*zone.RRset
	done map[string]bool // owner labels that have their RRsets
}

// What owner labels are made from, so that a rule and an endpoint of one id
// have different ones.
const (
	ruleLabel     = "rule"
	endpointLabel = "endpoint"
)

// hashSize is how many characters of base32 an owner label has: 80 bits. The
// instance's id is in the hash, so nobody meets such a name by chance.
const hashSize = 16

// hiddenSize is how many bytes longer than the apex a hidden name is.
const hiddenSize = 1 + hashSize + 1 + len("_trafficpolicy")

// owner is the hidden name of a rule, or of an endpoint that needs one. It
// stays the same as long as the id does, so that an update changes no more than
// it must.
func (e *expansion) owner(kind, id string) rdata.Name {
	sum := sha256.Sum256([]byte(e.at.Instance + "\x00" + kind + "\x00" + id))
	label := strings.ToLower(base32.HexEncoding.EncodeToString(sum[:hashSize*5/8]))
	return rdata.Name(string(rune(len(label)))+label) + e.at.Zone.HiddenParent()
}

// inside is the alias of a hidden name.
func (e *expansion) inside(kind, id string, health bool) *zone.Alias {
	return &zone.Alias{ZoneID: e.at.Zone.ID, Target: e.owner(kind, id), EvaluateTargetHealth: health}
}

// rule adds the group of a rule, behind all that it leads to.
func (e *expansion) rule(id string) {
	name := e.owner(ruleLabel, id)
	if e.done[string(name)] {
		return
	}
	e.done[string(name)] = true
	rule := e.doc.Rules[id]
	group := make([]*zone.RRset, len(rule.Branches))
	for i := range rule.Branches {
		b := &rule.Branches[i]
		set := b.Routing
		set.Name, set.Type, set.SetIdentifier, set.TrafficPolicyInstanceID = name, e.doc.Type, identifier(i, b), e.at.Instance
		switch endpoint := e.doc.Endpoints[b.Endpoint]; {
		case b.Rule != "":
			e.rule(b.Rule)
			set.Alias = e.inside(ruleLabel, b.Rule, b.EvaluateTargetHealth)
		case endpoint.Value != "" && set.Policy == zone.Failover && !set.Secondary && set.HealthCheckID == "":
			// Records with values that are primary must have a health check;
			// an alias need not, and without one is as healthy.
			e.endpoint(b.Endpoint)
			set.Alias = e.inside(endpointLabel, b.Endpoint, false)
		default:
			e.lead(&set, endpoint, b.EvaluateTargetHealth)
		}
		group[i] = &set
	}
	e.sets = append(e.sets, group...)
}

// endpoint adds an RRset of an endpoint's own.
func (e *expansion) endpoint(id string) {
	name := e.owner(endpointLabel, id)
	if e.done[string(name)] {
		return
	}
	e.done[string(name)] = true
	set := &zone.RRset{Name: name, Type: e.doc.Type, TrafficPolicyInstanceID: e.at.Instance}
	e.lead(set, e.doc.Endpoints[id], false)
	e.sets = append(e.sets, set)
}

// lead makes set answer with an endpoint.
func (e *expansion) lead(set *zone.RRset, endpoint *Endpoint, health bool) {
	if endpoint.Alias == nil {
		set.TTL, set.Values = e.at.TTL, []string{endpoint.Value}
		return
	}
	alias := *endpoint.Alias
	alias.EvaluateTargetHealth = health && !endpoint.fixedHealth
	set.Alias = &alias
}

// identifier is the set identifier of a branch, which people see in
// explanations: its number from 1 on, and what it leads to.
func identifier(i int, b *Branch) string {
	text := []rune(strconv.Itoa(i+1) + " " + cmp.Or(b.Rule, b.Endpoint))
	return string(text[:min(len(text), zone.MaxSetIdentifier)])
}

// Request is the batch that leads from the RRsets that an instance has to those
// that it should have. What is to change is deleted first, all of it, and then
// made anew: a group that changes its policy, or swaps two places, never has
// both. Equal ones are left alone.
func Request(old, wanted []*zone.RRset) zone.Request {
	have := make(map[zone.RRsetKey]*zone.RRset, len(old))
	for _, set := range old {
		have[set.Key()] = set
	}
	var changes, created []zone.Change
	for _, set := range wanted {
		if !have[set.Key()].Equal(set) {
			created = append(created, zone.Change{Action: zone.Create, New: set})
			continue
		}
		delete(have, set.Key())
	}
	for _, set := range old {
		if have[set.Key()] != nil {
			changes = append(changes, zone.Change{Action: zone.Delete, Old: set})
		}
	}
	return zone.RequestOf(append(changes, created...))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
