// Package dnsperf runs dnsperf and reads what it says.
//
// dnsperf is the only source of load of the benchmarks. It is told to read
// queries in the binary form that package zonedata writes, which costs it least.
// Its statistics have mean and extremes of the latency; for percentiles it
// prints every response (-v), which goes to a file in memory and is read when
// it has ended.
package dnsperf

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Load is what to send.
type Load struct {
	Server  netip.AddrPort
	Queries string // file of queries, binary
	TCP     bool
	Seconds float64 // how long
	Clients int     // sockets
	// Outstanding is the most queries without an answer, over all sockets.
	Outstanding int
	// QPS limits the rate; 0 sends as much as is answered.
	QPS int
	// Latencies wants the latency of each response.
	Latencies bool
	CPUs      string // as taskset takes it; empty is anywhere
	// Background lets others have the processor first.
	Background bool
}

// socketBuffer is asked of the kernel for each of dnsperf's sockets, in kB: it
// must not lose what the server has answered.
const socketBuffer = "4000"

// Timeout is when dnsperf calls a query lost.
const Timeout = time.Second

// Result is what became of a load.
type Result struct {
	Sent, Completed, Lost int
	Rcodes                map[string]int // by name: NOERROR, NXDOMAIN, …
	QPS                   float64        // completed per second
	RequestSize           int            // mean, in bytes
	ResponseSize          int            // mean, in bytes
	Reconnections         int            // TCP: connections made again
	Mean, Max             time.Duration  // latency
	CPU                   time.Duration  // of dnsperf itself, user and system
	// Latencies has one entry per query, in no order, if Load asked for it; a
	// lost one counts Timeout. dnsperf measures to the microsecond.
	Latencies []time.Duration
}

// Run runs dnsperf to its end.
func Run(ctx context.Context, l Load) (*Result, error) {
	out, err := os.CreateTemp(memoryDir(), "dnsperf-")
	if err != nil {
		return nil, fmt.Errorf("run dnsperf: %w", err)
	}
	defer func() {
		_ = out.Close()
		_ = os.Remove(out.Name())
	}()
	var complaints bytes.Buffer
	args := l.args()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l.Seconds*float64(time.Second))+30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, &complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	if _, err := out.Seek(0, 0); err != nil {
		return nil, err
	}
	r, err := parse(bufio.NewReaderSize(out, 1<<20), l.Latencies)
	if err != nil {
		return nil, fmt.Errorf("read output of %s: %w", strings.Join(args, " "), err)
	}
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r.Completed == 0 {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), errNoAnswer, strings.TrimSpace(complaints.String()))
	}
	return r, nil
}

var errNoAnswer = errors.New("no query was answered")

// memoryDir is where files stay in memory; "" is the usual place.
func memoryDir() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// Background runs the command behind it with less right to a processor than
// others have: a tenth of it if they want it all.
var Background = []string{"nice", "-n", "10"}

func (l *Load) args() []string {
	var args []string
	if l.Background {
		args = append(args, Background...)
	}
	if l.CPUs != "" {
		args = append(args, "taskset", "-c", l.CPUs)
	}
	args = append(args, "dnsperf", "-s", l.Server.Addr().String(), "-p", strconv.Itoa(int(l.Server.Port())),
		"-B", "-d", l.Queries, "-l", strconv.FormatFloat(l.Seconds, 'f', -1, 64), "-T", "1",
		"-c", strconv.Itoa(l.Clients), "-q", strconv.Itoa(l.Outstanding),
		"-t", strconv.FormatFloat(Timeout.Seconds(), 'f', -1, 64), "-b", socketBuffer, "-O", "suppress=timeouts,congestion")
	if l.TCP {
		args = append(args, "-m", "tcp")
	}
	if l.QPS > 0 {
		args = append(args, "-Q", strconv.Itoa(l.QPS))
	}
	if l.Latencies {
		args = append(args, "-v")
	}
	return args
}

// Version is what dnsperf says it is.
func Version() (string, error) {
	out, err := exec.Command("dnsperf", "-H").Output()
	if err != nil {
		return "", fmt.Errorf("run dnsperf: %w", err)
	}
	_, rest, _ := strings.Cut(string(out), "Version ")
	version, _, _ := strings.Cut(rest, "\n")
	return version, nil
}
