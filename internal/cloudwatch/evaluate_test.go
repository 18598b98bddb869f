package cloudwatch

import (
	"strings"
	"testing"
	"time"

	"open53/internal/metricstore"
)

// pointsOf reads "0 - X": within, missing, breaching; the newest is last.
func pointsOf(text string) []alarmPoint {
	var points []alarmPoint
	for mark := range strings.FieldsSeq(text) {
		points = append(points, alarmPoint{present: mark != "-", breaching: mark == "X"})
	}
	return points
}

// TestJudge holds Amazon's tables of "Configuring how CloudWatch alarms treat
// missing data", and cases between their lines. "" keeps the state.
func TestJudge(t *testing.T) {
	const insufficient = InsufficientData
	for _, tt := range []struct {
		name   string
		m, n   int
		points string
		// by treatment
		missing, ignore, breaching, notBreaching State
	}{
		{"3 of 3, last three known", 3, 3, "0 - X - X", OK, OK, OK, OK},
		{"3 of 3, one within long ago", 3, 3, "0 - - - -", OK, OK, OK, OK},
		{"3 of 3, nothing", 3, 3, "- - - - -", insufficient, "", Alarming, OK},
		{"3 of 3, three breach around a gap", 3, 3, "0 X X - X", Alarming, Alarming, Alarming, Alarming},
		{"3 of 3, before its time", 3, 3, "- - X - -", Alarming, "", Alarming, OK},

		{"2 of 3, last three known", 2, 3, "0 - X - X", Alarming, Alarming, Alarming, Alarming},
		{"2 of 3, two breach", 2, 3, "0 0 X 0 X", Alarming, Alarming, Alarming, Alarming},
		{"2 of 3, one gap to fill", 2, 3, "0 - X - -", OK, OK, Alarming, OK},
		{"2 of 3, one within just now", 2, 3, "- - - - 0", OK, OK, Alarming, OK},
		{"2 of 3, before its time", 2, 3, "- - - X -", Alarming, "", Alarming, OK},

		{"3 of 3, one breaches just now", 3, 3, "- - - - X", "", "", Alarming, OK},
		{"3 of 3, all within", 3, 3, "0 0 0 0 0", OK, OK, OK, OK},
		{"3 of 3, all breach", 3, 3, "X X X X X", Alarming, Alarming, Alarming, Alarming},
		{"3 of 3, old breach does not count", 3, 3, "X X 0 X X", OK, OK, OK, OK},
		{"1 of 1, breach", 1, 1, "0 0 X", Alarming, Alarming, Alarming, Alarming},
		{"1 of 1, breach before gaps", 1, 1, "X - -", Alarming, Alarming, Alarming, Alarming},
		{"1 of 1, within before gaps", 1, 1, "0 - -", OK, OK, OK, OK},
		{"1 of 1, nothing", 1, 1, "- - -", insufficient, "", Alarming, OK},
		{"1 of 5, one breach among four", 1, 5, "- - X 0 0 - 0", Alarming, Alarming, Alarming, Alarming},
		{"4 of 5, gaps too few", 4, 5, "0 0 0 - - X X", OK, OK, OK, OK},
		{"4 of 5, filled gaps", 4, 5, "- - - - 0 X X", OK, OK, Alarming, OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for treat, want := range map[string]State{
				missingMissing: tt.missing, "": tt.missing, missingIgnore: tt.ignore,
				missingBreaching: tt.breaching, missingNotBreaching: tt.notBreaching,
			} {
				if got, _ := judge(pointsOf(tt.points), tt.n, tt.m, treat); got != want {
					t.Errorf("%s, missing data are %q: %q, want %q", tt.points, treat, got, want)
				}
			}
		})
	}
}

