package interop

import (
	"testing"

	"open53/test/interop/server"
)

func TestBoto3TrafficPolicies(t *testing.T) {
	t.Parallel()
	runBoto3(t, "trafficpolicy.py", server.Options{Verb: "serve"})
}
