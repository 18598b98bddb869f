package route53

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	api "open53/internal/route53api"
	"open53/internal/store"
)

// HealthObserver tells what health checkers see.
type HealthObserver interface {
	// Observe returns the region and the results of this installation's
	// checker: the last one, and the last failure. One without a time was not
	// made. ok is false where nothing is known of the check.
	Observe(id string) (region string, last, lastFailure health.Observation, ok bool)
	// Started is when the checker began.
	Started() time.Time
}

// Alarms knows the alarms of the CloudWatch API.
type Alarms interface {
	// AlarmRule is how an alarm judges its metric; nil if there is no such
	// alarm.
	AlarmRule(region, name string) (*health.AlarmRule, error)
}

func healthCheckKey(id string) event.Key { return event.Key{Kind: event.KindHealthCheck, ID: id} }

// childrenKey is what changes of children take the turn of, so that no two of
// them close a loop together. It is no entity of the store.
var childrenKey = event.Key{Kind: quotaKind, ID: "healthcheck children"}

// healthCheckClaim reserves a caller reference. It outlives the check.
type healthCheckClaim struct {
	Owner string `cbor:"1,keyasint"`
	// Settings are those that the check was made with: the same request again
	// is answered, another one refused.
	Settings health.Settings `cbor:"2,keyasint"`
}

// healthCheckIn reads a check. Error: NoSuchHealthCheck.
func healthCheckIn(id string, head store.Head, err error) (*health.Check, error) {
	if err != nil {
		return nil, err
	}
	if !head.Exists() {
		return nil, noSuchHealthCheck(id)
	}
	check := new(health.Check)
	return check, event.DecodeDocument(head.Document, check)
}

func readHealthCheck(view store.View, id string) (*health.Check, error) {
	head, err := view.Head(healthCheckKey(id))
	return healthCheckIn(id, head, err)
}

// healthCheck is the newest state of a check whose turn is held.
func (t *tx) healthCheck(id string) (*health.Check, store.Head, error) {
	head, err := t.head(healthCheckKey(id))
	check, err := healthCheckIn(id, head, err)
	return check, head, err
}

// HealthCheckExists implements zone.HealthChecks: a record may name a check
// that exists when the record is changed.
func (t *tx) HealthCheckExists(id string) (bool, error) {
	head, err := t.view.Head(healthCheckKey(id))
	return head.Exists(), err
}

// newCheckID is a version 4 UUID. RFC 9562 §5.4.
func (s *idSource) newCheckID() (string, error) {
	var b [16]byte
	if err := s.read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}

// CreateHealthCheck makes a check. The same request again returns the check
// that the first one made.
func (s *Service) CreateHealthCheck(ctx context.Context, in *api.CreateHealthCheckInput) (_ *api.CreateHealthCheckOutput, err error) {
	defer s.fail(ctx, "CreateHealthCheck", &err)
	settings := settingsOf(&in.HealthCheckConfig)
	if err := s.checkSettings(&settings); err != nil {
		return nil, err
	}
	id, err := s.ids.newCheckID()
	if err != nil {
		return nil, err
	}
	reference := referenceKey("healthcheck", in.CallerReference)
	keys := append(s.quotaKeys(event.KindHealthCheck), reference)
	var check *health.Check
	_, err = s.commit(ctx, change{operation: "CreateHealthCheck", keys: keys, decide: func(t *tx) error {
		taken, err := t.head(reference)
		if err != nil {
			return err
		}
		if taken.Version > 0 {
			check, err = sameCheck(t, taken, &settings)
			return err
		}
		tooMany := &api.TooManyHealthChecks{Message: "The account has reached its limit of health checks."} // ours
		if err := s.checkQuota(t, event.KindHealthCheck, s.cfg.Limits.HealthChecks, tooMany); err != nil {
			return err
		}
		check = &health.Check{ID: id, CallerReference: in.CallerReference, Version: 1, Created: t.now, Settings: settings}
		if err := s.checkReferences(t, check); err != nil {
			return err
		}
		if err := t.put(taken, healthCheckClaim{Owner: id, Settings: settings}); err != nil {
			return err
		}
		return t.put(store.Head{Key: healthCheckKey(id)}, check)
	}})
	if err != nil {
		return nil, err
	}
	return &api.CreateHealthCheckOutput{HealthCheck: healthCheckFrom(check), Location: s.location("healthcheck/" + check.ID)}, nil
}

// sameCheck is the check that a caller reference made, if it was made, or is
// by now, as a request wants it. Error: HealthCheckAlreadyExists.
func sameCheck(t *tx, taken store.Head, settings *health.Settings) (*health.Check, error) {
	refusal := &api.HealthCheckAlreadyExists{Message: "A different health check has already been created with the specified caller reference."}
	var claim healthCheckClaim
	if err := event.DecodeDocument(taken.Document, &claim); err != nil {
		return nil, err
	}
	head, err := t.view.Head(healthCheckKey(claim.Owner))
	if err != nil {
		return nil, err
	}
	if !head.Exists() {
		return nil, refusal
	}
	check, err := healthCheckIn(claim.Owner, head, nil)
	if err != nil {
		return nil, err
	}
	if !claim.Settings.Equal(settings) && !check.Settings.Equal(settings) {
		return nil, refusal
	}
	return check, nil
}

