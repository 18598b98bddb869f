package dnsio

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"open53/internal/dnswire"
)

// portableUDP answers one message per system call, through package net.
type portableUDP struct {
	conn *net.UDPConn
	// A wildcard socket has one of these, to answer from the address that each
	// query came to.
	wildcard4 *ipv4.PacketConn
	wildcard6 *ipv6.PacketConn
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
	u := &portableUDP{conn: conn}
	u.learnDestinations(at.Addr())
	return u, nil
}

// learnDestinations asks for the address that each query came to. Systems that
// cannot tell answer from the one that their routes say.
func (u *portableUDP) learnDestinations(bound netip.Addr) {
	switch {
	case !bound.IsUnspecified():
	case bound.Is4():
		if p := ipv4.NewPacketConn(u.conn); p.SetControlMessage(ipv4.FlagDst, true) == nil {
			u.wildcard4 = p
		}
	default:
		if p := ipv6.NewPacketConn(u.conn); p.SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true) == nil {
			u.wildcard6 = p
		}
	}
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
		n, from, err := u.read(msg)
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // an ICMP error for an earlier response
			continue
		}
		if response := h.Respond(reply, msg[:n], from.client.Addr().Unmap(), dnswire.UDP); response != nil {
			u.write(response, from)
		}
	}
}

// origin is where a query came from and, on wildcard sockets, to.
type origin struct {
	client netip.AddrPort
	to     net.IP
	link   int // index of the interface
}

func (u *portableUDP) read(msg []byte) (n int, from origin, err error) {
	var source net.Addr
	switch {
	case u.wildcard4 != nil:
		var c *ipv4.ControlMessage
		if n, c, source, err = u.wildcard4.ReadFrom(msg); c != nil {
			from.to = c.Dst
		}
	case u.wildcard6 != nil:
		var c *ipv6.ControlMessage
		if n, c, source, err = u.wildcard6.ReadFrom(msg); c != nil {
			from.to, from.link = c.Dst, c.IfIndex
		}
	default:
		n, from.client, err = u.conn.ReadFromUDPAddrPort(msg)
	}
	if source, ok := source.(*net.UDPAddr); ok {
		from.client = source.AddrPort()
	}
	return n, from, err
}

// write sends a response; if it is refused it is lost, as any datagram may be.
func (u *portableUDP) write(response []byte, from origin) {
	switch {
	case from.to == nil:
		_, _ = u.conn.WriteToUDPAddrPort(response, from.client)
	case u.wildcard4 != nil:
		_, _ = u.wildcard4.WriteTo(response, &ipv4.ControlMessage{Src: from.to}, net.UDPAddrFromAddrPort(from.client))
	default:
		c := &ipv6.ControlMessage{Src: from.to}
		if from.to.IsLinkLocalUnicast() { // those need their interface
			c.IfIndex = from.link
		}
		_, _ = u.wildcard6.WriteTo(response, c, net.UDPAddrFromAddrPort(from.client))
	}
}

// maxReply is the largest response sent over UDP.
const maxReply = 4096
