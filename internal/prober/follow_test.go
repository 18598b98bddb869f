package prober

import (
	"testing"

	"open53/internal/event"
	"open53/internal/health"
)

func TestCalculatedFollows(t *testing.T) {
	f := newFixture(t, nil)
	a, b := newSite(t), newSite(t)
	f.put("a", a.settings())
	f.put("b", b.settings())
	calculated := func(threshold int32, inverted bool, children ...string) health.Settings {
		return health.Settings{Type: health.CalculatedType, HealthThreshold: &threshold, Children: children, Inverted: inverted}
	}
	f.put("both", calculated(2, false, "a", "b"))
	f.put("any", calculated(1, false, "a", "b"))
	f.put("not both", calculated(2, true, "a", "b"))
	f.put("nested", calculated(1, false, "both"))
	f.put("with missing", calculated(2, false, "a", "gone"))
	f.put("none", calculated(0, false))
	f.becomes("not both", false)
	a.down.Store(true)
	f.becomes("both", false)
	f.becomes("nested", false)
	f.becomes("not both", true)
	f.becomes("with missing", false)
	for _, id := range []string{"any", "none", "b"} {
		if !f.healthy(id) {
			t.Errorf("%s is unhealthy", id)
		}
	}
	b.down.Store(true)
	f.becomes("any", false)
	// A disabled child counts as healthy, and so does a deleted one.
	settings := a.settings()
	settings.Disabled = true
	f.put("a", settings)
	f.becomes("any", true)
	f.append(event.KindHealthCheck, "b", nil)
	f.becomes("both", true)
	f.becomes("nested", true)
	if state, _ := f.Health("both"); state.HealthyChildren != 2 || state.Children != 2 {
		t.Errorf("%+v", state)
	}
	if !f.healthy("none") {
		t.Error("a threshold of 0 is always met")
	}
}

// TestLoop: a loop of calculated checks, which writes refuse, does not hang
// the prober.
func TestLoop(t *testing.T) {
	f := newFixture(t, nil)
	loop := func(child string) health.Settings {
		return health.Settings{Type: health.CalculatedType, HealthThreshold: new(int32(1)), Children: []string{child}, Inverted: true}
	}
	f.put("x", loop("y"))
	f.put("y", loop("z"))
	f.put("z", loop("x"))
	f.put("after", health.Settings{Type: health.RecoveryControl, RoutingControl: "arn"})
	f.becomes("after", false)
}

func TestAlarmFollows(t *testing.T) {
	f := newFixture(t, nil)
	for _, insufficient := range []string{"", health.StatusHealthy, health.StatusUnhealthy, health.LastKnownStatus} {
		f.put("check "+insufficient, health.Settings{
			Type: health.CloudWatchMetric, Alarm: &health.AlarmID{Region: "us-east-1", Name: "n"}, InsufficientData: insufficient,
		})
	}
	f.eventually("all are there", func() bool { list, _ := f.HealthList("", 9, nil); return len(list) == 4 })
	for _, tt := range []struct {
		state health.AlarmState
		want  map[string]bool
	}{
		{"", map[string]bool{"": true, health.StatusHealthy: true, health.StatusUnhealthy: false, health.LastKnownStatus: true}},
		{health.AlarmInAlarm, map[string]bool{}},
		{health.AlarmLacksData, map[string]bool{health.StatusHealthy: true}},
		{health.AlarmOK, map[string]bool{"": true, health.StatusHealthy: true, health.StatusUnhealthy: true, health.LastKnownStatus: true}},
		{health.AlarmLacksData, map[string]bool{"": true, health.StatusHealthy: true, health.LastKnownStatus: true}},
	} {
		if tt.state != "" {
			f.AlarmChanged("us-east-1", "n", tt.state)
			f.AlarmChanged("us-east-1", "another", health.AlarmInAlarm)
		}
		for _, insufficient := range []string{"", health.StatusHealthy, health.StatusUnhealthy, health.LastKnownStatus} {
			if got := f.healthy("check " + insufficient); got != tt.want[insufficient] {
				t.Errorf("%q with %q: %t", tt.state, insufficient, got)
			}
		}
	}
}

// TestAlarmBeforeCheck: a check that comes after its alarm begins with what
// the alarm said last, and one that is given another alarm, with that one's.
func TestAlarmBeforeCheck(t *testing.T) {
	f := newFixture(t, nil)
	f.AlarmChanged("r", "bad", health.AlarmInAlarm)
	f.AlarmChanged("r", "good", health.AlarmOK)
	follow := func(name string) health.Settings {
		return health.Settings{Type: health.CloudWatchMetric, Alarm: &health.AlarmID{Region: "r", Name: name}, InsufficientData: health.StatusUnhealthy}
	}
	f.put("a", follow("bad"))
	f.becomes("a", false)
	f.put("a", follow("good"))
	f.becomes("a", true)
	f.put("a", follow("unheard of"))
	f.becomes("a", false)
	f.AlarmChanged("r", "unheard of", health.AlarmOK)
	if !f.healthy("a") {
		t.Error("AlarmChanged returned before the check followed")
	}
	f.AlarmChanged("r", "unheard of", "")
	if f.healthy("a") {
		t.Error("an alarm that is gone has no data")
	}
}

func TestRoutingControl(t *testing.T) {
	f := newFixture(t, nil)
	f.put("a", health.Settings{Type: health.RecoveryControl, RoutingControl: "arn"})
	f.becomes("a", false) // never set is off
	f.append(event.KindRoutingControl, "arn", &health.RoutingControl{ARN: "arn", On: true})
	f.becomes("a", true)
	f.put("later", health.Settings{Type: health.RecoveryControl, RoutingControl: "arn", Inverted: true})
	f.becomes("later", false)
	f.append(event.KindRoutingControl, "arn", &health.RoutingControl{ARN: "arn"})
	f.becomes("a", false)
	f.becomes("later", true)
	f.stop()
	f = startFixture(t, f.store, nil)
	if f.healthy("a") || !f.healthy("later") {
		t.Error("a restart switched the control")
	}
}
