//go:build linux

// Flood measures what well-behaved clients get from open53 while it is under
// attack: random names, queries from random sources, malformed packets, slow
// clients over TCP. Each attack lasts at most ten seconds.
//
// The server has one processor; attackers and clients share another, of which
// clients have the greater part. Good clients are dnsperf over UDP and over TCP, and so is
// the flood of random names; other attacks are those of package attack.
//
// The report is Markdown on standard output; progress goes to standard error.
//
//	go run ./test/bench/flood
//	go run ./test/bench/flood -seconds 3 -names 1000000 -flags "--rrl 200"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"open53/test/attack"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// bench is one run.
type bench struct {
	seconds float64
	cpus    [2]string // of the server, of everything else
	flags   []string  // for the server
	rate    int       // packets a second of an attack; 0 is no limit
	dir     string
	self    string // this program
	zone    zonedata.Zone
	node    *dnsserver.Node
	queries map[bool]string // files: of good clients, of the flood (true)
}

func main() {
	runtime.LockOSThread() // servers die with the thread that started them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-flood:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	b := &bench{}
	f := flag.NewFlagSet("flood", flag.ContinueOnError)
	f.Float64Var(&b.seconds, "seconds", 5, "length of each attack, at most 10")
	f.IntVar(&b.rate, "rate", 0, "packets a second of an attack; 0 is as many as the processor makes")
	names := f.Int("names", 100_000, "size of the zone")
	kinds := f.String("attacks", strings.Join(allAttacks, ","), "attacks to make")
	flags := f.String("flags", "", "further flags of the server")
	program := f.String("open53", "", "`FILE` of the open53 program (default: build it)")
	f.StringVar(&b.cpus[0], "server-cpu", "0", "processor of the server")
	f.StringVar(&b.cpus[1], "generator-cpu", "1", "processor of everything else")
	send := f.String("send", "", "be the attacker: `KIND` (the benchmark starts itself with it)")
	to := f.String("to", "", "with -send: `ADDRESS:PORT` on the loopback interface")
	if err := f.Parse(args); err != nil {
		return err
	}
	if b.seconds <= 0 || b.seconds > attack.Longest.Seconds() || *names < 1 || *names > 10_000_000 {
		return fmt.Errorf("want attacks of up to %s and 1 to 10,000,000 names", attack.Longest)
	}
	b.zone = zonedata.Zone{Apex: "bench.example.", Names: *names}
	if *send != "" {
		return b.send(ctx, *send, *to)
	}
	b.flags = strings.Fields(*flags)
	if b.dir, err = os.MkdirTemp("", "open53-bench-flood-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	if err := b.prepare(ctx, *program); err != nil {
		return err
	}
	var samples []*sample
	for kind := range strings.SplitSeq(*kinds, ",") {
		fmt.Fprintln(os.Stderr, "attack:", kind)
		s, err := b.measure(ctx, kind)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		samples = append(samples, s)
	}
	return b.report(ctx, args, samples)
}

// send is the attacker's process; it prints how much it sent.
func (b *bench) send(ctx context.Context, kind, to string) error {
	server, err := netip.ParseAddrPort(to)
	if err != nil {
		return err
	}
	var names []string
	for i := range 4096 {
		names = append(names, b.zone.QName(zonedata.Kind(i%4), i*7919%b.zone.Names))
	}
	a := attack.Attack{Kind: attack.Kind(kind), To: server, Names: names, Rate: b.rate, For: time.Duration(b.seconds * float64(time.Second))}
	count, err := a.Run(ctx)
	_, _ = fmt.Fprintln(os.Stdout, count)
	return err
}

// prepare builds the server and imports the zone.
func (b *bench) prepare(ctx context.Context, program string) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "zone")
	b.queries = map[bool]string{false: filepath.Join(b.dir, "good"), true: filepath.Join(b.dir, "random")}
	// Names that are not there are asked for over and over; what a cache could
	// keep does not matter to an authoritative server.
	err = errors.Join(b.zone.WriteFile(file),
		b.zone.WriteQueries(b.queries[false], zonedata.Headline, 100_000),
		b.zone.WriteQueries(b.queries[true], zonedata.Mix{zonedata.NXDOMAIN: 100}, 1_000_000))
	if err != nil {
		return err
	}
	programs, err := dnsserver.Build(ctx, b.dir, program)
	if err != nil {
		return err
	}
	b.node = &dnsserver.Node{Program: programs.Open53, Data: filepath.Join(b.dir, "data")}
	if b.node.API, err = dnsserver.FreeAddress(); err != nil {
		return err
	}
	if b.node.DNS, err = dnsserver.FreeAddress(); err != nil {
		return err
	}
	_, err = b.node.Import(ctx, file)
	return err
}

// start starts the server. It logs as it does for an operator.
func (b *bench) start(ctx context.Context) (*process.Process, error) {
	return b.node.RunWith(ctx, b.cpus[0], append([]string{"--log", "info"}, b.flags...))
}

// report prints the tables.
func (b *bench) report(ctx context.Context, args []string, samples []*sample) error {
	command := strings.Join(append([]string{"go run ./test/bench/flood"}, args...), " ")
	_, _ = fmt.Fprintf(os.Stdout, "Command: `%s`\n\n%s; %s names; server on processor %s, attackers and clients on %s; attacks of %g s; good clients send %s queries/s over UDP and %s over TCP.\n\n",
		command, report.Machine(ctx), report.Count(b.zone.Names), b.cpus[0], b.cpus[1], b.seconds, report.Count(goodUDP), report.Count(goodTCP))
	t := report.Table{Header: []string{
		"attack", "packets/s", "UDP answered", "p99 ms", "before", "TCP answered", "p99 ms", "before", "server busy", "RSS MiB before", "most", "after", "log lines",
	}}
	for _, s := range samples {
		t.Add(s.kind, report.Count(s.rate), share(s.during.udp), s.during.udp.p99(), s.before.udp.p99(), share(s.during.tcp), s.during.tcp.p99(), s.before.tcp.p99(),
			fmt.Sprintf("%.0f %%", s.busy*100), report.MiB(s.rssBefore), report.MiB(s.rssMost), report.MiB(s.rssAfter), fmt.Sprint(s.logLines))
	}
	_, err := t.WriteTo(os.Stdout)
	return err
}

func share(c client) string {
	if c.sent == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(c.answered)/float64(c.sent))
}

func (c client) p99() string {
	slices.Sort(c.latencies)
	return report.Millis(report.Percentile(c.latencies, 0.99))
}
