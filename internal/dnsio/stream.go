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
	handler func() Handler
	running sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	open    map[net.Conn]netip.Addr
	clients map[netip.Addr]int
	idle    []*streamWorker
}

// streamWorker is what answering one message takes. A connection has one only
// while it is answered, never while it is waited for.
type streamWorker struct {
	handler Handler
	reply   []byte
}

func newStreamServer(limits TCPLimits, handler func() Handler) *streamServer {
	return &streamServer{limits: limits, handler: handler, open: map[net.Conn]netip.Addr{}, clients: map[netip.Addr]int{}}
}

// worker takes an idle worker or makes one; there are never more than answers
// being made at once.
func (s *streamServer) worker() *streamWorker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		w := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return w
	}
	return &streamWorker{handler: s.handler(), reply: make([]byte, 0, dnswire.MaxMessage)}
}

func (s *streamServer) putWorker(w *streamWorker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, w)
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

// streamBuffer is how much of a connection's input is held: any sane query,
// and several small ones that arrive together.
const streamBuffer = 4096

// serve answers one connection's queries in order. Answers to queries that
// arrived together leave together.
func (s *streamServer) serve(conn net.Conn, client netip.Addr, transport dnswire.Transport) {
	in := bufio.NewReaderSize(conn, streamBuffer)
	out := bufio.NewWriterSize(conn, streamBuffer)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(s.limits.Idle))
		if _, err := in.Peek(1); err != nil {
			return
		}
		msg, err := s.read(conn, in)
		if err != nil {
			return
		}
		_ = conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
		if s.answer(out, msg, client, transport) != nil {
			return
		}
		if !nextBuffered(in) && out.Flush() != nil {
			return
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

// read returns the next message; it is valid until the next read.
func (s *streamServer) read(conn net.Conn, in *bufio.Reader) ([]byte, error) {
	_ = conn.SetReadDeadline(time.Now().Add(s.limits.Message))
	head, err := in.Peek(2)
	if err != nil {
		return nil, err
	}
	size := 2 + int(binary.BigEndian.Uint16(head))
	if size > streamBuffer {
		framed := make([]byte, size)
		_, err = io.ReadFull(in, framed)
		return framed[2:], err
	}
	framed, err := in.Peek(size)
	if err != nil {
		return nil, err
	}
	_, err = in.Discard(size)
	return framed[2:], err
}

// answer writes the response to a message into out. The worker is given back
// before a slow client can hold it.
func (s *streamServer) answer(out *bufio.Writer, msg []byte, client netip.Addr, transport dnswire.Transport) error {
	w := s.worker()
	reply := w.handler.Respond(w.reply, msg, client, transport)
	if reply == nil {
		s.putWorker(w)
		return errors.New("not a query") // nothing sane follows
	}
	large := out.Available() < 2+len(reply)
	if large {
		reply = append([]byte(nil), reply...)
		s.putWorker(w)
	}
	var head [2]byte
	binary.BigEndian.PutUint16(head[:], uint16(len(reply)))
	_, err := out.Write(head[:])
	if err == nil {
		_, err = out.Write(reply)
	}
	if !large {
		s.putWorker(w)
	}
	return err
}
