//go:build !linux

package dnsio

import (
	"net/netip"
	"syscall"
)

func listenUDP(at netip.AddrPort, _ udpConfig) (udpSocket, error) { return listenPortable(at) }

func reusePort(_, _ string, _ syscall.RawConn) error { return nil }

func steer([]udpSocket) error { return nil }
