package cloudwatch

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"open53/internal/metricstore"
)

// sparePeriods is how many periods beyond N an evaluation looks at, so that
// data which come late do not look missing. Amazon says "a higher number" and
// shows 5 for N = 3.
const sparePeriods = 2

// How missing data points count.
const (
	missingMissing      = "missing"
	missingIgnore       = "ignore"
	missingBreaching    = "breaching"
	missingNotBreaching = "notBreaching"
)

// verdict is what an evaluation comes to. An empty state is no verdict: the
// alarm stays as it is.
type verdict struct {
	state  State
	reason string
	data   string // JSON
	// filled is how many missing data points it rests on.
	filled int
}

// alarmPoint is one period of an evaluation. There is data in it or not.
type alarmPoint struct {
	start     int64 // Unix milliseconds
	present   bool
	value     float64
	samples   float64
	breaching bool
}

// span is the time an evaluation at now looks at (Unix milliseconds): N and
// some more periods, the last of which ends with the last whole minute, or the
// last ten seconds where the period is shorter than a minute.
func (a *Alarm) span(now int64) (from, to int64) {
	period := a.Period * 1000
	to = floorTo(now, min(60_000, max(period, 10_000)))
	return to - (a.EvaluationPeriods+sparePeriods)*period, to
}

// evaluate judges an alarm by the samples of its span.
func (a *Alarm) evaluate(samples []metricstore.Sample, now int64) verdict {
	from, to := a.span(now)
	points := make([]alarmPoint, a.EvaluationPeriods+sparePeriods)
	for i := range points {
		points[i].start = from + int64(i)*a.Period*1000
	}
	for _, b := range buckets(samples, from, a.Period*1000) {
		i := (b.start - from) / (a.Period * 1000)
		value, known := b.statistic(a.Statistic)
		if !known || b.start < from || b.start >= to {
			continue
		}
		if a.LowSampleCount == "ignore" && b.tooFew(a.Statistic) {
			return verdict{} // too few for a percentile that means something
		}
		points[i] = alarmPoint{b.start, true, value, b.count(), a.breaches(value)}
	}
	state, filled := judge(points, int(a.EvaluationPeriods), int(a.pointsToAlarm()), a.TreatMissingData)
	if state == "" {
		return verdict{}
	}
	chosen := recent(points, int(a.EvaluationPeriods))
	return verdict{state, a.reason(state, chosen, filled), a.reasonData(points, chosen, now), filled}
}

// breaches compares a value with the threshold.
func (a *Alarm) breaches(v float64) bool {
	switch a.Comparison {
	case "GreaterThanOrEqualToThreshold":
		return v >= a.Threshold
	case "GreaterThanThreshold":
		return v > a.Threshold
	case "LessThanThreshold":
		return v < a.Threshold
	}
	return v <= a.Threshold
}

// tooFew is Amazon's rule for percentiles: 10/(1-p) samples above the median,
// 10/p below it.
func (b *bucket) tooFew(statistic string) bool {
	p, ok := percentile(statistic)
	if !ok {
		return false
	}
	p /= 100
	return b.count() < 10/min(p, 1-p)
}

// recent is the n newest data points that are present, oldest first.
func recent(points []alarmPoint, n int) []alarmPoint {
	var chosen []alarmPoint
	for i := len(points) - 1; i >= 0 && len(chosen) < n; i-- {
		if points[i].present {
			chosen = append(chosen, points[i])
		}
	}
	for i, j := 0, len(chosen)-1; i < j; i, j = i+1, j-1 {
		chosen[i], chosen[j] = chosen[j], chosen[i]
	}
	return chosen
}

// judge decides "m out of n" over data points, oldest first, as documented in
// "Configuring how CloudWatch alarms treat missing data": the n newest points
// that are there decide; where there are fewer than n, missing ones count as
// the setting says, no more of them than needed. filled is how many did.
// An empty state leaves the alarm as it is.
func judge(points []alarmPoint, n, m int, treat string) (state State, filled int) {
	chosen := recent(points, n)
	breaching := 0
	for _, p := range chosen {
		if p.breaching {
			breaching++
		}
	}
	gaps := n - len(chosen)
	switch {
	case breaching >= m:
		return Alarming, 0
	case gaps == 0:
		return OK, 0
	case treat == missingBreaching:
		if breaching+gaps >= m {
			return Alarming, gaps
		}
		return OK, gaps
	case treat == missingNotBreaching:
		return OK, gaps
	case len(chosen) == 0 && treat == missingIgnore:
		return "", 0
	case len(chosen) == 0:
		return InsufficientData, n
	case breaching < len(chosen):
		return OK, 0
	}
	// All that is known breaches, but it is less than m. If the oldest of it is
	// m periods old, Amazon calls it an alarm before its time; otherwise, and
	// where missing data are to be ignored, nothing is decided.
	if treat != missingIgnore && age(points) >= m {
		return Alarming, 0
	}
	return "", 0
}

