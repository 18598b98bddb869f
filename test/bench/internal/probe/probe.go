// Package probe asks DNS servers single questions: whether they answer yet,
// whether they answer rightly, and whether they show a change yet. It makes no
// load.
package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"open53/test/bench/internal/zonedata"
)

// Conn is a connected UDP socket with one question. It belongs to one
// goroutine.
type Conn struct {
	conn  net.Conn
	query []byte
	reply [4096]byte
}

// Dial opens a socket for asking for the A records of name.
func Dial(server netip.AddrPort, name string) (*Conn, error) {
	conn, err := net.Dial("udp", server.String())
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, query: zonedata.AppendQuery(nil, name)}, nil
}

// Close closes the socket.
func (c *Conn) Close() { _ = c.conn.Close() }

// Ask sends the question and returns the response, which is good until the
// next call. It is an error if none comes within the timeout.
func (c *Conn) Ask(timeout time.Duration) ([]byte, error) {
	c.query[1]++ // the low byte of the id
	if err := c.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(c.query); err != nil {
		return nil, err
	}
	for {
		n, err := c.conn.Read(c.reply[:])
		if err != nil {
			return nil, err
		}
		// A late response to an earlier question may come first.
		if n >= 12 && bytes.Equal(c.reply[:2], c.query[:2]) {
			return c.reply[:n], nil
		}
	}
}

// Positive reports whether a response is NOERROR with answers.
func Positive(response []byte) bool {
	return response[2]&0x80 != 0 && response[3]&0x0f == 0 && (response[6] != 0 || response[7] != 0)
}

// EndsWith reports whether the last record of a response has the address: the
// rdata of a lone A record are the response's last bytes.
func EndsWith(response []byte, address netip.Addr) bool {
	want := address.As4()
	return Positive(response) && bytes.HasSuffix(response, want[:])
}

// Await asks every millisecond until accept takes a response, and returns when
// that was. alive tells it to give up.
func Await(ctx context.Context, server netip.AddrPort, name string, accept func([]byte) bool, alive func() error) (time.Time, error) {
	c, err := Dial(server, name)
	if err != nil {
		return time.Time{}, err
	}
	defer c.Close()
	for tick := time.NewTicker(time.Millisecond); ; {
		// Nobody listens yet: the kernel says so at once. Somebody does who is
		// not ready: its silence lasts.
		if response, err := c.Ask(100 * time.Millisecond); err == nil && accept(response) {
			return time.Now(), nil
		}
		if err := alive(); err != nil {
			return time.Time{}, err
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("no answer from %s: %w", server, ctx.Err())
		case <-tick.C:
		}
	}
}

// Check asks for one name of each kind, over UDP and TCP, and compares the
// answers with what the zone says.
func Check(server netip.AddrPort, z zonedata.Zone) error {
	var faults []error
	for _, network := range []string{"udp", "tcp"} {
		for _, kind := range []zonedata.Kind{zonedata.Positive, zonedata.NXDOMAIN, zonedata.Wildcard, zonedata.Referral} {
			number := z.Names / 2
			m := new(dns.Msg).SetQuestion(z.QName(kind, number), dns.TypeA)
			m.RecursionDesired = false
			client := dns.Client{Net: network, Timeout: 5 * time.Second}
			r, _, err := client.Exchange(m, server.String())
			if err == nil {
				err = checkAnswer(r, kind, number)
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("%s answer over %s: %w", kind, network, err))
			}
		}
	}
	return errors.Join(faults...)
}

func checkAnswer(r *dns.Msg, kind zonedata.Kind, number int) error {
	address := func(want string) bool {
		if len(r.Answer) != 1 {
			return false
		}
		a, ok := r.Answer[0].(*dns.A)
		return ok && a.A.String() == want && r.Authoritative
	}
	var right bool
	switch kind {
	case zonedata.Positive:
		right = r.Rcode == dns.RcodeSuccess && address(zonedata.Address(number))
	case zonedata.NXDOMAIN:
		right = r.Rcode == dns.RcodeNameError && len(r.Answer) == 0 && len(r.Ns) == 1 && r.Authoritative
	case zonedata.Wildcard:
		right = r.Rcode == dns.RcodeSuccess && address("192.0.2.9")
	case zonedata.Referral:
		right = r.Rcode == dns.RcodeSuccess && len(r.Answer) == 0 && len(r.Ns) == 1 && len(r.Extra) == 1 && !r.Authoritative
	}
	if !right {
		return fmt.Errorf("not what the zone says:\n%s", r)
	}
	return nil
}
