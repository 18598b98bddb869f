package dnsio

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"open53/internal/dnswire"
)

// TestTrains: responses to several clients, of several lengths, come as they
// were sent, whichever of them the kernel got as one train.
func TestTrains(t *testing.T) {
	for _, bind := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		t.Run(bind, func(t *testing.T) {
			s, u := batchSocket(t, bind)
			if !u.trains.possible {
				t.Skip("the kernel has no trains")
			}
			var clients [3]*net.UDPConn
			for i := range clients {
				clients[i] = dialSocket(t, s)
			}
			const lengths = 3
			for i := range batchSize {
				if _, err := clients[i%len(clients)].Write(fmt.Appendf(nil, "%02d%s", i, strings.Repeat("x", i%lengths))); err != nil {
					t.Fatal(err)
				}
			}
			total := 0
			for total < batchSize {
				n, err := u.receive(true)
				if err != nil || n == 0 {
					t.Fatalf("%d received, %v", n, err)
				}
				total += n
				count := u.respond(quiet{}, n)
				if got := u.pack(count); n == batchSize && got != lengths {
					t.Errorf("%d messages for %d clients with a length each", got, len(clients))
				}
				u.send(count)
			}
			for i, client := range clients {
				want := map[string]bool{}
				for j := i; j < batchSize; j += len(clients) {
					want[fmt.Sprintf("%02d%s", j, strings.Repeat("x", j%lengths))] = true
				}
				expect(t, client, want)
			}
		})
	}
}

// TestTrainsApart: what cannot be a train, because its datagrams are longer than
// the path's, arrives all the same.
func TestTrainsApart(t *testing.T) {
	if len(ownNetwork(t)) == 0 {
		t.Skip("no network of our own")
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "mtu", "1000").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, u := batchSocket(t, "0.0.0.0:0")
	client := dialSocket(t, s)
	want := map[string]bool{}
	for i := range 5 {
		if _, err := client.Write(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	n, err := u.receive(true)
	if err != nil || n != 5 {
		t.Fatalf("%d received, %v", n, err)
	}
	var long longEcho
	count := u.respond(long, n)
	for i := range n {
		want[fmt.Sprint(i)+strings.Repeat("-", longer)] = true
	}
	u.send(count)
	expect(t, client, want)
}

const longer = 1100 // bytes

// longEcho adds so many bytes.
type longEcho struct{}

func (longEcho) Respond(reply, msg []byte, _ netip.Addr, _ dnswire.Transport) []byte {
	return append(append(reply[:0], msg...), strings.Repeat("-", longer)...)
}

func batchSocket(t *testing.T, bind string) (udpSocket, *batchUDP) {
	t.Helper()
	s, err := listenBatch(netip.MustParseAddrPort(bind), udpConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	u := s.(*batchUDP)
	u.prepare()
	return s, u
}

// dialSocket is a client of a socket on the loopback interface.
func dialSocket(t *testing.T, s udpSocket) *net.UDPConn {
	t.Helper()
	ip := netip.MustParseAddr("127.0.0.1")
	if s.addr().Addr().Is6() {
		ip = netip.IPv6Loopback()
	}
	client, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, s.addr().Port())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	_ = client.SetDeadline(time.Now().Add(5 * time.Second))
	return client
}

// expect reads datagrams until all that are wanted came, each once.
func expect(t *testing.T, client *net.UDPConn, want map[string]bool) {
	t.Helper()
	b := make([]byte, 4096)
	for len(want) > 0 {
		n, err := client.Read(b)
		if err != nil {
			t.Fatalf("%d are missing: %v", len(want), err)
		}
		if !want[string(b[:n])] {
			t.Fatalf("%d bytes %.20q came twice or are not what was sent", n, b[:n])
		}
		delete(want, string(b[:n]))
	}
}
