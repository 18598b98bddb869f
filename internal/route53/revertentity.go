package route53

import (
	"context"
	"strconv"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
	"open53/internal/zone"
)

// RevertHealthCheck gives a health check the settings that it had at a version
// of its history, as a new version. What the settings name must exist. Errors:
// NoSuchHealthCheck, InvalidInput for a version that is not there.
func (s *Service) RevertHealthCheck(ctx context.Context, id string, version uint64) (changeID string, err error) {
	defer s.fail(ctx, "RevertHealthCheck", &err)
	info, err := s.commit(ctx, change{operation: "Revert", keys: []event.Key{healthCheckKey(id), childrenKey}, decide: func(t *tx) error {
		check, head, err := t.healthCheck(id)
		if err != nil {
			return err
		}
		var old health.Check
		if err := documentAt(t.view, head.Key, version, &old); err != nil {
			return err
		}
		changed := *check
		changed.Settings, changed.Rule = old.Settings, old.Rule
		if err := s.checkReferences(t, &changed); err != nil {
			return err
		}
		changed.Version++
		return t.put(head, &changed)
	}})
	if err != nil {
		return "", err
	}
	return info.id, nil
}

// RevertCIDRCollection gives a CIDR collection the locations and blocks that it
// had at a version of its history, as a new version. Errors:
// NoSuchCidrCollectionException, CidrBlockInUseException where a location would
// go that RRsets name, InvalidInput for a version that is not there.
func (s *Service) RevertCIDRCollection(ctx context.Context, id string, version uint64) (changeID string, err error) {
	defer s.fail(ctx, "RevertCIDRCollection", &err)
	key := cidrKey(id)
	info, err := s.commit(ctx, change{operation: "Revert", keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		now, err := decodeCIDRCollection(id, head)
		if err != nil {
			return err
		}
		var old zone.CIDRCollection
		if err := documentAt(t.view, key, version, &old); err != nil {
			return err
		}
		changed := *now
		changed.Locations = old.Locations
		if err := s.checkCIDRBlocks(now, &changed); err != nil {
			return err
		}
		if err := checkLocationsGone(ctx, t.view, now, &changed); err != nil {
			return err
		}
		changed.Version++
		return t.put(head, &changed)
	}})
	if err != nil {
		return "", err
	}
	return info.id, nil
}

// documentAt reads what an entity was at a version. Error: InvalidInput where it
// was not there.
func documentAt(view store.View, key event.Key, version uint64, document any) error {
	for record, err := range view.History(key, version) {
		if err != nil {
			return err
		}
		if record.Event.Version == version && record.Event.Document != nil {
			return event.DecodeDocument(record.Event.Document, document)
		}
		break
	}
	return invalidInput("Version " + strconv.FormatUint(version, 10) + " has nothing to restore.")
}
