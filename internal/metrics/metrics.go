// Package metrics gives Prometheus what the program knows: calls as they are answered,
// and state at the moment of a scrape. No label holds a name or a secret, and ids are
// labels only of what this host carries: a store may hold a million rows.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatewright/gatewright/internal/control"
)

// Metrics counts and serves. Any goroutine may use it.
type Metrics struct {
	control  *control.Control
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// New makes the metrics of one program. Version is its own.
func New(c *control.Control, version string) *Metrics {
	m := &Metrics{
		control:  c,
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatewright_api_calls_total", Help: "API calls answered, by action and code (OK or the error code).",
		}, []string{"action", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatewright_api_call_seconds", Help: "Time from the end of a call's headers to its answer, which includes reading its body.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"action"}),
	}
	m.registry.MustRegister(
		m.calls, m.seconds, &state{c: c},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gatewright_build_info", Help: "1, with the version of the program.", ConstLabels: prometheus.Labels{"version": version},
		}, func() float64 { return 1 }),
	)
	return m
}

// Observe counts one answered call. An action that the server does not know counts as
// "unknown", so that callers cannot make series.
func (m *Metrics) Observe(action, code string, took time.Duration) {
	m.calls.WithLabelValues(action, code).Inc()
	m.seconds.WithLabelValues(action).Observe(took.Seconds())
}

// Handler serves GET /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// state reads the newest snapshot at each scrape; every figure in it costs no more
// than a few comparisons, whatever the number of rows.
type state struct{ c *control.Control }

var (
	rows = prometheus.NewDesc("gatewright_rows", "Rows in the store, by table.", []string{"table"}, nil)
	rev  = prometheus.NewDesc("gatewright_store_revision", "Revision of the newest snapshot.", nil, nil)
	up   = prometheus.NewDesc("gatewright_store_writable", "1 while the store takes writes.", nil, nil)
	old  = prometheus.NewDesc("gatewright_store_stale", "1 while reads may miss writes of other replicas.", nil, nil)
	free = prometheus.NewDesc("gatewright_public_addresses_free", "Public addresses that can be given to new gateways.", nil, nil)
)

func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{rows, rev, up, old, free} {
		ch <- d
	}
}

func (s *state) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	f := s.c.Figures()
	for table, n := range f.Rows {
		gauge(rows, float64(n), table)
	}
	gauge(rev, float64(f.Revision))
	gauge(up, number(f.Writable))
	gauge(old, number(f.Stale))
	gauge(free, float64(f.FreeAddresses))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
