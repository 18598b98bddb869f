package prober

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"open53/internal/health"
)

// newProber is a Prober that does not run.
func newProber(t *testing.T, set func(*Config)) *Prober {
	t.Helper()
	cfg := testConfig(nil)
	cfg.Store = newFixture(t, nil).store
	cfg.Timeouts = Timeouts{TCP: time.Second, Connect: time.Second, Response: 200 * time.Millisecond, Body: 200 * time.Millisecond}
	if set != nil {
		set(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// once makes one probe.
func (p *Prober) once(t *testing.T, s health.Settings) result {
	t.Helper()
	return p.probe(newEndpoint(newCheck(t, "id", s)), time.Now())
}

// raw serves one response as it is written, and keeps the connection open.
func raw(response string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		_, _ = io.WriteString(c, response)
		_, _ = io.Copy(io.Discard, c)
	}
}

func compressed(t *testing.T, make func(io.Writer) (io.WriteCloser, error), text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := make(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func withLength(fields, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", fields, len(body), body)
}

// TestResponses: what a response means, for requests with and without a
// string to look for.
func TestResponses(t *testing.T) {
	gzipped := compressed(t, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }, "well, it is alive")
	zlibbed := compressed(t, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }, "well, it is alive")
	deflated := compressed(t, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 5) }, "well, it is alive")
	const missing = "Failure: HTTP Status Code 200, OK. The search string is not in the first 5120 bytes of the response body."
	const late = "Failure: The health checker did not receive a response within the timeout limit."
	const ok = "Success: HTTP Status Code 200, OK"
	for _, tt := range []struct {
		name, response, search, want string
	}{
		{"200", withLength("", "x"), "", ok},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", "", ok},
		{"no reason", "HTTP/1.1 200\r\n\r\n", "", ok},
		{"unknown code", "HTTP/1.1 299 Odd\r\n\r\n", "", "Success: HTTP Status Code 299"},
		{"redirect", "HTTP/1.1 301 x\r\nLocation: http://169.254.169.254/\r\n\r\n", "", "Success: HTTP Status Code 301, Moved Permanently"},
		{"399", "HTTP/1.1 399 x\r\n\r\n", "", "Success: HTTP Status Code 399"},
		{"400", "HTTP/1.1 400 x\r\n\r\n", "", "Failure: HTTP Status Code 400, Bad Request"},
		{"503", "HTTP/1.1 503 secret reason\r\n\r\n", "", "Failure: HTTP Status Code 503, Service Unavailable"},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + withLength("", "y"), "", ok},
		{"bare line feeds", "HTTP/1.1 200 OK\nA: b\n\nalive", "alive", ok},
		{"folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "", ok},
		{"not HTTP", "220 mail.example ESMTP\r\n\r\n", "", "Failure: The response is not valid: the response is not HTTP."},
		{"field without colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "", "Failure: The response is not valid: the response is not HTTP."},
		{"space before colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "", "Failure: The response is not valid: the response is not HTTP."},
		{"largest head", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead-24) + "\r\n\r\n", "", ok},
		{"head too long", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", maxHead-23) + "\r\n\r\n", "", "Failure: The response is not valid: the head of the response is longer than 16384 bytes."},
		{"silence", "", "", late},
		{"half a head", "HTTP/1.1 200 OK\r\nA:", "", late},
		{"found", withLength("", "it is alive"), "alive", ok},
		{"case counts", withLength("", "it is ALIVE"), "alive", missing},
		{"not found", withLength("", "it is dead"), "alive", missing},
		{"empty body", withLength("", ""), "alive", missing},
		{"no body", "HTTP/1.1 204 x\r\n\r\nalive", "alive", "Failure: HTTP Status Code 204, No Content. The search string is not in the first 5120 bytes of the response body."},
		{"ends at 5120", withLength("", strings.Repeat("x", maxBody-5)+"alive"+strings.Repeat("x", 99)), "alive", ok},
		{"ends at 5121", withLength("", strings.Repeat("x", maxBody-4)+"alive"+strings.Repeat("x", 99)), "alive", missing},
		{"endless body", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1<<20), "alive", missing},
		{"body late", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxx", "alive", "Failure: HTTP Status Code 200, OK. The response body was not received within the timeout limit."},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nali\r\n2\r\nve\r\n0\r\n\r\n", "alive", ok},
		{"chunk sizes are no content", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nali\r\n2\r\nve\r\n0\r\n\r\n", "3\r\n", missing},
		{"behind the length", withLength("", "it is ") + "alive", "alive", missing},
		{"gzip", withLength("Content-Encoding: gzip\r\n", gzipped), "alive", ok},
		{"deflate", withLength("content-encoding: Deflate\r\n", zlibbed), "alive", ok},
		{"raw deflate", withLength("Content-Encoding: deflate\r\n", deflated), "alive", ok},
		{"broken gzip", withLength("Content-Encoding: gzip\r\n", "alive"), "alive", missing},
		{"another encoding", withLength("Content-Encoding: br\r\n", gzipped), "alive", missing},
		{"error with the string", "HTTP/1.1 500 x\r\n\r\nalive", "alive", "Failure: HTTP Status Code 500, Internal Server Error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, nil)
			s := at(health.HTTP, serve(t, raw(tt.response)))
			if tt.search != "" {
				s.Type, s.SearchString = health.HTTPMatch, tt.search
			}
			r := p.once(t, s)
			if r.text != tt.want {
				t.Errorf("got  %s\nwant %s", r.text, tt.want)
			}
			if (r.outcome == succeeded) != strings.HasPrefix(tt.want, "Success") {
				t.Errorf("outcome is %s", outcomeNames[r.outcome])
			}
			if r.checker != "127.0.0.1" {
				t.Errorf("the checker is %q", r.checker)
			}
		})
	}
}

// TestRequest: what an endpoint is asked.
func TestRequest(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings health.Settings
		line     string
		host     string
	}{
		{"address", health.Settings{Type: health.HTTP, Address: "192.0.2.1"}, "GET / HTTP/1.1", "192.0.2.1"},
		{"address with a port", health.Settings{Type: health.HTTP, Address: "192.0.2.1", Port: 8080}, "GET / HTTP/1.1", "192.0.2.1:8080"},
		{"IPv6", health.Settings{Type: health.HTTPS, Address: "2001:db8::1", Port: 8443}, "GET / HTTP/1.1", "[2001:db8::1]:8443"},
		{"name", health.Settings{Type: health.HTTPS, Name: "www.example.com."}, "GET / HTTP/1.1", "www.example.com"},
		{"name on the other scheme's port", health.Settings{Type: health.HTTP, Name: "a.example", Port: 443}, "GET / HTTP/1.1", "a.example:443"},
		{"HTTPS on 80", health.Settings{Type: health.HTTPS, Name: "a.example", Port: 80}, "GET / HTTP/1.1", "a.example:80"},
		{"name and address", health.Settings{Type: health.HTTP, Address: "192.0.2.1", Name: "a.example"}, "GET / HTTP/1.1", "a.example"},
		{"path", health.Settings{Type: health.HTTP, Name: "a.example", Path: "/a/b?c=d&e"}, "GET /a/b?c=d&e HTTP/1.1", "a.example"},
		{"path without a slash", health.Settings{Type: health.HTTP, Name: "a.example", Path: "up?x"}, "GET /up?x HTTP/1.1", "a.example"},
		{"path with a space", health.Settings{Type: health.HTTP, Name: "a.example", Path: "/a b HTTP/1.1é"}, "GET /a%20b%20HTTP/1.1%C3%A9 HTTP/1.1", "a.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEndpoint(newCheck(t, "11111111-2222-3333-4444-555555555555", tt.settings))
			want := tt.line + "\r\nHost: " + tt.host + "\r\nConnection: close\r\n" +
				"User-Agent: Amazon-Route53-Health-Check-Service (ref 11111111-2222-3333-4444-555555555555; report http://amzn.to/1vsZADi)\r\n" +
				"Accept: */*\r\nAccept-Encoding: *\r\n\r\n"
			if string(e.request) != want {
				t.Errorf("got  %q\nwant %q", e.request, want)
			}
		})
	}
}

