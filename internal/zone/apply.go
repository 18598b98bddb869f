package zone

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"open53/internal/rdata"
)

// View is the current content of the zone that a batch is applied to.
type View interface {
	// RRsetsAt returns the RRsets with the owner name, in any order. Apply
	// does not change the slice.
	RRsetsAt(name rdata.Name) ([]*RRset, error)
}

// HealthChecks knows which health checks exist.
type HealthChecks interface {
	HealthCheckExists(id string) (bool, error)
}

// CIDRCollections knows which CIDR collections and locations exist.
type CIDRCollections interface {
	// CIDRLocationExists is asked about the default location "*" too; it
	// exists where the collection does.
	CIDRLocationExists(collectionID, location string) (collection, exists bool, err error)
}

// Options say what a batch is checked against. The zero value checks all that
// needs no knowledge of other resources, with Amazon's quotas.
type Options struct {
	// Strict accepts only what Amazon does: its 17 types, and alias targets
	// in a service's zone only under that service's domain.
	Strict bool
	// EqualWeightedTTLs refuses weighted sets of one group with different
	// TTLs, once all changes are made. Route 53 was seen to do so up to 2020;
	// its documentation only advises it.
	EqualWeightedTTLs bool

	Limits Limits

	// Instance is the traffic policy instance that the batch is made for: it
	// owns what the batch writes, and the batch may touch nothing else. Empty
	// is the batch of a client, which may not touch what instances own.
	Instance string

	// These are extensions and lookups; a nil one knows nothing and, for
	// lookups of existence, means that existence is not checked.

	Regions                func(name string) bool     // regions beyond Amazon's
	ServiceZones           func(zoneID string) bool   // alias zones of services beyond the built-in table
	TrafficPolicyInstances func(id string) bool       // instances that sets may name; nil: none
	GeoLocations           func(loc Geolocation) bool // countries and subdivisions
	LocalZoneGroups        func(name string) bool
	HealthChecks           HealthChecks
	CIDRCollections        CIDRCollections
}

// Limits are quotas of a request. Zero is Amazon's default, a negative number
// no limit.
type Limits struct {
	RequestRecords    int // values per request, those of UPSERT twice: 1000
	RequestCharacters int // characters of values per request, those of UPSERT twice: 32000
	Values            int // values of one RRset: 400
	Group             int // RRsets of one name and type: 100
	GeoproximityGroup int // the same for geoproximity: 30
}

func (l Limits) withDefaults() Limits {
	return Limits{
		RequestRecords:    limitOr(l.RequestRecords, 1000),
		RequestCharacters: limitOr(l.RequestCharacters, 32000),
		Values:            limitOr(l.Values, 400),
		Group:             limitOr(l.Group, 100),
		GeoproximityGroup: limitOr(l.GeoproximityGroup, 30),
	}
}

func limitOr(limit, amazon int) int {
	switch {
	case limit == 0:
		return amazon
	case limit < 0:
		return math.MaxInt
	}
	return limit
}

// batch is one run of Apply.
type batch struct {
	zone    *HostedZone
	opts    *Options
	limits  Limits
	state   state
	faults  faults
	changes []Change // one for each requested; zero where that one failed
	// requested is the last action of the batch on each set that it names;
	// nil for a batch of one change.
	requested map[RRsetKey]Action
	scratch   []byte // wire form of the value being checked
}

// Apply checks the change batch against the zone's current content and
// returns what is to be committed: one Change for each requested one, in the
// same order. It is atomic: any fault gives a *BatchError with all of them,
// and no changes. Other errors are those of the view and the lookups.
//
// Changes are looked at in order, each against the state that those before it
// leave behind; so an alias may point at a target that an earlier change of
// the batch creates, not at one that a later change creates. A change that is
// refused for its content (a value, an alias target) still takes its place in
// that state, so that one fault does not bring forth others; one refused for
// its place (it exists, it conflicts) does not.
//
// DNAME (an extension) follows RFC 6672: one value, no CNAME beside it, no NS
// beside it below the apex, never a wildcard. RRsets below a DNAME are
// allowed, and occluded.
func Apply(z *HostedZone, view View, req Request, opts Options) ([]Change, error) {
	b := batch{zone: z, opts: &opts, limits: opts.Limits.withDefaults(), state: newState(view)}
	b.requestLimits(&req)
	if err := b.faults.err(); err != nil {
		return nil, err
	}
	drafts := make([]draft, len(req.Changes))
	for i := range req.Changes {
		drafts[i] = b.shape(i, &req.Changes[i])
	}
	if err := b.faults.err(); err != nil {
		return nil, err
	}
	if len(drafts) > 1 {
		b.requested = make(map[RRsetKey]Action, len(drafts))
	}
	b.changes = make([]Change, len(drafts))
	for i := range drafts {
		if err := b.change(i, &drafts[i]); err != nil {
			return nil, fmt.Errorf("apply change batch: %w", err)
		}
	}
	if err := b.finish(); err != nil {
		return nil, fmt.Errorf("apply change batch: %w", err)
	}
	if err := b.faults.err(); err != nil {
		return nil, err
	}
	return b.changes, nil
}

