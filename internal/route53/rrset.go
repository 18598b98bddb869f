package route53

import (
	"context"
	"strconv"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// ChangeResourceRecordSets makes a change batch, all of it or nothing.
func (s *Service) ChangeResourceRecordSets(ctx context.Context, in *api.ChangeResourceRecordSetsInput) (_ *api.ChangeResourceRecordSetsOutput, err error) {
	defer s.fail(ctx, "ChangeResourceRecordSets", &err)
	request, comment := batchOf(&in.ChangeBatch), value(in.ChangeBatch.Comment)
	if err := zone.ValidateComment(comment); err != nil {
		return nil, err
	}
	info, err := s.commit(ctx, change{
		operation: "ChangeResourceRecordSets", comment: comment, keys: []event.Key{zoneKey(in.HostedZoneId)},
		decide: func(t *tx) error { return s.applyBatch(t, in.HostedZoneId, request) },
	})
	if err != nil {
		return nil, err
	}
	return &api.ChangeResourceRecordSetsOutput{ChangeInfo: info.pending()}, nil
}

// applyBatch drafts what a batch changes.
func (s *Service) applyBatch(t *tx, zoneID string, request zone.Request) error {
	hosted, head, err := t.hosted(zoneID)
	if err != nil {
		return err
	}
	contents := t.contents(zoneID)
	options := s.batch
	if options.HealthChecks == nil {
		options.HealthChecks = t
	}
	changes, err := zone.Apply(hosted, contents, request, options)
	if err != nil {
		return err
	}
	if err := s.checkRRsets(head, changes); err != nil {
		return err
	}
	return t.putRRsets(head, hosted, contents, changes)
}

// checkRRsets refuses a batch that takes the zone over its quota of RRsets. One
// that takes it down, though not below, is let through.
func (s *Service) checkRRsets(head store.Head, changes []zone.Change) error {
	limit := s.cfg.Limits.RRsetsPerZone
	after := int64(countAfter(head.RRsets, changes))
	if !s.cfg.EnforceQuotas || after <= limit || after <= int64(head.RRsets) {
		return nil
	}
	return &api.InvalidChangeBatch{Message: "[The hosted zone cannot have more than " + strconv.FormatInt(limit, 10) + " resource record sets.]"} // ours
}

// countAfter is how many RRsets a zone has after changes.
func countAfter(count uint64, changes []zone.Change) uint64 {
	for i := range changes {
		if changes[i].Old == nil {
			count++
		}
		if changes[i].New == nil {
			count--
		}
	}
	return count
}
