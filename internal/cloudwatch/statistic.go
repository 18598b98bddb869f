package cloudwatch

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"open53/internal/metricstore"
)

// The statistics that have names.
const (
	sampleCount = "SampleCount"
	average     = "Average"
	sum         = "Sum"
	minimum     = "Minimum"
	maximum     = "Maximum"
)

// bucket is the samples of one period.
type bucket struct {
	start   int64 // Unix milliseconds
	samples []metricstore.Sample
}

// buckets splits samples, which are in order of time, into the periods (in
// milliseconds) that begin at start. Periods without samples are left out.
func buckets(samples []metricstore.Sample, start, period int64) []bucket {
	var list []bucket
	for i := 0; i < len(samples); {
		begin := start + (samples[i].Time-start)/period*period
		end := i + 1
		for end < len(samples) && samples[end].Time < begin+period {
			end++
		}
		list = append(list, bucket{begin, samples[i:end]})
		i = end
	}
	return list
}

// count is how many values there are.
func (b *bucket) count() float64 {
	n := 0.0
	for i := range b.samples {
		n += b.samples[i].Count
	}
	return n
}

// statistic computes one of the five statistics or a percentile. False: it
// cannot be known, because the values are not.
func (b *bucket) statistic(name string) (float64, bool) {
	n, total, low, high := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for i := range b.samples {
		s := &b.samples[i]
		n += s.Count
		total += s.Sum
		low, high = min(low, s.Minimum), max(high, s.Maximum)
	}
	if len(b.samples) == 0 {
		return 0, false
	}
	switch name {
	case sampleCount:
		return n, true
	case sum:
		return total, true
	case minimum:
		return low, true
	case maximum:
		return high, true
	case average:
		return total / n, n > 0
	}
	p, ok := percentile(name)
	if !ok {
		return 0, false
	}
	return b.percentile(p, n)
}

// percentile is the smallest value that at least p percent of the values do
// not exceed.
func (b *bucket) percentile(p, n float64) (float64, bool) {
	sorted := slices.Clone(b.samples)
	for i := range sorted {
		if !sorted[i].Exact() {
			return 0, false
		}
	}
	slices.SortFunc(sorted, func(a, b metricstore.Sample) int { return cmp.Compare(a.Minimum, b.Minimum) })
	rank := n * p / 100
	seen := 0.0
	for i := range sorted {
		if seen += sorted[i].Count; seen >= rank*(1-1e-12) {
			return sorted[i].Minimum, true
		}
	}
	return sorted[len(sorted)-1].Minimum, true
}

// percentile reads p0 to p100, with up to ten decimal places.
func percentile(name string) (float64, bool) {
	digits, ok := strings.CutPrefix(name, "p")
	if !ok || digits == "" || strings.Trim(digits, "0123456789.") != "" {
		return 0, false
	}
	if whole, fraction, _ := strings.Cut(digits, "."); whole == "" || len(fraction) > 10 {
		return 0, false
	}
	p, err := strconv.ParseFloat(digits, 64)
	return p, err == nil && p <= 100
}

// isStatistic reports whether a name is one of the five.
func isStatistic(name string) bool {
	switch name {
	case sampleCount, average, sum, minimum, maximum:
		return true
	}
	return false
}

// checkPeriod refuses periods that no statistics are kept for.
func checkPeriod(period int64) bool {
	switch period {
	case 1, 5, 10, 20, 30:
		return true
	}
	return period > 0 && period%60 == 0
}

// alignStart rounds a time (Unix milliseconds) down to where periods begin: a
// minute, or the period where that is shorter.
func alignStart(ms, period int64) int64 {
	step := min(period, 60) * 1000
	return floorTo(ms, step)
}

func floorTo(ms, step int64) int64 {
	m := ms % step
	if m < 0 {
		m += step
	}
	return ms - m
}

// merge is all samples whatever their unit, in order of time.
func merge(measured []metricstore.Measured) []metricstore.Sample {
	if len(measured) == 1 {
		return measured[0].Samples
	}
	var all []metricstore.Sample
	for _, m := range measured {
		all = append(all, m.Samples...)
	}
	slices.SortStableFunc(all, func(a, b metricstore.Sample) int { return cmp.Compare(a.Time, b.Time) })
	return all
}
