package dnsio

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"open53/internal/dnswire"
)

// batchSize is how many messages one system call takes at most.
const batchSize = 64

func listenUDP(at netip.AddrPort, c udpConfig) (udpSocket, error) {
	if c.portable {
		return listenPortable(at)
	}
	return listenBatch(at, c)
}

// reusePort lets several sockets share one address.
func reusePort(_, _ string, c syscall.RawConn) error {
	var err error
	control := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if control != nil {
		return control
	}
	return err
}

// batchUDP receives and sends many messages per system call. Its goroutine is
// locked to a thread that blocks in the kernel; all buffers are made once.
type batchUDP struct {
	fd     int
	config udpConfig
	bound  netip.AddrPort
	// wildcard sockets learn which address each query came to (pktinfo) and
	// answer from it.
	wildcard  bool
	processor int          // that serve binds its thread to; anyProcessor for none
	state     atomic.Int32 // socketIdle, then socketServing or socketClosed

	in, out [batchSize]mmsghdr
	inVec   [batchSize]unix.Iovec
	outVec  [batchSize]unix.Iovec
	names   [batchSize]unix.RawSockaddrInet6 // large enough for IPv4
	control [batchSize][controlSize]byte
	gather  unix.Timespec
	answers [batchSize]answer
	trains  trains
	queries []byte // batchSize buffers of maxQuery
	replies []byte // batchSize buffers of maxReply
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// controlSize has room for one pktinfo message of either family.
const controlSize = 40

func listenBatch(at netip.AddrPort, c udpConfig) (_ udpSocket, err error) {
	family, addr := sockaddr(at)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	u := &batchUDP{
		fd: fd, config: c, wildcard: at.Addr().IsUnspecified(), processor: anyProcessor,
		gather: unix.NsecToTimespec(gatherTime.Nanoseconds()),
	}
	if err := u.configure(family); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, addr); err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		u.bound = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		u.bound = netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	}
	return u, nil
}

func sockaddr(at netip.AddrPort) (family int, addr unix.Sockaddr) {
	if at.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}

func (u *batchUDP) configure(family int) error {
	set := func(level, option, value int) error {
		if err := unix.SetsockoptInt(u.fd, level, option, value); err != nil {
			return fmt.Errorf("set socket option %d: %w", option, err)
		}
		return nil
	}
	if err := set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return err
	}
	u.trains.possible = set(unix.SOL_UDP, unix.UDP_SEGMENT, 0) == nil
	// The kernel may grant less; that is not an error.
	_ = set(unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	_ = set(unix.SOL_SOCKET, unix.SO_SNDBUF, socketBuffer)
	if err := u.dontFragment(family, set); err != nil {
		return err
	}
	// serve looks at its context this often while no query comes.
	timeout := unix.Timeval{Usec: 200_000}
	if err := unix.SetsockoptTimeval(u.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return fmt.Errorf("set receive timeout: %w", err)
	}
	if family == unix.AF_INET6 {
		if err := set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return err
		}
		if u.wildcard {
			return set(unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		}
		return nil
	}
	if u.wildcard {
		return set(unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	}
	return nil
}

// dontFragment sets the DF bit without heeding the path's MTU: fragments are
// dropped by many networks and can be forged (RFC 9715 §3.1). It also spares
// the kernel the choice of an IP id for each response.
func (u *batchUDP) dontFragment(family int, set func(level, option, value int) error) error {
	if !u.config.dontFragment {
		return nil
	}
	if family == unix.AF_INET6 {
		return set(unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE)
	}
	return set(unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
}

func (u *batchUDP) addr() netip.AddrPort { return u.bound }

const (
	socketIdle = iota
	socketServing
	socketClosed
)

// close leaves a socket in use to serve: a descriptor closed under a blocked
// thread may belong to somebody else when the thread wakes.
func (u *batchUDP) close() {
	if u.state.CompareAndSwap(socketIdle, socketClosed) {
		_ = unix.Close(u.fd)
	}
}

func (u *batchUDP) serve(ctx context.Context, h Handler) error {
	if !u.state.CompareAndSwap(socketIdle, socketServing) {
		return nil
	}
	runtime.LockOSThread()
	defer func() { _ = unix.Close(u.fd) }()
	pin(u.processor)
	u.prepare()
	beQuick()
	for busy := false; ctx.Err() == nil; {
		n, err := u.receive(busy)
		if err != nil {
			return err
		}
		if n > 0 {
			u.send(u.respond(h, n))
		}
		busy = n >= busyBatch
	}
	return nil
}

// beQuick tells the kernel that this thread does little at a time and that
// clients wait for it: that its sleeps are not to be rounded up by 50 µs, and
// that it wants short slices of the processor soon rather than long ones late
// (Linux 6.12; older kernels say no or take no notice). Otherwise an answer may
// wait for several milliseconds behind a change that is being compiled.
func beQuick() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return
	}
	attr.Runtime = uint64(slice.Nanoseconds())
	_ = unix.SchedSetAttr(0, attr, 0)
}

// slice is the shortest that the kernel takes.
const slice = 100 * time.Microsecond

// busyBatch is how many messages at once mean that more are waiting already, or
// soon will be.
const busyBatch = 8

// gatherTime is how long a busy worker that finds no message lets them gather,
// as network cards do, instead of being woken by the first: at 370,000 queries
// a second it saves 4 % of the processor and answers a tenth more. A socket
// with less to do answers at once.
const gatherTime = 50 * time.Microsecond

