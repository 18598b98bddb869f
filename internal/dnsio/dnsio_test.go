package dnsio

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"open53/internal/dnswire"
)

// echo answers with the message itself, its first two bytes replaced by the
// transport and a mark.
type echo struct{}

func (echo) Respond(reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte {
	if len(msg) < 2 || !client.IsValid() {
		return nil
	}
	reply = append(reply[:0], msg...)
	reply[0], reply[1] = byte(transport), 53
	return reply
}

func start(t *testing.T, config Config) []netip.AddrPort {
	t.Helper()
	s, err := Listen(config, func() Handler { return echo{} })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return s.Addrs()
}

// paths runs a test over the batched and over the portable path.
func paths(t *testing.T, f func(t *testing.T, portable bool)) {
	t.Helper()
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprintf("portable=%t", portable), func(t *testing.T) { f(t, portable) })
	}
}

func exchangeUDP(t *testing.T, to netip.AddrPort, msg string) string {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte(msg)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 65535)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatalf("read from %s: %v", to, err)
	}
	return string(b[:n])
}

func TestUDP(t *testing.T) {
	paths(t, func(t *testing.T, portable bool) {
		for _, to := range start(t, Config{Listen: []string{"127.0.0.1:0", "[::1]:0"}, Portable: portable}) {
			for size := 2; size < maxReply; size += 371 {
				want := "\x00\x35" + string(make([]byte, size-2))
				if got := exchangeUDP(t, to, "xx"+string(make([]byte, size-2))); got != want {
					t.Errorf("%s: %d bytes came back as %d", to, size, len(got))
				}
			}
		}
	})
}

// TestUDPBurst sends bursts larger than a batch; each message gets its own
// answer.
func TestUDPBurst(t *testing.T) {
	paths(t, func(t *testing.T, portable bool) {
		to := start(t, Config{Listen: []string{"127.0.0.1:0"}, Portable: portable})[0]
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		const burst = 3*64 + 1
		for i := range burst {
			if _, err := fmt.Fprintf(conn, "xx%d", i); err != nil {
				t.Fatal(err)
			}
		}
		seen := map[string]bool{}
		b := make([]byte, 100)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		for len(seen) < burst {
			n, err := conn.Read(b)
			if err != nil {
				t.Fatalf("after %d of %d answers: %v", len(seen), burst, err)
			}
			seen[string(b[2:n])] = true
		}
	})
}

func dialTCP(t *testing.T, to netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func frame(msg string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
}

func readFrame(conn io.Reader) (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return "", err
	}
	b := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(conn, b)
	return string(b), err
}

// TestTCPPipelining sends many messages before reading, cut at awkward places.
func TestTCPPipelining(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}})[0]
	conn := dialTCP(t, to)
	const messages = 500
	go func() {
		var all []byte
		for i := range messages {
			all = append(all, frame(fmt.Sprintf("xx%d%s", i, make([]byte, i*7)))...)
		}
		for len(all) > 0 {
			n := min(len(all), 1013)
			if _, err := conn.Write(all[:n]); err != nil {
				return
			}
			all = all[n:]
		}
	}()
	for i := range messages {
		got, err := readFrame(conn)
		if want := fmt.Sprintf("\x01\x35%d%s", i, make([]byte, i*7)); err != nil || got != want {
			t.Fatalf("message %d: %d bytes, %v", i, len(got), err)
		}
	}
	big := "xx" + string(make([]byte, dnswire.MaxMessage-2))
	if _, err := conn.Write(frame(big)); err != nil {
		t.Fatal(err)
	}
	if got, err := readFrame(conn); err != nil || len(got) != dnswire.MaxMessage {
		t.Fatalf("largest message: %d bytes, %v", len(got), err)
	}
}

// TestTCPLimits: connections beyond the limit are closed, idle and half-open
// ones are cut, and a place becomes free again.
func TestTCPLimits(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}, TCP: TCPLimits{
		Connections: 10, PerClient: 2, Idle: 300 * time.Millisecond, Message: 300 * time.Millisecond,
	}})[0]
	first, second := dialTCP(t, to), dialTCP(t, to)
	for _, conn := range []net.Conn{first, second} {
		if _, err := conn.Write(frame("xxhello")); err != nil {
			t.Fatal(err)
		}
		if _, err := readFrame(conn); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := readFrame(dialTCP(t, to)); err == nil {
		t.Error("a third connection was served")
	}
	if _, err := second.Write([]byte{0, 100, 'x'}); err != nil { // half a message
		t.Fatal(err)
	}
	for name, conn := range map[string]net.Conn{"idle": first, "half-open": second} {
		begin := time.Now()
		if _, err := readFrame(conn); err == nil || time.Since(begin) > 3*time.Second {
			t.Errorf("%s connection was not closed: %v after %s", name, err, time.Since(begin))
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		conn := dialTCP(t, to)
		if _, err := conn.Write(frame("xxagain")); err == nil {
			if got, err := readFrame(conn); err == nil && got == "\x01\x35again" {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no place became free")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestListenErrors: bad addresses and taken ones give one clear error and leave
// nothing bound.
func TestListenErrors(t *testing.T) {
	if _, err := Listen(Config{Listen: []string{"localhost:53"}}, nil); err == nil {
		t.Error("a host name was taken for an address")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := Listen(Config{Listen: []string{"127.0.0.1:0", l.Addr().String()}}, nil); err == nil {
		t.Error("a taken address was bound")
	}
}
