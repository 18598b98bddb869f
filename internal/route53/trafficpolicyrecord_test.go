package route53

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	api "open53/internal/route53api"
)

// TestPolicyRecords follows an instance from version to version, and looks at
// what is stored.
func TestPolicyRecords(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", oneAddress, twoWeighted, geoOfWeighted)
	id := f.newInstance(t, zoneID, "www.example.com", policy, 1)
	steps := []struct {
		version int32
		ttl     int64
		want    []string
	}{
		{1, 60, []string{"www.example.com. A  60 [192.0.2.1]"}},
		{2, 60, []string{
			"H1.example.com. A 1 a 60 [192.0.2.1]", "H1.example.com. A 2 b 60 [192.0.2.2]", "www.example.com. A  0 [] alias H1.example.com.",
		}},
		{2, 30, []string{
			"H1.example.com. A 1 a 30 [192.0.2.1]", "H1.example.com. A 2 b 30 [192.0.2.2]", "www.example.com. A  0 [] alias H1.example.com.",
		}},
		{3, 30, []string{
			"H1.example.com. A 1 r 0 [] alias H2.example.com.", "H1.example.com. A 2 b 30 [192.0.2.2]",
			"H2.example.com. A 1 a 30 [192.0.2.1]", "H2.example.com. A 2 b 30 [192.0.2.2]", "www.example.com. A  0 [] alias H1.example.com.",
		}},
		{1, 30, []string{"www.example.com. A  30 [192.0.2.1]"}},
	}
	for _, step := range steps {
		position := f.store.Position()
		if err := f.updateInstance(t, id, policy, step.version, step.ttl); err != nil {
			t.Fatal(err)
		}
		got := f.stored(t, zoneID)
		slices.Sort(got)
		want := step.want
		if diff := cmp.Diff(normalize(want), normalize(got)); diff != "" {
			t.Errorf("version %d: %s", step.version, diff)
		}
		f.checkHidden(t, zoneID)
		if n := f.zoneEvents(t, zoneID, position); n > 1 {
			t.Errorf("version %d: %d events of the zone", step.version, n)
		}
	}
	if _, err := f.DeleteTrafficPolicyInstance(t.Context(), &api.DeleteTrafficPolicyInstanceInput{Id: id}); err != nil {
		t.Fatal(err)
	}
	if left := f.stored(t, zoneID); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	f.checkHidden(t, zoneID)
	if _, err := f.DeleteHostedZone(t.Context(), &api.DeleteHostedZoneInput{Id: zoneID}); err != nil {
		t.Error(err)
	}
	verify(t, f.store)
}

// normalize makes listings comparable that number hidden names differently.
func normalize(lines []string) []string {
	number := regexp.MustCompile(`\bH[0-9]`)
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = number.ReplaceAllString(l, "H")
	}
	slices.Sort(out)
	return out
}

// zoneEvents counts the events of a zone behind a position.
func (f *fixture) zoneEvents(tb testing.TB, zoneID string, behind uint64) (n int) {
	tb.Helper()
	view := f.Service.store.View()
	defer view.Close()
	for record, err := range view.History(zoneKey(zoneID), 1) {
		if err != nil {
			tb.Fatal(err)
		}
		if record.Position > behind {
			n++
		}
	}
	return n
}

