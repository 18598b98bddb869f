// Health measures what health checks cost: it runs many of them against
// endpoints on loopback that another process serves, and prints the CPU time
// of this process per probe, and how many checks one core carries at an
// interval of 10 seconds, as one line of JSON.
//
//	go run ./test/bench/health -checks 20000 -type HTTP -seconds 20
//
// The prober runs as it does in the server, with a store in memory. All
// endpoints are up, so nothing is stored meanwhile.
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/prober"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// Result is what is printed.
type Result struct {
	Type          health.Type `json:"type"`
	Checks        int         `json:"checks"`
	Seconds       float64     `json:"seconds"`
	Probes        uint64      `json:"probes"`
	Failed        uint64      `json:"failed"`
	CPUPerProbe   float64     `json:"cpu_us_per_probe"`
	UserPerProbe  float64     `json:"user_us_per_probe"`
	ChecksPerCore int         `json:"checks_per_core_at_10s"`
	// How long after it was due a probe began, in milliseconds.
	DelayP50   float64 `json:"delay_ms_p50"`
	DelayP99   float64 `json:"delay_ms_p99"`
	HeapMiB    float64 `json:"heap_mib"`
	Goroutines int     `json:"goroutines"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "health:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	checks := flag.Int("checks", 20000, "how many checks")
	kind := flag.String("type", "HTTP", "HTTP, HTTPS, HTTP_STR_MATCH or TCP")
	seconds := flag.Float64("seconds", 20, "how long")
	serve := flag.Bool("serve", false, "be the endpoints (the program starts itself so)")
	flag.Parse()
	if *serve {
		return endpoints()
	}
	command := exec.CommandContext(ctx, os.Args[0], "-serve")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	in, err := command.StdinPipe() // its end is the end of the endpoints
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	defer func() { _ = in.Close(); _ = command.Wait() }()
	var addresses struct{ Plain, TLS string }
	if err := json.NewDecoder(out).Decode(&addresses); err != nil {
		return fmt.Errorf("start endpoints: %w", err)
	}
	address := addresses.Plain
	if health.Type(*kind).OverTLS() {
		address = addresses.TLS
	}
	r, err := measure(ctx, health.Type(*kind), address, *checks, *seconds)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// measure runs the checks for a while, after one interval to settle.
func measure(ctx context.Context, kind health.Type, address string, checks int, seconds float64) (*Result, error) {
	s, err := memory.Open()
	if err != nil {
		return nil, err
	}
	defer s.Close() //nolint:errcheck // nothing is kept
	if err := fill(ctx, s, kind, netip.MustParseAddrPort(address), checks); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var delays []time.Duration
	p, err := prober.New(prober.Config{
		Store: s, Table: health.NewTable(), Log: slog.New(slog.DiscardHandler), ChangeID: rand.Text, AllowPrivate: true,
		QueueDelay: func(d time.Duration) {
			mu.Lock()
			delays = append(delays, d)
			mu.Unlock()
		},
	})
	if err != nil {
		return nil, err
	}
	if err := p.Load(ctx); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			fmt.Fprintln(os.Stderr, "health:", err)
		}
	}()
	if err := sleep(ctx, health.FastInterval*time.Second); err != nil {
		return nil, err
	}
	mu.Lock()
	delays = delays[:0]
	mu.Unlock()
	before, begin := p.Totals(), time.Now()
	cpu, user := usage()
	if err := sleep(ctx, time.Duration(seconds*float64(time.Second))); err != nil {
		return nil, err
	}
	cpuAfter, userAfter := usage()
	after, elapsed := p.Totals(), time.Since(begin)
	r := &Result{Type: kind, Checks: checks, Seconds: elapsed.Seconds(), Goroutines: runtime.NumGoroutine()}
	for name, count := range after.Probes {
		n := count - before.Probes[name]
		if r.Probes += n; name != "success" {
			r.Failed += n
		}
	}
	if r.Probes == 0 {
		return nil, errors.New("no probe was made")
	}
	r.CPUPerProbe = float64((cpuAfter - cpu).Microseconds()) / float64(r.Probes)
	r.UserPerProbe = float64((userAfter - user).Microseconds()) / float64(r.Probes)
	r.ChecksPerCore = int(health.FastInterval * 1e6 / r.CPUPerProbe)
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(delays)
	r.DelayP50 = delays[len(delays)/2].Seconds() * 1000
	r.DelayP99 = delays[len(delays)*99/100].Seconds() * 1000
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.HeapMiB = float64(m.HeapInuse) / (1 << 20)
	return r, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// usage is the CPU time of this process.
func usage() (all, user time.Duration) {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail
	user = time.Duration(u.Utime.Nano())
	return user + time.Duration(u.Stime.Nano()), user
}

// fill stores the checks.
func fill(ctx context.Context, s store.Store, kind health.Type, address netip.AddrPort, checks int) error {
	var batch []*event.Event
	change := ""
	for i := range checks {
		settings := health.Settings{
			Type: kind, Address: address.Addr().String(), Port: int32(address.Port()), Interval: health.FastInterval, FailureThreshold: 3,
		}
		if kind.Matches() {
			settings.SearchString = "well"
		}
		check := &health.Check{ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i*7919, i), Version: 1, Settings: settings}
		document, err := event.EncodeDocument(check)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			change = rand.Text()
		}
		batch = append(batch, &event.Event{
			Key: event.Key{Kind: event.KindHealthCheck, ID: check.ID}, Version: 1, ChangeID: change, Operation: "bench", Document: document,
		})
		if len(batch) == store.MaxKeys || i == checks-1 {
			if _, err := s.Append(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return nil
}

// endpoints serves until standard input ends.
func endpoints() error {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	certificate, err := selfSigned()
	if err != nil {
		return err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go answer(plain)
	go answer(tls.NewListener(secure, &tls.Config{Certificates: []tls.Certificate{certificate}}))
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{"Plain": plain.Addr().String(), "TLS": secure.Addr().String()})
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	return err
}

// answer serves one response to each connection.
func answer(l net.Listener) {
	const response = "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nall is well\n"
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close() //nolint:errcheck // nothing more to say
			for r := bufio.NewReader(c); ; {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimSpace(line) == "" {
					break
				}
			}
			_, _ = io.WriteString(c, response)
		}()
	}
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
