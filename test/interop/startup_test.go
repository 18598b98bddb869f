package interop

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/miekg/dns"

	"open53/internal/certificate/certtest"
	"open53/test/interop/server"
)

// TestDevStartsFast: from the start of the process to a server that serves in
// under 300 ms. On a busy machine the best of a few starts counts.
func TestDevStartsFast(t *testing.T) {
	var took []time.Duration
	for range 5 {
		s := server.Start(t, server.Options{})
		took = append(took, s.Started)
		s.Position(t)
	}
	t.Logf("%s", took)
	if best := slices.Min(took); best > 300*time.Millisecond {
		t.Errorf("open53 dev takes %s to start", best)
	}
}

// TestDevStaysAtHome: dev lets everyone in, so it binds nothing but loopback,
// unless told with a flag that names the danger.
func TestDevStaysAtHome(t *testing.T) {
	t.Parallel()
	certFile, keyFile, _ := certtest.Write(t, t.TempDir(), 1)
	for name, test := range map[string]struct {
		args, env []string
		want      string
	}{
		"dot everywhere":     {args: []string{"--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--dot", "0.0.0.0:0", "--dot-cert", certFile, "--dot-key", keyFile}, want: "--dot: listen address 0.0.0.0:0 is not on the loopback interface"},
		"api everywhere":     {args: []string{"--api", "0.0.0.0:0", "--dns", "127.0.0.1:0"}, want: "--api: listen address 0.0.0.0:0 is not on the loopback interface"},
		"dns everywhere":     {args: []string{"--api", "127.0.0.1:0", "--dns", "0.0.0.0:0"}, want: "--dns: listen address 0.0.0.0:0 is not on the loopback interface"},
		"api everywhere, v6": {args: []string{"--api", "[::]:0", "--dns", "127.0.0.1:0"}, want: "--api: listen address [::]:0 is not on the loopback interface"},
		"second address":     {args: []string{"--api", "127.0.0.1:0", "--api", "192.0.2.1:0", "--dns", "127.0.0.1:0"}, want: "--api: listen address 192.0.2.1:0 is not on the loopback interface"},
		"by the environment": {args: []string{"--dns", "127.0.0.1:0"}, env: []string{"OPEN53_API=0.0.0.0:0"}, want: "--api: listen address 0.0.0.0:0 is not on the loopback interface"},
		"surplus argument":   {args: []string{"--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", "surplus"}, want: `unknown command "surplus"`},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := server.Command(append([]string{"dev"}, test.args...)...)
			cmd.Env = append(cmd.Env, test.env...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(errs.String(), test.want) {
				t.Errorf("%v: %s, want exit code 2 and %s", err, errs.String(), test.want)
			}
			if strings.Contains(test.want, "loopback") && !strings.Contains(errs.String(), "--dangerously-allow-remote") {
				t.Errorf("the flag is not named: %s", errs.String())
			}
		})
	}
	s := server.Start(t, server.Options{Args: []string{"--dangerously-allow-remote", "--api", "0.0.0.0:0", "--dns", "0.0.0.0:0"}})
	if !strings.HasPrefix(s.APIs[0], "0.0.0.0:") && !strings.HasPrefix(s.APIs[0], "[::]:") {
		t.Errorf("told to, dev binds %v", s.APIs)
	}
}

// TestDevTurnsStrangersAway: a web page that has its name point at this
// machine does not get in.
func TestDevTurnsStrangersAway(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1": 200, "route53.localhost": 200, "evil.example": 403, "route53.amazonaws.com": 403} {
		r := signed(t, s, "GET", "/2013-04-01/hostedzonecount", "", time.Now())
		r.Host = host
		if status, body := do(t, r); status != want {
			t.Errorf("host %s: %d %s", host, status, body)
		}
	}
	r := signed(t, s, "GET", "/2013-04-01/hostedzonecount", "", time.Now())
	r.Header.Del("Authorization")
	if status, body := do(t, r); status != http.StatusForbidden || !strings.Contains(body, "MissingAuthenticationToken") {
		t.Errorf("no credentials: %d %s", status, body)
	}
}

