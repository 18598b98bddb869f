package geo

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlacesAreInListOrder(t *testing.T) {
	places := Places()
	for i := 1; i < len(places); i++ {
		if places[i-1].compare(places[i].Location) >= 0 {
			t.Errorf("%+v comes before %+v", places[i-1], places[i])
		}
	}
	if len(places) != 332 { // as Amazon listed them: 1 default, 246 countries, 27 + 51 subdivisions, 7 continents
		t.Errorf("%d places", len(places))
	}
	want := []Place{
		{Location: Location{Country: "*"}, CountryName: "Default"},
		{Location: Location{Country: "AD"}, CountryName: "Andorra"},
	}
	if diff := cmp.Diff(want, places[:2]); diff != "" {
		t.Error(diff)
	}
	last := Place{Location: Location{Continent: "SA"}, ContinentName: "South America"}
	if diff := cmp.Diff(last, places[len(places)-1]); diff != "" {
		t.Error(diff)
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name string
		at   Location
		want Place // zero: there is none
	}{
		{"continent", Location{Continent: "AS"}, Place{ContinentName: "Asia"}},
		{"country", Location{Country: "AF"}, Place{CountryName: "Afghanistan"}},
		{"country with the code of a continent", Location{Country: "NA"}, Place{CountryName: "Namibia"}},
		{"state", Location{Country: "US", Subdivision: "AL"}, Place{CountryName: "United States", SubdivisionName: "Alabama"}},
		{"oblast", Location{Country: "UA", Subdivision: "11"}, Place{CountryName: "Ukraine", SubdivisionName: "Crimea"}},
		{"default", Location{Country: DefaultCountry}, Place{CountryName: "Default"}},
		{"no such country", Location{Country: "BV"}, Place{}},
		{"no such state", Location{Country: "US", Subdivision: "XX"}, Place{}},
		{"subdivision of another country", Location{Country: "DE", Subdivision: "BE"}, Place{}},
		{"continent and country", Location{Continent: "EU", Country: "DE"}, Place{}},
		{"nothing", Location{}, Place{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			exists := want != Place{}
			if exists {
				want.Location = test.at
			}
			got, found := Lookup(test.at)
			if diff := cmp.Diff(want, got); diff != "" || found != exists {
				t.Errorf("found %v\n%s", found, diff)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	tests := []struct {
		name string
		at   Location
		want Location
	}{
		{"beginning", Location{}, Location{Country: "*"}},
		{"country", Location{Country: "DE"}, Location{Country: "DE"}},
		{"between countries", Location{Country: "DF"}, Location{Country: "DJ"}},
		{"subdivision", Location{Country: "US", Subdivision: "CA"}, Location{Country: "US", Subdivision: "CA"}},
		{"behind the last subdivision", Location{Country: "US", Subdivision: "ZZ"}, Location{Country: "UY"}},
		{"behind the last country", Location{Country: "ZZ"}, Location{Continent: "AF"}},
		{"continent", Location{Continent: "OC"}, Location{Continent: "OC"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := From(test.at); got[0].Location != test.want {
				t.Errorf("begins at %+v", got[0])
			}
		})
	}
	if rest := From(Location{Continent: "ZZ"}); len(rest) != 0 {
		t.Errorf("%d places behind the last", len(rest))
	}
}

func TestContinentOf(t *testing.T) {
	want := map[string]string{"TR": "EU", "CY": "EU", "RU": "EU", "XK": "EU", "US": "NA", "GS": "AN", "IO": "AS", "*": "", "AQ": "AN", "ZZ": ""}
	for country, continent := range want {
		got, found := ContinentOf(country)
		if got != continent || found != (continent != "") {
			t.Errorf("%s is in %q, %v", country, got, found)
		}
	}
	for _, place := range Places() {
		if place.Country == "" || place.Country == DefaultCountry {
			continue
		}
		continent, _ := ContinentOf(place.Country)
		if _, found := Lookup(Location{Continent: continent}); !found {
			t.Errorf("%s is in %q", place.Country, continent)
		}
	}
}

func TestRegions(t *testing.T) {
	if n := len(Regions()); n != 39 {
		t.Errorf("%d regions", n)
	}
	if !slices.IsSortedFunc(Regions(), func(a, b Region) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("regions are not sorted")
	}
	got, found := FindRegion("eu-west-1")
	want := Region{Name: "eu-west-1", City: "Dublin", Coordinates: Coordinates{Latitude: 53.35, Longitude: -6.26}}
	if diff := cmp.Diff(want, got); diff != "" || !found {
		t.Error(diff)
	}
	if _, found := FindRegion("mars-north-1"); found {
		t.Error("there is a region on Mars")
	}
	if n := len(LocalZoneGroups()); n != 45 {
		t.Errorf("%d local zone groups", n)
	}
	for _, g := range LocalZoneGroups() {
		if _, found := FindRegion(g.Region); !found || !strings.HasPrefix(g.Name, g.Region) {
			t.Errorf("%s belongs to %s", g.Name, g.Region)
		}
		if again, found := FindLocalZoneGroup(g.Name); !found || again != g {
			t.Errorf("%s is not found", g.Name)
		}
	}
}

func TestRowsRefusesBrokenTables(t *testing.T) {
	tests := []struct{ name, text string }{
		{"too few columns", "a,b\n1\n"},
		{"too many columns", "a,b\n1,2,3\n"},
		{"open quote", "a,b\n1,\"2\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was read")
				}
			}()
			rows(test.text, 2)
		})
	}
	for _, text := range []string{"", "north", "91"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is a latitude", text)
				}
			}()
			degrees(text, 90)
		}()
	}
}
