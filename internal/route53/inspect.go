package route53

import (
	"context"

	api "open53/internal/route53api"
	"open53/internal/zone"
)

// ResourceRecordSet is an RRset in the API's shape.
func ResourceRecordSet(s *zone.RRset) api.ResourceRecordSet { return rrsetFrom(s) }

// LatestVersion is the newest version of a zone, also of a deleted one.
// Errors: NoSuchHostedZone for a zone that never was.
func (s *Service) LatestVersion(ctx context.Context, zoneID string) (_ uint64, err error) {
	defer s.fail(ctx, "LatestVersion", &err)
	view := s.store.View()
	defer view.Close()
	head, err := view.Head(zoneKey(zoneID))
	if err == nil && head.Version == 0 {
		err = noSuchHostedZone(zoneID)
	}
	return head.Version, err
}

// HostedZone is the zone's document. Errors: NoSuchHostedZone.
func (s *Service) HostedZone(ctx context.Context, zoneID string) (_ *zone.HostedZone, err error) {
	defer s.fail(ctx, "HostedZone", &err)
	view := s.store.View()
	defer view.Close()
	hosted, _, err := zoneIn(view, zoneID)
	return hosted, err
}

// PreviewRevert lists what Revert would change, now.
func (s *Service) PreviewRevert(ctx context.Context, zoneID string, version uint64) (_ []zone.Change, err error) {
	defer s.fail(ctx, "PreviewRevert", &err)
	view := s.store.View()
	defer view.Close()
	_, head, err := zoneIn(view, zoneID)
	if err != nil {
		return nil, err
	}
	return revertChanges(view, head, version)
}
