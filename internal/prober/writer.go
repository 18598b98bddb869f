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
			p.mu.Lock()
			p.ended = true
			p.mu.Unlock()
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
	gone   bool
	event  *event.Event
	head   store.Head // that the event leads to
}

// flush stores every dirty status, as many to a batch as fit. What fails is
// dirty again.
func (p *Prober) flush(ctx context.Context) error {
	type sent struct {
		entries []entry
		ticket  store.Ticket
	}
	var all []sent
	for batch := range slices.Chunk(p.collect(), store.MaxKeys) {
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
		for _, e := range s.entries {
			e.target.head, e.target.stored = e.head, e.status
		}
	}
	return errors.Join(faults...)
}

// collectAtOnce is how many statuses are copied before probes get a turn.
const collectAtOnce = 256

// collect takes the dirty statuses that differ from what is stored. Nothing is
// encoded here: results wait for the lock.
func (p *Prober) collect() []entry {
	var entries []entry
	for more := true; more; {
		p.mu.Lock()
		n := min(len(p.dirty), collectAtOnce)
		for _, t := range p.dirty[:n] {
			t.isDirty = false
			entries = append(entries, entry{target: t, status: t.status, gone: t.gone})
		}
		clear(p.dirty[:n])
		p.dirty = p.dirty[n:]
		more = len(p.dirty) > 0
		p.mu.Unlock()
	}
	return slices.DeleteFunc(entries, func(e entry) bool {
		exists := e.target.head.Exists()
		if e.gone {
			return !exists
		}
		return exists && e.status.SameState(&e.target.stored)
	})
}

// seal makes the event, as part of a change, and computes the head after it.
func (e *entry) seal(changeID string) (err error) {
	old := e.target.head
	e.event = &event.Event{
		Key:     event.Key{Kind: event.KindHealthStatus, ID: e.status.ID},
		Version: old.Version + 1, Prev: old.Hash, Time: time.Now().UnixMilli(), ChangeID: changeID,
		Actor: Actor, Operation: "HealthStatus", Deleted: e.gone,
	}
	var encoded []byte
	if !e.gone {
		e.event.Document, err = event.EncodeDocument(&e.status)
	}
	if err == nil {
		encoded, err = event.Encode(e.event)
	}
	if err != nil {
		return fmt.Errorf("status of %s: %w", e.status.ID, err)
	}
	e.head = store.Head{
		Key: e.event.Key, Version: e.event.Version, Hash: event.HashOf(encoded), Deleted: e.gone, Document: e.event.Document,
	}
	return nil
}

// failed has statuses stored again, on the heads that the store has.
func (p *Prober) failed(entries []entry, cause error) {
	view := p.cfg.Store.View()
	defer view.Close()
	for _, e := range entries {
		head, err := view.Head(e.event.Key)
		if err != nil {
			p.cfg.Log.Error("health status is not stored", "health_check_id", e.event.Key.ID, "error", errors.Join(cause, err))
			continue
		}
		e.target.head, e.target.stored = head, health.Status{}
		p.mu.Lock()
		p.markDirty(e.target)
		p.mu.Unlock()
	}
}
