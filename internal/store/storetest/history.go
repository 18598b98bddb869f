package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// history is a random one: steps that a store must accept or refuse, and the
// model of what it must show.
type history struct {
	t     *testing.T
	r     *rand.Rand
	w     *writer
	model *model
	from  uint64 // the first position in the log
}

func newHistory(t *testing.T, s store.Store, r *rand.Rand) *history {
	t.Helper()
	return &history{t: t, r: r, w: newWriter(t, s), model: newModel(), from: 1}
}

// moveTo goes on with a store that holds the same.
func (h *history) moveTo(s store.Store) { h.w.s = s }

// step does one thing at random.
func (h *history) step() {
	h.t.Helper()
	zoneID := fmt.Sprintf("Z%d", h.r.IntN(5))
	switch n := h.r.IntN(20); {
	case n < 11:
		h.changeZone(zoneID)
	case n < 13:
		h.editZone(zoneID)
	case n < 14:
		h.deleteZone(zoneID)
	case n < 16:
		h.changeSet(fmt.Sprintf("N%d", h.r.IntN(3)))
	case n < 18:
		h.stale(zoneID)
	case n < 19:
		h.repeat()
	default:
		h.pipeline()
	}
}

func (h *history) accept(events ...*event.Event) {
	h.t.Helper()
	position := h.w.append(events...)
	h.model.apply(h.t, events...)
	if want := uint64(len(h.model.log)); position != want {
		h.t.Fatalf("position is %d, want %d", position, want)
	}
}

// changeZone makes a zone, or changes RRsets of it.
func (h *history) changeZone(id string) {
	h.t.Helper()
	key := zoneKey(id)
	change := h.w.changeID()
	var events []*event.Event
	exists := h.model.latest(key).head.Exists()
	if !exists {
		events = append(events, h.w.event(change, referenceKey(fmt.Sprintf("hostedzone/%s/%d", id, h.w.changes)), nil))
	}
	events = append(events, h.w.event(change, key, func(e *event.Event) {
		e.Changes = h.changes(key)
		if !exists {
			e.Document = h.document(id)
		}
	}))
	h.r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	h.accept(events...)
}

// changes makes some changes of a zone's RRsets; several may be of one RRset.
func (h *history) changes(key event.Key) (changes []zone.Change) {
	sets := make(map[zone.RRsetKey]*zone.RRset)
	maps.Copy(sets, h.model.latest(key).sets)
	for range 1 + h.r.IntN(5) {
		set := h.rrset()
		old := sets[set.Key()]
		switch {
		case old == nil:
			changes = append(changes, zone.Change{Action: zone.Create, New: set})
			sets[set.Key()] = set
		case h.r.IntN(2) == 0:
			changes = append(changes, zone.Change{Action: zone.Upsert, Old: old, New: set})
			sets[set.Key()] = set
		default:
			changes = append(changes, zone.Change{Action: zone.Delete, Old: old})
			delete(sets, set.Key())
		}
	}
	return changes
}

func (h *history) rrset() *zone.RRset {
	names := []string{"example.com", "a.example.com", "b.example.com", "*.example.com", "x.a.example.com", `\001.example.com`}
	types := []rdata.Type{rdata.TypeA, rdata.TypeTXT, rdata.TypeHTTPS}
	set := rrset(names[h.r.IntN(len(names))], types[h.r.IntN(len(types))], fmt.Sprint(h.r.Uint64()))
	switch h.r.IntN(6) {
	case 0:
		set.SetIdentifier, set.Policy, set.Weight = string(rune('a'+h.r.IntN(3))), zone.Weighted, uint8(h.r.UintN(256))
	case 1:
		set.SetIdentifier, set.Policy = "geo", zone.GeolocationPolicy
		set.Geolocation = &zone.Geolocation{Country: "DE"}
	case 2:
		set.Values, set.TTL = nil, 0
		set.Alias = &zone.Alias{ZoneID: "Z1", Target: rdata.MustParseName("a.example.com"), EvaluateTargetHealth: true}
	case 3:
		for range h.r.IntN(20) {
			set.Values = append(set.Values, strings.Repeat("v", h.r.IntN(100)))
		}
	}
	return set
}

func (h *history) document(id string) []byte {
	h.t.Helper()
	z := &zone.HostedZone{ID: id, Name: rdata.MustParseName([]string{"example.com", "example.net", "a.example.com"}[h.r.IntN(3)]), Created: h.r.Int64()}
	if h.r.IntN(2) == 0 {
		z.Private = true
		for i := range h.r.IntN(4) {
			z.VPCs = append(z.VPCs, zone.VPC{Region: "r", ID: fmt.Sprintf("vpc-%d", i)})
		}
		h.r.Shuffle(len(z.VPCs), func(i, j int) { z.VPCs[i], z.VPCs[j] = z.VPCs[j], z.VPCs[i] })
	} else if h.r.IntN(2) == 0 {
		z.DelegationSetID = fmt.Sprintf("N%d", h.r.IntN(3))
	}
	return zoneDocument(h.t, z)
}

