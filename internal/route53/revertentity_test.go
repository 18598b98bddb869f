package route53

import (
	"testing"

	api "open53/internal/route53api"
)

// TestRevertHealthCheck: the settings of an older version come back as a new
// one, and what is not there is refused.
func TestRevertHealthCheck(t *testing.T) {
	f := newFixture(t, nil)
	made, err := f.CreateHealthCheck(t.Context(), &api.CreateHealthCheckInput{
		CallerReference:   "1",
		HealthCheckConfig: api.HealthCheckConfig{Type: api.HealthCheckTypeTCP, IPAddress: new("192.0.2.1"), Port: new(int32(80))},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := made.HealthCheck.Id
	if _, err := f.UpdateHealthCheck(t.Context(), &api.UpdateHealthCheckInput{HealthCheckId: id, Port: new(int32(81))}); err != nil {
		t.Fatal(err)
	}
	if changeID, err := f.RevertHealthCheck(t.Context(), id, 1); err != nil || changeID == "" {
		t.Fatal(changeID, err)
	}
	got, err := f.GetHealthCheck(t.Context(), &api.GetHealthCheckInput{HealthCheckId: id})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.HealthCheck; *c.HealthCheckConfig.Port != 80 || c.HealthCheckVersion != 3 {
		t.Errorf("port %d, version %d", *c.HealthCheckConfig.Port, c.HealthCheckVersion)
	}
	_, err = f.RevertHealthCheck(t.Context(), id, 9)
	wantError(t, err, "InvalidInput", "Version 9 has nothing to restore.")
	_, err = f.RevertHealthCheck(t.Context(), "11111111-1111-4111-8111-111111111111", 1)
	wantError(t, err, "NoSuchHealthCheck", "")
}

// TestRevertCIDRCollection: blocks come back, and a location that records name
// stays.
func TestRevertCIDRCollection(t *testing.T) {
	f := newFixture(t, nil)
	made, err := f.CreateCidrCollection(t.Context(), &api.CreateCidrCollectionInput{Name: "c", CallerReference: "1"})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.Collection.Id
	put := func(location string, blocks ...string) {
		t.Helper()
		_, err := f.ChangeCidrCollection(t.Context(), &api.ChangeCidrCollectionInput{Id: id, Changes: []api.CidrCollectionChange{
			{LocationName: location, Action: api.CidrCollectionChangeActionPut, CidrList: blocks},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("rome", "192.0.2.0/24")
	put("oslo", "198.51.100.0/24")
	if _, err := f.RevertCIDRCollection(t.Context(), id, 2); err != nil {
		t.Fatal(err)
	}
	list, err := f.ListCidrLocations(t.Context(), &api.ListCidrLocationsInput{CollectionId: id})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.CidrLocations) != 1 || *list.CidrLocations[0].LocationName != "rome" {
		t.Errorf("%+v", list.CidrLocations)
	}
	zoneID := f.newZone(t, "example.com")
	f.mustChange(t, zoneID, api.Change{Action: api.ChangeActionCreate, ResourceRecordSet: api.ResourceRecordSet{
		Name: "www.example.com", Type: api.RRTypeA, TTL: new(int64(60)), SetIdentifier: new("rome"),
		CidrRoutingConfig: &api.CidrRoutingConfig{CollectionId: id, LocationName: "rome"},
		ResourceRecords:   []api.ResourceRecord{{Value: "192.0.2.1"}},
	}})
	_, err = f.RevertCIDRCollection(t.Context(), id, 1)
	wantError(t, err, "CidrBlockInUseException", "")
}
