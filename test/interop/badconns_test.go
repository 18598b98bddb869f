package interop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// dial connects to an address of the server and stays for the test.
func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestBadConnections: what is hardly HTTP gets an error or nothing, and
// connections that are only half there get nobody else into trouble.
func TestBadConnections(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Args: []string{"--data", t.TempDir()}})
	newSDK(t, s).createZone("bad.example")
	before := s.State(t).String()
	const authorization = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0\r\nX-Amz-Date: 20260101T000000Z\r\n"
	const create = "POST /2013-04-01/hostedzone HTTP/1.1\r\nHost: localhost\r\n" + authorization
	const body = `<CreateHostedZoneRequest><Name>half.example</Name><CallerReference>half</CallerReference></CreateHostedZoneRequest>`

	t.Run("half open", func(t *testing.T) {
		// Hundreds of clients that said something and went silent, or went away.
		for i := range 300 {
			conn := dial(t, "tcp", strings.TrimPrefix(s.API, "http://"))
			_, _ = io.WriteString(conn, []string{
				"", "GET /2013", create, create + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)), // without the body
				create + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body[:50]),
				create + "Transfer-Encoding: chunked\r\n\r\n40\r\n" + body[:0x40] + "\r\n", // without the last chunk
			}[i%6])
			if i%2 == 0 {
				_ = conn.(*net.TCPConn).SetLinger(0) // reset
				_ = conn.Close()
			}
		}
		begin := time.Now()
		alive(t, s)
		if elapsed := time.Since(begin); elapsed > 2*time.Second {
			t.Errorf("with silent clients around a request takes %s", elapsed)
		}
	})
	for _, test := range []struct {
		name, send string
		status     int // 0: nothing, or the connection is cut
	}{
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"DNS", "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01\r\n\r\n", 400},
		{"HTTP/0.9", "GET /2013-04-01/hostedzone\r\n\r\n", 400},
		{"HTTP/2", "PRI * HTTP/2.0\r\nHost: localhost\r\n\r\nSM\r\n\r\n", 404},
		{"HTTP/1.0", strings.Replace(create, "HTTP/1.1", "HTTP/1.0", 1) + "Content-Length: 0\r\n\r\n", 400},
		{"two lengths", create + "Content-Length: 1\r\nContent-Length: 2\r\n\r\naa", 400},
		{"negative length", create + "Content-Length: -1\r\n\r\n", 400},
		{"no length at all", create + "\r\n" + body, 400},
		{"unknown coding", create + "Transfer-Encoding: gzip\r\n\r\n", 501},
		{"broken chunk", create + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		{"compressed body", create + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\x00\x00", 400},
		{"huge header", create + "X: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", 431},
		{"many headers", create + strings.Repeat("X: y\r\n", 50000) + "\r\n", 431},
		{"length of petabytes", create + "Content-Length: 9000000000000000\r\n\r\n", 413},
		{"bad escape", "GET /2013-04-01/hostedzone/%zz HTTP/1.1\r\nHost: localhost\r\n" + authorization + "\r\n", 400},
		{"no host", "GET /2013-04-01/hostedzone HTTP/1.1\r\n" + authorization + "\r\n", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := dial(t, "tcp", strings.TrimPrefix(s.API, "http://"))
			go func() { _, _ = io.WriteString(conn, test.send) }()
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body) // may be cut off
			if response.StatusCode != test.status || strings.Contains(strings.ToLower(string(text)), "<html") {
				t.Errorf("%d %s, want %d", response.StatusCode, text, test.status)
			}
		})
	}
	if diff := cmp.Diff(before, s.State(t).String()); diff != "" {
		t.Errorf("bad connections left a trace: %s", diff)
	}
	alive(t, s)
}

// TestBadStreams: what is hardly DNS over TCP.
func TestBadStreams(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Args: []string{"--tcp-idle", "300ms"}})
	newSDK(t, s).createZone("bad.example")
	query := new(dns.Msg)
	query.SetQuestion("bad.example.", dns.TypeSOA)
	packed, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	framed := append([]byte{0, byte(len(packed))}, packed...)
	random := make([]byte, 70000)
	for i := range random {
		random[i] = byte(rand.New(rand.NewPCG(5, uint64(i))).Uint32())
	}
	for _, test := range []struct {
		name string
		send []byte
		want int // responses before the connection is closed
	}{
		{"nothing", nil, 0},
		{"half a length", []byte{0}, 0},
		{"length without message", []byte{0, 40}, 0},
		{"half a message", framed[:20], 0},
		{"empty message", []byte{0, 0}, 0},
		{"message of a byte", []byte{0, 1, 7}, 0},
		{"good, then half", append(append([]byte{}, framed...), framed[:9]...), 1},
		{"good, then silence", framed, 1},
		{"three at once", append(append(append([]byte{}, framed...), framed...), framed...), 3},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 0},
		{"noise", random, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, "tcp", s.DNS)
			go func() { _, _ = conn.Write(test.send) }()
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			all, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the connection is not closed")
			}
			got := 0
			for len(all) >= 2 {
				n := int(all[0])<<8 | int(all[1])
				if len(all) < 2+n {
					t.Fatalf("the stream ends within a message: % x", all)
				}
				all = all[2+n:]
				got++
			}
			if test.want >= 0 && got != test.want {
				t.Errorf("%d responses, want %d", got, test.want)
			}
		})
	}
	t.Run("byte by byte", func(t *testing.T) {
		conn := dial(t, "tcp", s.DNS)
		for _, b := range framed {
			if _, err := conn.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		r, err := (&dns.Conn{Conn: conn}).ReadMsg()
		if err != nil || len(r.Answer) != 1 {
			t.Errorf("%v %v", err, r)
		}
	})
	t.Run("many silent clients", func(t *testing.T) {
		for range 200 {
			if conn, err := net.Dial("tcp", s.DNS); err == nil {
				t.Cleanup(func() { _ = conn.Close() })
			}
		}
		alive(t, s)
	})
}
