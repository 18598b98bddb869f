package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/report"
)

// changeRate is how many changes a second the zone takes in the second part.
const changeRate = 1000

// scenario is a row of the second part: a server, and what happens to its zone.
type scenario struct {
	title  string
	server *dnsserver.Prepared
	batch  int // changes in a batch; 0 makes none

	half, full []*sample // by round: at half load, at full load
}

// writes is what the program of test/bench/changes prints.
type writes struct {
	Changes, Batches, Failed int
	Fault                    string
	Seconds                  float64
	P50, P99, Max            float64 // milliseconds

	cpu time.Duration // of that program
}

// changes is the second part: latency at half of what NSD can do, and cost at
// full load, while the zone changes and while it does not.
func (b *bench) changes(ctx context.Context, names int) error {
	zone, file, queries, err := b.zone(names)
	if err != nil {
		return err
	}
	program := filepath.Join(b.dir, "bench-changes")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "open53/test/bench/changes").CombinedOutput(); err != nil {
		return fmt.Errorf("build the writer: %w: %s", err, out)
	}
	servers := map[string]*dnsserver.Prepared{}
	for _, name := range []string{"NSD", "echo", "open53"} {
		named, err := dnsserver.Named(name)
		if err != nil {
			return err
		}
		if servers[name], err = b.prepare(ctx, named[0], zone, file); err != nil {
			return err
		}
	}
	scenarios := []*scenario{
		{title: "NSD, no changes", server: servers["NSD"]},
		{title: "echo", server: servers["echo"]},
		{title: "open53, no changes", server: servers["open53"]},
		{title: "open53, 1,000 changes/s in batches of 10", server: servers["open53"], batch: 10},
		{title: "open53, 1,000 changes/s, one at a time", server: servers["open53"], batch: 1},
	}
	rate := 0 // half of what NSD did in the first round
	for round := range b.rounds {
		for _, s := range scenarios {
			b.notef("%d names, changes: round %d of %d: %s\n", names, round+1, b.rounds, s.title)
			if err := b.scenario(ctx, s, queries[headline], program, &rate); err != nil {
				return fmt.Errorf("%s: %w", s.title, err)
			}
		}
	}
	return b.reportChanges(scenarios, names, rate)
}

// scenario starts the server and measures it at full and at half load.
func (b *bench) scenario(ctx context.Context, s *scenario, queries, program string, rate *int) (err error) {
	running, err := s.server.Start(ctx, b.serverCPU)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	t := trial{server: s.server, process: running.Process, load: b.dnsperf(s.server, load{}, queries)}
	if s.batch > 0 {
		t.write = func(ctx context.Context) (func() (*writes, error), error) { return b.write(ctx, s, program) }
	}
	full, err := b.measure(ctx, t)
	if err != nil {
		return err
	}
	s.full = append(s.full, full)
	if *rate == 0 {
		*rate = int(full.qps / 2)
	}
	// A pause of the server must not become a pause of the load: not of the
	// probe's for a second, and not of the rest for some milliseconds. dnsperf
	// gets slower with more on their way.
	probe := t.load
	probe.QPS, probe.Clients, probe.Outstanding, probe.Latencies = probeRate, 2, probeRate, true
	t.probe = &probe
	t.load.QPS, t.load.Outstanding = *rate-probeRate, 1000
	half, err := b.measure(ctx, t)
	if err != nil {
		return err
	}
	slices.Sort(half.latencies)
	s.half = append(s.half, half)
	return nil
}

// probeRate is how many of the queries at half load have their latency taken,
// per second, by a second dnsperf. The one that makes the load would see
// answers late, as it is always busy sending.
const probeRate = 4000

// settle is how long changes go on before a load begins.
const settle = 300 * time.Millisecond

