package route53

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"open53/internal/event"
	"open53/internal/store"
)

// turns lets one change at a time decide on an entity. It holds the entities
// that somebody uses, and no others.
type turns struct {
	mu       sync.Mutex // guards entities and entity.users; never held while waiting
	entities map[event.Key]*entity
}

func newTurns() turns { return turns{entities: make(map[event.Key]*entity)} }

// use finds the entity of a key and keeps it until leave.
func (t *turns) use(key event.Key) *entity {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entities[key]
	if e == nil {
		e = &entity{key: key, turn: make(chan struct{}, 1)}
		t.entities[key] = e
	}
	e.users++
	return e
}

// leave forgets the entity with its last user, and the pending state with it:
// the next one begins with what is durable then.
func (t *turns) leave(e *entity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.users--
	if e.users == 0 {
		delete(t.entities, e.key)
	}
}

// holding is entities in use, and which turns are held. It belongs to one
// goroutine.
type holding struct {
	turns    *turns
	entities []*entity
	held     []bool
}

// take waits for the turns of all keys, first come first served. On an error,
// which is that of ctx, nothing is held.
func (t *turns) take(ctx context.Context, keys []event.Key) (*holding, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, compareKeys) // the lock order
	keys = slices.Compact(keys)
	h := &holding{turns: t}
	for _, key := range keys {
		e := t.use(key)
		h.entities = append(h.entities, e)
		select {
		case e.turn <- struct{}{}: // channels serve senders in order
			h.held = append(h.held, true)
		case <-ctx.Done():
			h.held = append(h.held, false)
			h.end()
			return nil, ctx.Err()
		}
	}
	return h, nil
}

func compareKeys(a, b event.Key) int {
	if a.Kind != b.Kind {
		return strings.Compare(string(a.Kind), string(b.Kind))
	}
	return strings.Compare(a.ID, b.ID)
}

// find returns the entity of a key whose turn was taken, or nil.
func (h *holding) find(key event.Key) *entity {
	for _, e := range h.entities {
		if e.key == key {
			return e
		}
	}
	return nil
}

// pass gives the turns of zones to the next in line. The others are guards of
// something that several zones share; their turns are kept until the change is
// durable, so that whoever has one sees in a view all that it guards.
func (h *holding) pass() {
	for i, e := range h.entities {
		if e.pipelined() {
			h.release(i)
		}
	}
}

// drain waits, turns in hand, until nothing is pending that may still become
// durable. Error: errOutcomeUnknown.
func (h *holding) drain(ctx context.Context, s store.Store) error {
	for _, e := range h.entities {
		if b := e.newest(); b != nil {
			if err := b.wait(ctx, s); errors.Is(err, errOutcomeUnknown) {
				return err
			}
		}
	}
	return nil
}

func (h *holding) release(i int) {
	if h.held[i] {
		h.held[i] = false
		<-h.entities[i].turn
	}
}

// releaseAll gives up all turns and keeps the entities in use.
func (h *holding) releaseAll() {
	for i := range h.entities {
		h.release(i)
	}
}

// end gives up everything.
func (h *holding) end() {
	h.releaseAll()
	for _, e := range h.entities {
		h.turns.leave(e)
	}
	h.entities = nil
}
