package route53

import (
	"context"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// defaultCIDRLocation is the name of the location that every collection has
// without saying so.
const defaultCIDRLocation = "*"

func cidrKey(id string) event.Key { return event.Key{Kind: event.KindCIDRCollection, ID: id} }

// cidrNameKey claims a name for as long as the collection exists.
func cidrNameKey(name string) event.Key { return referenceKey("cidrcollection", name) }

// decodeCIDRCollection reads a collection. Error:
// NoSuchCidrCollectionException.
func decodeCIDRCollection(id string, head store.Head) (*zone.CIDRCollection, error) {
	if !head.Exists() { // ours
		return nil, &api.NoSuchCidrCollectionException{Message: "No CIDR collection exists with the specified ID " + id}
	}
	c := new(zone.CIDRCollection)
	return c, event.DecodeDocument(head.Document, c)
}

func readCIDRCollection(view store.View, id string) (*zone.CIDRCollection, error) {
	head, err := view.Head(cidrKey(id))
	if err != nil {
		return nil, err
	}
	return decodeCIDRCollection(id, head)
}

// CreateCidrCollection makes an empty collection. The same name and caller
// reference again are the same collection.
func (s *Service) CreateCidrCollection(ctx context.Context, in *api.CreateCidrCollectionInput) (_ *api.CreateCidrCollectionOutput, err error) {
	defer s.fail(ctx, "CreateCidrCollection", &err)
	id, err := s.ids.nextUUID()
	if err != nil {
		return nil, err
	}
	var made *zone.CIDRCollection
	name := cidrNameKey(in.Name)
	keys := append(s.quotaKeys(event.KindCIDRCollection), name)
	_, err = s.commit(ctx, change{operation: "CreateCidrCollection", keys: keys, decide: func(t *tx) error {
		made = &zone.CIDRCollection{ID: id, Name: in.Name, CallerReference: in.CallerReference, Version: 1, Created: t.now}
		taken, err := t.head(name)
		if err != nil {
			return err
		}
		if taken.Exists() {
			made, err = sameCIDRCollection(t.view, taken, in.CallerReference)
			return err
		}
		tooMany := &api.LimitsExceeded{Message: "The account has reached its limit of CIDR collections."} // ours
		if err := s.checkQuota(t, event.KindCIDRCollection, s.cfg.Limits.CIDRCollections, tooMany); err != nil {
			return err
		}
		if err := t.put(taken, claim{Owner: id}); err != nil {
			return err
		}
		return t.put(store.Head{Key: cidrKey(id)}, made)
	}})
	if err != nil {
		return nil, err
	}
	return &api.CreateCidrCollectionOutput{
		Collection: &api.CidrCollection{Arn: new(cidrARN(made.ID)), Id: new(made.ID), Name: new(made.Name), Version: new(made.Version)},
		Location:   new(s.location("cidrcollection/" + made.ID)),
	}, nil
}

// sameCIDRCollection is the collection that has a name already, if it was made
// by the same request.
func sameCIDRCollection(view store.View, taken store.Head, reference string) (*zone.CIDRCollection, error) {
	var c claim
	if err := event.DecodeDocument(taken.Document, &c); err != nil {
		return nil, err
	}
	existing, err := readCIDRCollection(view, c.Owner)
	if err == nil && existing.CallerReference != reference {
		return nil, &api.CidrCollectionAlreadyExistsException{
			Message: "A CIDR collection with this name and a different caller reference already exists in this account.",
		}
	}
	return existing, err
}

func cidrARN(id string) string { return "arn:aws:route53:::cidrcollection/" + id }

// ChangeCidrCollection puts blocks into locations and takes them away, all of
// it or nothing.
func (s *Service) ChangeCidrCollection(ctx context.Context, in *api.ChangeCidrCollectionInput) (_ *api.ChangeCidrCollectionOutput, err error) {
	defer s.fail(ctx, "ChangeCidrCollection", &err)
	changes := make([]zone.CIDRChange, len(in.Changes))
	for i, c := range in.Changes {
		changes[i] = zone.CIDRChange{Location: c.LocationName, Delete: c.Action == api.CidrCollectionChangeActionDeleteIfExists, Blocks: c.CidrList}
	}
	key := cidrKey(in.Id)
	info, err := s.commit(ctx, change{operation: "ChangeCidrCollection", keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		old, err := decodeCIDRCollection(in.Id, head)
		if err != nil {
			return err
		}
		if in.CollectionVersion != nil && *in.CollectionVersion != old.Version {
			return &api.CidrCollectionVersionMismatchException{
				Message: "The CIDR collection version you provided, doesn't match the one in the ListCidrCollections operation.",
			}
		}
		changed, err := old.Change(changes, s.cfg.Strict)
		if err != nil {
			return err
		}
		if err := s.checkCIDRBlocks(old, changed); err != nil {
			return err
		}
		if err := checkLocationsGone(ctx, t.view, old, changed); err != nil {
			return err
		}
		return t.put(head, changed)
	}})
	if err != nil {
		return nil, err
	}
	return &api.ChangeCidrCollectionOutput{Id: "/change/" + info.id}, nil
}

