package prober

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"open53/internal/health"
)

// outcome is what became of a probe.
type outcome uint8

const (
	succeeded       outcome = iota
	failedLookup            // the name has no address
	failedRefused           // the address may not be connected to
	failedConnect           // no connection
	failedHandshake         // no TLS
	failedResponse          // no response in time, or none that is HTTP
	failedStatus            // not 200 to 399
	failedMatch             // the string is not in the body
	outcomes
)

// outcomeNames are labels of metrics.
var outcomeNames = [outcomes]string{
	"success", "dns_failed", "address_refused", "connect_failed", "tls_failed", "response_failed", "status_failed", "match_failed",
}

// result is one probe. Its text tells what happened, and nothing of what the
// endpoint sent but its status code.
type result struct {
	outcome outcome
	text    string
	checker string // address that the probe came from
	end     time.Time
	// Times; 0 is not measured.
	lookup, connect, handshake, firstByte time.Duration
}

// attempt is a probe under way.
type attempt struct {
	*result
	prober   *Prober
	endpoint *endpoint
	remote   netip.AddrPort
	resolved string // "Resolved IP: 192.0.2.2. " for endpoints with a name
	conn     net.Conn
}

// probe makes one probe from beginning to end.
func (p *Prober) probe(e *endpoint, begin time.Time) (r result) {
	limit := p.cfg.Timeouts.Connect
	if e.kind == health.TCP {
		limit = p.cfg.Timeouts.TCP
	}
	a := &attempt{result: &r, prober: p, endpoint: e}
	defer func() {
		if a.conn != nil {
			_ = a.conn.Close() // nothing more is expected
		}
		r.end = time.Now()
	}()
	ctx, stop := context.WithDeadline(context.Background(), begin.Add(limit))
	defer stop()
	if !a.open(ctx, begin) {
		return r
	}
	switch {
	case e.kind == health.TCP:
		a.succeed("The connection was established.")
		// A reset leaves no TIME_WAIT behind: tens of thousands of checks of
		// one endpoint would use up the local ports.
		if conn, ok := a.conn.(*net.TCPConn); ok {
			_ = conn.SetLinger(0)
		}
	case !e.kind.OverTLS() || a.secure(ctx):
		a.converse()
	}
	return r
}

func (a *attempt) fail(o outcome, text string) bool {
	a.outcome, a.text = o, "Failure: "+a.resolved+text
	return false
}

func (a *attempt) succeed(text string) { a.outcome, a.text = succeeded, "Success: "+a.resolved+text }

// open finds the address and connects to it.
func (a *attempt) open(ctx context.Context, begin time.Time) bool {
	address := a.endpoint.address
	if !address.IsValid() {
		addrs, err := a.prober.names.addresses(ctx, a.endpoint.name)
		a.lookup = time.Since(begin)
		if err != nil {
			return a.fail(failedLookup, "DNS resolution failed: "+lookupText(err)+".")
		}
		address = addrs[rand.IntN(len(addrs))] // as whoever asks the name would
		a.resolved = "Resolved IP: " + address.String() + ". "
	}
	if !a.prober.guard.allows(address) {
		return a.fail(failedRefused, "The health checker does not connect to "+address.String()+".")
	}
	a.remote = netip.AddrPortFrom(address, a.endpoint.port)
	return a.dial(ctx)
}

func lookupText(err error) string {
	var failed *net.DNSError
	switch {
	case isNotFound(err):
		return "no such host"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &failed) && failed.IsTimeout:
		return "timeout"
	case errors.As(err, &failed):
		return failed.Err
	}
	return err.Error()
}

func (a *attempt) dial(ctx context.Context) bool {
	dialer := net.Dialer{KeepAlive: -1}
	begin := time.Now()
	conn, err := dialer.DialTCP(ctx, "tcp", netip.AddrPort{}, a.remote)
	if err != nil {
		return a.fail(failedConnect, connectText(err))
	}
	a.connect, a.conn = time.Since(begin), conn
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		a.checker = local.AddrPort().Addr().Unmap().WithZone("").String()
	}
	return true
}

func connectText(err error) string {
	var number syscall.Errno
	switch {
	case isTimeout(err):
		return "The health checker could not establish a connection within the timeout limit."
	case errors.As(err, &number):
		return "The health checker could not establish a connection: " + number.Error() + "."
	}
	return "The health checker could not establish a connection."
}

func isTimeout(err error) bool {
	var timed net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}

// secure makes the TLS handshake. Where the certificate is not of the name
// that was sent, one more is made without a name, as Route 53 does. RFC 6066
// §3 leaves to servers what they do about names they do not have.
func (a *attempt) secure(ctx context.Context) bool {
	begin := time.Now()
	conn, ok := a.shake(ctx, a.endpoint.sni)
	if !ok {
		return false
	}
	if name := a.endpoint.sni; name != "" {
		certificates := conn.ConnectionState().PeerCertificates
		if len(certificates) > 0 && certificates[0].VerifyHostname(name) != nil {
			_ = conn.Close() // given up for another one
			if !a.dial(ctx) {
				return false
			}
			begin = time.Now()
			if conn, ok = a.shake(ctx, ""); !ok {
				return false
			}
		}
	}
	a.handshake, a.conn = time.Since(begin), conn
	return true
}

func (a *attempt) shake(ctx context.Context, name string) (*tls.Conn, bool) {
	settings := tlsSettings.Clone()
	settings.ServerName = name
	conn := tls.Client(a.conn, settings)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, a.fail(failedHandshake, handshakeText(err))
	}
	return conn, true
}

// tlsSettings let in whatever a server speaks: a health check asks whether
// somebody answers, not how safely.
var tlsSettings = &tls.Config{
	InsecureSkipVerify: true, //nolint:gosec // Route 53 validates no certificates
	MinVersion:         tls.VersionTLS10,
	CipherSuites:       allSuites(),
	// A post-quantum key share would cost more than all the rest.
	CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
}

func allSuites() []uint16 {
	var ids []uint16
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, suite := range list {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}

func handshakeText(err error) string {
	var alert tls.AlertError
	var header tls.RecordHeaderError
	switch {
	case isTimeout(err):
		return "The health checker could not complete the SSL handshake within the timeout limit."
	case errors.As(err, &header):
		return "The endpoint does not speak SSL."
	case errors.As(err, &alert):
		return "SSL alert " + alertName(alert) + "."
	}
	// An alert that the server sends comes as a text of package tls.
	if _, alert, found := strings.Cut(err.Error(), "remote error: tls: "); found {
		return "SSL alert " + strings.ReplaceAll(strings.TrimSpace(alert), " ", "_") + "."
	}
	return "The SSL handshake failed."
}

func alertName(a tls.AlertError) string {
	return strings.ReplaceAll(strings.TrimPrefix(a.Error(), "tls: "), " ", "_")
}
