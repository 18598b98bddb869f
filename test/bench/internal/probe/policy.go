package probe

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"open53/test/bench/internal/zonedata"
)

// clients is how many clients CheckPolicy asks as.
const clients = 64

// settling is how long a server may take from its first answer until it knows
// the health of everything.
const settling = 3 * time.Second

// AwaitPolicy is CheckPolicy of a server that has just begun to answer.
func AwaitPolicy(server netip.AddrPort, p *zonedata.Policy, names int) error {
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if err := CheckPolicy(server, p, names); err == nil || time.Since(begin) > settling {
			return err
		}
	}
}

// CheckPolicy asks for names of a policy's zone, for clients in random
// networks, and compares the answers with what the policy says: how many
// records, of which sets, and that all answers are not the same if the policy
// is not one that always gives the same set.
func CheckPolicy(server netip.AddrPort, p *zonedata.Policy, names int) error {
	if p == zonedata.Plain {
		return nil // Check has looked at it
	}
	z := zonedata.Zone{Apex: p.Zone, Names: names}
	random := rand.New(rand.NewPCG(53, 1))
	seen := map[string]bool{}
	for range clients {
		m := new(dns.Msg).SetQuestion(z.QName(zonedata.Positive, random.IntN(names)), dns.TypeA)
		network := zonedata.RandomNetwork(random)
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_SUBNET{
			Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(network.Bits()), Address: network.Addr().AsSlice(),
		})
		client := dns.Client{Timeout: 5 * time.Second}
		r, _, err := client.Exchange(m, server.String())
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if !fits(p, r) {
			return fmt.Errorf("%s: not what the policy says:\n%s", p.Name, r)
		}
		seen[r.Answer[0].(*dns.A).A.String()] = true
	}
	if p.Always < 0 && len(seen) < 2 {
		return fmt.Errorf("%s: %d clients get the same answer: %v", p.Name, clients, seen)
	}
	return nil
}

// fits reports whether all records of a response are of sets that it may be
// from.
func fits(p *zonedata.Policy, r *dns.Msg) bool {
	if r.Rcode != dns.RcodeSuccess || len(r.Answer) != p.Answers || !r.Authoritative {
		return false
	}
	var may []string
	for i := range p.Sets {
		if p.Always < 0 || p.Always == i {
			may = append(may, zonedata.SetAddress(i))
		}
	}
	return !slices.ContainsFunc(r.Answer, func(rr dns.RR) bool {
		a, ok := rr.(*dns.A)
		return !ok || !slices.Contains(may, a.A.String())
	})
}
