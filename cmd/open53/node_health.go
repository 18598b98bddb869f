package main

import (
	"context"
	cryptorand "crypto/rand"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"open53/internal/admin"
	"open53/internal/config"
	"open53/internal/health"
	"open53/internal/prober"
	"open53/internal/route53"
	"open53/internal/telemetry"
)

// newProber wires the health checks, and fills the table with what was last
// known.
func (n *node) newProber(ctx context.Context, c *config.Config) (err error) {
	n.checkerRegion = c.CheckerRegion
	cfg := prober.Config{
		Store: n.store, Table: n.world.Health, Log: n.component("prober"),
		ChangeID:     func() string { return "H" + cryptorand.Text() },
		AllowPrivate: c.ProbePrivate, Concurrency: c.ProbeConcurrency, Region: c.CheckerRegion,
		Record:     n.recordHealth,
		QueueDelay: func(d time.Duration) { n.probeDelay.Observe(d.Seconds()) },
	}
	for _, text := range c.ProbeDeny {
		cfg.Deny = append(cfg.Deny, netip.MustParsePrefix(text).Masked()) // config has checked it
	}
	if len(c.Resolvers) > 0 {
		cfg.Resolver = resolverAt(c.Resolvers)
	}
	if n.prober, err = prober.New(cfg); err != nil {
		return err
	}
	if err := n.prober.Load(ctx); err != nil {
		return err
	}
	n.followAlarms()
	return nil
}

// resolverAt asks the servers that are configured, and no others.
func resolverAt(addresses []string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addresses[rand.IntN(len(addresses))])
	}}
}

// adminHealth shows the prober as the admin API wants it.
type adminHealth struct {
	*route53.Service // routing controls
	prober           *prober.Prober
}

// List pages through the checks of a status.
func (a adminHealth) List(after string, limit int, status string) ([]admin.HealthState, bool) {
	keep := func(s *prober.State) bool {
		disabled := s.Check.Settings.Disabled
		switch status {
		case "disabled":
			return disabled
		case "healthy":
			return !disabled && s.Status.Healthy
		case "unhealthy":
			return !disabled && !s.Status.Healthy
		}
		return true
	}
	found, more := a.prober.HealthList(after, limit, keep)
	list := make([]admin.HealthState, len(found))
	for i, s := range found {
		list[i] = admin.HealthState(s)
	}
	return list, more
}

// Show is one check.
func (a adminHealth) Show(ctx context.Context, id string) (*admin.HealthState, []health.Flip, error) {
	found, ok := a.prober.Health(id)
	if !ok {
		return nil, nil, nil
	}
	flips, err := a.prober.History(ctx, id)
	state := admin.HealthState(found)
	return &state, flips, err
}

// Watch is the changes from now on.
func (a adminHealth) Watch(ctx context.Context) <-chan health.Flip { return a.prober.Watch(ctx) }

func (n *node) registerHealthMetrics(m *telemetry.Metrics) {
	m.Gauges("open53_health_checks", "Health checks by status.", "status", func(emit func(string, float64)) {
		totals := n.prober.Totals()
		emit("healthy", float64(totals.Healthy))
		emit("unhealthy", float64(totals.Unhealthy))
		emit("disabled", float64(totals.Disabled))
	})
	m.Gauges("open53_health_probes", "Health check probes under way, and due but waiting.", "state", func(emit func(string, float64)) {
		totals := n.prober.Totals()
		emit("under_way", float64(totals.UnderWay))
		emit("waiting", float64(totals.Waiting))
	})
	m.Vector("open53_health_probes_total", "Health check probes by result.", "result", func(emit func(string, uint64)) {
		for result, count := range n.prober.Totals().Probes {
			emit(result, count)
		}
	})
	m.Counter("open53_health_flips_total", "Changes of a health check's status.", func() uint64 { return n.prober.Totals().Flips })
	m.Register(n.probeDelay)
}
