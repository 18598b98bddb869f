package geo

import "testing"

// TestCountryOfRegion: every region is in a place that geolocation knows.
func TestCountryOfRegion(t *testing.T) {
	for _, r := range Regions() {
		country, subdivision := CountryOfRegion(r.Name)
		if _, found := Lookup(Location{Country: country, Subdivision: subdivision}); country == "" || !found {
			t.Errorf("region %s: country %q, subdivision %q", r.Name, country, subdivision)
		}
	}
	if country, _ := CountryOfRegion("home-1"); country != "" {
		t.Errorf("another region is in %s", country)
	}
}
