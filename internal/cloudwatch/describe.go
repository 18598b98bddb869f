package cloudwatch

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"open53/internal/cloudwatch/wire"
	"open53/internal/event"
)

// alarmsPage is how many alarms a page has where nobody says.
const alarmsPage = 100

// tokenPrefix marks tokens of DescribeAlarms, which hold the next name.
const tokenPrefix = "from:"

func (s *Service) describeAlarms(_ context.Context, c *call, in *describeAlarmsInput) (any, error) {
	switch {
	case in.AlarmNamePrefix != "" && len(in.AlarmNames) > 0:
		return nil, validation("AlarmNamePrefix and AlarmNames are mutually exclusive.")
	case in.ChildrenOfAlarmName != "" || in.ParentsOfAlarmName != "":
		return nil, notSupported("A composite alarm (ChildrenOfAlarmName, ParentsOfAlarmName)")
	}
	out := &describeAlarmsOutput{}
	if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, "MetricAlarm") {
		return out, nil
	}
	if len(in.AlarmNames) > 0 {
		found, _ := s.named(c, in.AlarmNames)
		for _, a := range found {
			if in.matches(a) {
				out.MetricAlarms = append(out.MetricAlarms, s.metricAlarm(a))
			}
		}
		return out, nil
	}
	start, err := parseNameToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	room := alarmsPage
	if in.MaxRecords != nil {
		room = int(*in.MaxRecords)
	}
	for a, err := range s.list(c.region, in.AlarmNamePrefix, start) {
		if err != nil {
			return nil, err
		}
		if !in.matches(a) {
			continue
		}
		if len(out.MetricAlarms) == room {
			out.NextToken = base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + a.Name))
			break
		}
		out.MetricAlarms = append(out.MetricAlarms, s.metricAlarm(a))
	}
	return out, nil
}

func parseNameToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	name, ok := strings.CutPrefix(string(text), tokenPrefix)
	if err != nil || !ok {
		return "", invalidNextToken()
	}
	return name, nil
}

// matches reports whether the filters choose an alarm.
func (in *describeAlarmsInput) matches(a *Alarm) bool {
	if in.StateValue != "" && string(a.State) != in.StateValue {
		return false
	}
	if in.ActionPrefix == "" {
		return true
	}
	return slices.ContainsFunc(slices.Concat(a.OKActions, a.AlarmActions, a.InsufficientDataActions), func(action string) bool {
		return strings.HasPrefix(action, in.ActionPrefix)
	})
}

// list yields the alarms of a region in order of name, from start on.
func (s *Service) list(region, prefix, start string) func(yield func(*Alarm, error) bool) {
	return func(yield func(*Alarm, error) bool) {
		view := s.config.Store.View()
		defer view.Close()
		from := alarmKey{region, max(start, prefix)}.id()
		for entry, err := range view.List(event.IndexID(event.KindAlarm), []byte(alarmKey{region, prefix}.id()), []byte(from)) {
			var a *Alarm
			if err == nil {
				a, err = decodeAlarm(entry.Head.Document)
			}
			if err != nil {
				err = fmt.Errorf("list alarms: %w", err)
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

func (s *Service) metricAlarm(a *Alarm) metricAlarm {
	m := metricAlarm{
		AlarmName: a.Name, AlarmARN: s.arn(a.key()), AlarmDescription: a.Description,
		AlarmConfigurationUpdatedTimestamp: wire.UnixTimestamp(a.Updated), ActionsEnabled: new(!a.ActionsDisabled),
		OKActions: a.OKActions, AlarmActions: a.AlarmActions, InsufficientDataActions: a.InsufficientDataActions,
		StateValue: string(a.State), StateReason: a.Reason, StateReasonData: a.ReasonData,
		StateUpdatedTimestamp: wire.UnixTimestamp(a.StateUpdated), StateTransitionedTimestamp: wire.UnixTimestamp(a.StateTransitioned),
		MetricName: a.Metric, Namespace: a.Namespace, Period: new(a.Period), Unit: unit(a.Unit),
		EvaluationPeriods: new(a.EvaluationPeriods), Threshold: new(wire.Double(a.Threshold)), ComparisonOperator: a.Comparison,
		TreatMissingData: a.TreatMissingData, EvaluateLowSampleCountPercentile: a.LowSampleCount,
	}
	if isStatistic(a.Statistic) {
		m.Statistic = a.Statistic
	} else {
		m.ExtendedStatistic = a.Statistic
	}
	if a.DatapointsToAlarm > 0 {
		m.DatapointsToAlarm = new(a.DatapointsToAlarm)
	}
	for _, d := range a.Dimensions {
		m.Dimensions = append(m.Dimensions, dimension(d))
	}
	return m
}

func (s *Service) describeAlarmsForMetric(_ context.Context, c *call, in *describeAlarmsForMetricInput) (any, error) {
	dimensions, err := dimensionsOf(in.Dimensions, "")
	if err != nil {
		return nil, err
	}
	wanted := map[dimension]bool{}
	for _, d := range dimensions {
		wanted[dimension(d)] = true
	}
	out := &describeAlarmsForMetricOutput{}
	for a, err := range s.list(c.region, "", "") {
		if err != nil {
			return nil, err
		}
		statistic := in.Statistic + in.ExtendedStatistic
		if a.Namespace != in.Namespace || a.Metric != in.MetricName || len(a.Dimensions) != len(wanted) ||
			statistic != "" && a.Statistic != statistic || in.Period != nil && a.Period != *in.Period ||
			in.Unit != "" && a.Unit != string(in.Unit) ||
			slices.ContainsFunc(a.Dimensions, func(d AlarmDimension) bool { return !wanted[dimension(d)] }) {
			continue
		}
		out.MetricAlarms = append(out.MetricAlarms, s.metricAlarm(a))
	}
	return out, nil
}

func isJSONObject(text string) bool {
	var v map[string]any
	return json.Unmarshal([]byte(text), &v) == nil
}
