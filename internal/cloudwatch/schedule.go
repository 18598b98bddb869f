package cloudwatch

import (
	"context"
	"errors"
	"time"

	"open53/internal/metricstore"
)

// evaluateEvery is how often alarms with short periods are evaluated; those
// with periods of a minute and more are, every minute.
const evaluateEvery = 10 * time.Second

// settle is how long after the end of a period data may still come for it.
const settle = 2 * time.Second

// actorSystem is who changes the state of alarms.
const actorSystem = "system:alarms"

// runEvaluation evaluates alarms when they are due, until ctx ends.
func (s *Service) runEvaluation(ctx context.Context) error {
	next := func() time.Duration {
		now := s.config.Now().Add(-settle)
		return now.Truncate(evaluateEvery).Add(evaluateEvery).Sub(now)
	}
	timer := time.NewTimer(next())
	defer timer.Stop()
	s.evaluateAll(ctx, s.config.Now(), true) // what happened while nobody looked
	for {
		select {
		case <-ctx.Done():
			return nil
		case key := <-s.kick:
			s.evaluateSome(ctx, []alarmKey{key}, s.config.Now())
		case <-timer.C:
			now := s.config.Now()
			s.evaluateAll(ctx, now, now.Add(-settle).Truncate(evaluateEvery).Second() == 0)
			timer.Reset(next())
		}
	}
}

// evaluateAll evaluates the alarms with short periods and, on the minute, all.
func (s *Service) evaluateAll(ctx context.Context, now time.Time, minute bool) {
	s.mu.Lock()
	var keys []alarmKey
	for key, a := range s.alarms {
		if minute || a.Period < 60 {
			keys = append(keys, key)
		}
	}
	s.mu.Unlock()
	s.evaluateSome(ctx, keys, now)
}

// evaluateSome evaluates alarms and stores what became of them, several in one
// batch.
func (s *Service) evaluateSome(ctx context.Context, keys []alarmKey, now time.Time) {
	var turned []turn
	for i, key := range keys {
		if t, ok := s.evaluateOne(ctx, key, now); ok {
			turned = append(turned, t)
		}
		if len(turned) == maxBatch || i == len(keys)-1 && len(turned) > 0 {
			if err := s.applyTurns(ctx, turned, now.UnixMilli()); err != nil && ctx.Err() == nil {
				s.config.Log.Error("states of alarms not stored", "count", len(turned), "error", err)
			}
			turned = turned[:0]
		}
	}
}

// turn is the verdict on an alarm as it was when it was judged.
type turn struct {
	judged  *Alarm
	verdict verdict
}

// evaluateOne judges an alarm; false if nothing changes.
func (s *Service) evaluateOne(ctx context.Context, key alarmKey, now time.Time) (turn, bool) {
	a := s.alarm(key)
	if a == nil {
		return turn{}, false
	}
	from, to := a.span(now.UnixMilli())
	measured, err := s.config.Metrics.Read(ctx, a.metric(), a.Unit, from, to)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, metricstore.ErrClosed) {
			s.config.Log.Error("alarm not evaluated", "alarm", key.id(), "error", err)
		}
		return turn{}, false
	}
	v := a.evaluate(merge(measured), now.UnixMilli())
	if v.filled > 0 && from < s.started && a.Updated < s.started {
		// Data may be missing because nobody was here to take them: a restart
		// must not turn alarms, nor the health checks that rest on them.
		return turn{}, false
	}
	return turn{a, v}, v.state != "" && (v.state != a.State || v.state != a.Evaluated)
}

func (a *Alarm) metric() metricstore.Metric {
	m := metricstore.Metric{Region: a.Region, Namespace: a.Namespace, Name: a.Metric}
	for _, d := range a.Dimensions {
		m.Dimensions = append(m.Dimensions, metricstore.Dimension{Name: d.Name, Value: d.Value})
	}
	return m
}
