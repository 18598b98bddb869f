package health

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPublish is the table of switches of the behaviour notes.
func TestPublish(t *testing.T) {
	for _, tt := range []struct {
		name                         string
		measured, disabled, inverted bool
		want                         bool
	}{
		{"healthy", true, false, false, true},
		{"unhealthy", false, false, false, false},
		{"healthy, inverted", true, false, true, false},
		{"unhealthy, inverted", false, false, true, true},
		{"disabled counts as healthy", false, true, false, true},
		{"disabled and inverted counts as unhealthy", true, true, true, false},
		{"disabled and inverted, whatever was measured", false, true, true, false},
	} {
		s := Settings{Disabled: tt.disabled, Inverted: tt.inverted}
		if got := s.Publish(tt.measured); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	if c := (&Check{Settings: Settings{Inverted: true}}); NewStatus(c).Healthy || !NewStatus(&Check{}).Healthy {
		t.Error("a new check is healthy, inverted it is unhealthy")
	}
}

// TestObserve: results as + and -, the status after each as H and U.
func TestObserve(t *testing.T) {
	for _, tt := range []struct {
		name      string
		threshold int32
		results   string
		want      string
	}{
		{"one is enough", 1, "+-+--", "HUHUU"},
		{"three in a row", 3, "--+---+++", "HHHHHUUUH"},
		{"alternating decides nothing", 2, "-+-+-+-", "HHHHHHH"},
		{"recovery takes as many", 3, "---++-+++", "HHUUUUUUH"},
		{"the first results count from healthy", 10, "----------", "HHHHHHHHHU"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewStatus(&Check{ID: "a"})
			got := ""
			for _, r := range tt.results {
				before := s.Measured
				if s.Observe(r == '+', tt.threshold) != (s.Measured != before) {
					t.Error("Observe does not say whether the status changed")
				}
				got += map[bool]string{true: "H", false: "U"}[s.Measured]
			}
			if got != tt.want {
				t.Errorf("%s is %s, want %s", tt.results, got, tt.want)
			}
		})
	}
}

// TestObserveModel compares with a plain reading of the rule: the status is
// that of the last run of equal results that is long enough.
func TestObserveModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		threshold := 1 + random.Int32N(10)
		s, want, run, last := NewStatus(&Check{}), true, int32(0), true
		for range 300 {
			result := random.IntN(4) > 0 == (random.IntN(30) > 0)
			if result != last {
				run = 0
			}
			run, last = run+1, result
			if run >= threshold {
				want = result
			}
			if s.Observe(result, threshold); s.Measured != want {
				t.Fatalf("threshold %d: measured %t, want %t", threshold, s.Measured, want)
			}
		}
	}
}

func TestCalculated(t *testing.T) {
	healthy, sick := Child{Known: true, Healthy: true}, Child{Known: true}
	disabled, missing := Child{Known: true, Disabled: true}, Child{}
	for _, tt := range []struct {
		name      string
		threshold int32
		children  []Child
		want      bool
		count     int
	}{
		{"threshold 0 without children", 0, nil, true, 0},
		{"threshold 0 of sick ones", 0, []Child{sick, sick}, true, 0},
		{"threshold above the number", 3, []Child{healthy, healthy}, false, 2},
		{"threshold 1 without children", 1, nil, false, 0},
		{"enough", 2, []Child{healthy, sick, healthy}, true, 2},
		{"too few", 2, []Child{healthy, sick, sick}, false, 1},
		{"a disabled child counts", 2, []Child{healthy, disabled}, true, 2},
		{"a missing child counts", 1, []Child{missing, sick}, true, 1},
	} {
		if got, count := Calculated(tt.threshold, tt.children); got != tt.want || count != tt.count {
			t.Errorf("%s: %t, %d healthy", tt.name, got, count)
		}
	}
}

func TestAlarmState(t *testing.T) {
	for _, tt := range []struct {
		state        AlarmState
		insufficient string
		before, want bool
	}{
		{AlarmOK, StatusUnhealthy, false, true},
		{AlarmInAlarm, StatusHealthy, true, false},
		{AlarmLacksData, StatusHealthy, false, true},
		{AlarmLacksData, StatusUnhealthy, true, false},
		{AlarmLacksData, LastKnownStatus, true, true},
		{AlarmLacksData, LastKnownStatus, false, false},
		{AlarmLacksData, "", false, false},
		{"", LastKnownStatus, true, true},
		{"", StatusUnhealthy, true, false},
	} {
		if got := tt.state.Healthy(tt.insufficient, tt.before); got != tt.want {
			t.Errorf("%q, %q, before %t: %t", tt.state, tt.insufficient, tt.before, got)
		}
	}
}

func TestParents(t *testing.T) {
	p := NewParents()
	of := func(child string) (list string) {
		for _, parent := range []string{"p", "q"} {
			for found := range p.Of(child) {
				if found == parent {
					list += parent
				}
			}
		}
		return list
	}
	p.Set("p", []string{"a", "b"})
	p.Set("q", []string{"b"})
	if got := of("a") + " " + of("b"); got != "p pq" {
		t.Error(got)
	}
	p.Set("p", []string{"c"})
	if got := of("a") + " " + of("b") + " " + of("c"); got != " q p" {
		t.Error(got)
	}
	p.Set("p", nil)
	p.Set("q", nil)
	if len(p.of)+len(p.children) != 0 {
		t.Error("something is left")
	}
}

