package trafficpolicy

import (
	"strings"

	"open53/internal/zone"
)

// Documents are passed around that Amazon would not take, but that can mean one
// thing only. They are read unless Options.Strict is set:
//
//   - no StartRule and no StartEndpoint: the rule that no rule leads to, or the
//     one endpoint of a document without rules;
//   - the list GeolocationRules instead of Locations;
//   - a Location "continent:NA", "country:US", "subdivision:US-CA" or "default"
//     instead of Continent, Country, Subdivision and IsDefault.

// findStart finds where a document begins that does not say it.
func (r *reader) findStart() {
	if r.doc.Start != (Reference{}) || r.opts.Strict {
		return
	}
	led := map[string]bool{}
	for _, rule := range r.doc.Rules {
		for _, b := range rule.Branches {
			led[b.Rule] = true
		}
	}
	var starts []Reference
	for id := range r.doc.Rules {
		if !led[id] {
			starts = append(starts, Reference{Rule: id})
		}
	}
	if len(r.doc.Rules) == 0 {
		for id := range r.doc.Endpoints {
			starts = append(starts, Reference{Endpoint: id})
		}
	}
	if len(starts) != 1 {
		r.fault("", startRequired)
		return
	}
	r.doc.Start = starts[0]
}

// locations is the name of the list of a geolocation rule.
func (r *reader) locations(f *fields) string {
	const lenient = "GeolocationRules"
	if !r.opts.Strict && !f.has("Locations") && f.has(lenient) {
		return lenient
	}
	return "Locations"
}

// locationText reads a location that is one text.
func (r *reader) locationText(f *fields, g *zone.Geolocation) {
	if r.opts.Strict || *g != (zone.Geolocation{}) || !f.has("Location") {
		return
	}
	text := f.text("Location")
	kind, code, _ := strings.Cut(text, ":")
	switch {
	case kind == "continent" && code != "":
		g.Continent = code
	case kind == "country" && code != "":
		g.Country = code
	case kind == "subdivision" && strings.Contains(code, "-"):
		g.Country, g.Subdivision, _ = strings.Cut(code, "-")
	case text == "default" || text == "*":
		g.Country = "*"
	default:
		r.fault(f.id, "Location '"+printable(text)+"' is not one of continent:CODE, country:CODE, subdivision:COUNTRY-CODE, default")
		g.Country = "*" // so that it is one fault
	}
}
