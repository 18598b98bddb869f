package outside

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// upstream is a resolver whose answers a test switches.
type upstream struct {
	addr  string
	mode  atomic.Int32 // of the modes below
	asked atomic.Int32
}

const (
	answersChain = iota
	answersNothing
	answersServfail
)

func startUpstream(t *testing.T) *upstream {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: conn.LocalAddr().String()}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(u.serve)}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return u
}

func (u *upstream) serve(w dns.ResponseWriter, m *dns.Msg) {
	u.asked.Add(1)
	reply := new(dns.Msg)
	reply.SetReply(m)
	switch u.mode.Load() {
	case answersChain:
		name := m.Question[0].Name
		for _, text := range []string{name + " 60 CNAME real.example.net.", "real.example.net. 2 A 198.51.100.1", "real.example.net. 2 A 198.51.100.2"} {
			rr, err := dns.NewRR(text)
			if err != nil {
				panic(err)
			}
			reply.Answer = append(reply.Answer, rr)
		}
	case answersNothing:
		soa, err := dns.NewRR("example.net. 2 SOA ns.example.net. h.example.net. 1 2 3 4 2")
		if err != nil {
			panic(err)
		}
		reply.Ns = append(reply.Ns, soa)
	case answersServfail:
		reply.Rcode = dns.RcodeServerFailure
	}
	_ = w.WriteMsg(reply)
}

// serve publishes a zone with one alias to the outside and returns how it is
// answered.
func serve(t *testing.T, db *zonedb.DB) func() string {
	t.Helper()
	apex := rdata.MustParseName("example.com")
	www := rdata.MustParseName("www.example.com")
	e := db.Begin()
	if err := e.AddZone(zonedb.ZoneConfig{ID: "Z1", Name: apex}); err != nil {
		t.Fatal(err)
	}
	sets := []*zone.RRset{
		{Name: apex, Type: rdata.TypeSOA, TTL: 900, Values: []string{"ns1.example.net. h.example.net. 1 7200 900 1209600 60"}},
		{Name: www, Type: rdata.TypeA, Alias: &zone.Alias{ZoneID: "Z2FDTNDATAQYW2", Target: rdata.MustParseName("d1.cloudfront.net")}},
	}
	for _, set := range sets {
		if err := e.SetName("Z1", set.Name, []*zone.RRset{set}); err != nil {
			t.Fatal(err)
		}
	}
	e.Commit()
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	return func() string {
		m, _ := dnstest.Query(t, "query www.example.com A +edns")
		wire, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		reply := new(dns.Msg)
		if err := reply.Unpack(r.Respond(make([]byte, 0, 4096), wire, netip.Addr{}, dnswire.UDP)); err != nil {
			t.Fatal(err)
		}
		return dnstest.Print(reply)
	}
}

func start(t *testing.T, db *zonedb.DB, servers ...string) {
	t.Helper()
	r, err := New(db.Outside(), servers, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func await(t *testing.T, answer func() string, want string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for answer() != want {
		if time.Now().After(deadline) {
			t.Fatalf("answer is\n%swant\n%s", answer(), want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

const (
	wantGood = "NOERROR aa\nanswer: www.example.com. 2 IN A 198.51.100.1\nanswer: www.example.com. 2 IN A 198.51.100.2\nopt: size=1232\n"
	wantNone = "NOERROR aa\nauthority: example.com. 60 IN SOA ns1.example.net. h.example.net. 0 7200 900 1209600 60\nopt: size=1232\n"
)

// TestRefresh: the target's addresses appear under the alias's name, follow
// the target, and outlive an outage of the resolver.
func TestRefresh(t *testing.T) {
	db := zonedb.New()
	answer := serve(t, db)
	if got, want := answer(), "SERVFAIL\nopt: size=1232 ede=14\n"; got != want {
		t.Errorf("before the first resolution: %q, want %q", got, want)
	}
	dead, up := startUpstream(t), startUpstream(t)
	dead.mode.Store(answersServfail)
	start(t, db, dead.addr, up.addr)
	await(t, answer, wantGood)
	if dead.asked.Load() == 0 {
		t.Error("the first server was not asked")
	}
	up.mode.Store(answersNothing)
	await(t, answer, wantNone)
	up.mode.Store(answersChain)
	await(t, answer, wantGood)
	up.mode.Store(answersServfail)
	asked := up.asked.Load()
	for up.asked.Load() < asked+2 {
		time.Sleep(10 * time.Millisecond)
	}
	await(t, answer, wantGood) // last known good
}

func TestNoResolver(t *testing.T) {
	db := zonedb.New()
	answer := serve(t, db)
	start(t, db)
	await(t, answer, "SERVFAIL\nopt: size=1232 ede=22\n")
}

func TestBadServer(t *testing.T) {
	if _, err := New(zonedb.New().Outside(), []string{"192.0.2.1"}, nil); err == nil {
		t.Error("an address without a port was accepted")
	}
}
