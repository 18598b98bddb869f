package prober

import (
	"sync"
	"time"
)

// The wheel's geometry: one turn is 40.96 s, longer than the longest interval,
// so that a slot holds nodes of one turn only.
const (
	slotTime = 10 * time.Millisecond
	slots    = 4096
)

// wheel orders targets by when they are due.
//
//	now ─▶ slot ─▶ node ⇄ node ⇄ node
//	       slot
//	       slot ─▶ node
//
// Adding and removing cost the same however many there are; a target is in at
// most one slot.
type wheel struct {
	start   time.Time
	earlier chan struct{} // something was added before the next slot due

	mu    sync.Mutex // guards the fields below, and the nodes of all targets
	ring  [slots]*target
	done  int64 // slots up to and including this number were taken
	next  int64 // the slot that wait has told of
	count int
}

// node is a target's place in the wheel.
type node struct {
	due    time.Time
	slot   int64 // number of the slot since the start
	queued bool
	ahead  *target
	behind *target
}

func newWheel(start time.Time) *wheel {
	return &wheel{start: start, earlier: make(chan struct{}, 1), done: -1}
}

// add puts a target into the wheel, or moves it there.
func (w *wheel) add(t *target, due time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(t)
	// Never before it is due, so a slot is taken when its last moment is.
	t.slot = min(max(int64((due.Sub(w.start)+slotTime-1)/slotTime), w.done+1), w.done+slots)
	t.due, t.queued = due, true
	head := &w.ring[t.slot%slots]
	if t.ahead = *head; t.ahead != nil {
		t.ahead.behind = t
	}
	*head = t
	w.count++
	if t.slot < w.next {
		w.next = t.slot
		select {
		case w.earlier <- struct{}{}:
		default:
		}
	}
}

// remove takes a target out; one that is not in is let be.
func (w *wheel) remove(t *target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(t)
}

func (w *wheel) unlink(t *target) {
	if !t.queued {
		return
	}
	if t.ahead != nil {
		t.ahead.behind = t.behind
	}
	if t.behind != nil {
		t.behind.ahead = t.ahead
	} else {
		w.ring[t.slot%slots] = t.ahead
	}
	t.ahead, t.behind, t.queued = nil, nil, false
	w.count--
}

// dueTarget is a target that was taken out.
type dueTarget struct {
	*target
	due time.Time
}

// take appends the targets that are due to list, and removes them.
func (w *wheel) take(now time.Time, list []dueTarget) []dueTarget {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := int64(now.Sub(w.start) / slotTime)
	// After a pause longer than a turn, one turn visits every slot.
	for n := max(w.done+1, last-slots+1); n <= last; n++ {
		for t := w.ring[n%slots]; t != nil; t = w.ring[n%slots] {
			w.unlink(t)
			list = append(list, dueTarget{t, t.due})
		}
	}
	w.done = max(w.done, last)
	return list
}

// wait is how long the next slot with something in it is off.
func (w *wheel) wait(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = w.done + slots
	if w.count > 0 {
		for n := w.done + 1; n < w.done+slots; n++ {
			if w.ring[n%slots] != nil {
				w.next = n
				break
			}
		}
	}
	return max(w.start.Add(time.Duration(w.next)*slotTime).Sub(now), 0)
}

// dueOf is when a target is due; zero if it is not in the wheel.
func (w *wheel) dueOf(t *target) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !t.queued {
		return time.Time{}
	}
	return t.due
}
