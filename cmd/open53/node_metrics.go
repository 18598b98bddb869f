package main

import (
	"context"
	"time"

	"open53/internal/cloudwatch"
	"open53/internal/health"
	"open53/internal/metricstore"
	"open53/internal/zonedb"
)

// route53Namespace is where CloudWatch has Route 53's own metrics.
const route53Namespace = "AWS/Route53"

// nodeAlarms shows the alarms to health checks that follow them.
type nodeAlarms struct{ *cloudwatch.Service }

// AlarmRule implements route53.Alarms.
func (a nodeAlarms) AlarmRule(region, name string) (*health.AlarmRule, error) {
	alarm, found := a.Alarm(region, name)
	if !found {
		return nil, nil
	}
	rule := &health.AlarmRule{
		EvaluationPeriods: int32(alarm.EvaluationPeriods), Threshold: alarm.Threshold, ComparisonOperator: alarm.Comparison,
		Period: int32(alarm.Period), MetricName: alarm.Metric, Namespace: alarm.Namespace, Statistic: alarm.Statistic,
	}
	for _, d := range alarm.Dimensions {
		rule.Dimensions = append(rule.Dimensions, health.Dimension(d))
	}
	return rule, nil
}

// followAlarms makes health checks hear of alarms, beginning with what those
// say now.
func (n *node) followAlarms() {
	changed := func(region, name string, state cloudwatch.State) {
		n.prober.AlarmChanged(region, name, health.AlarmState(state))
	}
	n.alarms.OnAlarm(changed)
	n.alarms.EachState(changed)
}

// recordHealth stores what a health check found as Route 53's metrics.
func (n *node) recordHealth(m health.Measurement) {
	check := []metricstore.Dimension{{Name: "HealthCheckId", Value: m.CheckID}}
	put := func(metric string, dimensions []metricstore.Dimension, value float64, unit string) {
		n.metrics.Put(route53Namespace, metric, dimensions, value, unit, m.Time)
	}
	put("HealthCheckStatus", check, oneIf(m.Healthy), "None")
	if m.Type == health.CalculatedType {
		put("ChildHealthCheckHealthyCount", check, float64(m.HealthyChildren), "Count")
	}
	if !m.Probed {
		return
	}
	put("HealthCheckPercentageHealthy", check, 100*oneIf(m.Success), "Percent")
	if !m.Latency {
		return
	}
	region := append(check[:1:1], metricstore.Dimension{Name: "Region", Value: n.checkerRegion})
	for metric, took := range map[string]time.Duration{"ConnectionTime": m.Connect, "TimeToFirstByte": m.FirstByte, "SSLHandshakeTime": m.TLS} {
		if took > 0 {
			millis := float64(took.Microseconds()) / 1000
			put(metric, check, millis, "Milliseconds")
			put(metric, region, millis, "Milliseconds")
		}
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// countInterval is how often the queries of zones become a metric.
const countInterval = time.Minute

// countQueries stores how many queries each public zone had as its metric
// DNSQueries, until ctx ends.
func (n *node) countQueries(ctx context.Context) error {
	ticker := time.NewTicker(countInterval)
	defer ticker.Stop()
	before := map[string]uint64{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			n.putQueries(before, now)
		}
	}
}

func (n *node) putQueries(before map[string]uint64, now time.Time) {
	counts := map[string]uint64{} // of zones that had any
	n.db.EachZone(func(z *zonedb.Zone) {
		if total := z.Queries().Load(); total > 0 && !z.Private() {
			counts[z.ID()] = total
		}
	})
	for id, total := range counts {
		if since := total - before[id]; since > 0 {
			n.metrics.Put(route53Namespace, "DNSQueries", []metricstore.Dimension{{Name: "HostedZoneId", Value: id}}, float64(since), "None", now)
		}
		before[id] = total
	}
	for id := range before {
		if _, there := counts[id]; !there {
			delete(before, id)
		}
	}
}