// age is how many periods ago, the newest being 1, the oldest data point is.
func age(points []alarmPoint) int {
	for i, p := range points {
		if p.present {
			return len(points) - i
		}
	}
	return 0
}

// comparisons are the words of the operators.
var comparisons = map[string]string{
	"GreaterThanOrEqualToThreshold": "greater than or equal to",
	"GreaterThanThreshold":          "greater than",
	"LessThanThreshold":             "less than",
	"LessThanOrEqualToThreshold":    "less than or equal to",
}

// maxReason is the longest reason, in bytes.
const maxReason = 1023

// reason says in Amazon's words how a state came about.
func (a *Alarm) reason(state State, chosen []alarmPoint, filled int) string {
	if state == InsufficientData {
		return "Insufficient Data: " + plural(filled, "datapoint was", "datapoints were") + " unknown."
	}
	treatment := "[NonBreaching]"
	if a.TreatMissingData == missingBreaching {
		treatment = "[Breaching]"
	}
	if len(chosen) == 0 {
		return fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s treated as %s.",
			plural(filled, "period", "periods"), plural(filled, "missing datapoint was", "missing datapoints were"), treatment)
	}
	shown, transition, minimum, not := 0, "ALARM -> OK", a.EvaluationPeriods-a.pointsToAlarm()+1, "not "
	if state == Alarming {
		transition, minimum, not = "OK -> ALARM", a.pointsToAlarm(), ""
	}
	var values []string
	for _, p := range chosen {
		if p.breaching == (state == Alarming) {
			shown++
			values = append(values, fmt.Sprintf("%s (%s)", number(p.value), time.UnixMilli(p.start).UTC().Format("02/01/06 15:04:05")))
		}
	}
	was := "was"
	if shown != 1 {
		was = "were"
	}
	text := fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints [%s] %s %s%s the threshold (%s)", shown,
		len(chosen), strings.Join(values, ", "), was, not, comparisons[a.Comparison], number(a.Threshold))
	if filled > 0 {
		text += fmt.Sprintf(" and %s treated as %s", plural(filled, "missing datapoint was", "missing datapoints were"), treatment)
	}
	text += fmt.Sprintf(" (minimum %s for %s transition).", plural(int(minimum), "datapoint", "datapoints"), transition)
	return text[:min(len(text), maxReason)]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// number is a number as Java writes it: 1.0, 0.25.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e7 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

const reasonTime = "2006-01-02T15:04:05.000-0700"

// maxReasonData is the longest reason data, in bytes.
const maxReasonData = 4000

// reasonData is the reason for programs. Of many data points, the newest are
// in it.
func (a *Alarm) reasonData(points, chosen []alarmPoint, now int64) string {
	type evaluated struct {
		Timestamp   string  `json:"timestamp"`
		SampleCount float64 `json:"sampleCount"`
		Value       float64 `json:"value"`
	}
	data := struct {
		Version    string      `json:"version"`
		QueryDate  string      `json:"queryDate"`
		StartDate  string      `json:"startDate,omitempty"`
		Unit       string      `json:"unit,omitempty"`
		Statistic  string      `json:"statistic"`
		Period     int64       `json:"period"`
		Recent     []float64   `json:"recentDatapoints"`
		Threshold  float64     `json:"threshold"`
		Datapoints []evaluated `json:"evaluatedDatapoints"`
	}{
		Version: "1.0", QueryDate: clock(now), Unit: a.Unit, Statistic: a.Statistic, Period: a.Period,
		Recent: []float64{}, Threshold: a.Threshold, Datapoints: []evaluated{},
	}
	const most = 30
	chosen = chosen[max(0, len(chosen)-most):]
	if len(chosen) > 0 {
		data.StartDate = clock(chosen[0].start)
	}
	for _, p := range chosen {
		data.Recent = append(data.Recent, p.value)
	}
	for i := len(points) - 1; i >= 0 && len(data.Datapoints) < len(chosen); i-- {
		if p := points[i]; p.present {
			data.Datapoints = append(data.Datapoints, evaluated{clock(p.start), p.samples, p.value})
		}
	}
	b, err := json.Marshal(data)
	if err != nil || len(b) > maxReasonData {
		return ""
	}
	return string(b)
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format(reasonTime) }
