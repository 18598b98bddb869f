package zonedb

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"open53/internal/network"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// privateModel is what a DB with private zones should hold.
type privateModel struct {
	zones    map[string]ZoneConfig
	serials  map[string]uint32
	networks []*network.Network
}

// find is the rule: of the zones that the VPC sees the one with the longest
// apex, of those the oldest.
func (m *privateModel) find(vpc zone.VPC, name rdata.Name) string {
	var best ZoneConfig
	for _, c := range m.zones {
		if !slices.Contains(c.VPCs, vpc) || !name.IsSubdomainOf(c.Name) {
			continue
		}
		longer := len(c.Name) - len(best.Name)
		if longer > 0 || longer == 0 && (c.Order < best.Order || c.Order == best.Order && c.ID < best.ID) {
			best = c
		}
	}
	return best.ID
}

// vpcOf is VPC number i, whose addresses are 10.i.0.0/16.
func vpcOf(i int) zone.VPC { return zone.VPC{Region: "eu-west-1", ID: fmt.Sprintf("vpc-%08x", i)} }

func (m *privateModel) step(t *testing.T, rng *rand.Rand, e *Edit, names []rdata.Name) {
	t.Helper()
	id := fmt.Sprintf("Z%d", rng.IntN(12))
	c, exists := m.zones[id]
	vpcs := make([]zone.VPC, 0, 4)
	for i := range 5 {
		if rng.IntN(3) == 0 {
			vpcs = append(vpcs, vpcOf(i))
		}
	}
	var err error
	switch {
	case !exists:
		c = ZoneConfig{ID: id, Name: names[rng.IntN(len(names))], Private: true, VPCs: vpcs, Order: rng.Uint64N(5)}
		err = e.AddZone(c)
		m.zones[id] = c
	case rng.IntN(4) == 0:
		e.DropZone(id)
		delete(m.zones, id)
		return
	case rng.IntN(2) == 0:
		c.VPCs = vpcs
		err = e.SetVPCs(id, vpcs)
		m.zones[id] = c
	}
	if err == nil {
		m.serials[id]++
		err = e.SetVersion(id, 1, m.serials[id])
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestPrivateZones drives random histories of private zones, their VPCs and
// the networks against a model. Snapshots taken on the way must not change.
func TestPrivateZones(t *testing.T) {
	names := []rdata.Name{apex, under(t, "a"), under(t, "b.a"), under(t, "c"), rdata.Root}
	probes := append(slices.Clone(names), under(t, "x.b.a"), under(t, "y.c"), rdata.MustParseName("other.test"))
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		db := New()
		m := privateModel{zones: map[string]ZoneConfig{}, serials: map[string]uint32{}}
		var frozen *Snapshot
		var seen string
		for range 60 {
			e := db.Begin()
			if rng.IntN(4) == 0 {
				m.networks = nil
				for i := range rng.IntN(6) {
					m.networks = append(m.networks, &network.Network{
						ID: vpcOf(i).ID, Region: vpcOf(i).Region, DNSSupport: true, DNSHostnames: rng.IntN(5) > 0,
						Blocks: []network.Block{{Prefix: network.Prefix{Prefix: netip.PrefixFrom(client(i), 16).Masked()}}},
					})
				}
				e.SetNetworks(network.NewTable(m.networks))
			}
			for range rng.IntN(4) {
				m.step(t, rng, e, names)
			}
			e.Commit()
			checkPrivate(t, seed, db.Snapshot(), &m, probes)
			if rng.IntN(20) == 0 {
				frozen, seen = db.Snapshot(), describe(db.Snapshot(), probes)
			}
			if frozen != nil && describe(frozen, probes) != seen {
				t.Fatalf("seed %d: a published snapshot changed", seed)
			}
		}
	}
}

// asked is a name that a query has.
func asked(name rdata.Name) *QName {
	var offsets []uint8
	i := 0
	for ; name[i] != 0; i += 1 + int(name[i]) {
		offsets = append(offsets, uint8(i))
	}
	q := new(QName)
	q.Set(append([]byte(name), make([]byte, 9)...), len(name), append(offsets, uint8(i)), len(offsets))
	return q
}

func client(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i), 3, 4}) }

// answering is what a client's query finds among the private zones.
func answering(s *Snapshot, i int, name rdata.Name) *Zone {
	v := s.View(client(i))
	if v == nil {
		return nil
	}
	return s.PrivateZone(v, asked(name), 0)
}

func describe(s *Snapshot, probes []rdata.Name) string {
	text := ""
	for i := range 6 {
		for _, name := range probes {
			if z := answering(s, i, name); z != nil {
				text += fmt.Sprintf("%d %s: %s %d\n", i, name, z.ID(), z.Serial())
			}
		}
	}
	return text
}

func checkPrivate(t *testing.T, seed uint64, s *Snapshot, m *privateModel, probes []rdata.Name) {
	t.Helper()
	for i := range 6 {
		known := slices.IndexFunc(m.networks, func(n *network.Network) bool { return n.ID == vpcOf(i).ID })
		v := s.View(client(i))
		if (v != nil) != (known >= 0) || v != nil && v.VPC() != vpcOf(i) {
			t.Fatalf("seed %d: client %d: view %v, known as %d", seed, i, v, known)
		}
		for _, name := range probes {
			want := ""
			if known >= 0 && m.networks[known].Private() {
				want = m.find(vpcOf(i), name)
			}
			z := answering(s, i, name)
			switch {
			case z == nil && want != "", z != nil && z.ID() != want:
				t.Fatalf("seed %d: client %d: %s: zone %v, want %q", seed, i, name, z, want)
			case z != nil && z.Serial() != m.serials[want]:
				t.Fatalf("seed %d: client %d: %s: serial %d, want %d", seed, i, name, z.Serial(), m.serials[want])
			}
		}
	}
}