func TestTCP(t *testing.T) {
	p := newProber(t, nil)
	open := serve(t, func(net.Conn) {})
	if r := p.once(t, at(health.TCP, open)); r.outcome != succeeded || r.connect <= 0 {
		t.Errorf("an open port: %+v", r)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	r := p.once(t, at(health.TCP, closed.Addr().String()))
	if want := "Failure: The health checker could not establish a connection: connection refused."; r.outcome != failedConnect || r.text != want {
		t.Errorf("a closed port: %+v", r)
	}
}

// TestConnectTimeout: an endpoint that does not take connections. A listener
// with a full backlog is the one that loopback has.
func TestConnectTimeout(t *testing.T) {
	p := newProber(t, func(c *Config) { c.Timeouts.TCP = 50 * time.Millisecond })
	l := fullListener(t)
	begin := time.Now()
	r := p.once(t, at(health.TCP, l))
	if want := "Failure: The health checker could not establish a connection within the timeout limit."; r.text != want {
		t.Errorf("%+v", r)
	}
	if elapsed := time.Since(begin); elapsed > time.Second {
		t.Errorf("took %s", elapsed)
	}
}

func TestTLS(t *testing.T) {
	p := newProber(t, nil)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive") }))
	s.Config.ErrorLog = quiet
	s.StartTLS()
	defer s.Close()
	address := s.Listener.Addr().String()

	t.Run("own certificate", func(t *testing.T) {
		r := p.once(t, at(health.HTTPS, address))
		if r.outcome != succeeded || r.handshake <= 0 || r.firstByte <= 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("string", func(t *testing.T) {
		settings := at(health.HTTPSMatch, address)
		settings.SearchString = "alive"
		if r := p.once(t, settings); r.outcome != succeeded {
			t.Errorf("%+v", r)
		}
	})
	t.Run("no TLS there", func(t *testing.T) {
		r := p.once(t, at(health.HTTPS, serve(t, raw("HTTP/1.1 400 x\r\n\r\n"))))
		if r.outcome != failedHandshake {
			t.Errorf("%+v", r)
		}
	})
	t.Run("alert", func(t *testing.T) {
		picky := httptest.NewUnstartedServer(http.NotFoundHandler())
		picky.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, fmt.Errorf("no") }}
		picky.Config.ErrorLog = quiet
		picky.StartTLS()
		defer picky.Close()
		r := p.once(t, at(health.HTTPS, picky.Listener.Addr().String()))
		if want := "Failure: SSL alert internal_error."; r.text != want {
			t.Errorf("got  %s\nwant %s", r.text, want)
		}
	})
	t.Run("plain HTTP to a TLS server", func(t *testing.T) {
		if r := p.once(t, at(health.HTTP, address)); r.outcome != failedStatus {
			t.Errorf("%+v", r)
		}
	})
}

// TestSNI: the name is sent, and where the certificate is not of the name, a
// second handshake goes without it.
func TestSNI(t *testing.T) {
	names := make(chan string, 10)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		names <- h.ServerName
		return nil, nil //nolint:nilnil // as the library has it
	}}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	defer s.Close()
	p := newProber(t, nil)
	for _, tt := range []struct {
		name string
		sni  bool
		want string
	}{
		{"example.com", true, "example.com"}, // httptest's certificate has it
		{"other.example", true, "other.example, none"},
		{"other.example", false, "none"},
	} {
		settings := at(health.HTTPS, s.Listener.Addr().String())
		settings.Name, settings.EnableSNI = tt.name, tt.sni
		check := newCheck(t, "id", settings)
		check.Settings.EnableSNI = tt.sni
		p.probe(newEndpoint(check), time.Now())
		var got []string
		for len(names) > 0 {
			name := <-names
			if name == "" {
				name = "none"
			}
			got = append(got, name)
		}
		if text := strings.Join(got, ", "); text != tt.want {
			t.Errorf("%s, SNI %t: sent %s, want %s", tt.name, tt.sni, text, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	l := serve(t, raw(withLength("", "")))
	names := &resolver{names: map[string][]netip.Addr{
		"up.example.":     {netip.MustParseAddr("127.0.0.1")},
		"meta.example.":   {netip.MustParseAddr("169.254.169.254")},
		"mapped.example.": {netip.MustParseAddr("::ffff:169.254.169.254")},
	}}
	p := newProber(t, func(c *Config) { c.Resolver = names })
	for _, tt := range []struct{ name, want string }{
		{"up.example", "Success: HTTP Status Code: 200. Resolved IP: 127.0.0.1. OK"},
		{"none.example", "Failure: DNS resolution failed: no such host."},
		{"meta.example", "Failure: Resolved IP: 169.254.169.254. The health checker does not connect to 169.254.169.254."},
		{"mapped.example", "Failure: Resolved IP: 169.254.169.254. The health checker does not connect to 169.254.169.254."},
	} {
		s := at(health.HTTP, l)
		s.Address, s.Name = "", tt.name
		if r := p.once(t, s); r.text != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, r.text, tt.want)
		}
	}
	asked := names.asked
	for range 100 {
		s := at(health.HTTP, l)
		s.Address, s.Name = "", "up.example"
		p.once(t, s)
	}
	if names.asked != asked {
		t.Errorf("%d more lookups of a name that was just looked up", names.asked-asked)
	}
}

