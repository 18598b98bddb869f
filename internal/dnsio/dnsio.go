// Package dnsio carries DNS messages: sockets and buffers, nothing of their
// meaning.
//
//	UDP: one worker per core, each with its own SO_REUSEPORT socket and its own
//	     Handler; on Linux it receives and sends batches of messages
//	     (recvmmsg, sendmmsg), elsewhere one at a time
//	TCP: one goroutine per connection, pipelined queries, answers in order
//
// Run owns all sockets and goroutines and returns when they are gone. Handlers
// are made per UDP worker and pooled for TCP, so that none is ever used by two
// goroutines at once.
package dnsio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/internal/certificate"
	"open53/internal/dnswire"
)

// Handler answers messages for one goroutine at a time.
type Handler interface {
	// Respond appends the response to reply[:0] and returns it, or nil to send
	// nothing. The response never exceeds reply's capacity.
	Respond(reply, msg []byte, client netip.Addr, transport dnswire.Transport) []byte
}

// BatchHandler is a Handler that gains from seeing a batch of UDP messages
// before it answers them: Prepare for each, Fetch once, RespondPrepared for
// each. The snapshot of Prepare(0) answers the whole batch.
type BatchHandler interface {
	Handler
	Prepare(i int, msg []byte, client netip.Addr)
	Fetch(n int)
	RespondPrepared(i int, reply, msg []byte, client netip.Addr) []byte
}

// Config of a Server. The zero value of each limit takes its default.
type Config struct {
	// Listen are addresses ("127.0.0.1:5454", "[::]:53") that are served over
	// UDP and TCP. Port 0 takes a free one, the same for both.
	Listen []string
	// Workers is how many UDP sockets each address gets; default: one per
	// core.
	Workers int
	// Portable avoids the batched system calls.
	Portable bool
	// Steer binds each worker to a processor and gives it the packets that
	// arrive there (Linux). It is for cards with a queue for each processor.
	Steer bool
	// MaxUDP is the largest response that handlers make, in bytes. Up to 1232
	// it is sent with DF set, as it passes every usual path whole.
	MaxUDP int
	// TLS are addresses of DNS over TLS (RFC 7858), TLSCert and TLSKey the PEM
	// files of its certificate. TLS 1.3 alone, as RFC 9103 §7 asks for zone
	// transfers.
	TLS             []string
	TLSCert, TLSKey string
	TCP             TCPLimits
	Log             *slog.Logger
}

// TCPLimits bound what clients can hold on to.
type TCPLimits struct {
	Connections int           // in all; default 4096
	PerClient   int           // of one address; default 128
	Idle        time.Duration // without a query; default 10 s (RFC 7766 §6.2.3)
	Message     time.Duration // from the first byte of a message to its last; default 5 s
	Write       time.Duration // for a client that does not read; default 5 s
}

func (l *TCPLimits) defaults() {
	if l.Connections == 0 {
		l.Connections = 4096
	}
	if l.PerClient == 0 {
		l.PerClient = 128
	}
	if l.Idle == 0 {
		l.Idle = 10 * time.Second
	}
	if l.Message == 0 {
		l.Message = 5 * time.Second
	}
	if l.Write == 0 {
		l.Write = 5 * time.Second
	}
}

// unfragmented is the largest response that goes out with DF set.
const unfragmented = 1232

// udpConfig is what a UDP socket needs to know.
type udpConfig struct {
	portable     bool
	dontFragment bool
}

// Server is a set of bound sockets.
type Server struct {
	config  Config
	handler func() Handler
	udp     []udpSocket
	tcp     []net.Listener
	tls     []net.Listener
	stream  *streamServer
}

// udpSocket is one bound UDP socket.
type udpSocket interface {
	// serve answers messages until ctx ends.
	serve(ctx context.Context, h Handler) error
	addr() netip.AddrPort
	close()
}

