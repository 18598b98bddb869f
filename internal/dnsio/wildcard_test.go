package dnsio

import (
	"net/netip"
	"testing"
)

// TestWildcardAnswersFrom: a response leaves from the address its query came
// to; a connected client socket would not see it otherwise.
func TestWildcardAnswersFrom(t *testing.T) {
	paths(t, func(t *testing.T, portable bool) {
		addresses := append([]string{"127.0.0.1", "127.0.0.2", "127.9.9.9", "::1"}, ownNetwork(t)...)
		addrs := start(t, Config{Listen: []string{"0.0.0.0:0", "[::]:0"}, Portable: portable})
		for _, text := range addresses {
			ip, port := netip.MustParseAddr(text), addrs[0].Port()
			if ip.Is6() {
				port = addrs[1].Port()
			}
			to := netip.AddrPortFrom(ip, port)
			if got := exchangeUDP(t, to, "xxhello"); got != "\x00\x35hello" {
				t.Errorf("%s: %q", to, got)
			}
		}
	})
}
