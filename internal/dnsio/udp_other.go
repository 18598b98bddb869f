//go:build !linux

package dnsio

import (
	"net/netip"
	"syscall"
)

func listenUDP(at netip.AddrPort, _ bool) (udpSocket, error) { return listenPortable(at) }

func reusePort(_, _ string, _ syscall.RawConn) error { return nil }
