package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Region is a region of the operator's own.
type Region struct {
	Name                string
	Latitude, Longitude float64 // degrees north and east
}

// maxRegionName is that of Amazon's regions in RRsets.
const maxRegionName = 64

// parseRegion reads NAME=LATITUDE,LONGITUDE.
func parseRegion(text string) (Region, error) {
	name, place, _ := strings.Cut(text, "=")
	latitude, longitude, found := strings.Cut(place, ",")
	r := Region{Name: name}
	var errs [2]error
	r.Latitude, errs[0] = strconv.ParseFloat(strings.TrimSpace(latitude), 64)
	r.Longitude, errs[1] = strconv.ParseFloat(strings.TrimSpace(longitude), 64)
	switch {
	case !found || errors.Join(errs[:]...) != nil:
		return r, fmt.Errorf("%q is no region: want NAME=LATITUDE,LONGITUDE, such as office=52.52,13.41", text)
	case name == "" || len(name) > maxRegionName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return r, fmt.Errorf("%q is not 1 to %d lower-case letters, digits and dashes", name, maxRegionName)
	case !(math.Abs(r.Latitude) <= 90 && math.Abs(r.Longitude) <= 180): // nor numbers that are none
		return r, fmt.Errorf("%q is no place on the globe", place)
	}
	return r, nil
}

func (c *Config) checkRegions(fault func(name, format string, args ...any)) {
	c.Regions = nil
	for _, text := range c.regionTexts {
		r, err := parseRegion(text)
		if err != nil {
			fault("region", "%v", err)
		}
		c.Regions = append(c.Regions, r)
	}
}
