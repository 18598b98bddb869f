package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

func testViewIsolation(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	a := rrset("a.example.com", rdata.TypeA, "192.0.2.1")
	create := w.event("C1", zoneKey("Z1"), func(e *event.Event) {
		e.Document = zoneDocument(t, &zone.HostedZone{ID: "Z1", Name: rdata.MustParseName("example.com")})
		e.Changes = []zone.Change{{Action: zone.Create, New: a}}
	})
	w.append(create)
	m.apply(t, create)
	inView(t, s, func(v store.View) {
		next, stop := pull(v.RRsets("Z1", 0, store.Start{}))
		w.append(w.event("C2", zoneKey("Z1"), func(e *event.Event) { e.Deleted = true }))
		w.append(w.event("C3", zoneKey("Z2"), nil))
		if set, err := next(); err != nil || set == nil || set.Name != a.Name {
			t.Errorf("a listing that has begun: %v, %v", set, err)
		}
		stop()
		if v.Position() != 1 {
			t.Errorf("position is %d, want 1", v.Position())
		}
		m.checkEntity(t, v, zoneKey("Z1"), 1)
		m.checkIndexes(t, v)
		if _, found, err := v.Lookup("C2"); found || err != nil {
			t.Errorf("a later change is found (%v)", err)
		}
		if n, err := v.Count(event.KindZone); n != 1 || err != nil {
			t.Errorf("%d zones, %v", n, err)
		}
		if got := collect(t, v.History(zoneKey("Z1"), 1)); len(got) != 1 {
			t.Errorf("%d events in the history, want 1", len(got))
		}
	})
	if head(t, s, zoneKey("Z1")).Exists() {
		t.Error("a new view shows the old state")
	}
}

// pull steps through a sequence by hand; nil is its end.
func pull[T any](seq func(yield func(*T, error) bool)) (next func() (*T, error), stop func()) {
	type item struct {
		value *T
		err   error
	}
	items, quit, done := make(chan item), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer close(items)
		seq(func(value *T, err error) bool {
			select {
			case items <- item{value, err}:
				return true
			case <-quit:
				return false
			}
		})
	}()
	first := <-items // the sequence has begun
	used := false
	next = func() (*T, error) {
		if !used {
			used = true
			return first.value, first.err
		}
		i := <-items
		return i.value, i.err
	}
	return next, func() {
		close(quit)
		<-done
	}
}

// testDurableBeforeVisible: what a view shows was acknowledged or is about to
// be, and what was acknowledged is in every later view.
func testDurableBeforeVisible(t *testing.T, h Harness) {
	s := h.open(t)
	w := newWriter(t, s)
	for i := range uint64(50) {
		position := w.change("Z1")
		if position != i+1 {
			t.Fatalf("position is %d, want %d", position, i+1)
		}
		if got := head(t, s, zoneKey("Z1")); got.Version != i+1 || got.Position != position {
			t.Fatalf("after event %d the head is %+v", position, got)
		}
	}
}

// orderedNames are in list order: by labels from the right, '-' before '.'
// before digits before '\' before '_' before letters.
var orderedNames = []string{
	"example.com", "*.example.com", "a.example.com", "*.a.example.com", "b.a.example.com", "a-b.example.com",
	"0.example.com", "_tcp.example.com", `\000.example.com`, "z.example.com", "zz.example.com",
}

