// Package health knows what health checks are, when they are healthy, and what
// was last known of them.
//
//	Check ──▶ results ──▶ Status.Observe ──▶ Check.Publish ──▶ Table ──▶ queries
//	  │                        ▲
//	  └─ Children, Alarm, RoutingControl: Calculated, AlarmState.Healthy, On
//
// A Check is a definition, the document of its entity; a Status is what was
// last known, a document of its own. What a check measures (its results, its
// children, its alarm, its switch) is one thing, what it publishes another:
// Disabled and Inverted come between. The Table is the one place where the
// health of the world meets the query path: probers write it, queries read it.
//
// Everything but the Table is pure: no clock, no sockets, no goroutines. A
// Check is immutable once it is in use.
package health

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// Type is what a check looks at. The values are those of Route 53.
type Type string

// The types.
const (
	HTTP             Type = "HTTP"
	HTTPS            Type = "HTTPS"
	HTTPMatch        Type = "HTTP_STR_MATCH"
	HTTPSMatch       Type = "HTTPS_STR_MATCH"
	TCP              Type = "TCP"
	CalculatedType   Type = "CALCULATED"
	CloudWatchMetric Type = "CLOUDWATCH_METRIC"
	RecoveryControl  Type = "RECOVERY_CONTROL"
)

// Endpoint reports whether checks of the type are probes of an endpoint.
func (t Type) Endpoint() bool { return t == TCP || t.OverHTTP() }

// OverHTTP reports whether the probe is an HTTP request.
func (t Type) OverHTTP() bool { return t == HTTP || t == HTTPMatch || t.OverTLS() }

// OverTLS reports whether the probe is an HTTP request over TLS.
func (t Type) OverTLS() bool { return t == HTTPS || t == HTTPSMatch }

// Matches reports whether the probe looks for a string in the body.
func (t Type) Matches() bool { return t == HTTPMatch || t == HTTPSMatch }

// Check is one health check. The cbor keys are part of the store's format:
// never reuse a number.
type Check struct {
	ID              string   `cbor:"1,keyasint"`
	CallerReference string   `cbor:"2,keyasint"`
	Version         int64    `cbor:"3,keyasint"` // 1 when it is made, +1 with each update
	Created         int64    `cbor:"4,keyasint"` // Unix milliseconds
	Settings        Settings `cbor:"5,keyasint"`
	Tags            []Tag    `cbor:"6,keyasint,omitempty"` // by key
	// Rule is that of the alarm as it was when the check was made or updated.
	Rule *AlarmRule `cbor:"7,keyasint,omitempty"`
}

// Tag is a label that a user gave.
type Tag struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// Settings are what users say of a check. A field that does not belong to the
// type is zero; Validate sees to that.
type Settings struct {
	Type             Type     `cbor:"1,keyasint"`
	Address          string   `cbor:"2,keyasint,omitempty"` // of the endpoint, IPv4 or IPv6; as it was written
	Name             string   `cbor:"3,keyasint,omitempty"` // of the endpoint, or of its Host header where Address is set
	Port             int32    `cbor:"4,keyasint,omitempty"` // 1 to 65535
	Path             string   `cbor:"5,keyasint,omitempty"` // of the request; as it was written
	SearchString     string   `cbor:"6,keyasint,omitempty"`
	Interval         int32    `cbor:"7,keyasint,omitempty"` // seconds: 10 or 30
	FailureThreshold int32    `cbor:"8,keyasint,omitempty"` // 1 to 10 consecutive results, in both directions
	MeasureLatency   bool     `cbor:"9,keyasint,omitempty"`
	Inverted         bool     `cbor:"10,keyasint,omitempty"`
	Disabled         bool     `cbor:"11,keyasint,omitempty"`
	HealthThreshold  *int32   `cbor:"12,keyasint,omitempty"` // how many children must be healthy, 0 to 256
	Children         []string `cbor:"13,keyasint,omitempty"` // ids
	EnableSNI        bool     `cbor:"14,keyasint,omitempty"`
	Regions          []string `cbor:"15,keyasint,omitempty"` // of the checkers; none is all
	Alarm            *AlarmID `cbor:"16,keyasint,omitempty"`
	InsufficientData string   `cbor:"17,keyasint,omitempty"` // one of the constants; empty is LastKnownStatus
	RoutingControl   string   `cbor:"18,keyasint,omitempty"` // ARN
}

// Equal reports whether two checks are set the same.
func (s *Settings) Equal(other *Settings) bool {
	a, b := *s, *other
	same := slices.Equal(a.Children, b.Children) && slices.Equal(a.Regions, b.Regions) &&
		equalPointers(a.HealthThreshold, b.HealthThreshold) && equalPointers(a.Alarm, b.Alarm)
	a.Children, b.Children, a.Regions, b.Regions = nil, nil, nil, nil
	a.HealthThreshold, b.HealthThreshold, a.Alarm, b.Alarm = nil, nil, nil, nil
	return same && equalScalars(&a, &b)
}

func equalPointers[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// equalScalars compares what remains once lists and pointers are gone.
func equalScalars(a, b *Settings) bool {
	return a.Type == b.Type && a.Address == b.Address && a.Name == b.Name && a.Port == b.Port && a.Path == b.Path &&
		a.SearchString == b.SearchString && a.Interval == b.Interval && a.FailureThreshold == b.FailureThreshold &&
		a.MeasureLatency == b.MeasureLatency && a.Inverted == b.Inverted && a.Disabled == b.Disabled &&
		a.EnableSNI == b.EnableSNI && a.InsufficientData == b.InsufficientData && a.RoutingControl == b.RoutingControl
}

// Publish is the status that users see, of what was measured.
func (s *Settings) Publish(measured bool) bool { return (measured || s.Disabled) != s.Inverted }

// RequestPath is the path of the request, which begins with a slash.
func (s *Settings) RequestPath() string {
	if strings.HasPrefix(s.Path, "/") {
		return s.Path
	}
	return "/" + s.Path
}

// Endpoint is what is looked at, for people: a URL, or what else the type has.
func (s *Settings) Endpoint() string {
	switch {
	case s.Alarm != nil:
		return s.Alarm.Region + "/" + s.Alarm.Name
	case !s.Type.Endpoint():
		return s.RoutingControl
	}
	host := s.Address
	if host == "" {
		host = s.Name
	}
	host = net.JoinHostPort(host, strconv.Itoa(int(s.Port)))
	switch {
	case s.Type == TCP:
		return "tcp://" + host
	case s.Type.OverTLS():
		return "https://" + host + s.RequestPath()
	}
	return "http://" + host + s.RequestPath()
}
