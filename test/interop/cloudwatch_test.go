package interop

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"open53/test/interop/server"
)

// runCloudWatch runs testdata/boto3/cloudwatch.py, and returns the time its
// metrics are of.
func runCloudWatch(t *testing.T, s *server.Server, protocol, part string, env ...string) string {
	t.Helper()
	c := client{
		command: []string{"python3", "testdata/boto3/cloudwatch.py", protocol, part},
		env:     append(append(clientEnv(t, s), "PYTHONIOENCODING=utf-8"), env...),
	}
	out := strings.TrimSpace(c.mustRun(t))
	if out == "skip" {
		t.Skipf("this boto3 does not speak %s", protocol)
	}
	if _, err := strconv.ParseFloat(out, 64); err != nil {
		t.Fatalf("it printed %s", out)
	}
	return out
}

func needBoto3(t *testing.T) {
	t.Helper()
	if err := exec.Command("python3", "-c", "import boto3").Run(); err != nil {
		t.Skip("boto3 is not installed: run make test-setup")
	}
}

// freePort is a port of the loopback interface that nobody has.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestCloudWatch: every operation, in each protocol that AWS's own serializers
// speak.
func TestCloudWatch(t *testing.T) {
	t.Parallel()
	needBoto3(t)
	for _, protocol := range []string{"json", "query", "smithy-rpc-v2-cbor"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			runCloudWatch(t, server.Start(t, server.Options{}), protocol, "all")
		})
	}
}

// TestCloudWatchSurvivesKill: alarms and metrics are there after a crash, and
// an ARN stands for a webhook.
func TestCloudWatchSurvivesKill(t *testing.T) {
	t.Parallel()
	needBoto3(t)
	port := freePort(t)
	s := server.Start(t, server.Options{Verb: "serve", Args: []string{
		"--alarm-webhook", "arn:aws:sns:us-east-1:000000000000:hook=http://127.0.0.1:" + port + "/mapped",
	}})
	put := runCloudWatch(t, s, "json", "before", "HOOK_PORT="+port)
	s.Kill(t)
	s.Run(t)
	runCloudWatch(t, s, "json", "after", "HOOK_PORT="+port, "METRICS_PUT="+put)
}

// TestCloudWatchWithCLI runs the conversations in testdata/cloudwatch.
func TestCloudWatchWithCLI(t *testing.T) {
	need(t, "aws")
	runConversations(t, "testdata/cloudwatch/*.txt")
}
