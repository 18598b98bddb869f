package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CPU is the time that the server's threads have run, in user and in system
// mode. On a kernel without CONFIG_IRQ_TIME_ACCOUNTING it includes the network
// stack's work in soft interrupts that happened to run on a thread's back,
// which over loopback is the delivery of what the thread sends.
func (p *Process) CPU() (time.Duration, error) {
	members, err := p.members()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range members {
		c, err := processCPU(pid)
		if err != nil {
			return 0, fmt.Errorf("read CPU time of %s: %w", p.name, err)
		}
		sum += c
	}
	return sum, nil
}

// processCPU reads two accounts. That of the threads is exact to the
// nanosecond, but knows only those that live; that of the process counts in
// steps of 10 ms. Each can only be too low.
func processCPU(pid int) (time.Duration, error) {
	s, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended; s.cpu has its time
		}
		ran, err := parseSchedstat(string(text))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += ran
	}
	return max(sum, s.cpu), nil
}

// parseSchedstat reads the first of the three numbers of
// /proc/PID/task/TID/schedstat: nanoseconds on a processor.
func parseSchedstat(text string) (time.Duration, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return 0, errShort
	}
	ns, err := strconv.ParseInt(fields[0], 10, 64)
	return time.Duration(ns), err
}

// Memory is what a server occupies, in bytes, summed over its processes.
type Memory struct {
	PSS int64 // a page that n processes share counts 1/n for each
	RSS int64 // shared pages count for each process
}

// Memory reads what the server occupies now.
func (p *Process) Memory() (Memory, error) {
	members, err := p.members()
	if err != nil {
		return Memory{}, err
	}
	var sum Memory
	for _, pid := range members {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return Memory{}, fmt.Errorf("read memory of %s: %w", p.name, err)
		}
		m, err := parseRollup(string(text))
		if err != nil {
			return Memory{}, fmt.Errorf("read memory of %s: %w", p.name, err)
		}
		sum.PSS += m.PSS
		sum.RSS += m.RSS
	}
	return sum, nil
}

// parseRollup reads /proc/PID/smaps_rollup.
func parseRollup(text string) (m Memory, err error) {
	found := 0
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, ":")
		var to *int64
		switch name {
		case "Pss":
			to = &m.PSS
		case "Rss":
			to = &m.RSS
		default:
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		if !ok {
			return m, fmt.Errorf("%q is not in kB", line)
		}
		kB, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return m, err
		}
		*to = kB << 10
		found++
	}
	if found != 2 {
		return m, errShort
	}
	return m, nil
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// pids are all processes of this machine.
func pids() ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			all = append(all, pid)
		}
	}
	return all, nil
}
