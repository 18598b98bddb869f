package cloudwatch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"open53/internal/event"
	"open53/internal/store"
)

// maxBatch is how many alarms one change has at most.
const maxBatch = store.MaxKeys

// draft is the change of one alarm.
type draft struct {
	key   alarmKey
	alarm *Alarm // afterwards; nil: deleted
	// quiet: actions are not to be taken, as nothing but settings changed.
	quiet bool
}

// commit makes changes durable, then takes them over and tells those who want
// to know. s.changing is held. There are at most maxBatch of them.
func (s *Service) commit(ctx context.Context, operation, actor string, drafts []draft, now int64) error {
	if len(drafts) == 0 {
		return nil
	}
	id := make([]byte, 16)
	if _, err := io.ReadFull(s.config.Random, id); err != nil {
		return fmt.Errorf("make change id: %w", err)
	}
	heads, err := s.heads(drafts)
	if err != nil {
		return err
	}
	events := make([]*event.Event, len(drafts))
	for i, d := range drafts {
		e := &event.Event{
			Key: d.key.entity(), Version: heads[i].Version + 1, Prev: heads[i].Hash, Time: now,
			ChangeID: "alarm-" + hex.EncodeToString(id), Actor: actor, Operation: operation, Deleted: d.alarm == nil,
		}
		if d.alarm != nil {
			if e.Document, err = event.EncodeDocument(d.alarm); err != nil {
				return err
			}
		}
		events[i] = e
	}
	// Whatever becomes of the client, what is under way is waited for: memory
	// must not fall behind the store.
	if _, err := s.config.Store.Append(context.WithoutCancel(ctx), events); err != nil {
		return errors.Join(fmt.Errorf("store alarms: %w", err), s.reload(drafts))
	}
	for _, d := range drafts {
		s.takeOver(d)
	}
	return nil
}

// heads reads where the entities stand, those of deleted alarms too.
func (s *Service) heads(drafts []draft) ([]store.Head, error) {
	view := s.config.Store.View()
	defer view.Close()
	heads := make([]store.Head, len(drafts))
	for i, d := range drafts {
		var err error
		if heads[i], err = view.Head(d.key.entity()); err != nil {
			return nil, fmt.Errorf("read alarm: %w", err)
		}
	}
	return heads, nil
}

// reload reads alarms whose change failed from the store: it may have become
// durable for all that, or another writer was there before.
func (s *Service) reload(drafts []draft) error {
	heads, err := s.heads(drafts)
	if err != nil {
		return err
	}
	for i, d := range drafts {
		head := heads[i]
		if !head.Exists() {
			s.takeOver(draft{key: d.key})
			continue
		}
		a, err := decodeAlarm(head.Document)
		if err != nil {
			return fmt.Errorf("read alarm: %w", err)
		}
		s.takeOver(draft{key: d.key, alarm: a, quiet: true})
	}
	return nil
}

// takeOver puts the new state of an alarm into memory, and tells of it.
func (s *Service) takeOver(d draft) {
	s.mu.Lock()
	old := s.alarms[d.key]
	if d.alarm == nil {
		delete(s.alarms, d.key)
	} else {
		s.alarms[d.key] = d.alarm
	}
	s.mu.Unlock()
	if d.alarm == nil {
		if old != nil && old.Evaluated != InsufficientData {
			s.tell(d.key, InsufficientData)
		}
		return
	}
	if old == nil && d.alarm.Evaluated != InsufficientData || old != nil && old.Evaluated != d.alarm.Evaluated {
		s.tell(d.key, d.alarm.Evaluated)
	}
	if old != nil && old.State != d.alarm.State && !d.quiet {
		s.act(old.State, d.alarm)
	}
}

func (s *Service) tell(k alarmKey, state State) {
	for _, f := range s.watchers {
		f(k.region, k.name, state)
	}
}

// applyTurns stores the verdicts on alarms that have not changed since.
func (s *Service) applyTurns(ctx context.Context, turned []turn, now int64) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	var drafts []draft
	for _, t := range turned {
		if s.alarm(t.judged.key()) != t.judged {
			continue // the next evaluation will know it as it is
		}
		drafts = append(drafts, draft{key: t.judged.key(), alarm: t.judged.turned(t.verdict, now)})
	}
	return s.commit(ctx, "EvaluateAlarm", actorSystem, drafts, now)
}

// turned is the alarm after a verdict.
func (a *Alarm) turned(v verdict, now int64) *Alarm {
	b := *a
	b.Evaluated = v.state
	if v.state != a.State {
		b.setState(v, now)
	}
	return &b
}

// setState changes the state that is shown.
func (a *Alarm) setState(v verdict, now int64) {
	if a.State != v.state {
		a.StateTransitioned = now
	}
	a.State, a.Reason, a.ReasonData, a.StateUpdated = v.state, v.reason, v.data, now
}
