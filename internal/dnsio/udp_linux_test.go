package dnsio

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"runtime"
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

// TestSteer: with a program that chooses sockets by processor every packet is
// still answered, also those of processors that have no socket, and a sender
// that stays on its processor is answered by that one's worker.
func TestSteer(t *testing.T) {
	cpus, err := processors()
	if err != nil || len(cpus) == 0 {
		t.Fatal(cpus, err)
	}
	for _, workers := range []int{1, len(cpus), len(cpus) + 2} {
		s, err := Listen(Config{Listen: []string{"127.0.0.1:0"}, Workers: workers, Steer: true}, func() Handler { return echo{} })
		if err != nil {
			t.Fatal(err)
		}
		for i, u := range s.udp {
			want := anyProcessor
			if i < len(cpus) {
				want = cpus[i]
			}
			if got := u.(*batchUDP).processor; got != want {
				t.Errorf("worker %d of %d has processor %d, want %d", i, workers, got, want)
			}
		}
		checkSteered(t, s, cpus)
		s.Close()
	}
}

// checkSteered sends from each processor and looks in which socket it arrives.
func checkSteered(t *testing.T, s *Server, cpus []int) {
	t.Helper()
	for i, cpu := range cpus {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // for good: the thread ends with the goroutine
			pin(cpu)
			for range 20 {
				conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(s.udp[0].addr()))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := conn.Write([]byte("xxhello")); err != nil {
					t.Error(err)
				}
				_ = conn.Close()
			}
		}()
		<-done
		arrived := 0
		for j, u := range s.udp {
			u := u.(*batchUDP)
			u.prepare()
			n, err := u.receive(true) // what is there, and waits a little if nothing is
			if err != nil {
				t.Fatal(err)
			}
			if arrived += n; n > 0 && i < len(s.udp) && j != i {
				t.Errorf("%d packets of processor %d came to worker %d of %d", n, cpu, j, len(s.udp))
			}
		}
		if arrived != 20 {
			t.Errorf("%d of 20 packets of processor %d arrived", arrived, cpu)
		}
	}
}
