package interop

import (
	"os"
	"testing"

	"open53/test/interop/server"
)

func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	need(t, "node")
	need(t, "dig")
	if _, err := os.Stat("js/node_modules"); err != nil {
		t.Skip("the AWS SDK for JavaScript is not installed: run make test-setup")
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	c := client{command: []string{"node", "firststeps.js"}, dir: "js", env: clientEnv(t, s)}
	if out := c.mustRun(t); out != "ok\n" {
		t.Errorf("printed %s", out)
	}
}
