package httpserver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"open53/internal/sigv4"
)

// dial connects and limits the test's patience.
func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	return c
}

// rawSigned is the head of a signed request, as text; the body is separate.
func rawSigned(t *testing.T, base, method, path string, body []byte, extra string) string {
	t.Helper()
	r, err := http.NewRequest(method, base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := new(sigv4.Signer).Sign(r, body, admin, "us-east-1", "route53", time.Now()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n%s\r\n",
		method, path, r.URL.Host, r.Header.Get("X-Amz-Date"), r.Header.Get("Authorization"), extra)
}

func readResponse(t *testing.T, c net.Conn) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("read response: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read response body: %v", err)
	}
	return response, string(body)
}

// closedWithin fails unless the server closes the connection in time.
func closedWithin(t *testing.T, c net.Conn, limit time.Duration) {
	t.Helper()
	started := time.Now()
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the connection stays open")
	}
	if took := time.Since(started); took > limit {
		t.Errorf("closed after %v", took)
	}
}

func TestBodyLimit(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes(), Limits: Limits{BodyBytes: 1000}})
	chunked := func(n int) string {
		return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, strings.Repeat("a", n))
	}
	body := func(n int) []byte { return bytes.Repeat([]byte("a"), n) }
	for _, c := range []struct {
		name, extra, send string
		signed            []byte
		status            int
		code              string
	}{
		{"at the limit", "Content-Length: 1000\r\n", string(body(1000)), body(1000), 200, ""},
		{"chunks at the limit", "Transfer-Encoding: chunked\r\n", chunked(1000), body(1000), 200, ""},
		{"no body", "", "", nil, 200, ""},
		{"above the limit", "Content-Length: 1001\r\n", string(body(1001)), body(1001), 413, "RequestEntityTooLarge"},
		{"chunks above the limit", "Transfer-Encoding: chunked\r\n", chunked(1001), body(1001), 413, "RequestEntityTooLarge"},
		{"an absurd length, nothing sent", "Content-Length: 9223372036854775807\r\n", "", nil, 413, "RequestEntityTooLarge"},
		{"broken chunks", "Transfer-Encoding: chunked\r\n", "zz\r\n", nil, 400, "IncompleteBody"},
		{"another body", "Content-Length: 3\r\n", "aab", []byte("aaa"), 403, "SignatureDoesNotMatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, base)
			io.WriteString(conn, rawSigned(t, base, "POST", "/2013-04-01/hostedzone", c.signed, c.extra)+c.send)
			response, got := readResponse(t, conn)
			if response.StatusCode != c.status || c.code != "" && errorCode(t, response, got) != c.code {
				t.Errorf("%d %s", response.StatusCode, got)
			}
			if c.status == 413 {
				closedWithin(t, conn, time.Second)
			}
		})
	}
}

// TestStrangersSendNoBody: whoever has no known key is answered before the
// body is read.
func TestStrangersSendNoBody(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes()})
	conn := dial(t, base)
	io.WriteString(conn, "POST /2013-04-01/hostedzone HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n")
	if response, body := readResponse(t, conn); response.StatusCode != 403 || errorCode(t, response, body) != "MissingAuthenticationToken" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestLargeUpload sends 10 MB to the end, as clients do that read no answer
// before they have sent everything: they too must get it.
func TestLargeUpload(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes()})
	body := make([]byte, 10<<20)
	rand.Read(body)
	r, err := http.NewRequest("POST", base+"/2013-04-01/hostedzone", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := new(sigv4.Signer).Sign(r, body, admin, "us-east-1", "route53", time.Now()); err != nil {
		t.Fatal(err)
	}
	response, text := do(t, r)
	if response.StatusCode != 413 || errorCode(t, response, text) != "RequestEntityTooLarge" {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

func TestSlowClients(t *testing.T) {
	t.Parallel()
	_, base := run(t, Options{Handlers: echoes(), Limits: Limits{
		ReadHeaderTimeout: 200 * time.Millisecond, ReadTimeout: 400 * time.Millisecond, IdleTimeout: 200 * time.Millisecond,
	}})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		closedWithin(t, dial(t, base), time.Second)
	})
	t.Run("header byte by byte", func(t *testing.T) { // slowloris
		t.Parallel()
		conn := dial(t, base)
		go func() {
			for range 100 {
				if _, err := io.WriteString(conn, "X"); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		closedWithin(t, conn, time.Second)
	})
	t.Run("body byte by byte", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, base)
		io.WriteString(conn, rawSigned(t, base, "POST", "/2013-04-01/hostedzone", make([]byte, 1000), "Content-Length: 1000\r\n"))
		go func() {
			for range 100 {
				if _, err := conn.Write([]byte{0}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		response, body := readResponse(t, conn)
		if response.StatusCode != 408 || errorCode(t, response, body) != "RequestTimeout" {
			t.Errorf("%d %s", response.StatusCode, body)
		}
		closedWithin(t, conn, 2*time.Second)
	})
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, base)
		for range 2 { // keep-alive works
			io.WriteString(conn, rawSigned(t, base, "GET", "/2013-04-01/hostedzone", nil, ""))
			if response, body := readResponse(t, conn); response.StatusCode != 200 {
				t.Fatalf("%d %s", response.StatusCode, body)
			}
		}
		closedWithin(t, conn, time.Second)
	})
	t.Run("half closed", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, base)
		io.WriteString(conn, rawSigned(t, base, "POST", "/2013-04-01/hostedzone", make([]byte, 9), "Content-Length: 9\r\n")+"abc")
		conn.(*net.TCPConn).CloseWrite()
		closedWithin(t, conn, time.Second)
	})
}

