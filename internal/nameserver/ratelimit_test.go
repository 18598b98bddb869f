package nameserver_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/zonedb"
)

// limited asks n times and counts what came back.
type limited struct {
	t   *testing.T
	r   *nameserver.Responder
	now *int64
}

func newLimited(t *testing.T, limit nameserver.RateLimit) limited {
	t.Helper()
	db := zonedb.New()
	if msg := load(t, db, "example.com", 1, allKinds); msg != "" {
		t.Fatal(msg)
	}
	now := int64(1_800_000_000_000)
	config := &nameserver.Config{
		UDPSize: 1232, RateLimit: limit, Now: func() int64 { return now },
		Cookies: nameserver.Cookies{Enabled: true, Secret: [16]byte{1}},
	}
	return limited{t, nameserver.New(db, config, 1), &now}
}

func (l limited) ask(client, name string, rrtype uint16, transport dnswire.Transport, options ...dns.EDNS0) *dns.Msg {
	l.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, rrtype)
	if len(options) > 0 {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = options
	}
	wire, err := m.Pack()
	if err != nil {
		l.t.Fatal(err)
	}
	reply := l.r.Respond(make([]byte, 0, 65535), wire, netip.MustParseAddr(client), transport)
	if reply == nil {
		return nil
	}
	answer := new(dns.Msg)
	if err := answer.Unpack(reply); err != nil {
		l.t.Fatal(err)
	}
	return answer
}

// count asks n times; name may have a verb for the number.
func (l limited) count(n int, client, name string, rrtype uint16) (whole, truncated, none int) {
	l.t.Helper()
	for i := range n {
		asked := name
		if name != "" && name[0] == '%' {
			asked = fmt.Sprintf(name, i)
		}
		switch m := l.ask(client, asked, rrtype, dnswire.UDP); {
		case m == nil:
			none++
		case m.Truncated:
			truncated++
		default:
			whole++
		}
	}
	return whole, truncated, none
}

func TestRateLimit(t *testing.T) {
	for name, test := range map[string]struct {
		name string
		kind uint16
	}{
		"one name":        {"www.example.com.", dns.TypeA},
		"NXDOMAIN":        {"%d.example.com.", dns.TypeA},
		"wildcard":        {"%d.wild.example.com.", dns.TypeA},
		"refused":         {"%d.example.org.", dns.TypeA},
		"deep in a cut":   {"www.example.com.", dns.TypeAAAA},
		"NXDOMAIN deeper": {"%d.b.c.example.com.", dns.TypeMX},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLimited(t, nameserver.RateLimit{PerSecond: 20, Slip: 2, Workers: 1})
			whole, truncated, none := l.count(100, "192.0.2.1", test.name, test.kind)
			if whole != 20 || truncated != 40 || none != 40 {
				t.Errorf("%d whole, %d truncated, %d dropped; want 20, 40, 40", whole, truncated, none)
			}
			if whole, _, _ := l.count(5, "192.0.2.77", test.name, test.kind); whole != 0 {
				t.Error("the same network has a limit of its own")
			}
			if whole, _, _ := l.count(5, "198.51.100.1", test.name, test.kind); whole != 5 {
				t.Error("another network is limited too")
			}
			*l.now += 500
			if whole, _, _ := l.count(50, "192.0.2.1", test.name, test.kind); whole != 10 {
				t.Errorf("%d answers after half a second, want 10", whole)
			}
			if l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.TCP) == nil {
				t.Error("limited over TCP")
			}
			dropped, slipped := l.r.Stats.Rate.Dropped.Load(), l.r.Stats.Rate.Slipped.Load()
			if dropped == 0 || slipped == 0 {
				t.Error("nothing was counted")
			}
		})
	}
}

// TestRateLimitKinds: a flood of one kind does not cost the others.
func TestRateLimitKinds(t *testing.T) {
	l := newLimited(t, nameserver.RateLimit{PerSecond: 5, Slip: 0, Workers: 1})
	if _, _, none := l.count(100, "192.0.2.1", "%d.example.com.", dns.TypeA); none != 95 {
		t.Errorf("%d of 100 NXDOMAIN dropped", none)
	}
	if whole, _, _ := l.count(5, "192.0.2.1", "www.example.com.", dns.TypeA); whole != 5 {
		t.Errorf("%d of 5 answers for an existing name", whole)
	}
}

func TestRateLimitExempt(t *testing.T) {
	l := newLimited(t, nameserver.RateLimit{PerSecond: 1, Slip: 1, Workers: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}})
	if whole, _, _ := l.count(50, "192.0.2.1", "www.example.com.", dns.TypeA); whole != 50 {
		t.Errorf("%d of 50", whole)
	}
	if whole, _, _ := l.count(50, "2001:db8::1", "www.example.com.", dns.TypeA); whole != 1 {
		t.Errorf("%d of 50 for a client that is not exempt", whole)
	}
}

// TestCookieFlow: a client learns a cookie, and with it is not limited.
func TestCookieFlow(t *testing.T) {
	l := newLimited(t, nameserver.RateLimit{PerSecond: 1, Slip: 0, Workers: 1})
	cookie := &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"}
	first := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.UDP, cookie)
	learned, ok := first.IsEdns0().Option[0].(*dns.EDNS0_COOKIE)
	if !ok || len(learned.Cookie) != 48 || learned.Cookie[:16] != cookie.Cookie {
		t.Fatalf("cookie %v", first.IsEdns0().Option)
	}
	for range 20 {
		m := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.UDP, learned)
		if m == nil || len(m.Answer) == 0 || m.IsEdns0().Option[0].(*dns.EDNS0_COOKIE).Cookie != learned.Cookie {
			t.Fatalf("with a good cookie: %v", m)
		}
	}
	if m := l.ask("192.0.2.2", "www.example.com.", dns.TypeA, dnswire.UDP, learned); m != nil {
		t.Error("somebody else's cookie lifted the limit")
	}
}

// TestCookieRequired: RFC 7873 §5.2.
func TestCookieRequired(t *testing.T) {
	db := zonedb.New()
	if msg := load(t, db, "example.com", 1, allKinds); msg != "" {
		t.Fatal(msg)
	}
	l := limited{t: t, r: nameserver.New(db, &nameserver.Config{
		UDPSize: 1232, Now: func() int64 { return 1_800_000_000_000 },
		Cookies: nameserver.Cookies{Enabled: true, Require: true, Secret: [16]byte{1}},
	}, 1)}
	if m := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.UDP); !m.Truncated || len(m.Answer) != 0 {
		t.Errorf("without a cookie: %v", m)
	}
	if m := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.TCP); len(m.Answer) != 2 {
		t.Errorf("over TCP: %v", m)
	}
	cookie := &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"}
	m := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.UDP, cookie)
	if m.Rcode != dns.RcodeBadCookie || len(m.Answer) != 0 {
		t.Errorf("with a client cookie: %v", m)
	}
	if m := l.ask("192.0.2.1", "www.example.com.", dns.TypeA, dnswire.UDP, m.IsEdns0().Option[0]); len(m.Answer) != 2 {
		t.Errorf("with the learned cookie: %v", m)
	}
}
