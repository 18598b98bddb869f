package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// model is the file as AWS writes it ("C2J"). Every key that can stand in it
// and that this generator does not know is an error: it may carry meaning.
type model struct {
	Version    string                     `json:"version"`
	Metadata   map[string]json.RawMessage `json:"metadata"`
	Operations map[string]*modelOperation `json:"operations"`
	Shapes     map[string]*modelShape     `json:"shapes"`
	Pagination json.RawMessage            `json:"pagination"` // for clients; unused
}

type modelOperation struct {
	Name   string     `json:"name"`
	HTTP   modelHTTP  `json:"http"`
	Input  *modelRef  `json:"input"`
	Output *modelRef  `json:"output"`
	Errors []modelRef `json:"errors"`
}

type modelHTTP struct {
	Method       string `json:"method"`
	RequestURI   string `json:"requestUri"`
	ResponseCode int    `json:"responseCode"`
}

// modelRef is a use of a shape: as a member, as a list's item, as an input.
type modelRef struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"` // uri, querystring, header; empty is the body
	LocationName string `json:"locationName"`
	XMLNamespace *struct {
		URI string `json:"uri"`
	} `json:"xmlNamespace"`
}

type modelShape struct {
	Type       string          `json:"type"`
	Members    modelMembers    `json:"members"`
	Required   []string        `json:"required"`
	Member     *modelRef       `json:"member"`
	Flattened  bool            `json:"flattened"`
	Enum       []string        `json:"enum"`
	Min        *int64          `json:"min"`
	Max        *int64          `json:"max"`
	Pattern    string          `json:"pattern"`
	Exception  bool            `json:"exception"`
	Error      *modelHTTPError `json:"error"`
	Deprecated bool            `json:"deprecated"`
}

type modelHTTPError struct {
	HTTPStatusCode int `json:"httpStatusCode"`
}

// modelMembers keeps the order of the file: it is the order on the wire.
type modelMembers []modelMember

type modelMember struct {
	Name string
	modelRef
}

func (m *modelMembers) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("members are not an object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		member := modelMember{Name: key.(string)}
		if err := d.Decode(&member.modelRef); err != nil {
			return fmt.Errorf("member %s: %w", member.Name, err)
		}
		*m = append(*m, member)
	}
	return nil
}

// overrides are the facts that the model lacks or has wrong.
type overrides struct {
	// IDPrefixes are, by string shape, what clients may write in front of an
	// id in a request.
	IDPrefixes map[string][]string `json:"idPrefixes"`
	// OptionalMembers ("Shape.Member") are required in the model and yet left
	// out by the real service.
	OptionalMembers []string `json:"optionalMembers"`
	// OpenEnums are enumerations whose values a server may extend.
	OpenEnums []string `json:"openEnums"`
	// OpenTexts are strings with a pattern that a server may widen.
	OpenTexts []string `json:"openTexts"`
	// GoPatterns are patterns, by shape, that the regular expressions of Go
	// have to put differently.
	GoPatterns map[string]string `json:"goPatterns"`
	// ConditionalMaxima are lengths that depend on another member.
	ConditionalMaxima []conditionalMaximum `json:"conditionalMaxima"`
	// Initialisms are words that stay in capitals in Go names.
	Initialisms []string `json:"initialisms"`
}

// conditionalMaximum bounds a path or query member of an input, in characters,
// where another one, which the model lists before it, has the given value.
type conditionalMaximum struct {
	Shape  string `json:"shape"`
	Member string `json:"member"`
	Max    int    `json:"max"`
	When   string `json:"when"`
	Is     string `json:"is"`
}

// strictUnmarshal is json.Unmarshal that refuses unknown keys.
func strictUnmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