// checkCIDRBlocks refuses to take a collection over its quota of blocks.
func (s *Service) checkCIDRBlocks(old, changed *zone.CIDRCollection) error {
	n := changed.Blocks()
	if !s.cfg.EnforceQuotas || int64(n) <= s.cfg.Limits.CIDRBlocks || n <= old.Blocks() {
		return nil
	}
	return &api.LimitsExceeded{Message: "The CIDR collection has reached its limit of CIDR blocks."} // ours
}

// checkLocationsGone refuses to take the last block of a location that RRsets
// name.
func checkLocationsGone(ctx context.Context, view store.View, old, changed *zone.CIDRCollection) error {
	for _, l := range old.Locations {
		if _, stays := changed.Location(l.Name); stays {
			continue
		}
		zoneID, err := cidrUser(ctx, view, old.ID, l.Name)
		if err != nil {
			return err
		}
		if zoneID != "" { // ours
			return &api.CidrBlockInUseException{Message: "The CIDR location " + l.Name + " is in use by resource record sets of the hosted zone " + zoneID + "."}
		}
	}
	return nil
}

// cidrUser is the id of a zone whose RRsets name a location of a collection,
// or any if location is empty; "" if there is none.
func cidrUser(ctx context.Context, view store.View, collectionID, location string) (string, error) {
	for entry, err := range view.List(event.IndexZoneCIDR, []byte(collectionID+"\x00"), nil) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return "", err
		}
		hosted, _, err := decodeZone(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return "", err
		}
		for _, use := range hosted.CIDRUses {
			if use.CollectionID == collectionID && (location == "" || use.Location == location) {
				return hosted.ID, nil
			}
		}
	}
	return "", nil
}

// DeleteCidrCollection ends a collection that is empty and that no RRset
// names.
func (s *Service) DeleteCidrCollection(ctx context.Context, in *api.DeleteCidrCollectionInput) (_ *api.DeleteCidrCollectionOutput, err error) {
	defer s.fail(ctx, "DeleteCidrCollection", &err)
	key := cidrKey(in.Id)
	_, err = s.commit(ctx, change{operation: "DeleteCidrCollection", keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		c, err := decodeCIDRCollection(in.Id, head)
		if err != nil {
			return err
		}
		zoneID, err := cidrUser(ctx, t.view, in.Id, "")
		if err != nil {
			return err
		}
		if len(c.Locations) > 0 || zoneID != "" {
			return &api.CidrCollectionInUseException{Message: "This CIDR collection is in use, and isn't empty."}
		}
		// Nobody else changes the claim while the collection exists: a race
		// for it fails on the collection's own version.
		name, err := t.head(cidrNameKey(c.Name))
		if err != nil {
			return err
		}
		t.remove(head)
		t.remove(name)
		return nil
	}})
	return &api.DeleteCidrCollectionOutput{}, err
}

// cidrCollections knows the collections of the state that a change is decided
// on. It implements zone.CIDRCollections.
type cidrCollections struct{ tx *tx }

// CIDRLocationExists implements zone.CIDRCollections.
func (c cidrCollections) CIDRLocationExists(id, location string) (collection, exists bool, err error) {
	head, err := c.tx.head(cidrKey(id))
	if err != nil || !head.Exists() {
		return false, false, err
	}
	if location == defaultCIDRLocation {
		return true, true, nil
	}
	read, err := decodeCIDRCollection(id, head)
	if err != nil {
		return false, false, err
	}
	_, exists = read.Location(location)
	return true, exists, nil
}

// cidrKeys are the collections that a batch may begin to use. Their turns keep
// them from being deleted meanwhile.
func cidrKeys(request zone.Request) (keys []event.Key) {
	for i := range request.Changes {
		c := &request.Changes[i]
		if c.Set.CIDR != nil && c.Action != zone.Delete && c.Set.CIDR.CollectionID != "" {
			keys = append(keys, cidrKey(c.Set.CIDR.CollectionID))
		}
	}
	return keys
}

// joinCIDRCollections drafts touches of the collections that a zone's RRsets
// begin to name another location of: of such a change and the deletion of what
// it names, one must fail.
func (t *tx) joinCIDRCollections(hosted *zone.HostedZone, changes []zone.Change) error {
	uses, changed := hosted.UsesAfter(changes)
	if !changed || t.service.cfg.CIDRCollections != nil {
		return nil
	}
	known := make(map[zone.CIDRUse]bool, len(hosted.CIDRUses))
	for _, use := range hosted.CIDRUses {
		use.RRsets = 0
		known[use] = true
	}
	touched := ""
	for _, use := range uses { // in order of collection
		use.RRsets = 0
		if known[use] || use.CollectionID == touched {
			continue
		}
		head, err := t.head(cidrKey(use.CollectionID))
		if err != nil {
			return err
		}
		t.touch(head)
		touched = use.CollectionID
	}
	return nil
}
