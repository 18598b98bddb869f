package interop

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// addressFrom is what a client with a source address on loopback is answered
// for a name: the first address, or the response code.
func addressFrom(t *testing.T, s *server.Server, source, name string) string {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), dns.TypeA)
	c := dns.Client{Timeout: 5 * time.Second, Dialer: &net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(source)}}}
	r, _, err := c.Exchange(m, s.DNS)
	if err != nil {
		t.Fatalf("%s from %s: %v", name, source, err)
	}
	if len(r.Answer) == 0 {
		return dns.RcodeToString[r.Rcode]
	}
	return r.Answer[0].(*dns.A).A.String()
}

// checkViews compares what clients of several networks are answered.
func checkViews(t *testing.T, s *server.Server, when string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for source := range want {
		got[source] = addressFrom(t, s, source, "www.split.example")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

// TestTerraformPrivate declares networks and private zones with Terraform
// alone, changes one, and destroys it all. Like TestTerraform it mostly
// sleeps.
func TestTerraformPrivate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	t.Parallel()
	need(t, "terraform")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("Terraform's provider for AWS is nowhere: $%s may name a mirror of plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Data: t.TempDir()})
	f := newTerraform(t, s, mirror, "terraform-private/main.tf")
	f.run(0, "init")
	f.run(0, "apply", "-auto-approve", "-parallelism=60")
	views := map[string]string{
		"127.10.0.1": "10.0.0.1", "127.11.0.1": "10.0.0.1", "127.12.0.1": "10.0.0.1", "127.14.0.1": "10.0.0.1",
		"127.13.0.1": "192.0.2.1", // its DNS support is off
		"127.0.0.1":  "192.0.2.1",
	}
	checkViews(t, s, "applied", views)
	f.run(0, "plan", "-detailed-exitcode")

	s.Stop(t)
	s.Run(t)
	checkViews(t, s, "after a restart", views)
	f.run(0, "apply", "-auto-approve", "-var=comment=second")
	f.run(0, "plan", "-detailed-exitcode", "-var=comment=second")

	f.run(0, "destroy", "-auto-approve", "-parallelism=60")
	if state := s.State(t); len(state.Zones) != 0 {
		t.Errorf("left after destroy: %s", state)
	}
	if out, err := s.Open53(t, "vpc", "list"); err != nil || strings.Contains(out, "vpc-") {
		t.Errorf("left after destroy: %v\n%s", err, out)
	}
}

// TestViewsSurviveKill: networks and associations are durable, and INSYNC
// means that clients of a VPC see the change.
func TestViewsSurviveKill(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	if out, err := s.Open53(t, "vpc", "set", "eu-west-1:vpc-0000aaaa", "--cidr", "127.10.0.0/16"); err != nil {
		t.Fatal(out, err)
	}
	for _, private := range []string{"", "eu-west-1:vpc-0000aaaa"} {
		args := []string{"zone", "create", "split.example"}
		if private != "" {
			args = append(args, "--vpc", private)
		}
		if out, err := s.Open53(t, args...); err != nil {
			t.Fatal(out, err)
		}
	}
	c := newSDK(t, s)
	zones, err := c.ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: aws.String("split.example")})
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range zones.HostedZones {
		address := "192.0.2.1"
		if z.Config.PrivateZone {
			address = "10.0.0.1"
		}
		c.change(*z.Id, simple("CREATE", "www.split.example", "A", 60, address))
	}
	views := map[string]string{"127.10.0.1": "10.0.0.1", "127.0.0.1": "192.0.2.1"}
	checkViews(t, s, "created", views)
	s.Kill(t)
	s.Run(t)
	checkViews(t, s, "after a kill", views)
	if out, err := s.Open53(t, "vpc", "set", "vpc-0000aaaa", "--cidr", "127.11.0.0/16"); err != nil {
		t.Fatal(out, err)
	}
	checkViews(t, s, "moved", map[string]string{"127.11.0.1": "10.0.0.1", "127.10.0.1": "192.0.2.1"})
}

// TestEC2Signed: the EC2 API is behind the same keys as everything else, and
// refuses in EC2's words.
func TestEC2Signed(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	s := server.Start(t, server.Options{Verb: "serve"})
	c := shellCommand(t, s, "aws ec2 create-vpc --cidr-block 127.10.0.0/16 --query Vpc.OwnerId --output text")
	if out := c.mustRun(t); out != "000000000000\n" {
		t.Errorf("owner %q", out)
	}
	c = shellCommand(t, s, "AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX AWS_SECRET_ACCESS_KEY=none aws --endpoint-url $AWS_ENDPOINT_URL ec2 describe-vpcs")
	if _, errs, exit := c.run(t); exit == 0 || !strings.Contains(errs, "(AuthFailure)") {
		t.Errorf("unknown key: exit code %d, %s", exit, errs)
	}
	c = shellCommand(t, s, "aws ec2 describe-vpcs --query 'length(Vpcs)'")
	if out := c.mustRun(t); out != "1\n" {
		t.Errorf("%s VPCs", out)
	}
	metrics := client{command: []string{"sh", "-c", "curl -s $AWS_ENDPOINT_URL/metrics | grep '^open53_vpcs'"}, env: clientEnv(t, s)}
	if out := metrics.mustRun(t); out != "open53_vpcs 1\n" {
		t.Errorf("metrics: %s", out)
	}
}
