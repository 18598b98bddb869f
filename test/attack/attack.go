//go:build linux

// Package attack sends what a server under attack gets and no load generator
// makes: malformed packets, queries from sources that are not there, clients
// over TCP that take their time. Its only target is a server on the loopback
// interface of this machine, and no attack lasts longer than Longest.
//
//	Malformed ─┐
//	Sources   ─┼─▶ one socket, a source of 127.0.0.0/8 per packet (pktinfo)
//	SlowTCP   ─▶ connections from many sources: silent, dribbling, never reading
package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// Longest is the longest an attack may last.
const Longest = 10 * time.Second

// Kind is a kind of attack.
type Kind string

// The kinds.
const (
	Malformed Kind = "malformed" // packets of all kinds of damage, from one source
	Sources   Kind = "sources"   // good queries, each from another source
	SlowTCP   Kind = "slow-tcp"
)

// Attack is what to do.
type Attack struct {
	Kind Kind
	To   netip.AddrPort
	// Names are what good queries ask the addresses of.
	Names []string
	For   time.Duration // at most Longest
	// Rate limits packets a second; 0 sends as many as the machine can.
	Rate int
	// Connections of SlowTCP; default 6000.
	Connections int
}

// Run attacks until the time is over and returns how many packets were sent, or
// connections made.
func (a Attack) Run(ctx context.Context) (count int, err error) {
	if !a.To.Addr().IsLoopback() {
		return 0, fmt.Errorf("%s is not on the loopback interface", a.To)
	}
	ctx, cancel := context.WithTimeout(ctx, min(a.For, Longest))
	defer cancel()
	good, err := queries(a.Names)
	if err != nil {
		return 0, err
	}
	switch a.Kind {
	case Malformed:
		return a.send(ctx, malformed(good), func(*rand.Rand) netip.Addr { return netip.MustParseAddr("127.66.0.1") })
	case Sources:
		return a.send(ctx, good, randomSource)
	case SlowTCP:
		return a.slowTCP(ctx, good[0])
	}
	return 0, fmt.Errorf("there is no attack %q", a.Kind)
}

// randomSource is any address of 127.0.0.0/8 but those of this machine's
// clients.
func randomSource(rng *rand.Rand) netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(1 + rng.IntN(254)), byte(rng.IntN(256)), byte(1 + rng.IntN(254))})
}

// send sends packets one after the other, each from a source of its own.
func (a Attack) send(ctx context.Context, packets [][]byte, source func(*rand.Rand) netip.Addr) (sent int, err error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	rng := rand.New(rand.NewPCG(53, 1))
	begin := time.Now()
	for ctx.Err() == nil {
		for range 64 {
			control := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: source(rng).As4()})
			_, _, err := conn.WriteMsgUDPAddrPort(packets[sent%len(packets)], control, a.To)
			if err != nil && !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.EPERM) {
				return sent, err
			}
			sent++
		}
		if a.Rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(sent) * time.Second / time.Duration(a.Rate))))
		}
	}
	return sent, nil
}

// queries are good ones.
func queries(names []string) ([][]byte, error) {
	packets := make([][]byte, 0, len(names))
	for _, name := range names {
		wire, err := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		if err != nil {
			return nil, fmt.Errorf("query for %s: %w", name, err)
		}
		packets = append(packets, wire)
	}
	if len(packets) == 0 {
		return nil, errors.New("no names to ask for")
	}
	return packets, nil
}

// malformed are packets of all kinds of damage.
func malformed(good [][]byte) [][]byte {
	rng := rand.New(rand.NewPCG(53, 3))
	packets := [][]byte{
		good[0][:11], // less than a header
		append(append([]byte{}, good[0][:12]...), 0xc0, 0x0c, 0, 1, 0, 1), // a name that points at itself
	}
	for len(packets) < 4096 {
		packet := append([]byte{}, good[rng.IntN(len(good))]...)
		switch rng.IntN(6) {
		case 0: // noise
			packet = make([]byte, rng.IntN(1200))
			for i := range packet {
				packet[i] = byte(rng.Uint32())
			}
		case 1: // cut off
			packet = packet[:rng.IntN(len(packet))]
		case 2: // records that are not there
			packet[7], packet[9], packet[11] = byte(rng.Uint32()), byte(rng.Uint32()), 255
		case 3: // an OPT that is longer than its packet
			packet[11] = 1
			packet = append(packet, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0x7f, 0xff)
		case 4: // other opcodes, responses
			packet[2] = byte(rng.Uint32())
		default: // bits turned
			for range 1 + rng.IntN(8) {
				packet[rng.IntN(len(packet))] ^= 1 << rng.IntN(8)
			}
		}
		packets = append(packets, packet)
	}
	return packets
}
