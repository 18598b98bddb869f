package dnsio

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"open53/internal/dnswire"
)

// TestSendGoesOn: sendmmsg stops at a message that the kernel refuses. The ones
// behind it are sent all the same, wherever it stands and however many there
// are.
func TestSendGoesOn(t *testing.T) {
	for name, refused := range map[string]func(i int) bool{
		"none":        func(int) bool { return false },
		"first":       func(i int) bool { return i == 0 },
		"last":        func(i int) bool { return i == batchSize-1 },
		"in between":  func(i int) bool { return i == 30 },
		"in a row":    func(i int) bool { return i >= 10 && i < 20 },
		"every other": func(i int) bool { return i%2 == 0 },
		"all":         func(int) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			client, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			s, err := listenBatch(netip.MustParseAddrPort("127.0.0.1:0"), udpConfig{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			u := s.(*batchUDP)
			u.prepare()
			want := map[string]bool{}
			for i := range batchSize {
				text := fmt.Sprint("response ", i)
				port := client.LocalAddr().(*net.UDPAddr).Port
				if refused(i) {
					port = 0 // EINVAL
				} else {
					want[text] = true
				}
				address(u, i, port)
				u.reply(i, i, []byte(text))
			}
			u.send(batchSize)
			_ = client.SetReadDeadline(time.Now().Add(5 * time.Second))
			b := make([]byte, 100)
			for len(want) > 0 {
				n, err := client.Read(b)
				if err != nil {
					t.Fatalf("%d are missing: %v", len(want), err)
				}
				if !want[string(b[:n])] {
					t.Errorf("%q came twice, or was to be refused", b[:n])
				}
				delete(want, string(b[:n]))
			}
		})
	}
}

// address makes message i one from 127.0.0.1.
func address(u *batchUDP, i, port int) {
	name := (*unix.RawSockaddrInet4)(unsafe.Pointer(&u.names[i]))
	name.Family, name.Addr = unix.AF_INET, [4]byte{127, 0, 0, 1}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], uint16(port))
	u.in[i].hdr.Namelen = unix.SizeofSockaddrInet4
}

// TestCloseWhileServing: closing a server whose workers wait in the kernel, or
// never began, ends it.
func TestCloseWhileServing(t *testing.T) {
	for range 3 {
		s, err := Listen(Config{Listen: []string{"127.0.0.1:0"}, Workers: 3}, func() Handler { return echo{} })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("still running")
		}
	}
}

// quiet is an echo that makes nothing.
type quiet struct{}

func (quiet) Respond(reply, msg []byte, _ netip.Addr, _ dnswire.Transport) []byte {
	return append(reply[:0], msg...)
}

// TestBatchAllocations: from the socket to the socket nothing is allocated.
func TestBatchAllocations(t *testing.T) {
	for _, bind := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		s, err := listenBatch(netip.MustParseAddrPort(bind), udpConfig{dontFragment: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		u := s.(*batchUDP)
		u.prepare()
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), u.addr().Port())
		client, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		_ = client.SetDeadline(time.Now().Add(10 * time.Second))
		msg, b := []byte("hello"), make([]byte, 100)
		var h Handler = quiet{}
		exchange := func() {
			const queries = 10
			for range queries {
				_, _ = client.Write(msg)
			}
			n, err := u.receive(true)
			if err != nil || n != queries {
				t.Fatalf("%d received, %v", n, err)
			}
			u.send(u.respond(h, n))
			for range queries {
				if n, err := client.Read(b); err != nil || n != len(msg) {
					t.Fatalf("%d bytes, %v", n, err)
				}
			}
		}
		if n := testing.AllocsPerRun(100, exchange); n != 0 {
			t.Errorf("%s: %v allocations", bind, n)
		}
	}
}