func TestReaches(t *testing.T) {
	below := map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"e"}, "x": {"y"}, "y": {"x"}}
	childrenOf := func(id string) ([]string, error) { return below[id], nil }
	for _, tt := range []struct {
		id   string
		from []string
		want bool
	}{
		{"e", []string{"a"}, true},
		{"a", []string{"a"}, true},
		{"f", []string{"a"}, false},
		{"f", []string{"x"}, false}, // a loop that is there already ends
		{"a", nil, false},
	} {
		if got, err := Reaches(tt.id, tt.from, childrenOf); got != tt.want || err != nil {
			t.Errorf("%s from %v: %t, %v", tt.id, tt.from, got, err)
		}
	}
	fault := errors.New("no")
	if _, err := Reaches("f", []string{"a"}, func(string) ([]string, error) { return nil, fault }); !errors.Is(err, fault) {
		t.Error(err)
	}
}

func TestEqual(t *testing.T) {
	full := func() Settings {
		return Settings{
			Type: HTTPS, Address: "1", Name: "2", Port: 3, Path: "4", SearchString: "5", Interval: 6, FailureThreshold: 7,
			MeasureLatency: true, Inverted: true, Disabled: true, HealthThreshold: new(int32(8)), Children: []string{"9"},
			EnableSNI: true, Regions: []string{"10"}, Alarm: &AlarmID{"11", "12"}, InsufficientData: "13", RoutingControl: "14",
		}
	}
	a, b := full(), full()
	if !a.Equal(&b) {
		t.Error("equal settings are not")
	}
	for i, change := range []func(*Settings){
		func(s *Settings) { s.Type = HTTP }, func(s *Settings) { s.Address = "" }, func(s *Settings) { s.Name = "" },
		func(s *Settings) { s.Port = 0 }, func(s *Settings) { s.Path = "" }, func(s *Settings) { s.SearchString = "" },
		func(s *Settings) { s.Interval = 0 }, func(s *Settings) { s.FailureThreshold = 0 }, func(s *Settings) { s.MeasureLatency = false },
		func(s *Settings) { s.Inverted = false }, func(s *Settings) { s.Disabled = false }, func(s *Settings) { s.HealthThreshold = nil },
		func(s *Settings) { s.HealthThreshold = new(int32(9)) }, func(s *Settings) { s.Children = nil }, func(s *Settings) { s.EnableSNI = false },
		func(s *Settings) { s.Regions = []string{"x"} }, func(s *Settings) { s.Alarm = nil }, func(s *Settings) { s.Alarm = &AlarmID{"11", ""} },
		func(s *Settings) { s.InsufficientData = "" }, func(s *Settings) { s.RoutingControl = "" },
	} {
		c := full()
		if change(&c); a.Equal(&c) || c.Equal(&a) {
			t.Errorf("change %d is not seen", i)
		}
	}
	if diff := cmp.Diff(full(), a); diff != "" {
		t.Errorf("Equal changed its argument: %s", diff)
	}
}

// TestValidate has what the API's own constraints keep from getting here, and
// what the conversations of package route53 do not ask.
func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings Settings
		want     string // "" is valid
	}{
		{"HTTP", Settings{Type: HTTP, Address: "192.0.2.1"}, ""},
		{"name with a final dot", Settings{Type: HTTP, Name: "a.example."}, ""},
		{"name with an underscore", Settings{Type: HTTPS, Name: "_a.b-c.example"}, ""},
		{"long label", Settings{Type: HTTP, Name: strings.Repeat("a", 64) + ".example"}, "is not a valid fully qualified domain name."},
		{"empty label", Settings{Type: HTTP, Name: "a..example"}, "is not a valid fully qualified domain name."},
		{"name with a line break", Settings{Type: HTTP, Name: "a\r\nX: y"}, "is not a valid fully qualified domain name."},
		{"path with a line break", Settings{Type: HTTP, Name: "a.example", Path: "/\r\n\r\nGET /"}, "must not contain control characters."},
		{"zone in an address", Settings{Type: HTTP, Address: "fe80::1%eth0"}, "is not a valid IP address."},
		{"unknown type", Settings{Type: "X"}, "The health check type X is not valid."},
		{"unknown insufficient data", Settings{Type: CloudWatchMetric, Alarm: &AlarmID{"r", "n"}, InsufficientData: "x"}, "The insufficient data health status x is not valid."},
		{"too many children", Settings{Type: CalculatedType, HealthThreshold: new(int32(1)), Children: make([]string, 257)}, "more than 256 child health checks."},
		{"TCP without a name's port", Settings{Type: TCP, Name: "a.example"}, "TCP health checks must have a port specified."},
		{"calculated with SNI", Settings{Type: CalculatedType, HealthThreshold: new(int32(1)), EnableSNI: true}, "must not have SNI specified."},
	} {
		tt.settings.Complete(tt.settings.EnableSNI)
		err := tt.settings.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for _, tt := range []struct {
		settings Settings
		want     string
	}{
		{Settings{Type: HTTP, Address: "2001:db8::1", Port: 80, Path: "x"}, "http://[2001:db8::1]:80/x"},
		{Settings{Type: HTTPSMatch, Name: "a.example", Port: 443}, "https://a.example:443/"},
		{Settings{Type: TCP, Address: "192.0.2.1", Port: 25}, "tcp://192.0.2.1:25"},
		{Settings{Type: CloudWatchMetric, Alarm: &AlarmID{"us-east-1", "n"}}, "us-east-1/n"},
		{Settings{Type: RecoveryControl, RoutingControl: "arn"}, "arn"},
		{Settings{Type: CalculatedType}, ""},
	} {
		if got := tt.settings.Endpoint(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
