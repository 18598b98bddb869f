package zone

import (
	"slices"

	"open53/internal/rdata"
)

// matches reports whether a DELETE repeats the stored set: TTL, values in any
// order, alias target and routing fields.
func (b *batch) matches(stored *RRset, d *draft) bool {
	wanted := d.set
	if stored.TrafficPolicyInstanceID != "" && b.opts.Instance == "" {
		return matchesOwned(stored, wanted)
	}
	if stored.TTL != wanted.TTL || stored.HealthCheckID != wanted.HealthCheckID ||
		stored.TrafficPolicyInstanceID != wanted.TrafficPolicyInstanceID {
		return false
	}
	if !equalPointers(stored.Alias, wanted.Alias) {
		return false
	}
	if !d.policyless && !stored.sameRouting(wanted) {
		return false
	}
	return rdata.EqualValues(stored.Type, stored.Values, wanted.Values)
}

// sameRouting compares the policies and their fields.
func (s *RRset) sameRouting(other *RRset) bool {
	return s.Policy == other.Policy && s.Weight == other.Weight && s.Region == other.Region && s.Secondary == other.Secondary &&
		equalPointers(s.Geolocation, other.Geolocation) && equalPointers(s.CIDR, other.CIDR) &&
		equalPlaces(s.Geoproximity, other.Geoproximity)
}

// equalPlaces compares bias too; no bias is bias 0.
func equalPlaces(a, b *Geoproximity) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Bias == b.Bias && a.samePlace(b)
}

func equalPointers[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Equal reports whether two RRsets are the same to the letter: a client that
// lists them sees no difference. Nil equals nil only.
func (s *RRset) Equal(other *RRset) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.Key() == other.Key() && s.TTL == other.TTL && slices.Equal(s.Values, other.Values) &&
		equalPointers(s.Alias, other.Alias) &&
		s.Policy == other.Policy && s.Weight == other.Weight && s.Region == other.Region && s.Secondary == other.Secondary &&
		equalPointers(s.Geolocation, other.Geolocation) && equalPointers(s.Geoproximity, other.Geoproximity) &&
		equalPointers(s.CIDR, other.CIDR) &&
		s.HealthCheckID == other.HealthCheckID && s.TrafficPolicyInstanceID == other.TrafficPolicyInstanceID
}
