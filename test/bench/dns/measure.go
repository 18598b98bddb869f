package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// trial is one load on one server.
type trial struct {
	server  *dnsserver.Prepared
	process *process.Process
	load    dnsperf.Load
	// probe is a second, small load beside it, for its latencies.
	probe *dnsperf.Load
	// write starts making changes; what it returns waits for their end.
	write func(context.Context) (func() (*writes, error), error)
}

// sample is what came of a trial.
type sample struct {
	perQuery time.Duration // processor time per answered query
	qps      float64
	busy     float64 // share of its processor that the server used
	sent     int
	lost     int
	size     int // mean response, in bytes
	rcodes   map[string]int
	// others is the share of both processors that went to processes that have
	// no part in this, or to other machines.
	others    others
	latencies []time.Duration // of the probe
	writes    *writes
	problem   string
}

// others are shares of processors: 0 to 1.
type others struct{ server, generator float64 }

// Shares up to which a sample counts as undisturbed. The kernel's account is
// inexact by 1 or 2 % in a few seconds.
const (
	serverDisturbed    = 0.05
	generatorDisturbed = 0.10
)

func (o others) disturb() bool {
	return o.server > serverDisturbed || o.generator > generatorDisturbed
}

// defaultTries is how often a disturbed sample is taken in all.
const defaultTries = 3

// measure warms up and measures. A disturbed sample is taken again; the least
// disturbed one counts, and says so if it still was.
func (b *bench) measure(ctx context.Context, t trial) (*sample, error) {
	warm := t.load
	warm.Seconds = min(1, b.seconds)
	if _, err := dnsperf.Run(ctx, warm); err != nil {
		return nil, errors.Join(err, t.process.Alive())
	}
	var best *sample
	for try := range b.tries {
		if try > 0 {
			b.awaitQuiet(ctx)
		}
		s, err := b.try(ctx, t)
		if err != nil {
			return nil, errors.Join(err, t.process.Alive())
		}
		b.notef("  %-10s %8.0f/s %6s µs, %3.0f %% busy, %d lost, others %.0f %% and %.0f %%\n", t.server.Name,
			s.qps, report.Micros(s.perQuery), s.busy*100, s.lost, s.others.server*100, s.others.generator*100)
		if best == nil || s.others.server+s.others.generator < best.others.server+best.others.generator {
			best = s
		}
		if !best.others.disturb() {
			return best, nil
		}
	}
	best.problem = fmt.Sprintf("others took %.0f %% and %.0f %%", best.others.server*100, best.others.generator*100)
	return best, nil
}

// patience is how long a disturbance may last before a sample is taken anyway.
const patience = 20 * time.Second

// awaitQuiet waits until nobody else uses the processors.
func (b *bench) awaitQuiet(ctx context.Context) {
	for begin := time.Now(); time.Since(begin) < patience && ctx.Err() == nil; {
		before, err := b.clocks(nil)
		if err != nil {
			return // the next sample will fail, and say why
		}
		time.Sleep(time.Second)
		after, err := b.clocks(nil)
		elapsed := after.at.Sub(before.at)
		if err != nil || share(after.server-before.server, elapsed) < serverDisturbed && share(after.generator-before.generator, elapsed) < generatorDisturbed {
			return
		}
	}
}

// try measures once.
func (b *bench) try(ctx context.Context, t trial) (s *sample, err error) {
	finish := func() (*writes, error) { return &writes{}, nil }
	if t.write != nil {
		if finish, err = t.write(ctx); err != nil {
			return nil, err
		}
	}
	before, err := b.clocks(t.process)
	if err != nil {
		return nil, err
	}
	result, probe, err := runLoads(ctx, t)
	w, fault := finish()
	if err := errors.Join(err, fault); err != nil {
		return nil, err
	}
	after, err := b.clocks(t.process)
	if err != nil {
		return nil, err
	}
	spent := after.process - before.process
	elapsed := after.at.Sub(before.at)
	s = &sample{
		perQuery: spent / time.Duration(result.Completed+probe.Completed), qps: result.QPS + probe.QPS,
		busy: spent.Seconds() / (float64(result.Completed) / result.QPS),
		sent: result.Sent + probe.Sent, lost: result.Lost + probe.Lost, size: result.ResponseSize, rcodes: result.Rcodes,
		others: others{
			server:    share(after.server-before.server-spent, elapsed),
			generator: share(after.generator-before.generator-result.CPU-probe.CPU-w.cpu, elapsed),
		},
		latencies: probe.Latencies,
	}
	if t.write != nil {
		s.writes = w
	}
	if result.Reconnections > 0 {
		s.problem = fmt.Sprintf("%d connections closed", result.Reconnections)
	}
	return s, nil
}

// runLoads runs the load, and the probe beside it if there is one.
func runLoads(ctx context.Context, t trial) (result, probe *dnsperf.Result, err error) {
	probe = &dnsperf.Result{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		result, err = dnsperf.Run(ctx, t.load)
		return err
	})
	if t.probe != nil {
		group.Go(func() (err error) {
			probe, err = dnsperf.Run(ctx, *t.probe)
			return err
		})
	}
	err = group.Wait()
	return result, probe, err
}

// clocks are the accounts that a sample is the difference of.
type clocks struct {
	at                time.Time
	process           time.Duration // of the server
	server, generator time.Duration // of the processors
}

// clocks reads them. The server is idle or p is given.
func (b *bench) clocks(p *process.Process) (c clocks, err error) {
	var faults [3]error
	c.server, faults[0] = process.Busy(b.serverCPU)
	c.generator, faults[1] = process.Busy(b.generatorCPU)
	if p != nil {
		c.process, faults[2] = p.CPU()
	}
	c.at = time.Now()
	return c, errors.Join(faults[:]...)
}

func share(part, whole time.Duration) float64 { return max(0, float64(part)/float64(whole)) }

// check compares the response codes with the mix of the queries.
func (s *sample) check(mix zonedata.Mix) {
	total := 0
	for _, count := range s.rcodes {
		total += count
	}
	nxdomain := float64(s.rcodes["NXDOMAIN"]) / float64(total)
	noerror := float64(s.rcodes["NOERROR"]) / float64(total)
	if math.Abs(nxdomain-mix.NXDOMAINs()) > 0.02 || nxdomain+noerror < 0.999 {
		s.problem = strings.TrimSpace(fmt.Sprintf("wrong answers: %v %s", s.rcodes, s.problem))
	}
}
