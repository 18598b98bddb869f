package route53

import (
	"context"
	"strconv"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

func delegationSetKey(id string) event.Key { return event.Key{Kind: event.KindDelegationSet, ID: id} }

// readDelegationSet reads a reusable delegation set. Error:
// NoSuchDelegationSet.
func readDelegationSet(view store.View, id string) (*zone.DelegationSet, error) {
	head, err := view.Head(delegationSetKey(id))
	if err != nil {
		return nil, err
	}
	return decodeDelegationSet(id, head)
}

func decodeDelegationSet(id string, head store.Head) (*zone.DelegationSet, error) {
	if !head.Exists() {
		return nil, noSuchDelegationSet(id)
	}
	set := new(zone.DelegationSet)
	return set, event.DecodeDocument(head.Document, set)
}

// countZones counts the zones of a set, up to limit unless that is 0.
func countZones(ctx context.Context, view store.View, setID string, limit int64) (n int64, err error) {
	for _, err := range view.List(event.IndexZoneDelegationSet, []byte(setID+"\x00"), nil) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		if n++; n == limit {
			break
		}
	}
	return n, nil
}

// joinDelegationSet reads the set that a new zone names and drafts a touch of
// it: of two zones that must not share it, or of a zone and the set's
// deletion, one must fail. Errors: NoSuchDelegationSet,
// ConflictingDomainExists, TooManyHostedZones.
func (s *Service) joinDelegationSet(t *tx, hosted *zone.HostedZone) (*zone.DelegationSet, error) {
	head, err := t.head(delegationSetKey(hosted.DelegationSetID))
	if err != nil {
		return nil, err
	}
	set, err := decodeDelegationSet(hosted.DelegationSetID, head)
	if err != nil {
		return nil, err
	}
	if s.cfg.EnforceQuotas {
		limit := s.cfg.Limits.ZonesPerDelegationSet
		n, err := countZones(context.Background(), t.view, set.ID, limit)
		if err != nil {
			return nil, err
		}
		if n >= limit {
			return nil, tooManyHostedZones()
		}
	}
	if err := checkSharedServers(t.view, hosted); err != nil {
		return nil, err
	}
	t.touch(head)
	return set, nil
}

