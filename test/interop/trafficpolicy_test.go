package interop

import (
	"os"
	"path/filepath"
	"testing"

	"open53/test/interop/server"
)

func TestBoto3TrafficPolicies(t *testing.T) {
	t.Parallel()
	runBoto3(t, "trafficpolicy.py", server.Options{Verb: "serve"})
}

// TestTerraformTrafficPolicies applies testdata/terraform/trafficpolicy, finds
// nothing to change, updates the instance in place, and destroys it all. See
// TestTerraform for what has to be there.
func TestTerraformTrafficPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel()
	need(t, "terraform")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("Terraform's provider for AWS is nowhere; $%s may name a mirror of plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	f := newTerraform(t, s, mirror)
	config, err := os.ReadFile("testdata/terraform/trafficpolicy/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "main.tf"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	f.run(0, "init")
	f.run(0, "apply", "-auto-approve")
	f.run(0, "plan", "-detailed-exitcode")
	f.run(0, "apply", "-auto-approve", "-var=ttl=30")
	f.run(0, "plan", "-detailed-exitcode", "-var=ttl=30")
	f.run(0, "destroy", "-auto-approve")
	if state := s.State(t); len(state.Zones) != 0 || len(state.Sets) != 0 {
		t.Errorf("left after destroy: %s", state)
	}
}
