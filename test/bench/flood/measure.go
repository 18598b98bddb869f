//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/test/attack"
	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/zonedata"
)

// randomNames is the attack that dnsperf makes.
const randomNames = "random-names"

var allAttacks = []string{randomNames, string(attack.Sources), string(attack.Malformed), string(attack.SlowTCP)}

// Queries a second of well-behaved clients.
const (
	goodUDP = 2000
	goodTCP = 500
)

// client is what a good client saw.
type client struct {
	sent, answered int
	latencies      []time.Duration
}

// clients are the good ones.
type clients struct{ udp, tcp client }

// sample is one attack.
type sample struct {
	kind                         string
	rate                         float64 // of the attack, a second
	before, during               clients
	busy                         float64 // share of its processor that the server used
	rssBefore, rssMost, rssAfter int64
	logLines                     int // printed during the attack and behind it
}

// recovery is how long the server has after an attack until its memory is read.
const recovery = 2 * time.Second

// measure starts the server and attacks it.
func (b *bench) measure(ctx context.Context, kind string) (s *sample, err error) {
	server, err := b.start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if _, err := probe.Await(ctx, b.node.DNS, b.zone.QName(zonedata.Positive, 0), probe.Positive, server.Alive); err != nil {
		return nil, err
	}
	s = &sample{kind: kind}
	if s.before, err = b.good(ctx, min(2, b.seconds)); err != nil {
		return nil, fmt.Errorf("before the attack: %w", err)
	}
	memory, err := server.Memory()
	if err != nil {
		return nil, err
	}
	s.rssBefore = memory.RSS
	lines := strings.Count(server.Output(), "\n")
	if err := b.under(ctx, server, s); err != nil {
		return nil, err
	}
	time.Sleep(recovery)
	if memory, err = server.Memory(); err != nil {
		return nil, err
	}
	s.rssAfter = memory.RSS
	s.logLines = strings.Count(server.Output(), "\n") - lines
	return s, errors.Join(server.Alive(), probe.Check(b.node.DNS, b.zone))
}

// under is the time of the attack.
func (b *bench) under(ctx context.Context, server *process.Process, s *sample) error {
	before, err := server.CPU()
	if err != nil {
		return err
	}
	begin := time.Now()
	watching, stop := context.WithCancel(ctx)
	watched := make(chan int64)
	go func() { watched <- mostMemory(watching, server) }()
	group, attacking := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s.rate, err = b.attack(attacking, s.kind)
		return err
	})
	group.Go(func() (err error) {
		s.during, err = b.good(attacking, b.seconds)
		return err
	})
	err = group.Wait()
	stop()
	s.rssMost = max(<-watched, s.rssBefore)
	after, fault := server.CPU()
	s.busy = (after - before).Seconds() / time.Since(begin).Seconds()
	return errors.Join(err, fault)
}

func mostMemory(ctx context.Context, server *process.Process) (most int64) {
	for ctx.Err() == nil {
		if m, err := server.Memory(); err == nil {
			most = max(most, m.RSS)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return most
}

// attack makes one and returns its packets or connections a second. Attackers
// get what the good clients leave of their processor.
func (b *bench) attack(ctx context.Context, kind string) (float64, error) {
	if kind == randomNames {
		r, err := dnsperf.Run(ctx, dnsperf.Load{
			Server: b.node.DNS, Queries: b.queries[true], Seconds: b.seconds, Clients: 16, Outstanding: 2000, QPS: b.rate, CPUs: b.cpus[1], Background: true,
		})
		if err != nil {
			return 0, err
		}
		return float64(r.Sent) / b.seconds, nil
	}
	args := append(slices.Clone(dnsperf.Background), "taskset", "-c", b.cpus[1], b.self, "-send", kind, "-to", b.node.DNS.String(),
		"-seconds", fmt.Sprint(b.seconds), "-names", strconv.Itoa(b.zone.Names), "-rate", strconv.Itoa(b.rate))
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).Output()
	if err != nil {
		return 0, fmt.Errorf("attack: %w", err)
	}
	count, err := strconv.Atoi(strings.TrimSpace(string(out)))
	return float64(count) / b.seconds, err
}

// good runs the well-behaved clients.
func (b *bench) good(ctx context.Context, seconds float64) (c clients, err error) {
	group, ctx := errgroup.WithContext(ctx)
	ask := func(to *client, qps, connections int, tcp bool) {
		group.Go(func() error {
			r, err := dnsperf.Run(ctx, dnsperf.Load{
				Server: b.node.DNS, Queries: b.queries[false], Seconds: seconds, Clients: connections, Outstanding: qps,
				QPS: qps, TCP: tcp, Latencies: true, CPUs: b.cpus[1],
			})
			if err != nil {
				return err
			}
			*to = client{sent: r.Sent, answered: r.Completed, latencies: r.Latencies}
			return nil
		})
	}
	ask(&c.udp, goodUDP, 4, false)
	ask(&c.tcp, goodTCP, 4, true)
	return c, group.Wait()
}
