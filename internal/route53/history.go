package route53

import (
	"context"
	"errors"
	"strconv"
	"time"

	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// Version is one step in the history of a zone.
type Version struct {
	Version   uint64 // 1, 2, 3, …
	Position  uint64 // in the store's log
	Hash      event.Hash
	Time      time.Time
	Actor     string // access key id, or "system:…"
	Operation string
	ChangeID  string // without prefix
	Comment   string
	Serial    uint32        // that DNS serves from here on
	Changes   []zone.Change // must not be changed
	// Zone is what the zone is from here on if the step changed more than
	// RRsets; else nil.
	Zone    *zone.HostedZone
	Deleted bool // the zone ends here
}

// maxHistory is how many versions one History returns at most.
const maxHistory = 1000

// History returns up to limit (1 to 1000; 0 is 100) versions of a zone, from
// version from on upwards; 0 is the oldest one that is stored. Zones that were
// deleted have a history too. Errors:
// NoSuchHostedZone for a zone that never was, InvalidInput where the versions
// have been compacted away or limit is out of range.
func (s *Service) History(ctx context.Context, zoneID string, from uint64, limit int) (_ []Version, err error) {
	defer s.fail(ctx, "History", &err)
	if limit < 0 || limit > maxHistory {
		return nil, invalidInput("The limit must be 1 to " + strconv.Itoa(maxHistory) + ".")
	}
	if limit == 0 {
		limit = 100
	}
	view := s.store.View()
	defer view.Close()
	head, err := view.Head(zoneKey(zoneID))
	if err != nil {
		return nil, err
	}
	if head.Version == 0 {
		return nil, noSuchHostedZone(zoneID)
	}
	if from == 0 {
		if from, err = oldestVersion(view, head); err != nil {
			return nil, err
		}
	}
	versions := []Version{}
	for record, err := range view.History(zoneKey(zoneID), from) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, compacted(err)
		}
		version, err := versionOf(record)
		if err != nil {
			return nil, err
		}
		if versions = append(versions, version); len(versions) == limit {
			break
		}
	}
	return versions, nil
}

// oldestVersion is the first version of an entity that the log still holds.
func oldestVersion(view store.View, head store.Head) (uint64, error) {
	stored := func(version uint64) (bool, error) {
		for _, err := range view.History(head.Key, version) {
			if errors.Is(err, store.ErrCompacted) {
				return false, nil
			}
			return err == nil, err
		}
		return true, nil // behind the last one
	}
	low, high := uint64(1), head.Version+1
	for low < high {
		middle := low + (high-low)/2
		found, err := stored(middle)
		switch {
		case err != nil:
			return 0, err
		case found:
			high = middle
		default:
			low = middle + 1
		}
	}
	return low, nil
}

func versionOf(r store.Record) (Version, error) {
	e := r.Event
	v := Version{
		Version: e.Version, Position: r.Position, Hash: r.Hash, Time: time.UnixMilli(e.Time).UTC(),
		Actor: e.Actor, Operation: e.Operation, ChangeID: e.ChangeID, Comment: e.Comment,
		Serial: e.Serial, Changes: e.Changes, Deleted: e.Deleted,
	}
	if len(e.Document) > 0 {
		v.Zone = new(zone.HostedZone)
		if err := event.DecodeDocument(e.Document, v.Zone); err != nil {
			return v, err
		}
	}
	return v, nil
}

// compacted is the answer to a question about versions that the log lacks.
func compacted(err error) error {
	if errors.Is(err, store.ErrCompacted) {
		return invalidInput("This part of the zone's history is no longer stored.")
	}
	return err
}

// Revert makes the RRsets of a zone what they were at a version; its comment,
// tags and VPCs stay, and so do the RRsets of traffic policy instances. However large the difference is, it is one change, of
// which nobody sees a part. What the version held is not checked against the
// resources that exist today. Errors: NoSuchHostedZone, InvalidInput if there
// is no such version, it is what the zone is already, an instance stands in
// the way, or the difference is larger than the store takes at once.
func (s *Service) Revert(ctx context.Context, zoneID string, version uint64, comment string) (_ api.ChangeInfo, err error) {
	defer s.fail(ctx, "Revert", &err)
	if err := zone.ValidateComment(comment); err != nil {
		return api.ChangeInfo{}, err
	}
	info, err := s.commit(ctx, change{
		operation: "Revert", comment: comment, keys: []event.Key{zoneKey(zoneID)},
		drained: true, // a whole zone is compared, and views lack what is pending
		decide:  func(t *tx) error { return t.revert(zoneID, version) },
	})
	if err != nil {
		return api.ChangeInfo{}, err
	}
	return info.pending(), nil
}

func (t *tx) revert(zoneID string, version uint64) error {
	hosted, head, err := t.hosted(zoneID)
	if err != nil {
		return err
	}
	changes, err := revertChanges(t.view, head, version)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return invalidInput("The resource record sets of version " + strconv.FormatUint(version, 10) + " are those of the hosted zone " + zoneID + " now.")
	}
	contents := t.contents(zoneID)
	if err := contents.besideOwned(changes); err != nil {
		return err
	}
	return t.putRRsets(head, hosted, contents, changes)
}

// revertChanges is what leads from the RRsets of a zone in a view back to those
// of a version.
func revertChanges(view store.View, head store.Head, version uint64) ([]zone.Change, error) {
	id := head.Key.ID
	if version == 0 || version > head.Version {
		return nil, invalidInput("The hosted zone " + id + " has no version " + strconv.FormatUint(version, 10) + ".")
	}
	changes, err := zone.Revert(withoutOwned(view.RRsets(id, 0, store.Start{})), withoutOwned(view.RRsets(id, version, store.Start{})))
	return changes, compacted(err)
}

// SetSerialMode chooses what changes of a zone do to the serial that DNS
// serves. SerialFixed serves the one of the stored SOA at once, even if that
// is lower: secondaries will not notice. SerialFollow goes on from there.
func (s *Service) SetSerialMode(ctx context.Context, zoneID string, mode zone.SerialMode) (_ api.ChangeInfo, err error) {
	defer s.fail(ctx, "SetSerialMode", &err)
	if mode != zone.SerialFollow && mode != zone.SerialFixed {
		return api.ChangeInfo{}, invalidInput("The serial mode must be follow or fixed.")
	}
	info, err := s.commit(ctx, change{operation: "SetSerialMode", keys: []event.Key{zoneKey(zoneID)}, decide: func(t *tx) error {
		hosted, head, err := t.hosted(zoneID)
		if err != nil {
			return err
		}
		changed := *hosted
		changed.SerialMode = mode
		if mode == zone.SerialFixed {
			if head.Serial, err = t.contents(zoneID).storedSerial(hosted.Name); err != nil {
				return err
			}
		}
		return t.putZone(head, &changed) // which keeps the head's serial
	}})
	if err != nil {
		return api.ChangeInfo{}, err
	}
	return info.pending(), nil
}

// storedSerial is the serial of the SOA at the apex, as clients wrote it.
func (c *contents) storedSerial(apex rdata.Name) (uint32, error) {
	sets, err := c.RRsetsAt(apex)
	if err != nil {
		return 0, err
	}
	for _, set := range sets {
		if serial, ok := set.SOASerial(); ok {
			return serial, nil
		}
	}
	return 0, errors.New("zone " + c.zoneID + " has no SOA")
}
