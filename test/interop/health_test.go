package interop

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"open53/test/interop/server"
)

func TestBoto3HealthChecks(t *testing.T) {
	t.Parallel()
	runBoto3(t, "healthcheck.py", server.Options{Verb: "serve"})
}

// TestTerraformHealthChecks: every type of check is read back as it was
// written, made and then changed: no plan finds anything to do.
func TestTerraformHealthChecks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel()
	need(t, "terraform")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("$%s names no mirror of Terraform's plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	f := newTerraform(t, s, mirror, "terraform/health/main.tf")
	f.run(0, "init")
	for _, changed := range []string{"-var=changed=false", "-var=changed=true", "-var=changed=false"} {
		f.run(0, "apply", "-auto-approve", "-parallelism=60", changed)
		f.run(0, "plan", "-detailed-exitcode", changed)
	}
	f.run(0, "destroy", "-auto-approve", "-parallelism=60")
	count, err := newSDK(t, s).GetHealthCheckCount(t.Context(), &route53.GetHealthCheckCountInput{})
	if err != nil || *count.HealthCheckCount != 0 {
		t.Errorf("left after destroy: %+v, %v", count, err)
	}
}

// shownHealth is what `open53 health show --output json` prints.
type shownHealth struct {
	Healthy     bool
	Since       time.Time
	Against     int
	LastFailure *struct{ Text string } `json:"last_failure"`
	History     []struct{ Healthy bool }
}

func showHealth(t *testing.T, s *server.Server, id string) (shown shownHealth) {
	t.Helper()
	out := client{command: []string{server.Command().Path, "health", "show", id, "--output", "json"}, env: s.Env()}.mustRun(t)
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return shown
}

// TestHealthOutlivesRestarts: after an orderly end and after a kill, a check is
// as unhealthy as before, with the reason and since when, before it is probed
// again.
func TestHealthOutlivesRestarts(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer down.Close()
	address := netip.MustParseAddrPort(down.Listener.Addr().String())
	ip, port, one, interval := address.Addr().String(), int32(address.Port()), int32(1), int32(30)
	made, err := newSDK(t, s).CreateHealthCheck(t.Context(), &route53.CreateHealthCheckInput{
		CallerReference: new("restart"),
		HealthCheckConfig: &types.HealthCheckConfig{
			Type: types.HealthCheckTypeHttp, IPAddress: &ip, Port: &port, FailureThreshold: &one, RequestInterval: &interval,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.HealthCheck.Id
	var before shownHealth
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if before = showHealth(t, s, id); !before.Healthy {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the check does not become unhealthy")
		}
	}
	time.Sleep(200 * time.Millisecond) // a crash may lose what is younger than 25 ms
	for name, end := range map[string]func(){"stop": func() { s.Stop(t) }, "kill": func() { s.Kill(t) }} {
		end()
		s.Run(t)
		after := showHealth(t, s, id)
		if after.Healthy || !after.Since.Equal(before.Since) || after.LastFailure == nil || len(after.History) != 1 ||
			!strings.HasPrefix(after.LastFailure.Text, "Failure: HTTP Status Code 502") {
			t.Errorf("%s: %+v, was %+v", name, after, before)
		}
	}
	if out, err := s.Open53(t, "verify"); err != nil {
		t.Errorf("%v %s", err, out)
	}
}
