package zonedb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/policy"
	"open53/internal/rdata"
	"open53/internal/zone"
)

const apex = rdata.Name("\x07example\x03com\x00")

func a(name rdata.Name, values ...string) *zone.RRset {
	return &zone.RRset{Name: name, Type: rdata.TypeA, TTL: 60, Values: values}
}

func soa(name rdata.Name) *zone.RRset {
	return &zone.RRset{Name: name, Type: rdata.TypeSOA, TTL: 900, Values: []string{"ns1.example.net. h.example.net. 1 7200 900 1209600 60"}}
}

func under(t *testing.T, labels string) rdata.Name {
	t.Helper()
	if labels == "" {
		return apex
	}
	n, err := rdata.ParseName(labels + ".example.com")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// dump prints a zone's nodes in order, with what a query sees of them.
func dump(z *Zone) string {
	var lines []string
	z.Walk(func(owner []byte, n Node) bool {
		line := fmt.Sprintf("%q children=%d wildcard=%t cut=%t", owner, n.children(), n.HasWildcard(), n.IsCut())
		for i := range n.Sets() {
			s := n.SetAt(i)
			line += fmt.Sprintf(" %d:%d:%d:%x", s.Type, s.Count, s.Kind, s.Data)
		}
		lines = append(lines, line)
		return true
	})
	sort.Strings(lines)
	return fmt.Sprintf("cuts=%v serial=%d soa=%x\n", z.cutDepths, z.serial, z.soa) + strings.Join(lines, "\n")
}

func zoneOf(db *DB, name rdata.Name) *Zone {
	var q QName
	offsets := make([]uint8, 128)
	labels := 0
	i := 0
	for ; name[i] != 0; i += 1 + int(name[i]) {
		offsets[labels] = uint8(i)
		labels++
	}
	offsets[labels] = uint8(i)
	q.Set(append([]byte(name), make([]byte, 9)...), len(name), offsets, labels)
	return db.Snapshot().Zone(&q, 0)
}

// group is a failover or multivalue group with health checks and an alias.
func group(name rdata.Name, rng *rand.Rand) []*zone.RRset {
	sets := []*zone.RRset{a(name, "192.0.2.1"), a(name, "192.0.2.2", "192.0.2.3")}
	for i, s := range sets {
		s.SetIdentifier, s.HealthCheckID = fmt.Sprint(i), fmt.Sprintf("check-%d", rng.IntN(4))
		s.Policy, s.Secondary = zone.Failover, i == 1
	}
	if rng.IntN(2) == 0 {
		sets[1].Values, sets[1].TTL = nil, 0
		sets[1].Alias = &zone.Alias{ZoneID: "Z1", Target: "\x01x" + apex, EvaluateTargetHealth: rng.IntN(2) == 0}
		return sets
	}
	sets[0].Policy, sets[1].Policy, sets[1].Secondary = zone.Multivalue, zone.Multivalue, false
	return sets
}

// TestIncrementalEqualsFull: invariant 5. Random histories of one zone, in
// commits of random size, give the same nodes as compiling the result at once.
func TestIncrementalEqualsFull(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		world := policy.World{}.Complete()
		db := NewIn(world)
		e := db.Begin()
		if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
			t.Fatal(err)
		}
		if err := e.SetName("Z1", apex, []*zone.RRset{soa(apex)}); err != nil {
			t.Fatal(err)
		}
		e.Commit()
		state := map[rdata.Name][]*zone.RRset{apex: {soa(apex)}}
		labels := []string{"a", "b", "*", "c", "d.e", "x"}
		serial := uint32(1)
		for range 200 {
			e := db.Begin()
			for range 1 + rng.IntN(5) {
				text := ""
				for i := range 1 + rng.IntN(4) {
					if i > 0 {
						text += "."
					}
					text += labels[rng.IntN(len(labels))]
					if rng.IntN(3) == 0 {
						text += fmt.Sprint(rng.IntN(20))
					}
				}
				name := under(t, text)
				var sets []*zone.RRset
				switch rng.IntN(6) {
				case 0, 1:
				case 5:
					sets = group(name, rng)
				case 2:
					sets = []*zone.RRset{{Name: name, Type: rdata.TypeNS, TTL: 5, Values: []string{"ns.example.net."}}}
				default:
					sets = []*zone.RRset{a(name, fmt.Sprintf("192.0.2.%d", rng.IntN(256)), "192.0.2.1")}
				}
				if len(sets) == 0 {
					delete(state, name)
				} else {
					state[name] = sets
				}
				if err := e.SetName("Z1", name, sets); err != nil {
					t.Fatal(err)
				}
			}
			serial++
			if err := e.SetVersion("Z1", uint64(serial), serial); err != nil {
				t.Fatal(err)
			}
			e.Commit()
		}
		full := NewIn(world)
		e = full.Begin()
		if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
			t.Fatal(err)
		}
		if err := e.SetVersion("Z1", uint64(serial), serial); err != nil {
			t.Fatal(err)
		}
		for name, sets := range state {
			if err := e.SetName("Z1", name, sets); err != nil {
				t.Fatal(err)
			}
		}
		e.Commit()
		if diff := cmp.Diff(dump(zoneOf(full, apex)), dump(zoneOf(db, apex))); diff != "" {
			t.Fatalf("seed %d: full and incremental differ:\n%s", seed, diff)
		}
	}
}