// checkSharedServers refuses a zone whose delegation set has one of the same
// name, or of a name above or below. A server would have to tell their answers
// apart.
func checkSharedServers(view store.View, hosted *zone.HostedZone) error {
	check := func(other *zone.HostedZone) error {
		if other.DelegationSetID != hosted.DelegationSetID {
			return nil
		}
		return &api.ConflictingDomainExists{Message: "The reusable delegation set " + hosted.DelegationSetID + // ours
			" already has the hosted zone " + other.ID + " with the domain name " + other.Name.String() + ", which conflicts with " + hosted.Name.String()}
	}
	for name := hosted.Name; name.Labels() > 1; {
		name = name.Parent()
		for other, err := range zonesNamed(view, name) {
			if err == nil {
				err = check(other)
			}
			if err != nil {
				return err
			}
		}
	}
	// The key of a name is the beginning of those of all names below it.
	for other, err := range zonesUnder(view, []byte(hosted.Name.SortKey())) {
		if err == nil {
			err = check(other)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CreateReusableDelegationSet makes a set of name servers for zones to share:
// those of an existing zone, which has the set from then on, or new ones.
func (s *Service) CreateReusableDelegationSet(ctx context.Context, in *api.CreateReusableDelegationSetInput) (_ *api.CreateReusableDelegationSetOutput, err error) {
	defer s.fail(ctx, "CreateReusableDelegationSet", &err)
	set := zone.DelegationSet{CallerReference: in.CallerReference}
	if set.ID, err = s.ids.next(delegationSetIDLetter); err != nil {
		return nil, err
	}
	reference := referenceKey("delegationset", in.CallerReference)
	keys := append(s.quotaKeys(event.KindDelegationSet), reference)
	if in.HostedZoneId != nil {
		keys = append(keys, zoneKey(*in.HostedZoneId))
	}
	_, err = s.commit(ctx, change{operation: "CreateReusableDelegationSet", keys: keys, decide: func(t *tx) error {
		taken, err := t.head(reference)
		if err != nil {
			return err
		}
		if taken.Version > 0 {
			return &api.DelegationSetAlreadyCreated{Message: "A delegation set has already been created with the specified caller reference."}
		}
		tooMany := &api.LimitsExceeded{Message: "The account has reached its limit of reusable delegation sets."} // ours
		if err := s.checkQuota(t, event.KindDelegationSet, s.cfg.Limits.DelegationSets, tooMany); err != nil {
			return err
		}
		if err := t.put(taken, claim{Owner: set.ID}); err != nil {
			return err
		}
		set.NameServers = s.chooseServers(set.ID, nil)
		if in.HostedZoneId != nil {
			if set.NameServers, err = t.shareServers(*in.HostedZoneId, set.ID); err != nil {
				return err
			}
		}
		set.Created = t.now
		return t.put(store.Head{Key: delegationSetKey(set.ID)}, &set)
	}})
	if err != nil {
		return nil, err
	}
	return &api.CreateReusableDelegationSetOutput{DelegationSet: reusableSetFrom(&set), Location: s.location("delegationset/" + set.ID)}, nil
}

// shareServers drafts that a zone's own delegation set becomes the reusable
// one with the id, and returns its servers. Errors: HostedZoneNotFound,
// InvalidInput for a private zone, DelegationSetAlreadyReusable.
func (t *tx) shareServers(zoneID, setID string) ([]string, error) {
	head, err := t.head(zoneKey(zoneID))
	if err != nil {
		return nil, err
	}
	if !head.Exists() {
		return nil, &api.HostedZoneNotFound{Message: "The specified HostedZone cannot be found: " + zoneID} // ours
	}
	hosted, head, err := t.hosted(zoneID)
	switch {
	case err != nil:
		return nil, err
	case hosted.Private: // ours
		return nil, invalidInput("The delegation set of the private hosted zone " + zoneID + " cannot be reused.")
	case hosted.DelegationSetID != "": // ours
		return nil, &api.DelegationSetAlreadyReusable{Message: "The delegation set of the hosted zone " + zoneID + " has already been marked as reusable."}
	}
	changed := *hosted
	changed.DelegationSetID = setID
	return hosted.NameServers, t.putZone(head, &changed)
}

// GetReusableDelegationSet tells about a set.
func (s *Service) GetReusableDelegationSet(ctx context.Context, in *api.GetReusableDelegationSetInput) (_ *api.GetReusableDelegationSetOutput, err error) {
	defer s.fail(ctx, "GetReusableDelegationSet", &err)
	view := s.store.View()
	defer view.Close()
	set, err := readDelegationSet(view, in.Id)
	if err != nil {
		return nil, err
	}
	return &api.GetReusableDelegationSetOutput{DelegationSet: reusableSetFrom(set)}, nil
}

// DeleteReusableDelegationSet ends a set that no zone has.
func (s *Service) DeleteReusableDelegationSet(ctx context.Context, in *api.DeleteReusableDelegationSetInput) (_ *api.DeleteReusableDelegationSetOutput, err error) {
	defer s.fail(ctx, "DeleteReusableDelegationSet", &err)
	key := delegationSetKey(in.Id)
	_, err = s.commit(ctx, change{operation: "DeleteReusableDelegationSet", keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		if !head.Exists() {
			return noSuchDelegationSet(in.Id)
		}
		n, err := countZones(ctx, t.view, in.Id, 1)
		if err != nil {
			return err
		}
		if n > 0 { // ours
			return &api.DelegationSetInUse{Message: "The reusable delegation set " + in.Id + " cannot be deleted because hosted zones are associated with it."}
		}
		t.remove(head)
		return nil
	}})
	return &api.DeleteReusableDelegationSetOutput{}, err
}

// ListReusableDelegationSets lists the sets by id.
func (s *Service) ListReusableDelegationSets(ctx context.Context, in *api.ListReusableDelegationSetsInput) (_ *api.ListReusableDelegationSetsOutput, err error) {
	defer s.fail(ctx, "ListReusableDelegationSets", &err)
	size, err := pageSize(in.MaxItems, zonePage, zonePage)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListReusableDelegationSetsOutput{DelegationSets: []api.DelegationSet{}, Marker: in.Marker, MaxItems: strconv.Itoa(size)}
	for entry, err := range view.List(event.IndexDelegationSetID, nil, []byte(marker(in.Marker))) {
		if err != nil {
			return nil, err
		}
		if len(out.DelegationSets) == size {
			out.IsTruncated, out.NextMarker = true, new(string(entry.IndexKey))
			break
		}
		set, err := decodeDelegationSet(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return nil, err
		}
		out.DelegationSets = append(out.DelegationSets, reusableSetFrom(set))
	}
	return out, nil
}
