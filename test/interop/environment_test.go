package interop

import (
	"fmt"
	"strings"
	"testing"

	"open53/test/interop/server"
)

// TestEndpointByEnvironment: the AWS CLI and boto3 with nothing said about the
// server but AWS_ENDPOINT_URL, or the variable for Route 53 alone. Versions of
// before 2023 do not know either.
func TestEndpointByEnvironment(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	newSDK(t, s).createZone("environment.example")
	const script = "import boto3; print(boto3.client('route53').list_hosted_zones()['HostedZones'][0]['Name'])"
	for name, command := range map[string][]string{
		"aws":   {"aws", "route53", "list-hosted-zones", "--query", "HostedZones[0].Name", "--output", "text"},
		"boto3": {"python3", "-c", script},
	} {
		for _, variable := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROUTE_53"} {
			t.Run(name+"/"+variable, func(t *testing.T) {
				t.Parallel()
				need(t, command[0])
				needEndpointVariables(t, s, name)
				var env []string
				for _, v := range s.Env() {
					if !strings.HasPrefix(v, "AWS_ENDPOINT_URL=") {
						env = append(env, v)
					}
				}
				out := client{command: command, env: append(env, variable+"="+s.API)}.mustRun(t)
				if out != "environment.example.\n" {
					t.Errorf("printed %s", out)
				}
			})
		}
	}
}

// needEndpointVariables skips the test unless a program is new enough to read
// the variables. One that does not would ask Amazon.
func needEndpointVariables(t *testing.T, s *server.Server, program string) {
	t.Helper()
	version := map[string]client{
		"aws":   {command: []string{"aws", "--version"}},
		"boto3": {command: []string{"python3", "-c", "import boto3; print('boto3/' + boto3.__version__)"}},
	}[program]
	version.env = s.Env()
	out, _, _ := version.run(t)
	_, numbers, _ := strings.Cut(out, "/") // aws-cli/2.31.4 Python/3.13.7 …
	var major, minor int
	if _, err := fmt.Sscanf(numbers, "%d.%d", &major, &minor); err != nil {
		t.Skipf("%s is not there: %s", program, out)
	}
	if first := map[string]int{"aws1": 29, "aws2": 13, "boto31": 28}[fmt.Sprint(program, major)]; minor < first {
		t.Skipf("too old: %s", out)
	}
}
