// Control measures open53 as a service for changes: changes a second, how soon
// an answer shows one, start and memory with many records and many zones; and
// moto_server and PowerDNS with its API beside it, where they do the same work.
//
// Each server runs on this machine's loopback interface, with fresh data on
// disk, in its own time; the clients share its processors. Every step is
// bounded in time. The report is one Markdown table on standard output;
// progress goes to standard error. BENCH_QUICK=1 does less.
//
//	go run ./test/bench/control
//	go run ./test/bench/control -servers open53 -steps changes,visible
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
	"strings"
	"syscall"
	"time"

	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/report"
)

// bench is one run.
type bench struct {
	size    size
	targets []*target
	steps   []string

	dir      string
	open53   string // program
	out      io.Writer
	progress io.Writer
	sheet    sheet
}

// size is how much is done.
type size struct {
	length  time.Duration // of each run of writers
	samples int           // of the time from change to answer
	// patience ends the taking of samples, if they take longer.
	patience time.Duration
	records  int // of the large zone
	zones    int // small ones
	starts   int // of each server, with its data
}

var (
	fullSize  = size{length: 5 * time.Second, samples: 2000, patience: 20 * time.Second, records: 1_000_000, zones: 100_000, starts: 3}
	quickSize = size{length: time.Second, samples: 300, patience: 5 * time.Second, records: 100_000, zones: 5_000, starts: 1}
)

// The steps, in their order.
var allSteps = []string{"changes", "visible", "records", "zones"}

func main() {
	// Servers die with the thread that started them (process.Start): it must be
	// the one that lives as long as the program.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	b := &bench{out: os.Stdout, progress: os.Stderr, size: fullSize, steps: allSteps}
	if os.Getenv("BENCH_QUICK") != "" {
		b.size = quickSize
	}
	f := flag.NewFlagSet("control", flag.ContinueOnError)
	servers := f.String("servers", "open53,moto_server,PowerDNS", "measure only `NAME,…`")
	steps := f.String("steps", strings.Join(allSteps, ","), "do only `STEP,…`")
	open53 := f.String("open53", "", "`FILE` of the open53 program (default: build it)")
	f.IntVar(&b.size.records, "records", b.size.records, "names of the large zone")
	f.IntVar(&b.size.zones, "zones", b.size.zones, "how many small zones")
	if err := f.Parse(args); err != nil {
		return err
	}
	b.steps = strings.Split(*steps, ",")
	for _, step := range b.steps {
		if !slices.Contains(allSteps, step) {
			return fmt.Errorf("-steps: there is no step %q", step)
		}
	}
	if b.size.records < 2000 || b.size.records > 10_000_000 || b.size.zones < 100 || b.size.zones > 1_000_000 {
		return fmt.Errorf("want 2,000 to 10,000,000 records and 100 to 1,000,000 zones")
	}
	return b.run(ctx, args, strings.Split(*servers, ","), *open53)
}

// run makes the report.
func (b *bench) run(ctx context.Context, args, servers []string, open53 string) (err error) {
	if b.dir, err = os.MkdirTemp("", "open53-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	programs, err := dnsserver.Build(ctx, b.dir, open53)
	if err != nil {
		return err
	}
	if b.open53, err = filepath.Abs(programs.Open53); err != nil {
		return err
	}
	begin := time.Now()
	b.printf("Command: `%s`\n\n%s, %s.\n\n", strings.Join(append([]string{"go run ./test/bench/control"}, args...), " "),
		report.Machine(ctx), begin.UTC().Format("2006-01-02 15:04 UTC"))
	for _, t := range b.all() {
		if !slices.ContainsFunc(servers, func(name string) bool { return strings.EqualFold(name, t.name) }) {
			continue
		}
		b.targets = append(b.targets, t)
		if err := b.measure(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if err := b.sheet.write(b.out, b.targets); err != nil {
		return err
	}
	b.printf("\nThis took %s.\n", time.Since(begin).Round(time.Second))
	return nil
}

// measure does all steps with one server.
func (b *bench) measure(ctx context.Context, t *target) error {
	version, err := t.version(ctx)
	if err != nil {
		b.notef("%s: not installed here: %v\n", t.name, err)
		t.missing = true
		return nil
	}
	b.set(t, "version", version)
	for _, step := range b.steps {
		b.notef("%s: %s\n", t.name, step)
		var err error
		switch step {
		case "changes":
			err = b.changes(ctx, t)
		case "visible":
			err = b.visible(ctx, t)
		case "records":
			err = b.records(ctx, t)
		case "zones":
			err = b.zones(ctx, t)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

// printf writes to the report. Where that fails, so does the next table.
func (b *bench) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }

// notef tells whoever waits what is going on.
func (b *bench) notef(format string, args ...any) { _, _ = fmt.Fprintf(b.progress, format, args...) }
