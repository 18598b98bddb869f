package main

import (
	"context"
	"encoding/json"
	"slices"

	"open53/cmd/open53/internal/awsjson"
	"open53/internal/admin"
	"open53/internal/route53"
	"open53/internal/zone"
)

// adminZones shows the route53 service as the admin API wants it.
type adminZones struct {
	service *route53.Service
}

// History pages through a zone's versions in either direction.
func (a adminZones) History(ctx context.Context, zoneID string, from uint64, limit int, newest bool) ([]admin.Version, uint64, error) {
	latest, err := a.service.LatestVersion(ctx, zoneID)
	if err != nil {
		return nil, 0, err
	}
	first, last := max(from, 1), latest
	if newest {
		if from > 0 {
			last = min(from, latest)
		}
		first = uint64(max(1, int64(last)-int64(limit)+1))
		limit = int(last - first + 1)
	}
	if first > last {
		return nil, 0, nil
	}
	found, err := a.service.History(ctx, zoneID, first, limit)
	if err != nil {
		return nil, 0, err
	}
	versions := make([]admin.Version, 0, len(found))
	for _, v := range found {
		versions = append(versions, admin.Version{
			Version: v.Version, Time: v.Time, Actor: v.Actor, Operation: v.Operation, ChangeID: v.ChangeID,
			Comment: v.Comment, Serial: v.Serial, Changes: adminChanges(v.Changes),
		})
	}
	next := first + uint64(len(versions))
	if newest {
		slices.Reverse(versions)
		return versions, first - 1, nil // 0 at the beginning
	}
	if next > latest {
		next = 0
	}
	return versions, next, nil
}

// Revert restores a version, or with dryRun says what that would change.
func (a adminZones) Revert(ctx context.Context, zoneID string, version uint64, comment string, dryRun bool) (admin.Reverted, error) {
	changes, err := a.service.PreviewRevert(ctx, zoneID, version)
	if err != nil || dryRun {
		return admin.Reverted{Changes: adminChanges(changes)}, err
	}
	info, err := a.service.Revert(ctx, zoneID, version, comment)
	if err != nil {
		return admin.Reverted{}, err
	}
	latest, err := a.service.LatestVersion(ctx, zoneID)
	return admin.Reverted{ChangeID: info.Id, Version: latest, Changes: adminChanges(changes)}, err
}

// Settings reads what a zone has beyond Amazon's settings.
func (a adminZones) Settings(ctx context.Context, zoneID string) (admin.Settings, error) {
	hosted, err := a.service.HostedZone(ctx, zoneID)
	if err != nil {
		return admin.Settings{}, err
	}
	if hosted.SerialMode == zone.SerialFixed {
		return admin.Settings{SerialMode: "fixed"}, nil
	}
	return admin.Settings{SerialMode: "follow"}, nil
}

// SetSettings changes them.
func (a adminZones) SetSettings(ctx context.Context, zoneID string, s admin.Settings) error {
	mode := zone.SerialFollow
	if s.SerialMode == "fixed" {
		mode = zone.SerialFixed
	}
	_, err := a.service.SetSerialMode(ctx, zoneID, mode)
	return err
}

func adminChanges(changes []zone.Change) []admin.Change {
	list := make([]admin.Change, 0, len(changes))
	for i := range changes {
		c := &changes[i]
		key := c.Key()
		list = append(list, admin.Change{
			Action: c.Action.String(), Name: key.Name.String(), Type: key.Type.String(), SetIdentifier: key.SetIdentifier,
			Old: adminRRset(c.Old), New: adminRRset(c.New),
		})
	}
	return list
}

func adminRRset(s *zone.RRset) json.RawMessage {
	if s == nil {
		return json.RawMessage("null")
	}
	return awsjson.Append(nil, route53.ResourceRecordSet(s))
}
