package interop

import (
	"os/exec"
	"testing"

	"open53/test/interop/server"
)

// runBoto3 runs a script of testdata/boto3, which prints ok at its end.
func runBoto3(t *testing.T, script string, o server.Options) {
	t.Helper()
	need(t, "dig")
	if err := exec.Command("python3", "-c", "import boto3").Run(); err != nil {
		t.Skip("boto3 is not installed: run make test-setup")
	}
	s := server.Start(t, o)
	c := client{command: []string{"python3", "testdata/boto3/" + script}, env: append(clientEnv(t, s), "PYTHONIOENCODING=utf-8")}
	if out := c.mustRun(t); out != "ok\n" {
		t.Errorf("%s printed %s", script, out)
	}
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	runBoto3(t, "firststeps.py", server.Options{Verb: "serve"})
}

func TestBoto3Throttled(t *testing.T) {
	t.Parallel()
	runBoto3(t, "throttle.py", server.Options{Args: []string{"--throttle"}})
}

func TestBoto3Signatures(t *testing.T) {
	t.Parallel()
	runBoto3(t, "signature.py", server.Options{Verb: "serve"})
}

// TestBoto3Private: accounts are key ids here, which dev takes for them.
func TestBoto3Private(t *testing.T) {
	t.Parallel()
	runBoto3(t, "private.py", server.Options{})
}