// prepare points the kernel's structures at the buffers, once.
func (u *batchUDP) prepare() {
	u.queries = make([]byte, batchSize*maxQuery)
	u.replies = make([]byte, batchSize*maxReply)
	for i := range batchSize {
		u.inVec[i].Base = &u.queries[i*maxQuery]
		u.inVec[i].SetLen(maxQuery)
		u.in[i].hdr.Name = (*byte)(unsafe.Pointer(&u.names[i]))
		u.in[i].hdr.Iov = &u.inVec[i]
		u.in[i].hdr.SetIovlen(1)
		u.rearm(i)
	}
}

// rearm restores what the kernel overwrites in a receive structure.
func (u *batchUDP) rearm(i int) {
	u.in[i].hdr.Namelen = unix.SizeofSockaddrInet6
	if u.wildcard {
		u.in[i].hdr.Control = &u.control[i][0]
		u.in[i].hdr.SetControllen(controlSize)
	}
}

// receive takes what messages are there. A busy socket is looked at without
// the scheduler learning of it: a system call that may block costs a hand-over
// of the processor whenever it lasts 20 µs. If there is none, they may gather
// for a moment. Otherwise receive waits for one.
func (u *batchUDP) receive(busy bool) (int, error) {
	if busy {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&u.in[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			return int(n), nil
		}
		_, _, _ = unix.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&u.gather)), 0, 0)
		n, _, errno = unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&u.in[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			return int(n), nil
		}
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&u.in[0])), batchSize, unix.MSG_WAITFORONE, 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EAGAIN, unix.EINTR, unix.ECONNREFUSED: // time to look at the context, or an ICMP error
		return 0, nil
	}
	return 0, fmt.Errorf("receive DNS queries: %w", errno)
}

// respond answers n messages and returns how many responses there are.
func (u *batchUDP) respond(h Handler, n int) (responses int) {
	batch, batched := h.(BatchHandler)
	if batched {
		for i := range n {
			batch.Prepare(i, u.query(i), u.client(i))
		}
		batch.Fetch(n)
	}
	for i := range n {
		room := u.replies[i*maxReply : i*maxReply : (i+1)*maxReply]
		var reply []byte
		if batched {
			reply = batch.RespondPrepared(i, room, u.query(i), u.client(i))
		} else {
			reply = h.Respond(room, u.query(i), u.client(i), dnswire.UDP)
		}
		if len(reply) > 0 {
			u.reply(i, responses, reply)
			responses++
		}
		u.rearm(i)
	}
	return responses
}

// query is message i as received.
func (u *batchUDP) query(i int) []byte {
	return u.queries[i*maxQuery : i*maxQuery+int(u.in[i].len)]
}

// reply makes a response to message i the one that is sent in place out.
func (u *batchUDP) reply(i, out int, response []byte) {
	a := &u.answers[out]
	a.to, a.nameLen, a.controlLen = uint8(i), u.in[i].hdr.Namelen, 0
	if u.wildcard {
		a.controlLen = u.answerFrom(i)
	}
	a.data = response
}

// client is the source address of message i.
func (u *batchUDP) client(i int) netip.Addr {
	name := &u.names[i]
	if name.Family == unix.AF_INET {
		return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)
	}
	return netip.AddrFrom16(name.Addr)
}

// answerFrom makes a response leave from the address that its query came to:
// the pktinfo of the query, without the interface, serves as the response's. It
// returns how much of the control buffer that is.
func (u *batchUDP) answerFrom(i int) (length int) {
	if int(u.in[i].hdr.Controllen) < unix.SizeofCmsghdr {
		return 0
	}
	c := (*unix.Cmsghdr)(unsafe.Pointer(&u.control[i][0]))
	data := unsafe.Pointer(&u.control[i][unix.CmsgLen(0)])
	switch {
	case c.Level == unix.IPPROTO_IP && c.Type == unix.IP_PKTINFO:
		info := (*unix.Inet4Pktinfo)(data)
		info.Ifindex = 0
		info.Spec_dst = info.Addr
		return unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	case c.Level == unix.IPPROTO_IPV6 && c.Type == unix.IPV6_PKTINFO:
		info := (*unix.Inet6Pktinfo)(data)
		if !netip.AddrFrom16(info.Addr).IsLinkLocalUnicast() { // those need their interface
			info.Ifindex = 0
		}
		return unix.CmsgSpace(unix.SizeofInet6Pktinfo)
	}
	return 0
}

// send sends the first n responses. A message the kernel refuses is lost, as
// any datagram may be; the ones behind it are still sent.
func (u *batchUDP) send(n int) {
	n = u.pack(n)
	for sent := 0; sent < n; {
		done, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&u.out[sent])), uintptr(n-sent), unix.MSG_DONTWAIT, 0, 0)
		if errno == unix.EAGAIN { // the send buffer is full: wait, and let others run
			done, _, errno = unix.Syscall6(unix.SYS_SENDMMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&u.out[sent])), uintptr(n-sent), 0, 0, 0)
		}
		switch {
		case errno == unix.EINTR:
		case errno != 0 && u.out[sent].hdr.Iovlen > 1:
			u.sendApart(&u.out[sent].hdr)
			sent++
		case errno != 0:
			sent++
		default:
			sent += int(done)
		}
	}
	runtime.KeepAlive(u)
}
