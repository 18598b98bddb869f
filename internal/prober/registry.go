package prober

import (
	"context"
	"fmt"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
)

// Load takes every check and every last known status from the store, and fills
// the table. It must return before DNS serves and before Run.
func (p *Prober) Load(ctx context.Context) error {
	view := p.cfg.Store.View()
	defer view.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	statuses := map[string]store.Entry{}
	err := each(ctx, view, event.KindHealthStatus, func(entry store.Entry) error {
		statuses[entry.Head.Key.ID] = entry
		return nil
	})
	if err != nil {
		return fmt.Errorf("load health statuses: %w", err)
	}
	err = each(ctx, view, event.KindRoutingControl, func(entry store.Entry) error {
		var c health.RoutingControl
		if err := event.DecodeDocument(entry.Head.Document, &c); err != nil {
			p.unreadable(entry.Head.Key, err)
			return nil
		}
		p.controls[c.ARN] = control{on: c.On}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load routing controls: %w", err)
	}
	err = each(ctx, view, event.KindHealthCheck, func(entry store.Entry) error {
		check := new(health.Check)
		if err := event.DecodeDocument(entry.Head.Document, check); err != nil {
			p.unreadable(entry.Head.Key, err)
			return nil
		}
		stored, known := statuses[check.ID]
		delete(statuses, check.ID)
		return p.restore(check, stored.Head, known)
	})
	if err != nil {
		return fmt.Errorf("load health checks: %w", err)
	}
	p.settle()
	for id, entry := range statuses { // of checks that are gone
		p.markDirty(&target{status: health.Status{ID: id}, gone: true, head: entry.Head})
	}
	p.position = view.Position()
	return nil
}

// unreadable reports what another version of the server wrote. The rest goes
// on: DNS must not stop for a check.
func (p *Prober) unreadable(key event.Key, err error) {
	p.cfg.Log.Error("stored entity cannot be read", "kind", string(key.Kind), "id", key.ID, "error", err)
}

// each calls f for every entity of a kind.
func each(ctx context.Context, view store.View, kind event.Kind, f func(store.Entry) error) error {
	for entry, err := range view.List(event.IndexID(kind), nil, nil) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = f(entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restore begins a check where it was left.
func (p *Prober) restore(check *health.Check, head store.Head, known bool) error {
	t := &target{check: check, status: health.NewStatus(check)}
	if known {
		var stored health.Status
		if err := event.DecodeDocument(head.Document, &stored); err != nil {
			p.unreadable(head.Key, err)
			stored = t.status
		}
		t.status, t.stored, t.head = stored, stored, head
	}
	return p.enter(t)
}

// settle brings what follows from other things up to date, once all of them
// are there.
func (p *Prober) settle() {
	now := time.Now()
	for _, t := range p.targets {
		p.derive(t, now)
		p.schedule(t, false)
	}
}

// enter makes a new target known.
func (p *Prober) enter(t *target) error {
	number, err := p.cfg.Table.Number(t.check.ID)
	if err != nil {
		return fmt.Errorf("health check %s: %w", t.check.ID, err)
	}
	t.number = number
	p.targets[t.check.ID] = t
	p.order.add(t.check.ID)
	p.link(t)
	t.endpoint.Store(newEndpoint(t.check))
	p.cfg.Table.Set(number, t.status.Healthy)
	return nil
}

// link files a target under what it follows.
func (p *Prober) link(t *target) {
	s := &t.check.Settings
	p.parents.Set(t.check.ID, s.Children)
	if s.Alarm != nil {
		a := p.alarms[*s.Alarm]
		if a.targets == nil {
			a.targets = map[string]*target{}
		}
		a.targets[t.check.ID] = t
		if a.state == "" {
			a.state = t.status.Alarm // of before the restart
		}
		t.status.Alarm = a.state
		p.alarms[*s.Alarm] = a
	}
	if s.RoutingControl != "" {
		c := p.controls[s.RoutingControl]
		if c.targets == nil {
			c.targets = map[string]*target{}
		}
		c.targets[t.check.ID] = t
		p.controls[s.RoutingControl] = c
	}
}

// unlink undoes link.
func (p *Prober) unlink(t *target) {
	s := &t.check.Settings
	p.parents.Set(t.check.ID, nil)
	if s.Alarm != nil {
		delete(p.alarms[*s.Alarm].targets, t.check.ID)
		t.status.Alarm = "" // it may follow another one
	}
	if s.RoutingControl != "" {
		delete(p.controls[s.RoutingControl].targets, t.check.ID)
	}
}

// derive brings a target up to date with its settings and with what it
// follows.
func (p *Prober) derive(t *target, now time.Time) {
	switch t.check.Settings.Type {
	case health.CalculatedType:
		p.recalculate(t, now, 0)
	case health.CloudWatchMetric:
		p.followAlarm(t, now)
	case health.RecoveryControl:
		p.followControl(t, now)
	default:
		p.publish(t, now, "The settings of the health check changed.", 0)
	}
}

// follow applies what changes in the store until ctx ends.
func (p *Prober) follow(ctx context.Context) error {
	for record, err := range p.cfg.Store.Tail(ctx, p.position+1) {
		if err == nil {
			err = p.apply(record.Event)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("follow the store: %w", err)
		}
	}
	return nil
}

// apply applies one event.
func (p *Prober) apply(e *event.Event) error {
	if e.Key.Kind == event.KindHealthCheck && e.Deleted {
		p.remove(e.Key.ID)
	}
	if len(e.Document) == 0 {
		return nil
	}
	switch e.Key.Kind { //nolint:exhaustive // the others are not about health
	case event.KindHealthCheck:
		check := new(health.Check)
		if err := event.DecodeDocument(e.Document, check); err != nil {
			p.unreadable(e.Key, err)
			return nil
		}
		return p.put(check)
	case event.KindRoutingControl:
		var c health.RoutingControl
		if err := event.DecodeDocument(e.Document, &c); err != nil {
			p.unreadable(e.Key, err)
			return nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.controlChanged(c.ARN, c.On)
	}
	return nil
}

// put begins a check or gives one new settings. What was measured stays, and
// so does what is counted.
func (p *Prober) put(check *health.Check) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	t := p.targets[check.ID]
	if t == nil {
		t = &target{check: check, status: health.NewStatus(check)}
		if err := p.enter(t); err != nil {
			return err
		}
		p.derive(t, now)
		p.recalculateParents(check.ID, now, 1)
		p.schedule(t, t.endpoint.Load() != nil)
		return nil
	}
	if t.check.Settings.Equal(&check.Settings) { // tags
		t.check = check
		return nil
	}
	p.unlink(t)
	t.check = check
	p.link(t)
	t.endpoint.Store(newEndpoint(check))
	p.derive(t, now)
	p.recalculateParents(check.ID, now, 1) // Disabled counts for parents even if the status is the same
	p.schedule(t, t.endpoint.Load() != nil)
	return nil
}

// remove ends a check. Records that still name it find it healthy.
func (p *Prober) remove(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil {
		return
	}
	t.gone = true
	p.wheel.remove(t)
	p.unlink(t)
	delete(p.targets, id)
	p.order.remove(id)
	p.cfg.Table.Set(t.number, true)
	p.recalculateParents(id, time.Now(), 1)
	p.markDirty(t)
}