func TestBreaches(t *testing.T) {
	for _, tt := range []struct {
		comparison         string
		below, same, above bool
	}{
		{"GreaterThanOrEqualToThreshold", false, true, true},
		{"GreaterThanThreshold", false, false, true},
		{"LessThanThreshold", true, false, false},
		{"LessThanOrEqualToThreshold", true, true, false},
	} {
		a := Alarm{Comparison: tt.comparison, Threshold: 5}
		if a.breaches(4) != tt.below || a.breaches(5) != tt.same || a.breaches(6) != tt.above {
			t.Errorf("%s: %t %t %t", tt.comparison, a.breaches(4), a.breaches(5), a.breaches(6))
		}
	}
}

// evaluation is at 12:10:30; its last minute is 12:09.
var evaluation = time.Date(2026, 11, 21, 12, 10, 30, 0, time.UTC)

// minutes are samples that are as many minutes old.
func minutes(values map[int]float64) []metricstore.Sample {
	var samples []metricstore.Sample
	for age := 20; age >= 0; age-- {
		if v, ok := values[age]; ok {
			samples = append(samples, metricstore.Value(evaluation.Add(-time.Duration(age)*time.Minute), v))
		}
	}
	return samples
}

func TestEvaluate(t *testing.T) {
	base := Alarm{Statistic: average, Period: 60, EvaluationPeriods: 3, Threshold: 10, Comparison: "GreaterThanThreshold"}
	with := func(f func(a *Alarm)) Alarm { a := base; f(&a); return a }
	for _, tt := range []struct {
		name   string
		alarm  Alarm
		values map[int]float64 // by age in minutes
		state  State
		reason string
	}{
		{
			"alarm", base,
			map[int]float64{3: 11, 2: 12, 1: 13.25},
			Alarming, "Threshold Crossed: 3 out of the last 3 datapoints [11.0 (21/11/26 12:07:00), 12.0 (21/11/26 12:08:00), 13.25 (21/11/26 12:09:00)] were greater than the threshold (10.0) (minimum 3 datapoints for OK -> ALARM transition).",
		},
		{
			"the minute that runs does not count", base,
			map[int]float64{3: 11, 2: 12, 1: 1, 0: 99},
			OK, "Threshold Crossed: 1 out of the last 3 datapoints [1.0 (21/11/26 12:09:00)] was not greater than the threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition).",
		},
		{
			"M out of N", with(func(a *Alarm) { a.DatapointsToAlarm = 2 }),
			map[int]float64{3: 11, 2: 1, 1: 12},
			Alarming, "Threshold Crossed: 2 out of the last 3 datapoints [11.0 (21/11/26 12:07:00), 12.0 (21/11/26 12:09:00)] were greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).",
		},
		{"nothing", base, nil, InsufficientData, "Insufficient Data: 3 datapoints were unknown."},
		{"too old", base, map[int]float64{6: 11, 7: 11}, InsufficientData, "Insufficient Data: 3 datapoints were unknown."},
		{"ignored", with(func(a *Alarm) { a.TreatMissingData = missingIgnore }), nil, "", ""},
		{
			"nothing is a breach", with(func(a *Alarm) { a.TreatMissingData = missingBreaching }), nil,
			Alarming, "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].",
		},
		{
			"nothing is fine", with(func(a *Alarm) { a.TreatMissingData, a.EvaluationPeriods = missingNotBreaching, 1 }), nil,
			OK, "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
		},
		{
			"filled", with(func(a *Alarm) { a.TreatMissingData = missingBreaching }),
			map[int]float64{1: 11},
			Alarming, "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (21/11/26 12:09:00)] was greater than the threshold (10.0) and 2 missing datapoints were treated as [Breaching] (minimum 3 datapoints for OK -> ALARM transition).",
		},
		{
			"five minutes that slide", with(func(a *Alarm) { a.Period, a.EvaluationPeriods, a.Statistic = 300, 1, sum }),
			map[int]float64{5: 6, 1: 5, 6: 100},
			Alarming, "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (21/11/26 12:05:00)] was greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).",
		},
		{"percentile of too few", with(func(a *Alarm) { a.Statistic, a.LowSampleCount = "p90", "ignore" }), map[int]float64{1: 11}, "", ""},
		{
			"percentile", with(func(a *Alarm) { a.Statistic, a.EvaluationPeriods = "p90", 1 }),
			map[int]float64{1: 11},
			Alarming, "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (21/11/26 12:09:00)] was greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.alarm.evaluate(minutes(tt.values), evaluation.UnixMilli())
			if v.state != tt.state || v.reason != tt.reason {
				t.Errorf("%q\n%s\nwant %q\n%s", v.state, v.reason, tt.state, tt.reason)
			}
			if tt.state != "" && !isJSONObject(v.data) {
				t.Errorf("reason data %s", v.data)
			}
		})
	}
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		period, n int64
		from, to  string
	}{
		{10, 1, "12:10:00", "12:10:30"},
		{20, 1, "12:09:20", "12:10:20"},
		{30, 2, "12:08:30", "12:10:30"},
		{60, 1, "12:07:00", "12:10:00"},
		{300, 1, "11:55:00", "12:10:00"},
		{3600, 2, "08:10:00", "12:10:00"},
	} {
		a := Alarm{Period: tt.period, EvaluationPeriods: tt.n}
		from, to := a.span(evaluation.UnixMilli())
		clock := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.TimeOnly) }
		if clock(from) != tt.from || clock(to) != tt.to {
			t.Errorf("%d × %d s: %s to %s, want %s to %s", tt.n, tt.period, clock(from), clock(to), tt.from, tt.to)
		}
	}
}

