package kv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"open53/internal/event"
	"open53/internal/store"
)

var errDisk = errors.New("disk on fire")

// TestCommitFails: the group that fails is ambiguous, everything after it is
// refused, reading goes on, and the next start tells the truth.
func TestCommitFails(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprintf("applied=%v", applied), func(t *testing.T) {
			e := newFakeEngine()
			s, one := sampleStore(t, e)
			fail := func(int) error { return errDisk }
			if applied {
				e.after = fail
			} else {
				e.commit = fail
			}
			last := one.next(t, "C8", nil)
			_, err := s.Append(t.Context(), []*event.Event{last})
			if !errors.Is(err, store.ErrAmbiguous) || !errors.Is(err, errDisk) {
				t.Errorf("error is %v, want ErrAmbiguous and the cause", err)
			}
			const want = "store is unavailable until it is reopened: disk on fire"
			for range 2 {
				_, err = s.Append(t.Context(), []*event.Event{one.next(t, "C9", nil)})
				if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrAmbiguous) || err.Error() != want {
					t.Errorf("error is %q, want %q", err, want)
				}
			}
			if err := s.RecordBackup(t.Context(), store.BackupInfo{StoreID: "id"}); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("record backup: %v, want ErrUnavailable", err)
			}
			v := s.View()
			if h, err := v.Head(one.key); err != nil || h.Version != 3 || s.Position() != 8 {
				t.Errorf("head is %+v, %v, position %d: what is not acknowledged is visible", h, err, s.Position())
			}
			_ = v.Close()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			s = mustOpen(t, e.copy())
			v = s.View()
			if _, found, err := v.Lookup("C8"); err != nil || found != applied {
				t.Errorf("after a restart: found %v, %v; want %v", found, err, applied)
			}
			_ = v.Close()
			if position, err := s.Append(t.Context(), []*event.Event{last}); err != nil || position != 9 {
				t.Errorf("repeated: position %d, %v; want 9", position, err)
			}
			if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
				t.Errorf("verify: %q, %v", report.Faults, err)
			}
			_ = s.Close()
		})
	}
}

// TestCommitFailsInGroup: in a group that fails, a repetition of what is
// durable is still acknowledged.
func TestCommitFailsInGroup(t *testing.T) {
	e := newFakeEngine()
	s, one := sampleStore(t, e)
	entered, release := make(chan struct{}), make(chan struct{})
	first := e.commits + 1
	e.commit = func(n int) error {
		if n == first {
			close(entered)
			<-release
			return nil
		}
		return errDisk
	}
	held := s.Enqueue([]*event.Event{one.next(t, "C8", nil)})
	<-entered // what follows waits and becomes one group
	fresh := one.next(t, "C9", nil)
	tickets := []store.Ticket{
		s.Enqueue([]*event.Event{{Key: one.key, Version: 1, ChangeID: "C1", Operation: "again"}}),
		s.Enqueue([]*event.Event{fresh}),
		s.Enqueue([]*event.Event{fresh}),
		s.Enqueue([]*event.Event{{Key: one.key, Version: 1, ChangeID: "stale", Operation: "x"}}),
	}
	close(release)
	wait := func(ticket store.Ticket) (uint64, error) { return ticket.Wait(t.Context()) }
	if position, err := wait(held); err != nil || position != 9 {
		t.Errorf("held: %d, %v", position, err)
	}
	if position, err := wait(tickets[0]); err != nil || position != 2 {
		t.Errorf("repetition: %d, %v; want 2", position, err)
	}
	if _, err := wait(tickets[1]); !errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("fresh: %v, want ErrAmbiguous", err)
	}
	if position, err := wait(tickets[2]); err == nil || position != 0 {
		t.Errorf("repetition of the fresh one: %d, %v", position, err)
	}
	if _, err := wait(tickets[3]); err == nil {
		t.Error("the stale one is acknowledged")
	}
	_ = s.Close()
}

func TestEngineFailed(t *testing.T) {
	e := newFakeEngine()
	s, one := sampleStore(t, e)
	e.failed = errDisk
	for range 2 {
		position, err := s.Append(t.Context(), []*event.Event{one.next(t, "C8", nil)})
		if position != 0 || !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrAmbiguous) {
			t.Errorf("position %d, error %v; want ErrUnavailable", position, err)
		}
	}
	if s.Err() == nil {
		t.Error("the store does not say that it has failed")
	}
	_ = s.Close()
}

func TestEngineNotReady(t *testing.T) {
	e := newFakeEngine()
	s, one := sampleStore(t, e)
	e.ready = errDisk
	next := one.next(t, "C8", nil)
	if _, err := s.Append(t.Context(), []*event.Event{next}); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errDisk) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("error is %v, want ErrUnavailable and the cause", err)
	}
	e.ready = nil
	if position, err := s.Append(t.Context(), []*event.Event{next}); err != nil || position != 9 {
		t.Errorf("when it is ready again: %d, %v", position, err)
	}
	_ = s.Close()
}

