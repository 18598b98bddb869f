package cloudwatch

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"open53/internal/cloudwatch/wire"
	"open53/internal/metricstore"
)

// Limits of PutMetricData.
const (
	maxData   = 1000 // in one request
	maxValues = 150  // in one datum
	// maxAge and maxAhead bound timestamps.
	maxAge   = 14 * 24 * time.Hour
	maxAhead = 2 * time.Hour
)

// maxValue is the largest value, and its negative the smallest: 2^360.
var maxValue = math.Ldexp(1, 360)

// reserved is the namespace that open53 writes to by itself.
const reserved = "AWS/Route53"

func (s *Service) putMetricData(ctx context.Context, c *call, in *putMetricDataInput) (any, error) {
	if err := checkNamespace(in.Namespace); err != nil {
		return nil, err
	}
	if in.Namespace == reserved || s.config.Strict && strings.HasPrefix(in.Namespace, "AWS/") {
		return nil, invalidValue("The value AWS/ for parameter Namespace is invalid.")
	}
	lists := []datumList{{"MetricData", in.MetricData}}
	for i, e := range in.EntityMetricData {
		lists = append(lists, datumList{"EntityMetricData.member." + strconv.Itoa(i+1) + ".MetricData", e.MetricData})
	}
	total := 0
	for _, l := range lists {
		total += len(l.data)
	}
	switch {
	case total == 0:
		return nil, missingParameter("The parameter MetricData is required.")
	case total > maxData:
		return nil, invalidValue("The collection MetricData must not have a size greater than %d.", maxData)
	}
	data := make([]metricstore.Datum, 0, total)
	now := s.config.Now()
	for _, l := range lists {
		for i := range l.data {
			p := datumParser{name: l.name + ".member." + strconv.Itoa(i+1), now: now, in: &l.data[i]}
			var err error
			if data, err = p.parse(data, c.region, in.Namespace); err != nil {
				return nil, err
			}
		}
	}
	return nil, s.config.Metrics.Append(ctx, data)
}

// datumList is one list of data of a request.
type datumList struct {
	name string
	data []metricDatum
}

// checkNamespace is the pattern of the model: [^:].*
func checkNamespace(namespace string) error {
	if strings.HasPrefix(namespace, ":") || strings.ContainsAny(namespace, "\r\n") {
		return invalidValue("The value %s for parameter Namespace is invalid.", namespace)
	}
	return nil
}

// datumParser makes data for the store of one of a request.
type datumParser struct {
	name string
	now  time.Time
	in   *metricDatum
}

func (p *datumParser) parse(data []metricstore.Datum, region, namespace string) ([]metricstore.Datum, error) {
	at := p.now
	if p.in.Timestamp != nil {
		at = p.in.Timestamp.Time
	}
	if err := p.check(at); err != nil {
		return nil, err
	}
	d := metricstore.Datum{
		Metric:         metricstore.Metric{Region: region, Namespace: namespace, Name: p.in.MetricName},
		Unit:           string(p.in.Unit),
		HighResolution: p.in.StorageResolution != nil && *p.in.StorageResolution < 60,
	}
	var err error
	if d.Metric.Dimensions, err = dimensionsOf(p.in.Dimensions, p.name+"."); err != nil {
		return nil, err
	}
	switch {
	case p.in.StatisticValues != nil:
		set := p.in.StatisticValues
		d.Sample = metricstore.Sample{
			Time: at.UnixMilli(), Count: float64(*set.SampleCount), Sum: float64(*set.Sum),
			Minimum: float64(*set.Minimum), Maximum: float64(*set.Maximum),
		}
		return append(data, d), nil
	case p.in.Value != nil:
		d.Sample = metricstore.Value(at, float64(*p.in.Value))
		return append(data, d), nil
	}
	for i, value := range p.in.Values {
		d.Sample = metricstore.Value(at, float64(value))
		if len(p.in.Counts) > 0 {
			d.Sample.Count = float64(p.in.Counts[i])
			d.Sample.Sum = d.Sample.Count * float64(value)
		}
		data = append(data, d)
	}
	return data, nil
}

