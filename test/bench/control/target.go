package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/process"
)

// target is a server to measure.
type target struct {
	name     string
	settings string // for the report
	missing  bool   // it is not installed

	version func(ctx context.Context) (string, error)
	// prepare makes an empty data directory usable.
	prepare func(ctx context.Context, dir string) error
	// command runs the server on a data directory.
	command func(dir string, at addresses) process.Spec
	// connect makes a client, once the server runs.
	connect func(dir string, at addresses) (api, error)

	// visible are further arguments while the time to the answer is measured.
	visible []string

	// What follows is nil where a server cannot do it, or not in bounded time.

	// load puts a large zone into the data directory, the server not running.
	load func(ctx context.Context, dir, zoneFile string) (time.Duration, error)
	// fill puts small zones there by another way than the API, from the one
	// with the given number on.
	fill func(ctx context.Context, dir string, from, to int) error
}

// addresses are where a server listens.
type addresses struct {
	api, dns netip.AddrPort
}

// api is what the benchmark wants of an API.
type api interface {
	// createZone creates a zone and returns its id.
	createZone(ctx context.Context, name string) (id string, err error)
	// upsert sets the A records of names, one each, in one batch.
	upsert(ctx context.Context, zoneID string, records ...record) error
}

// record is an A record.
type record struct{ name, address string }

// pager lists zones by pages.
type pager interface {
	// find is the id of a zone.
	find(ctx context.Context, name string) (id string, err error)
	// page is the names of a zone's record sets, from start on.
	page(ctx context.Context, zoneID, start string) (names []string, err error)
}

// running is a server that runs.
type running struct {
	*process.Process
	addresses
	api api
	// firstAnswer is from its start to its first answer.
	firstAnswer time.Duration
}

const startLimit = 3 * time.Minute

// start runs the server on a data directory until it takes requests, and, if
// qname is given, until DNS answers that. cpus is as taskset takes it;
// more are further arguments.
func (t *target) start(ctx context.Context, dir, qname, cpus string, more ...string) (_ *running, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	r := &running{}
	if r.addresses.api, err = dnsserver.FreeAddress(); err != nil {
		return nil, err
	}
	if r.dns, err = dnsserver.FreeAddress(); err != nil {
		return nil, err
	}
	spec := t.command(dir, r.addresses)
	spec.Args = append(spec.Args, more...)
	spec.CPUs = cpus
	if r.Process, err = process.Start(spec); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start %s: %w; it said:\n%s", t.name, err, r.Output()), r.Stop())
		}
	}()
	if qname != "" {
		first, err := probe.Await(ctx, r.dns, qname, probe.Positive, r.Alive)
		if err != nil {
			return nil, err
		}
		r.firstAnswer = first.Sub(r.Started)
	}
	if err := r.awaitAPI(ctx); err != nil {
		return nil, err
	}
	r.api, err = t.connect(dir, r.addresses)
	return r, err
}

// awaitAPI waits until the API answers, whatever it says.
func (r *running) awaitAPI(ctx context.Context) error {
	url := "http://" + r.addresses.api.String() + "/"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			return response.Body.Close()
		}
		if err := errors.Join(r.Alive(), ctx.Err()); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}
