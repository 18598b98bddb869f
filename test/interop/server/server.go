// Package server runs the real open53 binary for tests.
//
// Main builds the binary once per test program; Start runs one server on free
// ports of the loopback interface and waits until it serves. A Server can be
// stopped, killed and started again, on the same ports and data. Env is what a
// client needs to find it.
//
// State is everything a server holds, and can be compared; IDs makes what
// differs from run to run the same.
//
// A Server belongs to one test. Its methods that change it (Stop, Kill, Run)
// must not run at the same time as others.
package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Module is the Go package of the binary.
const Module = "open53/cmd/open53"

// program is the path of the binary that Main has built.
var program string

// Main builds the binary, runs the tests and returns their exit code. It is
// for TestMain.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "open53-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "open53")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, Module)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build %s: %v\n%s", Module, err, out)
		return 1
	}
	return m.Run()
}

// Options are what a test wants of its server.
type Options struct {
	Verb string   // "dev" if empty, or "serve"
	Args []string // further flags
	// Data is the data directory. For the verb serve, an empty one is made.
	Data string
}

// Server is a running server.
type Server struct {
	API string // URL
	DNS string // host:port for UDP and TCP
	// APIs and DNSs are all addresses, in the order of the flags.
	APIs, DNSs []string
	DoTs       []string // DNS over TLS
	Data       string   // data directory; empty if in memory
	// Started is how long it took from the start of the process until it
	// served.
	Started time.Duration

	options Options
	process *exec.Cmd
	exited  chan error
	log     *log
}

// log collects what a server prints.
type log struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Start runs a server until the test ends. A server that panicked or logged an
// error of its own fails the test.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Verb == "" {
		o.Verb = "dev"
	}
	if o.Verb == "serve" && o.Data == "" {
		o.Data = t.TempDir()
	}
	s := &Server{options: o, Data: o.Data, log: &log{}}
	t.Cleanup(func() {
		if s.process != nil {
			s.Stop(t)
		}
		s.checkLog(t)
	})
	s.Run(t)
	return s
}

// Run starts the process, again on the same addresses if it ran before.
func (s *Server) Run(t *testing.T) {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	args := []string{s.options.Verb, "--ready-file", ready}
	if s.Data != "" {
		args = append(args, "--data", s.Data)
	}
	args = append(args, s.options.Args...)
	args = append(args, s.addressFlags()...)
	cmd := exec.Command(program, args...)
	cmd.Env = cleanEnvironment()
	cmd.Stdout, cmd.Stderr = s.log, s.log
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process, s.exited = cmd, make(chan error, 1)
	go func() { s.exited <- cmd.Wait() }()
	if err := s.await(ready); err != nil {
		_ = cmd.Process.Kill()
		s.process = nil
		t.Fatalf("open53 %s: %v\n%s", strings.Join(args, " "), err, s.Log())
	}
	s.Started = time.Since(begin)
}

func (s *Server) scheme() string {
	if slices.Contains(s.options.Args, "--api-tls-cert") {
		return "https"
	}
	return "http"
}

// addressFlags asks for free ports, or for those of the last run.
func (s *Server) addressFlags() []string {
	var flags []string
	for name, addresses := range map[string][]string{"--api": s.APIs, "--dns": s.DNSs} {
		given := slices.Contains(s.options.Args, name)
		switch {
		case len(addresses) == 0 && !given:
			flags = append(flags, name, freeAddress())
		case !given:
			for _, a := range addresses {
				flags = append(flags, name, a)
			}
		}
	}
	return flags
}

// await waits for the ready file and reads the addresses in it.
func (s *Server) await(ready string) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		text, err := os.ReadFile(ready)
		if err == nil {
			var addresses struct{ API, DNS, DoT []string }
			if err := json.Unmarshal(text, &addresses); err != nil {
				return fmt.Errorf("ready file: %w", err)
			}
			s.APIs, s.DNSs, s.DoTs = addresses.API, addresses.DNS, addresses.DoT
			s.API, s.DNS = s.scheme()+"://"+s.APIs[0], s.DNSs[0]
			return nil
		}
		select {
		case err := <-s.exited:
			return fmt.Errorf("ended before it served: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			return errors.New("does not serve after 30 s")
		}
	}
}

// Log is what the server has printed so far, in all its runs.
func (s *Server) Log() string { return s.log.String() }

// Memory is the resident memory of the running server, in bytes.
func (s *Server) Memory(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell what a process occupies")
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	if fields := strings.Fields(rest); len(fields) > 0 {
		if kB, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			return kB << 10
		}
	}
	t.Fatalf("no VmRSS in %s", text)
	return 0
}

// checkLog fails the test for what must not be in any log.
func (s *Server) checkLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "panic") || strings.Contains(line, "level=ERROR") || strings.Contains(line, "DATA RACE") {
			t.Errorf("the server logged: %s", line)
		}
	}
}

// Stop ends the server as an operator would, and fails the test unless it goes
// in good order.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("open53 ended with %v\n%s", err, s.Log())
		}
	case <-time.After(30 * time.Second):
		t.Errorf("open53 does not end\n%s", s.Log())
		_ = s.process.Process.Kill()
	}
	s.process = nil
}

// Kill ends the server with SIGKILL, whatever it is doing.
func (s *Server) Kill(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-s.exited //nolint:errcheck // it says that the process was killed
	s.process = nil
}

// Open53 runs a verb of the command line against the server and returns what
// it printed.
func (s *Server) Open53(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = s.Env()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("open53 %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Command is the binary with arguments, for tests of how it starts.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = cleanEnvironment()
	return cmd
}

// Env is the environment of a client of this server: this one's, without what
// is said there about other servers.
func (s *Server) Env() []string {
	env := append(cleanEnvironment(), "AWS_ENDPOINT_URL="+s.API, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "NO_PROXY=*", "no_proxy=*")
	if s.options.Verb == "serve" {
		return append(env, "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(s.Data, "credentials"))
	}
	return append(env, "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
}

// cleanEnvironment is this process's environment without settings of ours and
// of AWS clients.
func cleanEnvironment() []string {
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "OPEN53_") {
			env = append(env, variable)
		}
	}
	return env
}
