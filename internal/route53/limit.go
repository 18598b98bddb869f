package route53

import (
	"context"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// Limits are quotas. 0 is Amazon's default. They are reported whether they are
// kept to or not; see Config.EnforceQuotas.
type Limits struct {
	HostedZones           int64 // 500
	RRsetsPerZone         int64 // 10,000
	DelegationSets        int64 // 100
	ZonesPerDelegationSet int64 // 100
	// What there are none of yet is limited all the same.
	HealthChecks           int64 // 200
	TrafficPolicies        int64 // 50
	TrafficPolicyInstances int64 // 5
	CIDRCollections        int64 // 5
	CIDRBlocks             int64 // 1000, in one collection
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit  *int64
		amazon int64
	}{
		{&l.HostedZones, 500},
		{&l.RRsetsPerZone, 10000},
		{&l.DelegationSets, 100},
		{&l.ZonesPerDelegationSet, 100},
		{&l.HealthChecks, 200},
		{&l.TrafficPolicies, 50},
		{&l.TrafficPolicyInstances, 5},
		{&l.CIDRCollections, 5},
		{&l.CIDRBlocks, 1000},
	} {
		if *d.limit <= 0 {
			*d.limit = d.amazon
		}
	}
	return l
}

// quotaKind is of keys whose turns those take who add to what a quota counts.
// They are no entities of the store.
const quotaKind event.Kind = "quota"

// quotaKeys is what a change that adds one of a kind needs the turn of, so
// that its count is right.
func (s *Service) quotaKeys(kind event.Kind) []event.Key {
	if !s.cfg.EnforceQuotas {
		return nil
	}
	return []event.Key{{Kind: quotaKind, ID: string(kind)}}
}

// checkQuota refuses one more of a kind where the quota is used up.
func (s *Service) checkQuota(t *tx, kind event.Kind, limit int64, refusal error) error {
	if !s.cfg.EnforceQuotas {
		return nil
	}
	n, err := t.view.Count(kind)
	if err == nil && int64(n) >= limit {
		return refusal
	}
	return err
}

// GetAccountLimit tells a quota of the account and how much of it is used.
func (s *Service) GetAccountLimit(ctx context.Context, in *api.GetAccountLimitInput) (_ *api.GetAccountLimitOutput, err error) {
	defer s.fail(ctx, "GetAccountLimit", &err)
	var (
		limit int64
		kind  event.Kind // empty: there are none
	)
	switch in.Type {
	case api.AccountLimitTypeMaxHostedZonesByOwner:
		limit, kind = s.cfg.Limits.HostedZones, event.KindZone
	case api.AccountLimitTypeMaxReusableDelegationSetsByOwner:
		limit, kind = s.cfg.Limits.DelegationSets, event.KindDelegationSet
	case api.AccountLimitTypeMaxHealthChecksByOwner:
		limit, kind = s.cfg.Limits.HealthChecks, event.KindHealthCheck
	case api.AccountLimitTypeMaxTrafficPoliciesByOwner:
		limit, kind = s.cfg.Limits.TrafficPolicies, event.KindTrafficPolicy
	case api.AccountLimitTypeMaxTrafficPolicyInstancesByOwner:
		limit, kind = s.cfg.Limits.TrafficPolicyInstances, event.KindTrafficPolicyInstance
	default:
		return nil, invalidInput("The limit type " + string(in.Type) + " is not valid.") // ours
	}
	out := &api.GetAccountLimitOutput{Limit: api.AccountLimit{Type: in.Type, Value: limit}}
	if kind != "" {
		view := s.store.View()
		defer view.Close()
		n, err := view.Count(kind)
		if err != nil {
			return nil, err
		}
		out.Count = int64(n)
	}
	return out, nil
}

// GetHostedZoneLimit tells a quota of a zone and how much of it is used.
func (s *Service) GetHostedZoneLimit(ctx context.Context, in *api.GetHostedZoneLimitInput) (_ *api.GetHostedZoneLimitOutput, err error) {
	defer s.fail(ctx, "GetHostedZoneLimit", &err)
	hosted, head, err := s.readZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	out := &api.GetHostedZoneLimitOutput{Limit: api.HostedZoneLimit{Type: in.Type}}
	switch in.Type {
	case api.HostedZoneLimitTypeMaxRrsetsByZone:
		out.Limit.Value, out.Count = s.cfg.Limits.RRsetsPerZone, int64(visibleCount(hosted, head.RRsets))
	case api.HostedZoneLimitTypeMaxVPCSAssociatedByZone:
		if !hosted.Private { // ours
			return nil, &api.HostedZoneNotPrivate{Message: "The specified hosted zone is a public hosted zone, not a private hosted zone."}
		}
		out.Limit.Value, out.Count = zone.MaxVPCs, int64(len(hosted.VPCs))
	default:
		return nil, invalidInput("The limit type " + string(in.Type) + " is not valid.") // ours
	}
	return out, nil
}

// GetReusableDelegationSetLimit tells how many zones a set may have and has.
// The zones are counted one by one.
func (s *Service) GetReusableDelegationSetLimit(ctx context.Context, in *api.GetReusableDelegationSetLimitInput) (_ *api.GetReusableDelegationSetLimitOutput, err error) {
	defer s.fail(ctx, "GetReusableDelegationSetLimit", &err)
	if in.Type != api.ReusableDelegationSetLimitTypeMaxZonesByReusableDelegationSet {
		return nil, invalidInput("The limit type " + string(in.Type) + " is not valid.") // ours
	}
	view := s.store.View()
	defer view.Close()
	if _, err := readDelegationSet(view, in.DelegationSetId); err != nil {
		return nil, err
	}
	out := &api.GetReusableDelegationSetLimitOutput{
		Limit: api.ReusableDelegationSetLimit{Type: in.Type, Value: s.cfg.Limits.ZonesPerDelegationSet},
	}
	out.Count, err = countZones(ctx, view, in.DelegationSetId, 0)
	return out, err
}
