package prober

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// fullListener is an address whose connections are never accepted, and whose
// backlog is full.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(bound.(*syscall.SockaddrInet4).Port))
	for range 2 { // a backlog of 0 takes one
		if c, err := net.DialTimeout("tcp", address, 20e6); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	return address
}
