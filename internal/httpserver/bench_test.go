package httpserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"open53/internal/sigv4"
)

const benchServer = "OPEN53_BENCH_SERVER" // "open53", or "plain" for net/http alone

var noop = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	io.WriteString(w, "<ok/>")
})

// TestBenchServer is the server process of the benchmark: it serves until its
// standard input ends.
func TestBenchServer(t *testing.T) {
	kind := os.Getenv(benchServer)
	if kind == "" {
		t.Skip("only for the benchmark")
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if kind == "plain" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("address %s\n", l.Addr())
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.ReadAll(r.Body)
			noop(w, r)
		}))
		<-ctx.Done()
		return
	}
	s, err := New(Options{Addresses: []string{"127.0.0.1:0"}, Auth: testAuth(), Handlers: Handlers{Route53: noop}, Logger: quiet})
	if err == nil {
		err = s.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("address %s\n", s.Addrs()[0])
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSignedRequest measures a signed POST on a connection that is kept:
// the time as the client sees it, and the processor time of the server's
// process, kernel included. "plain" is net/http with the same handler and no
// signature.
func BenchmarkSignedRequest(b *testing.B) {
	for _, kind := range []string{"plain", "open53"} {
		b.Run(kind, func(b *testing.B) {
			server := exec.Command(os.Args[0], "-test.run=^TestBenchServer$")
			server.Env = append(os.Environ(), benchServer+"="+kind)
			stdin, err := server.StdinPipe()
			if err != nil {
				b.Fatal(err)
			}
			stdout, err := server.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := server.Start(); err != nil {
				b.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				b.Fatal(err)
			}
			address := strings.TrimSpace(strings.TrimPrefix(line, "address "))
			conn, err := net.Dial("tcp", address)
			if err != nil {
				b.Fatal(err)
			}
			wire := signedWire(b, address)
			answers := bufio.NewReader(conn)
			b.ResetTimer()
			for range b.N {
				if _, err := conn.Write(wire); err != nil {
					b.Fatal(err)
				}
				response, err := http.ReadResponse(answers, nil)
				if err != nil || response.StatusCode != 200 {
					b.Fatal(response, err)
				}
				io.Copy(io.Discard, response.Body)
			}
			b.StopTimer()
			conn.Close()
			stdin.Close()
			server.Wait()
			used := server.ProcessState.UserTime() + server.ProcessState.SystemTime()
			b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(b.N), "server-cpu-µs/op")
		})
	}
}

func signedWire(b *testing.B, address string) []byte {
	b.Helper()
	body := []byte(`<ChangeResourceRecordSetsRequest>` + strings.Repeat("x", 400) + `</ChangeResourceRecordSetsRequest>`)
	r, err := http.NewRequest("POST", "http://"+address+"/2013-04-01/hostedzone/Z0123456789ABCDEFGHIJ/rrset/", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/xml")
	if err := new(sigv4.Signer).Sign(r, body, admin, "us-east-1", "route53", time.Now()); err != nil {
		b.Fatal(err)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		b.Fatal(err)
	}
	return wire.Bytes()
}
