// Package process runs the servers under test and reads from the kernel what
// they cost.
//
// A Process is the leader of a session of its own. What it forks stays in that
// session, so that CPU, Memory and Stop count and end all of a server, and
// nothing else. It dies with the benchmark, also when that is killed.
//
// A Process belongs to one goroutine.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Spec is what to run.
type Spec struct {
	Args []string // program and arguments
	Env  []string // in the form of os.Environ; nil inherits
	Dir  string   // working directory
	// CPUs is where it may run, as taskset takes it ("0", "0,1"); empty is
	// anywhere.
	CPUs string
}

// Process is one running server and all it has forked.
type Process struct {
	// Started is when Start was called.
	Started time.Time

	name    string
	session int
	exited  chan struct{} // closed when the leader is gone
	output  tail
}

// Start runs a program in a session of its own.
func Start(s Spec) (*Process, error) {
	args := s.Args
	if s.CPUs != "" {
		// taskset becomes the program, so that its process is the program's.
		args = append([]string{"taskset", "-c", s.CPUs}, args...)
	}
	p := &Process{name: s.Args[0], exited: make(chan struct{})}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = s.Env, s.Dir
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.WaitDelay = time.Second // children may hold the pipe
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	p.Started = time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Args[0], err)
	}
	p.session = cmd.Process.Pid
	go func() {
		_ = cmd.Wait() // how it ended does not matter; that it did is reported
		close(p.exited)
	}()
	return p, nil
}

// Alive is an error with the last output if the process has ended.
func (p *Process) Alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s has ended; it said:\n%s", p.name, p.Output())
	default:
		return nil
	}
}

// Output is the end of what the process has printed.
func (p *Process) Output() string { return p.output.String() }

// Stop ends all processes of the session and waits until they are gone: at
// most 10 s after SIGTERM, then SIGKILL.
func (p *Process) Stop() error {
	p.signal(syscall.SIGTERM)
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		members, err := p.members()
		switch {
		case err != nil:
			return err
		case len(members) == 0:
			<-p.exited
			return nil
		case time.Since(begin) > 15*time.Second:
			return fmt.Errorf("stop %s: processes %v remain", p.name, members)
		case time.Since(begin) > 10*time.Second:
			p.signal(syscall.SIGKILL)
		}
	}
}

func (p *Process) signal(s syscall.Signal) {
	members, err := p.members()
	if err != nil {
		return // Stop will see it
	}
	for _, pid := range members {
		_ = syscall.Kill(pid, s) // may be gone by now
	}
}

// members are the processes of the session that are not zombies.
func (p *Process) members() ([]int, error) {
	all, err := pids()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(pid int) bool {
		s, err := readStat(pid)
		return err != nil || s.session != p.session || s.state == "Z" || s.state == "X"
	}), nil
}

// errShort: /proc says less than it should.
var errShort = errors.New("too few fields")

// stat is what matters of /proc/PID/stat.
type stat struct {
	state   string
	session int
	cpu     time.Duration // user and system, of all threads there were; 10 ms steps
}

// parseStat reads /proc/PID/stat (proc(5)). The second field is the program's
// name in parentheses, and may hold anything.
func parseStat(text string) (s stat, err error) {
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 13 {
		return s, errShort
	}
	s.state = fields[0]
	if s.session, err = strconv.Atoi(fields[3]); err != nil {
		return s, err
	}
	for _, field := range fields[11:13] { // utime, stime
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return s, err
		}
		s.cpu += time.Duration(ticks) * tick
	}
	return s, nil
}

// tick is the unit of times in /proc/PID/stat: 100 a second on all
// architectures that Go runs on.
const tick = 10 * time.Millisecond

// tail keeps the last bytes that were written to it.
type tail struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(p)
	if t.text.Len() > 2*tailSize {
		t.text.Next(t.text.Len() - tailSize)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
