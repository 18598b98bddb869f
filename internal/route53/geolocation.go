package route53

import (
	"context"
	"strconv"

	"open53/internal/geo"
	api "open53/internal/route53api"
)

func placeFrom(p geo.Place) api.GeoLocationDetails {
	return api.GeoLocationDetails{
		ContinentCode: optional(p.Continent), ContinentName: optional(p.ContinentName),
		CountryCode: optional(p.Country), CountryName: optional(p.CountryName),
		SubdivisionCode: optional(p.Subdivision), SubdivisionName: optional(p.SubdivisionName),
	}
}

// checkLocation refuses codes that cannot stand together. The texts are ours.
func checkLocation(l geo.Location) error {
	switch {
	case l.Continent != "" && (l.Country != "" || l.Subdivision != ""):
		return invalidInput("A continent code is not permitted with a country code or a subdivision code.")
	case l.Subdivision != "" && l.Country == "":
		return invalidInput("A subdivision code is not permitted without a country code.")
	}
	return nil
}

// GetGeoLocation tells whether a place can be routed by, and what it is
// called.
func (s *Service) GetGeoLocation(_ context.Context, in *api.GetGeoLocationInput) (*api.GetGeoLocationOutput, error) {
	at := geo.Location{Continent: value(in.ContinentCode), Country: value(in.CountryCode), Subdivision: value(in.SubdivisionCode)}
	if err := checkLocation(at); err != nil {
		return nil, err
	}
	if at == (geo.Location{}) { // ours
		return nil, invalidInput("A continent code or a country code is required.")
	}
	place, found := geo.Lookup(at)
	if !found { // ours
		return nil, &api.NoSuchGeoLocation{Message: "Route 53 does not support the geolocation " + codes(at)}
	}
	return &api.GetGeoLocationOutput{GeoLocationDetails: placeFrom(place)}, nil
}

func codes(l geo.Location) string {
	switch {
	case l.Continent != "":
		return l.Continent
	case l.Subdivision != "":
		return l.Country + "-" + l.Subdivision
	}
	return l.Country
}

// ListGeoLocations lists places: countries with their subdivisions, then
// continents. A page begins with the first place at or after the given codes.
func (s *Service) ListGeoLocations(_ context.Context, in *api.ListGeoLocationsInput) (*api.ListGeoLocationsOutput, error) {
	size, err := pageSize(in.MaxItems, geoPage, geoPage)
	if err != nil {
		return nil, err
	}
	from := geo.Location{Continent: value(in.StartContinentCode), Country: value(in.StartCountryCode), Subdivision: value(in.StartSubdivisionCode)}
	if err := checkLocation(from); err != nil {
		return nil, err
	}
	places := geo.From(from)
	out := &api.ListGeoLocationsOutput{GeoLocationDetailsList: []api.GeoLocationDetails{}, MaxItems: strconv.Itoa(size)}
	if len(places) > size {
		next := placeFrom(places[size])
		out.IsTruncated = true
		out.NextContinentCode, out.NextCountryCode, out.NextSubdivisionCode = next.ContinentCode, next.CountryCode, next.SubdivisionCode
		places = places[:size]
	}
	for _, p := range places {
		out.GeoLocationDetailsList = append(out.GeoLocationDetailsList, placeFrom(p))
	}
	return out, nil
}
