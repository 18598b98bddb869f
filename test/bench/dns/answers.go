package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/zonedata"
)

// Names of the files of queries.
const (
	headline = "headline"
	mixed    = "mixed"
)

// load is one kind of load.
type load struct {
	title   string
	queries string
	mix     zonedata.Mix
	tcp     bool
}

// loads are what each server gets in each round.
var loads = []load{
	{"UDP", headline, zonedata.Headline, false},
	{"UDP, mixed", mixed, zonedata.Mixed, false},
	{"TCP, pipelined", headline, zonedata.Headline, true},
}

// Sockets and queries on their way. These make every server busy, and were the
// ones with which dnsperf itself costs least; with more than about 200 on their
// way it loses time, not the server.
const (
	udpSockets  = 8
	tcpSockets  = 20
	outstanding = 200
)

// start is one start of a server.
type start struct {
	first         time.Duration
	loaded, after process.Memory // when it answers; after the load
}

// results are all samples of one server.
type results struct {
	server *dnsserver.Prepared
	starts []start
	loads  [][]*sample // by load, then round
}

// answers is the first part for one size of zone.
func (b *bench) answers(ctx context.Context, names int) error {
	zone, file, queries, err := b.zone(names)
	if err != nil {
		return err
	}
	var all []*results
	for _, s := range b.servers {
		prepared, err := b.prepare(ctx, s, zone, file)
		if err != nil {
			return err
		}
		all = append(all, &results{server: prepared, loads: make([][]*sample, len(loads))})
	}
	for round := range b.rounds {
		for _, r := range all {
			b.notef("%d names: round %d of %d: %s\n", names, round+1, b.rounds, r.server.Name)
			if err := b.round(ctx, r, queries); err != nil {
				return err
			}
		}
	}
	return b.report(all, zone)
}

// round starts a server, loads it and stops it.
func (b *bench) round(ctx context.Context, r *results, queries map[string]string) (err error) {
	running, err := r.server.Start(ctx, b.serverCPU)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	s := start{first: running.FirstAnswer}
	if s.loaded, err = running.Memory(); err != nil {
		return err
	}
	for i, l := range loads {
		got, err := b.measure(ctx, trial{server: r.server, process: running.Process, load: b.dnsperf(r.server, l, queries[l.queries])})
		if err != nil {
			return fmt.Errorf("%s: %s: %w", r.server.Name, l.title, err)
		}
		if !r.server.Echoes {
			got.check(l.mix)
		}
		r.loads[i] = append(r.loads[i], got)
	}
	if s.after, err = running.Memory(); err != nil {
		return err
	}
	r.starts = append(r.starts, s)
	return nil
}

// dnsperf is a load without a limit of its rate.
func (b *bench) dnsperf(s *dnsserver.Prepared, l load, file string) dnsperf.Load {
	d := dnsperf.Load{
		Server: s.Setup.Address, Queries: file, Seconds: b.seconds,
		Clients: udpSockets, Outstanding: outstanding, CPUs: b.generatorCPU,
	}
	if l.tcp {
		d.TCP, d.Clients = true, tcpSockets
	}
	return d
}
