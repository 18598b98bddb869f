package interop

import (
	"net"
	"strings"
	"testing"

	"open53/internal/certificate/certtest"
	"open53/test/interop/server"
)

// TestTLS: the AWS CLI and open53's own command line over HTTPS, and kdig over
// TLS, with nothing to tell them but whom to trust.
func TestTLS(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	need(t, "kdig")
	certFile, keyFile, _ := certtest.Write(t, t.TempDir(), 1)
	s := server.Start(t, server.Options{Verb: "serve", Args: []string{
		"--api-tls-cert", certFile, "--api-tls-key", keyFile,
		"--dot", "127.0.0.1:0", "--dot-cert", certFile, "--dot-key", keyFile,
	}})
	trusting := append(s.Env(), "AWS_CA_BUNDLE="+certFile)
	create := client{command: []string{server.Command().Path, "zone", "create", "tls.example"}, env: trusting}
	create.mustRun(t)
	list := client{command: []string{"aws", "--endpoint-url", s.API, "route53", "list-hosted-zones", "--query", "HostedZones[].Name", "--output", "text"}, env: trusting}
	if out := list.mustRun(t); out != "tls.example.\n" {
		t.Errorf("listed %s", out)
	}
	list.env = append(s.Env(), "AWS_MAX_ATTEMPTS=1")
	if out, _, exit := list.run(t); exit == 0 {
		t.Errorf("a certificate of nobody is trusted: %s", out)
	}

	host, port, err := net.SplitHostPort(s.DoTs[0])
	if err != nil {
		t.Fatal(err)
	}
	query := client{command: []string{
		"kdig", "@" + host, "-p", port, "+tls-ca=" + certFile, "+tls-hostname=127.0.0.1", "+keepopen", "+nocookie",
		"tls.example", "SOA", "tls.example", "NS", "none.tls.example", "A",
	}, env: s.Env()}
	out := query.mustRun(t)
	for _, want := range []string{"TLS session (TLS1.3)", "status: NXDOMAIN", "ns1.open53.internal. awsdns-hostmaster.amazon.com. 1 7200"} {
		if !strings.Contains(out, want) {
			t.Errorf("kdig does not show %q: %s", want, out)
		}
	}
}
