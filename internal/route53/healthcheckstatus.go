package route53

import (
	"context"

	"open53/internal/event"
	"open53/internal/health"
	api "open53/internal/route53api"
)

// GetHealthCheckStatus tells what the checker saw last.
func (s *Service) GetHealthCheckStatus(ctx context.Context, in *api.GetHealthCheckStatusInput) (_ *api.GetHealthCheckStatusOutput, err error) {
	defer s.fail(ctx, "GetHealthCheckStatus", &err)
	region, last, _, err := s.observe(in.HealthCheckId)
	if err != nil {
		return nil, err
	}
	out := &api.GetHealthCheckStatusOutput{HealthCheckObservations: []api.HealthCheckObservation{}}
	if last.Time != 0 {
		out.HealthCheckObservations = append(out.HealthCheckObservations, observationFrom(region, last))
	}
	return out, nil
}

// GetHealthCheckLastFailureReason tells what the checker saw when it last
// failed to find the endpoint healthy.
func (s *Service) GetHealthCheckLastFailureReason(ctx context.Context, in *api.GetHealthCheckLastFailureReasonInput) (_ *api.GetHealthCheckLastFailureReasonOutput, err error) {
	defer s.fail(ctx, "GetHealthCheckLastFailureReason", &err)
	region, last, failure, err := s.observe(in.HealthCheckId)
	if err != nil {
		return nil, err
	}
	out := &api.GetHealthCheckLastFailureReasonOutput{HealthCheckObservations: []api.HealthCheckObservation{}}
	switch {
	case failure.Time != 0:
		out.HealthCheckObservations = append(out.HealthCheckObservations, observationFrom(region, failure))
	case last.Time != 0:
		last.Text = "The health check endpoint has not failed since the Route 53 health checker for this endpoint restarted at " +
			s.cfg.HealthObserver.Started().UTC().Format("2006-01-02T15:04:05.000Z") + "."
		out.HealthCheckObservations = append(out.HealthCheckObservations, observationFrom(region, last))
	}
	return out, nil
}

// observe reads what is known of a check. Errors: NoSuchHealthCheck,
// InvalidInput for calculated checks, which no checker looks at.
func (s *Service) observe(id string) (region string, last, failure health.Observation, err error) {
	check, err := s.readHealthCheck(id)
	if err != nil {
		return "", last, failure, err
	}
	if check.Settings.Type == health.CalculatedType { // ours
		return "", last, failure, invalidInput("Invalid parameter : The status of a calculated health check cannot be requested.")
	}
	if s.cfg.HealthObserver != nil {
		region, last, failure, _ = s.cfg.HealthObserver.Observe(id)
	}
	return region, last, failure, nil
}

func observationFrom(region string, o health.Observation) api.HealthCheckObservation {
	return api.HealthCheckObservation{
		Region: new(api.HealthCheckRegion(region)), IPAddress: optional(o.Checker),
		StatusReport: &api.StatusReport{Status: new(o.Text), CheckedTime: new(o.At().UTC())},
	}
}

// SetRoutingControl switches what RECOVERY_CONTROL checks follow. Nothing has
// to be made before; one that was never set is off. It returns when the switch
// is durable; checks follow it a moment later.
func (s *Service) SetRoutingControl(ctx context.Context, arn string, on bool) (err error) {
	defer s.fail(ctx, "SetRoutingControl", &err)
	if n := len(arn); n == 0 || n > 255 {
		return invalidInput("The routing control ARN must have 1 to 255 characters.")
	}
	key := event.Key{Kind: event.KindRoutingControl, ID: arn}
	_, err = s.commit(ctx, change{operation: "SetRoutingControl", keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		return t.put(head, &health.RoutingControl{ARN: arn, On: on})
	}})
	return err
}

// RoutingControls lists the switches that were ever set, by ARN.
func (s *Service) RoutingControls(ctx context.Context) (list []health.RoutingControl, err error) {
	defer s.fail(ctx, "RoutingControls", &err)
	view := s.store.View()
	defer view.Close()
	for entry, err := range view.List(event.IndexID(event.KindRoutingControl), nil, nil) {
		if err == nil {
			err = ctx.Err()
		}
		var c health.RoutingControl
		if err == nil {
			err = event.DecodeDocument(entry.Head.Document, &c)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
