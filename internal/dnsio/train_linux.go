package dnsio

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// answer is a response that waits to be sent.
type answer struct {
	to         uint8 // the message that it answers
	train      uint8
	nameLen    uint32
	controlLen int // of u.control[to]: the address to send from
	data       []byte
}

// trains are the responses of a batch by client: those of one length to one
// address go to the kernel as one train of datagrams (UDP_SEGMENT, Linux 4.18),
// which it takes apart as late as it can, so that routing, filters and the way
// through the stack are paid for once. Clients that ask much from one port, as
// forwarders, load balancers and proxies do, come several times in a batch;
// others are alone in their trains, and are sent as ever.
type trains struct {
	possible bool // the kernel can
	// slots find a train by the hash of its client and length: its number
	// plus one.
	slots [trainSlots]uint8
	list  [batchSize]train
	count int
	// control is one message more than what comes with a response.
	control [batchSize][controlSize + segmentSpace]byte
}

type train struct {
	first uint8  // an answer in it
	count uint8  // of answers
	at    uint16 // where its vectors begin
}

const (
	trainSlots = 2 * batchSize
	// maxTrain bounds the bytes of a train: a datagram that is never sent as
	// one must still be a possible one.
	maxTrain = 60_000
	// segmentSpace is the control message that says how long the datagrams are.
	segmentSpace = unix.SizeofCmsghdr + 8
)

// pack makes messages for the kernel of the first n answers and returns how many
// there are.
func (u *batchUDP) pack(n int) int {
	t := &u.trains
	if !t.possible || n < 2 {
		for i := range n {
			u.answers[i].train = uint8(i)
			t.list[i] = train{first: uint8(i), count: 1}
		}
		t.count = n
	} else {
		clear(t.slots[:])
		t.count = 0
		for i := range n {
			u.board(i)
		}
	}
	at := uint16(0)
	for i := range t.list[:t.count] {
		t.list[i].at = at
		at += uint16(t.list[i].count)
		u.message(i)
	}
	for i := range n {
		a := &u.answers[i]
		v := &u.outVec[t.list[a.train].at]
		v.Base = &a.data[0]
		v.SetLen(len(a.data))
		t.list[a.train].at++
	}
	return t.count
}

// board puts an answer into a train with its like, or begins one.
func (u *batchUDP) board(i int) {
	t, a := &u.trains, &u.answers[i]
	slot := u.hash(a)
	for ; t.slots[slot] != 0; slot = (slot + 1) % trainSlots {
		number := t.slots[slot] - 1
		tr := &t.list[number]
		if !u.alike(a, &u.answers[tr.first]) {
			continue
		}
		if (int(tr.count)+1)*len(a.data) > maxTrain {
			break // the next one takes its place
		}
		a.train = number
		tr.count++
		return
	}
	a.train = uint8(t.count)
	t.list[t.count] = train{first: uint8(i), count: 1}
	t.count++
	t.slots[slot] = uint8(t.count)
}

// hash is a slot for the client and length of an answer.
func (u *batchUDP) hash(a *answer) int {
	name := (*[unix.SizeofSockaddrInet6]byte)(unsafe.Pointer(&u.names[a.to]))
	h := binary.LittleEndian.Uint64(name[:]) // family, port, and an IPv4 address
	if a.nameLen == unix.SizeofSockaddrInet6 {
		h ^= binary.LittleEndian.Uint64(name[16:])
	}
	h = (h ^ uint64(len(a.data))<<48) * 0x9e3779b97f4a7c15
	return int(h >> 57)
}

// alike reports whether two answers can be in one train.
func (u *batchUDP) alike(a, b *answer) bool {
	if len(a.data) != len(b.data) || a.nameLen != b.nameLen || a.controlLen != b.controlLen {
		return false
	}
	x, y := &u.names[a.to], &u.names[b.to]
	if a.nameLen == unix.SizeofSockaddrInet4 {
		if *(*[8]byte)(unsafe.Pointer(x)) != *(*[8]byte)(unsafe.Pointer(y)) {
			return false
		}
	} else if *x != *y {
		return false
	}
	return string(u.control[a.to][:a.controlLen]) == string(u.control[b.to][:b.controlLen])
}

// message makes the kernel's message of a train.
func (u *batchUDP) message(number int) {
	t := u.trains.list[number]
	a := &u.answers[t.first]
	hdr := &u.out[number].hdr
	hdr.Name = (*byte)(unsafe.Pointer(&u.names[a.to]))
	hdr.Namelen = a.nameLen
	hdr.Iov = &u.outVec[t.at]
	hdr.SetIovlen(int(t.count))
	hdr.Control, hdr.Controllen = nil, 0
	switch {
	case t.count > 1:
		control := &u.trains.control[number]
		copy(control[:], u.control[a.to][:a.controlLen])
		c := (*unix.Cmsghdr)(unsafe.Pointer(&control[a.controlLen]))
		c.Level, c.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		*(*uint16)(unsafe.Pointer(&control[a.controlLen+unix.SizeofCmsghdr])) = uint16(len(a.data))
		hdr.Control = &control[0]
		hdr.SetControllen(a.controlLen + segmentSpace)
	case a.controlLen > 0:
		hdr.Control = &u.control[a.to][0]
		hdr.SetControllen(a.controlLen)
	}
}

// sendApart sends the datagrams of a train that the kernel refused one by one:
// not every device can take trains apart, and not every datagram fits its path.
func (u *batchUDP) sendApart(hdr *unix.Msghdr) {
	vectors := unsafe.Slice(hdr.Iov, hdr.Iovlen)
	single := *hdr
	single.SetIovlen(1)
	single.SetControllen(int(hdr.Controllen) - segmentSpace)
	if single.Controllen == 0 {
		single.Control = nil
	}
	for i := range vectors {
		single.Iov = &vectors[i]
		_, _, errno := unix.Syscall(unix.SYS_SENDMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&single)), 0)
		if errno == unix.EINTR {
			_, _, _ = unix.Syscall(unix.SYS_SENDMSG, uintptr(u.fd), uintptr(unsafe.Pointer(&single)), 0)
		}
	}
}
