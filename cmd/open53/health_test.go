package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"open53/internal/route53api"
)

// healthAPI creates checks on a node.
type healthAPI struct {
	t      *testing.T
	client *route53api.Client
}

func newHealthAPI(t *testing.T, endpoint string) healthAPI {
	t.Helper()
	connection := connection{endpoint: endpoint}
	c, err := connection.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return healthAPI{t, c.Client}
}

func (a healthAPI) create(reference string, config route53api.HealthCheckConfig) string {
	a.t.Helper()
	out, err := a.client.CreateHealthCheck(a.t.Context(), &route53api.CreateHealthCheckInput{CallerReference: reference, HealthCheckConfig: config})
	if err != nil {
		a.t.Fatal(err)
	}
	return out.HealthCheck.Id
}

const testARN = "arn:aws:route53-recovery-control::111122223333:controlpanel/a/routingcontrol/b"

func (a healthAPI) createSwitch(reference string) string {
	return a.create(reference, route53api.HealthCheckConfig{Type: "RECOVERY_CONTROL", RoutingControlArn: new(testARN)})
}

// shows repeats a command until its output has a text.
func shows(t *testing.T, node, want string, args ...string) string {
	t.Helper()
	var r result
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r = cli(t, node, args...); r.code == 0 && strings.Contains(r.out, want) {
			return r.out
		}
	}
	t.Fatalf("%v never shows %q:\n%s%s", args, want, r.out, r.err)
	return ""
}

func TestHealthList(t *testing.T) {
	node := startNode(t)
	if r := cli(t, node, "health", "list").must(t); !strings.HasPrefix(r.out, "ID  NAME  TYPE  STATUS") {
		t.Error(r.out)
	}
	api := newHealthAPI(t, node)
	var down atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer site.Close()
	address := netip.MustParseAddrPort(site.Listener.Addr().String())
	web := api.create("web", route53api.HealthCheckConfig{
		Type: "HTTP", IPAddress: new("127.0.0.1"), Port: new(int32(address.Port())), RequestInterval: new(int32(10)), FailureThreshold: new(int32(1)),
	})
	off := api.create("off", route53api.HealthCheckConfig{Type: "TCP", IPAddress: new("127.0.0.1"), Port: new(int32(1)), Disabled: new(true)})
	parent := api.create("parent", route53api.HealthCheckConfig{Type: "CALCULATED", HealthThreshold: new(int32(1)), ChildHealthChecks: []string{web}})
	control := api.createSwitch("control")
	_, err := api.client.ChangeTagsForResource(t.Context(), &route53api.ChangeTagsForResourceInput{
		ResourceType: "healthcheck", ResourceId: web, AddTags: []route53api.Tag{{Key: new("Name"), Value: new("shop")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := shows(t, node, "Success: HTTP Status Code 200, OK", "health", "list")
	for _, want := range []string{
		web + "  shop  HTTP", parent, "1 of 1 children are healthy", "healthy (disabled)", "http://" + address.String() + "/", testARN,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for status, want := range map[string]string{"healthy": web + " " + parent, "unhealthy": control, "disabled": off} {
		out := cli(t, node, "health", "list", "--status", status, "--output", "json").must(t).out
		var page struct{ Checks []struct{ ID string } }
		if err := json.Unmarshal([]byte(out), &page); err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Checks {
			if !strings.Contains(want, c.ID) {
				t.Errorf("%s is not %s", c.ID, status)
			}
		}
		if len(page.Checks) != len(strings.Fields(want)) {
			t.Errorf("%s: %s", status, out)
		}
	}
	cli(t, node, "health", "list", "--status", "ill").fails(t, exitFailed, "status is none of healthy, unhealthy, disabled")
	cli(t, node, "health", "show", "none").fails(t, exitFailed, "No health check exists with the specified ID none")
	down.Store(true)
	shown := shows(t, node, "\nCAUSE         Failure: HTTP Status Code 418, I'm a teapot\n", "health", "show", web)
	for _, want := range []string{"STATUS        unhealthy\n", "NAME          shop\n", "PROBED        every 10 s; 1 results", "TIME                      STATUS     CAUSE\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
}

func TestHealthControlAndWatch(t *testing.T) {
	node := startNode(t)
	id := newHealthAPI(t, node).createSwitch("control")
	shows(t, node, "unhealthy", "health", "show", id)

	// A process of its own could be read line by line; here the command is
	// given a pipe.
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	root := newRootCommand()
	root.SetArgs([]string{"health", "watch"})
	root.SetOut(write)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	lines := make(chan string, 10)
	go func() {
		for s := bufio.NewScanner(read); s.Scan(); {
			lines <- s.Text()
		}
	}()
	// The watch begins some time after the command; switch until it tells.
	var line string
	for on := true; line == ""; on = !on {
		state := map[bool]string{true: "on", false: "OFF"}[on]
		r := cli(t, node, "health", "control", testARN, state).must(t)
		if !strings.HasPrefix(r.out, "ROUTING CONTROL") || !strings.Contains(strings.ToLower(r.out), strings.ToLower(state)) {
			t.Error(r.out)
		}
		select {
		case line = <-lines:
		case <-time.After(200 * time.Millisecond):
		}
	}
	if !strings.Contains(line, id) || !strings.Contains(line, "healthy") || !strings.Contains(line, "The routing control is o") {
		t.Error(line)
	}
	stop()
	if err := <-ended; err != nil && ctx.Err() == nil {
		t.Error(err)
	}

	cli(t, node, "health", "control", testARN, "on").must(t)
	for _, args := range [][]string{{"health", "control"}, {"health", "control", testARN}} {
		if r := cli(t, node, args...).must(t); !strings.Contains(r.out, testARN+"  On\n") {
			t.Error(r.out)
		}
	}
	if r := cli(t, node, "health", "control", "never:set").must(t); !strings.Contains(r.out, "never:set        Off\n") {
		t.Error(r.out)
	}
	cli(t, node, "health", "control", testARN, "up").fails(t, exitUsage, `a routing control is switched on or off, not "up"`)
}

// TestWatchEndsWithTheServer: a server with somebody watching stops at once,
// and does not wait for the stream's end.
func TestWatchEndsWithTheServer(t *testing.T) {
	var begin time.Time
	t.Run("watched", func(t *testing.T) {
		var stream *http.Response
		t.Cleanup(func() { _ = stream.Body.Close() }) // after the server has ended
		c := connection{endpoint: startNode(t)}
		connected, err := c.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stream, err = connected.adminStream(context.WithoutCancel(t.Context()), http.MethodGet, "health/watch", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, stream.Body) }()
		begin = time.Now()
	})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestRecoveryControlRequests: what is no state is refused.
func TestRecoveryControlRequests(t *testing.T) {
	c := connection{endpoint: startNode(t)}
	connected, err := c.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []any{map[string]string{"state": "Maybe"}, map[string]string{"status": "On"}, map[string]string{}} {
		err := connected.admin(t.Context(), http.MethodPost, "recovery-controls/arn", body, nil)
		if err == nil || !strings.Contains(err.Error(), `want {"state": "On"} or "Off"`) {
			t.Errorf("%v: %v", body, err)
		}
	}
	var list struct {
		Controls []recoveryControl `json:"recovery_controls"`
	}
	if err := connected.admin(t.Context(), http.MethodGet, "recovery-controls", nil, &list); err != nil || len(list.Controls) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}
