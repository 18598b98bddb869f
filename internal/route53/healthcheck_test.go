package route53

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/health"
	api "open53/internal/route53api"
)

// checkers is a HealthObserver for tests.
type checkers struct{ last, failure health.Observation }

func (c checkers) Observe(string) (string, health.Observation, health.Observation, bool) {
	return "eu-west-1", c.last, c.failure, c.last.Time != 0
}

func (checkers) Started() time.Time { return testTime }

func httpCheck(address string) api.HealthCheckConfig {
	return api.HealthCheckConfig{Type: api.HealthCheckTypeHTTP, IPAddress: &address}
}

func (f *fixture) newCheck(tb testing.TB, reference string, config api.HealthCheckConfig) *api.HealthCheck {
	tb.Helper()
	out, err := f.CreateHealthCheck(tb.Context(), &api.CreateHealthCheckInput{CallerReference: reference, HealthCheckConfig: config})
	if err != nil {
		tb.Fatal(err)
	}
	return &out.HealthCheck
}

func TestHealthCheckObservations(t *testing.T) {
	when := testTime.Add(time.Minute)
	success := health.Observation{Time: when.UnixMilli(), Success: true, Text: "Success: HTTP Status Code 200, OK", Checker: "192.0.2.1"}
	failure := health.Observation{Time: when.UnixMilli() - 1, Text: "Failure: x", Checker: "192.0.2.1"}
	observation := func(o health.Observation, text string) []api.HealthCheckObservation {
		return []api.HealthCheckObservation{{
			Region: new(api.HealthCheckRegion("eu-west-1")), IPAddress: new("192.0.2.1"),
			StatusReport: &api.StatusReport{Status: &text, CheckedTime: new(o.At().UTC())},
		}}
	}
	for _, tt := range []struct {
		name           string
		seen           HealthObserver
		status, reason []api.HealthCheckObservation
	}{
		{"no checker", nil, []api.HealthCheckObservation{}, []api.HealthCheckObservation{}},
		{"not probed yet", checkers{}, []api.HealthCheckObservation{}, []api.HealthCheckObservation{}},
		{
			"never failed",
			checkers{last: success},
			observation(success, success.Text),
			observation(success, "The health check endpoint has not failed since the Route 53 health checker for this endpoint restarted at 2026-01-02T03:04:05.000Z."),
		},
		{"failed", checkers{last: success, failure: failure}, observation(success, success.Text), observation(failure, "Failure: x")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.HealthObserver = tt.seen })
			id := f.newCheck(t, "a", httpCheck("192.0.2.9")).Id
			status, err := f.GetHealthCheckStatus(t.Context(), &api.GetHealthCheckStatusInput{HealthCheckId: id})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.status, status.HealthCheckObservations); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			reason, err := f.GetHealthCheckLastFailureReason(t.Context(), &api.GetHealthCheckLastFailureReasonInput{HealthCheckId: id})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.reason, reason.HealthCheckObservations); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
		})
	}
}

// oneAlarm knows one alarm, whose rule changes.
type oneAlarm struct{ threshold *float64 }

func (a oneAlarm) AlarmRule(region, name string) (*health.AlarmRule, error) {
	if region != "us-east-1" || name != "there" {
		return nil, nil //nolint:nilnil // there is none
	}
	return &health.AlarmRule{
		EvaluationPeriods: 2, Threshold: *a.threshold, ComparisonOperator: "LessThanThreshold", Period: 60, MetricName: "m",
		Namespace: "n", Statistic: "Average", Dimensions: []health.Dimension{{Name: "d", Value: "v"}},
	}, nil
}

