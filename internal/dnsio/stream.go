package dnsio

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"open53/internal/dnswire"
)

// streamServer answers queries over connections: TCP now, and whatever else
// frames messages by length (RFC 7766 §8).
type streamServer struct {
	limits  TCPLimits
	pool    sync.Pool // of *streamWorker
	running sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	open    map[net.Conn]netip.Addr
	clients map[netip.Addr]int
}

// streamWorker is what a connection needs only while it has something to say.
type streamWorker struct {
	handler Handler
	msg     []byte
	reply   []byte
}

func newStreamServer(limits TCPLimits, handler func() Handler) *streamServer {
	return &streamServer{
		limits: limits, open: map[net.Conn]netip.Addr{}, clients: map[netip.Addr]int{},
		pool: sync.Pool{New: func() any {
			return &streamWorker{
				handler: handler(), msg: make([]byte, 0, dnswire.MaxMessage),
				reply: make([]byte, 0, dnswire.MaxMessage),
			}
		}},
	}
}

// accept serves a listener until it is closed.
func (s *streamServer) accept(ctx context.Context, l net.Listener, transport dnswire.Transport) error {
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, or the client is gone already
			time.Sleep(5 * time.Millisecond)
			continue
		}
		client := clientOf(conn)
		if !s.admit(conn, client) {
			_ = conn.Close()
			continue
		}
		s.running.Go(func() {
			defer s.release(conn)
			s.serve(conn, client, transport)
		})
	}
}

func clientOf(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// admit counts a connection, unless a limit is reached.
func (s *streamServer) admit(conn net.Conn, client netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= s.limits.Connections || s.clients[client] >= s.limits.PerClient {
		return false
	}
	s.open[conn] = client
	s.clients[client]++
	return true
}

func (s *streamServer) release(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	client := s.open[conn]
	delete(s.open, conn)
	if s.clients[client]--; s.clients[client] == 0 {
		delete(s.clients, client)
	}
}

// wait closes what is still open and returns when all connections are done.
func (s *streamServer) wait() {
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// serve answers one connection's queries in order. Answers to queries that
// arrived together leave together.
func (s *streamServer) serve(conn net.Conn, client netip.Addr, transport dnswire.Transport) {
	in := bufio.NewReaderSize(conn, 4096)
	out := bufio.NewWriterSize(conn, 4096)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(s.limits.Idle))
		if _, err := in.Peek(1); err != nil {
			return
		}
		if s.exchange(conn, in, out, client, transport) != nil {
			return
		}
		if nextBuffered(in) {
			continue
		}
		if out.Buffered() > 0 {
			_ = conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
			if out.Flush() != nil {
				return
			}
		}
	}
}

// nextBuffered reports whether a whole further message is at hand.
func nextBuffered(in *bufio.Reader) bool {
	if in.Buffered() < 2 {
		return false
	}
	head, err := in.Peek(2)
	return err == nil && in.Buffered() >= 2+int(binary.BigEndian.Uint16(head))
}

// exchange reads one message and writes its response into out.
func (s *streamServer) exchange(conn net.Conn, in *bufio.Reader, out *bufio.Writer, client netip.Addr, transport dnswire.Transport) error {
	_ = conn.SetReadDeadline(time.Now().Add(s.limits.Message))
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return err
	}
	w := s.pool.Get().(*streamWorker)
	defer s.pool.Put(w)
	w.msg = w.msg[:binary.BigEndian.Uint16(head[:])]
	if _, err := io.ReadFull(in, w.msg); err != nil {
		return err
	}
	reply := w.handler.Respond(w.reply, w.msg, client, transport)
	if reply == nil {
		return errors.New("not a query") // nothing sane follows
	}
	_ = conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
	binary.BigEndian.PutUint16(head[:], uint16(len(reply)))
	if _, err := out.Write(head[:]); err != nil {
		return err
	}
	_, err := out.Write(reply)
	return err
}
