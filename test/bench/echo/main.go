// Echo is the floor under the cost of a DNS answer: the sockets, loops and
// batches of open53 (internal/dnsio) with a handler that sets QR and sends the
// message back. What a server costs above it is what it does about DNS.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"open53/internal/dnsio"
	"open53/internal/dnswire"
)

// handler sends messages back as responses.
type handler struct{}

func (handler) Respond(reply, msg []byte, _ netip.Addr, _ dnswire.Transport) []byte {
	if len(msg) < 12 || len(msg) > cap(reply) {
		return nil
	}
	reply = append(reply[:0], msg...)
	reply[2] |= 0x80 // QR
	return reply
}

func main() {
	listen := flag.String("listen", "127.0.0.1:5454", "`ADDR:PORT` for UDP and TCP")
	workers := flag.Int("workers", 0, "UDP sockets; 0 is one per core")
	steer := flag.Bool("steer", false, "give each worker a processor and the packets that arrive there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, dnsio.Config{Listen: []string{*listen}, Workers: *workers, Steer: *steer}); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, config dnsio.Config) error {
	server, err := dnsio.Listen(config, func() dnsio.Handler { return handler{} })
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
