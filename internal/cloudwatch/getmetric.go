package cloudwatch

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"open53/internal/cloudwatch/wire"
	"open53/internal/metricstore"
)

// Limits of the requests that read.
const (
	maxStatisticsPoints = 1440
	maxQueries          = 500
	maxMetricDataPoints = 100_800
	metricsPage         = 500
)

// listAge is how long ListMetrics remembers a metric.
const listAge = 14 * 24 * time.Hour

func (s *Service) getMetricStatistics(ctx context.Context, c *call, in *getMetricStatisticsInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	dimensions, err := dimensionsOf(in.Dimensions, "")
	if err != nil {
		return nil, err
	}
	m := metricstore.Metric{Region: c.region, Namespace: in.Namespace, Name: in.MetricName, Dimensions: dimensions}
	start := alignStart(in.StartTime.UnixMilli(), *in.Period)
	measured, err := s.config.Metrics.Read(ctx, m, string(in.Unit), start, in.EndTime.UnixMilli())
	if err != nil {
		return nil, err
	}
	out := &getMetricStatisticsOutput{Label: in.MetricName}
	for _, u := range measured {
		for _, b := range buckets(u.Samples, start, *in.Period*1000) {
			if p, ok := in.point(&b); ok {
				p.Unit = unit(u.Unit)
				out.Datapoints = append(out.Datapoints, p)
			}
		}
	}
	return out, nil
}

func (in *getMetricStatisticsInput) check() error {
	span := in.EndTime.Sub(in.StartTime.Time)
	switch {
	case len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0:
		return invalidCombination("Must specify either Statistics or ExtendedStatistics")
	case len(in.Statistics) > 0 && len(in.ExtendedStatistics) > 0:
		return invalidCombination("The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.")
	case span <= 0:
		return invalidValue("The parameter StartTime must be less than the parameter EndTime.")
	case !checkPeriod(*in.Period):
		return invalidValue("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
	}
	if points := int64(span/time.Second) / *in.Period; points > maxStatisticsPoints {
		return invalidCombination("You have requested up to %s datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", thousands(points))
	}
	for i, name := range in.ExtendedStatistics {
		if _, ok := percentile(name); !ok {
			return invalidValue("The value %s for parameter ExtendedStatistics.member.%d is not supported.", name, i+1)
		}
	}
	return nil
}

// point is the statistics of a period; false if none is known.
func (in *getMetricStatisticsInput) point(b *bucket) (datapoint, bool) {
	p := datapoint{Timestamp: wire.UnixTimestamp(b.start)}
	known := false
	for _, name := range in.Statistics {
		v, ok := b.statistic(name)
		if !ok {
			continue
		}
		known = true
		value := wire.Double(v)
		switch name {
		case sampleCount:
			p.SampleCount = &value
		case average:
			p.Average = &value
		case sum:
			p.Sum = &value
		case minimum:
			p.Minimum = &value
		case maximum:
			p.Maximum = &value
		}
	}
	for _, name := range in.ExtendedStatistics {
		if v, ok := b.statistic(name); ok {
			known = true
			if p.ExtendedStatistics == nil {
				p.ExtendedStatistics = map[string]wire.Double{}
			}
			p.ExtendedStatistics[name] = wire.Double(v)
		}
	}
	return p, known
}

// thousands writes a number as in 2,880.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func (s *Service) getMetricData(ctx context.Context, c *call, in *getMetricDataInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	skip, err := parsePosition(in.NextToken)
	if err != nil {
		return nil, err
	}
	room := maxMetricDataPoints
	if in.MaxDatapoints != nil {
		room = int(min(max(*in.MaxDatapoints, 1), maxMetricDataPoints))
	}
	out := &getMetricDataOutput{}
	position := 0 // of the first datapoint of a result among all
	for i := range in.MetricDataQueries {
		query := &in.MetricDataQueries[i]
		if query.ReturnData != nil && !*query.ReturnData {
			continue
		}
		result, err := s.metricDataResult(ctx, c, in, query)
		if err != nil {
			return nil, err
		}
		begin := min(max(skip-position, 0), len(result.Values))
		end := min(begin+room, len(result.Values))
		position += len(result.Values)
		if skip > 0 && begin == len(result.Values) && position <= skip {
			continue // an earlier page had all of it
		}
		if end < len(result.Values) {
			result.StatusCode = "PartialData"
		}
		room -= end - begin
		next := position - (len(result.Values) - end)
		result.Timestamps, result.Values = result.Timestamps[begin:end], result.Values[begin:end]
		out.MetricDataResults = append(out.MetricDataResults, result)
		if result.StatusCode == "PartialData" {
			out.NextToken = positionToken(next)
			break
		}
	}
	return out, nil
}

