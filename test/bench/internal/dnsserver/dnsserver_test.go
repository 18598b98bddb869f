package dnsserver

import (
	"path/filepath"
	"testing"
	"time"

	"open53/test/bench/internal/zonedata"
)

// TestServers starts every server that is installed with a small zone; Start
// compares its answers with the zone.
func TestServers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	dir := t.TempDir()
	programs, err := Build(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	zone := zonedata.Zone{Apex: "bench.example.", Names: 100}
	zoneFile := filepath.Join(dir, "zone")
	if err := zone.WriteFile(zoneFile); err != nil {
		t.Fatal(err)
	}
	for _, server := range All() {
		t.Run(server.Name, func(t *testing.T) {
			if version, err := server.Version(t.Context(), programs); err != nil {
				t.Skip(err)
			} else if version == "" {
				t.Error("the version is empty")
			}
			address, err := FreeAddress()
			if err != nil {
				t.Fatal(err)
			}
			prepared, err := server.Prepare(t.Context(), Setup{
				Dir: filepath.Join(dir, "servers", server.Name), Address: address, Zone: zone, ZoneFile: zoneFile, Programs: programs,
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				running, err := prepared.Start(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				if running.FirstAnswer <= 0 || running.FirstAnswer > time.Minute {
					t.Errorf("first answer after %v", running.FirstAnswer)
				}
				if cpu, err := running.CPU(); err != nil || cpu <= 0 {
					t.Errorf("CPU time %v, %v", cpu, err)
				}
				if err := running.Stop(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestNamed(t *testing.T) {
	servers, err := Named("nsd,Open53")
	if err != nil || len(servers) != 2 || servers[0].Name != "NSD" || servers[1].Name != "open53" {
		t.Errorf("%v, %v", servers, err)
	}
	if _, err := Named("open53,djbdns"); err == nil {
		t.Error("there is a server djbdns")
	}
}
