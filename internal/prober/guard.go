package prober

import "net/netip"

// metadata are the addresses at which clouds tell their machines secrets.
// Nothing that is configured lets a probe get there.
var metadata = prefixes(
	"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::254/128", "fd00:ec2::23/128", // Amazon, and most others
	"100.100.100.200/32", // Alibaba
	"168.63.129.16/32",   // Azure
	"192.0.0.192/32",     // Oracle
)

// reserved are ranges that Route 53 refuses to probe (RFC 5735, 6598, 5156,
// 6890): private, loopback, link-local, shared, documentation, benchmark,
// multicast.
var reserved = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"::/127", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8",
)

// never are those that make no sense for anybody.
var never = prefixes("0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")

// nat64 is followed by an IPv4 address. RFC 6052.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// guard decides which addresses may be connected to. It is asked about the
// address itself, just before it is used, so that no name can lead elsewhere
// meanwhile.
type guard struct {
	deny    []netip.Prefix
	private bool
}

// allows reports whether an address may be connected to.
func (g guard) allows(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		if !g.allows(netip.AddrFrom4([4]byte(b[12:]))) {
			return false
		}
	}
	return !contains(metadata, a) && !contains(never, a) && !contains(g.deny, a) && (g.private || !contains(reserved, a))
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Allows reports whether endpoints at an address are probed.
func (p *Prober) Allows(a netip.Addr) bool { return p.guard.allows(a) }
