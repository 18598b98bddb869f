package dnsio

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"open53/internal/dnswire"
)

// portableUDP answers one message per system call, through package net.
type portableUDP struct {
	conn *net.UDPConn
}

func listenPortable(at netip.AddrPort) (udpSocket, error) {
	network := "udp4"
	if at.Addr().Is6() {
		network = "udp6"
	}
	lc := net.ListenConfig{Control: reusePort}
	pc, err := lc.ListenPacket(context.Background(), network, at.String())
	if err != nil {
		return nil, err
	}
	conn := pc.(*net.UDPConn)
	_ = conn.SetReadBuffer(socketBuffer)
	return &portableUDP{conn: conn}, nil
}

// socketBuffer is asked of the kernel for each UDP socket, in bytes; it may
// grant less (net.core.rmem_max).
const socketBuffer = 4 << 20

// maxQuery is the largest query read over UDP. Larger ones are cut and then
// malformed; with EDNS padding and cookies real ones stay far below.
const maxQuery = 4096

func (u *portableUDP) addr() netip.AddrPort {
	return u.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (u *portableUDP) close() { _ = u.conn.Close() }

func (u *portableUDP) serve(ctx context.Context, h Handler) error {
	msg := make([]byte, maxQuery)
	reply := make([]byte, 0, maxReply)
	for {
		n, from, err := u.conn.ReadFromUDPAddrPort(msg)
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // an ICMP error for an earlier response
			continue
		}
		if response := h.Respond(reply, msg[:n], from.Addr().Unmap(), dnswire.UDP); response != nil {
			_, _ = u.conn.WriteToUDPAddrPort(response, from)
		}
	}
}

// maxReply is the largest response sent over UDP.
const maxReply = 4096
