package replica

import (
	"fmt"

	"open53/internal/event"
	"open53/internal/store"
)

// entities are those beside zones that somebody follows: who does, by kind,
// and what events have touched since they were last told.
type entities struct {
	followers map[event.Kind]func(id string, document []byte) error
	touched   map[event.Key]struct{}
}

// Follow has apply told of every entity of a kind that IndexID lists, and of
// each new document, which is nil where the entity has ended; before DNS
// serves the position of the event. What apply refuses was accepted by another
// version of the server: the operator learns of it, and all goes on. Follow
// must be called before Load; apply is called by Load, then by Run.
func (r *Replica) Follow(kind event.Kind, apply func(id string, document []byte) error) {
	if r.entities.followers == nil {
		r.entities.followers = make(map[event.Kind]func(string, []byte) error)
		r.entities.touched = make(map[event.Key]struct{})
	}
	r.entities.followers[kind] = apply
}

// loadEntities tells of all that there are.
func (r *Replica) loadEntities(view store.View) error {
	for kind := range r.entities.followers {
		for entry, err := range view.List(event.IndexID(kind), nil, nil) {
			if err != nil {
				return fmt.Errorf("load %s: %w", kind, err)
			}
			r.tell(entry.Head)
		}
	}
	return nil
}

// note remembers what an event touches.
func (e *entities) note(touching *event.Event) {
	if e.followers[touching.Key.Kind] != nil {
		e.touched[touching.Key] = struct{}{}
	}
}

// followEntities tells of what events touched, as a view has it.
func (r *Replica) followEntities(view store.View) error {
	for key := range r.entities.touched {
		head, err := view.Head(key)
		if err != nil {
			return err
		}
		r.tell(head)
	}
	clear(r.entities.touched)
	return nil
}

func (r *Replica) tell(head store.Head) {
	if err := r.entities.followers[head.Key.Kind](head.Key.ID, head.Document); err != nil {
		r.log.Error("entity is not served as stored", "kind", string(head.Key.Kind), "id", head.Key.ID, "error", err)
	}
}
