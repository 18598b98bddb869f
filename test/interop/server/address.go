package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

var (
	given   sync.Mutex // guards the field below
	numbers = map[int]bool{}
)

// freeAddress is an address of the loopback interface, each one given once,
// whose port is free for UDP and TCP and below those that the kernel gives to
// clients. It gives them the port of a server too if both allow sharing
// (SO_REUSEPORT) and are the same user's, as open53 and dig do: then dig hears
// its own query.
func freeAddress() string {
	given.Lock()
	defer given.Unlock()
	for {
		port := 10_000 + rand.IntN(10_000)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if !numbers[port] && isFree(address) {
			numbers[port] = true
			return address
		}
	}
}

func isFree(address string) bool {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
