package nameserver_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"

	"open53/internal/certificate/certtest"
	"open53/internal/dnsio"
	"open53/internal/nameserver"
	"open53/internal/zonedb"
)

// path is one way from a client to the zones: a transport, and how the server
// reads it. Its connection belongs to one goroutine.
type path struct {
	name   string
	stream bool // answers are not bound by the size of a datagram
	conn   net.Conn
	rng    *rand.Rand
}

// openPaths serves db over sockets of every kind, until the test ends: UDP in
// batches, UDP message by message, TCP, and DNS over TLS.
func openPaths(t *testing.T, db *zonedb.DB, config *nameserver.Config) []*path {
	t.Helper()
	cert, key, roots := certtest.Write(t, t.TempDir(), 1)
	listen := func(portable bool) *dnsio.Server {
		group := nameserver.NewGroup(db, config, rand.Uint64)
		s, err := dnsio.Listen(dnsio.Config{
			Listen: []string{"127.0.0.1:0"}, Workers: 1, Portable: portable, MaxUDP: config.UDPSize,
			TLS: []string{"127.0.0.1:0"}, TLSCert: cert, TLSKey: key,
		}, func() dnsio.Handler { return group.New() })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		return s
	}
	dial := func(name, network, address string, stream bool) *path {
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return &path{name: name, stream: stream, conn: conn, rng: rand.New(rand.NewPCG(1, 1))}
	}
	batch, portable := listen(false), listen(true)
	paths := []*path{
		dial("batches over UDP", "udp", batch.Addrs()[0].String(), false),
		dial("portable UDP", "udp", portable.Addrs()[0].String(), false),
		dial("TCP", "tcp", batch.Addrs()[0].String(), true),
		dial("TLS", "tcp", batch.TLSAddrs()[0].String(), true),
	}
	last := paths[len(paths)-1]
	last.conn = tls.Client(last.conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{"dot"}})
	return paths
}

// exchange sends all queries, then reads the responses in whatever order they
// come. Queries over a stream are cut in awkward places.
func (p *path) exchange(queries []*dns.Msg) ([]*dns.Msg, error) {
	if err := p.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	places := map[uint16]int{}
	var stream []byte
	for i, q := range queries {
		q.Id = uint16(p.rng.Uint32())
		for _, taken := places[q.Id]; taken; _, taken = places[q.Id] {
			q.Id++
		}
		places[q.Id] = i
		wire, err := q.Pack()
		if err != nil {
			return nil, err
		}
		if p.stream {
			stream = append(append(stream, byte(len(wire)>>8), byte(len(wire))), wire...)
		} else if _, err := p.conn.Write(wire); err != nil {
			return nil, err
		}
	}
	written := make(chan error, 1)
	go func() { written <- p.writeInPieces(stream) }()
	responses := make([]*dns.Msg, len(queries))
	reader := &dns.Conn{Conn: p.conn, UDPSize: dns.MaxMsgSize - 1} // knows a stream by its type
	for range queries {
		m, err := reader.ReadMsg()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		i, ours := places[m.Id]
		if !ours || responses[i] != nil {
			return nil, fmt.Errorf("%s: a response that nobody asked for: %v", p.name, m)
		}
		responses[i] = m
	}
	return responses, <-written
}

func (p *path) writeInPieces(stream []byte) error {
	for len(stream) > 0 {
		n := min(len(stream), 1+p.rng.IntN(700))
		if _, err := p.conn.Write(stream[:n]); err != nil {
			return err
		}
		stream = stream[n:]
	}
	return nil
}
