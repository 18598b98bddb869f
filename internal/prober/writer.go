package prober

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/store"
)

// Actor is who writes statuses, as events name it.
const Actor = "system:health"

// markDirty has the writer store a target's status soon.
func (p *Prober) markDirty(t *target) {
	if t.isDirty {
		return
	}
	t.isDirty = true
	p.dirty = append(p.dirty, t)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// write stores what changed until ctx ends, and what is left then.
func (p *Prober) write(ctx context.Context) {
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	for {
		select {
		case <-p.wake:
		case <-ctx.Done():
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer stop()
			if err := p.flush(last); err != nil {
				p.cfg.Log.Error("health statuses are not stored", "error", err)
			}
			return
		}
		wait := p.cfg.PersistAfter
		for {
			pause.Reset(wait)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
			err := p.flush(context.WithoutCancel(ctx))
			if err == nil || ctx.Err() != nil {
				break
			}
			p.cfg.Log.Error("health statuses are not stored; trying again", "error", err)
			wait = time.Second
		}
	}
}

// entry is one status on its way to the store.
type entry struct {
	target *target
	status health.Status
	event  *event.Event
	head   store.Head // that the event leads to
}

// flush stores every dirty status, as many to a batch as fit. What fails is
// dirty again.
func (p *Prober) flush(ctx context.Context) error {
	entries, err := p.collect()
	if err != nil {
		return err
	}
	type sent struct {
		entries []entry
		ticket  store.Ticket
	}
	var all []sent
	for batch := range slices.Chunk(entries, store.MaxKeys) {
		events := make([]*event.Event, len(batch))
		id := p.cfg.ChangeID()
		for i := range batch {
			if err := batch[i].seal(id); err != nil {
				return err
			}
			events[i] = batch[i].event
		}
		all = append(all, sent{batch, p.cfg.Store.Enqueue(events)})
	}
	var faults []error
	for _, s := range all {
		if _, err := s.ticket.Wait(ctx); err != nil {
			p.failed(s.entries, err)
			if conflict := new(store.Conflict); !errors.As(err, &conflict) {
				faults = append(faults, err)
			}
			continue
		}
		p.settled(s.entries)
	}
	return errors.Join(faults...)
}

// collect takes the dirty targets and makes their events.
func (p *Prober) collect() ([]entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().UnixMilli()
	entries := make([]entry, 0, len(p.dirty))
	for _, t := range p.dirty {
		t.isDirty = false
		deleted := t.gone
		if deleted && !t.head.Exists() || !deleted && t.head.Exists() && t.status.SameState(&t.stored) {
			continue
		}
		e := &event.Event{
			Key:     event.Key{Kind: event.KindHealthStatus, ID: t.check.ID},
			Version: t.head.Version + 1, Prev: t.head.Hash, Time: now, Actor: Actor, Operation: "HealthStatus", Deleted: deleted,
		}
		if !deleted {
			var err error
			if e.Document, err = event.EncodeDocument(&t.status); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry{target: t, status: t.status, event: e})
	}
	clear(p.dirty)
	p.dirty = p.dirty[:0]
	return entries, nil
}

// seal gives an event its change and computes the head after it.
func (e *entry) seal(changeID string) error {
	e.event.ChangeID = changeID
	encoded, err := event.Encode(e.event)
	if err != nil {
		return fmt.Errorf("status of %s: %w", e.event.Key.ID, err)
	}
	e.head = store.Head{
		Key: e.event.Key, Version: e.event.Version, Hash: event.HashOf(encoded), Deleted: e.event.Deleted, Document: e.event.Document,
	}
	return nil
}

// settled notes what is durable.
func (p *Prober) settled(entries []entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		e.target.head, e.target.stored = e.head, e.status
	}
}

// failed has statuses stored again, on the heads that the store has.
func (p *Prober) failed(entries []entry, cause error) {
	view := p.cfg.Store.View()
	defer view.Close() //nolint:errcheck // only read from
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		head, err := view.Head(e.event.Key)
		if err != nil {
			p.cfg.Log.Error("health status is not stored", "health_check_id", e.event.Key.ID, "error", errors.Join(cause, err))
			continue
		}
		e.target.head, e.target.stored = head, health.Status{}
		p.markDirty(e.target)
	}
}
