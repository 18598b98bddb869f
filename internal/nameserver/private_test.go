package nameserver_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/network"
	"open53/internal/zonedb"
)

// smallZone has one address, by which tests tell who answered.
func smallZone(address string) string {
	return "@ 900 SOA ns1.example.net. h.example.net. 1 7200 900 1209600 60\n@ NS ns1.example.net.\nwww A " + address + "\n"
}

// splitView is a public zone, and a private one of its name in each of n VPCs
// with 10.x.y.0/24.
func splitView(t testing.TB, n int) *zonedb.DB {
	t.Helper()
	db := zonedb.New()
	tt := &testing.T{}
	if msg := load(tt, db, "example.com", 1, smallZone("192.0.2.1")); msg != "" {
		t.Fatal(msg)
	}
	var networks []*network.Network
	for i := range n {
		id := fmt.Sprintf("vpc-%08x", i)
		if msg := load(tt, db, "example.com", uint64(i+2), smallZone(fmt.Sprintf("10.%d.%d.80", i>>8, i&255)), id); msg != "" {
			t.Fatal(msg)
		}
		networks = append(networks, madeNetwork(tt, i, []string{id, fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255)}))
	}
	if n > 0 {
		useNetworks(db, networks...)
	}
	return db
}

func packed(t testing.TB, command string) []byte {
	t.Helper()
	m, _ := dnstest.Query(&testing.T{}, command)
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// TestBatchOfManyClients: in one batch each client gets its own answer, the
// same as alone.
func TestBatchOfManyClients(t *testing.T) {
	db := splitView(t, 600)
	config := &nameserver.Config{UDPSize: 1232}
	batch, single := nameserver.New(db, config, 1), nameserver.New(db, config, 1)
	wire := packed(t, "query www.example.com A")
	rng := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		clients := make([]netip.Addr, 1+rng.IntN(64))
		want := make([]string, len(clients))
		for i := range clients {
			network := rng.IntN(700) // some are in none
			clients[i] = netip.AddrFrom4([4]byte{10, byte(network >> 8), byte(network), byte(rng.IntN(256))})
			if want[i] = fmt.Sprintf("10.%d.%d.80", network>>8, network&255); network >= 600 {
				want[i] = "192.0.2.1"
			}
			batch.Prepare(i, wire, clients[i])
		}
		batch.Fetch(len(clients))
		for i, client := range clients {
			reply := batch.RespondPrepared(i, make([]byte, 0, 512), wire, client)
			if alone := single.Respond(make([]byte, 0, 512), wire, client, dnswire.UDP); !bytes.Equal(reply, alone) {
				t.Fatalf("client %s: batch % x, alone % x", client, reply, alone)
			}
			m := new(dns.Msg)
			if err := m.Unpack(reply); err != nil || len(m.Answer) != 1 {
				t.Fatalf("client %s: %v %v", client, err, m)
			}
			if got := m.Answer[0].(*dns.A).A.String(); got != want[i] {
				t.Errorf("client %s: %s, want %s", client, got, want[i])
			}
		}
	}
}