// TestAlarmRule: a check shows its alarm's rule as it was when the check was
// made or updated, and only alarms that exist can be named.
func TestAlarmRule(t *testing.T) {
	threshold := 1.5
	f := newFixture(t, func(c *Config) { c.Alarms = oneAlarm{&threshold} })
	config := func(name string) api.HealthCheckConfig {
		return api.HealthCheckConfig{
			Type: api.HealthCheckTypeCloudwatchMetric, AlarmIdentifier: &api.AlarmIdentifier{Region: "us-east-1", Name: name},
		}
	}
	_, err := f.CreateHealthCheck(t.Context(), &api.CreateHealthCheckInput{CallerReference: "x", HealthCheckConfig: config("gone")})
	wantError(t, err, "InvalidInput", "Invalid parameter : The alarm gone in the region us-east-1 does not exist.")
	check := f.newCheck(t, "a", config("there"))
	rule := func(threshold float64) *api.CloudWatchAlarmConfiguration {
		return &api.CloudWatchAlarmConfiguration{
			EvaluationPeriods: 2, Threshold: threshold, ComparisonOperator: "LessThanThreshold", Period: 60, MetricName: "m",
			Namespace: "n", Statistic: "Average", Dimensions: []api.Dimension{{Name: "d", Value: "v"}},
		}
	}
	if diff := cmp.Diff(rule(1.5), check.CloudWatchAlarmConfiguration); diff != "" {
		t.Error(diff)
	}
	threshold = 7
	read, err := f.GetHealthCheck(t.Context(), &api.GetHealthCheckInput{HealthCheckId: check.Id})
	if err != nil || read.HealthCheck.CloudWatchAlarmConfiguration.Threshold != 1.5 {
		t.Errorf("%+v, %v", read, err)
	}
	updated, err := f.UpdateHealthCheck(t.Context(), &api.UpdateHealthCheckInput{HealthCheckId: check.Id, Inverted: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rule(7), updated.HealthCheck.CloudWatchAlarmConfiguration); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedAddresses(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Probes = func(a netip.Addr) bool { return !a.IsPrivate() } })
	_, err := f.CreateHealthCheck(t.Context(), &api.CreateHealthCheckInput{CallerReference: "x", HealthCheckConfig: httpCheck("10.0.0.1")})
	wantError(t, err, "InvalidInput", "Invalid parameter : The health checkers do not connect to the IP address 10.0.0.1.")
	check := f.newCheck(t, "a", httpCheck("192.0.2.1"))
	_, err = f.UpdateHealthCheck(t.Context(), &api.UpdateHealthCheckInput{HealthCheckId: check.Id, IPAddress: new("10.0.0.1")})
	wantError(t, err, "InvalidInput", "")
}

// TestCreateHealthCheckAtOnce: one caller reference many times at once makes
// one check, and everybody gets it.
func TestCreateHealthCheckAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	var wait sync.WaitGroup
	ids := make([]string, 32)
	for i := range ids {
		wait.Go(func() {
			out, err := f.CreateHealthCheck(t.Context(), &api.CreateHealthCheckInput{CallerReference: "a", HealthCheckConfig: httpCheck("192.0.2.1")})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = out.HealthCheck.Id
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("%s and %s", id, ids[0])
		}
	}
	count, err := f.GetHealthCheckCount(t.Context(), &api.GetHealthCheckCountInput{})
	if err != nil || count.HealthCheckCount != 1 {
		t.Errorf("%+v, %v", count, err)
	}
}

// TestUpdateHealthCheckAtOnce: updates at one version, one wins; two that
// would close a loop of children together, one is refused.
func TestUpdateHealthCheckAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	check := f.newCheck(t, "a", httpCheck("192.0.2.1"))
	race := func(n int, in func(i int) *api.UpdateHealthCheckInput) (done int) {
		var wait sync.WaitGroup
		failures := make([]error, n)
		for i := range n {
			wait.Go(func() { _, failures[i] = f.UpdateHealthCheck(t.Context(), in(i)) })
		}
		wait.Wait()
		for _, err := range failures {
			if err == nil {
				done++
			}
		}
		return done
	}
	done := race(8, func(i int) *api.UpdateHealthCheckInput {
		return &api.UpdateHealthCheckInput{HealthCheckId: check.Id, HealthCheckVersion: new(int64(1)), Port: new(int32(1000 + i))}
	})
	if done != 1 {
		t.Errorf("%d updates of version 1", done)
	}
	for range 20 {
		calculated := api.HealthCheckConfig{Type: api.HealthCheckTypeCalculated, HealthThreshold: new(int32(1))}
		one := f.newCheck(t, time.Now().String()+"one", calculated).Id
		two := f.newCheck(t, time.Now().String()+"two", calculated).Id
		done := race(2, func(i int) *api.UpdateHealthCheckInput {
			pair := [][2]string{{one, two}, {two, one}}[i]
			return &api.UpdateHealthCheckInput{HealthCheckId: pair[0], ChildHealthChecks: []string{pair[1]}}
		})
		if done != 1 {
			t.Fatalf("%d of two updates that close a loop", done)
		}
	}
}

func TestRoutingControls(t *testing.T) {
	f := newFixture(t, nil)
	for _, on := range []bool{true, false, true} {
		if err := f.SetRoutingControl(t.Context(), "b", on); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetRoutingControl(t.Context(), "a", false); err != nil {
		t.Fatal(err)
	}
	list, err := f.RoutingControls(t.Context())
	if diff := cmp.Diff([]health.RoutingControl{{ARN: "a"}, {ARN: "b", On: true}}, list); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	wantError(t, f.SetRoutingControl(t.Context(), "", true), "InvalidInput", "")
	wantError(t, f.SetRoutingControl(t.Context(), string(make([]byte, 256)), true), "InvalidInput", "")
}