func testListOrder(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	types := []rdata.Type{rdata.TypeA, rdata.TypeAAAA, rdata.TypeCAA, rdata.TypeTXT, 65400}
	var sets []*zone.RRset
	for _, name := range orderedNames {
		for _, typ := range types {
			sets = append(sets, rrset(name, typ, "x"))
		}
		for _, id := range []string{"a", "b", "\x00", "A", "ab", "é"} {
			set := rrset(name, rdata.TypeMX, "x")
			set.SetIdentifier, set.Policy = id, zone.Weighted
			sets = append(sets, set)
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(sets), func(i, j int) { sets[i], sets[j] = sets[j], sets[i] })
	// Zones whose ids are neighbors must not show through.
	for _, id := range []string{"Z", "Z1", "Z10", "Z2", "Z1 "} {
		e := w.event(w.changeID(), zoneKey(id), func(e *event.Event) {
			for _, set := range sets {
				e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: set})
			}
		})
		w.append(e)
		m.apply(t, e)
	}
	m.check(t, s, 1)
	latest := m.latest(zoneKey("Z1"))
	starts := []store.Start{{}}
	for _, set := range sets {
		starts = append(starts,
			store.Start{Name: set.Name}, store.Start{Name: set.Name, Type: "B"},
			store.Start{Name: set.Name, Type: set.Type.String()},
			store.Start{Name: set.Name, Type: set.Type.String(), SetIdentifier: set.SetIdentifier},
			store.Start{Name: set.Name, Type: set.Type.String(), SetIdentifier: "aa"})
	}
	inView(t, s, func(v store.View) {
		for _, start := range starts {
			if diff := diffSets(latest.list(start), collect(t, v.RRsets("Z1", 0, start))); diff != "" {
				t.Fatalf("from %+v (-want +got):\n%s", start, diff)
			}
		}
		for _, name := range orderedNames {
			name := rdata.MustParseName(name)
			at := latest.list(store.Start{Name: name})
			end := slices.IndexFunc(at, func(set *zone.RRset) bool { return set.Name != name })
			if end >= 0 {
				at = at[:end]
			}
			got, err := v.RRsetsAt("Z1", name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := diffSets(at, got); diff != "" {
				t.Errorf("at %s (-want +got):\n%s", name, diff)
			}
		}
	})
}

// testPagesAtVersions reads pages of every size at every version of a zone
// that changes under the reader.
func testPagesAtVersions(t *testing.T, h Harness) {
	s := h.open(t)
	r := rand.New(rand.NewPCG(3, 4))
	hist := newHistory(t, s, r)
	for range 40 {
		hist.changeZone("Z1")
	}
	versions := hist.model.entities[zoneKey("Z1")]
	inView(t, s, func(v store.View) {
		for i := range versions {
			size := 1 + r.IntN(5)
			var paged []*zone.RRset
			start := store.Start{}
			for {
				page, next := readPage(t, v, "Z1", uint64(i)+1, start, size)
				paged = append(paged, page...)
				if next == nil {
					break
				}
				start = store.Start{Name: next.Name, Type: next.Type.String(), SetIdentifier: next.SetIdentifier}
			}
			if diff := diffSets(versions[i].list(store.Start{}), paged); diff != "" {
				t.Errorf("version %d in pages of %d (-want +got):\n%s", i+1, size, diff)
			}
		}
		_, err := collectUntil(v.RRsets("Z1", uint64(len(versions))+1, store.Start{}))
		if err == nil {
			t.Error("a version that is not there yet is listed")
		}
	})
}

func readPage(t *testing.T, v store.View, id string, version uint64, start store.Start, size int) (page []*zone.RRset, next *zone.RRset) {
	t.Helper()
	for set, err := range v.RRsets(id, version, start) {
		if err != nil {
			t.Fatalf("version %d from %+v: %v", version, start, err)
		}
		if len(page) == size {
			return page, set
		}
		page = append(page, set)
	}
	return page, nil
}

