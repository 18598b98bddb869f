package interop

import (
	"os"
	"path/filepath"
	"testing"

	"open53/internal/geo/mmdb/mmdbtest"
	"open53/test/interop/server"
)

// TestBoto3Policies makes groups of every routing policy with boto3 and asks
// with dig for clients in several places.
func TestBoto3Policies(t *testing.T) {
	t.Parallel()
	city := func(country, state string, latitude, longitude float64) mmdbtest.Map {
		record := mmdbtest.Map{
			"country":  mmdbtest.Map{"iso_code": country},
			"location": mmdbtest.Map{"latitude": latitude, "longitude": longitude},
		}
		if state != "" {
			record["subdivisions"] = mmdbtest.List{mmdbtest.Map{"iso_code": state}}
		}
		return record
	}
	database := mmdbtest.File(t, map[string]any{
		"198.51.100.0/24": city("US", "WA", 47.61, -122.33),
		"198.51.101.0/24": city("US", "CA", 37.77, -122.42),
		"198.51.102.0/24": city("US", "NY", 40.71, -74.01),
		"203.0.112.0/22":  city("GB", "", 51.51, -0.13),
		"203.0.113.0/24":  city("GB", "", 51.51, -0.12),
		"192.0.2.0/24":    city("JP", "", 35.68, 139.69),
	})
	path := filepath.Join(t.TempDir(), "city.mmdb")
	if err := os.WriteFile(path, database, 0o600); err != nil {
		t.Fatal(err)
	}
	runBoto3(t, "policies.py", server.Options{Verb: "serve", Args: []string{"--geo-database", path}})
}
