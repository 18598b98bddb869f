package cloudwatch

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"open53/internal/event"
)

// maxAlarmSpan is the longest time an alarm may look at, in seconds: a day, or
// a week where the period is at least an hour.
const (
	maxAlarmSpan     = 86_400
	maxLongAlarmSpan = 7 * 86_400
)

func (s *Service) putMetricAlarm(ctx context.Context, c *call, in *putMetricAlarmInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	alarm, err := in.alarm(c.region)
	if err != nil {
		return nil, err
	}
	key := alarm.key()
	if len(key.id())+len(event.KindAlarm) > event.MaxID {
		return nil, validation("The value for parameter AlarmName is too long: it has more than %d bytes with the region.", event.MaxID-len(event.KindAlarm))
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	now := s.config.Now().UnixMilli()
	alarm.Updated = now
	if old := s.alarm(key); old != nil {
		alarm.keepState(old)
	} else {
		if alarm.Tags, err = changeTags(nil, in.Tags, nil); err != nil {
			return nil, err
		}
		alarm.Evaluated = InsufficientData
		alarm.setState(verdict{state: InsufficientData, reason: "Unchecked: Initial alarm creation"}, now)
	}
	if err := s.commit(ctx, "PutMetricAlarm", c.actor, []draft{{key: key, alarm: alarm, quiet: true}}, now); err != nil {
		return nil, err
	}
	select {
	case s.kick <- key:
	default: // it will be its turn within the minute
	}
	return nil, nil
}

// keepState gives changed settings the state and the tags that the alarm had.
func (a *Alarm) keepState(old *Alarm) {
	a.Tags = old.Tags
	a.State, a.Reason, a.ReasonData, a.Evaluated = old.State, old.Reason, old.ReasonData, old.Evaluated
	a.StateUpdated, a.StateTransitioned = old.StateUpdated, old.StateTransitioned
}

// check refuses what open53 has not, and what the model's constraints let
// through.
func (in *putMetricAlarmInput) check() error {
	switch {
	case len(in.Metrics) > 0:
		return notSupported("An alarm on metric math (Metrics)")
	case in.ThresholdMetricID != "", in.ComparisonOperator == "LessThanLowerOrGreaterThanUpperThreshold",
		in.ComparisonOperator == "LessThanLowerThreshold", in.ComparisonOperator == "GreaterThanUpperThreshold":
		return notSupported("An alarm on an anomaly detection band")
	case in.EvaluationCriteria != nil, in.EvaluationInterval != nil:
		return notSupported("An alarm on a PromQL query (EvaluationCriteria)")
	case strings.ContainsFunc(in.AlarmName, unicode.IsControl):
		return validation("The value for parameter AlarmName is invalid: it must not contain control characters.")
	case in.MetricName == "":
		return validation("The parameter MetricName is required.")
	case in.Namespace == "":
		return validation("The parameter Namespace is required.")
	case in.Period == nil:
		return validation("The parameter Period is required.")
	case in.EvaluationPeriods == nil:
		return validation("The parameter EvaluationPeriods is required.")
	case in.Threshold == nil:
		return validation("The parameter Threshold is required.")
	case in.ComparisonOperator == "":
		return validation("The parameter ComparisonOperator is required.")
	case math.IsNaN(float64(*in.Threshold)) || math.IsInf(float64(*in.Threshold), 0):
		return validation("The value for parameter Threshold is invalid.")
	}
	return in.checkRule()
}

// checkRule refuses rules that cannot be evaluated.
func (in *putMetricAlarmInput) checkRule() error {
	n, period := *in.EvaluationPeriods, *in.Period
	_, isPercentile := percentile(in.ExtendedStatistic)
	switch {
	case in.Statistic == "" && in.ExtendedStatistic == "":
		return validation("Must specify either Statistic or ExtendedStatistic")
	case in.Statistic != "" && in.ExtendedStatistic != "":
		return validation("The parameters Statistic and ExtendedStatistic are mutually exclusive and you have specified both.")
	case in.ExtendedStatistic != "" && !isPercentile:
		return validation("The value %s for parameter ExtendedStatistic is not supported.", in.ExtendedStatistic)
	case !slices.Contains([]string{"", "evaluate", "ignore"}, in.EvaluateLowSampleCountPercentile):
		return validation("Option %s is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.", in.EvaluateLowSampleCountPercentile)
	case in.EvaluateLowSampleCountPercentile != "" && in.ExtendedStatistic == "":
		return validation("The parameter EvaluateLowSampleCountPercentile is for alarms on a percentile.")
	case !slices.Contains([]string{"", missingMissing, missingIgnore, missingBreaching, missingNotBreaching}, in.TreatMissingData):
		return validation("The value %s is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].", in.TreatMissingData)
	case period != 10 && period != 20 && period != 30 && period%60 != 0:
		return validation("Period must be 10, 20, 30 or a multiple of 60")
	case in.DatapointsToAlarm != nil && *in.DatapointsToAlarm > n:
		return validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	case period < 3600 && (n > maxAlarmSpan || n*period > maxAlarmSpan):
		return validation("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
	case n > maxLongAlarmSpan || period > maxLongAlarmSpan || n*period > maxLongAlarmSpan:
		return validation("Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800).")
	}
	return nil
}

// alarm is the settings of a request.
func (in *putMetricAlarmInput) alarm(region string) (*Alarm, error) {
	for _, actions := range [][]string{in.OKActions, in.AlarmActions, in.InsufficientDataActions} {
		for _, action := range actions {
			if !isURL(action) && !strings.HasPrefix(action, "arn:") {
				return nil, validation("Invalid arn syntax: %s", action)
			}
		}
	}
	dimensions, err := dimensionsOf(in.Dimensions, "")
	if err != nil {
		return nil, err
	}
	key := alarmKey{region, in.AlarmName}
	a := &Alarm{
		ID: key.id(), Region: region, Name: in.AlarmName, Description: in.AlarmDescription,
		ActionsDisabled: in.ActionsEnabled != nil && !*in.ActionsEnabled,
		OKActions:       in.OKActions, AlarmActions: in.AlarmActions, InsufficientDataActions: in.InsufficientDataActions,
		Namespace: in.Namespace, Metric: in.MetricName, Unit: string(in.Unit), Statistic: in.Statistic + in.ExtendedStatistic,
		Period: *in.Period, EvaluationPeriods: *in.EvaluationPeriods, Threshold: float64(*in.Threshold),
		Comparison: in.ComparisonOperator, TreatMissingData: in.TreatMissingData, LowSampleCount: in.EvaluateLowSampleCountPercentile,
	}
	if in.DatapointsToAlarm != nil {
		a.DatapointsToAlarm = *in.DatapointsToAlarm
	}
	for _, d := range dimensions {
		a.Dimensions = append(a.Dimensions, AlarmDimension{d.Name, d.Value})
	}
	return a, nil
}

// named finds alarms by name. The names that there are no alarms for are
// missing. s.changing is held.
func (s *Service) named(c *call, names []string) (found []*Alarm, missing []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if a := s.alarm(alarmKey{c.region, name}); a != nil {
			found = append(found, a)
		} else {
			missing = append(missing, name)
		}
	}
	return found, missing
}

// deleteAlarms deletes all of the alarms or, where one is not there, none.
func (s *Service) deleteAlarms(ctx context.Context, c *call, in *alarmNamesInput) (any, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	found, missing := s.named(c, in.AlarmNames)
	if len(missing) > 0 {
		return nil, notFound("Alarms not found: %s", strings.Join(missing, ", "))
	}
	return nil, s.changeEach(ctx, c, "DeleteAlarms", found, func(*Alarm) *Alarm { return nil })
}

// changeEach changes alarms in batches. s.changing is held.
func (s *Service) changeEach(ctx context.Context, c *call, operation string, alarms []*Alarm, change func(*Alarm) *Alarm) error {
	now := s.config.Now().UnixMilli()
	for batch := range slices.Chunk(alarms, maxBatch) {
		drafts := make([]draft, len(batch))
		for i, a := range batch {
			drafts[i] = draft{key: a.key(), alarm: change(a)}
		}
		if err := s.commit(ctx, operation, c.actor, drafts, now); err != nil {
			return fmt.Errorf("change alarms: %w", err)
		}
	}
	return nil
}

func (s *Service) enableAlarmActions(ctx context.Context, c *call, in *alarmNamesInput) (any, error) {
	return nil, s.switchActions(ctx, c, "EnableAlarmActions", in.AlarmNames, false)
}

func (s *Service) disableAlarmActions(ctx context.Context, c *call, in *alarmNamesInput) (any, error) {
	return nil, s.switchActions(ctx, c, "DisableAlarmActions", in.AlarmNames, true)
}

// switchActions passes over names that there are no alarms for: the model has
// no error for them.
func (s *Service) switchActions(ctx context.Context, c *call, operation string, names []string, disabled bool) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	found, _ := s.named(c, names)
	found = slices.DeleteFunc(found, func(a *Alarm) bool { return a.ActionsDisabled == disabled })
	now := s.config.Now().UnixMilli()
	return s.changeEach(ctx, c, operation, found, func(a *Alarm) *Alarm {
		b := *a
		b.ActionsDisabled, b.Updated = disabled, now
		return &b
	})
}

// setAlarmState shows a state until the next evaluation that comes to another.
func (s *Service) setAlarmState(ctx context.Context, c *call, in *setAlarmStateInput) (any, error) {
	if in.StateReasonData != "" && !isJSONObject(in.StateReasonData) {
		return nil, invalidFormat("StateReasonData was not valid JSON")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	a := s.alarm(alarmKey{c.region, in.AlarmName})
	if a == nil {
		return nil, notFound("Alarm %s does not exist.", in.AlarmName)
	}
	return nil, s.changeEach(ctx, c, "SetAlarmState", []*Alarm{a}, func(a *Alarm) *Alarm {
		b := *a
		b.setState(verdict{state: State(in.StateValue), reason: in.StateReason, data: in.StateReasonData}, s.config.Now().UnixMilli())
		return &b
	})
}
