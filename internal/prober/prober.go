// Package prober runs health checks: it follows their definitions in the
// store, probes endpoints, turns results into statuses, writes those to the
// health.Table that queries read, and keeps in the store what a restart must
// not forget.
//
//	store.Tail ─▶ targets ─▶ wheel ─▶ due ─▶ probe (a goroutine while it lasts)
//	                 ▲                          │ result
//	                 └───── decide ◀────────────┘
//	                          │ status changed
//	                          ├─▶ health.Table (at once)   ─▶ DNS
//	                          ├─▶ calculated parents, watchers, Record
//	                          └─▶ dirty ─▶ writer ─▶ store (in batches, behind)
//
// A sleeping check is a node of a timer wheel and no goroutine. Each check has
// its own phase within its interval, from its id, so checks spread evenly and
// stay so. At most Concurrency probes are under way; what is due beyond that
// waits in order.
//
// Concurrency: Prober.mu guards targets and everything in them that is not
// said to be the wheel's; it is taken before the wheel's lock, and never held
// while anything waits. The writer is the one source of events of
// event.KindHealthStatus. Endpoints, requests and checks are immutable: an
// update makes new ones, and a result of an old one is dropped.
package prober

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"open53/internal/health"
	"open53/internal/store"
)

// Config is what a Prober needs to know. Required are Store, Table, Log and
// ChangeID.
type Config struct {
	Store store.Store
	Table *health.Table
	Log   *slog.Logger
	// ChangeID makes ids of changes that no other change has.
	ChangeID func() string

	// Resolver looks up endpoints that have a name; nil is the system's.
	Resolver Resolver
	// Deny are ranges that are never connected to. AllowPrivate lets probes
	// into private, loopback and other ranges that Route 53 refuses. Some
	// addresses, of metadata services, are refused whatever is set.
	Deny         []netip.Prefix
	AllowPrivate bool
	// Concurrency bounds how many probes are under way; 0 is 4096.
	Concurrency int
	// Region is the name that this checker reports as; empty is us-east-1.
	Region string
	// Timeouts are Route 53's where zero.
	Timeouts Timeouts

	// Record gets every measurement. It is called by probes and must not
	// block; nil drops them.
	Record func(health.Measurement)
	// QueueDelay gets how long after it was due a probe began; nil drops it.
	QueueDelay func(time.Duration)

	// Second is how long a second of an interval lasts; 0 is a second. Tests
	// shorten it.
	Second time.Duration
	// PersistAfter is how long the writer gathers changes; 0 is 25 ms.
	PersistAfter time.Duration
}

// Timeouts bound the steps of a probe.
type Timeouts struct {
	TCP      time.Duration // connect, of TCP checks; 0 is 10 s
	Connect  time.Duration // lookup, connect and handshake, of the others; 0 is 4 s
	Response time.Duration // from connected to the end of the head; 0 is 2 s
	Body     time.Duration // from the head to the string; 0 is 2 s
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		timeout *time.Duration
		usual   time.Duration
	}{{&t.TCP, 10 * time.Second}, {&t.Connect, 4 * time.Second}, {&t.Response, 2 * time.Second}, {&t.Body, 2 * time.Second}} {
		if *d.timeout == 0 {
			*d.timeout = d.usual
		}
	}
	return t
}

// Prober runs the health checks of one store.
type Prober struct {
	cfg      Config
	names    *nameCache
	guard    guard
	wheel    *wheel
	pool     pool
	counters counters

	mu       sync.Mutex // guards the fields below
	targets  map[string]*target
	order    orderedIDs // of targets, for lists
	parents  *health.Parents
	alarms   map[health.AlarmID]alarm
	controls map[string]control
	dirty    []*target
	watchers map[*watcher]struct{}
	ended    bool // Run stores what there is for the last time: results are dropped

	position uint64        // of the store, that Load has seen; Run goes on behind it
	wake     chan struct{} // of the writer: something is dirty
}

// alarm is the last state of an alarm, if any was told, and the checks that
// follow it.
type alarm struct {
	state   health.AlarmState
	targets map[string]*target
}

// control is a switch and the checks that follow it.
type control struct {
	on      bool
	targets map[string]*target
}

// A target is a check in operation. Prober.mu guards it, but for node, which
// is the wheel's, stored and head, which are the writer's once Run begins, and
// endpoint, which never changes once it is published.
type target struct {
	node
	check    *health.Check
	endpoint atomic.Pointer[endpoint] // nil where there is nothing to probe
	number   uint32                   // in the table
	status   health.Status
	gone     bool // deleted: results are dropped

	children, healthyChildren int

	flips       []health.Flip // the newest, oldest first; at most maxFlips
	flipsLoaded bool          // older ones were fetched from the store

	isDirty bool
	stored  health.Status // as the store has it
	head    store.Head    // of its status in the store
}

// New returns a Prober. Load and then Run make it work.
func New(cfg Config) (*Prober, error) {
	if cfg.Store == nil || cfg.Table == nil || cfg.Log == nil || cfg.ChangeID == nil {
		return nil, errors.New("prober: a store, a table, a logger and a source of ids are needed")
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 4096
	}
	if cfg.Second <= 0 {
		cfg.Second = time.Second
	}
	if cfg.PersistAfter <= 0 {
		cfg.PersistAfter = 25 * time.Millisecond
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Resolver == nil {
		cfg.Resolver = net.DefaultResolver
	}
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	p := &Prober{
		cfg: cfg, names: newNameCache(cfg.Resolver), guard: guard{deny: cfg.Deny, private: cfg.AllowPrivate},
		wheel:   newWheel(time.Now()),
		targets: map[string]*target{}, parents: health.NewParents(), alarms: map[health.AlarmID]alarm{},
		controls: map[string]control{}, watchers: map[*watcher]struct{}{}, wake: make(chan struct{}, 1),
	}
	p.pool.init(cfg.Concurrency, p.work)
	return p, nil
}

// Run probes and follows the store until ctx ends, or the store fails; then it
// begins no more probes, and stores what is not stored yet. Results of probes
// under way are dropped from then on, and Record is not called any more.
func (p *Prober) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	parts.Go(func() { p.turn(ctx) })
	parts.Go(func() { p.write(ctx) })
	err := p.follow(ctx)
	stop()
	parts.Wait()
	return err
}

// turn runs the wheel.
func (p *Prober) turn(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var due []dueTarget
	for {
		due = p.wheel.take(time.Now(), due[:0])
		for _, d := range due {
			if e := d.endpoint.Load(); e != nil {
				p.pool.submit(job{target: d.target, endpoint: e, due: d.due})
			} else {
				p.beat(d.target)
			}
		}
		timer.Reset(p.wheel.wait(time.Now()))
		select {
		case <-timer.C:
		case <-p.wheel.earlier:
		case <-ctx.Done():
			p.pool.stop()
			return
		}
	}
}

// beat reports a check that is not probed, and schedules it again.
func (p *Prober) beat(t *target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.gone || p.ended {
		return
	}
	p.record(t, nil)
	p.schedule(t, false)
}
