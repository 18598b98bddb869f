package metricstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Measured is the samples of a metric in one unit, in order of time.
type Measured struct {
	Unit    string
	Samples []Sample
}

// Read returns what was measured of a metric from from up to but not
// including to (Unix milliseconds), in one unit or, where it is empty, in each,
// in the order of their names. What is older than Retention is gone.
func (s *Store) Read(ctx context.Context, m Metric, unit string, from, to int64) ([]Measured, error) {
	from = max(from, s.options.Now().Add(-Retention).UnixMilli())
	if from >= to {
		return nil, nil
	}
	db, err := s.open()
	if err != nil {
		return nil, err
	}
	series, err := s.read(ctx, db, &m, unit, from, to-1)
	if err != nil {
		return nil, err
	}
	measured := make([]Measured, 0, len(series))
	for unit, rows := range series {
		measured = append(measured, Measured{unit, rows.join()})
	}
	slices.SortFunc(measured, func(a, b Measured) int { return strings.Compare(a.Unit, b.Unit) })
	return measured, nil
}

// point is one field of one row.
type point struct {
	time  int64
	value float64
}

// rowSet is the rows of a metric and unit, by field, in order of time.
type rowSet struct{ points map[string][]point }

// read reads rows by unit; from and to are included.
func (s *Store) read(ctx context.Context, db *tsdb.DB, m *Metric, unit string, from, to int64) (map[string]*rowSet, error) {
	matchers := []*labels.Matcher{
		equal(labelRegion, m.Region), equal(labelNamespace, m.Namespace), equal(labelName, m.Name),
		equal(labelCount, strconv.Itoa(len(m.Dimensions))),
	}
	if unit != "" {
		matchers = append(matchers, equal(labelUnit, unit))
	}
	for _, d := range m.Dimensions {
		matchers = append(matchers, equal(dimensionLabel+d.Name, d.Value))
	}
	q, err := db.Querier(from, to)
	if err != nil {
		return nil, fmt.Errorf("read metric: %w", err)
	}
	defer q.Close() //nolint:errcheck // nothing was written
	rows := map[string]*rowSet{}
	found := q.Select(ctx, false, nil, matchers...)
	var it chunkenc.Iterator
	for found.Next() {
		series := found.At()
		unit := series.Labels().Get(labelUnit)
		if rows[unit] == nil {
			rows[unit] = &rowSet{map[string][]point{}}
		}
		var points []point
		for it = series.Iterator(it); it.Next() == chunkenc.ValFloat; {
			if t, v := it.At(); from <= t && t <= to {
				points = append(points, point{t, v})
			}
		}
		if err := it.Err(); err != nil {
			return nil, fmt.Errorf("read metric: %w", err)
		}
		rows[unit].points[series.Labels().Get(labelField)] = points
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read metric: %w", err)
	}
	return rows, nil
}

func equal(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, name, value) // only regular expressions fail
}

// join puts rows together from their fields.
func (r *rowSet) join() []Sample {
	counts, sums := r.points[fieldCount], r.points[fieldSum]
	minima, maxima := r.points[fieldMinimum], r.points[fieldMaximum]
	samples := make([]Sample, 0, len(r.points[fieldValue])+len(sums))
	for _, p := range r.points[fieldValue] {
		count, rest, counted := advance(counts, p.time)
		if counts = rest; !counted {
			count = 1
		}
		samples = append(samples, Sample{p.time, count, p.value * count, p.value, p.value})
	}
	counts = r.points[fieldCount]
	for _, p := range sums {
		sample := Sample{Time: p.time, Sum: p.value}
		sample.Count, counts, _ = advance(counts, p.time)
		sample.Minimum, minima, _ = advance(minima, p.time)
		sample.Maximum, maxima, _ = advance(maxima, p.time)
		samples = append(samples, sample)
	}
	slices.SortFunc(samples, func(a, b Sample) int { return cmp.Compare(a.Time, b.Time) })
	return samples
}

// advance drops the points before t and returns the value at t, if any.
func advance(points []point, t int64) (value float64, rest []point, found bool) {
	for len(points) > 0 && points[0].time < t {
		points = points[1:]
	}
	if len(points) == 0 || points[0].time != t {
		return 0, points, false
	}
	return points[0].value, points, true
}

// Filter chooses metrics. Empty fields choose all.
type Filter struct {
	Region, Namespace, Name string
	// Dimensions that a metric must have, among others; an empty value is any.
	Dimensions []Dimension
	// Since leaves out what was not measured after it.
	Since time.Time
}

// List returns the metrics that a filter chooses, each once, in order of
// namespace, name and dimensions; those have theirs in order of name.
func (s *Store) List(ctx context.Context, f Filter) ([]Metric, error) {
	db, err := s.open()
	if err != nil {
		return nil, err
	}
	matchers := []*labels.Matcher{equal(labelRegion, f.Region)}
	for _, m := range [...]struct{ label, value string }{{labelNamespace, f.Namespace}, {labelName, f.Name}} {
		if m.value != "" {
			matchers = append(matchers, equal(m.label, m.value))
		}
	}
	for _, d := range f.Dimensions {
		if d.Value != "" {
			matchers = append(matchers, equal(dimensionLabel+d.Name, d.Value))
		} else {
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchNotEqual, dimensionLabel+d.Name, ""))
		}
	}
	from := max(f.Since.UnixMilli(), s.options.Now().Add(-Retention).UnixMilli())
	q, err := db.Querier(from, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("list metrics: %w", err)
	}
	defer q.Close() //nolint:errcheck // nothing was written
	metrics := map[string]Metric{}
	found := q.Select(ctx, false, nil, matchers...)
	var it chunkenc.Iterator
	for found.Next() {
		if it = found.At().Iterator(it); it.Next() == chunkenc.ValNone {
			continue // all of it is older
		}
		m := metricOf(found.At().Labels())
		metrics[metricKey(&m, "")] = m
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("list metrics: %w", err)
	}
	list := make([]Metric, 0, len(metrics))
	for _, m := range metrics {
		list = append(list, m)
	}
	slices.SortFunc(list, Compare)
	return list, nil
}

// Compare orders metrics as List does.
func Compare(a, b Metric) int {
	return cmp.Or(
		strings.Compare(a.Region, b.Region), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
		slices.CompareFunc(a.Dimensions, b.Dimensions, func(a, b Dimension) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
		}))
}

// metricOf reads the labels of a series.
func metricOf(l labels.Labels) Metric {
	m := Metric{Region: l.Get(labelRegion), Namespace: l.Get(labelNamespace), Name: l.Get(labelName)}
	l.Range(func(label labels.Label) {
		if name, ok := strings.CutPrefix(label.Name, dimensionLabel); ok {
			m.Dimensions = append(m.Dimensions, Dimension{strings.Clone(name), strings.Clone(label.Value)})
		}
	})
	m.Region, m.Namespace, m.Name = strings.Clone(m.Region), strings.Clone(m.Namespace), strings.Clone(m.Name)
	return m
}
