package mmdb

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"open53/internal/geo"
	"open53/internal/geo/mmdb/mmdbtest"
)

type (
	object = mmdbtest.Map
	list   = mmdbtest.List
)

// cityMaxMind is a record as GeoIP2 City has it.
func cityMaxMind() object {
	return object{
		"city":               object{"geoname_id": uint32(1), "names": object{"en": "Seattle"}},
		"continent":          object{"code": "XX", "geoname_id": uint32(2)},
		"country":            object{"iso_code": "US", "is_in_european_union": false, "names": object{"en": "United States"}},
		"location":           object{"accuracy_radius": uint16(5), "latitude": 47.6062, "longitude": -122.3321, "time_zone": "America/Los_Angeles"},
		"registered_country": object{"iso_code": "CA"},
		"subdivisions":       list{object{"iso_code": "WA", "names": object{"en": "Washington"}}},
	}
}

func TestLayouts(t *testing.T) {
	tests := []struct {
		name   string
		record object
		want   geo.Position
	}{
		{"GeoIP2 City", cityMaxMind(), seattle()},
		{
			"GeoIP2 Country",
			object{"country": object{"iso_code": "TR"}, "continent": object{"code": "AS"}},
			geo.Position{Continent: geo.CodeOf("EU"), Country: geo.CodeOf("TR")},
		},
		{
			"registered country alone",
			object{"registered_country": object{"iso_code": "JP"}},
			geo.Position{Continent: geo.CodeOf("AS"), Country: geo.CodeOf("JP")},
		},
		{
			"GeoLite2 ASN",
			object{"autonomous_system_number": uint32(64500), "autonomous_system_organization": "Example"},
			geo.Position{ASN: 64500},
		},
		{"DB-IP City", object{
			"country":      object{"iso_code": "US"},
			"location":     object{"latitude": float32(47.6062), "longitude": float32(-122.3321)},
			"subdivisions": list{object{"names": object{"en": "Washington"}}},
		}, seattle()},
		{
			"ip-location-db country",
			object{"country_code": "DE"},
			geo.Position{Continent: geo.CodeOf("EU"), Country: geo.CodeOf("DE")},
		},
		{"ip-location-db city", object{
			"city": "Seattle", "country_code": "US", "state1": "Washington", "state2": "", "postcode": "", "timezone": "",
			"latitude": float32(47.6062), "longitude": float32(-122.3321),
		}, seattle()},
		{"coordinates as texts", object{"country_code": "US", "state1": "WA", "latitude": "47.6062", "longitude": "-122.3321"}, seattle()},
		{
			"subdivision that no RRset can name",
			object{"country_code": "DE", "state1": "Bavaria"},
			geo.Position{Continent: geo.CodeOf("EU"), Country: geo.CodeOf("DE")},
		},
		{
			"state that there is not",
			object{"country_code": "US", "state1": "Jefferson"},
			geo.Position{Continent: geo.CodeOf("NA"), Country: geo.CodeOf("US")},
		},
		{"country that Amazon does not place", object{"country_code": "BV"}, geo.Position{Country: geo.CodeOf("BV")}},
		{
			"coordinates that are none",
			object{"country_code": "DE", "latitude": 91.0, "longitude": 0.0},
			geo.Position{Continent: geo.CodeOf("EU"), Country: geo.CodeOf("DE")},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			layer, err := parse(mmdbtest.File(t, map[string]any{"192.0.2.0/24": test.record}))
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			want.Bits = 24
			if got := geo.NewDatabase(layer).Locate(netip.MustParseAddr("192.0.2.1")); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if got := geo.NewDatabase(layer).Locate(netip.MustParseAddr("192.0.3.1")); got != (geo.Position{Bits: 24}) {
				t.Errorf("beside it %+v", got)
			}
		})
	}
	for _, record := range []object{{"country_code": "ZZ"}, {"country_code": "de"}, {"color": "red"}, {"country": object{}}} {
		if _, err := parse(mmdbtest.File(t, map[string]any{"192.0.2.0/24": record})); err == nil {
			t.Errorf("a file of %v is accepted", record)
		}
	}
}

func seattle() geo.Position {
	return geo.Position{
		Continent: geo.CodeOf("NA"), Country: geo.CodeOf("US"), Subdivision: geo.CodeOf("WA"),
		Located: true, Latitude: 47.61, Longitude: -122.33,
	}
}

