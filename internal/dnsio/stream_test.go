package dnsio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"open53/internal/dnswire"
)

// dialFrom connects from one of the many addresses of the loopback network.
func dialFrom(from string, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := d.Dial("tcp", to.String())
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(20 * time.Second))
	}
	return conn, err
}

// TestTCPManyConnections: thousands of clients at once, each with pipelined
// queries, and all of them still there for another query afterwards.
func TestTCPManyConnections(t *testing.T) {
	const clients, perClient, queries = 40, 50, 5
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}, TCP: TCPLimits{Idle: time.Minute}})[0]
	var wait sync.WaitGroup
	failures := make(chan error, clients)
	for i := range clients {
		wait.Go(func() {
			if err := manyConnections(fmt.Sprintf("127.0.1.%d", 1+i), to, perClient, queries); err != nil {
				failures <- err
			}
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}

func manyConnections(from string, to netip.AddrPort, connections, queries int) error {
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for range connections {
		conn, err := dialFrom(from, to)
		if err != nil {
			return err
		}
		conns = append(conns, conn)
	}
	for round := range 2 {
		for i, conn := range conns {
			var all []byte
			for q := range queries {
				all = append(all, frame(fmt.Sprintf("xx%d.%d.%d", round, i, q))...)
			}
			if _, err := conn.Write(all); err != nil {
				return err
			}
		}
		for i, conn := range conns {
			for q := range queries {
				got, err := readFrame(conn)
				if want := fmt.Sprintf("\x01\x35%d.%d.%d", round, i, q); err != nil || got != want {
					return fmt.Errorf("%s connection %d: %q, %w; want %q", from, i, got, err, want)
				}
			}
		}
	}
	return nil
}

// TestTCPByteByByte: queries that arrive a byte at a time are answered like
// others, each as soon as it is whole.
func TestTCPByteByByte(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}})[0]
	conn := dialTCP(t, to)
	_ = conn.(*net.TCPConn).SetNoDelay(true)
	for i := range 5 {
		for _, b := range frame(fmt.Sprintf("xxhello%d", i)) {
			if _, err := conn.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if got, err := readFrame(conn); err != nil || got != fmt.Sprintf("\x01\x35hello%d", i) {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// TestTCPHalfClosed: a client that says that it has no more queries still gets
// the answers to those it sent.
func TestTCPHalfClosed(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}})[0]
	conn := dialTCP(t, to)
	if _, err := conn.Write(append(frame("xxone"), frame("xxtwo")...)); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x01\x35one", "\x01\x35two"} {
		if got, err := readFrame(conn); err != nil || got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if got, err := readFrame(conn); err == nil {
		t.Errorf("more came: %q", got)
	}
}

// TestTCPSlowClients: clients that dribble their query, or never read their
// answers, are cut within the limits, and cost nobody else an answer.
func TestTCPSlowClients(t *testing.T) {
	const limit = 300 * time.Millisecond
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}, TCP: TCPLimits{Idle: 10 * time.Second, Message: limit, Write: limit}})[0]
	slow := map[string]func(conn net.Conn) error{
		"dribbles": func(conn net.Conn) error { // never idle for long, never done
			if _, err := conn.Write([]byte{4, 0}); err != nil {
				return err
			}
			for {
				time.Sleep(20 * time.Millisecond)
				if _, err := conn.Write([]byte{'x'}); err != nil {
					return err
				}
			}
		},
		"never reads": func(conn net.Conn) error {
			_ = conn.(*net.TCPConn).SetReadBuffer(4096)
			query := frame(string(make([]byte, dnswire.MaxMessage-2)))
			for {
				if _, err := conn.Write(query); err != nil {
					return err
				}
			}
		},
	}
	var wait sync.WaitGroup
	for name, act := range slow {
		for range 5 {
			conn := dialTCP(t, to)
			wait.Go(func() {
				begin := time.Now()
				var timeout net.Error
				if err := act(conn); errors.As(err, &timeout) && timeout.Timeout() {
					t.Errorf("%s: not cut after %s", name, time.Since(begin))
				}
			})
		}
	}
	good := dialTCP(t, to)
	for i := range 50 {
		if _, err := good.Write(frame(fmt.Sprintf("xx%d", i))); err != nil {
			t.Fatal(err)
		}
		if got, err := readFrame(good); err != nil || got != fmt.Sprintf("\x01\x35%d", i) {
			t.Fatalf("beside slow clients: %q, %v", got, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	wait.Wait()
}

// TestTCPLimitIsPerClient: one client at its limit leaves room for others, up
// to the limit of all.
func TestTCPLimitIsPerClient(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}, TCP: TCPLimits{Connections: 5, PerClient: 2}})[0]
	served := 0
	for i := range 12 { // three connections each of four clients
		conn, err := dialFrom(fmt.Sprintf("127.0.2.%d", 1+i/3), to)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = conn.Write(frame("xxhello"))
		if err == nil {
			_, err = readFrame(conn)
		}
		want := i%3 < 2 && served < 5
		if (err == nil) != want {
			t.Errorf("connection %d: served %t, want %t", i, err == nil, want)
		}
		if err == nil {
			served++
		}
	}
}

// TestTCPZeroLength: a message of no bytes is no query; the connection ends.
func TestTCPZeroLength(t *testing.T) {
	to := start(t, Config{Listen: []string{"127.0.0.1:0"}})[0]
	conn := dialTCP(t, to)
	if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, 0)); err != nil {
		t.Fatal(err)
	}
	if got, err := readFrame(conn); err == nil {
		t.Errorf("answered %q", got)
	}
}
