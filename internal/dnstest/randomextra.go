package dnstest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Extra is what RandomExtra adds to a zone.
type Extra struct {
	Lines  string   // in the form that ParseZone reads
	Owners []string // fully qualified
}

// RandomExtra adds to a zone of RandomZone what other servers do not load, or
// what they cut differently: aliases to names of the zone, to each other, to
// nothing and to names outside, and RRsets too large for small messages, with
// and without addresses of the hosts that they name. Aliases outside point at
// one of the targets given.
func RandomExtra(rng *rand.Rand, z ZoneFile, outside []string) Extra {
	var e Extra
	names := []string{"ns", "a", "b.a", "*", "*.b", "nothing.here", "@"}
	add := func(owner, format string, args ...any) {
		e.Lines += owner + " " + fmt.Sprintf(format, args...) + "\n"
		if full := dns.Fqdn(owner + "." + z.Name); !slices.Contains(e.Owners, full) {
			e.Owners = append(e.Owners, full)
		}
	}
	for i := range 1 + rng.IntN(4) { // RRsets of hosts
		owner := fmt.Sprintf("hosts%d", i)
		for j := range 1 + rng.IntN(9) {
			target := fmt.Sprintf("h%d.%s", j, owner)
			if rng.IntN(3) == 0 {
				target = names[rng.IntN(5)]
			} else {
				add(target, "A 198.51.100.%d", j)
				add(target, "AAAA 2001:db8::%d", j)
			}
			add(owner, "MX %d %s", j, target)
		}
		names = append(names, owner)
	}
	for i := range rng.IntN(3) { // delegations with much glue
		owner := fmt.Sprintf("sub%d", i)
		for j := range 1 + rng.IntN(8) {
			host := fmt.Sprintf("%s%d.%s", strings.Repeat("n", 1+rng.IntN(40)), j, owner)
			if rng.IntN(4) == 0 {
				host = fmt.Sprintf("h%d.hosts0", j)
			}
			add(owner, "NS %s", host)
			if strings.HasSuffix(host, owner) {
				add(host, "A 203.0.113.%d", j)
			}
		}
	}
	for i := range 1 + rng.IntN(3) {
		owner := fmt.Sprintf("big%d", i)
		for j := range 1 + rng.IntN(12) {
			add(owner, "TXT \"%d%s\"", j, strings.Repeat("x", rng.IntN(150)))
		}
		names = append(names, owner)
	}
	for i := range 2 + rng.IntN(5) { // aliases; none before its target, so no loops
		owner := fmt.Sprintf("al%d", i)
		if rng.IntN(4) == 0 {
			owner = "*." + owner
		}
		rrtype := []string{"A", "AAAA", "MX", "TXT", "SRV"}[rng.IntN(5)]
		target := names[rng.IntN(len(names))]
		if len(outside) > 0 && rng.IntN(4) == 0 {
			target = outside[rng.IntN(len(outside))]
		}
		add(owner, "ALIAS %s %s", rrtype, target)
		add("c"+strings.TrimPrefix(owner, "*."), "CNAME %s", strings.Replace(owner, "*", "x", 1))
		names = append(names, owner)
	}
	return e
}
