// Gc compares settings of Go's garbage collector for open53: what queries and
// changes cost, how long the collector stops the world, and what latency
// clients see at the far end, while a zone of a million names takes a thousand
// changes a second. Settings go into the environment of the process.
//
// The report is Markdown on standard output; progress goes to standard error.
//
//	go run ./test/bench/gc
//	go run ./test/bench/gc -settings GOGC=100,GOGC=400,GOGC=off+GOMEMLIMIT=300MiB -rounds 3
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// bench is one run.
type bench struct {
	settings []string
	names    int
	rounds   int
	seconds  float64
	qps      int
	changes  int // a second, in batches of 10
	cpus     [2]string

	dir     string
	zone    zonedata.Zone
	server  *dnsserver.Prepared
	queries string
	writer  string // program
}

// probeRate is how many queries a second have their latency taken.
const probeRate = 2000

// sample is one setting in one round.
type sample struct {
	cpu        float64 // seconds of processor a second
	cycles     float64 // collections a second
	pause      float64 // longest stop of the world, in seconds
	heap, rss  int64
	latencies  []time.Duration // sorted
	lost       int
	changeP99  float64 // milliseconds
	changeRate float64
}

func main() {
	runtime.LockOSThread() // servers die with the thread that started them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-gc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	b := &bench{}
	f := flag.NewFlagSet("gc", flag.ContinueOnError)
	settings := f.String("settings", "GOGC=100,GOGC=50,GOGC=200,GOGC=400,GOGC=off+GOMEMLIMIT=300MiB", "environments to compare")
	f.IntVar(&b.names, "names", 1_000_000, "size of the zone")
	f.IntVar(&b.rounds, "rounds", 3, "how often each is measured")
	f.Float64Var(&b.seconds, "seconds", 5, "length of each load")
	f.IntVar(&b.qps, "qps", 20_000, "queries a second")
	f.IntVar(&b.changes, "changes", 1000, "changes a second")
	f.StringVar(&b.cpus[0], "server-cpu", "0", "processor of the server")
	f.StringVar(&b.cpus[1], "generator-cpu", "1", "processor of dnsperf")
	program := f.String("open53", "", "`FILE` of the open53 program (default: build it)")
	if err := f.Parse(args); err != nil {
		return err
	}
	b.settings = strings.Split(*settings, ",")
	if b.dir, err = os.MkdirTemp("", "open53-bench-gc-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	if err := b.prepare(ctx, *program); err != nil {
		return err
	}
	samples := map[string][]*sample{}
	for round := range b.rounds {
		for _, setting := range b.settings {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, b.rounds, setting)
			s, err := b.measure(ctx, setting)
			if err != nil {
				return fmt.Errorf("%s: %w", setting, err)
			}
			samples[setting] = append(samples[setting], s)
		}
	}
	return b.report(ctx, args, samples)
}

// prepare builds the programs and imports the zone.
func (b *bench) prepare(ctx context.Context, program string) error {
	b.zone = zonedata.Zone{Apex: "bench.example.", Names: b.names}
	file := filepath.Join(b.dir, "zone")
	b.queries = filepath.Join(b.dir, "queries")
	b.writer = filepath.Join(b.dir, "bench-changes")
	if err := errors.Join(b.zone.WriteFile(file), b.zone.WriteQueries(b.queries, zonedata.Headline, 500_000)); err != nil {
		return err
	}
	programs, err := dnsserver.Build(ctx, b.dir, program)
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.writer, "open53/test/bench/changes").CombinedOutput(); err != nil {
		return fmt.Errorf("build the writer: %w: %s", err, out)
	}
	address, err := dnsserver.FreeAddress()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "importing", b.names, "names")
	b.server, err = dnsserver.Open53().Prepare(ctx, dnsserver.Setup{
		Dir: filepath.Join(b.dir, "open53"), Address: address, Zone: b.zone, ZoneFile: file, Programs: programs,
	})
	return err
}

// measure starts the server with a setting and loads it.
func (b *bench) measure(ctx context.Context, setting string) (s *sample, err error) {
	running, err := b.server.WithEnv(strings.Split(setting, "+")...).Start(ctx, b.cpus[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	if _, err := b.load(ctx, 1); err != nil { // warms up
		return nil, err
	}
	before, err := b.counters(ctx, running.Process)
	if err != nil {
		return nil, err
	}
	if s, err = b.load(ctx, b.seconds); err != nil {
		return nil, err
	}
	after, err := b.counters(ctx, running.Process)
	if err != nil {
		return nil, err
	}
	elapsed := after.at.Sub(before.at).Seconds()
	s.cpu = (after.cpu - before.cpu).Seconds() / elapsed
	s.cycles = (after.cycles - before.cycles) / elapsed
	s.pause, s.heap = after.pause, int64(after.heap)
	memory, err := running.Memory()
	s.rss = memory.RSS
	return s, err
}

// load makes queries and changes for some seconds.
func (b *bench) load(ctx context.Context, seconds float64) (*sample, error) {
	s := &sample{}
	load := dnsperf.Load{Server: b.server.Setup.Address, Queries: b.queries, Seconds: seconds, Clients: 8, Outstanding: 1000, QPS: b.qps - probeRate, CPUs: b.cpus[1]}
	probe := load
	probe.QPS, probe.Clients, probe.Outstanding, probe.Latencies = probeRate, 2, probeRate, true
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		r, err := dnsperf.Run(ctx, load)
		if err == nil {
			s.lost += r.Lost
		}
		return err
	})
	group.Go(func() error {
		r, err := dnsperf.Run(ctx, probe)
		if err == nil {
			s.latencies = r.Latencies
			slices.Sort(s.latencies)
		}
		return err
	})
	group.Go(func() error { return b.change(ctx, seconds, s) })
	return s, group.Wait()
}