// TestPolicyRecordsAreOwned is what clients may do with the records of an
// instance: delete the root, and nothing else.
func TestPolicyRecordsAreOwned(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", twoWeighted)
	id := f.newInstance(t, zoneID, "www.example.com", policy, 1)
	view := f.store.View()
	sets, err := view.RRsetsAt(zoneID, rdata.MustParseName("www.example.com"))
	if err != nil || len(sets) != 1 {
		t.Fatal(len(sets), err)
	}
	view.Close()
	hidden := sets[0].Alias.Target.String()

	root := api.ResourceRecordSet{Name: "www.example.com", Type: "A", TrafficPolicyInstanceId: &id}
	action := func(a api.ChangeAction, set api.ResourceRecordSet) api.Change {
		return api.Change{Action: a, ResourceRecordSet: set}
	}
	belongs := "[RRSet of type A with DNS name www.example.com. is not permitted to be changed as it belongs to the traffic policy instance " + id + " in zone example.com.]"
	unknown := root
	unknown.TrafficPolicyInstanceId = new("another")
	alias := api.ResourceRecordSet{Name: "a.example.com", Type: "A", AliasTarget: &api.AliasTarget{HostedZoneId: zoneID, DNSName: hidden}}
	weighted := record(api.ChangeActionCreate, "www.example.com", "A", 60, "192.0.2.9")
	weighted.ResourceRecordSet.SetIdentifier, weighted.ResourceRecordSet.Weight = new("x"), new(int64(1))
	tests := []struct {
		name   string
		change api.Change
		text   string
	}{
		{"upsert over the root", record(api.ChangeActionUpsert, "www.example.com", "A", 60, "192.0.2.9"), belongs},
		{
			"create over the root", record(api.ChangeActionCreate, "www.example.com", "A", 60, "192.0.2.9"),
			"[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]",
		},
		{"upsert the root", action(api.ChangeActionUpsert, root), belongs},
		{
			"delete the root by its values", record(api.ChangeActionDelete, "www.example.com", "A", 60, "192.0.2.1"),
			"[Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values]",
		},
		{
			"delete the root of another", action(api.ChangeActionDelete, unknown),
			"[Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values]",
		},
		{
			"join the root", weighted,
			"[RRSet with DNS name www.example.com., type A, SetIdentifier x cannot be created as a non-weighted set exists with the same name and type.]",
		},
		{
			"a CNAME beside the root", record(api.ChangeActionCreate, "www.example.com", "CNAME", 60, "a.example.net"),
			"[RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.]",
		},
		{"a hidden name", record(api.ChangeActionCreate, hidden, "TXT", 60, `"x"`), "[RRSet with DNS name " + hidden + " is not permitted in zone example.com.]"},
		{"delete a hidden set", record(api.ChangeActionDelete, hidden, "A", 60, "192.0.2.1"), "[RRSet with DNS name " + hidden + " is not permitted in zone example.com.]"},
		{
			"alias of a hidden name", action(api.ChangeActionCreate, alias),
			"[Tried to create an alias that targets " + hidden + ", type A in zone " + zoneID + ", but that target was not found]",
		},
		{
			"a set of no instance", action(api.ChangeActionCreate, api.ResourceRecordSet{Name: "b.example.com", Type: "A", TrafficPolicyInstanceId: new("another")}),
			"[No traffic policy instance exists with the specified ID another]",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.change(t.Context(), zoneID, test.change)
			wantError(t, err, "InvalidChangeBatch", test.text)
		})
	}
	_, err = f.DeleteHostedZone(t.Context(), &api.DeleteHostedZoneInput{Id: zoneID})
	wantError(t, err, "HostedZoneNotEmpty", "")

	// Amazon's API reference: the instance stays, and goes by its own operation.
	toRoot := api.ResourceRecordSet{Name: "a.example.com", Type: "A", AliasTarget: &api.AliasTarget{HostedZoneId: zoneID, DNSName: "www.example.com"}}
	f.mustChange(t, zoneID, action(api.ChangeActionCreate, toRoot), record(api.ChangeActionCreate, "c.example.com", "CNAME", 60, "www.example.com"))
	f.mustChange(t, zoneID, action(api.ChangeActionDelete, root), action(api.ChangeActionDelete, toRoot),
		record(api.ChangeActionDelete, "c.example.com", "CNAME", 60, "www.example.com"))
	f.checkHidden(t, zoneID)
	got, err := f.GetTrafficPolicyInstance(t.Context(), &api.GetTrafficPolicyInstanceInput{Id: id})
	if err != nil || got.TrafficPolicyInstance.State != stateApplied {
		t.Errorf("%v, %v", got, err)
	}
	_, err = f.DeleteHostedZone(t.Context(), &api.DeleteHostedZoneInput{Id: zoneID})
	wantError(t, err, "HostedZoneNotEmpty", "")
	if err := f.updateInstance(t, id, policy, 1, 60); err != nil { // puts the root back
		t.Fatal(err)
	}
	if n := len(f.rrsets(t, zoneID, "300")); n != 3 {
		t.Errorf("%d RRsets", n)
	}
	f.mustChange(t, zoneID, action(api.ChangeActionDelete, root))
	if _, err := f.DeleteTrafficPolicyInstance(t.Context(), &api.DeleteTrafficPolicyInstanceInput{Id: id}); err != nil {
		t.Fatal(err)
	}
	if _, err = f.DeleteHostedZone(t.Context(), &api.DeleteHostedZoneInput{Id: zoneID}); err != nil {
		t.Error(err)
	}
}

