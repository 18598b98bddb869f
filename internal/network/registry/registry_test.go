package registry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"open53/internal/access"
	"open53/internal/event"
	"open53/internal/network"
	"open53/internal/network/registry"
	"open53/internal/store"
	"open53/internal/store/memory"
)

func open(t *testing.T, published func(context.Context, uint64) error) (*registry.Registry, store.Store) {
	t.Helper()
	s, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return registry.New(registry.Config{Store: s, Now: time.Now, Random: rand.Reader, Published: published}), s
}

func vpc(id string) *network.Network {
	return &network.Network{ID: id, Region: "eu-west-1", Account: "000000000000", Created: 1}
}

func TestLifeOfANetwork(t *testing.T) {
	var waited uint64
	r, s := open(t, func(_ context.Context, position uint64) error { waited = position; return nil })
	ctx := access.WithCaller(t.Context(), access.Caller{ARN: "arn", AccessKeyID: "AKIAME"})
	const id = "vpc-12345678"
	if _, err := r.Find(id); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("before: %v", err)
	}
	if err := r.Create(ctx, "CreateVpc", vpc(id)); err != nil {
		t.Fatal(err)
	}
	if waited != s.Position() {
		t.Errorf("waited for %d of %d", waited, s.Position())
	}
	if err := r.Create(ctx, "CreateVpc", vpc(id)); !errors.Is(err, registry.ErrExists) {
		t.Errorf("again: %v", err)
	}
	changed, err := r.Update(ctx, "ModifyVpcAttribute", id, func(old *network.Network) (*network.Network, error) {
		next := old.Clone()
		next.DNSSupport = true
		return next, nil
	})
	if err != nil || !changed.DNSSupport {
		t.Fatalf("update: %v %v", changed, err)
	}
	position := s.Position()
	_, err = r.Update(ctx, "ModifyVpcAttribute", id, func(old *network.Network) (*network.Network, error) { return old, nil })
	if err != nil || s.Position() != position {
		t.Errorf("nothing to do: %v, %d events", err, s.Position()-position)
	}
	_, err = r.Update(ctx, "ModifyVpcAttribute", id, func(old *network.Network) (*network.Network, error) {
		next := old.Clone()
		next.Region = ""
		return next, nil
	})
	if !errors.Is(err, registry.ErrInvalid) {
		t.Errorf("invalid: %v", err)
	}
	if n, err := r.Find(id); err != nil || !n.DNSSupport || n.Region != "eu-west-1" {
		t.Errorf("found: %v %v", n, err)
	}
	if err := r.Delete(ctx, "DeleteVpc", id); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(ctx, "DeleteVpc", id); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if err := r.Create(ctx, "CreateVpc", vpc(id)); err != nil {
		t.Errorf("anew: %v", err)
	}
	checkHistory(t, s, id)
}

// checkHistory: the events say what happened and who did it.
func checkHistory(t *testing.T, s store.Store, id string) {
	t.Helper()
	view := s.View()
	defer view.Close()
	var operations []string
	for record, err := range view.History(event.Key{Kind: event.KindNetwork, ID: id}, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if record.Event.Actor != "AKIAME" {
			t.Errorf("actor %q", record.Event.Actor)
		}
		operations = append(operations, record.Event.Operation)
	}
	if got := fmt.Sprint(operations); got != "[CreateVpc ModifyVpcAttribute DeleteVpc CreateVpc]" {
		t.Errorf("history %s", got)
	}
}

func TestList(t *testing.T) {
	r, _ := open(t, nil)
	for i := range 10 {
		n := vpc(fmt.Sprintf("vpc-%08x", i))
		n.DNSSupport = i%2 == 0
		if err := r.Create(t.Context(), "CreateVpc", n); err != nil {
			t.Fatal(err)
		}
	}
	even := func(n *network.Network) bool { return n.DNSSupport }
	var ids []string
	for next := ""; ; {
		page, after, err := r.List(next, 2, even)
		if err != nil || len(page) > 2 {
			t.Fatalf("%d networks, %v", len(page), err)
		}
		for _, n := range page {
			ids = append(ids, n.ID)
		}
		if next = after; next == "" {
			break
		}
	}
	if fmt.Sprint(ids) != "[vpc-00000000 vpc-00000002 vpc-00000004 vpc-00000006 vpc-00000008]" {
		t.Errorf("ids %v", ids)
	}
	if all, next, err := r.List("", 0, nil); len(all) != 10 || next != "" || err != nil {
		t.Errorf("all: %d %q %v", len(all), next, err)
	}
}

// TestConcurrentUpdates: none is lost.
func TestConcurrentUpdates(t *testing.T) {
	r, _ := open(t, nil)
	const id = "vpc-12345678"
	if err := r.Create(t.Context(), "CreateVpc", vpc(id)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := r.Update(t.Context(), "AssociateVpcCidrBlock", id, func(old *network.Network) (*network.Network, error) {
				next := old.Clone()
				next.Blocks = append(next.Blocks, network.Block{
					Prefix: network.Prefix{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)}, AssociationID: "a",
				})
				return next, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := r.Find(id); err != nil || len(n.Blocks) != 8 {
		t.Errorf("%v %v", n, err)
	}
}

func TestIDs(t *testing.T) {
	r, _ := open(t, nil)
	a, err := r.NewID("vpc-")
	if err != nil || !network.ValidID(a) || len(a) != len("vpc-")+17 {
		t.Errorf("%q %v", a, err)
	}
	if b, _ := r.NewID("vpc-"); a == b {
		t.Error("the same id twice")
	}
}
