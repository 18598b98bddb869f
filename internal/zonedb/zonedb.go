// Package zonedb holds all zones compiled for answering: precompiled wire,
// found by hash, published as one frozen Snapshot.
//
//	DB ──atomic pointer──▶ Snapshot ─▶ zone index ─▶ Zone ─▶ table ─▶ record
//	                       (by apex hash)            (by name hash)  (bytes)
//
// Public zones have one index; private ones have one for each VPC (View), and
// the network table says which VPC a client is in.
//
// A Zone is an extendible hash of owner names over byte arenas: no Go pointer
// per record, nothing for the collector to scan. Both levels are persistent
// structures: an Edit copies the few pages a change touches and shares the
// rest, so publishing one change costs the same in a zone of ten names and of
// ten million, and so does replacing one of a million zones.
//
// Invariants: a published Snapshot and everything it reaches never changes; a
// zone compiled from changes answers as one compiled from scratch.
//
// Concurrency: any number of readers load a Snapshot and use it for as long as
// they like; they must keep the Snapshot reachable (runtime.KeepAlive) while
// they use bytes from it, because large arenas lie outside the Go heap. One
// Edit is open at a time.
package zonedb

import (
	"sync"
	"sync/atomic"

	"open53/internal/policy"
	"open53/internal/rdata"
)

// DB is the set of compiled zones.
type DB struct {
	current atomic.Pointer[Snapshot]
	// located is set once a group was compiled that asks where clients are.
	located atomic.Bool
	outside *Outside
	world   policy.World

	mu sync.Mutex // held by the open Edit; guards the fields below
	// byID has every zone, also those that another one of the same name hides.
	byID map[string]*Zone
	// hidden are the zones of each name that do not answer, because an older
	// one of that name does.
	hidden  map[rdata.Name][]*Zone
	private privateZones
	edits   uint64
}

// Snapshot is every zone as published at one moment.
type Snapshot struct {
	private *privateIndex // nil: no network is known, so nobody is in one
	index   zoneIndex
	outside []*outsideSlot
	zones   int
}

// New returns an empty DB, for a world of which nothing is known.
func New() *DB { return NewIn(policy.World{}) }

// NewIn returns an empty DB whose groups are compiled for a world. The parts
// of it that are nil are made empty.
func NewIn(w policy.World) *DB {
	db := &DB{outside: newOutside(), world: w.Complete(), byID: map[string]*Zone{}, hidden: map[rdata.Name][]*Zone{}, private: newPrivateZones()}
	db.current.Store(&Snapshot{})
	return db
}

// Snapshot is the latest published state.
func (db *DB) Snapshot() *Snapshot { return db.current.Load() }

// Located reports whether answers depend on where clients are.
func (db *DB) Located() bool { return db.located.Load() }

// Outside are the names outside our zones that aliases point at.
func (db *DB) Outside() *Outside { return db.outside }

// World is what the DB's groups are compiled for.
func (db *DB) World() *policy.World { return &db.world }

// Zones is the number of zones.
func (s *Snapshot) Zones() int { return s.zones }

// Begin opens an edit, waiting for an open one to end.
func (db *DB) Begin() *Edit {
	db.mu.Lock()
	db.edits++
	return &Edit{db: db, owner: db.edits, zones: map[string]*zoneEdit{}, index: db.current.Load().index}
}

// Commit publishes the edit. It must not be used afterwards.
func (e *Edit) Commit() {
	db := e.db
	for id, ze := range e.zones {
		old := db.byID[id]
		switch {
		case ze == nil && old != nil:
			delete(db.byID, id)
			e.unpublish(old)
			db.private.drop(e, old)
		case ze != nil:
			ze.settle()
			ze.relocate()
			db.byID[id] = ze.zone
			e.publish(old, ze.zone)
			db.private.put(e, old, ze.zone)
		}
	}
	db.current.Store(&Snapshot{index: e.index, private: db.private.publish(e), outside: db.outside.slots(), zones: len(db.byID)})
	db.mu.Unlock()
}

// publish puts a zone into the index, or among the hidden if an older zone has
// its name.
func (e *Edit) publish(old, z *Zone) {
	if z.private {
		return
	}
	answering := e.index.find(z.apexHash, []byte(z.apex))
	switch {
	case answering == nil || answering == old || answering.id == z.id:
		e.index.put(z, e.owner)
	case z.before(answering):
		e.hide(answering)
		e.reveal(old)
		e.index.put(z, e.owner)
	default:
		e.reveal(old)
		e.hide(z)
	}
}

func (e *Edit) hide(z *Zone) {
	e.db.hidden[z.apex] = append(e.db.hidden[z.apex], z)
}

// reveal takes a zone from the hidden, if it is there.
func (e *Edit) reveal(z *Zone) {
	if z == nil {
		return
	}
	hidden := e.db.hidden[z.apex]
	for i, h := range hidden {
		if h.id == z.id {
			hidden[i] = hidden[len(hidden)-1]
			hidden = hidden[:len(hidden)-1]
			break
		}
	}
	if len(hidden) == 0 {
		delete(e.db.hidden, z.apex)
	} else {
		e.db.hidden[z.apex] = hidden
	}
}

// unpublish removes a zone; the oldest hidden one of its name takes over.
func (e *Edit) unpublish(z *Zone) {
	if z.private {
		return
	}
	answering := e.index.find(z.apexHash, []byte(z.apex))
	if answering == nil || answering.id != z.id {
		e.reveal(z)
		return
	}
	var next *Zone
	for _, h := range e.db.hidden[z.apex] {
		if next == nil || h.before(next) {
			next = h
		}
	}
	if next == nil {
		e.index.remove(z, e.owner)
		return
	}
	e.reveal(next)
	e.index.put(next, e.owner)
}

// EachZone tells of every zone, in no order. f must not begin an edit.
func (db *DB) EachZone(f func(z *Zone)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, z := range db.byID {
		f(z)
	}
}

// Discard ends the edit and publishes nothing.
func (e *Edit) Discard() { e.db.mu.Unlock() }
