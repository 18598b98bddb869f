package interop

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"

	"open53/test/interop/server"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// need skips the test where a program is not installed.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: run make test-setup", program)
	}
}

// needIPv6 skips the test where the loopback interface has IPv4 alone.
func needIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	_ = l.Close()
}

// client is a program with its arguments.
type client struct {
	command []string
	env     []string
	stdin   string
	dir     string
}

// run runs a client to its end.
func (c client) run(t *testing.T) (stdout, stderr string, exit int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.command[0], c.command[1:]...)
	cmd.Env, cmd.Dir = c.env, c.dir
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(c.stdin), &out, &errs
	var failed *exec.ExitError
	if err := cmd.Run(); errors.As(err, &failed) {
		exit = failed.ExitCode()
	} else if err != nil {
		t.Fatalf("%v: %v", c.command, err)
	}
	return out.String(), errs.String(), exit
}

// mustRun runs a client that must succeed.
func (c client) mustRun(t *testing.T) string {
	t.Helper()
	out, errs, exit := c.run(t)
	if exit != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", c.command, exit, out, errs)
	}
	return out
}

// clientEnv is the environment of a program that talks to the API and to DNS.
// The open53 binary is in its path.
func clientEnv(t *testing.T, s *server.Server) []string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.DNS)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Dir(server.Command().Path) + string(filepath.ListSeparator) + os.Getenv("PATH")
	return append(s.Env(), "DNS_HOST="+host, "DNS_PORT="+port, "PATH="+path)
}

// ask sends one query over UDP and returns the response.
func ask(t *testing.T, address, name string, rrtype uint16) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), rrtype)
	return exchange(t, address, m)
}

func exchange(t *testing.T, address string, m *dns.Msg) *dns.Msg {
	t.Helper()
	r, _, err := (&dns.Client{Timeout: 5 * time.Second, UDPSize: 4096}).Exchange(m, address)
	if err != nil {
		t.Fatalf("%s: %v", m.Question[0].String(), err)
	}
	return r
}

// alive fails the test unless the server answers, the API as well as DNS.
func alive(t *testing.T, s *server.Server) {
	t.Helper()
	s.Position(t)
	if r := ask(t, s.DNS, "alive.test", dns.TypeA); r.Rcode != dns.RcodeRefused {
		t.Errorf("a name of no zone: %s", dns.RcodeToString[r.Rcode])
	}
}