// check refuses what the model's constraints let through, and metric math.
func (in *getMetricDataInput) check() error {
	switch {
	case len(in.MetricDataQueries) > maxQueries:
		return validation("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.StartTime.Equal(in.EndTime.Time):
		return validation("The parameter StartTime must not equal parameter EndTime.")
	case in.StartTime.After(in.EndTime.Time):
		return validation("The parameter EndTime must be greater than StartTime.")
	}
	seen := map[string]bool{}
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		name := "MetricDataQueries.member." + strconv.Itoa(i+1)
		switch {
		case seen[q.ID]:
			return validation("The values for parameter Id in MetricDataQueries are not unique.")
		case !isQueryID(q.ID):
			return validation("The value %s for parameter %s.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", q.ID, name)
		case q.Expression != "" && q.MetricStat != nil:
			return validation("The parameters %s.Expression and %[1]s.MetricStat are mutually exclusive and you have specified both.", name)
		case q.Expression != "":
			return notSupported("Metric math (" + name + ".Expression)")
		case q.MetricStat == nil:
			return validation("The parameter %s.MetricStat is required.", name)
		case q.MetricStat.Metric.Namespace == "" || q.MetricStat.Metric.MetricName == "":
			return validation("The parameters %s.MetricStat.Metric.Namespace and %[1]s.MetricStat.Metric.MetricName are required.", name)
		case !checkPeriod(*q.MetricStat.Period):
			return validation("The parameter %s.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.", name)
		}
		if _, ok := percentile(q.MetricStat.Stat); !ok && !isStatistic(q.MetricStat.Stat) {
			return validation("The value %s for parameter %s.MetricStat.Stat is not supported.", q.MetricStat.Stat, name)
		}
		seen[q.ID] = true
	}
	return nil
}

// isQueryID reports whether an id begins with a lower-case letter and goes on
// with letters, digits and underscores.
func isQueryID(id string) bool {
	for i, r := range id {
		lower, other := 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
		if !lower && (i == 0 || !other) {
			return false
		}
	}
	return id != ""
}

func (s *Service) metricDataResult(ctx context.Context, c *call, in *getMetricDataInput, q *metricDataQuery) (metricDataResult, error) {
	stat := q.MetricStat
	result := metricDataResult{ID: q.ID, Label: q.Label, StatusCode: "Complete"}
	if result.Label == "" {
		result.Label = stat.Metric.MetricName
	}
	dimensions, err := dimensionsOf(stat.Metric.Dimensions, "")
	if err != nil {
		return result, err
	}
	m := metricstore.Metric{Region: c.region, Namespace: stat.Metric.Namespace, Name: stat.Metric.MetricName, Dimensions: dimensions}
	start := alignStart(in.StartTime.UnixMilli(), *stat.Period)
	measured, err := s.config.Metrics.Read(ctx, m, string(stat.Unit), start, in.EndTime.UnixMilli())
	if err != nil {
		return result, err
	}
	for _, b := range buckets(merge(measured), start, *stat.Period*1000) {
		if v, ok := b.statistic(stat.Stat); ok {
			result.Timestamps = append(result.Timestamps, *wire.UnixTimestamp(b.start))
			result.Values = append(result.Values, wire.Double(v))
		}
	}
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(result.Timestamps)
		slices.Reverse(result.Values)
	}
	return result, nil
}

func positionToken(n int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("after:%d", n)))
}

func parsePosition(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	digits, ok := strings.CutPrefix(string(text), "after:")
	n, numberErr := strconv.Atoi(digits)
	if err != nil || !ok || numberErr != nil || n < 1 {
		return 0, invalidNextToken()
	}
	return n, nil
}

func (s *Service) listMetrics(ctx context.Context, c *call, in *listMetricsInput) (any, error) {
	now := s.config.Now()
	f := metricstore.Filter{Region: c.region, Namespace: in.Namespace, Name: in.MetricName, Since: now.Add(-listAge)}
	if in.RecentlyActive != "" {
		f.Since = now.Add(-3 * time.Hour)
	}
	for _, d := range in.Dimensions {
		f.Dimensions = append(f.Dimensions, metricstore.Dimension{Name: d.Name, Value: d.Value})
	}
	list, err := s.config.Metrics.List(ctx, f)
	if err != nil {
		return nil, err
	}
	if in.NextToken != "" {
		var last metricstore.Metric
		text, err := base64.RawURLEncoding.DecodeString(in.NextToken)
		if err != nil || json.Unmarshal(text, &last) != nil {
			return nil, invalidValue("Request parameter NextToken is invalid")
		}
		at, found := slices.BinarySearchFunc(list, last, metricstore.Compare)
		if found {
			at++
		}
		list = list[at:]
	}
	out := &listMetricsOutput{}
	if len(list) > metricsPage {
		list = list[:metricsPage]
		text, err := json.Marshal(list[metricsPage-1])
		if err != nil {
			return nil, fmt.Errorf("make next token: %w", err)
		}
		out.NextToken = base64.RawURLEncoding.EncodeToString(text)
	}
	for _, m := range list {
		out.Metrics = append(out.Metrics, metric{m.Namespace, m.Name, dimensionsFrom(m.Dimensions)})
	}
	return out, nil
}
