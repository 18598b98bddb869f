package geo

import (
	_ "embed"
	"sync"
)

// Coordinates are degrees north and east (WGS 84).
type Coordinates struct {
	Latitude  float64 // -90 to 90
	Longitude float64 // -180 to 180
}

// Region is an AWS region, as latency and geoproximity RRsets name it.
type Region struct {
	Name string // "eu-west-1"
	City string
	// Coordinates are those of the city; Amazon publishes none.
	Coordinates
}

// LocalZoneGroup is a group of AWS Local Zones, as geoproximity RRsets name it.
type LocalZoneGroup struct {
	Name   string // "us-west-2-lax-1"
	City   string
	Region string // the region it belongs to
	Coordinates
}

//go:embed regions.csv
var regionsCSV string

//go:embed localzones.csv
var localZonesCSV string

// table is a list with an index by name.
type table[T any] struct {
	list   []T
	byName map[string]T
}

func (t *table[T]) add(name string, row T) {
	if t.byName == nil {
		t.byName = make(map[string]T)
	}
	t.list = append(t.list, row)
	t.byName[name] = row
}

var readRegions = sync.OnceValue(func() table[Region] {
	var t table[Region]
	for _, f := range rows(regionsCSV, 4) {
		t.add(f[0], Region{Name: f[0], City: f[1], Coordinates: coordinates(f[2], f[3])})
	}
	return t
})

var readLocalZones = sync.OnceValue(func() table[LocalZoneGroup] {
	var t table[LocalZoneGroup]
	for _, f := range rows(localZonesCSV, 5) {
		t.add(f[0], LocalZoneGroup{Name: f[0], City: f[1], Region: f[2], Coordinates: coordinates(f[3], f[4])})
	}
	return t
})

// Regions lists the regions by name. The slice must not be changed.
func Regions() []Region { return readRegions().list }

// FindRegion finds a region by name.
func FindRegion(name string) (Region, bool) {
	r, found := readRegions().byName[name]
	return r, found
}

// LocalZoneGroups lists the groups by name. The slice must not be changed.
func LocalZoneGroups() []LocalZoneGroup { return readLocalZones().list }

// FindLocalZoneGroup finds a Local Zone group by name.
func FindLocalZoneGroup(name string) (LocalZoneGroup, bool) {
	g, found := readLocalZones().byName[name]
	return g, found
}