func TestBothFamilies(t *testing.T) {
	layer, err := parse(mmdbtest.File(t, map[string]any{
		"192.0.2.0/24": object{"country_code": "DE"}, "192.0.2.128/25": object{"country_code": "FR"},
		"2001:db8::/32": object{"country_code": "JP"}, "2001:db8::8/125": object{"country_code": "KR"},
		"2001:db8::10/124": object{"country_code": "CN"}, "2001:db8:0:1::/64": object{"country_code": "SG"},
		"fc00::/7": object{"country_code": "AQ"}, "ff00::/8": object{"country_code": "US"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	db := geo.NewDatabase(layer)
	for addr, want := range map[string]string{
		"192.0.2.1": "DE 25", "192.0.2.200": "FR 25", "::ffff:192.0.2.200": "FR 25", "192.0.1.255": " 23", "192.0.3.0": " 24",
		"2001:db8::9": "JP 64", "2001:db8::17": "JP 64", // the first of one /64 counts
		"2001:db8:0:1::7": "SG 64", "2001:db8:0:2::": "JP 63", "2001:db8:ffff::": "JP 33",
		"2001:db7::": " 29", "fdff::1": "AQ 7", "fe00::": " 8", "ffff::": "US 8", "::1": " 3", "255.255.255.255": " 3", "0.0.0.0": " 1",
	} {
		p := db.Locate(netip.MustParseAddr(addr))
		if got := p.Country.String() + " " + decimal(p.Bits); got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
}

func decimal(n uint8) string {
	if n < 10 {
		return string('0' + n)
	}
	return string([]byte{'0' + n/10, '0' + n%10})
}

func TestFilesCombine(t *testing.T) {
	read := func(records map[string]any) *geo.Layer {
		t.Helper()
		layer, err := parse(mmdbtest.File(t, records))
		if err != nil {
			t.Fatal(err)
		}
		return layer
	}
	city := read(map[string]any{"192.0.2.0/24": cityMaxMind()})
	asn := read(map[string]any{"192.0.0.0/16": object{"autonomous_system_number": uint32(64500)}, "192.0.2.0/25": object{"autonomous_system_number": uint32(64501)}})
	country := read(map[string]any{"192.0.0.0/8": object{"country_code": "DE"}})
	both := seattle()
	both.ASN, both.Bits = 64501, 25
	for _, test := range []struct {
		name   string
		layers []*geo.Layer
		addr   string
		want   geo.Position
	}{
		{"city and system", []*geo.Layer{city, asn}, "192.0.2.1", both},
		{"system and city", []*geo.Layer{asn, city}, "192.0.2.1", both},
		{"country behind city", []*geo.Layer{city, country}, "192.0.2.1", func() geo.Position { p := seattle(); p.Bits = 24; return p }()},
		{
			"country where there is no city",
			[]*geo.Layer{city, asn, country},
			"192.0.3.1",
			geo.Position{Continent: geo.CodeOf("EU"), Country: geo.CodeOf("DE"), ASN: 64500, Bits: 24},
		},
		{"nowhere", []*geo.Layer{city, asn, country}, "10.0.0.1", geo.Position{Bits: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := geo.NewDatabase(test.layers...).Locate(netip.MustParseAddr(test.addr)); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestDamagedFiles(t *testing.T) {
	good := mmdbtest.File(t, map[string]any{"192.0.2.0/24": cityMaxMind(), "2001:db8::/32": object{"country_code": "JP"}})
	for n := range good { // whatever is cut off
		_, _ = parse(good[:n]) // must return; whether it can tell is another matter
	}
	if _, err := parse(good[:len(good)/2]); err == nil {
		t.Error("half a file is accepted")
	}
	for i := range good { // whatever is overwritten
		for _, b := range []byte{0, 0xff, good[i] ^ 0x80} {
			bad := append([]byte(nil), good...)
			bad[i] = b
			_, _ = parse(bad)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.mmdb")); err == nil || !strings.Contains(err.Error(), "none.mmdb") {
		t.Errorf("no file: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.mmdb")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(empty); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestLocateDoesNotAllocate(t *testing.T) {
	layer, err := parse(mmdbtest.File(t, map[string]any{"192.0.2.0/24": cityMaxMind()}))
	if err != nil {
		t.Fatal(err)
	}
	var locator geo.Locator
	locator.Use(geo.NewDatabase(layer))
	addr := netip.MustParseAddr("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() { locator.Locate(addr) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(mmdbtest.File(f, map[string]any{"192.0.2.0/24": cityMaxMind()}))
	f.Add(mmdbtest.File(f, map[string]any{"2001:db8::/32": object{"country_code": "JP"}, "192.0.2.0/24": object{"autonomous_system_number": uint32(1)}}))
	f.Add(mmdbtest.File(f, map[string]any{"0.0.0.0/1": object{"country_code": "US", "state1": "WA", "latitude": "1", "longitude": 2.0}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		layer, err := parse(b)
		if err != nil {
			return
		}
		db := geo.NewDatabase(layer)
		for _, addr := range []string{"192.0.2.1", "2001:db8::1", "0.0.0.0", "255.255.255.255", "::", "ffff::"} {
			if p := db.Locate(netip.MustParseAddr(addr)); p.Bits > 64 {
				t.Errorf("%s needs %d bits", addr, p.Bits)
			}
		}
	})
}