// TestAnswerIsPublic: what TestDNSAnswer shows is public, whoever asks.
func TestAnswerIsPublic(t *testing.T) {
	group := nameserver.NewGroup(splitView(t, 1), &nameserver.Config{UDPSize: 1232}, func() uint64 { return 1 })
	m := new(dns.Msg)
	if err := m.Unpack(group.Answer(packed(t, "query www.example.com A"), netip.MustParseAddr("10.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	if got := m.Answer[0].(*dns.A).A.String(); got != "192.0.2.1" {
		t.Errorf("answer %s", got)
	}
}

func TestNoAllocationsInNetworks(t *testing.T) {
	r := nameserver.New(splitView(t, 1000), &nameserver.Config{UDPSize: 1232}, 1)
	reply := make([]byte, 0, 4096)
	for _, command := range []string{"query www.example.com A +edns", "query x.example.com A", "query www.example.org A"} {
		wire := packed(t, command)
		for _, text := range []string{"10.0.7.1", "192.0.2.1", "2001:db8::1"} {
			client := netip.MustParseAddr(text)
			if n := testing.AllocsPerRun(100, func() { r.Respond(reply, wire, client, dnswire.UDP) }); n != 0 {
				t.Errorf("%s from %s: %v allocations", command, text, n)
			}
		}
	}
}

// TestWithdrawnView: a zone's last VPC, and the networks, can go while the rest
// is served.
func TestWithdrawnView(t *testing.T) {
	db := splitView(t, 2)
	config := &nameserver.Config{UDPSize: 1232}
	const before = "NOERROR aa\nanswer: www.example.com. 900 IN A 10.0.1.80\n"
	const after = "NOERROR aa\nanswer: www.example.com. 900 IN A 192.0.2.1\n"
	if got := ask(t, db, config, "query www.example.com A +from=10.0.1.7"); got != before {
		t.Error(got)
	}
	e := db.Begin()
	if err := e.SetVPCs("ZEXAMPLECOMVPC-00000001", nil); err != nil {
		t.Fatal(err)
	}
	e.Commit()
	if got := ask(t, db, config, "query www.example.com A +from=10.0.1.7"); got != after {
		t.Error(got)
	}
	useNetworks(db)
	if got := ask(t, db, config, "query www.example.com A +from=10.0.0.7"); got != after {
		t.Error(got)
	}
}

// BenchmarkNetworks is what a query costs by the number of networks: a client
// of none of them, of one of them, and clients of all of them, each of which
// has a zone of its own (then the zones do not fit into the caches).
func BenchmarkNetworks(b *testing.B) {
	for _, n := range []int{0, 1, 10_000} {
		db := splitView(b, n)
		r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
		wire := packed(b, "query www.example.com A +edns")
		reply := make([]byte, 0, 4096)
		rng := rand.New(rand.NewPCG(1, 1))
		clients := make([]netip.Addr, 1<<14)
		for _, kind := range []string{"outside", "inside", "spread"} {
			for i := range clients {
				address := [4]byte{10, 0, 0, byte(rng.Uint32())}
				switch network := rng.IntN(max(n, 1)); kind {
				case "outside":
					address[0] = 172
				case "spread":
					address[1], address[2] = byte(network>>8), byte(network)
				}
				clients[i] = netip.AddrFrom4(address)
			}
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) {
				for i := 0; i < b.N; i += 64 {
					for j := range 64 {
						r.Prepare(j, wire, clients[(i+j)&(len(clients)-1)])
					}
					r.Fetch(64)
					for j := range 64 {
						r.RespondPrepared(j, reply, wire, clients[(i+j)&(len(clients)-1)])
					}
				}
			})
		}
	}
}

// BenchmarkPublicZones is what BenchmarkNetworks's spread is to be compared
// with: as many zones, but public ones that everyone asks for.
func BenchmarkPublicZones(b *testing.B) {
	const n = 10_000
	db := zonedb.New()
	t := &testing.T{}
	queries := make([][]byte, n)
	for i := range n {
		name := fmt.Sprintf("z%d.example.com", i)
		if msg := load(t, db, name, uint64(i), smallZone("192.0.2.1")); msg != "" {
			b.Fatal(msg)
		}
		queries[i] = packed(b, "query www."+name+" A +edns")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(n, func(i, j int) { queries[i], queries[j] = queries[j], queries[i] })
	r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
	reply, client := make([]byte, 0, 4096), netip.MustParseAddr("192.0.2.1")
	b.ResetTimer()
	for i := 0; i < b.N; i += 64 {
		for j := range 64 {
			r.Prepare(j, queries[(i+j)%n], client)
		}
		r.Fetch(64)
		for j := range 64 {
			r.RespondPrepared(j, reply, queries[(i+j)%n], client)
		}
	}
}
