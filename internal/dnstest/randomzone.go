package dnstest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// RandomZone makes a small zone with awkward shapes: wildcards below
// wildcards, empty non-terminals, cuts with glue of their own, of siblings and
// of nobody, CNAME chains and loops, DNAMEs, long names, odd labels. Every
// server of the differential tests loads it.
func RandomZone(rng *rand.Rand, name string) ZoneFile {
	g := zoneMaker{rng: rng, apex: dns.Fqdn(name), types: map[string][]string{}}
	g.add("@", "SOA", fmt.Sprintf("ns.%s host.%s 1 7200 900 1209600 %d", g.apex, g.apex, 30+rng.IntN(600)))
	g.add("@", "NS", "ns")
	if rng.IntN(2) == 0 {
		g.add("@", "NS", "ns.elsewhere.test.")
	}
	g.add("ns", "A", "192.0.2.53") // BIND loads no zone without
	if rng.IntN(2) == 0 {
		g.add("@", "MX", "10 "+g.target())
	}
	for range 4 + rng.IntN(14) {
		g.record()
	}
	return ZoneFile{Name: g.apex, Text: g.text()}
}

type zoneMaker struct {
	rng   *rand.Rand
	apex  string
	lines []string
	types map[string][]string // owner, lower case → types
}

func (g *zoneMaker) text() string {
	return "$ORIGIN " + g.apex + "\n$TTL 300\n" + strings.Join(g.lines, "\n") + "\n"
}

var oddLabels = []string{
	"a", "b", "c", "d", "*", "A", "ns", "www", "_tcp", `\000`, `x\.y`, `sp\032ace`, `\255`, "xn--nxasmq6b", "-", "1",
	strings.Repeat("l", 63),
}

// label picks from few labels, so that names meet.
func (g *zoneMaker) label() string {
	if g.rng.IntN(5) == 0 {
		return oddLabels[g.rng.IntN(len(oddLabels))]
	}
	return oddLabels[g.rng.IntN(5)]
}

func (g *zoneMaker) owner() string {
	labels := make([]string, 1+g.rng.IntN(3))
	for i := range labels {
		labels[i] = g.label()
	}
	if g.rng.IntN(40) == 0 { // as long as a name can be
		labels = []string{strings.Repeat("p", 63), strings.Repeat("q", 63), strings.Repeat("r", 63), strings.Repeat("s", 61-len(g.apex))}
	}
	return strings.Join(labels, ".")
}

func (g *zoneMaker) target() string {
	switch g.rng.IntN(5) {
	case 0:
		return "host.elsewhere.test."
	case 1:
		return "ns"
	}
	return g.owner()
}

func (g *zoneMaker) record() {
	owner := g.owner()
	switch g.rng.IntN(12) {
	case 0, 1:
		g.add(owner, "CNAME", g.target())
	case 2, 3:
		if strings.HasPrefix(owner, "*") {
			return // undefined (RFC 4592 §4.2)
		}
		for range 1 + g.rng.IntN(2) {
			switch g.rng.IntN(3) {
			case 0: // in-domain, with glue
				host := g.label() + "." + owner
				g.add(owner, "NS", host)
				g.add(host, "A", g.ipv4())
				g.add(host, "AAAA", "2001:db8::5")
			case 1:
				g.add(owner, "NS", g.target())
			default:
				g.add(owner, "NS", "ns.elsewhere.test.")
			}
		}
		if g.rng.IntN(3) == 0 {
			g.add(owner, "DS", "12345 13 2 "+strings.Repeat("ab", 32))
		}
	case 4:
		if !strings.HasPrefix(owner, "*") {
			g.add(owner, "DNAME", g.target())
		}
	case 5:
		g.add(owner, "MX", "10 "+g.target())
	case 6:
		g.add(owner, "SRV", "1 2 80 "+g.target())
	case 7:
		g.add(owner, "TXT", `"text \255 \"quoted\"" "`+strings.Repeat("t", g.rng.IntN(250))+`"`)
	case 8:
		for i := range 1 + g.rng.IntN(4) {
			g.add(owner, "A", fmt.Sprintf("192.0.2.%d", i))
		}
	default:
		g.add(owner, []string{"A", "A", "AAAA", "TXT"}[g.rng.IntN(4)], "")
	}
}

func (g *zoneMaker) ipv4() string { return fmt.Sprintf("192.0.2.%d", g.rng.IntN(256)) }

// add writes a record unless it would make the zone invalid.
func (g *zoneMaker) add(owner, rrtype, value string) {
	if value == "" {
		value = map[string]string{"A": g.ipv4(), "AAAA": "2001:db8::1", "TXT": `"x"`}[rrtype]
	}
	full := dns.Fqdn(owner + "." + g.apex)
	if owner == "@" {
		full = g.apex
	}
	if _, ok := dns.IsDomainName(full); !ok || len(full) > 253 {
		return
	}
	key := dns.CanonicalName(full)
	has := g.types[key]
	switch {
	case rrtype == "NS" && key == dns.CanonicalName("ns."+g.apex): // would hide the apex's server
		return
	case rrtype == "CNAME" && len(has) > 0, slices.Contains(has, "CNAME"):
		return
	case rrtype == "DNAME" && (slices.Contains(has, "DNAME") || slices.Contains(has, "NS") || g.above(key)):
		return
	case slices.Contains(has, "DNAME") && rrtype == "NS", g.belowDNAME(key):
		return
	case rrtype == "DS" && !slices.Contains(has, "NS"):
		return
	}
	g.types[key] = append(has, rrtype)
	g.lines = append(g.lines, fmt.Sprintf("%s %s %s", owner, rrtype, value))
}

// above reports whether names exist below key.
func (g *zoneMaker) above(key string) bool {
	for name := range g.types {
		if name != key && dns.IsSubDomain(key, name) {
			return true
		}
	}
	return false
}

func (g *zoneMaker) belowDNAME(key string) bool {
	for name, types := range g.types {
		if name != key && slices.Contains(types, "DNAME") && dns.IsSubDomain(name, key) {
			return true
		}
	}
	return false
}

// QuestionsAround lists the names worth asking of a zone: each owner name, its
// ancestors, names beside, below and between, in odd case.
func QuestionsAround(z ZoneFile) []string {
	seen := map[string]bool{}
	var names []string
	add := func(name string) {
		if _, ok := dns.IsDomainName(name); ok && len(name) < 254 && !seen[name] && dns.IsSubDomain(z.Name, name) {
			seen[name] = true
			names = append(names, name)
		}
	}
	zp := dns.NewZoneParser(strings.NewReader(z.Text), z.Name, "")
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		owner := rr.Header().Name
		add(owner)
		add("nope." + owner)
		add("a.nope." + owner)
		add("*." + owner)
		add(strings.ToUpper(owner))
		for off, end := dns.NextLabel(owner, 0); !end; off, end = dns.NextLabel(owner, off) {
			add(owner[off:])
			add("beside." + owner[off:])
			add("a." + owner[off:])
		}
	}
	return names
}