// GetHealthCheck tells about a check.
func (s *Service) GetHealthCheck(ctx context.Context, in *api.GetHealthCheckInput) (_ *api.GetHealthCheckOutput, err error) {
	defer s.fail(ctx, "GetHealthCheck", &err)
	check, err := s.readHealthCheck(in.HealthCheckId)
	if err != nil {
		return nil, err
	}
	return &api.GetHealthCheckOutput{HealthCheck: healthCheckFrom(check)}, nil
}

func (s *Service) readHealthCheck(id string) (*health.Check, error) {
	view := s.store.View()
	defer view.Close()
	return readHealthCheck(view, id)
}

// GetHealthCheckCount counts the checks.
func (s *Service) GetHealthCheckCount(ctx context.Context, _ *api.GetHealthCheckCountInput) (_ *api.GetHealthCheckCountOutput, err error) {
	defer s.fail(ctx, "GetHealthCheckCount", &err)
	view := s.store.View()
	defer view.Close()
	n, err := view.Count(event.KindHealthCheck)
	return &api.GetHealthCheckCountOutput{HealthCheckCount: int64(n)}, err
}

// ListHealthChecks lists checks by id. A marker is the id that the page begins
// with, or would, had the check not been deleted meanwhile.
func (s *Service) ListHealthChecks(ctx context.Context, in *api.ListHealthChecksInput) (_ *api.ListHealthChecksOutput, err error) {
	defer s.fail(ctx, "ListHealthChecks", &err)
	size, err := pageSize(in.MaxItems, healthCheckPage, healthCheckPage)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListHealthChecksOutput{HealthChecks: []api.HealthCheck{}, Marker: in.Marker, MaxItems: strconv.Itoa(size)}
	for entry, err := range view.List(event.IndexID(event.KindHealthCheck), nil, []byte(marker(in.Marker))) {
		if err != nil {
			return nil, err
		}
		if len(out.HealthChecks) == size {
			out.IsTruncated, out.NextMarker = true, new(string(entry.IndexKey))
			break
		}
		check, err := healthCheckIn(entry.Head.Key.ID, entry.Head, nil)
		if err != nil {
			return nil, err
		}
		out.HealthChecks = append(out.HealthChecks, healthCheckFrom(check))
	}
	return out, nil
}

// DeleteHealthCheck ends a check. Nothing keeps it from being deleted: records
// and calculated checks that name it find it healthy from then on.
func (s *Service) DeleteHealthCheck(ctx context.Context, in *api.DeleteHealthCheckInput) (_ *api.DeleteHealthCheckOutput, err error) {
	defer s.fail(ctx, "DeleteHealthCheck", &err)
	key := healthCheckKey(in.HealthCheckId)
	_, err = s.commit(ctx, change{operation: "DeleteHealthCheck", keys: []event.Key{key}, decide: func(t *tx) error {
		_, head, err := t.healthCheck(in.HealthCheckId)
		if err != nil {
			return err
		}
		t.remove(head)
		return nil
	}})
	return &api.DeleteHealthCheckOutput{}, err
}

// checkReferences refuses a check whose children or alarm are not there, or
// that would be its own descendant, and takes over the alarm's rule. It wants
// the turn of childrenKey where children change.
func (s *Service) checkReferences(t *tx, check *health.Check) error {
	if id := check.Settings.Alarm; id != nil && s.cfg.Alarms != nil {
		rule, err := s.cfg.Alarms.AlarmRule(id.Region, id.Name)
		if err != nil {
			return err
		}
		if rule == nil { // ours
			return invalidInput("Invalid parameter : The alarm " + id.Name + " in the region " + id.Region + " does not exist.")
		}
		check.Rule = rule
	}
	for _, id := range check.Settings.Children {
		head, err := t.view.Head(healthCheckKey(id))
		if err == nil && !head.Exists() { // ours
			return invalidInput("Invalid parameter : The child health check " + id + " does not exist.")
		}
		child, err := healthCheckIn(id, head, err)
		if err != nil {
			return err
		}
		if s.cfg.Strict && child.Settings.Type == health.CalculatedType { // ours
			return invalidInput("Invalid parameter : Calculated health checks must not have calculated child health checks.")
		}
	}
	loop, err := health.Reaches(check.ID, check.Settings.Children, func(id string) ([]string, error) {
		head, err := t.view.Head(healthCheckKey(id))
		if err != nil || !head.Exists() {
			return nil, err
		}
		child, err := healthCheckIn(id, head, nil)
		if err != nil {
			return nil, err
		}
		return child.Settings.Children, nil
	})
	if err == nil && loop { // ours
		return invalidInput("Invalid parameter : The health check " + check.ID + " cannot be its own child.")
	}
	return err
}
