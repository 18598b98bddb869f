package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// backup makes one and proves it.
func backup(t *testing.T, h Harness, s store.Store) ([]byte, store.BackupInfo) {
	t.Helper()
	var b bytes.Buffer
	if err := s.Backup(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	info, err := h.VerifyBackup(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("verify backup: %v", err)
	}
	return b.Bytes(), info
}

// replaceByBackup closes a store and returns one restored from its backup.
func replaceByBackup(t *testing.T, h Harness, s store.Store) store.Store {
	t.Helper()
	b, _ := backup(t, h, s)
	restored, err := h.Restore(t, bytes.NewReader(b))
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	again, _ := backup(t, h, restored)
	if !bytes.Equal(b, again) {
		t.Error("a restored store makes another backup")
	}
	closeStore(t, s)
	return restored
}

// compactSome compacts up to some position and returns it; changes stay whole,
// so it may be lower than what was asked for.
func compactSome(t *testing.T, h Harness, s store.Store, r *rand.Rand) uint64 {
	t.Helper()
	_, info := backup(t, h, s)
	if err := s.RecordBackup(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	upTo := r.Uint64N(s.Position() + 1)
	if err := s.Compact(t.Context(), upTo); err != nil {
		t.Fatalf("compact up to %d: %v", upTo, err)
	}
	for base := uint64(0); ; base++ { // where the log begins now
		_, err := readTail(t.Context(), s, base+1, min(1, int(s.Position()-base)))
		if err == nil {
			return base
		}
		if !isCompacted(err) {
			t.Fatal(err)
		}
	}
}

func testBackup(t *testing.T, h Harness) {
	s := h.Open(t)
	hist := newHistory(t, s, rand.New(rand.NewPCG(7, 8)))
	for range 80 {
		hist.step()
	}
	_, info := backup(t, h, s)
	report := verify(t, s)
	want := store.BackupInfo{
		StoreID: info.StoreID, Digest: info.Digest, Position: s.Position(), LastEvent: hist.model.log[s.Position()-1].Hash,
		Entities: report.Entities, RRsets: report.RRsets, Events: report.Events,
	}
	if diff := cmp.Diff(want, info); diff != "" || info.StoreID == "" {
		t.Errorf("backup (-want +got):\n%s", diff)
	}
	restored := replaceByBackup(t, h, s)
	hist.moveTo(restored)
	hist.model.check(t, restored, 1)
	verify(t, restored)
	for range 20 {
		hist.step()
	}
	hist.model.check(t, restored, 1)
	verify(t, restored)
	closeStore(t, restored)
}

func testBackupEmpty(t *testing.T, h Harness) {
	s := h.Open(t)
	restored := replaceByBackup(t, h, s)
	newModel().check(t, restored, 1)
	newWriter(t, restored).createZone("Z1", "example.com")
	verify(t, restored)
	closeStore(t, restored)
}

// testBackupWhileWriting: a backup is one moment of a store that goes on.
func testBackupWhileWriting(t *testing.T, h Harness) {
	s := h.open(t)
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for n := range 3 {
		w := newWriter(t, s)
		w.prefix = fmt.Sprintf("C%d-", n)
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				set := rrset(fmt.Sprintf("n%d.example.com", i), rdata.TypeA, "192.0.2.1")
				change := w.changeID()
				events := []*event.Event{w.event(change, zoneKey(fmt.Sprint("Z", n)), func(e *event.Event) {
					e.Changes = []zone.Change{{Action: zone.Create, New: set}}
				}), w.event(change, referenceKey(change), nil)}
				if _, err := s.Append(t.Context(), events); err != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	var backups [][]byte
	for len(backups) < 5 {
		b, info := backup(t, h, s)
		if info.Position%2 != 0 {
			t.Errorf("the backup ends inside a batch, at position %d", info.Position)
		}
		backups = append(backups, b)
	}
	cancel()
	wg.Wait()
	log := tailN(t, s, 1, int(s.Position()))
	for _, b := range backups {
		restored, err := h.Restore(t, bytes.NewReader(b))
		if err != nil {
			t.Fatalf("restore: %v", err)
		}
		verify(t, restored)
		position := restored.Position()
		if diff := cmp.Diff(log[:position], tailN(t, restored, 1, int(position))); position > 0 && diff != "" {
			t.Errorf("log up to %d (-want +got):\n%s", position, diff)
		}
		closeStore(t, restored)
	}
}

// testBackupTampered: nothing but the whole, unaltered backup is taken.
func testBackupTampered(t *testing.T, h Harness) {
	s := h.Open(t)
	hist := newHistory(t, s, rand.New(rand.NewPCG(9, 10)))
	for range 15 {
		hist.step()
	}
	_, info := backup(t, h, s)
	if err := s.RecordBackup(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context(), s.Position()/2); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		hist.step()
	}
	b, _ := backup(t, h, s)
	closeStore(t, s)
	refused := func(what string, tampered []byte) {
		t.Helper()
		if _, err := h.VerifyBackup(bytes.NewReader(tampered)); err == nil {
			t.Errorf("verify accepts a backup with %s", what)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("not one line: %q", err)
		}
		restored, err := h.Restore(t, bytes.NewReader(tampered))
		if err == nil {
			t.Errorf("restore accepts a backup with %s", what)
			closeStore(t, restored)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("not one line: %q", err)
		}
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 60 {
		at, bit := r.IntN(len(b)), r.IntN(8)
		tampered := bytes.Clone(b)
		tampered[at] ^= 1 << bit
		refused(fmt.Sprintf("bit %d of byte %d flipped", bit, at), tampered)
	}
	for range 20 {
		at := r.IntN(len(b))
		refused(fmt.Sprintf("only %d of %d bytes", at, len(b)), b[:at])
	}
	refused("nothing in it", nil)
	refused("a byte more", append(bytes.Clone(b), 0))
	refused("itself behind it", append(bytes.Clone(b), b...))
	restored, err := h.Restore(t, bytes.NewReader(b))
	if err != nil {
		t.Fatalf("restore of the true one: %v", err)
	}
	verify(t, restored)
	closeStore(t, restored)
}

func testRecordBackup(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	for range 10 {
		w.change("Z1")
	}
	_, info := backup(t, h, s)
	for _, tt := range []struct {
		name string
		edit func(i *store.BackupInfo)
	}{
		{"another store", func(i *store.BackupInfo) { i.StoreID = "other" }},
		{"another history", func(i *store.BackupInfo) { i.LastEvent[0] ^= 1 }},
		{"the future", func(i *store.BackupInfo) { i.Position++ }},
	} {
		other := info
		tt.edit(&other)
		if err := s.RecordBackup(t.Context(), other); err == nil {
			t.Errorf("a backup of %s is recorded", tt.name)
		}
	}
	if err := s.Compact(t.Context(), 5); !errors.Is(err, store.ErrNoSnapshot) {
		t.Errorf("error is %v, want ErrNoSnapshot", err)
	}
	if err := s.RecordBackup(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	w.change("Z1")
	if err := s.Compact(t.Context(), 11); !errors.Is(err, store.ErrNoSnapshot) {
		t.Errorf("error is %v, want ErrNoSnapshot", err)
	}
	if err := s.Compact(t.Context(), 12); err == nil {
		t.Error("what is not there yet is compacted")
	}
	if err := s.Compact(t.Context(), 10); err != nil {
		t.Error(err)
	}
	verify(t, s)
}

func testCompact(t *testing.T, h Harness) {
	s := h.Open(t)
	r := rand.New(rand.NewPCG(13, 14))
	hist := newHistory(t, s, r)
	for range 6 {
		for range 20 {
			hist.step()
		}
		base := compactSome(t, h, s, r)
		hist.from = max(hist.from, base+1)
		hist.model.check(t, s, hist.from)
		verify(t, s)
	}
	inView(t, s, func(v store.View) {
		for key := range hist.model.entities {
			if hist.model.entities[key][0].head.Position >= hist.from {
				continue
			}
			if _, err := collectUntil(v.History(key, 0)); !isCompacted(err) {
				t.Errorf("history of %v from the beginning: %v, want ErrCompacted", key, err)
			}
		}
	})
	if _, err := readTail(t.Context(), s, hist.from-1, 1); hist.from > 1 && !isCompacted(err) {
		t.Errorf("tail from %d: %v, want ErrCompacted", hist.from-1, err)
	}
	if h.Reopen != nil {
		s = h.Reopen(t, s)
		hist.model.check(t, s, hist.from)
	}
	s = replaceByBackup(t, h, s)
	hist.moveTo(s)
	hist.model.check(t, s, hist.from)
	// All of the log, and on from there.
	_, info := backup(t, h, s)
	if err := errors.Join(s.RecordBackup(t.Context(), info), s.Compact(t.Context(), s.Position())); err != nil {
		t.Fatal(err)
	}
	hist.from = s.Position() + 1
	hist.model.check(t, s, hist.from)
	if h.Reopen != nil {
		s = h.Reopen(t, s)
	}
	s = replaceByBackup(t, h, s)
	hist.moveTo(s)
	for range 20 {
		hist.step()
	}
	hist.model.check(t, s, hist.from)
	verify(t, s)
	closeStore(t, s)
}

func testCompactKeepsChangesWhole(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	w.change("Z1")
	w.append(w.event("C", zoneKey("Z1"), nil), w.event("C", zoneKey("Z2"), nil), w.event("C", zoneKey("Z3"), nil))
	_, info := backup(t, h, s)
	if err := errors.Join(s.RecordBackup(t.Context(), info), s.Compact(t.Context(), 3)); err != nil {
		t.Fatal(err)
	}
	if got := tailN(t, s, 2, 3); got[0].Event.ChangeID != "C" {
		t.Errorf("the log begins with %s", got[0].Event.ChangeID)
	}
	inView(t, s, func(v store.View) {
		if change, found, err := v.Lookup("C"); !found || err != nil || len(change.Keys) != 3 {
			t.Errorf("change: %+v, %v, %v", change, found, err)
		}
	})
	verify(t, s)
}

// testCompactWhileWriting compacts under writers and a slow tail.
func testCompactWhileWriting(t *testing.T, h Harness) {
	s := h.open(t)
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for n := range 2 {
		w := newWriter(t, s)
		w.prefix = fmt.Sprintf("C%d-", n)
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Append(t.Context(), []*event.Event{w.event(w.changeID(), zoneKey(fmt.Sprint("Z", n)), nil)}); err != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	for range 5 {
		tailN(t, s, s.Position()+1, 20)
		old := s.View()
		_, info := backup(t, h, s)
		if err := errors.Join(s.RecordBackup(t.Context(), info), s.Compact(t.Context(), info.Position)); err != nil {
			t.Errorf("compact: %v", err)
		}
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		verify(t, s)
	}
	cancel()
	wg.Wait()
	verify(t, s)
}