func testIndexes(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	put := func(key event.Key, document any) {
		t.Helper()
		e := w.event(w.changeID(), key, func(e *event.Event) {
			var err error
			if e.Document, err = event.EncodeDocument(document); err != nil {
				t.Fatal(err)
			}
		})
		w.append(e)
		m.apply(t, e)
	}
	set := event.Key{Kind: event.KindDelegationSet, ID: "N1"}
	put(set, &zone.DelegationSet{ID: "N1", NameServers: []string{"ns1.example.net"}})
	for i, name := range []string{"example.com", "a.example.com", "example.com", "example.net", "com", "."} {
		id := fmt.Sprintf("Z%d", i)
		put(zoneKey(id), &zone.HostedZone{ID: id, Name: rdata.MustParseName(name), DelegationSetID: []string{"", "N1"}[i%2]})
	}
	put(zoneKey("Z7"), &zone.HostedZone{ID: "Z7", Name: rdata.MustParseName("corp"), Private: true, VPCs: []zone.VPC{{Region: "r", ID: "v1"}, {Region: "r", ID: "v2"}}})
	m.check(t, s, 1)
	for _, tt := range []struct {
		index         event.Index
		prefix, start string
	}{
		{event.IndexZoneName, "com.example.", ""},
		{event.IndexZoneName, "com.example.\x00", ""},
		{event.IndexZoneName, "", "com.example.\x00Z2"},
		{event.IndexZoneName, "", "com.example.\x00Z3"},
		{event.IndexZoneName, "com.", "com.example.a."},
		{event.IndexZoneName, "com.example.a.", "a"},
		{event.IndexZoneName, "com.example.", "zzz"},
		{event.IndexZoneVPC, "r\x00v1\x00", ""},
		{event.IndexZoneVPC, "r\x00", "r\x00v2"},
		{event.IndexZoneDelegationSet, "N1\x00", "N1\x00Z2"},
		{event.IndexZoneDelegationSet, "N2\x00", ""},
		{event.IndexZoneID, "", "Z3"},
	} {
		inView(t, s, func(v store.View) {
			got := []string{}
			for _, entry := range collect(t, v.List(tt.index, []byte(tt.prefix), []byte(tt.start))) {
				got = append(got, string(entry.IndexKey))
			}
			if diff := cmp.Diff(m.index(t, tt.index, tt.prefix, tt.start), got); diff != "" {
				t.Errorf("%s, prefix %q, start %q (-want +got):\n%s", tt.index, tt.prefix, tt.start, diff)
			}
		})
	}
	// A new document moves the rows; a deletion takes them away.
	put(zoneKey("Z7"), &zone.HostedZone{ID: "Z7", Name: rdata.MustParseName("corp"), Private: true, VPCs: []zone.VPC{{Region: "r", ID: "v2"}, {Region: "s", ID: "v3"}}})
	put(zoneKey("Z0"), &zone.HostedZone{ID: "Z0", Name: rdata.MustParseName("example.com"), Comment: "same rows"})
	for _, key := range []event.Key{set, zoneKey("Z1")} {
		e := w.event(w.changeID(), key, func(e *event.Event) { e.Deleted = true })
		w.append(e)
		m.apply(t, e)
	}
	m.check(t, s, 1)
	verify(t, s)
}

func testLookup(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	events := []*event.Event{
		w.event("C1", zoneKey("Z1"), nil), w.event("C1", referenceKey("r"), func(e *event.Event) { e.Comment = "why" }),
		w.event("C1", zoneKey("Z1"), func(e *event.Event) { e.Comment = "not this one" }),
	}
	w.append(events...)
	m.apply(t, events...)
	m.check(t, s, 1)
	inView(t, s, func(v store.View) {
		for _, id := range []string{"", "C", "C11", "c1"} {
			if _, found, err := v.Lookup(id); found || err != nil {
				t.Errorf("change %q: found %v, %v", id, found, err)
			}
		}
	})
}

func testDeleteAndRecreate(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	commit := func(edit func(e *event.Event)) {
		e := w.event(w.changeID(), zoneKey("Z1"), edit)
		w.append(e)
		m.apply(t, e)
	}
	a, b := rrset("a.example.com", rdata.TypeA, "192.0.2.1"), rrset("b.example.com", rdata.TypeA, "192.0.2.2")
	document := zoneDocument(t, &zone.HostedZone{ID: "Z1", Name: rdata.MustParseName("example.com")})
	for range 3 { // three lives
		commit(func(e *event.Event) { e.Document = document; e.Changes = []zone.Change{{Action: zone.Create, New: a}} })
		commit(func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Create, New: b}} })
		commit(func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Delete, Old: a}} })
		commit(func(e *event.Event) { e.Changes = []zone.Change{{Action: zone.Delete, Old: b}}; e.Deleted = true })
		m.check(t, s, 1)
	}
	verify(t, s)
}

