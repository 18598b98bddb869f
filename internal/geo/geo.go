// Package geo is the map of the world that routing knows: the places of
// geolocation RRsets, and the regions and Local Zone groups of latency and
// geoproximity RRsets.
//
// The main data structure is the list of places, in the order in which the API
// lists them:
//
//   - Default              one default location
//     AD … UA      Ukraine              countries by code, each with its
//     UA 05   Vinnytska oblast     subdivisions behind it, by code
//     … ZW
//     AF … SA      Africa               continents by code
//
// A Location is codes alone and names a place: a continent, or a country ("*"
// is the default location), or a country and a subdivision of it. Which
// continent a country belongs to is Amazon's opinion and not that of any
// database of addresses: map by ContinentOf.
//
// The tables are embedded files, read once on first use; a test reads them, so
// that a binary with broken ones is never built.
//
// Three more tables say of a client's address where it is (Database, behind a
// Locator), how far from regions (Latencies) and in which location of a CIDR
// collection (Collections). All are made of runs: the addresses of a family cut
// into stretches of one value each, sorted, found by index and binary search.
// They are frozen and replaced as a whole, by an atomic pointer, so that queries
// read them without a lock or an allocation.
package geo

import (
	"cmp"
	_ "embed"
	"slices"
	"sync"
)

// DefaultCountry is the country code of the default location, which answers
// where no other one does.
const DefaultCountry = "*"

// Location names a place by its codes: Continent alone, or Country, or
// Country and Subdivision.
type Location struct {
	Continent   string // "EU"
	Country     string // ISO 3166-1 alpha-2, or DefaultCountry
	Subdivision string // ISO 3166-2 without the country: "WA"
}

// Place is a Location with the names of its parts.
type Place struct {
	Location
	ContinentName   string
	CountryName     string
	SubdivisionName string
}

// compare orders locations as the API lists them.
func (l Location) compare(other Location) int {
	return cmp.Or(
		cmp.Compare(l.Continent, other.Continent), // none, for countries, comes first
		cmp.Compare(l.Country, other.Country),
		cmp.Compare(l.Subdivision, other.Subdivision),
	)
}

//go:embed locations.csv
var locationsCSV string

// world is locations.csv in memory.
type world struct {
	places       []Place           // in list order
	continents   map[string]string // of countries
	subdivisions map[string]string // codes, by "US Washington"
}

var readWorld = sync.OnceValue(func() world {
	w := world{continents: make(map[string]string), subdivisions: make(map[string]string)}
	var country Place
	for _, f := range rows(locationsCSV, 4) {
		continent, code, subdivision, name := f[0], f[1], f[2], f[3]
		switch {
		case code == "":
			w.places = append(w.places, Place{Location: Location{Continent: continent}, ContinentName: name})
		case subdivision == "":
			country = Place{Location: Location{Country: code}, CountryName: name}
			w.places = append(w.places, country)
			if continent != "" {
				w.continents[code] = continent
			}
		default:
			place := country // the file has subdivisions behind their country
			place.Subdivision, place.SubdivisionName = subdivision, name
			w.places = append(w.places, place)
			w.subdivisions[code+" "+name] = subdivision
		}
	}
	return w
})

// Places lists all places in list order. The slice must not be changed.
func Places() []Place { return readWorld().places }

// Lookup finds the place of exactly these codes.
func Lookup(l Location) (Place, bool) {
	if i, found := search(l); found {
		return readWorld().places[i], true
	}
	return Place{}, false
}

// From lists the places from the first one at or after l on, in list order;
// l need not exist, and the zero Location is before all. The slice must not be
// changed.
func From(l Location) []Place {
	i, _ := search(l)
	return readWorld().places[i:]
}

func search(l Location) (int, bool) {
	return slices.BinarySearchFunc(readWorld().places, l, func(p Place, l Location) int { return p.compare(l) })
}

// ContinentOf is the code of the continent that a country belongs to; false
// for codes that are no country, the default location's included.
func ContinentOf(country string) (string, bool) {
	continent, found := readWorld().continents[country]
	return continent, found
}
