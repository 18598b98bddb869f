package route53

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

func (f *fixture) newCollection(tb testing.TB, name string, changes ...api.CidrCollectionChange) string {
	tb.Helper()
	out, err := f.CreateCidrCollection(tb.Context(), &api.CreateCidrCollectionInput{Name: name, CallerReference: name})
	if err != nil {
		tb.Fatal(err)
	}
	if len(changes) > 0 {
		if _, err := f.ChangeCidrCollection(tb.Context(), &api.ChangeCidrCollectionInput{Id: *out.Collection.Id, Changes: changes}); err != nil {
			tb.Fatal(err)
		}
	}
	return *out.Collection.Id
}

func putBlocks(location string, blocks ...string) api.CidrCollectionChange {
	return api.CidrCollectionChange{LocationName: location, Action: api.CidrCollectionChangeActionPut, CidrList: blocks}
}

func cidrRecord(action api.ChangeAction, name, collection, location string) api.Change {
	c := record(action, name, "A", 60, "192.0.2.1")
	c.ResourceRecordSet.SetIdentifier = &location
	c.ResourceRecordSet.CidrRoutingConfig = &api.CidrRoutingConfig{CollectionId: collection, LocationName: location}
	return c
}

// pages calls list with each token until there are no more.
func pages(tb testing.TB, list func(token *string) (next *string, err error)) (n int) {
	tb.Helper()
	var token *string
	for {
		next, err := list(token)
		if err != nil {
			tb.Fatal(err)
		}
		n++
		if next == nil {
			return n
		}
		token = next
	}
}

func TestCIDRListsArePaged(t *testing.T) {
	f := newFixture(t, nil)
	var changes []api.CidrCollectionChange
	for i := range 7 {
		changes = append(changes, putBlocks("l"+strconv.Itoa(i), fmt.Sprintf("10.%d.0.0/16", i), fmt.Sprintf("10.%d.1.0/24", i), fmt.Sprintf("2001:db8:%d::/48", i)))
	}
	id := f.newCollection(t, "one", changes...)
	for i := range 4 {
		f.newCollection(t, "more"+strconv.Itoa(i))
	}
	var blocks, locations, collections []string
	n := pages(t, func(token *string) (*string, error) {
		out, err := f.ListCidrBlocks(t.Context(), &api.ListCidrBlocksInput{CollectionId: id, NextToken: token, MaxResults: new("4")})
		if err != nil {
			return nil, err
		}
		for _, b := range out.CidrBlocks {
			blocks = append(blocks, *b.LocationName+" "+*b.CidrBlock)
		}
		return out.NextToken, nil
	})
	if n != 6 || len(blocks) != 21 || blocks[0] != "l0 10.0.0.0/16" || blocks[20] != "l6 2001:db8:6::/48" {
		t.Errorf("%d pages of blocks: %q", n, blocks)
	}
	n = pages(t, func(token *string) (*string, error) {
		out, err := f.ListCidrLocations(t.Context(), &api.ListCidrLocationsInput{CollectionId: id, NextToken: token, MaxResults: new("3")})
		if err != nil {
			return nil, err
		}
		for _, l := range out.CidrLocations {
			locations = append(locations, *l.LocationName)
		}
		return out.NextToken, nil
	})
	if diff := cmp.Diff([]string{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}, locations); diff != "" || n != 3 {
		t.Errorf("%d pages of locations\n%s", n, diff)
	}
	n = pages(t, func(token *string) (*string, error) {
		out, err := f.ListCidrCollections(t.Context(), &api.ListCidrCollectionsInput{NextToken: token, MaxResults: new("2")})
		if err != nil {
			return nil, err
		}
		for _, c := range out.CidrCollections {
			collections = append(collections, *c.Name)
		}
		return out.NextToken, nil
	})
	if n != 3 || len(collections) != 5 {
		t.Errorf("%d pages of collections: %q", n, collections)
	}
}

func TestCIDRUsesFollowTheRRsets(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	id := f.newCollection(t, "one", putBlocks("a", "192.0.2.0/24"), putBlocks("b", "198.51.100.0/24"))
	uses := func() []zone.CIDRUse {
		t.Helper()
		hosted, _, err := f.readZone(zoneID)
		if err != nil {
			t.Fatal(err)
		}
		return hosted.CIDRUses
	}
	f.mustChange(t, zoneID, cidrRecord(api.ChangeActionCreate, "x.example.com", id, "a"), cidrRecord(api.ChangeActionCreate, "y.example.com", id, "a"),
		cidrRecord(api.ChangeActionCreate, "x.example.com", id, "*"))
	f.mustChange(t, zoneID, cidrRecord(api.ChangeActionCreate, "x.example.com", id, "b"), record(api.ChangeActionCreate, "z.example.com", "A", 60, "192.0.2.9"))
	all := []zone.CIDRUse{{CollectionID: id, Location: "*", RRsets: 1}, {CollectionID: id, Location: "a", RRsets: 2}, {CollectionID: id, Location: "b", RRsets: 1}}
	if diff := cmp.Diff(all, uses()); diff != "" {
		t.Error(diff)
	}
	f.mustChange(t, zoneID, cidrRecord(api.ChangeActionUpsert, "x.example.com", id, "b"), cidrRecord(api.ChangeActionDelete, "y.example.com", id, "a"))
	all[1].RRsets = 1
	if diff := cmp.Diff(all, uses()); diff != "" {
		t.Error(diff)
	}
	if _, err := f.Revert(t.Context(), zoneID, 1, ""); err != nil {
		t.Fatal(err)
	}
	if got := uses(); len(got) != 0 {
		t.Errorf("after a revert it uses %v", got)
	}
	view := f.store.View()
	defer view.Close()
	for entry := range view.List(event.IndexZoneCIDR, nil, nil) {
		t.Errorf("the index has %q", entry.IndexKey)
	}
}

// TestCIDRCollectionsAreNotDeletedUnderRRsets: of an RRset that begins to name
// a collection and the collection's deletion one fails.
func TestCIDRCollectionsAreNotDeletedUnderRRsets(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	for i := range 40 {
		id := f.newCollection(t, "c"+strconv.Itoa(i))
		name := "n" + strconv.Itoa(i) + ".example.com"
		var group sync.WaitGroup
		var created, deleted error
		group.Go(func() {
			_, created = f.change(t.Context(), zoneID, cidrRecord(api.ChangeActionCreate, name, id, "*"))
		})
		group.Go(func() {
			_, deleted = f.DeleteCidrCollection(t.Context(), &api.DeleteCidrCollectionInput{Id: id})
		})
		group.Wait()
		switch {
		case created == nil:
			wantError(t, deleted, "CidrCollectionInUseException", "")
		case deleted == nil:
			wantError(t, created, "InvalidChangeBatch", "[No CIDR collection exists with the specified ID "+id+"]")
		default:
			t.Errorf("both failed: %v; %v", created, deleted)
		}
	}
}

func TestCIDRCollectionsAreMadeOnce(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EnforceQuotas = true })
	var group sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		group.Go(func() {
			out, err := f.CreateCidrCollection(t.Context(), &api.CreateCidrCollectionInput{Name: "one", CallerReference: "r"})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = *out.Collection.Id
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("ids %v", ids)
		}
	}
	for i := range 4 {
		f.newCollection(t, "more"+strconv.Itoa(i))
	}
	_, err := f.CreateCidrCollection(t.Context(), &api.CreateCidrCollectionInput{Name: "sixth", CallerReference: "r"})
	wantError(t, err, "LimitsExceeded", "")
}
