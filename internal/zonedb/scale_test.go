package zonedb

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// hostName is owner name number i of loadNames.
func hostName(i int) rdata.Name { return rdata.Name(fmt.Sprintf("\x0ahost%06d", i)) + apex }

// loadNames makes a zone of n names with one address each, in one edit.
func loadNames(tb testing.TB, db *DB, n int) {
	tb.Helper()
	e := db.Begin()
	if err := e.AddZone(ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		name := hostName(i)
		if err := e.SetName("Z1", name, []*zone.RRset{a(name, "192.0.2.1")}); err != nil {
			tb.Fatal(err)
		}
	}
	e.Commit()
}

// changeOne publishes a new address of one name.
func changeOne(tb testing.TB, db *DB, i int) {
	tb.Helper()
	name := hostName(i)
	e := db.Begin()
	if err := e.SetName("Z1", name, []*zone.RRset{a(name, "192.0.2.2")}); err != nil {
		tb.Fatal(err)
	}
	e.Commit()
}

// loadZones makes n zones, each with one edit of its own or all with one.
func loadZones(tb testing.TB, db *DB, n int) {
	tb.Helper()
	e := db.Begin()
	for i := range n {
		if err := addSmallZone(e, i); err != nil {
			tb.Fatal(err)
		}
	}
	e.Commit()
}

func zoneName(i int) rdata.Name {
	return rdata.Name(fmt.Sprintf("\x08z%07d", i)) + "\x04test\x00"
}

func smallZoneID(i int) string { return fmt.Sprintf("SMALL%d", i) }

func addSmallZone(e *Edit, i int) error {
	name, id := zoneName(i), smallZoneID(i)
	if err := e.AddZone(ZoneConfig{ID: id, Name: name, Order: uint64(i)}); err != nil {
		return err
	}
	return e.SetName(id, name, []*zone.RRset{soa(name)})
}

// allocated is how many bytes f takes from the heap, and how much more the
// arenas hold after it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestPublishCopiesTheSame: what one change copies does not depend on the size
// of the zone, nor on how many zones there are.
func TestPublishCopiesTheSame(t *testing.T) {
	const changes = 1000
	// Two directories, a page and the path of the zone's number are about 17
	// kB; a split, the growth of an arena and tests that run beside this one
	// get as much again.
	const most = 34 << 10
	for _, size := range []struct{ zones, names int }{{1, 10}, {1, 1000}, {1, 10_000}, {1, 200_000}, {1000, 1000}, {20_000, 1000}} {
		db := New()
		loadNames(t, db, size.names)
		loadZones(t, db, size.zones-1)
		rng := rand.New(rand.NewPCG(1, 1))
		bytes := allocated(func() {
			for range changes {
				changeOne(t, db, rng.IntN(size.names))
			}
		}) / changes
		_, total := zoneOf(db, apex).Memory()
		t.Logf("%d zones, %d names: %d bytes a change, arenas of %d", size.zones, size.names, bytes, total)
		if bytes > most {
			t.Errorf("%d zones, %d names: one change copies %d bytes, want at most %d", size.zones, size.names, bytes, most)
		}
	}
}

