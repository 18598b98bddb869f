package route53

import (
	"context"
	"slices"
	"strconv"

	"open53/internal/event"
	"open53/internal/health"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// UpdateHealthCheck changes settings of a check; what the request does not
// name stays.
func (s *Service) UpdateHealthCheck(ctx context.Context, in *api.UpdateHealthCheckInput) (_ *api.UpdateHealthCheckOutput, err error) {
	defer s.fail(ctx, "UpdateHealthCheck", &err)
	keys := []event.Key{healthCheckKey(in.HealthCheckId)}
	if len(in.ChildHealthChecks) > 0 {
		keys = append(keys, childrenKey)
	}
	var changed health.Check
	_, err = s.commit(ctx, change{operation: "UpdateHealthCheck", keys: keys, decide: func(t *tx) error {
		check, head, err := t.healthCheck(in.HealthCheckId)
		if err != nil {
			return err
		}
		if in.HealthCheckVersion != nil && *in.HealthCheckVersion != check.Version {
			return &api.HealthCheckVersionMismatch{Message: "The specified health check version " + strconv.FormatInt(*in.HealthCheckVersion, 10) +
				" does not match the current version " + strconv.FormatInt(check.Version, 10) + "."} // ours
		}
		changed = *check
		if err := updateSettings(&changed.Settings, in); err != nil {
			return err
		}
		if err := s.checkSettings(&changed.Settings); err != nil {
			return err
		}
		if len(in.ChildHealthChecks) > 0 || changed.Settings.Alarm != nil {
			if err := s.checkReferences(t, &changed); err != nil {
				return err
			}
		}
		changed.Version++
		return t.put(head, &changed)
	}})
	if err != nil {
		return nil, err
	}
	return &api.UpdateHealthCheckOutput{HealthCheck: healthCheckFrom(&changed)}, nil
}

// updateSettings resets and sets what a request names. Error: InvalidInput
// where an address would come or go, which makes another kind of check.
func updateSettings(s *health.Settings, in *api.UpdateHealthCheckInput) error {
	if in.IPAddress != nil && (*in.IPAddress == "") != (s.Address == "") { // ours
		return invalidInput("Invalid parameter : An IP address can be neither added to a health check nor removed from it.")
	}
	for _, element := range in.ResetElements {
		switch element {
		case api.ResettableElementNameFullyQualifiedDomainName:
			s.Name = ""
		case api.ResettableElementNameRegions:
			s.Regions = nil
		case api.ResettableElementNameResourcePath:
			s.Path = ""
		case api.ResettableElementNameChildHealthChecks:
			s.Children = nil
		}
	}
	set(&s.Address, in.IPAddress)
	set(&s.Port, in.Port)
	set(&s.Path, in.ResourcePath)
	set(&s.Name, in.FullyQualifiedDomainName)
	set(&s.SearchString, in.SearchString)
	set(&s.FailureThreshold, in.FailureThreshold)
	set(&s.Inverted, in.Inverted)
	set(&s.Disabled, in.Disabled)
	set(&s.EnableSNI, in.EnableSNI)
	if in.HealthThreshold != nil {
		s.HealthThreshold = in.HealthThreshold
	}
	if len(in.ChildHealthChecks) > 0 {
		s.Children = slices.Clone(in.ChildHealthChecks)
	}
	if len(in.Regions) > 0 {
		s.Regions = regionsOf(in.Regions)
	}
	if in.AlarmIdentifier != nil {
		s.Alarm = alarmOf(in.AlarmIdentifier)
	}
	if in.InsufficientDataHealthStatus != nil {
		s.InsufficientData = string(*in.InsufficientDataHealthStatus)
	}
	return nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// changeHealthCheckTags changes the tags of a check, which is no new version
// of it.
func (s *Service) changeHealthCheckTags(ctx context.Context, id string, add zone.Tags, remove []string) error {
	key := healthCheckKey(id)
	_, err := s.commit(ctx, change{operation: "ChangeTagsForResource", keys: []event.Key{key}, decide: func(t *tx) error {
		check, head, err := t.healthCheck(id)
		if err != nil {
			return err
		}
		tags, err := zoneTags(check.Tags).Change(add, remove)
		if err != nil {
			return err
		}
		changed := *check
		changed.Tags = healthTags(tags)
		return t.put(head, &changed)
	}})
	return err
}
