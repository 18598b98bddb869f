package nameserver_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// BenchmarkRespond measures the query path without sockets.
func BenchmarkRespond(b *testing.B) {
	db := zonedb.New()
	t := &testing.T{}
	load(t, db, "example.com", 1, allKinds)
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	for _, name := range []string{"www A", "cname A", "nope A", "a.sub A", "x.wild A"} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			host, rrtype, _ := strings.Cut(name, " ")
			m, _ := dnstest.Query(t, "query "+host+".example.com "+rrtype+" +edns")
			wire, err := m.Pack()
			if err != nil {
				b.Fatal(err)
			}
			reply := make([]byte, 0, 65535)
			client := netip.MustParseAddr("192.0.2.1")
			b.ReportAllocs()
			for b.Loop() {
				r.Respond(reply, wire, client, dnswire.UDP)
			}
		})
	}
}

// BenchmarkLarge answers random names of a zone of a million, one message at a
// time and in batches.
func BenchmarkLarge(b *testing.B) {
	const names = 1_000_000
	db := zonedb.New()
	e := db.Begin()
	apex := rdata.MustParseName("bench.test")
	if err := e.AddZone(zonedb.ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		b.Fatal(err)
	}
	for i := range names {
		name := rdata.MustParseName(fmt.Sprintf("host%07d.bench.test", i))
		if err := e.SetName("Z1", name, []*zone.RRset{{Name: name, Type: rdata.TypeA, TTL: 300, Values: []string{"192.0.2.1"}}}); err != nil {
			b.Fatal(err)
		}
	}
	e.Commit()
	rng := rand.New(rand.NewPCG(1, 1))
	benchmarkBatches(b, db, func() string { return fmt.Sprintf("host%07d.bench.test.", rng.IntN(names)) })
}

// BenchmarkManyZones answers for random zones among many small ones.
func BenchmarkManyZones(b *testing.B) {
	for _, zones := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("zones=%d", zones), func(b *testing.B) {
			db := zonedb.New()
			e := db.Begin()
			for i := range zones {
				apex, id := rdata.MustParseName(fmt.Sprintf("z%07d.test", i)), fmt.Sprint("Z", i)
				www := "\x03www" + apex
				if err := e.AddZone(zonedb.ZoneConfig{ID: id, Name: apex}); err != nil {
					b.Fatal(err)
				}
				if err := e.SetName(id, www, []*zone.RRset{{Name: www, Type: rdata.TypeA, TTL: 300, Values: []string{"192.0.2.1"}}}); err != nil {
					b.Fatal(err)
				}
			}
			e.Commit()
			runtime.GC()
			rng := rand.New(rand.NewPCG(1, 1))
			benchmarkBatches(b, db, func() string { return fmt.Sprintf("www.z%07d.test.", rng.IntN(zones)) })
		})
	}
}

// benchmarkBatches answers questions one by one and in batches.
func benchmarkBatches(b *testing.B, db *zonedb.DB, name func() string) {
	b.Helper()
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	queries := make([][]byte, 1<<16)
	for i := range queries {
		wire, err := new(dns.Msg).SetQuestion(name(), dns.TypeA).Pack()
		if err != nil {
			b.Fatal(err)
		}
		queries[i] = wire
	}
	reply := make([]byte, 0, 4096)
	client := netip.MustParseAddr("192.0.2.1")
	b.Run("single", func(b *testing.B) {
		defer reportProcessor(b, processor(b))
		for i := range b.N {
			r.Respond(reply, queries[i&0xffff], client, dnswire.UDP)
		}
	})
	b.Run("batch", func(b *testing.B) {
		defer reportProcessor(b, processor(b))
		for n := 0; n < b.N; n += 64 {
			batch := queries[n&0xffff : n&0xffff+64]
			for i, q := range batch {
				r.Prepare(i, q, client)
			}
			r.Fetch(len(batch))
			for i, q := range batch {
				r.RespondPrepared(i, reply, q, client)
			}
		}
	})
}

// processor is the time that all threads of this process have run: unlike the
// time on the wall it does not count what else the machine does.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func reportProcessor(b *testing.B, before time.Duration) {
	b.Helper()
	b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
}
