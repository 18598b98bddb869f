package route53

import (
	"errors"
	"iter"
	"strings"

	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/trafficpolicy"
	"open53/internal/zone"
)

// This file is the RRsets of traffic policy instances: how they come to be and
// go, and what clients see of them.

// applyInstance drafts the RRsets that an instance should have, in place of
// those that it has. Where the zone cannot take them it returns why, and drafts
// nothing. Error: InvalidInput where the zone's name is too long.
func (s *Service) applyInstance(t *tx, i *zone.TrafficPolicyInstance, document string) (refused string, err error) {
	hosted, _, err := t.hosted(i.ZoneID)
	if err != nil {
		return "", err
	}
	d, err := trafficpolicy.Parse(document, s.batch)
	if wrong := new(trafficpolicy.Error); errors.As(err, &wrong) { // it was right once: the configuration is another one
		return clip(wrong.Error()), nil
	}
	if err != nil {
		return "", err
	}
	wanted, err := d.Expand(trafficpolicy.Place{Zone: hosted, Name: i.Name, Instance: i.ID, TTL: i.TTL})
	if errors.Is(err, trafficpolicy.ErrNameTooLong) {
		return "", invalidInput("The name of the hosted zone " + i.ZoneID + " is too long for the records of a traffic policy.")
	}
	if err != nil {
		return "", err
	}
	err = s.putInstanceRRsets(t, i, wanted)
	var batch *zone.BatchError
	var known *api.InvalidChangeBatch
	switch {
	case errors.As(err, &batch):
		return clip(strings.Join(batch.Messages, ", ")), nil
	case errors.As(err, &known): // the quota of RRsets
		return clip(strings.Trim(known.Message, "[]")), nil
	}
	return "", err
}

// putInstanceRRsets drafts that an instance has the wanted RRsets and no
// others, and notes their names in it. Errors: *zone.BatchError,
// InvalidChangeBatch.
func (s *Service) putInstanceRRsets(t *tx, i *zone.TrafficPolicyInstance, wanted []*zone.RRset) error {
	hosted, head, err := t.hosted(i.ZoneID)
	if err != nil {
		return err
	}
	contents := t.contents(i.ZoneID)
	old, err := contents.owned(i)
	if err != nil {
		return err
	}
	opts := t.batchOptions()
	opts.Instance = i.ID
	// A document has its own limit, and is one request whatever it expands to.
	opts.Limits.RequestRecords, opts.Limits.RequestCharacters = -1, -1
	changes, err := zone.Apply(hosted, contents, trafficpolicy.Request(old, wanted), opts)
	if err != nil {
		return err
	}
	if err := t.joinCIDRCollections(hosted, changes); err != nil {
		return err
	}
	changed := *hosted
	changed.HiddenRRsets = hiddenAfter(hosted, changes)
	if err := s.checkRRsets(head, hosted, changes); err != nil {
		return err
	}
	i.Hidden = hiddenNames(hosted, wanted)
	if len(changes) == 0 {
		return nil
	}
	return t.putZoneAndRRsets(head, &changed, contents, changes)
}

// owned are the RRsets that an instance has.
func (c *contents) owned(i *zone.TrafficPolicyInstance) ([]*zone.RRset, error) {
	var owned []*zone.RRset
	for _, name := range append([]rdata.Name{i.Name}, i.Hidden...) {
		sets, err := c.RRsetsAt(name)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			if set.TrafficPolicyInstanceID == i.ID {
				owned = append(owned, set)
			}
		}
	}
	return owned, nil
}

// hiddenNames are the names of sets that are hidden, each once.
func hiddenNames(hosted *zone.HostedZone, sets []*zone.RRset) []rdata.Name {
	var names []rdata.Name
	for _, set := range sets { // those of a name follow each other
		if n := len(names); hosted.Hides(set.Name) && (n == 0 || names[n-1] != set.Name) {
			names = append(names, set.Name)
		}
	}
	return names
}

// hiddenAfter is how many RRsets of a zone are hidden after changes.
func hiddenAfter(hosted *zone.HostedZone, changes []zone.Change) uint64 {
	var hidden []zone.Change
	for i := range changes {
		if hosted.Hides(changes[i].Key().Name) {
			hidden = append(hidden, changes[i])
		}
	}
	return countAfter(hosted.HiddenRRsets, hidden)
}

// putZoneAndRRsets drafts changes of a zone's content and of its document.
func (t *tx) putZoneAndRRsets(old store.Head, hosted *zone.HostedZone, c *contents, changes []zone.Change) error {
	if err := t.putRRsets(old, hosted, c, changes); err != nil {
		return err
	}
	d := &t.drafts[len(t.drafts)-1]
	var err error
	d.document, err = event.EncodeDocument(d.hosted)
	return err
}

// visibleCount is how many RRsets of a zone clients see.
func visibleCount(hosted *zone.HostedZone, rrsets uint64) uint64 { return rrsets - hosted.HiddenRRsets }

// visibleRRsets yields the RRsets of a zone that clients see, in list order
// from start on. It steps over the hidden ones at once, however many there are.
func visibleRRsets(view store.View, hosted *zone.HostedZone, start store.Start) iter.Seq2[*zone.RRset, error] {
	return func(yield func(*zone.RRset, error) bool) {
		over := hosted.HiddenRRsets == 0
		for {
			hidden := false
			for set, err := range view.RRsets(hosted.ID, 0, start) {
				if err == nil && !over && hosted.Hides(set.Name) {
					hidden = true
					break
				}
				if !yield(set, err) {
					return
				}
			}
			if !hidden {
				return
			}
			over, start = true, store.Start{Name: hosted.AfterHidden()}
		}
	}
}

// listedFrom writes an RRset as lists show it: of an instance's root no more
// than the instance.
func listedFrom(s *zone.RRset) api.ResourceRecordSet {
	if s.TrafficPolicyInstanceID == "" {
		return rrsetFrom(s)
	}
	return api.ResourceRecordSet{
		Name: s.Name.String(), Type: api.RRType(s.Type.String()), TrafficPolicyInstanceId: &s.TrafficPolicyInstanceID,
	}
}

// withoutOwned leaves out the RRsets of instances.
func withoutOwned(sets iter.Seq2[*zone.RRset, error]) iter.Seq2[*zone.RRset, error] {
	return func(yield func(*zone.RRset, error) bool) {
		for set, err := range sets {
			if err == nil && set.TrafficPolicyInstanceID != "" {
				continue
			}
			if !yield(set, err) {
				return
			}
		}
	}
}

// besideOwned refuses changes after which RRsets of clients would stand where
// an instance has its root, which the changes leave alone. A Revert is not
// checked otherwise. The text is ours.
func (c *contents) besideOwned(changes []zone.Change) error {
	for _, change := range changes {
		key := change.Key()
		sets, err := c.RRsetsAt(key.Name)
		if err != nil {
			return err
		}
		for _, owned := range sets {
			if owned.TrafficPolicyInstanceID == "" || change.New == nil {
				continue
			}
			if owned.Type == key.Type || owned.Type == rdata.TypeCNAME || key.Type == rdata.TypeCNAME {
				return invalidInput("The resource record set " + key.Name.String() + " " + key.Type.String() + " cannot be restored: the traffic policy instance " +
					owned.TrafficPolicyInstanceID + " has its place now. Delete the instance first.")
			}
		}
	}
	return nil
}

// hasInstances reports whether a view has instances of a zone.
func hasInstances(view store.View, zoneID string) (bool, error) {
	for _, err := range view.List(event.IndexInstanceZone, []byte(zoneID+"\x00"), nil) {
		return err == nil, err
	}
	return false, nil
}
