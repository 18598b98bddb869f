package dnsserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"open53/test/bench/internal/process"
	"open53/test/bench/internal/zonedata"
)

// Echo is the floor: our own sockets and loops with a handler that sets QR and
// sends the message back.
func Echo() *Server {
	return &Server{
		Name:     "echo",
		Settings: "internal/dnsio with no DNS behind it: the floor",
		Echoes:   true,
		version:  func(context.Context, Programs) (string, error) { return "of this tree", nil },
		prepare: func(_ context.Context, s *Setup) (process.Spec, error) {
			return process.Spec{Args: []string{s.Programs.Echo, "-listen", s.Address.String()}}, nil
		},
	}
}

// Open53 is open53 serve, with its zone in its own store.
func Open53() *Server {
	return &Server{
		Name:     "open53",
		Settings: "serve on its own store (Pebble), API on, workers 1",
		Policies: zonedata.Policies(),
		version: func(ctx context.Context, p Programs) (string, error) {
			out, err := exec.CommandContext(ctx, p.Open53, "version").Output()
			version, _, _ := strings.Cut(strings.TrimPrefix(string(out), "open53 "), " ")
			return version, err
		},
		prepare: func(ctx context.Context, s *Setup) (process.Spec, error) {
			node := &Node{Program: s.Programs.Open53, Data: s.file("data"), DNS: s.Address, Positions: s.Positions}
			var err error
			if node.API, err = FreeAddress(); err != nil {
				return process.Spec{}, err
			}
			if _, err := node.Import(ctx, s.ZoneFile); err != nil {
				return process.Spec{}, err
			}
			if s.Positions != "" {
				if err := node.createPolicies(ctx, s.Zone.Names); err != nil {
					return process.Spec{}, err
				}
			}
			s.Node = node
			return node.Spec(), nil
		},
	}
}

// Node is an open53 server: its program, its data and its addresses.
type Node struct {
	Program  string
	Data     string // data directory
	API, DNS netip.AddrPort
	// Positions is a database of positions; empty is none.
	Positions string
}

// Spec runs the node.
func (n *Node) Spec() process.Spec {
	return process.Spec{Args: []string{
		n.Program, "serve", "--data", n.Data, "--log", "warn", "--geo-database", cmp.Or(n.Positions, "none"),
		"--api", n.API.String(), "--dns", n.DNS.String(),
	}}
}

// Credentials is the file with the admin's key, once the node has run.
func (n *Node) Credentials() string { return filepath.Join(n.Data, "credentials") }

// Run starts the node on the given processors and waits until its API is
// ready.
func (n *Node) Run(ctx context.Context, cpus string) (*process.Process, error) {
	return n.RunWith(ctx, cpus, nil)
}

// RunWith is Run with further flags, which win over the usual ones.
func (n *Node) RunWith(ctx context.Context, cpus string, flags []string) (*process.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	spec := n.Spec()
	spec.Args = append(spec.Args, flags...)
	spec.CPUs = cpus
	p, err := process.Start(spec)
	if err != nil {
		return nil, err
	}
	for {
		if conn, err := net.Dial("tcp", n.API.String()); err == nil {
			_ = conn.Close()
			return p, nil
		}
		err := p.Alive()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start open53: %w", err), p.Stop())
		}
		time.Sleep(time.Millisecond)
	}
}

// Import starts the node, imports a zone over its API with the open53 command,
// and stops the node. It returns how long the import took.
func (n *Node) Import(ctx context.Context, zoneFile string) (took time.Duration, err error) {
	p, err := n.Run(ctx, "")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	return n.ImportInto(ctx, zoneFile)
}

// ImportInto imports a zone into the running node.
func (n *Node) ImportInto(ctx context.Context, zoneFile string) (time.Duration, error) {
	begin := time.Now()
	err := run(ctx, append(os.Environ(), "AWS_SHARED_CREDENTIALS_FILE="+n.Credentials()),
		n.Program, "import", "--create", "--endpoint", "http://"+n.API.String(), zoneFile)
	return time.Since(begin), err
}
