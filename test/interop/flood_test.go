//go:build linux

package interop

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"

	"open53/test/attack"
	"open53/test/interop/server"
)

// TestFlood: while the server is attacked for a second in each of several ways,
// a client that asks again as resolvers do gets its answers, memory stays
// bounded and nothing is logged per packet. What it costs is measured by
// test/bench/flood.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of all that the machine has")
	}
	s := server.Start(t, server.Options{Args: []string{"--tcp-clients", "300"}})
	c := newSDK(t, s)
	zone := c.createZone("flood.example")
	var names []string
	var changes []types.Change
	for i := range 100 {
		name := fmt.Sprintf("h%d.flood.example.", i)
		names = append(names, name)
		changes = append(changes, simple("CREATE", name, "A", 60, fmt.Sprintf("192.0.2.%d", i)))
	}
	c.change(zone, changes...)
	asked := append([]string{"nothing.flood.example.", "www.example.org."}, names...)
	for _, a := range []attack.Attack{
		{Kind: attack.Sources, Rate: 20_000},
		{Kind: attack.Malformed, Rate: 20_000},
		{Kind: attack.SlowTCP, Connections: 600},
	} {
		t.Run(string(a.Kind), func(t *testing.T) {
			a.To, a.Names, a.For = netip.MustParseAddrPort(s.DNS), asked, time.Second
			before, lines := s.Memory(t), strings.Count(s.Log(), "\n")
			done := make(chan error, 1)
			go func() {
				count, err := a.Run(context.Background())
				if err == nil && count < 100 {
					err = fmt.Errorf("the attack was no more than %d packets or connections", count)
				}
				done <- err
			}()
			answers := 0
			for attacking := true; attacking; answers++ {
				i := answers % len(names)
				askPatiently(t, s.DNS, names[i], fmt.Sprintf("192.0.2.%d", i))
				select {
				case err := <-done:
					if err != nil {
						t.Fatal(err)
					}
					attacking = false
				case <-time.After(5 * time.Millisecond):
				}
			}
			if grown := s.Memory(t) - before; grown > 64<<20 {
				t.Errorf("memory has grown by %d MiB", grown>>20)
			}
			if more := strings.Count(s.Log(), "\n") - lines; more > 3 {
				t.Errorf("%d lines were logged:\n%s", more, s.Log())
			}
			t.Logf("a good client got %d answers", answers)
		})
	}
	alive(t, s)
}

// askPatiently asks over UDP, up to three times.
func askPatiently(t *testing.T, address, name, want string) {
	t.Helper()
	client := &dns.Client{Timeout: time.Second}
	var last error
	for range 3 {
		m := new(dns.Msg).SetQuestion(name, dns.TypeA)
		r, _, err := client.Exchange(m, address)
		if last = err; err != nil {
			continue
		}
		if len(r.Answer) != 1 || !strings.HasSuffix(r.Answer[0].String(), "\t"+want) {
			t.Fatalf("%s is %v, want %s", name, r.Answer, want)
		}
		return
	}
	t.Fatalf("%s: no answer in three times: %v", name, last)
}