// TestPublishedIsFrozen: invariant 3. Snapshots taken along a history still
// read as they did when they were taken, though records move and pages split.
func TestPublishedIsFrozen(t *testing.T) {
	db := New()
	e := db.Begin()
	if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		t.Fatal(err)
	}
	e.Commit()
	rng := rand.New(rand.NewPCG(1, 1))
	type kept struct {
		z    *Zone
		dump string
	}
	var snapshots []kept
	for i := range 3000 {
		e := db.Begin()
		name := under(t, fmt.Sprintf("h%d", rng.IntN(600)))
		var sets []*zone.RRset
		if rng.IntN(3) > 0 {
			sets = []*zone.RRset{a(name, fmt.Sprintf("192.0.2.%d", rng.IntN(256)))}
		}
		if err := e.SetName("Z1", name, sets); err != nil {
			t.Fatal(err)
		}
		e.Commit()
		if i%100 == 0 {
			z := zoneOf(db, apex)
			snapshots = append(snapshots, kept{z, dump(z)})
		}
	}
	for i, s := range snapshots {
		if diff := cmp.Diff(s.dump, dump(s.z)); diff != "" {
			t.Errorf("snapshot %d changed:\n%s", i, diff)
		}
	}
}

// TestTable drives the table alone, far enough for directories of two levels,
// against a map.
func TestTable(t *testing.T) {
	var tab table
	model := map[uint64]uint32{}
	var hashes []uint64
	rng := rand.New(rand.NewPCG(3, 3))
	for edit := uint64(1); edit <= 300; edit++ {
		e := tableEdit{table: &tab, owner: edit}
		before := tab
		n := 0
		before.all(func(uint32) { n++ })
		for range 1000 {
			switch {
			case rng.IntN(4) > 0 || len(hashes) == 0:
				h, loc := rng.Uint64(), rng.Uint32()|1
				e.insert(h, loc)
				model[h] = loc
				hashes = append(hashes, h)
			case rng.IntN(2) == 0:
				i := rng.IntN(len(hashes))
				h := hashes[i]
				e.remove(h, model[h])
				delete(model, h)
				hashes = slices.Delete(hashes, i, i+1)
			default:
				h := hashes[rng.IntN(len(hashes))]
				loc := rng.Uint32() | 1
				e.set(h, model[h], loc)
				model[h] = loc
			}
		}
		after := 0
		before.all(func(uint32) { after++ })
		if n != after {
			t.Fatalf("edit %d changed the frozen table", edit)
		}
	}
	if tab.len != len(model) {
		t.Fatalf("length %d, want %d", tab.len, len(model))
	}
	for h, loc := range model {
		p := tab.probe(h)
		found := false
		for l := p.next(); l != 0; l = p.next() {
			found = found || l == loc
		}
		if !found {
			t.Fatalf("hash %x is lost", h)
		}
	}
}

