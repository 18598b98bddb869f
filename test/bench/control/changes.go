package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// fresh makes an empty data directory for a server.
func (b *bench) fresh(ctx context.Context, t *target) (dir string, err error) {
	if dir, err = os.MkdirTemp(b.dir, strings.ToLower(t.name)+"-"); err != nil {
		return "", err
	}
	return dir, t.prepare(ctx, dir)
}

// writing is what writers have done.
type writing struct {
	changes   int
	elapsed   time.Duration
	latencies []time.Duration // of requests, sorted
	cpu       time.Duration   // of the server
}

func (w *writing) rate() float64 { return float64(w.changes) / w.elapsed.Seconds() }

// String is a cell: changes a second, latency, the server's cost.
func (w *writing) String() string {
	return fmt.Sprintf("%s/s; p50 %s ms, p99 %s ms; %s µs CPU each", report.Count(w.rate()),
		report.Millis(report.Percentile(w.latencies, 0.5)), report.Millis(report.Percentile(w.latencies, 0.99)),
		report.Count(w.cpu.Seconds()*1e6/float64(max(1, w.changes))))
}

// changes measures batches of one change each, by one writer and by sixteen.
func (b *bench) changes(ctx context.Context, t *target) (err error) {
	dir, err := b.fresh(ctx, t)
	if err != nil {
		return err
	}
	r, err := t.start(ctx, dir, "", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Stop()) }()
	var zones []string
	for i := range 16 {
		id, err := r.api.createZone(ctx, smallZone(i))
		if err != nil {
			return err
		}
		zones = append(zones, id)
	}
	for _, run := range []struct {
		title   string
		writers int
		zones   int
	}{
		{"changes, 1 writer", 1, 1},
		{"changes, 16 writers, one zone", 16, 1},
		{"changes, 16 writers, a zone each", 16, 16},
	} {
		w, err := b.write(ctx, r, run.writers, zones[:run.zones], b.size.length)
		if err != nil {
			return fmt.Errorf("%s: %w", run.title, err)
		}
		b.set(t, run.title, w.String())
	}
	return nil
}

// write lets writers set one name after the other, each in a batch of its own,
// one request after the other.
func (b *bench) write(ctx context.Context, r *running, writers int, zones []string, length time.Duration) (*writing, error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	before, err := r.CPU()
	if err != nil {
		return nil, err
	}
	var group sync.WaitGroup
	var fault atomic.Pointer[error]
	latencies := make([][]time.Duration, writers)
	begin := time.Now()
	for i := range writers {
		zone := i % len(zones)
		group.Go(func() {
			for n := 0; ctx.Err() == nil && fault.Load() == nil; n++ {
				at := time.Now()
				// Each writer has names of its own: 500 of them.
				name := fmt.Sprintf("w%d-%d.%s", i, n%500, smallZone(zone))
				if err := r.api.upsert(context.WithoutCancel(ctx), zones[zone], record{name, zonedata.Address(n)}); err != nil {
					fault.Store(&err)
					return
				}
				latencies[i] = append(latencies[i], time.Since(at))
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begin)
	if err := fault.Load(); err != nil {
		return nil, *err
	}
	after, err := r.CPU()
	w := &writing{elapsed: elapsed, latencies: slices.Concat(latencies...), cpu: after - before}
	w.changes = len(w.latencies)
	slices.Sort(w.latencies)
	return w, err
}

// smallZone is the name of small zone number i.
func smallZone(i int) string { return fmt.Sprintf("z%06d.example.", i) }

// diskUsage is the size of all files below a directory.
func diskUsage(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
