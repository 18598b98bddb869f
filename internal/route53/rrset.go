package route53

import (
	"context"
	"strconv"

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
		operation: "ChangeResourceRecordSets", comment: comment, keys: append(cidrKeys(request), zoneKey(in.HostedZoneId)),
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
	changes, err := zone.Apply(hosted, contents, request, t.batchOptions())
	if err != nil {
		return err
	}
	if err := t.joinCIDRCollections(hosted, changes); err != nil {
		return err
	}
	if err := s.checkRRsets(head, hosted, changes); err != nil {
		return err
	}
	return t.putRRsets(head, hosted, contents, changes)
}

// batchOptions are those of a batch that may name what exists as the change
// sees it.
func (t *tx) batchOptions() zone.Options {
	options := t.service.batch
	if options.HealthChecks == nil {
		options.HealthChecks = t
	}
	if options.CIDRCollections == nil {
		options.CIDRCollections = cidrCollections{t}
	}
	return options
}

// checkRRsets refuses a batch that takes the zone over its quota of RRsets, of
// which hidden ones take nothing. One that takes it down, though not below, is
// let through.
func (s *Service) checkRRsets(head store.Head, hosted *zone.HostedZone, changes []zone.Change) error {
	limit := s.cfg.Limits.RRsetsPerZone
	before := int64(visibleCount(hosted, head.RRsets))
	after := int64(countAfter(head.RRsets, changes) - hiddenAfter(hosted, changes))
	if !s.cfg.EnforceQuotas || after <= limit || after <= before {
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
