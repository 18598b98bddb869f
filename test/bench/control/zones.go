package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// creationLimit is how long zones are created through the API; what is left
// then is filled in otherwise, or left out.
const creationLimit = 2 * time.Minute

// fillAfter is that for servers that can be filled otherwise.
const fillAfter = 10 * time.Second

// zones measures many small zones: creation by 16 clients through the API,
// start and memory.
func (b *bench) zones(ctx context.Context, t *target) error {
	dir, err := b.fresh(ctx, t)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r, err := t.start(ctx, dir, "", "")
	if err != nil {
		return err
	}
	limit := creationLimit
	if t.fill != nil || t.load == nil {
		limit = fillAfter
	}
	limit = min(limit, 8*b.size.patience)
	created, took, err := b.createZones(ctx, r, limit)
	if err := errors.Join(err, r.Stop()); err != nil {
		return err
	}
	of := func(text string) string {
		return fmt.Sprintf("%s zones of 3 records: %s", report.Count(b.size.zones), text)
	}
	text := fmt.Sprintf("%s zones/s", report.Count(float64(created)/took.Seconds()))
	if created < b.size.zones {
		text += fmt.Sprintf(" (%s made)", report.Count(created))
	}
	b.set(t, of("creation, 16 clients"), text)
	switch {
	case created < b.size.zones && t.fill != nil:
		if err := t.fill(ctx, dir, created, b.size.zones); err != nil {
			return err
		}
	case created < b.size.zones:
		return nil // figures of fewer zones would mislead
	}
	size, err := diskUsage(dir)
	if err != nil {
		return err
	}
	b.set(t, of("size on disk"), report.MiB(size)+" MiB")
	return b.starts(ctx, t, dir, "c."+smallZone(b.size.zones-1), of, func(*running) error { return nil })
}

// createZones creates zones, each with one batch of three records, until all
// are there or the time is over. The first so many are there.
func (b *bench) createZones(ctx context.Context, r *running, limit time.Duration) (created int, took time.Duration, err error) {
	var group sync.WaitGroup
	var next atomic.Int64
	var fault atomic.Pointer[error]
	begin := time.Now()
	for range 16 {
		group.Go(func() {
			for time.Since(begin) < limit && ctx.Err() == nil && fault.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= b.size.zones {
					return
				}
				if err := createZone(ctx, r.api, i); err != nil {
					fault.Store(&err)
				}
			}
		})
	}
	group.Wait()
	if err := fault.Load(); err != nil {
		return 0, 0, *err
	}
	return min(int(next.Load()), b.size.zones), time.Since(begin), ctx.Err()
}

func createZone(ctx context.Context, a api, i int) error {
	name := smallZone(i)
	id, err := a.createZone(ctx, name)
	if err != nil {
		return err
	}
	address := zonedata.Address(i)
	return a.upsert(ctx, id, record{"a." + name, address}, record{"b." + name, address}, record{"c." + name, address})
}
