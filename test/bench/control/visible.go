package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// visible measures how long it takes from sending a change to the first answer
// with the new value: while nothing else happens, and while 16 writers change
// the same zone as fast as they can.
func (b *bench) visible(ctx context.Context, t *target) (err error) {
	dir, err := b.fresh(ctx, t)
	if err != nil {
		return err
	}
	r, err := t.start(ctx, dir, "", "", t.visible...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Stop()) }()
	id, err := r.api.createZone(ctx, smallZone(0))
	if err != nil {
		return err
	}
	name := "now." + smallZone(0)
	conn, err := probe.Dial(r.dns, name)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Ask(time.Second); err != nil {
		b.notef("  it serves no DNS\n")
		return nil
	}
	watch := watcher{running: r, conn: conn, zone: id, name: name}
	idle, err := watch.sample(ctx, b.size.samples, b.size.patience)
	if err != nil {
		return err
	}
	b.set(t, "change to answer, idle", idle.String())

	busy, stop := context.WithCancel(ctx)
	var others *writing
	done := make(chan error, 1)
	go func() {
		var err error
		others, err = b.write(busy, r, 16, []string{id}, b.size.patience+time.Minute)
		done <- err
	}()
	loaded, err := watch.sample(ctx, b.size.samples, b.size.patience)
	stop()
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	b.set(t, "change to answer, 16 writers beside", fmt.Sprintf("%s, at %s changes/s", loaded, report.Count(others.rate())))
	return nil
}

// watcher changes a name and looks for the change.
type watcher struct {
	*running
	conn       *probe.Conn
	zone, name string
	next       int // address to set
}

// delays are times from request to answer, sorted.
type delays []time.Duration

func (d delays) String() string {
	return fmt.Sprintf("p50 %s ms, p99 %s ms, max %s ms of %s", report.Millis(report.Percentile(d, 0.5)),
		report.Millis(report.Percentile(d, 0.99)), report.Millis(report.Percentile(d, 1)), report.Count(len(d)))
}

// sample makes so many changes, or as many as patience allows.
func (w *watcher) sample(ctx context.Context, count int, patience time.Duration) (delays, error) {
	var all delays
	for begin := time.Now(); len(all) < count && time.Since(begin) < patience; {
		d, err := w.once(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	slices.Sort(all)
	return all, nil
}

// visibleLimit ends the wait for one change to be seen.
const visibleLimit = time.Minute

// once sends a change, and asks without pause until an answer shows it.
func (w *watcher) once(ctx context.Context) (time.Duration, error) {
	w.next++
	address := zonedata.Address(w.next)
	want := netip.MustParseAddr(address)
	acknowledged := make(chan error, 1)
	begin := time.Now()
	go func() { acknowledged <- w.api.upsert(ctx, w.zone, record{w.name, address}) }()
	for {
		response, err := w.conn.Ask(time.Second)
		if err == nil && probe.EndsWith(response, want) {
			seen := time.Since(begin)
			return seen, <-acknowledged
		}
		if time.Since(begin) > visibleLimit {
			return 0, errors.Join(fmt.Errorf("a change is not visible after %v", visibleLimit), err, <-acknowledged)
		}
	}
}
