package metricstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Labels of the series. Dimensions have labels of their own, with a prefix
// that keeps them apart from these.
const (
	labelName      = "__name__"
	labelRegion    = "region"
	labelNamespace = "ns"
	labelUnit      = "unit"
	labelCount     = "dims" // how many dimensions there are
	labelField     = "field"
	dimensionLabel = "d:"
)

// Fields of a row.
const (
	fieldValue   = "v"
	fieldCount   = "n"
	fieldSum     = "sum"
	fieldMinimum = "min"
	fieldMaximum = "max"
)

// UnitNone is the unit of data that have none.
const UnitNone = "None"

// rowTimes is the latest time used, by metric and unit, of those that were
// written to lately.
type rowTimes map[string]int64

// maxRowTimes bounds the memory for them. What is forgotten is looked up.
const maxRowTimes = 1 << 18

// Append writes data, all or none, and returns when they can be read. Errors:
// ErrFull, ErrClosed, those of the database and of ctx.
func (s *Store) Append(ctx context.Context, data []Datum) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if len(s.rows) > maxRowTimes {
		clear(s.rows)
	}
	w := writer{store: s, db: db, appender: db.Appender(ctx), chosen: map[secondKey]int64{}}
	for i := range data {
		if err := w.write(ctx, &data[i]); err != nil {
			clear(s.rows) // they speak of rows that will not be
			_ = w.appender.Rollback()
			return fmt.Errorf("write metric: %w", err)
		}
	}
	if err := w.appender.Commit(); err != nil {
		clear(s.rows)
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// writer is one Append.
type writer struct {
	store    *Store
	db       *tsdb.DB
	appender storage.Appender
	// chosen is the latest time chosen in a second, for data that come late:
	// the database does not show what is not committed, and of two rows with
	// one time it would keep one without a word.
	chosen map[secondKey]int64
}

type secondKey struct {
	metric string // and unit
	second int64
}

func (w *writer) write(ctx context.Context, d *Datum) error {
	unit := d.Unit
	if unit == "" {
		unit = UnitNone
	}
	at, err := w.choose(ctx, d, unit)
	if err != nil {
		return err
	}
	sample := &d.Sample
	if sample.Exact() {
		if err := w.field(d, unit, fieldValue, at, sample.Minimum); err != nil || sample.Count == 1 {
			return err
		}
		return w.field(d, unit, fieldCount, at, sample.Count)
	}
	for _, f := range [...]struct {
		name  string
		value float64
	}{{fieldCount, sample.Count}, {fieldSum, sample.Sum}, {fieldMinimum, sample.Minimum}, {fieldMaximum, sample.Maximum}} {
		if err := w.field(d, unit, f.name, at, f.value); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) field(d *Datum, unit, field string, at int64, value float64) error {
	_, err := w.appender.Append(0, seriesLabels(&d.Metric, unit, field), at, value)
	return err
}

// choose finds a free time for a row: the second it belongs to, or the next
// millisecond that is free in its second or, of standard resolution, in what
// is left of its minute.
func (w *writer) choose(ctx context.Context, d *Datum, unit string) (int64, error) {
	second := floor(d.Sample.Time, 1000)
	end := second + 1000
	if !d.HighResolution {
		end = floor(second, 60_000) + 60_000
	}
	key := metricKey(&d.Metric, unit)
	last, known := w.store.rows[key]
	if !known {
		var err error
		if last, err = w.latest(ctx, d, unit, second, math.MaxInt64); err != nil {
			return 0, err
		}
	}
	at := max(second, last+1)
	if at < end {
		w.store.rows[key] = at
		w.chosen[secondKey{key, floor(at, 1000)}] = at
		return at, nil
	}
	w.store.rows[key] = last
	for ; second < end; second += 1000 { // late: newer rows exist
		last, known := w.chosen[secondKey{key, second}]
		if !known {
			var err error
			if last, err = w.latest(ctx, d, unit, second, second+999); err != nil {
				return 0, err
			}
		}
		if last+1 < second+1000 {
			w.chosen[secondKey{key, second}] = last + 1
			return last + 1, nil
		}
	}
	return 0, ErrFull
}

// latest is the time of the last row within a span; the millisecond before the
// span if there is none.
func (w *writer) latest(ctx context.Context, d *Datum, unit string, from, to int64) (int64, error) {
	latest := from - 1
	series, err := w.store.read(ctx, w.db, &d.Metric, unit, from, to)
	for _, f := range series {
		for _, points := range f.points {
			if n := len(points); n > 0 {
				latest = max(latest, points[n-1].time)
			}
		}
	}
	return latest, err
}

// floor rounds down to a multiple of width.
func floor(t, width int64) int64 {
	m := t % width
	if m < 0 {
		m += width
	}
	return t - m
}

// sortedDimensions returns dimensions in order of name, without touching the
// caller's.
func sortedDimensions(dimensions []Dimension) []Dimension {
	byName := func(a, b Dimension) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(dimensions, byName) {
		return dimensions
	}
	dimensions = slices.Clone(dimensions)
	slices.SortFunc(dimensions, byName)
	return dimensions
}

// metricKey is one text per metric and unit.
func metricKey(m *Metric, unit string) string {
	var b strings.Builder
	for _, text := range [...]string{m.Region, m.Namespace, m.Name, unit} {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(':')
		b.WriteString(text)
	}
	for _, d := range sortedDimensions(m.Dimensions) {
		for _, text := range [...]string{d.Name, d.Value} {
			b.WriteString(strconv.Itoa(len(text)))
			b.WriteByte(':')
			b.WriteString(text)
		}
	}
	return b.String()
}

func seriesLabels(m *Metric, unit, field string) labels.Labels {
	texts := make([]string, 0, 12+2*len(m.Dimensions))
	texts = append(texts,
		labelName, m.Name, labelRegion, m.Region, labelNamespace, m.Namespace, labelUnit, unit,
		labelCount, strconv.Itoa(len(m.Dimensions)), labelField, field)
	for _, d := range m.Dimensions {
		texts = append(texts, dimensionLabel+d.Name, d.Value)
	}
	return labels.FromStrings(texts...) // sorts
}