func TestGuard(t *testing.T) {
	deny := prefixes("169.254.0.0/16", "fd00:ec2::/32", "192.0.2.0/24")
	for _, tt := range []struct {
		address       string
		usual, public bool // private allowed, or not
	}{
		{"8.8.8.8", true, true},
		{"2606:4700::1", true, true},
		{"127.0.0.1", true, false},
		{"::1", true, false},
		{"10.1.2.3", true, false},
		{"100.64.1.1", true, false},
		{"fd12::1", true, false},
		{"fe80::1", true, false},
		{"::ffff:10.1.2.3", true, false},
		{"64:ff9b::a01:203", true, false},
		{"64:ff9b::808:808", true, true},
		{"64:ff9b::a9fe:a9fe", false, false},
		{"169.254.169.254", false, false},
		{"::ffff:169.254.169.254", false, false},
		{"169.254.1.1", false, false},
		{"fd00:ec2::254", false, false},
		{"fd00:ec2:1::1", false, false},
		{"192.0.2.77", false, false},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"224.0.0.1", false, false},
		{"ff02::1", false, false},
		{"100.100.100.200", false, false},
	} {
		a := netip.MustParseAddr(tt.address)
		if got := (guard{deny: deny, private: true}).allows(a); got != tt.usual {
			t.Errorf("%s: %t by default", a, got)
		}
		if got := (guard{deny: deny}).allows(a); got != tt.public {
			t.Errorf("%s: %t without private addresses", a, got)
		}
	}
	if (guard{private: true}).allows(netip.MustParseAddr("169.254.169.254")) {
		t.Error("an empty deny list opens the metadata service")
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody!"))
	f.Add([]byte("HTTP/1.0 404\nTransfer-Encoding: chunked\nContent-Encoding: GZIP\n\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := headEnd(b)
		if end < 0 {
			return
		}
		h, err := parseHead(b[:end])
		if err != nil {
			return
		}
		if h.status < 100 || h.status > 999 || h.length < -1 {
			t.Fatalf("%q is %+v", b, h)
		}
		// What a well-known parser reads too, it reads the same.
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
		if err == nil && theirs.StatusCode != h.status {
			t.Fatalf("%q: status %d, theirs %d", b, h.status, theirs.StatusCode)
		}
	})
}