func (h *history) editZone(id string) {
	h.t.Helper()
	h.accept(h.w.event(h.w.changeID(), zoneKey(id), func(e *event.Event) { e.Document = h.document(id) }))
}

// deleteZone deletes a zone, with or without changes that empty it.
func (h *history) deleteZone(id string) {
	h.t.Helper()
	latest := h.model.latest(zoneKey(id))
	if !latest.head.Exists() {
		return
	}
	h.accept(h.w.event(h.w.changeID(), zoneKey(id), func(e *event.Event) {
		e.Deleted = true
		if h.r.IntN(2) == 0 {
			for _, set := range latest.list(store.Start{}) {
				e.Changes = append(e.Changes, zone.Change{Action: zone.Delete, Old: set})
			}
		}
	}))
}

// changeSet makes or deletes a reusable delegation set.
func (h *history) changeSet(id string) {
	h.t.Helper()
	key := event.Key{Kind: event.KindDelegationSet, ID: id}
	h.accept(h.w.event(h.w.changeID(), key, func(e *event.Event) {
		if h.model.latest(key).head.Exists() {
			e.Deleted = true
			return
		}
		document, err := event.EncodeDocument(&zone.DelegationSet{ID: id, NameServers: []string{"ns." + id}})
		if err != nil {
			h.t.Fatal(err)
		}
		e.Document = document
	}))
}

// stale appends to a version that is not the latest, together with an event
// that would be fine.
func (h *history) stale(id string) {
	h.t.Helper()
	versions := h.model.entities[zoneKey(id)]
	if len(versions) == 0 {
		return
	}
	old := newWriter(h.t, h.w.s)
	change := h.w.changeID()
	at := h.r.IntN(len(versions))
	if at > 0 {
		old.heads[zoneKey(id)] = link{uint64(at), versions[at-1].head.Hash}
	}
	events := []*event.Event{
		old.event(change, referenceKey("stale/"+change), nil),
		old.event(change, zoneKey(id), nil),
	}
	_, err := h.w.s.Append(h.t.Context(), events)
	var conflict *store.Conflict
	if !errors.As(err, &conflict) || conflict.Actual.Version != uint64(len(versions)) {
		h.t.Fatalf("append to version %d of %d: %v", at, len(versions), err)
	}
}

// repeat appends a change that is in the log already.
func (h *history) repeat() {
	h.t.Helper()
	kept := slices.DeleteFunc(slices.Clone(h.model.log), func(r store.Record) bool { return r.Position < h.from })
	if len(kept) == 0 {
		return
	}
	e := kept[h.r.IntN(len(kept))].Event
	position, err := h.w.s.Append(h.t.Context(), []*event.Event{e})
	if want := h.model.changes[e.ChangeID].Position; err != nil || position != want {
		h.t.Fatalf("repeated change %s: %d, %v; want %d", e.ChangeID, position, err, want)
	}
}

// pipeline enqueues changes that build on each other and waits afterwards.
func (h *history) pipeline() {
	h.t.Helper()
	var tickets []store.Ticket
	for range 2 + h.r.IntN(4) {
		key := zoneKey(fmt.Sprintf("Z%d", h.r.IntN(5)))
		e := h.w.event(h.w.changeID(), key, func(e *event.Event) { e.Changes = h.changes(key) })
		h.model.apply(h.t, e)
		tickets = append(tickets, h.w.s.Enqueue([]*event.Event{e}))
	}
	for _, ticket := range tickets {
		if _, err := ticket.Wait(h.t.Context()); err != nil {
			h.t.Fatalf("pipeline: %v", err)
		}
	}
}

// testRandomHistories runs histories with restarts, restores and compactions
// in them. Invariants: what was acknowledged is there and in order, the state
// is what replaying the log gives, a copy from a backup is the same.
func testRandomHistories(t *testing.T, h Harness) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 53))
			s := h.Open(t)
			hist := newHistory(t, s, r)
			for range 8 {
				for range 25 {
					hist.step()
				}
				switch n := r.IntN(4); {
				case n == 0 && h.Reopen != nil:
					s = h.Reopen(t, s)
				case n == 1:
					s = replaceByBackup(t, h, s)
				case n == 2:
					hist.from = max(hist.from, compactSome(t, h, s, r)+1)
				}
				hist.moveTo(s)
				hist.model.check(t, s, hist.from)
				verify(t, s)
			}
			closeStore(t, s)
		})
	}
}
