package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"open53/test/bench/internal/dnsperf"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// apex is the name of the large zone.
const apex = "bench.example."

// records measures a large zone: import, start, memory, size on disk, pages of
// the list, and queries a second.
func (b *bench) records(ctx context.Context, t *target) error {
	if t.load == nil {
		return nil
	}
	zone := zonedata.Zone{Apex: apex, Names: b.size.records}
	file := filepath.Join(b.dir, "zone")
	if _, err := os.Stat(file); err != nil {
		if err := zone.WriteFile(file); err != nil {
			return err
		}
	}
	dir, err := b.fresh(ctx, t)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is large
	took, err := t.load(ctx, dir, file)
	if err != nil {
		return err
	}
	of := func(text string) string { return fmt.Sprintf("%s records: %s", report.Count(b.size.records), text) }
	b.set(t, of("import"), fmt.Sprintf("%s s, %s records/s", report.Seconds(took), report.Count(float64(zone.Records())/took.Seconds())))
	size, err := diskUsage(dir)
	if err != nil {
		return err
	}
	b.set(t, of("size on disk"), report.MiB(size)+" MiB")
	if err := b.starts(ctx, t, dir, zone.QName(zonedata.Positive, zone.Names-1), of, func(r *running) error {
		return b.pages(ctx, t, r, zone, of)
	}); err != nil {
		return err
	}
	return b.queries(ctx, t, dir, zone, of)
}

// starts starts a server on its data several times; with is done during the
// last.
func (b *bench) starts(ctx context.Context, t *target, dir, qname string, of func(string) string, with func(*running) error) error {
	var first []time.Duration
	var memory []process.Memory
	for i := range b.size.starts {
		r, err := t.start(ctx, dir, qname, "")
		if err != nil {
			return err
		}
		first = append(first, r.firstAnswer)
		time.Sleep(500 * time.Millisecond) // what it does right after its start
		m, err := r.Memory()
		if err == nil && i == b.size.starts-1 {
			err = with(r)
		}
		if err := errors.Join(err, r.Stop()); err != nil {
			return err
		}
		memory = append(memory, m)
	}
	slices.SortFunc(memory, func(x, y process.Memory) int { return int(x.PSS - y.PSS) })
	m := memory[len(memory)/2]
	b.set(t, of("start to first answer"), report.Seconds(report.Median(first))+" s")
	b.set(t, of("memory after start"), fmt.Sprintf("RSS %s MiB, PSS %s MiB", report.MiB(m.RSS), report.MiB(m.PSS)))
	return nil
}

// pageSize is the most that Route 53 lists at once.
const pageSize = 300

// pages measures a page of the list at the beginning, in the middle and at the
// end of the zone.
func (b *bench) pages(ctx context.Context, t *target, r *running, zone zonedata.Zone, of func(string) string) error {
	lister, ok := r.api.(pager)
	if !ok {
		return nil
	}
	id, err := lister.find(ctx, zone.Apex)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, place := range []struct {
		title string
		name  string
	}{
		{"beginning", ""},
		{"middle", zone.QName(zonedata.Positive, zone.Names/2)},
		{"end", zone.QName(zonedata.Positive, zone.Names-pageSize)},
	} {
		var took []time.Duration
		for range 200 {
			begin := time.Now()
			names, err := lister.page(ctx, id, place.name)
			took = append(took, time.Since(begin))
			switch {
			case err != nil:
				return err
			case len(names) < pageSize || place.name != "" && names[0] != place.name:
				return fmt.Errorf("page from %q has %d record sets and begins with %q", place.name, len(names), names[0])
			}
		}
		slices.Sort(took)
		fmt.Fprintf(&text, "%s %s ms, ", place.title, report.Millis(report.Percentile(took, 0.5)))
	}
	b.set(t, of(fmt.Sprintf("list a page of %d, p50", pageSize)), text.String()[:len(text.String())-2])
	return nil
}

// The processors for queries a second; there, server and generator do not
// share.
const (
	serverCPU    = "0"
	generatorCPU = "1"
)

// queries measures answers a second, and their cost.
func (b *bench) queries(ctx context.Context, t *target, dir string, zone zonedata.Zone, of func(string) string) (err error) {
	if _, err := process.Busy(generatorCPU); err != nil {
		b.notef("  no queries: server and generator need a processor each\n")
		return nil
	}
	file := filepath.Join(b.dir, "queries")
	if _, err := os.Stat(file); err != nil {
		if err := zone.WriteQueries(file, zonedata.Headline, min(max(2*zone.Names, 500_000), 2_000_000)); err != nil {
			return err
		}
	}
	r, err := t.start(ctx, dir, zone.QName(zonedata.Positive, 0), serverCPU)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Stop()) }()
	load := dnsperf.Load{Server: r.dns, Queries: file, Seconds: min(3, b.size.length.Seconds()), Clients: 8, Outstanding: 200, CPUs: generatorCPU}
	var rates []float64
	var costs []time.Duration
	for i := range 1 + b.size.starts { // the first warms up
		before, err := r.CPU()
		if err != nil {
			return err
		}
		result, err := dnsperf.Run(ctx, load)
		if err != nil {
			return errors.Join(err, r.Alive())
		}
		after, err := r.CPU()
		if err != nil {
			return err
		}
		if i > 0 {
			rates = append(rates, result.QPS)
			costs = append(costs, (after-before)/time.Duration(result.Completed))
		}
	}
	b.set(t, of("queries on one core"), fmt.Sprintf("%s/s, %s µs CPU each", report.Count(report.Median(rates)), report.Micros(report.Median(costs))))
	return nil
}
