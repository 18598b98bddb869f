package geo

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// rows reads an embedded table of so many columns, without its header. It
// panics on a malformed one, which a test would have found.
func rows(text string, columns int) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', columns
	all, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("read embedded table: %v", err))
	}
	return all[1:]
}

func coordinates(latitude, longitude string) Coordinates {
	return Coordinates{Latitude: degrees(latitude, 90), Longitude: degrees(longitude, 180)}
}

func degrees(text string, limit float64) float64 {
	d, err := strconv.ParseFloat(text, 64)
	if err != nil || d < -limit || d > limit {
		panic(fmt.Sprintf("embedded table: %q is no coordinate", text))
	}
	return d
}