// TestManyZones adds, hides and drops zones of equal names.
func TestManyZones(t *testing.T) {
	db := New()
	add := func(id string, name rdata.Name, order uint64) {
		e := db.Begin()
		defer e.Commit()
		if err := e.AddZone(ZoneConfig{ID: id, Name: name, Order: order}); err != nil {
			t.Fatal(err)
		}
	}
	drop := func(id string) {
		e := db.Begin()
		e.DropZone(id)
		e.Commit()
	}
	want := func(name rdata.Name, id string) {
		t.Helper()
		z := zoneOf(db, name)
		switch {
		case z == nil && id != "":
			t.Errorf("%s: no zone, want %s", name, id)
		case z != nil && z.ID() != id:
			t.Errorf("%s: zone %s, want %q", name, z.ID(), id)
		}
	}
	for i := range 2000 {
		add(fmt.Sprintf("Z%d", i), under(t, fmt.Sprintf("z%d", i)), uint64(i))
	}
	add("ZAPEX", apex, 5000)
	want(under(t, "www.z77"), "Z77")
	want(under(t, "www.zz"), "ZAPEX")
	add("ZOLD", under(t, "z77"), 1)
	want(under(t, "www.z77"), "ZOLD")
	add("ZNEW", under(t, "z77"), 9000)
	want(under(t, "www.z77"), "ZOLD")
	drop("ZOLD")
	want(under(t, "www.z77"), "Z77")
	drop("Z77")
	want(under(t, "www.z77"), "ZNEW")
	drop("ZNEW")
	want(under(t, "www.z77"), "ZAPEX")
	for i := range 2000 {
		drop(fmt.Sprintf("Z%d", i))
	}
	drop("ZAPEX")
	want(under(t, "z1"), "")
	if s := db.Snapshot(); s.Zones() != 0 || s.index.depths != [2]uint64{} {
		t.Errorf("%d zones, depths %v left", s.Zones(), s.index.depths)
	}
}

// TestArenaStaysBounded rewrites few names many times: the arena must not
// grow with the number of changes.
func TestArenaStaysBounded(t *testing.T) {
	db := New()
	e := db.Begin()
	if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		name := under(t, fmt.Sprintf("h%d", i))
		if err := e.SetName("Z1", name, []*zone.RRset{a(name, "192.0.2.1")}); err != nil {
			t.Fatal(err)
		}
	}
	e.Commit()
	for i := range 100_000 {
		e := db.Begin()
		name := under(t, fmt.Sprintf("h%d", i%1000))
		if err := e.SetName("Z1", name, []*zone.RRset{a(name, fmt.Sprintf("192.0.2.%d", i%250))}); err != nil {
			t.Fatal(err)
		}
		e.Commit()
	}
	live, total := zoneOf(db, apex).Memory()
	if total > 4*live+64<<10 {
		t.Errorf("%d bytes live in %d bytes of chunks", live, total)
	}
}

func BenchmarkLoad(b *testing.B) {
	for range b.N {
		db := New()
		loadNames(b, db, 1_000_000)
		live, total := zoneOf(db, apex).Memory()
		b.ReportMetric(float64(live)/1e6, "liveB/name")
		b.ReportMetric(float64(total)/1e6, "B/name")
	}
}

func loadNames(tb testing.TB, db *DB, n int) {
	tb.Helper()
	e := db.Begin()
	if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		tb.Fatal(err)
	}
	value := []string{"192.0.2.1"}
	for i := range n {
		name := rdata.Name(fmt.Sprintf("\x0ahost%06d", i)) + apex
		if err := e.SetName("Z1", name, []*zone.RRset{a(name, value...)}); err != nil {
			tb.Fatal(err)
		}
	}
	e.Commit()
}

// BenchmarkPublish shows that one change costs the same in zones of any size.
func BenchmarkPublish(b *testing.B) {
	for n := 100; n <= 1_000_000; n *= 10 {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := New()
			loadNames(b, db, n)
			rng := rand.New(rand.NewPCG(1, 1))
			b.ResetTimer()
			for range b.N {
				name := rdata.Name(fmt.Sprintf("\x0ahost%06d", rng.IntN(n))) + apex
				e := db.Begin()
				if err := e.SetName("Z1", name, []*zone.RRset{a(name, "192.0.2.2")}); err != nil {
					b.Fatal(err)
				}
				e.Commit()
			}
		})
	}
}
