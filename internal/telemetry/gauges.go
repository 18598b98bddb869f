package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Gauges is gauges told apart by one label, read when somebody scrapes.
type Gauges struct {
	desc *prometheus.Desc
	read func(emit func(label string, value float64))
}

// Gauges registers Gauges; read emits each label value with its number.
func (m *Metrics) Gauges(name, help, label string, read func(emit func(label string, value float64))) {
	m.Register(&Gauges{desc: prometheus.NewDesc(name, help, []string{label}, nil), read: read})
}

// Describe is prometheus.Collector's.
func (g *Gauges) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

// Collect is prometheus.Collector's.
func (g *Gauges) Collect(ch chan<- prometheus.Metric) {
	g.read(func(label string, value float64) {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, label)
	})
}

// Histogram counts observations by size.
type Histogram = prometheus.Histogram

// NewHistogram makes a histogram of seconds from start up, each bucket twice
// the one before. It counts from the start and is shown once Register has it.
func NewHistogram(name, help string, start float64, buckets int) Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(start, 2, buckets)})
}
