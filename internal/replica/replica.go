// Package replica keeps a zonedb in step with a store: it loads every zone,
// then follows the store's tail, compiles what changed, publishes it, and
// says how far the DNS side has come.
//
//	store.Tail ─▶ touched names ─▶ store.View ─▶ zonedb.Edit ─▶ Commit ─▶ served
//
// One round takes a view, reads the tail up to the view's position, and
// compiles each name that those events touched as the view has it. So what is
// published is exactly the state at that position, batches whole, however
// many events one round covers.
//
// Run is the only goroutine that publishes. Served may be asked by anyone.
package replica

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// Replica follows one store.
type Replica struct {
	store store.Store
	db    *zonedb.DB
	log   *slog.Logger
	// networks belongs to Load, then to Run.
	networks networks
	// entities belongs to Load, then to Run.
	entities entities
	located  <-chan struct{} // see AwaitPlaces

	mu      sync.Mutex // guards the fields below
	served  uint64
	changed chan struct{} // closed when served rises
}

// New returns a Replica that publishes s into db.
func New(s store.Store, db *zonedb.DB, log *slog.Logger) *Replica {
	return &Replica{store: s, db: db, log: log, changed: make(chan struct{})}
}

// AwaitPlaces has Run publish nothing that depends on where clients are before
// ready is closed. To be called before Run.
func (r *Replica) AwaitPlaces(ready <-chan struct{}) { r.located = ready }

// Served is the position up to which DNS answers show the store.
func (r *Replica) Served() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.served
}

// WaitServed returns when DNS answers show the given position.
func (r *Replica) WaitServed(ctx context.Context, position uint64) error {
	for {
		r.mu.Lock()
		served, changed := r.served, r.changed
		r.mu.Unlock()
		if served >= position {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *Replica) setServed(position uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served = position
	close(r.changed)
	r.changed = make(chan struct{})
}

// Load compiles every zone of the store. It must return before Run begins.
func (r *Replica) Load(ctx context.Context) error {
	view := r.store.View()
	defer view.Close()
	if err := r.loadEntities(view); err != nil {
		return err
	}
	edit := r.db.Begin()
	if err := r.networks.load(edit, view); err != nil {
		edit.Discard()
		return fmt.Errorf("load networks: %w", err)
	}
	for entry, err := range view.List(event.IndexZoneID, nil, nil) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = r.loadZone(edit, view, entry.Head)
		}
		if err != nil {
			edit.Discard()
			return fmt.Errorf("load zones: %w", err)
		}
	}
	edit.Commit()
	r.setServed(view.Position())
	return nil
}

// loadZone compiles one zone from scratch.
func (r *Replica) loadZone(edit *zonedb.Edit, view store.View, head store.Head) error {
	var hosted zone.HostedZone
	if err := event.DecodeDocument(head.Document, &hosted); err != nil {
		return fmt.Errorf("zone %s: %w", head.Key.ID, err)
	}
	err := edit.AddZone(zonedb.ZoneConfig{
		ID: hosted.ID, Name: hosted.Name, Private: hosted.Private, VPCs: hosted.VPCs, Order: uint64(hosted.Created),
	})
	if err != nil {
		return err
	}
	if err := edit.SetVersion(hosted.ID, head.Version, head.Serial); err != nil {
		return err
	}
	var sets []*zone.RRset
	flush := func() {
		if len(sets) > 0 {
			r.setName(edit, hosted.ID, sets[0].Name, sets)
			sets = sets[:0]
		}
	}
	for set, err := range view.RRsets(hosted.ID, 0, store.Start{}) {
		if err != nil {
			return fmt.Errorf("zone %s: %w", head.Key.ID, err)
		}
		if len(sets) > 0 && sets[0].Name != set.Name {
			flush()
		}
		sets = append(sets, set)
	}
	flush()
	return nil
}

// setName compiles one name. What cannot be compiled was accepted by another
// version of the server: the name keeps its older answers, and the operator
// learns of it.
func (r *Replica) setName(edit *zonedb.Edit, zoneID string, name rdata.Name, sets []*zone.RRset) {
	if err := edit.SetName(zoneID, name, sets); err != nil {
		r.log.Error("name is not served as stored", "zone_id", zoneID, "name", name.String(), "error", err)
	}
}

// Run publishes changes until ctx ends.
func (r *Replica) Run(ctx context.Context) error {
	next, stop := iter.Pull2(r.store.Tail(ctx, r.Served()+1))
	defer stop()
	for {
		err := r.round(next)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errTailEnded):
			return nil
		case err != nil:
			return fmt.Errorf("follow the store: %w", err)
		}
	}
}

var errTailEnded = errors.New("tail ended")

// round waits for an event, then publishes everything committed by now.
func (r *Replica) round(next func() (store.Record, error, bool)) error {
	work := touched{}
	record, err, ok := next()
	if err != nil {
		return err
	}
	if !ok {
		return errTailEnded
	}
	work.add(record.Event)
	r.networks.note(record.Event)
	r.entities.note(record.Event)
	view := r.store.View()
	defer view.Close()
	for record.Position < view.Position() {
		record, err, ok = next()
		if err != nil {
			return err
		}
		if !ok {
			return errTailEnded
		}
		work.add(record.Event)
		r.networks.note(record.Event)
		r.entities.note(record.Event)
	}
	if err := r.followEntities(view); err != nil {
		return err
	}
	if len(work) > 0 || r.networks.changed() {
		if err := r.publish(view, work); err != nil {
			return err
		}
	}
	r.setServed(view.Position())
	return nil
}

// publish compiles and publishes what a round touched.
func (r *Replica) publish(view store.View, work touched) error {
	edit := r.db.Begin()
	if err := r.networks.follow(edit, view); err != nil {
		edit.Discard()
		return err
	}
	for id, names := range work {
		if err := r.compile(edit, view, id, names); err != nil {
			edit.Discard()
			return err
		}
	}
	if r.located != nil && r.db.Located() {
		<-r.located
	}
	edit.Commit()
	return nil
}

// compile brings one zone to the state of the view.
func (r *Replica) compile(edit *zonedb.Edit, view store.View, id string, names *touchedZone) error {
	head, err := view.Head(event.Key{Kind: event.KindZone, ID: id})
	if err != nil {
		return err
	}
	if !head.Exists() {
		edit.DropZone(id)
		return nil
	}
	if names.created {
		return r.loadZone(edit, view, head)
	}
	if err := edit.SetVersion(id, head.Version, head.Serial); err != nil {
		return err
	}
	if names.document {
		if err := setVPCs(edit, head); err != nil {
			return err
		}
	}
	for name := range names.names {
		sets, err := view.RRsetsAt(id, name)
		if err != nil {
			return err
		}
		r.setName(edit, id, name, sets)
	}
	return nil
}

// touched says, per zone id, what events changed.
type touched map[string]*touchedZone

type touchedZone struct {
	created  bool
	document bool // it is a new one
	names    map[rdata.Name]struct{}
}

func (t touched) add(e *event.Event) {
	if e.Key.Kind != event.KindZone {
		return
	}
	z := t[e.Key.ID]
	if z == nil {
		z = &touchedZone{names: map[rdata.Name]struct{}{}}
		t[e.Key.ID] = z
	}
	if e.Version == 1 {
		z.created = true
	}
	if len(e.Document) > 0 {
		z.document = true
	}
	for i := range e.Changes {
		z.names[e.Changes[i].Key().Name] = struct{}{}
	}
}
