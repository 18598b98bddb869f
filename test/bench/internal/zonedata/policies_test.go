package zonedata

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

// TestWritePolicyQueries reads queries as a server would.
func TestWritePolicyQueries(t *testing.T) {
	for _, subnets := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "queries")
		if err := WritePolicyQueries(path, Latency, 100, 1000, subnets); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names, networks, count := map[string]bool{}, map[string]bool{}, 0
		for ; len(b) > 0; count++ {
			length := int(binary.BigEndian.Uint16(b))
			var m dns.Msg
			if err := m.Unpack(b[2 : 2+length]); err != nil {
				t.Fatal(err)
			}
			b = b[2+length:]
			names[m.Question[0].Name] = true
			opt := m.IsEdns0()
			if (opt != nil) != subnets {
				t.Fatalf("client subnets %v: %s", subnets, &m)
			}
			if opt != nil {
				subnet := opt.Option[0].(*dns.EDNS0_SUBNET)
				if subnet.Family != 1 || subnet.SourceNetmask != 24 || subnet.SourceScope != 0 || opt.UDPSize() != 1232 {
					t.Fatal(&m)
				}
				networks[subnet.Address.String()] = true
			}
		}
		if count != 1000 || len(names) != 100 || !names[Zone{Apex: Latency.Zone, Names: 100}.QName(Positive, 7)] {
			t.Errorf("%d queries for %d names", count, len(names))
		}
		if subnets && len(networks) < 900 {
			t.Errorf("only %d networks", len(networks))
		}
	}
}

// TestPolicies looks for zones and blocks that are there twice.
func TestPolicies(t *testing.T) {
	zones := map[string]bool{}
	for _, p := range Policies() {
		if zones[p.Zone] {
			t.Errorf("two policies have zone %s", p.Zone)
		}
		zones[p.Zone] = true
	}
	blocks, sets := map[string]bool{}, map[int]int{}
	for _, b := range Blocks() {
		if b.Network != b.Network.Masked() || blocks[b.Network.String()] || b.Set < 1 || b.Set >= CIDR.Sets {
			t.Errorf("block %v", b)
		}
		blocks[b.Network.String()] = true
		sets[b.Set]++
	}
	if len(sets) != CIDR.Sets-1 || len(blocks) > 1000 {
		t.Errorf("%d blocks, by set %v", len(blocks), sets)
	}
}
