// Package dnsserver sets up and starts the servers that are compared: open53,
// an echo without DNS, gdnsd, NSD, Knot, PowerDNS and BIND. Each has a file.
//
// All serve one zone, on one port of the loopback interface, with one worker
// for UDP and one for TCP, minimal answers, no limits on rates and no query
// log. Prepare does once what need not be timed (configuration, the form of
// the zone that the server likes best); Start is timed to the first answer.
package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"open53/test/bench/internal/probe"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/zonedata"
)

// Setup is what a server is to serve, and where.
type Setup struct {
	Dir      string // of its own, empty at first
	Address  netip.AddrPort
	Zone     zonedata.Zone
	ZoneFile string // the zone as a master file
	Programs Programs
	Node     *Node // set by Prepare for open53
	// Positions is a database of positions that package positions made. With
	// it the server also gets the zones of the policies that it has.
	Positions string
}

// Programs are our own, by path.
type Programs struct {
	Open53, Echo string
}

// Build builds our own programs into a directory. open53 is one that is built
// already; it may be empty.
func Build(ctx context.Context, dir, open53 string) (Programs, error) {
	p := Programs{Open53: open53, Echo: filepath.Join(dir, "bench-echo")}
	builds := map[string]string{p.Echo: "open53/test/bench/echo"}
	if p.Open53 == "" {
		p.Open53 = filepath.Join(dir, "open53")
		builds[p.Open53] = "open53/cmd/open53"
	}
	for program, source := range builds {
		if err := run(ctx, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-trimpath", "-o", program, source); err != nil {
			return p, err
		}
	}
	return p, nil
}

// file is a path in the server's own directory.
func (s *Setup) file(name string) string { return filepath.Join(s.Dir, name) }

// Server is a kind of server.
type Server struct {
	Name string
	// Settings says what was chosen beyond what all have.
	Settings string
	// Echoes: it has no zone and sends each message back.
	Echoes bool

	// Policies are those that it has, of which all have a zone of as many names
	// as Setup.Zone if Setup.Positions is given.
	Policies []*zonedata.Policy

	version func(ctx context.Context, p Programs) (string, error)
	prepare func(ctx context.Context, s *Setup) (process.Spec, error)
}

// All are the servers, in the order of the report.
func All() []*Server {
	return []*Server{Echo(), Open53(), gdnsd(), nsd(), knot(), powerDNS(), bind()}
}

// Named are the servers of a comma-separated list; "" is all.
func Named(list string) ([]*Server, error) {
	all := All()
	if list == "" {
		return all, nil
	}
	var chosen []*Server
	for name := range strings.SplitSeq(list, ",") {
		found := false
		for _, s := range all {
			if strings.EqualFold(s.Name, name) {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no server %q", name)
		}
	}
	return chosen, nil
}

// Version is what the server's program says it is.
func (s *Server) Version(ctx context.Context, p Programs) (string, error) {
	v, err := s.version(ctx, p)
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", s.Name, err)
	}
	return v, nil
}

// Prepared is a server that can be started any number of times, one after the
// other.
type Prepared struct {
	*Server
	Setup Setup
	spec  process.Spec
}

// Prepare configures the server and gives it the zone.
func (s *Server) Prepare(ctx context.Context, setup Setup) (*Prepared, error) {
	if err := os.MkdirAll(setup.Dir, 0o755); err != nil {
		return nil, err
	}
	p := &Prepared{Server: s, Setup: setup}
	var err error
	if p.spec, err = s.prepare(ctx, &p.Setup); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", s.Name, err)
	}
	return p, nil
}

// WithEnv is the same server, to be started with more in its environment.
func (p *Prepared) WithEnv(env ...string) *Prepared {
	other := *p
	other.spec.Env = append(os.Environ(), env...)
	return &other
}

// Running is a server that answers.
type Running struct {
	*process.Process
	// FirstAnswer is from the start of the process to its first right answer.
	FirstAnswer time.Duration
}

// startLimit is for servers that load a large zone on a busy machine.
const startLimit = 3 * time.Minute

// Start starts the server on the given processors (as taskset takes them) and
// waits until it answers.
func (p *Prepared) Start(ctx context.Context, cpus string) (*Running, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	spec := p.spec
	spec.CPUs = cpus
	proc, err := process.Start(spec)
	if err != nil {
		return nil, err
	}
	accept := probe.Positive
	if p.Echoes {
		accept = func([]byte) bool { return true }
	}
	first, err := probe.Await(ctx, p.Setup.Address, p.Setup.Zone.QName(zonedata.Positive, p.Setup.Zone.Names-1), accept, proc.Alive)
	if err == nil && !p.Echoes {
		err = probe.Check(p.Setup.Address, p.Setup.Zone)
	}
	if err != nil {
		err = fmt.Errorf("start %s: %w; it said:\n%s", p.Name, err, proc.Output())
		return nil, errors.Join(err, proc.Stop())
	}
	return &Running{Process: proc, FirstAnswer: first.Sub(proc.Started)}, nil
}

// FreeAddress is an address of the loopback interface whose port is free for
// UDP and TCP. The port lies below those that the kernel gives to clients, of
// which a load makes many: one of them could have it when the server starts.
func FreeAddress() (netip.AddrPort, error) {
	var fault error
	for range 100 {
		address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(20_000+rand.IntN(10_000)))
		listener, err := net.Listen("tcp", address.String())
		if err == nil {
			var conn net.PacketConn
			if conn, err = net.ListenPacket("udp", address.String()); err == nil {
				_ = conn.Close()
			}
			_ = listener.Close()
		}
		if err == nil {
			return address, nil
		}
		fault = err
	}
	return netip.AddrPort{}, fault
}

// printed is the version that a program prints: the word behind after.
func printed(after string, args ...string) func(context.Context, Programs) (string, error) {
	return func(ctx context.Context, _ Programs) (string, error) {
		out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
		_, rest, found := strings.Cut(string(out), after)
		if fields := strings.Fields(rest); found && len(fields) > 0 {
			return fields[0], nil // some exit with an error after it
		}
		return "", fmt.Errorf("%s printed %q, %w", args[0], out, err)
	}
}

// run runs a program to its end.
func run(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
