// Package telemetry is the one door to logs and metrics: a slog handler with
// the keys everybody uses, and the registry that /metrics shows.
//
// Counters of the query path live in the workers (nameserver.Stats) and are
// summed when somebody scrapes; nothing here is called per query.
package telemetry

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Keys of log attributes.
const (
	KeyComponent = "component"
	KeyError     = "error"
	KeyZoneID    = "zone_id"
	KeyPosition  = "position"
	KeyAddress   = "address"
	KeyRequestID = "request_id"
	KeyOperation = "operation"
)

// NewLogger logs to w at the named level ("debug", "info", "warn", "error"),
// as "text" or "json".
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Metrics is the registry of one server.
type Metrics struct {
	registry *prometheus.Registry
}

// NewMetrics returns a registry with the metrics of process and runtime.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Register adds collectors; a name used twice panics.
func (m *Metrics) Register(c ...prometheus.Collector) { m.registry.MustRegister(c...) }

// Counter registers a counter that is read when somebody scrapes.
func (m *Metrics) Counter(name, help string, read func() uint64) {
	m.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(read()) }))
}

// Gauge registers a gauge that is read when somebody scrapes.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Vector is counters told apart by one label, read when somebody scrapes.
type Vector struct {
	desc *prometheus.Desc
	read func(emit func(label string, value uint64))
}

// Vector registers a Vector; read emits each label value with its count.
func (m *Metrics) Vector(name, help, label string, read func(emit func(label string, value uint64))) {
	m.Register(&Vector{desc: prometheus.NewDesc(name, help, []string{label}, nil), read: read})
}

// Describe is prometheus.Collector's.
func (v *Vector) Describe(ch chan<- *prometheus.Desc) { ch <- v.desc }

// Collect is prometheus.Collector's.
func (v *Vector) Collect(ch chan<- prometheus.Metric) {
	v.read(func(label string, value uint64) {
		ch <- prometheus.MustNewConstMetric(v.desc, prometheus.CounterValue, float64(value), label)
	})
}

// Requests counts and times requests by service and status.
type Requests struct {
	count    *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewRequests registers the metrics of HTTP requests.
func (m *Metrics) NewRequests() *Requests {
	r := &Requests{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "open53_http_requests_total", Help: "HTTP requests by service and status.",
		}, []string{"service", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "open53_http_request_duration_seconds", Help: "Time to answer HTTP requests.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"service"}),
	}
	m.Register(r.count, r.duration)
	return r
}
