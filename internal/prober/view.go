package prober

import (
	"context"
	"errors"
	"slices"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
)

// State is everything that is known of a check now.
type State struct {
	Check  *health.Check // not to be modified
	Status health.Status
	// Due is when the next probe begins; zero if none is scheduled.
	Due time.Time
	// Children and HealthyChildren are of calculated checks.
	Children, HealthyChildren int
}

func (p *Prober) state(t *target) State {
	s := State{Check: t.check, Status: t.status, Children: t.children, HealthyChildren: t.healthyChildren}
	if t.endpoint.Load() != nil {
		s.Due = p.wheel.dueOf(t)
	}
	return s
}

// Health is the state of a check; false if there is none of the id.
func (p *Prober) Health(id string) (State, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil {
		return State{}, false
	}
	return p.state(t), true
}

// HealthList is the states of up to limit checks, by id, that come after one;
// more says that there are others behind them. keep chooses; nil is all.
func (p *Prober) HealthList(after string, limit int, keep func(*State) bool) (list []State, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.order.from(after) {
		s := p.state(p.targets[id])
		if keep != nil && !keep(&s) {
			continue
		}
		if len(list) == limit {
			return list, true
		}
		list = append(list, s)
	}
	return list, false
}

// Observe returns what this checker saw last of an endpoint, and what failed
// last. An Observation without a time was not made. ok is false where the
// check is not known (yet), or has no endpoint.
func (p *Prober) Observe(id string) (region string, last, lastFailure health.Observation, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil || !t.check.Settings.Type.Endpoint() {
		return "", last, lastFailure, false
	}
	region = p.cfg.Region
	if regions := t.check.Settings.Regions; len(regions) > 0 && !slices.Contains(regions, region) {
		region = regions[0] // one checker stands for all
	}
	return region, t.status.Last, t.status.LastFailure, true
}

// Started is when this checker began.
func (p *Prober) Started() time.Time { return p.wheel.start }

// Totals are numbers for metrics.
type Totals struct {
	Healthy, Unhealthy, Disabled int // checks; disabled ones are not counted as either
	UnderWay, Waiting            int // probes
	Flips                        uint64
	Probes                       map[string]uint64 // by result
}

// Totals counts.
func (p *Prober) Totals() Totals {
	totals := Totals{Flips: p.counters.flips.Load(), Probes: make(map[string]uint64, outcomes)}
	for i := range p.counters.probes {
		totals.Probes[outcomeNames[i]] = p.counters.probes[i].Load()
	}
	totals.UnderWay, totals.Waiting = p.pool.load()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.targets {
		switch {
		case t.check.Settings.Disabled:
			totals.Disabled++
		case t.status.Healthy:
			totals.Healthy++
		default:
			totals.Unhealthy++
		}
	}
	return totals
}

// watcher is one who wants to know of changes.
type watcher struct{ flips chan health.Flip }

// watchBuffer is how many changes one who watches may lag behind.
const watchBuffer = 4096

// Watch returns the changes of status from now on. The channel closes when ctx
// ends, or when whoever reads it does not keep up.
func (p *Prober) Watch(ctx context.Context) <-chan health.Flip {
	w := &watcher{flips: make(chan health.Flip, watchBuffer)}
	p.mu.Lock()
	p.watchers[w] = struct{}{}
	p.mu.Unlock()
	context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.leave(w)
	})
	return w.flips
}

func (p *Prober) leave(w *watcher) {
	if _, there := p.watchers[w]; there {
		delete(p.watchers, w)
		close(w.flips)
	}
}

// EndWatches ends every Watch, for a server that is to stop.
func (p *Prober) EndWatches() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.watchers {
		p.leave(w)
	}
}

// remember keeps a change and tells those who watch.
func (p *Prober) remember(t *target, f health.Flip) {
	if len(t.flips) == maxFlips {
		t.flips = append(t.flips[:0], t.flips[1:]...)
	}
	t.flips = append(t.flips, f)
	for w := range p.watchers {
		select {
		case w.flips <- f:
		default:
			p.leave(w)
		}
	}
}

// History is the last changes of a check's status, the newest first: at most
// 64. Those from before the last start come from the store, as far as its log
// reaches back.
func (p *Prober) History(ctx context.Context, id string) ([]health.Flip, error) {
	p.mu.Lock()
	t := p.targets[id]
	if t == nil {
		p.mu.Unlock()
		return nil, nil
	}
	loaded, since := t.flipsLoaded || len(t.flips) == maxFlips, p.wheel.start
	p.mu.Unlock()
	var older []health.Flip
	if !loaded {
		var err error
		if older, err = p.storedFlips(ctx, id, since); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !loaded && !t.flipsLoaded {
		all := append(older, t.flips...)
		t.flips, t.flipsLoaded = slices.Clone(all[max(len(all)-maxFlips, 0):]), true
	}
	list := slices.Clone(t.flips)
	slices.Reverse(list)
	return list, nil
}

// storedVersions bounds how far back storedFlips looks: most versions of a
// status count failures and change nothing.
const storedVersions = 1024

// storedFlips reads the changes of a status before a time, oldest first.
func (p *Prober) storedFlips(ctx context.Context, id string, before time.Time) ([]health.Flip, error) {
	key := event.Key{Kind: event.KindHealthStatus, ID: id}
	view := p.cfg.Store.View()
	defer view.Close()
	head, err := view.Head(key)
	if err != nil {
		return nil, err
	}
	from := uint64(1)
	if head.Version > storedVersions {
		from = head.Version - storedVersions + 1
	}
	var flips []health.Flip
	var last int64
	for record, err := range view.History(key, from) {
		if errors.Is(err, store.ErrCompacted) {
			return nil, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		var s health.Status
		if len(record.Event.Document) == 0 || event.DecodeDocument(record.Event.Document, &s) != nil {
			continue // of another version of the server
		}
		if s.Since != 0 && s.Since != last && s.Since < before.UnixMilli() {
			flips = append(flips, health.Flip{CheckID: id, Time: time.UnixMilli(s.Since), Healthy: s.Healthy, Cause: s.Cause})
		}
		last = s.Since
	}
	return flips, nil
}
