package mmdb

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"open53/internal/geo"
)

// realFiles are the databases that `make geo-database` has fetched.
func realFiles(tb testing.TB, pattern string) []string {
	tb.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "..", "open53-geo", pattern))
	if err != nil {
		tb.Fatal(err)
	}
	if len(found) == 0 {
		tb.Skip("no " + pattern + " in open53-geo: make geo-database fetches it")
	}
	return found
}

func randomAddr(random *rand.Rand, v6 bool) netip.Addr {
	if v6 { // where most of what is allocated lies
		var b [16]byte
		first := []uint64{0x2001, 0x2400, 0x2600, 0x2a00}[random.IntN(4)] | random.Uint64N(16)
		binary.BigEndian.PutUint64(b[:], first<<48|random.Uint64()>>16)
		return netip.AddrFrom16(b)
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], random.Uint32())
	return netip.AddrFrom4(b)
}

// TestRealDatabases compares what was compiled with what the file says.
func TestRealDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("a real database takes seconds")
	}
	for _, path := range realFiles(t, "*.mmdb") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			begin := time.Now()
			layer, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d networks, %.1f MiB, read in %s", layer.Networks(), float64(layer.Bytes())/(1<<20), time.Since(begin).Round(time.Millisecond))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, err := maxminddb.OpenBytes(text)
			if err != nil {
				t.Fatal(err)
			}
			db, random := geo.NewDatabase(layer), rand.New(rand.NewPCG(1, 2))
			found := 0
			for range 20000 {
				addr := randomAddr(random, file.Metadata.IPVersion == 6 && random.IntN(2) == 0)
				if addr.Is6() {
					addr = addr.Prev() // not only the first of a /64
				}
				result := file.Lookup(addr)
				var r struct {
					Country   string  `maxminddb:"country_code"`
					Latitude  float64 `maxminddb:"latitude"`
					Longitude float64 `maxminddb:"longitude"`
				}
				if err := result.Decode(&r); err != nil {
					t.Fatal(err)
				}
				if result.Prefix().Bits() > 64 && addr.Is6() {
					continue // parts of a /64 are not told apart
				}
				p := db.Locate(addr)
				if p.Country.String() != r.Country || p.Located &&
					(math.Abs(float64(p.Latitude)-r.Latitude) > 0.006 || math.Abs(float64(p.Longitude)-r.Longitude) > 0.006) {
					t.Fatalf("%s is at %+v, and by the file %+v", addr, p, r)
				}
				if r.Country != "" {
					found++
				}
				// Neighbors are merged: no more bits than the file needs.
				if p.Bits > uint8(result.Prefix().Bits()) {
					t.Fatalf("%s needs %d bits, and by the file %s", addr, p.Bits, result.Prefix())
				}
			}
			if found < 1000 {
				t.Errorf("of 20,000 addresses %d are anywhere", found)
			}
			runtime.KeepAlive(layer)
		})
	}
}

func BenchmarkLocate(b *testing.B) {
	var layers []*geo.Layer
	for _, path := range realFiles(b, "dbip-city-*.mmdb") {
		layer, err := Read(path)
		if err != nil {
			b.Fatal(err)
		}
		layers = append(layers, layer)
	}
	db, random := geo.NewDatabase(layers...), rand.New(rand.NewPCG(1, 2))
	for _, v6 := range []bool{false, true} {
		name := map[bool]string{false: "IPv4", true: "IPv6"}[v6]
		addrs := make([]netip.Addr, 1<<14)
		for i := range addrs {
			addrs[i] = randomAddr(random, v6)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				db.Locate(addrs[i%len(addrs)])
			}
		})
	}
}