// Listen binds all addresses. handler makes a Handler per worker.
func Listen(config Config, handler func() Handler) (*Server, error) {
	if config.Workers == 0 {
		config.Workers = runtime.GOMAXPROCS(0)
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.TCP.defaults()
	s := &Server{config: config, handler: handler, stream: newStreamServer(config.TCP, handler)}
	err := s.bindTLS()
	for _, address := range config.Listen {
		if err == nil {
			err = s.bind(address)
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// bindTLS opens the listeners of DNS over TLS.
func (s *Server) bindTLS() error {
	if len(s.config.TLS) == 0 {
		return nil
	}
	pair, err := certificate.Open(s.config.TLSCert, s.config.TLSKey, s.config.Log)
	if err != nil {
		return fmt.Errorf("listen for DNS over TLS: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"dot"}, GetCertificate: pair.Get}
	for _, address := range s.config.TLS {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("listen for DNS over TLS on %q: want ADDRESS:PORT", address)
		}
		l, err := listenTCP(at)
		if err != nil {
			return fmt.Errorf("listen for DNS over TLS on %s: %w", address, err)
		}
		s.tls = append(s.tls, tls.NewListener(l, config))
	}
	return nil
}

// bind opens the sockets of one address.
func (s *Server) bind(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("listen for DNS on %q: want ADDRESS:PORT, such as 127.0.0.1:5454 or [::]:53", address)
	}
	for attempt := 0; ; attempt++ {
		err = s.bindBoth(at)
		// A free UDP port may be taken over TCP: try others.
		if err == nil || at.Port() != 0 || attempt == 20 {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("listen for DNS on %s: %w", address, err)
	}
	return nil
}

func (s *Server) bindBoth(at netip.AddrPort) (err error) {
	first := len(s.udp)
	defer func() {
		if err != nil {
			for _, u := range s.udp[first:] {
				u.close()
			}
			s.udp = s.udp[:first]
		}
	}()
	for range s.config.Workers {
		u, err := listenUDP(at, udpConfig{
			portable:     s.config.Portable,
			dontFragment: s.config.MaxUDP > 0 && s.config.MaxUDP <= unfragmented,
		})
		if err != nil {
			return err
		}
		s.udp = append(s.udp, u)
		at = netip.AddrPortFrom(at.Addr(), u.addr().Port())
	}
	if s.config.Steer {
		if err := steer(s.udp[first:]); err != nil {
			return err
		}
	}
	l, err := listenTCP(at)
	if err != nil {
		return err
	}
	s.tcp = append(s.tcp, l)
	return nil
}

// Addrs are the bound addresses, one per entry of Config.Listen.
func (s *Server) Addrs() []netip.AddrPort { return addrsOf(s.tcp) }

// TLSAddrs are the bound addresses of DNS over TLS.
func (s *Server) TLSAddrs() []netip.AddrPort { return addrsOf(s.tls) }

func addrsOf(listeners []net.Listener) []netip.AddrPort {
	addrs := make([]netip.AddrPort, len(listeners))
	for i, l := range listeners {
		addrs[i] = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return addrs
}

// Run serves until ctx ends, then closes everything.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, u := range s.udp {
		group.Go(func() error { return u.serve(ctx, s.handler()) })
	}
	for _, l := range s.tcp {
		group.Go(func() error { return s.stream.accept(ctx, l, dnswire.TCP) })
	}
	for _, l := range s.tls {
		group.Go(func() error { return s.stream.accept(ctx, l, dnswire.TLS) })
	}
	group.Go(func() error {
		<-ctx.Done()
		s.Close()
		return nil
	})
	err := group.Wait()
	s.stream.wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Close closes all sockets; Run returns soon after.
func (s *Server) Close() {
	for _, u := range s.udp {
		u.close()
	}
	for _, l := range append(s.tcp, s.tls...) {
		_ = l.Close()
	}
}

func listenTCP(at netip.AddrPort) (net.Listener, error) {
	network := "tcp4"
	if at.Addr().Is6() {
		network = "tcp6" // IPv6 alone: IPv4 has its own listener
	}
	return (&net.ListenConfig{}).Listen(context.Background(), network, at.String())
}
