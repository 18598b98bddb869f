// Package httpserver is the one set of listeners for every HTTP service of a
// node: the AWS-shaped ones, the admin API, health and metrics. It is wiring
// for net/http, and it alone decides who is let in.
//
// A request passes these steps; each may end it with an error document in the
// form of the service it was meant for:
//
//	request id → open paths (/healthz, /readyz) → in-flight limit → Parse
//	credentials → find the service → Identify the key → read the body, limited
//	→ Verify the signature → the service's handler
//
// A service is found by the signing scope of the credentials, or else by
// target header or path. Handlers find the caller, the body and the request id
// in the context (access.RequestFrom), and r.Body reads the body once more.
//
// Invariant: but for the open paths no handler runs without a caller. Slow and
// silent clients are cut by time limits, greedy ones by size limits; a panic
// costs one client its answer and nobody else anything.
//
// Concurrency: all of Server is safe for concurrent use once Listen has
// returned. Run owns the goroutines and returns when they are done.
package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"open53/internal/access"
	"open53/internal/certificate"
)

// Options configure a Server.
type Options struct {
	// Addresses to listen on, "host:port"; port 0 takes a free one.
	Addresses []string
	// CertFile and KeyFile (PEM) turn TLS on, on all addresses. They are read
	// again when they change.
	CertFile, KeyFile string
	// LocalOnly refuses requests whose Host is not a name of this machine, so
	// that a web page cannot reach a server that trusts the loopback
	// interface (DNS rebinding).
	LocalOnly bool
	// PublicMetrics serves /metrics to everyone. Otherwise those who are not
	// on this machine need credentials; behind a proxy on this machine all
	// clients seem to be.
	PublicMetrics bool
	Limits        Limits
	Auth          *access.Authenticator
	Handlers      Handlers
	// Ready says why the node cannot serve yet; nil is ready.
	Ready func() error
	// Observe hears of every finished request; may be nil. service is one of
	// the names of the handlers, "health", "metrics" or "unknown".
	Observe func(service string, status int, elapsed time.Duration)
	Logger  *slog.Logger
}

// Limits bound what clients can take. A zero field is its default.
type Limits struct {
	HeaderBytes       int           // 64 KiB; net/http adds 4 KiB of slack
	BodyBytes         int64         // 4 MiB
	ReadHeaderTimeout time.Duration // 10 s, the TLS handshake included
	ReadTimeout       time.Duration // 30 s for a whole request
	WriteTimeout      time.Duration // 60 s from the end of the header to the end of the answer
	IdleTimeout       time.Duration // 120 s between requests
	Connections       int           // 4096; more wait to be accepted
	InFlight          int           // 1024; more are told ServiceUnavailable
	ShutdownGrace     time.Duration // 10 s for requests to finish when Run ends
}

func (l *Limits) setDefaults() {
	setDefault(&l.HeaderBytes, 64<<10)
	setDefault(&l.BodyBytes, 4<<20)
	setDefault(&l.ReadHeaderTimeout, 10*time.Second)
	setDefault(&l.ReadTimeout, 30*time.Second)
	setDefault(&l.WriteTimeout, 60*time.Second)
	setDefault(&l.IdleTimeout, 120*time.Second)
	setDefault(&l.Connections, 4096)
	setDefault(&l.InFlight, 1024)
	setDefault(&l.ShutdownGrace, 10*time.Second)
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Server serves.
type Server struct {
	options   Options
	routes    *routes
	http      *http.Server
	tls       *tls.Config // nil: plain
	listeners []net.Listener

	inFlight atomic.Int64
	draining atomic.Bool
}

// New makes a Server. Errors: a certificate that cannot be read.
func New(o Options) (*Server, error) {
	o.Limits.setDefaults()
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(string, int, time.Duration) {}
	}
	s := &Server{options: o, routes: newRoutes(o.Handlers)}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // as Amazon's endpoint; half the surface
	s.http = &http.Server{
		Handler:                      s,
		Protocols:                    protocols,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            o.Limits.ReadHeaderTimeout,
		ReadTimeout:                  o.Limits.ReadTimeout,
		WriteTimeout:                 o.Limits.WriteTimeout,
		IdleTimeout:                  o.Limits.IdleTimeout,
		MaxHeaderBytes:               o.Limits.HeaderBytes,
		ErrorLog:                     slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug), // clients' faults
	}
	if o.CertFile != "" || o.KeyFile != "" {
		c, err := certificate.Open(o.CertFile, o.KeyFile, o.Logger)
		if err != nil {
			return nil, err
		}
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: c.Get}
	}
	return s, nil
}

// Listen binds all addresses, or none. Clients that connect wait for Run.
func (s *Server) Listen() error {
	slots := make(chan struct{}, s.options.Limits.Connections)
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3, // half-open ones last a minute
	}}
	for _, address := range s.options.Addresses {
		l, err := config.Listen(context.Background(), "tcp", address)
		if err != nil {
			s.closeListeners()
			return fmt.Errorf("listen for HTTP: %w", err)
		}
		l = newLimitedListener(l, slots)
		if s.tls != nil {
			l = tls.NewListener(l, s.tls)
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

func (s *Server) closeListeners() {
	for _, l := range s.listeners {
		l.Close() //nolint:errcheck // nothing was accepted yet
	}
	s.listeners = nil
}

// Addrs are the addresses bound, in the order of Options.Addresses.
func (s *Server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.listeners))
	for i, l := range s.listeners {
		addrs[i] = l.Addr()
	}
	return addrs
}

// Run serves what Listen has bound until ctx ends, then lets requests finish
// for Limits.ShutdownGrace and cuts the rest. Nil unless a listener failed.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		go func() { failed <- s.http.Serve(l) }()
	}
	var err error
	running := len(s.listeners)
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("serve HTTP: %w", err)
		running--
	}
	s.draining.Store(true)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Limits.ShutdownGrace)
	defer cancel()
	if s.http.Shutdown(grace) != nil { // somebody is too slow
		err = errors.Join(err, s.http.Close())
	}
	for range running {
		if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("serve HTTP: %w", e))
		}
	}
	return err
}
