package metricstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s := New(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func metric(name string, dimensions ...string) Metric {
	m := Metric{Region: "eu-west-1", Namespace: "Test", Name: name}
	for i := 0; i < len(dimensions); i += 2 {
		m.Dimensions = append(m.Dimensions, Dimension{dimensions[i], dimensions[i+1]})
	}
	return m
}

func mustAppend(t *testing.T, s *Store, data ...Datum) {
	t.Helper()
	if err := s.Append(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

// sum is count and sum of all samples of a metric.
func sum(t *testing.T, s *Store, m Metric, unit string) (rows int, count, total float64) {
	t.Helper()
	measured, err := s.Read(t.Context(), m, unit, 0, 1<<60)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range measured {
		for i, sample := range u.Samples {
			rows++
			count += sample.Count
			total += sample.Sum
			if i > 0 && u.Samples[i-1].Time >= sample.Time {
				t.Errorf("samples out of order at %d", i)
			}
		}
	}
	return rows, count, total
}

func TestRowsOfOneTime(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	now := time.Now().Truncate(time.Minute)
	var data []Datum
	for i := range 500 {
		data = append(data, Datum{Metric: metric("m"), Sample: Value(now, float64(i))})
	}
	mustAppend(t, s, data...)
	mustAppend(t, s, data...) // equal values at equal times are measurements too
	if rows, count, total := sum(t, s, metric("m"), ""); rows != 1000 || count != 1000 || total != 2*499*500/2 {
		t.Errorf("%d rows, count %g, sum %g", rows, count, total)
	}
}

func TestLateData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	now := time.Now().Truncate(time.Second)
	var count int
	for round := range 3 {
		var data []Datum
		for _, age := range []time.Duration{0, time.Minute, time.Hour, 26 * time.Hour, 13 * 24 * time.Hour, -2 * time.Hour} {
			for range 3 {
				data = append(data, Datum{Metric: metric("late"), Sample: Value(now.Add(-age), 1)},
					Datum{Metric: metric("late"), HighResolution: true, Sample: Value(now.Add(-age), 1)})
				count += 2
			}
		}
		mustAppend(t, s, data...)
		if rows, n, _ := sum(t, s, metric("late"), ""); rows != count || n != float64(count) {
			t.Errorf("round %d: %d rows, %g values, want %d", round, rows, n, count)
		}
		if err := s.Close(); err != nil { // what is known of times is forgotten
			t.Fatal(err)
		}
		s = open(t, dir)
	}
	measured, err := s.Read(t.Context(), metric("late"), "", now.Add(-13*24*time.Hour).UnixMilli(), now.Add(-12*24*time.Hour).UnixMilli())
	if err != nil || len(measured) != 1 || len(measured[0].Samples) == 0 {
		t.Fatalf("13 days ago: %v %v", measured, err)
	}
}

func TestSecondIsFull(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	at := time.Now().Truncate(time.Second)
	data := make([]Datum, 1000)
	for i := range data {
		data[i] = Datum{Metric: metric("m"), HighResolution: true, Sample: Value(at, 1)}
	}
	mustAppend(t, s, data...)
	if err := s.Append(t.Context(), data[:1]); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	data[0].Sample = Value(at.Add(time.Second), 1)
	mustAppend(t, s, data[0])
	data[0].Sample = Value(at.Add(-time.Second), 1)
	mustAppend(t, s, data[0])
	if rows, _, _ := sum(t, s, metric("m"), ""); rows != 1002 {
		t.Errorf("%d rows", rows)
	}
}

func TestStatisticSetsAndUnits(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	now := time.Now().Truncate(time.Second)
	set := Sample{Time: now.UnixMilli(), Count: 10, Sum: 50, Minimum: 1, Maximum: 9}
	weighted := Sample{Time: now.UnixMilli(), Count: 4, Sum: 12, Minimum: 3, Maximum: 3}
	mustAppend(t, s,
		Datum{Metric: metric("m"), Unit: "Count", Sample: set},
		Datum{Metric: metric("m"), Unit: "Count", Sample: weighted},
		Datum{Metric: metric("m"), Unit: "Count", Sample: Value(now, 7)},
		Datum{Metric: metric("m"), Unit: "Bytes", Sample: Value(now, 8)},
		Datum{Metric: metric("m"), Sample: Value(now, 9)})
	measured, err := s.Read(t.Context(), metric("m"), "", 0, 1<<60)
	if err != nil {
		t.Fatal(err)
	}
	after := func(s Sample, ms int64) Sample { s.Time += ms; return s }
	want := []Measured{
		{"Bytes", []Sample{Value(now, 8)}},
		{"Count", []Sample{set, after(weighted, 1), after(Value(now, 7), 2)}},
		{"None", []Sample{Value(now, 9)}},
	}
	if diff := cmp.Diff(want, measured); diff != "" {
		t.Error(diff)
	}
	if _, count, _ := sum(t, s, metric("m"), "Bytes"); count != 1 {
		t.Errorf("%g values in bytes", count)
	}
}

func TestDimensionsAreTheMetric(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	now := time.Now()
	metrics := []Metric{
		metric("m"), metric("m", "a", "1"), metric("m", "a", "2"), metric("m", "a", "1", "b", "x"),
		metric("m", "b", "x"), metric("n", "region", "r", "ns", "n", "field", "f"), metric("ñ €", "d:a", "d:\n"),
	}
	for i, m := range metrics {
		mustAppend(t, s, Datum{Metric: m, Sample: Value(now, float64(i))})
	}
	for i, m := range metrics {
		if rows, _, total := sum(t, s, m, ""); rows != 1 || total != float64(i) {
			t.Errorf("%v: %d rows, sum %g", m, rows, total)
		}
	}
	swapped := metric("m", "b", "x", "a", "1")
	if _, _, total := sum(t, s, swapped, ""); total != 3 {
		t.Errorf("the order of dimensions matters: %g", total)
	}
	mustAppend(t, s, Datum{Metric: swapped, Sample: Value(now, 30)})
	if _, _, total := sum(t, s, metrics[3], ""); total != 33 {
		t.Errorf("the order of dimensions matters when writing: %g", total)
	}

	for _, tt := range []struct {
		name   string
		filter Filter
		want   []int
	}{
		{"all", Filter{}, []int{0, 1, 3, 2, 4, 5, 6}},
		{"name", Filter{Name: "m"}, []int{0, 1, 3, 2, 4}},
		{"dimension", Filter{Dimensions: []Dimension{{"a", "1"}}}, []int{1, 3}},
		{"any value", Filter{Dimensions: []Dimension{{"b", ""}}}, []int{3, 4}},
		{"two", Filter{Dimensions: []Dimension{{"a", ""}, {"b", "x"}}}, []int{3}},
		{"namespace", Filter{Namespace: "Other"}, nil},
		{"future", Filter{Since: now.Add(time.Hour)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.filter.Region = "eu-west-1"
			list, err := s.List(t.Context(), tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			want := []Metric{}
			for _, i := range tt.want {
				m := metrics[i]
				m.Dimensions = sortedDimensions(m.Dimensions)
				want = append(want, m)
			}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Error(diff)
			}
		})
	}
	if list, err := s.List(t.Context(), Filter{Region: "us-west-2"}); err != nil || len(list) != 0 {
		t.Errorf("another region: %v %v", list, err)
	}
}

// TestRandomHistory compares with a plain list of what was written.
func TestRandomHistory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	s := open(t, dir)
	begin := time.Now().Truncate(time.Minute).Add(-3 * time.Hour)
	type total struct{ rows, count, sum float64 }
	want := map[string]total{}
	for round := range 200 {
		var data []Datum
		for range r.IntN(20) {
			m := metric(fmt.Sprint("m", r.IntN(3)))
			d := Datum{
				Metric: m, HighResolution: r.IntN(3) == 0,
				Sample: Value(begin.Add(time.Duration(r.IntN(10_000))*time.Second), float64(r.IntN(5))),
			}
			if n := float64(1 + r.IntN(3)); r.IntN(4) == 0 {
				d.Sample.Count, d.Sample.Sum = n, n*d.Sample.Minimum
			}
			w := want[m.Name]
			want[m.Name] = total{w.rows + 1, w.count + d.Sample.Count, w.sum + d.Sample.Sum}
			data = append(data, d)
		}
		mustAppend(t, s, data...)
		if round%50 == 49 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir)
		}
	}
	for name, w := range want {
		rows, count, value := sum(t, s, metric(name), "")
		if diff := cmp.Diff(w, total{float64(rows), count, value}, cmp.AllowUnexported(total{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPutNeverBlocks(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	now := time.Now()
	for range queueLength + 10 {
		s.Put("AWS/Route53", "HealthCheckStatus", []Dimension{{"HealthCheckId", "h"}}, 1, UnitNone, now)
	}
	if n := s.Dropped(); n != 10 {
		t.Errorf("%d dropped", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	m := Metric{Region, "AWS/Route53", "HealthCheckStatus", []Dimension{{"HealthCheckId", "h"}}}
	// A minute holds 60,000 rows less those before the second of now.
	rows, _, _ := sum(t, s, m, "")
	if lost := int(s.Dropped()) - 10; rows+lost != queueLength || rows == 0 {
		t.Errorf("%d rows, %d lost", rows, lost)
	}
}

func TestTemporaryDirectoryGoes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := open(t, "")
	if entries, _ := os.ReadDir(os.TempDir()); len(entries) != 0 {
		t.Errorf("made before it is needed: %v", entries)
	}
	mustAppend(t, s, Datum{Metric: metric("m"), Sample: Value(time.Now(), 1)})
	if entries, _ := os.ReadDir(os.TempDir()); len(entries) != 1 {
		t.Errorf("temporary directory: %v", entries)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(os.TempDir()); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
	if err := s.Append(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := New(Options{Logger: slog.New(slog.DiscardHandler)})
	defer s.Close()
	data := make([]Datum, 1000)
	for i := range data {
		data[i].Metric = metric("HealthCheckStatus", "HealthCheckId", fmt.Sprint(i))
	}
	at := time.Now()
	for b.Loop() {
		at = at.Add(time.Minute)
		for i := range data {
			data[i].Sample = Value(at, 1)
		}
		if err := s.Append(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(data)), "ns/datum")
}
