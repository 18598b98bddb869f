// Package mmdb reads MMDB files, the format that databases of addresses come
// in, into layers of a geo.Database, and reads them again when they change.
//
// Three families of layouts are understood, told apart by the fields that are
// there:
//
//	MaxMind GeoIP2, GeoLite2   country.iso_code, subdivisions[0].iso_code, location.{latitude,longitude}
//	DB-IP                      the same with names for codes of subdivisions
//	ip-location-db             country_code, state1, latitude, longitude
//	all, for ASN files         autonomous_system_number
//
// A continent that a file names is never used: which continent a country
// belongs to is Amazon's opinion.
//
// A file is read as a whole into memory, not mapped: one that is overwritten
// while it is in use must not end the process. What is kept is the compiled
// layer alone.
package mmdb

import (
	"fmt"
	"os"
	"strconv"

	"github.com/oschwald/maxminddb-golang/v2"

	"open53/internal/geo"
)

// maxNetworks bounds what one file may hold: four times the largest ones that
// are sold.
const maxNetworks = 100_000_000

// Read reads a file into a layer. Errors: those of the file system, and that
// the file is damaged or holds nothing that is understood.
func Read(path string) (*geo.Layer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read geo database: %w", err)
	}
	layer, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read geo database %s: %w", path, err)
	}
	return layer, nil
}

// parse compiles the bytes of a file.
func parse(text []byte) (*geo.Layer, error) {
	db, err := maxminddb.OpenBytes(text, maxminddb.DisableStringCache())
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // of bytes in memory
	var builder geo.LayerBuilder
	places := make(map[uintptr]uint32) // by place of the record in the file
	networks, known := 0, false
	for result := range db.Networks() {
		if err := result.Err(); err != nil {
			return nil, err
		}
		if networks++; networks > maxNetworks {
			return nil, fmt.Errorf("more than %d networks", maxNetworks)
		}
		place, seen := places[result.Offset()]
		if !seen {
			var r record
			if err := result.Decode(&r); err != nil {
				return nil, fmt.Errorf("%s: %w", result.Prefix(), err)
			}
			place = builder.Place(r.position())
			places[result.Offset()] = place
		}
		known = known || place != 0
		if err := builder.Network(result.Prefix(), place); err != nil {
			return nil, err
		}
	}
	if !known {
		return nil, fmt.Errorf("nothing in it says where a network is (%d networks, type %q)", networks, db.Metadata.DatabaseType)
	}
	return builder.Layer(), nil
}

// record is the fields of all layouts.
type record struct {
	// MaxMind and DB-IP
	Country      isoCountry `maxminddb:"country"`
	Registered   isoCountry `maxminddb:"registered_country"` // where the network is, if not its users
	Subdivisions []struct {
		ISOCode string            `maxminddb:"iso_code"`
		Names   map[string]string `maxminddb:"names"`
	} `maxminddb:"subdivisions"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	ASN uint32 `maxminddb:"autonomous_system_number"`

	// ip-location-db; numbers have been texts at times
	CountryCode string `maxminddb:"country_code"`
	State       string `maxminddb:"state1"`
	Latitude    any    `maxminddb:"latitude"`
	Longitude   any    `maxminddb:"longitude"`
}

type isoCountry struct {
	ISOCode string `maxminddb:"iso_code"`
}

// position is what a record says.
func (r *record) position() geo.Position {
	code, subdivision := r.CountryCode, r.State
	switch {
	case r.Country.ISOCode != "":
		code = r.Country.ISOCode
	case code == "":
		code = r.Registered.ISOCode
	}
	if len(r.Subdivisions) > 0 { // the largest one comes first
		if subdivision = r.Subdivisions[0].ISOCode; subdivision == "" {
			subdivision = r.Subdivisions[0].Names["en"]
		}
	}
	latitude, hasLatitude := number(r.Latitude)
	longitude, hasLongitude := number(r.Longitude)
	if r.Location.Latitude != nil && r.Location.Longitude != nil {
		latitude, longitude = *r.Location.Latitude, *r.Location.Longitude
		hasLatitude, hasLongitude = true, true
	}
	return geo.Known(code, subdivision, latitude, longitude, hasLatitude && hasLongitude, r.ASN)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	}
	return 0, false
}
