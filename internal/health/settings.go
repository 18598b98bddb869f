package health

import (
	"net/netip"
	"strings"
)

// Defaults of Route 53.
const (
	DefaultInterval         = 30 // seconds
	FastInterval            = 10
	DefaultFailureThreshold = 3
)

// MaxFailureThreshold and MaxHealthThreshold are the largest thresholds.
const (
	MaxFailureThreshold = 10
	MaxHealthThreshold  = 256
	// MaxChildren is how many children a calculated check may have.
	MaxChildren = 256
)

// Fault is what is wrong with settings, in words for users.
type Fault string

// Error is the text.
func (f Fault) Error() string { return string(f) }

// Complete fills in what Route 53 fills in: sni says whether EnableSNI was
// given.
func (s *Settings) Complete(sni bool) {
	if s.Type == CloudWatchMetric && s.InsufficientData == "" {
		s.InsufficientData = LastKnownStatus // that there is a default is known; which one is not
	}
	if !s.Type.Endpoint() {
		return
	}
	if s.Interval == 0 {
		s.Interval = DefaultInterval
	}
	if s.FailureThreshold == 0 {
		s.FailureThreshold = DefaultFailureThreshold
	}
	if !sni {
		s.EnableSNI = s.Type.OverTLS()
	}
	switch {
	case s.Port != 0:
	case s.Type.OverTLS():
		s.Port = 443
	case s.Type.OverHTTP():
		s.Port = 80
	}
}

// Validate checks completed settings. The error is a Fault. Texts that begin
// with "Invalid parameter : Basic", "Invalid parameter : Calculated health
// checks must have a health" or "TCP" are Amazon's; the others follow them.
func (s *Settings) Validate() error {
	switch {
	case s.Type.Endpoint():
		return firstFault(s.endpointFault(), s.foreignFault("Basic"))
	case s.Type == CalculatedType:
		return firstFault(s.calculatedFault(), s.foreignFault("Calculated"))
	case s.Type == CloudWatchMetric:
		return firstFault(s.alarmFault(), s.foreignFault("CloudWatch metric"))
	case s.Type == RecoveryControl:
		if s.RoutingControl == "" {
			return Fault("Invalid parameter : Recovery control health checks must have a routing control ARN specified.")
		}
		return firstFault(s.foreignFault("Recovery control"))
	}
	return Fault("Invalid parameter : The health check type " + string(s.Type) + " is not valid.")
}

func firstFault(faults ...Fault) error {
	for _, f := range faults {
		if f != "" {
			return f
		}
	}
	return nil
}

// foreignFault finds a field that does not belong to the type. kind is what
// Amazon's texts call checks of the type.
func (s *Settings) foreignFault(kind string) Fault {
	endpoint := s.Type.Endpoint()
	for _, field := range []struct {
		foreign bool
		name    string
	}{
		{s.Address != "" && !endpoint, "an IP address"},
		{s.Name != "" && !endpoint, "a fully qualified domain name"},
		{s.Port != 0 && !endpoint, "a port"},
		{s.Path != "" && !endpoint, "a resource path"},
		{s.SearchString != "" && !endpoint, "a search string"},
		{s.Interval != 0 && !endpoint, "a request interval"},
		{s.FailureThreshold != 0 && !endpoint, "a failure threshold"},
		{s.MeasureLatency && !endpoint, "latency measurement"},
		{s.EnableSNI && !endpoint, "SNI"},
		{len(s.Regions) > 0 && !endpoint, "regions"},
		{s.HealthThreshold != nil && s.Type != CalculatedType, "a health threshold"},
		{len(s.Children) > 0 && s.Type != CalculatedType, "child health checks"},
		{s.Alarm != nil && s.Type != CloudWatchMetric, "an metric region"},
		{s.InsufficientData != "" && s.Type != CloudWatchMetric, "an insufficient data health state"},
		{s.RoutingControl != "" && s.Type != RecoveryControl, "a routing control ARN"},
	} {
		if field.foreign {
			return Fault("Invalid parameter : " + kind + " health checks must not have " + field.name + " specified.")
		}
	}
	return ""
}

func (s *Settings) endpointFault() Fault {
	switch {
	case s.Address == "" && s.Name == "":
		return "Invalid parameter : Basic health checks must have an IP address or a fully qualified domain name specified."
	case s.Interval != FastInterval && s.Interval != DefaultInterval:
		return "Invalid parameter : The request interval must be 10 or 30."
	case s.FailureThreshold < 1 || s.FailureThreshold > MaxFailureThreshold:
		return "Invalid parameter : The failure threshold must be 1 to 10."
	case s.Port < 0 || s.Port > 65535:
		return "Invalid parameter : The port must be 1 to 65535."
	}
	if s.Address != "" {
		if a, err := netip.ParseAddr(s.Address); err != nil || a.Zone() != "" {
			return Fault("Invalid parameter : " + s.Address + " is not a valid IP address.")
		}
	}
	if s.Name != "" && !isHostName(s.Name) {
		return Fault("Invalid parameter : " + s.Name + " is not a valid fully qualified domain name.")
	}
	if s.Type == TCP {
		return s.tcpFault()
	}
	if f := pathFault(s.Path); f != "" {
		return f
	}
	switch {
	case s.Type.Matches() && s.SearchString == "":
		return "Invalid parameter : String match health checks must have a search string specified."
	case !s.Type.Matches() && s.SearchString != "":
		return "Invalid parameter : Only string match health checks can have a search string specified."
	}
	return ""
}

func (s *Settings) tcpFault() Fault {
	switch {
	case s.Address != "" && s.Name != "":
		return "TCP health checks that have IP address must not have a fully qualified domain name specified."
	case s.Path != "":
		return "TCP health checks must not have a resource path specified."
	case s.SearchString != "":
		return "TCP health checks must not have a search string specified."
	case s.Port == 0:
		return "TCP health checks must have a port specified."
	}
	return ""
}

// isHostName admits what can stand in a Host header and be looked up.
func isHostName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		if strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*") != "" {
			return false
		}
	}
	return true
}

// pathFault refuses what would end the request line. RFC 9112 §3.2.
func pathFault(path string) Fault {
	for _, c := range []byte(path) {
		if c < 0x20 || c == 0x7f {
			return "Invalid parameter : The resource path must not contain control characters."
		}
	}
	return ""
}

func (s *Settings) calculatedFault() Fault {
	switch {
	case s.HealthThreshold == nil:
		return "Invalid parameter : Calculated health checks must have a health threshold specified."
	case *s.HealthThreshold < 0 || *s.HealthThreshold > MaxHealthThreshold:
		return "Invalid parameter : The health threshold must be 0 to 256."
	case len(s.Children) > MaxChildren:
		return "Invalid parameter : A calculated health check cannot have more than 256 child health checks."
	}
	seen := make(map[string]bool, len(s.Children))
	for _, id := range s.Children {
		if seen[id] {
			return Fault("Invalid parameter : The child health check " + id + " is specified more than once.")
		}
		seen[id] = true
	}
	return ""
}

func (s *Settings) alarmFault() Fault {
	if s.Alarm == nil || s.Alarm.Name == "" || s.Alarm.Region == "" {
		return "Invalid parameter : CloudWatch metric health checks must have an alarm identifier specified."
	}
	switch s.InsufficientData {
	case "", StatusHealthy, StatusUnhealthy, LastKnownStatus:
		return ""
	}
	return Fault("Invalid parameter : The insufficient data health status " + s.InsufficientData + " is not valid.")
}
