package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/google/go-cmp/cmp"

	"open53/test/interop/server"
)

// TestTerraformPolicies: records of every routing policy with health checks and
// aliases, collections, alarms and traffic policies are read back as they were
// written, made and then changed: no plan finds anything to do.
func TestTerraformPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	t.Parallel()
	need(t, "terraform")
	need(t, "dig")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("Terraform's provider for AWS is nowhere; $%s may name a mirror of plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	f := newTerraform(t, s, mirror, "terraform/policies/main.tf")
	up := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer up.Close()
	_, number, _ := strings.Cut(up.Listener.Addr().String(), ":")
	port := "-var=port=" + number
	f.run(0, "init")
	for _, step := range [][2]string{{"false", "192.0.2.1"}, {"true", "198.51.100.1"}} {
		changed, want := step[0], step[1]
		f.run(0, "apply", "-auto-approve", "-parallelism=60", port, "-var=changed="+changed)
		f.run(0, "plan", "-detailed-exitcode", port, "-var=changed="+changed)
		for _, name := range []string{"failover.policies.example", "www.policies.example"} {
			if diff := cmp.Diff([]string{want}, dig(t, s, name, "A")); diff != "" {
				t.Errorf("%s, changed=%s: %s", name, changed, diff)
			}
		}
	}
	f.run(0, "destroy", "-auto-approve", "-parallelism=60", port)
	if state := s.State(t); len(state.Zones) != 0 {
		t.Errorf("left after destroy: %s", state)
	}
	count, err := newSDK(t, s).GetHealthCheckCount(t.Context(), &route53.GetHealthCheckCountInput{})
	if err != nil || *count.HealthCheckCount != 0 {
		t.Errorf("health checks left after destroy: %+v, %v", count, err)
	}
}
