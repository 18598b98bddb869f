package route53

import (
	"context"
	"errors"

	"open53/internal/event"
	"open53/internal/store"
)

// maxAttempts bounds how often one change is decided. Each further time takes
// another writer of the entity, or a batch of it that failed.
const maxAttempts = 16

// A change is one request to change entities.
type change struct {
	operation string // of the API, or the verb
	comment   string
	// keys are the entities whose turns are needed: those on whose state the
	// decision rests.
	keys []event.Key
	// drained asks for a state in which nothing is pending: a view has it all.
	drained bool
	// decide reads the state and drafts events. It is called again where the
	// state turns out to have been another one, so it must have no effects.
	decide func(t *tx) error

	id, actor string // set by commit
}

// errDecideAgain: the change was decided on a state that did not come to be.
var errDecideAgain = errors.New("decided on a state that is not so")

// commit makes a change durable and says which one it was. Once the change is
// on its way to the store the answer waits for it, whatever becomes of ctx:
// the client of a change that is made should know of it. Errors: those of
// decide, PriorRequestNotComplete, errOutcomeUnknown, those of ctx and of the
// store.
func (s *Service) commit(ctx context.Context, c change) (changeInfo, error) {
	var err error
	if c.id, err = s.ids.next(changeIDLetter); err != nil {
		return changeInfo{}, err
	}
	c.actor = actor(ctx)
	for range maxAttempts {
		time, err := s.attempt(ctx, &c)
		if !errors.Is(err, errDecideAgain) {
			return changeInfo{id: c.id, time: time, comment: c.comment}, err
		}
	}
	return changeInfo{}, priorRequest()
}

// attempt decides a change and waits for it. It returns the time of the
// change.
func (s *Service) attempt(ctx context.Context, c *change) (time int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	h, err := s.turns.take(ctx, c.keys)
	if err != nil {
		return 0, err
	}
	defer h.end()
	waitCtx, stop := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.CommitTimeout)
	defer stop()
	if c.drained {
		if err := h.drain(waitCtx, s.store); err != nil {
			return 0, err
		}
	}
	b, time, err := s.enqueue(ctx, c, h)
	if err != nil {
		return 0, s.refuse(waitCtx, h, err)
	}
	h.pass()
	return time, again(b.wait(waitCtx, s.store))
}

// enqueue decides a change and gives its events to the store.
func (s *Service) enqueue(ctx context.Context, c *change, h *holding) (*batch, int64, error) {
	for _, e := range h.entities {
		e.settle()
	}
	t := &tx{service: s, view: s.store.View(), holding: h, change: c, now: s.cfg.Now().UnixMilli()}
	defer t.view.Close()
	if err := c.decide(t); err != nil {
		return nil, 0, err
	}
	events, heads, err := t.events()
	if err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if len(events) == 0 { // nothing to do
		return &batch{changeID: c.id, ticket: nothing{}}, t.now, nil
	}
	b := &batch{changeID: c.id, ticket: s.store.Enqueue(events)}
	t.keep(b, heads)
	return b, t.now, nil
}

// refuse returns the error that a change was refused with, once the state is
// durable that it was refused for. If that state fails, the change is to be
// decided again.
func (s *Service) refuse(ctx context.Context, h *holding, refusal error) error {
	var prior []*batch
	for _, e := range h.entities {
		if b := e.newest(); b != nil {
			prior = append(prior, b)
		}
	}
	h.releaseAll()
	for _, b := range prior {
		if err := b.wait(ctx, s.store); errors.Is(err, errOutcomeUnknown) {
			return err
		} else if err != nil {
			return errDecideAgain
		}
	}
	return refusal
}

// again tells a lost race from other failures.
func again(err error) error {
	if conflict := new(store.Conflict); errors.As(err, &conflict) {
		return errDecideAgain
	}
	return err
}

// nothing is the ticket of a change without events.
type nothing struct{}

func (nothing) Wait(context.Context) (uint64, error) { return 0, nil }