// change runs the writer where dnsperf leaves it the processor.
func (b *bench) change(ctx context.Context, seconds float64, s *sample) error {
	if b.changes == 0 {
		return nil
	}
	node := b.server.Setup.Node
	out, err := exec.CommandContext(ctx, "chrt", "--idle", "0", "taskset", "-c", b.cpus[1], b.writer,
		"-endpoint", "http://"+node.API.String(), "-credentials", node.Credentials(), "-zone", b.zone.Apex,
		"-names", strconv.Itoa(b.names), "-rate", strconv.Itoa(b.changes), "-batch", "10", "-seconds", fmt.Sprint(seconds)).Output()
	if err != nil {
		return fmt.Errorf("make changes: %w", err)
	}
	var r struct {
		Changes, Failed int
		Fault           string
		Seconds, P99    float64
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return err
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d batches failed: %s", r.Failed, r.Fault)
	}
	s.changeP99, s.changeRate = r.P99, float64(r.Changes)/r.Seconds
	return nil
}

// counters are what a sample is the difference of.
type counters struct {
	at                  time.Time
	cpu                 time.Duration
	cycles, pause, heap float64
}

// counters reads the accounts of the kernel, and the server's own metrics.
func (b *bench) counters(ctx context.Context, p *process.Process) (c counters, err error) {
	if c.cpu, err = p.CPU(); err != nil {
		return c, err
	}
	c.at = time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.server.Setup.Node.API.String()+"/metrics", nil)
	if err != nil {
		return c, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, err
	}
	defer func() { _ = response.Body.Close() }()
	return c, c.read(response.Body)
}

func (c *counters) read(metrics io.Reader) error {
	places := map[string]*float64{
		"go_gc_duration_seconds_count": &c.cycles, `go_gc_duration_seconds{quantile="1"}`: &c.pause, "go_memstats_heap_alloc_bytes": &c.heap,
	}
	found := 0
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		place := places[name]
		if place == nil {
			continue
		}
		var err error
		if *place, err = strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("metric %s: %w", name, err)
		}
		found++
	}
	if found != len(places) {
		return fmt.Errorf("found %d of %d metrics", found, len(places))
	}
	return lines.Err()
}

// report prints the medians over the rounds; latencies of the best round, since
// whatever else the machine does shows in them first.
func (b *bench) report(ctx context.Context, args []string, samples map[string][]*sample) error {
	_, _ = fmt.Fprintf(os.Stdout, "Command: `%s`\n\n%s; %d names, %s queries/s, %s changes/s in batches of 10, %d rounds of %g s; medians, but latencies are those of the least disturbed round, the one with the lowest p99.9.\n\n",
		strings.Join(append([]string{"go run ./test/bench/gc"}, args...), " "), report.Machine(ctx),
		b.names, report.Count(b.qps), report.Count(b.changes), b.rounds, b.seconds)
	t := report.Table{Header: []string{"setting", "CPU ms/s", "GC/s", "longest pause ms", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "lost", "changes/s", "change p99 ms", "heap MiB", "RSS MiB"}}
	for _, setting := range b.settings {
		all := samples[setting]
		best := slices.MinFunc(all, func(a, b *sample) int {
			return cmp.Compare(report.Percentile(a.latencies, 0.999), report.Percentile(b.latencies, 0.999))
		})
		latency := func(share float64) string { return report.Millis(report.Percentile(best.latencies, share)) }
		t.Add(setting,
			fmt.Sprintf("%.0f", 1000*median(all, func(s *sample) float64 { return s.cpu })),
			fmt.Sprintf("%.1f", median(all, func(s *sample) float64 { return s.cycles })),
			fmt.Sprintf("%.2f", 1000*median(all, func(s *sample) float64 { return s.pause })),
			latency(0.5), latency(0.99), latency(0.999), latency(1),
			report.Count(median(all, func(s *sample) int { return s.lost })),
			report.Count(median(all, func(s *sample) float64 { return s.changeRate })),
			fmt.Sprintf("%.1f", median(all, func(s *sample) float64 { return s.changeP99 })),
			report.MiB(median(all, func(s *sample) int64 { return s.heap })), report.MiB(median(all, func(s *sample) int64 { return s.rss })))
	}
	_, err := t.WriteTo(os.Stdout)
	return err
}

func median[T ~int | ~int64 | ~float64](all []*sample, of func(*sample) T) T {
	var values []T
	for _, s := range all {
		values = append(values, of(s))
	}
	return report.Median(values)
}
