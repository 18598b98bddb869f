package route53

import (
	"net/netip"

	"open53/internal/health"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// settingsOf reads the settings of a new check, defaults filled in.
func settingsOf(c *api.HealthCheckConfig) health.Settings {
	s := health.Settings{
		Type: health.Type(c.Type), Address: value(c.IPAddress), Name: value(c.FullyQualifiedDomainName), Port: given(c.Port),
		Path: value(c.ResourcePath), SearchString: value(c.SearchString), Interval: given(c.RequestInterval),
		FailureThreshold: given(c.FailureThreshold), MeasureLatency: given(c.MeasureLatency), Inverted: given(c.Inverted),
		Disabled: given(c.Disabled), HealthThreshold: c.HealthThreshold, Children: c.ChildHealthChecks,
		EnableSNI: given(c.EnableSNI), Regions: regionsOf(c.Regions), Alarm: alarmOf(c.AlarmIdentifier),
		InsufficientData: value(c.InsufficientDataHealthStatus), RoutingControl: value(c.RoutingControlArn),
	}
	s.Complete(c.EnableSNI != nil)
	return s
}

// given is what a field says; the zero value if it is not there.
func given[T any](field *T) (v T) {
	if field != nil {
		v = *field
	}
	return v
}

func regionsOf(regions []api.HealthCheckRegion) []string {
	if len(regions) == 0 {
		return nil
	}
	list := make([]string, len(regions))
	for i, r := range regions {
		list[i] = string(r)
	}
	return list
}

func alarmOf(id *api.AlarmIdentifier) *health.AlarmID {
	if id == nil {
		return nil
	}
	return &health.AlarmID{Region: string(id.Region), Name: id.Name}
}

// checkSettings refuses settings that make no sense, or that this server does
// not probe. Error: InvalidInput.
func (s *Service) checkSettings(settings *health.Settings) error {
	if err := settings.Validate(); err != nil {
		return invalidInput(err.Error())
	}
	if address, err := netip.ParseAddr(settings.Address); err == nil && s.cfg.Probes != nil && !s.cfg.Probes(address) { // ours
		return invalidInput("Invalid parameter : The health checkers do not connect to the IP address " + settings.Address + ".")
	}
	return nil
}

// healthCheckFrom is a check as the API shows it: fields that do not belong to
// its type are left out, those that do are there even where they are defaults.
func healthCheckFrom(c *health.Check) api.HealthCheck {
	return api.HealthCheck{
		Id: c.ID, CallerReference: c.CallerReference, HealthCheckVersion: c.Version,
		HealthCheckConfig: configFrom(&c.Settings), CloudWatchAlarmConfiguration: ruleFrom(c.Rule),
	}
}

func configFrom(s *health.Settings) api.HealthCheckConfig {
	c := api.HealthCheckConfig{
		Type: api.HealthCheckType(s.Type), IPAddress: optional(s.Address), FullyQualifiedDomainName: optional(s.Name),
		ResourcePath: optional(s.Path), SearchString: optional(s.SearchString), Inverted: new(s.Inverted), Disabled: new(s.Disabled),
		HealthThreshold: s.HealthThreshold, RoutingControlArn: optional(s.RoutingControl),
	}
	if s.Type.Endpoint() {
		c.Port, c.RequestInterval, c.FailureThreshold = new(s.Port), new(s.Interval), new(s.FailureThreshold)
		c.MeasureLatency, c.EnableSNI = new(s.MeasureLatency), new(s.EnableSNI)
	}
	if s.InsufficientData != "" {
		c.InsufficientDataHealthStatus = new(api.InsufficientDataHealthStatus(s.InsufficientData))
	}
	if s.Type == health.CalculatedType {
		c.ChildHealthChecks = append([]string{}, s.Children...)
	}
	for _, r := range s.Regions {
		c.Regions = append(c.Regions, api.HealthCheckRegion(r))
	}
	if s.Alarm != nil {
		c.AlarmIdentifier = &api.AlarmIdentifier{Region: api.CloudWatchRegion(s.Alarm.Region), Name: s.Alarm.Name}
	}
	return c
}

func ruleFrom(r *health.AlarmRule) *api.CloudWatchAlarmConfiguration {
	if r == nil {
		return nil
	}
	rule := &api.CloudWatchAlarmConfiguration{
		EvaluationPeriods: r.EvaluationPeriods, Threshold: r.Threshold, ComparisonOperator: api.ComparisonOperator(r.ComparisonOperator),
		Period: r.Period, MetricName: r.MetricName, Namespace: r.Namespace, Statistic: api.Statistic(r.Statistic),
	}
	for _, d := range r.Dimensions {
		rule.Dimensions = append(rule.Dimensions, api.Dimension{Name: d.Name, Value: d.Value})
	}
	return rule
}

func zoneTags(tags []health.Tag) zone.Tags {
	list := make(zone.Tags, len(tags))
	for i, t := range tags {
		list[i] = zone.Tag{Key: t.Key, Value: t.Value}
	}
	return list
}

func healthTags(tags zone.Tags) []health.Tag {
	list := make([]health.Tag, len(tags))
	for i, t := range tags {
		list[i] = health.Tag{Key: t.Key, Value: t.Value}
	}
	return list
}
