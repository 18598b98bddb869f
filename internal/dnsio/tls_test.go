package dnsio

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"open53/internal/certificate/certtest"
)

// TestTLS: DNS over TLS speaks TLS 1.3 with ALPN "dot" and nothing less
// (RFC 7858, RFC 9103 §7.1, §8.2).
func TestTLS(t *testing.T) {
	certFile, keyFile, roots := certtest.Write(t, t.TempDir(), 1)
	s, err := Listen(Config{TLS: []string{"127.0.0.1:0", "[::1]:0"}, TLSCert: certFile, TLSKey: keyFile}, func() Handler { return echo{} })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for _, to := range s.TLSAddrs() {
		for name, test := range map[string]struct {
			config *tls.Config
			ok     bool
		}{
			"with ALPN":    {&tls.Config{NextProtos: []string{"dot"}}, true},
			"without ALPN": {&tls.Config{}, true},
			"other ALPN":   {&tls.Config{NextProtos: []string{"h2"}}, false},
			"TLS 1.2":      {&tls.Config{MaxVersion: tls.VersionTLS12}, false},
		} {
			test.config.RootCAs = roots
			conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", to.String(), test.config)
			if (err == nil) != test.ok {
				t.Errorf("%s %s: %v", to, name, err)
			}
			if err != nil {
				continue
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := conn.Write(append(frame("xxone"), frame("xxtwo")...)); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"\x02\x35one", "\x02\x35two"} {
				if got, err := readFrame(conn); err != nil || got != want {
					t.Errorf("%s %s: %q, %v", to, name, got, err)
				}
			}
			_ = conn.Close()
		}
	}
}

// TestTLSHandshakeTime: a client that connects and says nothing is cut.
func TestTLSHandshakeTime(t *testing.T) {
	certFile, keyFile, _ := certtest.Write(t, t.TempDir(), 1)
	s, err := Listen(Config{TLS: []string{"127.0.0.1:0"}, TLSCert: certFile, TLSKey: keyFile, TCP: TCPLimits{Idle: 200 * time.Millisecond}}, func() Handler { return echo{} })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	conn := dialTCP(t, s.TLSAddrs()[0])
	begin := time.Now()
	if _, err := conn.Read(make([]byte, 1)); err == nil || time.Since(begin) > 3*time.Second {
		t.Errorf("still open after %s: %v", time.Since(begin), err)
	}
}

// TestTLSWithoutCertificate ends in one clear error.
func TestTLSWithoutCertificate(t *testing.T) {
	if _, err := Listen(Config{TLS: []string{"127.0.0.1:0"}, TLSCert: "missing.pem", TLSKey: "missing.pem"}, nil); err == nil {
		t.Error("served without a certificate")
	}
}
