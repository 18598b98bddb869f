package httpserver

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"open53/internal/certificate/certtest"
	"open53/internal/sigv4"
)

func TestCheckLoopback(t *testing.T) {
	for _, good := range [][]string{nil, {"127.0.0.1:4566"}, {"127.8.9.10:0", "[::1]:4566", "localhost:4566"}, {"[::ffff:127.0.0.1]:1"}} {
		if err := CheckLoopback(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range []string{":4566", "0.0.0.0:4566", "[::]:4566", "192.0.2.1:4566", "example.com:4566", "localhost.example.com:1", "127.0.0.1", "", "[fe80::1]:1"} {
		if err := CheckLoopback([]string{"127.0.0.1:4566", bad}); err == nil {
			t.Errorf("%q is taken for the loopback interface", bad)
		}
	}
}

func TestLocalHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:4566": true, "LOCALHOST.": true, "route53.localhost:4566": true,
		"127.0.0.1:4566": true, "[::1]:4566": true, "[::1]": true, "192.0.2.1": true,
		"example.com": false, "example.com:4566": false, "localhost.example.com": false, "notlocalhost": false,
		"": false, "127.0.0.1.example.com": false, ":4566": false, "127.1": false,
	} {
		if got := localHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestLocalOnly(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes(), LocalOnly: true})
	for host, want := range map[string]int{"localhost:4566": 200, "rebound.example.com": 403} {
		r, _ := http.NewRequest("GET", base+"/2013-04-01/x", nil)
		r.Host = host
		if err := new(sigv4.Signer).Sign(r, nil, admin, "r", "route53", time.Now()); err != nil {
			t.Fatal(err)
		}
		response, body := do(t, r)
		if response.StatusCode != want || want == 403 && errorCode(t, response, body) != "AccessDenied" {
			t.Errorf("%s: %d %s", host, response.StatusCode, body)
		}
	}
}

// TestCrossSite: a web page elsewhere can make a browser send a presigned
// request, which needs no header that a form could not send.
func TestCrossSite(t *testing.T) {
	_, base := run(t, Options{Handlers: echoes()})
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"Sec-Fetch-Site", "cross-site", 403},
		{"Sec-Fetch-Site", "same-origin", 200},
		{"Origin", "https://evil.example.com", 403},
		{"Origin", base, 200},
		{"X-None", "", 200},
	} {
		r, _ := http.NewRequest("POST", base+"/2013-04-01/hostedzone", strings.NewReader("<a/>"))
		if err := new(sigv4.Signer).Presign(r, []byte("<a/>"), admin, "r", "route53", time.Now(), time.Minute); err != nil {
			t.Fatal(err)
		}
		r.Header.Set(c.header, c.value)
		if response, body := do(t, r); response.StatusCode != c.want {
			t.Errorf("%s %s: %d %s", c.header, c.value, response.StatusCode, body)
		}
	}
}

func TestMetricsFromElsewhere(t *testing.T) {
	for _, public := range []bool{false, true} {
		s, err := New(Options{Auth: testAuth(), Handlers: echoes(), PublicMetrics: public, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(remote, service string) int {
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.RemoteAddr = remote
			if service != "" {
				if err := new(sigv4.Signer).Sign(r, nil, admin, "r", service, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w.Code
		}
		anyone := 403
		if public {
			anyone = 200
		}
		if got := ask("192.0.2.1:1", ""); got != anyone {
			t.Errorf("public %v: a stranger elsewhere gets %d", public, got)
		}
		if got := ask("192.0.2.1:1", "open53"); got != 200 {
			t.Errorf("public %v: the admin elsewhere gets %d", public, got)
		}
		for _, here := range []string{"127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"} {
			if got := ask(here, ""); got != 200 {
				t.Errorf("public %v: %s gets %d", public, here, got)
			}
		}
	}
}

func TestTLS(t *testing.T) {
	certFile, keyFile, roots := certtest.Write(t, t.TempDir(), 1)
	_, base := run(t, Options{Handlers: echoes(), CertFile: certFile, KeyFile: keyFile, Limits: Limits{ReadHeaderTimeout: 300 * time.Millisecond}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	r := request(t, "POST", strings.Replace(base, "http:", "https:", 1)+"/2013-04-01/hostedzone", "<a/>", admin, "route53")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 || response.ProtoMajor != 1 || response.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s %s", response.Status, response.Proto)
	}
	closedWithin(t, dial(t, base), time.Second) // a handshake that never begins
}