func TestBrokenRequests(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes(), Limits: Limits{HeaderBytes: 8 << 10}})
	for _, c := range []struct {
		name, send string
		status     int
	}{
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"space in a name", "GET / HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n", 400},
		{"control character", "GET / HTTP/1.1\r\nHost: h\r\nX: \x01\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa", 400},
		{"length and chunks", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 403}, // chunks win (RFC 9112 §6.3), the connection closes
		{"unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"long header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", 16<<10) + "\r\n\r\n", 431},
		{"bad escape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 404},
		{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, base)
			io.WriteString(conn, c.send)
			response, body := readResponse(t, conn)
			if response.StatusCode != c.status || strings.Contains(strings.ToLower(body), "<html") {
				t.Errorf("%d %s", response.StatusCode, body)
			}
		})
	}
	if response, _ := do(t, request(t, "GET", base+"/healthz", "", admin, "")); response.StatusCode != 200 {
		t.Error("the server does not serve any more")
	}
}

// gate is a handler that says when it is reached and waits to be let go.
type gate struct{ reached, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}, 10), make(chan struct{})} }

func (g *gate) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	g.reached <- struct{}{}
	<-g.open
	io.WriteString(w, "through")
}

func TestInFlightLimit(t *testing.T) {
	g := newGate()
	_, base := run(t, Options{Handlers: Handlers{Route53: g}, Limits: Limits{InFlight: 2}})
	var group sync.WaitGroup
	for range 2 {
		r := request(t, "GET", base+"/2013-04-01/x", "", admin, "route53")
		group.Go(func() {
			if response, body := do(t, r); response.StatusCode != 200 || body != "through" {
				t.Errorf("%d %s", response.StatusCode, body)
			}
		})
		<-g.reached
	}
	response, body := do(t, request(t, "GET", base+"/2013-04-01/x", "", admin, "route53"))
	if response.StatusCode != 503 || errorCode(t, response, body) != "ServiceUnavailable" || response.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, _ := do(t, request(t, "GET", base+"/healthz", "", admin, "")); response.StatusCode != 200 {
		t.Error("a busy server is not healthy")
	}
	close(g.open)
	group.Wait()
	if response, _ := do(t, request(t, "GET", base+"/2013-04-01/x", "", admin, "route53")); response.StatusCode != 200 {
		t.Error("slots are not given back")
	}
}

func TestConnectionLimit(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes(), Limits: Limits{Connections: 2}})
	ask := func(c net.Conn) error {
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
		_, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err
	}
	first, second, third := dial(t, base), dial(t, base), dial(t, base)
	if err := ask(first); err != nil {
		t.Fatal(err)
	}
	if err := ask(second); err != nil {
		t.Fatal(err)
	}
	third.SetDeadline(time.Now().Add(100 * time.Millisecond))
	if ask(third) == nil {
		t.Error("a third connection is served")
	}
	first.Close()
	third.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := http.ReadResponse(bufio.NewReader(third), nil); err != nil { // its question waits
		t.Errorf("no slot after a connection closed: %v", err)
	}
}

func TestShutdown(t *testing.T) {
	start := func(t *testing.T, grace time.Duration) (*gate, string, context.CancelFunc, chan error) {
		g := newGate()
		s, err := New(Options{
			Addresses: []string{"127.0.0.1:0"}, Auth: testAuth(), Handlers: Handlers{Route53: g},
			Logger: slog.New(slog.DiscardHandler), Limits: Limits{ShutdownGrace: grace},
		})
		if err == nil {
			err = s.Listen()
		}
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		return g, "http://" + s.Addrs()[0].String(), cancel, done
	}
	t.Run("requests finish", func(t *testing.T) {
		g, base, cancel, done := start(t, 5*time.Second)
		conn := dial(t, base)
		io.WriteString(conn, rawSigned(t, base, "GET", "/2013-04-01/x", nil, ""))
		<-g.reached
		cancel()
		for { // until the listener is closed
			c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
			if err != nil {
				break
			}
			c.Close()
		}
		close(g.open)
		if response, body := readResponse(t, conn); response.StatusCode != 200 || body != "through" {
			t.Errorf("%d %s", response.StatusCode, body)
		}
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Run("slow ones are cut", func(t *testing.T) {
		g, base, cancel, done := start(t, 50*time.Millisecond)
		defer close(g.open)
		conn := dial(t, base)
		io.WriteString(conn, rawSigned(t, base, "GET", "/2013-04-01/x", nil, ""))
		<-g.reached
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		closedWithin(t, conn, time.Second)
	})
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	_, base := run(t, Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handlers: Handlers{Route53: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/2013-04-01/late" {
				w.Header().Set("Content-Length", "100")
				io.WriteString(w, "half an answer")
			}
			panic("a secret detail")
		})},
	})
	response, body := do(t, request(t, "GET", base+"/2013-04-01/early", "", admin, "route53"))
	if response.StatusCode != 500 || errorCode(t, response, body) != "InternalFailure" || strings.Contains(body, "secret") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	for _, want := range []string{"a secret detail", response.Header.Get(RequestIDHeader), "abuse_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
	late, err := http.DefaultClient.Do(request(t, "GET", base+"/2013-04-01/late", "", admin, "route53"))
	if err == nil {
		_, err = io.ReadAll(late.Body)
		late.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks whole")
	}
	if response, _ := do(t, request(t, "GET", base+"/healthz", "", admin, "")); response.StatusCode != 200 {
		t.Error("the server does not serve any more")
	}
}