// TestReadFails: a batch whose heads cannot be read fails alone.
func TestReadFails(t *testing.T) {
	e := newFakeEngine()
	s, one := sampleStore(t, e)
	_ = s.Close()
	s = mustOpen(t, e) // with no head in the cache
	e.read = func(k string) error {
		if k == string(headKey(one.key)) {
			return errDisk
		}
		return nil
	}
	next := one.next(t, "C8", nil)
	if _, err := s.Append(t.Context(), []*event.Event{next}); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errDisk) {
		t.Errorf("error is %v, want ErrUnavailable and the cause", err)
	}
	other := &chain{key: event.Key{Kind: event.KindReference, ID: "other"}}
	mustAppend(t, s, other.next(t, "C9", nil))
	e.read = nil
	mustAppend(t, s, next)
	_ = s.Close()
}

// TestEnqueueBlocks: the queue has a limit, and closing frees who waits.
func TestEnqueueBlocks(t *testing.T) {
	e := newFakeEngine()
	if err := Create(e, "id"); err != nil {
		t.Fatal(err)
	}
	limits := defaultLimits
	limits.queue = 1000
	s, err := open(e, 0, limits)
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}, 100), make(chan struct{})
	e.commit = func(int) error {
		entered <- struct{}{}
		<-release
		return nil
	}
	large := func(id string) []*event.Event {
		c := &chain{key: event.Key{Kind: event.KindReference, ID: id}}
		return []*event.Event{c.next(t, id, func(e *event.Event) { e.Comment = strings.Repeat("x", 1000) })}
	}
	first := s.Enqueue(large("a"))
	<-entered
	second := s.Enqueue(large("b")) // waits in the queue, which is full now
	third := make(chan store.Ticket, 1)
	go func() { third <- s.Enqueue(large("c")) }()
	select {
	case <-third:
		t.Error("Enqueue does not block")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	for _, ticket := range []store.Ticket{first, second, <-third} {
		if _, err := ticket.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Enqueue(large("d")).Wait(context.Background()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("after Close: %v, want ErrUnavailable", err)
	}
}

// TestInterruptedCompact stops a Compact at each of its commits; the next start
// finds a whole store, and the next Compact ends the work.
func TestInterruptedCompact(t *testing.T) {
	for stop := 1; ; stop++ {
		e := newFakeEngine()
		s, one := sampleStore(t, e)
		s.limits.compact = 1
		for i := range 3 {
			mustAppend(t, s, one.next(t, fmt.Sprintf("more%d", i), nil))
		}
		var backup strings.Builder
		if err := s.Backup(t.Context(), &backup); err != nil {
			t.Fatal(err)
		}
		info, err := VerifyBackup(strings.NewReader(backup.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RecordBackup(t.Context(), info); err != nil {
			t.Fatal(err)
		}
		var crashed *fakeEngine
		at := e.commits + stop
		e.commit = func(n int) error {
			if n == at {
				crashed = e.copy()
				return errDisk
			}
			return nil
		}
		err = s.Compact(t.Context(), 10)
		if (err == nil) != (crashed == nil) {
			t.Fatalf("commit %d: %v", stop, err)
		}
		_ = s.Close()
		if crashed == nil {
			if stop < 10 {
				t.Errorf("a Compact has %d commits only", stop-1)
			}
			return
		}
		checkCompacted(t, crashed, stop)
	}
}

func checkCompacted(t *testing.T, e *fakeEngine, stop int) {
	t.Helper()
	s := mustOpen(t, e)
	for _, upTo := range []uint64{0, 9, 10} {
		if upTo > 0 {
			if err := s.Compact(t.Context(), upTo); err != nil {
				t.Fatalf("commit %d: the next one: %v", stop, err)
			}
		}
		if report, err := s.Verify(t.Context(), nil); err != nil || len(report.Faults) > 0 {
			t.Errorf("commit %d, compacted again to %d: %q, %v", stop, upTo, report.Faults, err)
		}
		for key := range e.rows {
			if base := string(basePrefix(s.current.base)); upTo > 0 && key[0] == tableBase && !strings.HasPrefix(key, base) {
				t.Errorf("commit %d, compacted again to %d: row %q is left over", stop, upTo, key)
			}
		}
	}
	for _, key := range []string{string(logKey(10)), string(changeKey("C3")), string(versionKey(event.Key{Kind: event.KindZone, ID: "Z1"}, 1))} {
		if _, found := e.rows[key]; found {
			t.Errorf("commit %d: row %q is still there", stop, key)
		}
	}
	if _, found := e.rows[string(logKey(11))]; !found {
		t.Errorf("commit %d: event 11 is gone", stop)
	}
	_ = s.Close()
}
