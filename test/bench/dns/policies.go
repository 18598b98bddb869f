package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/positions"
	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// policyQueries is how many different queries a zone gets for each of its
// names.
const policyQueries = 20

// policyLoad is one load of the third part.
type policyLoad struct {
	policy  *zonedata.Policy
	subnets bool // with client subnets from random networks
}

// policyLoads are those of each server in each round. Where the client is
// matters to some policies only.
func policyLoads() []policyLoad {
	var all []policyLoad
	for _, p := range zonedata.Policies() {
		all = append(all, policyLoad{p, false})
	}
	for _, p := range zonedata.Policies() {
		if p.Located || p == zonedata.Plain {
			all = append(all, policyLoad{p, true})
		}
	}
	return all
}

// policyResults are all samples of one server.
type policyResults struct {
	server  *dnsserver.Prepared
	samples map[policyLoad][]*sample
}

// policies is the third part: what routing policies cost beside answers for
// which nothing is to be chosen.
func (b *bench) policies(ctx context.Context) error {
	zone, file, _, err := b.zone(b.policyNames)
	if err != nil {
		return err
	}
	queries, err := b.policyQueries()
	if err != nil {
		return err
	}
	database := filepath.Join(b.dir, "city.mmdb")
	if err := positions.Convert(b.database, database); err != nil {
		return err
	}
	var all []*policyResults
	for _, s := range b.servers {
		if s.Policies == nil {
			continue
		}
		setup, err := b.setup(s, zone, file)
		if err != nil {
			return err
		}
		setup.Positions = database
		prepared, err := s.Prepare(ctx, setup)
		if err != nil {
			return err
		}
		all = append(all, &policyResults{prepared, map[policyLoad][]*sample{}})
	}
	if len(all) == 0 {
		b.printf("\nNone of the servers has routing policies.\n")
		return nil
	}
	for round := range b.rounds {
		for _, r := range all {
			b.notef("policies: round %d of %d: %s\n", round+1, b.rounds, r.server.Name)
			if err := b.policyRound(ctx, r, queries); err != nil {
				return err
			}
		}
	}
	return b.reportPolicies(all)
}

// policyQueries makes the files of queries.
func (b *bench) policyQueries() (map[policyLoad]string, error) {
	dir := filepath.Join(b.dir, "policies")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	files := map[policyLoad]string{}
	for i, l := range policyLoads() {
		files[l] = filepath.Join(dir, fmt.Sprintf("queries-%d", i))
		if err := zonedata.WritePolicyQueries(files[l], l.policy, b.policyNames, policyQueries*b.policyNames, l.subnets); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// policyRound starts a server, puts all loads on it and stops it.
func (b *bench) policyRound(ctx context.Context, r *policyResults, queries map[policyLoad]string) (err error) {
	running, err := r.server.Start(ctx, b.serverCPU)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	for _, l := range policyLoads() {
		if !slices.Contains(r.server.Policies, l.policy) {
			continue
		}
		if err := probe.AwaitPolicy(r.server.Setup.Address, l.policy, b.policyNames); err != nil {
			return fmt.Errorf("%s: %w", r.server.Name, err)
		}
		got, err := b.measure(ctx, trial{server: r.server, process: running.Process, load: b.dnsperf(r.server, load{}, queries[l])})
		if err != nil {
			return fmt.Errorf("%s: %s: %w", r.server.Name, l.policy.Name, err)
		}
		got.check(zonedata.Mix{zonedata.Positive: 100})
		r.samples[l] = append(r.samples[l], got)
	}
	return nil
}

// reportPolicies prints the tables of the third part.
func (b *bench) reportPolicies(all []*policyResults) error {
	for _, subnets := range []bool{false, true} {
		title := "no client subnet"
		if subnets {
			title = "client subnets from random networks"
		}
		b.printf("\n### Routing policies: %s names each, UDP, %s\n\n", report.Count(b.policyNames), title)
		table := report.Table{Header: []string{
			"policy", "server", "CPU µs/query", "least–most", "of own simple", "of open53", "queries/s", "lost", "answer, B", "remarks",
		}}
		for _, l := range policyLoads() {
			if l.subnets != subnets {
				continue
			}
			for _, r := range all {
				if samples := r.samples[l]; len(samples) > 0 {
					table.Add(append([]string{l.policy.Name, r.server.Name}, policySummary(r, l, all)...)...)
				}
			}
		}
		if _, err := table.WriteTo(b.out); err != nil {
			return err
		}
	}
	b.printf("\nA policy is compared with the same server's simple answer to the same kind of query. %s\n", policyNote)
	return nil
}

// policyNote says what is not alike.
const policyNote = "open53 has sets of its own for each name; with gdnsd and PowerDNS names share a resource. " +
	"Clients without a subnet are 127.0.0.1, which the database puts in Berlin. " +
	"PowerDNS answers simple and multivalue names from its packet cache."

// policySummary is a row: medians over the rounds.
func policySummary(r *policyResults, l policyLoad, all []*policyResults) []string {
	samples := r.samples[l]
	row := summary(samples, r.cost(policyLoad{zonedata.Plain, l.subnets}), openCost(all, l))
	return append(row[:5:5], row[6:]...) // without how busy it was
}

// cost is the median cost of a load; 0 if there is none.
func (r *policyResults) cost(l policyLoad) time.Duration {
	return report.Median(each(r.samples[l], func(s *sample) time.Duration { return s.perQuery }))
}

// openCost is what a load costs open53; 0 if it is not among those measured.
func openCost(all []*policyResults, l policyLoad) time.Duration {
	for _, r := range all {
		if r.server.Name == "open53" {
			return r.cost(l)
		}
	}
	return 0
}
