package dnsio

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Steering keeps a packet on one processor: the one that took it from the
// network also runs the worker that answers it, so that neither the packet nor
// the socket moves between caches and no other processor has to be woken. The
// kernel asks a small program for the number of the socket in its group.
//
//	ld  #cpu
//	jeq #cpus[0], ret #0
//	jeq #cpus[1], ret #1 …
//	ret #none             the kernel then chooses by the hash of the addresses
//
// It needs packets to arrive on all processors (a card with a queue for each,
// or receive packet steering): where they arrive on one, one worker would have
// all the work. So it is off unless asked for.

// ancillaryCPU is where a classic BPF program finds the processor (SKF_AD_OFF +
// SKF_AD_CPU).
const ancillaryCPU = 0xfffff000 + 36

// processors are those that this process may run on, in order.
func processors() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask for processors: %w", err)
	}
	var cpus []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// steerProgram sends packets of cpus[i] to socket i.
func steerProgram(cpus []int, sockets int) []unix.SockFilter {
	const none = 1 << 30
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: ancillaryCPU}}
	for i, cpu := range cpus[:min(len(cpus), sockets)] {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(cpu), Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: uint32(i)})
	}
	return append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: none})
}

// steer attaches the program to a group of sockets of one address and tells
// each which processor it has.
func steer(group []udpSocket) error {
	cpus, err := processors()
	if err != nil {
		return err
	}
	program := steerProgram(cpus, len(group))
	for i, s := range group {
		u, ok := s.(*batchUDP)
		if !ok {
			return nil // the portable path has no processors of its own
		}
		if i < len(cpus) {
			u.processor = cpus[i]
		}
		if i == 0 { // the program is the group's
			f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
			if err := unix.SetsockoptSockFprog(u.fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &f); err != nil {
				return fmt.Errorf("steer packets: %w", err)
			}
			runtime.KeepAlive(program)
		}
	}
	return nil
}

// anyProcessor is the worker's that is not steered to.
const anyProcessor = -1

// pin binds the calling thread to a processor. If that is not allowed, packets
// still come to the right socket.
func pin(processor int) {
	if processor == anyProcessor {
		return
	}
	var set unix.CPUSet
	set.Set(processor)
	_ = unix.SchedSetaffinity(0, &set)
}