// check refuses what the model's constraints let through.
func (p *datumParser) check(at time.Time) error {
	in := p.in
	switch {
	case in.Value != nil && in.StatisticValues != nil:
		return invalidCombination("The parameters %s.Value and %[1]s.StatisticValues are mutually exclusive and you have specified both.", p.name)
	case in.Value != nil && len(in.Values) > 0:
		return invalidCombination("The parameters %s.Value and %[1]s.Values are mutually exclusive and you have specified both.", p.name)
	case in.StatisticValues != nil && len(in.Values) > 0:
		return invalidCombination("The parameters %s.StatisticValues and %[1]s.Values are mutually exclusive and you have specified both.", p.name)
	case in.Value == nil && in.StatisticValues == nil && len(in.Values) == 0:
		return missingParameter("At least one of the parameters %s.Value, %[1]s.Values and %[1]s.StatisticValues must be specified.", p.name)
	case len(in.Values) > maxValues:
		return invalidValue("The collection %s.Values must not have a size greater than %d.", p.name, maxValues)
	case len(in.Counts) > 0 && len(in.Counts) != len(in.Values):
		return invalidValue("The parameters %s.Values and %[1]s.Counts must be of the same size.", p.name)
	case at.Before(p.now.Add(-maxAge)):
		return invalidValue("The parameter %s.Timestamp must specify a time no more than two weeks in the past.", p.name)
	case at.After(p.now.Add(maxAhead)):
		return invalidValue("The parameter %s.Timestamp must specify a time no more than two hours in the future.", p.name)
	}
	return p.checkNumbers()
}

func (p *datumParser) checkNumbers() error {
	type number struct {
		name  string
		value wire.Double
		least float64
	}
	var numbers []number
	if p.in.Value != nil {
		numbers = append(numbers, number{"Value", *p.in.Value, -maxValue})
	}
	for _, v := range p.in.Values {
		numbers = append(numbers, number{"Values", v, -maxValue})
	}
	for _, v := range p.in.Counts {
		numbers = append(numbers, number{"Counts", v, 0})
	}
	if set := p.in.StatisticValues; set != nil {
		numbers = append(numbers, number{"StatisticValues.SampleCount", *set.SampleCount, 0},
			number{"StatisticValues.Sum", *set.Sum, -maxValue},
			number{"StatisticValues.Minimum", *set.Minimum, -maxValue}, number{"StatisticValues.Maximum", *set.Maximum, -maxValue})
		if *set.Minimum > *set.Maximum {
			return invalidCombination("The parameter %s.StatisticValues.Maximum must be greater than %[1]s.StatisticValues.Minimum.", p.name)
		}
	}
	for _, n := range numbers {
		v := float64(n.value)
		if !(v >= n.least && v <= maxValue) || v == 0 && (n.name == "Counts" || strings.HasSuffix(n.name, "SampleCount")) { // NaN, too
			return invalidValue("The value %s for parameter %s.%s is invalid.", strconv.FormatFloat(v, 'g', -1, 64), p.name, n.name)
		}
	}
	if r := p.in.StorageResolution; r != nil && *r != 1 && *r != 60 {
		return invalidValue("The value %d for parameter %s.StorageResolution is invalid. Valid values are 1 and 60.", *r, p.name)
	}
	return nil
}

// dimensionsOf reads dimensions, whose names must differ.
func dimensionsOf(in []dimension, prefix string) ([]metricstore.Dimension, error) {
	list := make([]metricstore.Dimension, len(in))
	seen := map[string]bool{}
	for i, d := range in {
		if seen[d.Name] || strings.HasPrefix(d.Name, ":") {
			return nil, invalidValue("The value %s for parameter %sDimensions.member.%d.Name is invalid.", d.Name, prefix, i+1)
		}
		seen[d.Name] = true
		list[i] = metricstore.Dimension{Name: d.Name, Value: d.Value}
	}
	return list, nil
}

func dimensionsFrom(list []metricstore.Dimension) []dimension {
	out := make([]dimension, len(list))
	for i, d := range list {
		out[i] = dimension{d.Name, d.Value}
	}
	return out
}