func TestReasonsFit(t *testing.T) {
	a := Alarm{Statistic: average, Period: 60, EvaluationPeriods: 1440, Threshold: 1, Comparison: "GreaterThanThreshold"}
	var samples []metricstore.Sample
	for age := 1441; age > 0; age-- {
		samples = append(samples, metricstore.Value(evaluation.Add(-time.Duration(age)*time.Minute), 1e300/3))
	}
	v := a.evaluate(samples, evaluation.UnixMilli())
	if v.state != Alarming || len(v.reason) > 1023 || len(v.data) > 4000 || v.data == "" {
		t.Errorf("%s: %d and %d bytes", v.state, len(v.reason), len(v.data))
	}
}

func TestStatistics(t *testing.T) {
	at := evaluation
	set := metricstore.Sample{Time: at.UnixMilli(), Count: 4, Sum: 10, Minimum: 1, Maximum: 4}
	twice := metricstore.Sample{Time: at.UnixMilli(), Count: 2, Sum: 14, Minimum: 7, Maximum: 7}
	for _, tt := range []struct {
		name    string
		samples []metricstore.Sample
		want    map[string]float64 // without those that cannot be known
	}{
		{"one", []metricstore.Sample{metricstore.Value(at, 3)}, map[string]float64{sampleCount: 1, sum: 3, average: 3, minimum: 3, maximum: 3, "p0": 3, "p50": 3, "p100": 3}},
		{"set", []metricstore.Sample{set, metricstore.Value(at, -2)}, map[string]float64{sampleCount: 5, sum: 8, average: 1.6, minimum: -2, maximum: 4}},
		{"weights", []metricstore.Sample{twice, metricstore.Value(at, 1), metricstore.Value(at, 9)}, map[string]float64{
			sampleCount: 4, sum: 24, average: 6, minimum: 1, maximum: 9, "p0": 1, "p25": 1, "p25.1": 7, "p50": 7, "p75": 7, "p99.9": 9, "p100": 9,
		}},
		{"none", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bucket{samples: tt.samples}
			for _, name := range []string{sampleCount, sum, average, minimum, maximum, "p0", "p25", "p25.1", "p50", "p75", "p99.9", "p100", "p101", "p", "tm90"} {
				got, ok := b.statistic(name)
				want, known := tt.want[name]
				if _, asked := tt.want[name]; !asked && ok && strings.HasPrefix(name, "p") && tt.name != "set" {
					continue // a percentile that the table does not list
				}
				if ok != known || got != want {
					t.Errorf("%s: %g %t, want %g %t", name, got, ok, want, known)
				}
			}
		})
	}
}
