package route53

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	api "open53/internal/route53api"
	"open53/internal/store/pebble"
)

// BenchmarkChange measures durable batches of one UPSERT over the store on
// disk: with 1 and 16 clients, all on one zone or each on its own.
func BenchmarkChange(b *testing.B) {
	for _, n := range []struct{ clients, zones int }{{1, 1}, {16, 1}, {16, 16}} {
		b.Run(fmt.Sprintf("clients=%d/zones=%d", n.clients, n.zones), func(b *testing.B) { changeDurably(b, n.clients, n.zones) })
	}
}

func changeDurably(b *testing.B, clients, zones int) {
	b.Helper()
	s, err := pebble.Open(b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	f := newFixtureOver(b, s, nil)
	ids := make([]string, zones)
	for i := range ids {
		ids[i] = f.newZone(b, fmt.Sprintf("zone%d.example.com", i))
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			zone := client % zones
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				name := fmt.Sprintf("host%d.zone%d.example.com", n%10000, zone)
				_, err := f.change(b.Context(), ids[zone], record(api.ChangeActionUpsert, name, "A", n%3600, "192.0.2.1"))
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
}