// write starts making changes, as long as a load lasts; what it returns waits
// for the end of them. The writer has dnsperf's processor when dnsperf leaves
// it (SCHED_IDLE), so that it does not take from the load.
func (b *bench) write(ctx context.Context, s *scenario, program string) (finish func() (*writes, error), err error) {
	node := s.server.Setup.Node
	length := b.seconds + settle.Seconds()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(length*float64(time.Second))+30*time.Second)
	cmd := exec.CommandContext(ctx, "chrt", "--idle", "0", "taskset", "-c", b.generatorCPU, program,
		"-endpoint", "http://"+node.API.String(), "-credentials", node.Credentials(),
		"-zone", s.server.Setup.Zone.Apex, "-names", strconv.Itoa(s.server.Setup.Zone.Names),
		"-rate", strconv.Itoa(changeRate), "-batch", strconv.Itoa(s.batch), "-seconds", fmt.Sprint(length))
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	time.Sleep(settle)
	return func() (*writes, error) {
		defer cancel()
		if err := cmd.Wait(); err != nil {
			return nil, fmt.Errorf("make changes: %w: %s", err, complaints.String())
		}
		w := &writes{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		if err := json.Unmarshal(out.Bytes(), w); err != nil {
			return nil, fmt.Errorf("make changes: %w", err)
		}
		if w.Failed > 0 {
			return nil, fmt.Errorf("%d of %d batches failed: %s", w.Failed, w.Batches, w.Fault)
		}
		return w, nil
	}, nil
}

// reportChanges prints the tables of the second part.
func (b *bench) reportChanges(scenarios []*scenario, names, rate int) error {
	b.printf("\n### Latency of answers at %s queries/s (half of what NSD answers): %s names, UDP, %s latencies a second\n\n", report.Count(rate), report.Count(names), report.Count(probeRate))
	table := report.Table{Header: []string{"", "p50, ms", "p99", "p99.9", "least–most", "max", "lost", "queries/s", "CPU µs/query", "changes/s", "change p50, ms", "p99", "remarks"}}
	for _, s := range scenarios {
		at := func(share float64) []time.Duration {
			return each(s.half, func(s *sample) time.Duration { return report.Percentile(s.latencies, share) })
		}
		row := []string{s.title}
		for _, share := range []float64{0.5, 0.99, 0.999} {
			row = append(row, report.Millis(report.Median(at(share))))
		}
		row = append(row, spread(at(0.999), report.Millis), report.Millis(report.Median(at(1))))
		table.Add(append(row, common(s.half)...)...)
	}
	if _, err := table.WriteTo(b.out); err != nil {
		return err
	}
	b.printf("\n### Full load while the zone changes: %s names, UDP\n\n", report.Count(names))
	table = report.Table{Header: []string{"", "lost", "queries/s", "CPU µs/query", "changes/s", "change p50, ms", "p99", "remarks"}}
	for _, s := range scenarios {
		table.Add(append([]string{s.title}, common(s.full)...)...)
	}
	_, err := table.WriteTo(b.out)
	return err
}

// common are the columns that both tables have.
func common(list []*sample) []string {
	lost := 0
	for _, o := range list {
		lost += o.lost
	}
	cells := []string{
		fmt.Sprint(lost),
		report.Count(report.Median(each(list, func(o *sample) float64 { return o.qps }))),
		report.Micros(report.Median(each(list, func(o *sample) time.Duration { return o.perQuery }))),
	}
	if len(list) == 0 || list[0].writes == nil {
		return append(cells, "–", "–", "–", remarks(list))
	}
	median := func(value func(w *writes) float64) float64 {
		return report.Median(each(list, func(o *sample) float64 { return value(o.writes) }))
	}
	return append(cells,
		report.Count(median(func(w *writes) float64 { return float64(w.Changes) / w.Seconds })),
		fmt.Sprintf("%.1f", median(func(w *writes) float64 { return w.P50 })),
		fmt.Sprintf("%.1f", median(func(w *writes) float64 { return w.P99 })), remarks(list))
}