// testDeleteWithLeftovers deletes a zone whose RRsets no change removes.
func testDeleteWithLeftovers(t *testing.T, h Harness) {
	s := h.open(t)
	w, m := newWriter(t, s), newModel()
	commit := func(id string, edit func(e *event.Event)) *event.Event {
		e := w.event(w.changeID(), zoneKey(id), edit)
		m.apply(t, e)
		return e
	}
	fill := func(e *event.Event) {
		for i := range 100 {
			e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: rrset(fmt.Sprintf("n%d.example.com", i), rdata.TypeA, "192.0.2.1")})
		}
	}
	for _, id := range []string{"Z1", "Z2", "Z3"} {
		w.append(commit(id, fill))
	}
	w.append(commit("Z2", func(e *event.Event) { e.Deleted = true }))
	m.check(t, s, 1)
	// Deleted and filled again, most likely in one group.
	tickets := []store.Ticket{
		s.Enqueue([]*event.Event{commit("Z1", func(e *event.Event) { e.Deleted = true })}),
		s.Enqueue([]*event.Event{commit("Z1", func(e *event.Event) {
			e.Changes = []zone.Change{{Action: zone.Create, New: rrset("new.example.com", rdata.TypeA, "192.0.2.3")}}
		})}),
	}
	for _, ticket := range tickets {
		if _, err := ticket.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m.check(t, s, 1)
	verify(t, s)
}

func testReopen(t *testing.T, h Harness) {
	if h.Reopen == nil {
		t.Skip("this store keeps nothing")
	}
	s := h.Open(t)
	hist := newHistory(t, s, rand.New(rand.NewPCG(5, 6)))
	for range 3 {
		for range 30 {
			hist.step()
		}
		s = h.Reopen(t, s)
		hist.moveTo(s)
		hist.model.check(t, s, 1)
		verify(t, s)
	}
	// What was committed before is still acknowledged and not repeated.
	last := hist.model.log[len(hist.model.log)-1].Event
	if position, err := s.Append(t.Context(), []*event.Event{last}); err != nil || position != hist.model.changes[last.ChangeID].Position {
		t.Errorf("a repeated change: %d, %v", position, err)
	}
	closeStore(t, s)
}

func testClosed(t *testing.T, h Harness) {
	s := h.Open(t)
	w := newWriter(t, s)
	w.createZone("Z1", "example.com", rrset("example.com", rdata.TypeNS, "ns."))
	open := s.View()
	if err := s.Close(); err == nil {
		t.Error("Close says nothing of an open view")
	}
	if h, err := open.Head(zoneKey("Z1")); err != nil || h.Version != 1 {
		t.Errorf("an open view of a closed store: %+v, %v", h, err)
	}
	if got := collect(t, open.RRsets("Z1", 0, store.Start{})); len(got) != 1 {
		t.Errorf("an open view of a closed store lists %d RRsets", len(got))
	}
	if err := open.Close(); err != nil {
		t.Errorf("close view: %v", err)
	}
	closeStore(t, s) // again
	unavailable := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", what, err)
		}
	}
	_, err := s.Append(t.Context(), []*event.Event{w.event("C2", zoneKey("Z1"), nil)})
	unavailable("append", err)
	v := s.View()
	_, err = v.Head(zoneKey("Z1"))
	unavailable("head", err)
	_, _, err = v.Lookup("C1")
	unavailable("lookup", err)
	_, err = v.RRsetsAt("Z1", rdata.Root)
	unavailable("RRsets at a name", err)
	_, err = collectUntil(v.RRsets("Z1", 0, store.Start{}))
	unavailable("RRsets", err)
	_, err = collectUntil(v.List(event.IndexZoneID, nil, nil))
	unavailable("list", err)
	_, err = v.Count(event.KindZone)
	unavailable("count", err)
	_, err = collectUntil(v.History(zoneKey("Z1"), 1))
	unavailable("history", err)
	_, err = readTail(t.Context(), s, 1, 1)
	unavailable("tail", err)
	_, err = s.Verify(t.Context(), nil)
	unavailable("verify", err)
	unavailable("compact", s.Compact(t.Context(), 1))
	if err := v.Close(); err != nil {
		t.Errorf("close a view of a closed store: %v", err)
	}
}
