package route53

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/replica"
	api "open53/internal/route53api"
	"open53/internal/store/memory"
	"open53/internal/zonedb"
)

// responder answers as the server does over TCP, and remembers what it was
// asked.
type responder struct {
	*nameserver.Responder
	query  dns.Msg
	client netip.Addr
}

func (r *responder) Answer(msg []byte, client netip.Addr) []byte {
	r.client = client
	if err := r.query.Unpack(msg); err != nil {
		return nil
	}
	return r.Respond(make([]byte, 0, dnswire.MaxMessage), msg, client, dnswire.TCP)
}

// dnsFixture is a Service with the DNS side behind it; sync waits for it.
func dnsFixture(t *testing.T) (f *fixture, r *responder, sync func()) {
	t.Helper()
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	db := zonedb.New()
	follower := replica.New(m, db, slog.New(slog.DiscardHandler))
	if err := follower.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- follower.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	r = &responder{Responder: nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)}
	f = newFixtureOver(t, m, func(c *Config) { c.Answerer, c.Served = r, follower.Served })
	return f, r, func() {
		t.Helper()
		if err := follower.WaitServed(t.Context(), m.Position()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTestDNSAnswer(t *testing.T) {
	f, _, sync := dnsFixture(t)
	zoneID := f.newZone(t, "example.com")
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("2001:db8::%x", i+1))
	}
	f.mustChange(t, zoneID,
		record("CREATE", "a.example.com", "A", 60, "192.0.2.1"),
		record("CREATE", "t.example.com", "TXT", 60, `"one \052" "two"`),
		record("CREATE", "c.example.com", "CNAME", 60, "a.example.com"),
		record("CREATE", "m.example.com", "MX", 60, "10 Mail.example.net"),
		record("CREATE", "many.example.com", "AAAA", 60, many...),
		record("CREATE", `*.w\052.example.com`, "A", 60, "192.0.2.7"),
		record("CREATE", "sub.example.com", "NS", 60, "ns.example.net"),
	)
	sync()
	tests := []struct {
		name, record, rrtype string
		code, protocol       string
		data                 []string
	}{
		{"address", "A.example.com", "A", "NOERROR", "UDP", []string{"192.0.2.1"}},
		{"text", "t.example.com.", "TXT", "NOERROR", "UDP", []string{`"one *" "two"`}},
		{"alias name", "c.example.com", "A", "NOERROR", "UDP", []string{"a.example.com.", "192.0.2.1"}},
		{"name in a value", "m.example.com", "MX", "NOERROR", "UDP", []string{"10 Mail.example.net."}},
		{"no such type", "a.example.com", "AAAA", "NOERROR", "UDP", []string{}},
		{"no such name", "none.example.com", "A", "NXDOMAIN", "UDP", []string{}},
		{"wildcard and escapes", `x.w\052.example.com`, "A", "NOERROR", "UDP", []string{"192.0.2.7"}},
		{"delegation", "sub.example.com", "NS", "NOERROR", "UDP", []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := f.client().TestDNSAnswer(t.Context(), &api.TestDNSAnswerInput{HostedZoneId: zoneID, RecordName: test.record, RecordType: api.RRType(test.rrtype)})
			if err != nil {
				t.Fatal(err)
			}
			want := &api.TestDNSAnswerOutput{
				Nameserver: "ns1.open53.internal", RecordName: strings.ToLower(strings.TrimSuffix(test.record, ".")) + ".", RecordType: api.RRType(test.rrtype),
				RecordData: test.data, ResponseCode: test.code, Protocol: test.protocol,
			}
			if len(test.data) == 0 {
				want.RecordData = nil
				got.RecordData = append([]string(nil), got.RecordData...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	got, err := f.TestDNSAnswer(t.Context(), &api.TestDNSAnswerInput{HostedZoneId: zoneID, RecordName: "many.example.com", RecordType: "AAAA"})
	if err != nil || len(got.RecordData) != 100 || got.Protocol != "TCP" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTestDNSAnswerRefuses(t *testing.T) {
	f, _, sync := dnsFixture(t)
	zoneID := f.newZone(t, "example.com")
	younger := f.newZone(t, "example.com")
	deeper := f.newZone(t, "sub.example.com")
	private := f.newPrivateZone(t, "private.example.com", "vpc-00000001")
	sync()
	ask := func(in api.TestDNSAnswerInput) error {
		if in.RecordName == "" {
			in.RecordName = "a.example.com"
		}
		if in.RecordType == "" {
			in.RecordType = "A"
		}
		if in.HostedZoneId == "" {
			in.HostedZoneId = zoneID
		}
		_, err := f.TestDNSAnswer(t.Context(), &in)
		return err
	}
	shared := ": the name servers that it shares answer from the hosted zone "
	tests := []struct {
		name       string
		in         api.TestDNSAnswerInput
		code, text string
	}{
		{"unknown zone", api.TestDNSAnswerInput{HostedZoneId: "Z9"}, "NoSuchHostedZone", "No hosted zone found with ID: Z9"},
		{
			"private zone",
			api.TestDNSAnswerInput{HostedZoneId: private, RecordName: "private.example.com"},
			"InvalidInput",
			"The hosted zone " + private + " is private; answers can be tested for public hosted zones only.",
		},
		{"bad name", api.TestDNSAnswerInput{RecordName: "a..example.com"}, "InvalidInput", ""},
		{
			"outside",
			api.TestDNSAnswerInput{RecordName: "example.org"},
			"InvalidInput",
			"The record name example.org. is not within the hosted zone " + zoneID + " (example.com.).",
		},
		{"bad type", api.TestDNSAnswerInput{RecordType: "ANY"}, "InvalidInput", "The record type ANY is not valid."},
		{
			"younger zone of the name",
			api.TestDNSAnswerInput{HostedZoneId: younger},
			"InvalidInput",
			"The hosted zone " + younger + " does not answer for a.example.com." + shared + zoneID + " (example.com.).",
		},
		{
			"deeper zone",
			api.TestDNSAnswerInput{RecordName: "x.sub.example.com"},
			"InvalidInput",
			"The hosted zone " + zoneID + " does not answer for x.sub.example.com." + shared + deeper + " (sub.example.com.).",
		},
		{
			"DS is the parent's",
			api.TestDNSAnswerInput{HostedZoneId: deeper, RecordName: "sub.example.com", RecordType: "DS"},
			"InvalidInput",
			"The hosted zone " + deeper + " does not answer for sub.example.com." + shared + zoneID + " (example.com.).",
		},
		{"bad resolver", api.TestDNSAnswerInput{ResolverIP: new("192.0.2")}, "InvalidInput", "The resolver IP address 192.0.2 is not valid."},
		{"resolver with a zone", api.TestDNSAnswerInput{ResolverIP: new("fe80::1%eth0")}, "InvalidInput", ""},
		{"bad subnet", api.TestDNSAnswerInput{EDNS0ClientSubnetIP: new("x")}, "InvalidInput", "The client subnet IP address x is not valid."},
		{
			"mask alone",
			api.TestDNSAnswerInput{EDNS0ClientSubnetMask: new("24")},
			"InvalidInput",
			"EDNS0ClientSubnetMask is not permitted without EDNS0ClientSubnetIP.",
		},
		{
			"mask too long",
			api.TestDNSAnswerInput{EDNS0ClientSubnetIP: new("192.0.2.1"), EDNS0ClientSubnetMask: new("33")},
			"InvalidInput",
			"The client subnet mask 33 is not valid: it must be 0 to 32.",
		},
		{
			"mask too long for IPv6",
			api.TestDNSAnswerInput{EDNS0ClientSubnetIP: new("2001:db8::"), EDNS0ClientSubnetMask: new("129")},
			"InvalidInput",
			"The client subnet mask 129 is not valid: it must be 0 to 128.",
		},
		{"mask of letters", api.TestDNSAnswerInput{EDNS0ClientSubnetIP: new("192.0.2.1"), EDNS0ClientSubnetMask: new("a")}, "InvalidInput", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantError(t, ask(test.in), test.code, test.text) })
	}
	if err := ask(api.TestDNSAnswerInput{RecordName: "sub.example.com", RecordType: "DS"}); err != nil {
		t.Errorf("DS at the parent: %v", err)
	}
	if err := ask(api.TestDNSAnswerInput{RecordName: "example.com", RecordType: "DS"}); err != nil {
		t.Errorf("DS without a parent: %v", err)
	}
	if err := ask(api.TestDNSAnswerInput{HostedZoneId: deeper, RecordName: "sub.example.com"}); err != nil {
		t.Errorf("deeper zone: %v", err)
	}
}

func TestTestDNSAnswerClient(t *testing.T) {
	f, r, sync := dnsFixture(t)
	zoneID := f.newZone(t, "example.com")
	sync()
	tests := []struct {
		name                string
		resolver, ip, mask  string
		wantClient, wantECS string
	}{
		{"default", "", "", "", "127.0.0.1", ""},
		{"resolver", "2001:db8::53", "", "", "2001:db8::53", ""},
		{"IPv4 subnet", "192.0.2.53", "198.51.100.77", "", "192.0.2.53", "198.51.100.0/24/0"},
		{"IPv6 subnet", "", "2001:db8:1:2:3:4:5:6", "", "127.0.0.1", "[2001:db8:1:2::]/64/0"},
		{"mask", "", "198.51.100.77", "32", "127.0.0.1", "198.51.100.77/32/0"},
		{"mask 0", "", "198.51.100.77", "0", "127.0.0.1", "0.0.0.0/0/0"},
		{"odd mask", "", "198.51.255.77", "17", "127.0.0.1", "198.51.128.0/17/0"},
		{"IPv6 mask", "", "2001:db8:ffff::", "33", "127.0.0.1", "[2001:db8:8000::]/33/0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &api.TestDNSAnswerInput{HostedZoneId: zoneID, RecordName: "example.com", RecordType: "SOA"}
			in.ResolverIP, in.EDNS0ClientSubnetIP, in.EDNS0ClientSubnetMask = optional(test.resolver), optional(test.ip), optional(test.mask)
			if _, err := f.TestDNSAnswer(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			ecs := ""
			for _, option := range r.query.IsEdns0().Option {
				ecs += option.String()
			}
			if ecs != test.wantECS || r.client.String() != test.wantClient {
				t.Errorf("asked as %s with subnet %q", r.client, ecs)
			}
		})
	}
}

// silent answers nothing.
type silent struct{}

func (silent) Answer([]byte, netip.Addr) []byte { return nil }

func TestTestDNSAnswerWithoutAnswer(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Answerer = silent{} })
	zoneID := f.newZone(t, "example.com")
	_, err := f.TestDNSAnswer(t.Context(), &api.TestDNSAnswerInput{HostedZoneId: zoneID, RecordName: "example.com", RecordType: "A"})
	wantError(t, err, "InternalFailure", "")
	f.wantLogged(t, "TestDNSAnswer")
}
