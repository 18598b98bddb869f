package pebble

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// chain makes events of one zone, each changing one RRset of a thousand.
type chain struct {
	id      string
	version uint64
	prev    event.Hash
	sets    []*zone.RRset
	n       int
}

func newChain(id string) *chain { return &chain{id: id, sets: make([]*zone.RRset, 1000)} }

func (c *chain) next(tb testing.TB) *event.Event {
	tb.Helper()
	i := c.n % len(c.sets)
	c.n++
	set := &zone.RRset{
		Name: rdata.MustParseName(fmt.Sprintf("host-%d.example.com", i)), Type: rdata.TypeA, TTL: 300,
		Values: []string{fmt.Sprintf("192.0.2.%d", c.n%256)},
	}
	e := &event.Event{
		Key: event.Key{Kind: event.KindZone, ID: c.id}, Version: c.version + 1, Prev: c.prev, Time: int64(c.n),
		ChangeID: fmt.Sprintf("C%s-%d", c.id, c.n), Actor: "AKIAIOSFODNN7EXAMPLE", Operation: "ChangeResourceRecordSets",
		Changes: []zone.Change{{Action: zone.Upsert, Old: c.sets[i], New: set}}, Serial: uint32(c.n),
	}
	c.sets[i] = set
	encoded, err := event.Encode(e)
	if err != nil {
		tb.Fatal(err)
	}
	c.version, c.prev = e.Version, event.HashOf(encoded)
	return e
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for n := range writers {
				c := newChain(fmt.Sprintf("Z%d", n))
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := s.Append(b.Context(), []*event.Event{c.next(b)}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// fill makes a zone of n RRsets, 1,000 to an event.
func fill(tb testing.TB, s *Store, id string, n int) {
	tb.Helper()
	var version uint64
	var prev event.Hash
	var tickets []store.Ticket
	for done := 0; done < n; {
		e := &event.Event{
			Key: event.Key{Kind: event.KindZone, ID: id}, Version: version + 1, Prev: prev,
			ChangeID: fmt.Sprintf("C%s-%d", id, version), Operation: "import",
		}
		for range min(1000, n-done) {
			e.Changes = append(e.Changes, zone.Change{Action: zone.Create, New: &zone.RRset{
				Name: rdata.MustParseName(fmt.Sprintf("host-%07d.example.com", done)), Type: rdata.TypeA, TTL: 300,
				Values: []string{fmt.Sprintf("10.%d.%d.%d", done>>16&255, done>>8&255, done&255)},
			}})
			done++
		}
		encoded, err := event.Encode(e)
		if err != nil {
			tb.Fatal(err)
		}
		version, prev = e.Version, event.HashOf(encoded)
		tickets = append(tickets, s.Enqueue([]*event.Event{e}))
		if len(tickets) >= 16 {
			wait(tb, tickets[0])
			tickets = tickets[1:]
		}
	}
	for _, ticket := range tickets {
		wait(tb, ticket)
	}
}

func wait(tb testing.TB, ticket store.Ticket) {
	tb.Helper()
	if _, err := ticket.Wait(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

const million = 1_000_000

// BenchmarkZone measures a zone of a million RRsets: filling it, and on a
// store that was just opened the scan of start-up, pages, heads, old versions.
func BenchmarkZone(b *testing.B) {
	dir := b.TempDir()
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			s := mustOpen(b, dir, Options{})
			if s.Position() == 0 {
				fill(b, s, "Z1", million)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s := mustOpen(b, dir, Options{})
			b.StopTimer()
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	s := mustOpen(b, dir, Options{})
	defer s.Close()
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v := s.View()
			n := 0
			for _, err := range v.RRsets("Z1", 0, store.Start{}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != million {
				b.Fatalf("%d RRsets", n)
			}
			_ = v.Close()
		}
		runtime.GC()
		b.ReportMetric(float64(resident(b))/1e6, "RSS-MB")
	})
	for _, page := range []struct {
		name    string
		version uint64
	}{{"page", 0}, {"page-100-versions-back", million/1000 - 100}} {
		b.Run(page.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				v := s.View()
				start := store.Start{Name: rdata.MustParseName(fmt.Sprintf("host-%07d.example.com", i*7919%million))}
				n := 0
				for _, err := range v.RRsets("Z1", page.version, start) {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n == 300 {
						break
					}
				}
				_ = v.Close()
			}
		})
	}
	b.Run("head", func(b *testing.B) {
		for b.Loop() {
			v := s.View()
			if _, err := v.Head(event.Key{Kind: event.KindZone, ID: "Z1"}); err != nil {
				b.Fatal(err)
			}
			_ = v.Close()
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if report, err := s.Verify(b.Context(), nil); err != nil || len(report.Faults) > 0 {
				b.Fatal(report, err)
			}
		}
	})
}

// resident is the memory of the process, in bytes.
func resident(tb testing.TB) int {
	tb.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		tb.Fatal(err)
	}
	return pages * os.Getpagesize()
}
