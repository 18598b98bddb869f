package zone

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// regionNames are the regions of latency sets, in the order of the service
// model (shape ResourceRecordSetRegion, August 2026).
var regionNames = strings.Fields(`
	us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-central-2
	ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-northeast-1 ap-northeast-2 ap-northeast-3 eu-north-1 sa-east-1
	cn-north-1 cn-northwest-1 ap-east-1 me-south-1 me-central-1 ap-south-1 ap-south-2 af-south-1 eu-south-1 eu-south-2
	ap-southeast-4 il-central-1 ca-west-1 ap-southeast-5 mx-central-1 ap-southeast-7 us-gov-east-1 us-gov-west-1
	ap-east-2 ap-southeast-6 eusc-de-east-1`)

var amazonRegions = func() map[string]bool {
	m := make(map[string]bool, len(regionNames))
	for _, name := range regionNames {
		m[name] = true
	}
	return m
}()

// The character patterns of the service model.
var (
	countryPattern     = regexp.MustCompile(`^([A-Z]{2}|\*)$`)
	subdivisionPattern = regexp.MustCompile(`^[0-9A-Z]{1,3}$`)
	latitudePattern    = regexp.MustCompile(`^[-+]?[0-9]{1,2}(\.[0-9]{0,2})?$`)
	longitudePattern   = regexp.MustCompile(`^[-+]?[0-9]{1,3}(\.[0-9]{0,2})?$`)
	// Coordinates are often written with more digits than Amazon takes.
	exactLatitudePattern  = regexp.MustCompile(`^[-+]?[0-9]{1,2}(\.[0-9]{0,12})?$`)
	exactLongitudePattern = regexp.MustCompile(`^[-+]?[0-9]{1,3}(\.[0-9]{0,12})?$`)
	collectionPattern     = regexp.MustCompile(`^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	cidrLocationPattern   = regexp.MustCompile(`^[0-9A-Za-z_\-*]{1,16}$`)
)

var continentCodes = []string{"AF", "AN", "AS", "EU", "NA", "OC", "SA"}

// geolocation checks the form of a location: a continent alone, a country, or
// a subdivision of the US (of UA too, by the service model). Whether the
// country or subdivision exists is Options.GeoLocations' to say.
func (k *shapeCheck) geolocation(g *RequestedGeolocation) *Geolocation {
	out := &Geolocation{Continent: g.Continent, Country: g.Country, Subdivision: g.Subdivision}
	switch {
	case *out == Geolocation{}:
		k.invalid("Expected exactly one of [ContinentCode, or CountryCode], but found none")
		return out
	case g.Continent != "" && (g.Country != "" || g.Subdivision != ""):
		k.invalid("Expected exactly one of [ContinentCode, or CountryCode], but found more than one")
		return out
	case g.Subdivision != "" && g.Country == "":
		k.invalid("Missing field 'CountryCode'")
		return out
	}
	ok := true
	switch {
	case g.Continent != "":
		if ok = k.length(g.Continent, 2, 2, "ContinentCode"); ok && !slices.Contains(continentCodes, g.Continent) {
			k.enumeration(g.Continent, strings.Join(continentCodes, ", "))
			ok = false
		}
	case !countryPattern.MatchString(g.Country):
		k.pattern(g.Country, countryPattern, "CountryCode")
		ok = false
	case g.Subdivision != "" && !subdivisionPattern.MatchString(g.Subdivision):
		k.pattern(g.Subdivision, subdivisionPattern, "SubdivisionCode")
		ok = false
	case g.Subdivision != "" && g.Country != "US" && g.Country != "UA":
		k.invalid("SubdivisionCode is not permitted with CountryCode " + g.Country)
		ok = false
	}
	if exists := k.batch.opts.GeoLocations; ok && exists != nil && !exists(*out) {
		k.invalid("The geolocation " + out.String() + " is not supported")
	}
	return out
}

func (k *shapeCheck) geoproximity(g *RequestedGeoproximity) *Geoproximity {
	out := &Geoproximity{Region: g.Region, LocalZoneGroup: g.LocalZoneGroup}
	kinds := 0
	if g.Region != "" {
		kinds++
		k.region(g.Region)
	}
	if g.LocalZoneGroup != "" {
		kinds++
		if k.length(g.LocalZoneGroup, 1, 64, "LocalZoneGroup") {
			if exists := k.batch.opts.LocalZoneGroups; exists != nil && !exists(g.LocalZoneGroup) {
				k.invalid("The LocalZoneGroup " + g.LocalZoneGroup + " is not supported")
			}
		}
	}
	if c := g.Coordinates; c != nil {
		kinds++
		latitude, longitude := exactLatitudePattern, exactLongitudePattern
		if k.batch.opts.Strict {
			latitude, longitude = latitudePattern, longitudePattern
		}
		k.degrees(c.Latitude, latitude, 90, "Latitude")
		k.degrees(c.Longitude, longitude, 180, "Longitude")
		out.Latitude, out.Longitude = c.Latitude, c.Longitude
	}
	const wanted = "Expected exactly one of [AWSRegion, LocalZoneGroup, or Coordinates], but found "
	if kinds == 0 {
		k.invalid(wanted + "none")
	} else if kinds > 1 {
		k.invalid(wanted + "more than one")
	}
	if g.Bias != nil && k.inRange(*g.Bias, -99, 99, "Bias") {
		out.Bias, out.BiasSet = int8(*g.Bias), true
	}
	return out
}

func (k *shapeCheck) degrees(text string, pattern *regexp.Regexp, limit int64, typeName string) {
	if !pattern.MatchString(text) {
		k.pattern(text, pattern, typeName)
		return
	}
	if d := picodegrees(text); d > limit*1e12 || d < -limit*1e12 {
		k.invalid(typeName + " " + text + " is out of range")
	}
}

// MaxDegrees is how many characters a latitude or longitude has at most, where
// Options.Strict does not ask for Amazon's two decimals.
const MaxDegrees = 17

// picodegrees reads coordinates that fit the patterns above, so that "40.7"
// and "+40.70" are one place.
func picodegrees(text string) int64 {
	unsigned := strings.TrimLeft(text, "+-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	n, _ := strconv.ParseInt(whole+(fraction + "000000000000")[:12], 10, 64) // digits only, by the pattern
	if strings.HasPrefix(text, "-") {
		return -n
	}
	return n
}

func (k *shapeCheck) cidr(c *RequestedCIDR) *CIDR {
	if !collectionPattern.MatchString(c.CollectionID) {
		k.pattern(c.CollectionID, collectionPattern, "UUID")
	}
	if !cidrLocationPattern.MatchString(c.LocationName) {
		k.pattern(c.LocationName, cidrLocationPattern, "CidrLocationNameDefaultAllowed")
	}
	return &CIDR{CollectionID: c.CollectionID, Location: c.LocationName}
}

func (k *shapeCheck) pattern(value string, pattern *regexp.Regexp, typeName string) {
	k.fault("Invalid XML ; cvc-pattern-valid: Value '" + value + "' is not facet-valid with respect to pattern '" +
		strings.Trim(pattern.String(), "^$") + "' for type '" + typeName + "'.")
}

// String names the location as fault texts do.
func (g Geolocation) String() string {
	var parts []string
	if g.Continent != "" {
		parts = append(parts, "ContinentCode="+g.Continent)
	}
	if g.Country != "" {
		parts = append(parts, "CountryCode="+g.Country)
	}
	if g.Subdivision != "" {
		parts = append(parts, "SubdivisionCode="+g.Subdivision)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// String names the place as fault texts do.
func (g Geoproximity) String() string {
	switch {
	case g.Region != "":
		return "[AWSRegion=" + g.Region + "]"
	case g.LocalZoneGroup != "":
		return "[LocalZoneGroup=" + g.LocalZoneGroup + "]"
	}
	return "[Latitude=" + g.Latitude + ", Longitude=" + g.Longitude + "]"
}