// memory is what zones occupy, in and outside the heap.
func memory(t *testing.T, db *DB) uint64 {
	t.Helper()
	for range 3 {
		runtime.GC() // also the memory that cleanups of the one before let go
		time.Sleep(10 * time.Millisecond)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	outside := 0
	for _, c := range zoneOf(db, apex).arena.chunks {
		if c != nil && len(c.b) >= offHeapChunk {
			outside += len(c.b)
		}
	}
	return m.HeapAlloc + uint64(outside)
}

// bytesPerRRset is the budget of the design: everything that a name with one
// RRset of one value takes.
const bytesPerRRset = 120

// TestBytesPerRRset: the budget holds after loading, and still after a history
// of single changes, when superseded records lie between the live ones.
func TestBytesPerRRset(t *testing.T) {
	const names = 100_000
	db := New()
	empty := New()
	loadNames(t, empty, 0)
	before := memory(t, empty)
	loadNames(t, db, names)
	perName := func() float64 { return float64(memory(t, db)-before) / names }
	loaded := perName()
	for i := range names + names/2 {
		changeOne(t, db, i*7919%names)
	}
	changed := perName()
	runtime.KeepAlive(empty)
	t.Logf("%.1f bytes per RRset loaded, %.1f after %d changes", loaded, changed, names+names/2)
	if loaded > bytesPerRRset || changed > bytesPerRRset {
		t.Errorf("%.1f bytes per RRset loaded, %.1f after changes; the budget is %d", loaded, changed, bytesPerRRset)
	}
}

// TestZoneChoiceProbes: choosing a zone looks at no more than a name's suffixes
// and the slots around each of them, among one zone as among many.
func TestZoneChoiceProbes(t *testing.T) {
	for _, n := range []int{1, 100, 10_000, 30_000} {
		db := New()
		loadZones(t, db, n)
		s := db.Snapshot()
		slots, longest := 0, 0
		for i := range n {
			p := s.index.names.probe(hashName(zoneName(i)))
			start := p.i
			for p.next() != 0 && string(s.index.zone(uint32(p.slots[(p.i-1)&(len(p.slots)-1)])).apex) != string(zoneName(i)) {
			}
			slots += p.i - start
			longest = max(longest, p.i-start)
		}
		mean := float64(slots) / float64(n)
		t.Logf("%d zones: %.2f slots in the mean, %d at most", n, mean, longest)
		if mean > 4 {
			t.Errorf("%d zones: %.2f slots are looked at in the mean", n, mean)
		}
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

// processor is the time that all threads of this process have run.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measureProcessor reports processor time of all threads, the collector's
// included, per iteration: unlike the time on the wall it does not count what
// else the machine does.
func measureProcessor(b *testing.B, f func()) {
	b.Helper()
	runtime.GC()
	before := processor(b)
	b.ResetTimer()
	for range b.N {
		f()
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkPublish shows that one change costs the same in zones of any size.
func BenchmarkPublish(b *testing.B) {
	for n := 100; n <= 1_000_000; n *= 10 {
		db := New()
		loadNames(b, db, n)
		b.Run(fmt.Sprintf("names=%d", n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			measureProcessor(b, func() { changeOne(b, db, rng.IntN(n)) })
		})
	}
}

// BenchmarkPublishAmongZones is BenchmarkPublish with the names of many zones.
func BenchmarkPublishAmongZones(b *testing.B) {
	for n := 1; n <= 100_000; n *= 10 {
		db := New()
		loadZones(b, db, n)
		b.Run(fmt.Sprintf("zones=%d", n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			measureProcessor(b, func() {
				i := rng.IntN(n)
				e := db.Begin()
				if err := e.SetName(smallZoneID(i), zoneName(i), []*zone.RRset{soa(zoneName(i))}); err != nil {
					b.Fatal(err)
				}
				e.Commit()
			})
		})
	}
}

// BenchmarkZoneChoice finds the zone of a name two labels below its apex, among
// 1 to 1,000,000 zones. "same" asks for a few names again and again, "random"
// for any: what they differ by is the memory's latency, not work.
func BenchmarkZoneChoice(b *testing.B) {
	for n := 1; n <= 1_000_000; n *= 10 {
		db := New()
		loadZones(b, db, n)
		for _, asked := range []struct {
			name  string
			names int
		}{{"same", 1}, {"random", n}} {
			names := make([]qname, 4096)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range names {
				names[i].set("\x01a\x03www" + zoneName(rng.IntN(asked.names)))
			}
			b.Run(fmt.Sprintf("zones=%d/%s", n, asked.name), func(b *testing.B) {
				s := db.Snapshot()
				i := 0
				measureProcessor(b, func() {
					if s.Zone(&names[i&4095].QName, 0) == nil {
						b.Fatal("no zone")
					}
					i++
				})
			})
		}
	}
}

// qname is a QName with room for its name.
type qname struct {
	QName
	words   [rdata.MaxName + 9]byte
	offsets [128]uint8
}

func (q *qname) set(name rdata.Name) {
	labels, i := 0, 0
	for copy(q.words[:], name); name[i] != 0; i += 1 + int(name[i]) {
		q.offsets[labels] = uint8(i)
		labels++
	}
	q.offsets[labels] = uint8(i)
	q.Set(q.words[:], len(name), q.offsets[:labels+1], labels)
}