// TestManyAddresses: a server listens on all addresses it is given, of both
// families, for API and DNS.
func TestManyAddresses(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	s := server.Start(t, server.Options{Args: []string{
		"--api", "127.0.0.1:0", "--api", "[::1]:0", "--dns", "127.0.0.1:0", "--dns", "127.0.0.2:0", "--dns", "[::1]:0",
	}})
	c := newSDK(t, s)
	c.change(c.createZone("addresses.example"), simple("CREATE", "www.addresses.example", "A", 60, "192.0.2.1"))
	if len(s.APIs) != 2 || len(s.DNSs) != 3 {
		t.Fatalf("addresses: %v %v", s.APIs, s.DNSs)
	}
	six := s.Client(t, func(o *route53.Options) { o.BaseEndpoint = aws.String("http://" + s.APIs[1]) })
	if out, err := six.GetHostedZoneCount(t.Context(), nil); err != nil || *out.HostedZoneCount != 1 {
		t.Errorf("API on %s: %v", s.APIs[1], err)
	}
	for _, address := range s.DNSs {
		for _, network := range []string{"udp", "tcp"} {
			m := new(dns.Msg)
			m.SetQuestion("www.addresses.example.", dns.TypeA)
			r, _, err := (&dns.Client{Net: network, Timeout: 5 * time.Second}).Exchange(m, address)
			if err != nil || len(r.Answer) != 1 {
				t.Errorf("%s %s: %v %v", network, address, err, r)
			}
		}
	}
}

// TestServeWritesNoSecrets: the admin's key is in a file for its owner alone,
// and in no log.
func TestServeWritesNoSecrets(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve", Args: []string{"--log", "debug"}})
	c := newSDK(t, s)
	c.createZone("secret.example")
	credentials, err := s.Config(t).Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(credentials.SecretAccessKey) < 30 || strings.Contains(s.Log(), credentials.SecretAccessKey) {
		t.Errorf("the secret is short or in the log")
	}
	info, err := os.Stat(filepath.Join(s.Data, "credentials"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials file: %v %v", err, info)
	}
}

// TestNextSteps: what serve prints for a newcomer to type works as it stands.
func TestNextSteps(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "aws", "dig"} {
		need(t, program)
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	needEndpointVariables(t, s, "aws")
	_, steps, found := strings.Cut(s.Log(), "Type in another terminal")
	if !found {
		t.Fatalf("nothing is printed: %s", s.Log())
	}
	_, steps, _ = strings.Cut(steps, "\n\n")
	steps, _, _ = strings.Cut(steps, "\n\n")
	// A newcomer takes a second between the last two.
	steps = strings.Replace(steps, "  dig ", "  sleep 1; dig +short ", 1)
	c := client{command: []string{"bash", "-e", "-c", steps}, env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_PAGER="}}
	out := c.mustRun(t)
	if !strings.HasSuffix(out, "\n192.0.2.1\n") {
		t.Errorf("steps:\n%s\nprint:\n%s", steps, out)
	}
}

// TestServeRefuses: two servers on one directory, or on one port.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"data in use":     {[]string{"--data", s.Data, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0"}, "it is in use by another open53"},
		"API port in use": {[]string{"--data", t.TempDir(), "--api", s.APIs[0], "--dns", "127.0.0.1:0"}, "address already in use"},
		"DNS port in use": {[]string{"--data", t.TempDir(), "--api", "127.0.0.1:0", "--dns", s.DNS}, "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := server.Command(append([]string{"serve"}, test.args...)...)
			timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), test.want) {
				t.Errorf("%v: %s, want exit code 1 and %q", err, out, test.want)
			}
		})
	}
	alive(t, s)
}