// requestLimits checks the quotas that need no more than counting.
func (b *batch) requestLimits(req *Request) {
	records, characters := 0, 0
	for i := range req.Changes {
		c := &req.Changes[i]
		weight := 1
		if c.Action == Upsert {
			weight = 2
		}
		records += weight * len(c.Set.Values)
		for _, v := range c.Set.Values {
			characters += weight * utf8.RuneCountInString(v)
		}
	}
	if limit := b.limits.RequestRecords; records > limit {
		b.faults.add(0, faultBatch, "Number of records limit of "+strconv.Itoa(limit)+" exceeded.")
	}
	if limit := b.limits.RequestCharacters; characters > limit {
		b.faults.add(0, faultBatch, "Number of characters limit of "+strconv.Itoa(limit)+" exceeded.")
	}
}

// change checks one change and takes it into the state.
func (b *batch) change(i int, d *draft) error {
	named := b.name(i, d)
	aliasRead := b.aliasTarget(i, d)
	if d.asked.Action == Delete {
		if named && aliasRead && !b.repeated(i, d) {
			b.delete(i, d)
		}
		return b.state.err
	}
	b.values(i, d.set)
	if !named || b.repeated(i, d) {
		return nil
	}
	return b.write(i, d)
}

// name reads the owner name and places it in the zone.
func (b *batch) name(i int, d *draft) bool {
	name, err := rdata.ParseName(d.asked.Set.Name)
	if err != nil {
		b.fault(i, err.Error())
		return false
	}
	d.set.Name = name
	if !name.IsSubdomainOf(b.zone.Name) {
		b.fault(i, "RRSet with DNS name "+name.String()+" is not permitted in zone "+b.zone.Name.String())
		return false
	}
	return !b.reserved(i, name)
}

// repeated refuses a second change of one set. A DELETE may be followed by
// one CREATE or UPSERT, which is how clients replace a set.
func (b *batch) repeated(i int, d *draft) bool {
	if b.requested == nil {
		return false
	}
	key, action := d.set.Key(), d.asked.Action
	before, found := b.requested[key]
	if !found || before == Delete && action != Delete {
		b.requested[key] = action
		return false
	}
	b.fault(i, "The request contains an invalid set of changes for a resource record set '"+key.Type.String()+" "+key.Name.String()+"'")
	return true
}

// write applies CREATE and UPSERT.
func (b *batch) write(i int, d *draft) error {
	set, at := d.set, b.state.at(d.set.Name)
	old := at.find(set.Type, set.SetIdentifier)
	if old != nil && d.asked.Action == Create {
		b.fault(i, "Tried to create resource record set "+bracketed(set)+" but it already exists")
		return b.state.err
	}
	if b.foreign(i, old) || !b.mayStand(i, set, at) {
		return b.state.err
	}
	b.content(i, set)
	if err := b.references(i, set); err != nil {
		return err
	}
	at.put(set)
	b.changes[i] = Change{Action: d.asked.Action, Old: old, New: set}
	return b.state.err
}

// delete applies DELETE.
func (b *batch) delete(i int, d *draft) {
	at := b.state.at(d.set.Name)
	old := at.find(d.set.Type, d.set.SetIdentifier)
	switch {
	case old == nil:
		if b.deleted(i, d) {
			b.fault(i, "Tried to delete resource record set "+bracketed(d.set)+" but it was not found")
		}
		return
	case d.policyless && old.Policy != Multivalue:
		check := shapeCheck{batch: b, index: i, asked: d.asked}
		check.invalid(policyNone)
		return
	case !b.matches(old, d):
		if b.deleted(i, d) {
			b.fault(i, "Tried to delete resource record set "+bracketed(d.set)+" but the values provided do not match the current values")
		}
		return
	}
	at.remove(old)
	b.changes[i] = Change{Action: Delete, Old: old}
}

// deleted checks the values of a DELETE that does not fit the state: a value
// that is none is the better explanation.
func (b *batch) deleted(i int, d *draft) bool {
	before := len(b.faults)
	b.values(i, d.set)
	return len(b.faults) == before
}

// finish checks what must be true of the zone once all changes are made.
func (b *batch) finish() error {
	for i := range b.changes {
		if c := &b.changes[i]; c.Action == Delete && c.Old.Name == b.zone.Name {
			b.apexKept(i, c.Old.Type)
		}
	}
	if b.opts.EqualWeightedTTLs {
		b.equalTTLs()
	}
	return b.state.err
}

func (b *batch) fault(i int, text string) { b.faults.add(i, faultBatch, text) }

// bracketed is the set as it stands in "Tried to …" texts.
func bracketed(s *RRset) string {
	text := "[name='" + s.Name.String() + "', type='" + s.Type.String() + "'"
	if s.SetIdentifier != "" {
		text += ", set-identifier='" + s.SetIdentifier + "'"
	}
	return text + "]"
}
