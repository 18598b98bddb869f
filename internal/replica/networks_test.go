package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"

	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/rdata"
	"open53/internal/store/memory"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// seen is which zone a client finds for a name: its own view's or the public
// one's.
func seen(db *zonedb.DB, client string) string {
	s := db.Snapshot()
	q := new(zonedb.QName)
	q.Set([]byte("\x04corp\x00        "), 6, []uint8{0, 5}, 1)
	if v := s.View(netip.MustParseAddr(client)); v != nil {
		if z := s.PrivateZone(v, q, 0); z != nil {
			return z.ID()
		}
	}
	if z := s.Zone(q, 0); z != nil {
		return z.ID()
	}
	return ""
}

// TestNetworks: what events say about VPCs and associations is what clients
// see, when their position is served; a node that starts anew sees the same.
func TestNetworks(t *testing.T) {
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	vpcs := []zone.VPC{{Region: "eu-west-1", ID: "vpc-0000000a"}, {Region: "eu-west-1", ID: "vpc-0000000b"}}
	vpc := func(i int, prefix string) *network.Network {
		return &network.Network{
			ID: vpcs[i].ID, Region: vpcs[i].Region, Account: "000000000000", DNSSupport: true, DNSHostnames: true,
			Blocks: []network.Block{{Prefix: network.Prefix{Prefix: netip.MustParsePrefix(prefix)}, AssociationID: "a"}},
		}
	}
	corp := func(id string, vpcs ...zone.VPC) *zone.HostedZone {
		return &zone.HostedZone{ID: id, Name: rdata.MustParseName("corp"), Private: len(vpcs) > 0, VPCs: vpcs}
	}
	networkKey := func(i int) event.Key { return event.Key{Kind: event.KindNetwork, ID: vpcs[i].ID} }
	zoneKey := func(id string) event.Key { return event.Key{Kind: event.KindZone, ID: id} }
	append1(t, s, networkKey(0), vpc(0, "10.0.0.0/16"))
	append1(t, s, zoneKey("ZPUBLIC"), corp("ZPUBLIC"))
	append1(t, s, zoneKey("ZA"), corp("ZA", vpcs[0]))

	db := zonedb.New()
	r := New(s, db, slog.New(slog.DiscardHandler))
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	const a, b, elsewhere = "10.0.0.1", "10.1.0.1", "192.0.2.1"
	check := func(what string, position uint64, wantA, wantB string) {
		t.Helper()
		if err := r.WaitServed(t.Context(), position); err != nil {
			t.Fatal(err)
		}
		anew := zonedb.New()
		if err := New(s, anew, slog.New(slog.DiscardHandler)).Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(wantA, wantB, "ZPUBLIC")
		for name, db := range map[string]*zonedb.DB{"followed": db, "loaded": anew} {
			if got := fmt.Sprint(seen(db, a), seen(db, b), seen(db, elsewhere)); got != want {
				t.Errorf("%s, %s: %s, want %s", what, name, got, want)
			}
		}
	}
	check("loaded", s.Position(), "ZA", "ZPUBLIC")
	check("second network", append1(t, s, networkKey(1), vpc(1, "10.1.0.0/16")), "ZA", "ZPUBLIC")
	check("associated", append1(t, s, zoneKey("ZA"), corp("ZA", vpcs[0], vpcs[1])), "ZA", "ZA")
	check("disassociated", append1(t, s, zoneKey("ZA"), corp("ZA", vpcs[1])), "ZPUBLIC", "ZA")
	check("second zone", append1(t, s, zoneKey("ZB"), corp("ZB", vpcs[0])), "ZB", "ZA")
	check("moved", append1(t, s, networkKey(1), vpc(1, "10.0.0.0/17")), "ZA", "ZPUBLIC")
	check("network gone", append1(t, s, networkKey(1), nil), "ZB", "ZPUBLIC")
	check("zone gone", append1(t, s, zoneKey("ZB"), nil), "ZPUBLIC", "ZPUBLIC")
	check("last network gone", append1(t, s, networkKey(0), nil), "ZPUBLIC", "ZPUBLIC")
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