// TestInstanceFails is where a zone has no room for a policy's records.
func TestInstanceFails(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	checked := strings.Replace(twoWeighted, `"Weight":1}`, `"Weight":1,"HealthCheck":"11111111-1111-1111-1111-111111111111"}`, 1)
	policy := f.newPolicy(t, "p", twoWeighted, checked, geoOfWeighted)
	f.mustChange(t, zoneID, create("www", "192.0.2.9"), record(api.ChangeActionCreate, "c.example.com", "CNAME", 60, "a.example.net"))
	get := func(id string) api.TrafficPolicyInstance {
		out, err := f.GetTrafficPolicyInstance(t.Context(), &api.GetTrafficPolicyInstanceInput{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return out.TrafficPolicyInstance
	}
	tests := []struct {
		name    string
		version int32
		text    string
	}{
		{"www.example.com", 1, "Tried to create resource record set [name='www.example.com.', type='A'] but it already exists"},
		{"c.example.com", 1, "RRSet of type A with DNS name c.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com."},
		{"h.example.com", 2, "No health check exists with the specified ID 11111111-1111-1111-1111-111111111111"},
	}
	before := f.stored(t, zoneID)
	for _, test := range tests {
		id := f.newInstance(t, zoneID, test.name, policy, test.version)
		if i := get(id); i.State != stateFailed || i.Message != test.text {
			t.Errorf("%s: %s: %s", test.name, i.State, i.Message)
		}
		_, err := f.DeleteTrafficPolicy(t.Context(), &api.DeleteTrafficPolicyInput{Id: policy, Version: test.version})
		wantError(t, err, "TrafficPolicyInUse", "Policy is in use for at least one instance")
		if diff := cmp.Diff(before, f.stored(t, zoneID)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if test.version == 2 { // with other settings it gets its records
			if err := f.updateInstance(t, id, policy, 1, 60); err != nil {
				t.Fatal(err)
			}
			if i := get(id); i.State != stateApplied || i.Message != "" {
				t.Errorf("%s: %s", i.State, i.Message)
			}
			// A failing update leaves the records, and the settings that made them.
			if err := f.updateInstance(t, id, policy, 2, 30); err != nil {
				t.Fatal(err)
			}
			if i := get(id); i.State != stateFailed || i.Message != test.text || i.TTL != 60 || i.TrafficPolicyVersion != 1 {
				t.Errorf("%+v", i)
			}
			f.checkHidden(t, zoneID)
			if err := f.updateInstance(t, id, policy, 3, 30); err != nil {
				t.Fatal(err)
			}
			if i := get(id); i.State != stateApplied || i.TTL != 30 || i.TrafficPolicyVersion != 3 {
				t.Errorf("%+v", i)
			}
		}
		if _, err := f.DeleteTrafficPolicyInstance(t.Context(), &api.DeleteTrafficPolicyInstanceInput{Id: id}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, f.stored(t, zoneID)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestRevertLeavesInstances: a Revert goes by the records of clients alone, and
// refuses where the two would meet.
func TestRevertLeavesInstances(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")                                                                                      // version 1
	policy := f.newPolicy(t, "p", twoWeighted, geoOfWeighted)                                                                  //
	f.mustChange(t, zoneID, create("www", "192.0.2.9"), record(api.ChangeActionCreate, "a.example.com", "A", 60, "192.0.2.1")) // 2
	f.mustChange(t, zoneID, record(api.ChangeActionDelete, "www.example.com", "A", 60, "192.0.2.9"))                           // 3
	id := f.newInstance(t, zoneID, "www.example.com", policy, 1)                                                               // 4
	f.mustChange(t, zoneID, record(api.ChangeActionUpsert, "a.example.com", "A", 60, "192.0.2.2"))                             // 5
	if err := f.updateInstance(t, id, policy, 2, 60); err != nil {                                                             // 6
		t.Fatal(err)
	}
	with := f.stored(t, zoneID)
	_, err := f.Revert(t.Context(), zoneID, 2, "")
	wantError(t, err, "InvalidInput", "The resource record set www.example.com. A cannot be restored: the traffic policy instance "+id+" has its place now. Delete the instance first.")
	_, err = f.Revert(t.Context(), zoneID, 5, "") // only the instance is another one
	wantError(t, err, "InvalidInput", "")
	for _, to := range []struct {
		version uint64
		address string
	}{{3, "192.0.2.1"}, {6, "192.0.2.2"}} {
		version, address := to.version, to.address
		if _, err := f.Revert(t.Context(), zoneID, version, ""); err != nil {
			t.Fatal(err)
		}
		got := f.stored(t, zoneID)
		for i := range with {
			if strings.HasPrefix(with[i], "a.") {
				with[i] = "a.example.com. A  60 [" + address + "]"
			}
		}
		if diff := cmp.Diff(with, got); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
		f.checkHidden(t, zoneID)
	}
	if err := f.updateInstance(t, id, policy, 1, 60); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DeleteTrafficPolicyInstance(t.Context(), &api.DeleteTrafficPolicyInstanceInput{Id: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Revert(t.Context(), zoneID, 2, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Revert(t.Context(), zoneID, 6, ""); err != nil { // its instance is gone for good
		t.Fatal(err)
	}
	if got := f.stored(t, zoneID); len(got) != 1 {
		t.Errorf("%q", got)
	}
	f.checkHidden(t, zoneID)
	verify(t, f.store)
}

// TestHiddenRRsetsArePassed lists a zone page by page that has many of them in
// its midst.
func TestHiddenRRsetsArePassed(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", geoOfWeighted)
	var want []string
	for _, name := range []string{`_a`, `_trafficpolicy`, `_trafficpolicy-`, `_trafficpolicy0`, `_trafficpolicy\057`, `_trafficpolicz`, "a", `\052`} {
		f.mustChange(t, zoneID, record(api.ChangeActionCreate, name+".example.com", "A", 60, "192.0.2.1"))
		want = append(want, name+".example.com.")
	}
	for i := range 30 {
		name := fmt.Sprintf("p%02d.example.com.", i)
		f.newInstance(t, zoneID, name, policy, 1)
		want = append(want, name)
	}
	f.checkHidden(t, zoneID)
	for _, size := range []string{"1", "7", "300"} {
		var got []string
		for _, set := range f.rrsets(t, zoneID, size) {
			if set.Type == "A" {
				got = append(got, set.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %s: %s", size, diff)
		}
	}
	count, err := f.GetHostedZone(t.Context(), &api.GetHostedZoneInput{Id: zoneID})
	if err != nil || *count.HostedZone.ResourceRecordSetCount != int64(len(want)+2) {
		t.Errorf("count %d, %v", *count.HostedZone.ResourceRecordSetCount, err)
	}
}

// TestInstancesOfLongNames: below the longest names there is no room for hidden
// ones, which only policies with rules need.
func TestInstancesOfLongNames(t *testing.T) {
	f := newFixture(t, nil)
	name := strings.Repeat("a23456789012345678901234567890.", 7) + "example" // 226 bytes on the wire
	zoneID := f.newZone(t, name)
	policy := f.newPolicy(t, "p", oneAddress, twoWeighted)
	f.newInstance(t, zoneID, name, policy, 1)
	_, err := f.CreateTrafficPolicyInstance(t.Context(), &api.CreateTrafficPolicyInstanceInput{
		HostedZoneId: zoneID, Name: "b." + name, TTL: 60, TrafficPolicyId: policy, TrafficPolicyVersion: 2,
	})
	wantError(t, err, "InvalidInput", "The name of the hosted zone "+zoneID+" is too long for the records of a traffic policy.")
}

// TestInstanceOfALostRegion: a region of the operator's own is no longer
// configured when its policy is applied.
func TestInstanceOfALostRegion(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Regions = func(name string) bool { return name == "basement" } })
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", strings.Replace(twoWeighted, `"weighted","Items":[{"EndpointReference":"a","Weight":1},{"EndpointReference":"b","Weight":2}]`,
		`"latency","Regions":[{"EndpointReference":"a","Region":"basement"}]`, 1))
	id := f.newInstance(t, zoneID, "www.example.com", policy, 1)
	f.batch.Regions = nil
	if err := f.updateInstance(t, id, policy, 1, 5); err != nil {
		t.Fatal(err)
	}
	out, err := f.GetTrafficPolicyInstance(t.Context(), &api.GetTrafficPolicyInstanceInput{Id: id})
	if i := out.TrafficPolicyInstance; err != nil || i.State != stateFailed || i.Message != "r: Region 'basement' is not valid." || i.TTL != 60 {
		t.Errorf("%+v, %v", i, err)
	}
	f.checkHidden(t, zoneID)
}

func TestClip(t *testing.T) {
	short, long := strings.Repeat("é", maxInstanceMessage), strings.Repeat("é", maxInstanceMessage+1)
	if got := clip(short); got != short {
		t.Error("a message that fits is another one")
	}
	if got := []rune(clip(long)); len(got) != maxInstanceMessage || string(got[len(got)-3:]) != "..." {
		t.Errorf("%d characters", len(got))
	}
}
