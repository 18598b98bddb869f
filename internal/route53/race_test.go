package route53

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// TestManyWritersOneZone lets many goroutines raise one counter, which a TXT
// record holds, each time by DELETE of what it read and CREATE of the next. No
// raise is lost and none is made twice.
func TestManyWritersOneZone(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	counter := func(action api.ChangeAction, n int) api.Change {
		return record(action, "counter.example.com", "TXT", 60, fmt.Sprintf(`"%d"`, n))
	}
	f.mustChange(t, zoneID, counter(api.ChangeActionCreate, 0))
	const writers, raises = 24, 15
	var refused atomic.Int64
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for done := 0; done < raises; {
				n := f.counter(t, zoneID)
				own := record(api.ChangeActionUpsert, fmt.Sprintf("writer%d.example.com", writer), "A", int64(done), "192.0.2.1")
				_, err := f.change(t.Context(), zoneID, counter(api.ChangeActionDelete, n), counter(api.ChangeActionCreate, n+1), own)
				var lost *api.InvalidChangeBatch
				switch {
				case err == nil:
					done++
				case errors.As(err, &lost):
					refused.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := f.counter(t, zoneID); n != writers*raises {
		t.Errorf("the counter is %d, not %d", n, writers*raises)
	}
	t.Logf("%d batches came too late", refused.Load())
	f.checkHistory(t, zoneID, writers*raises+2)
	verify(t, f.store)
}

func (f *fixture) counter(t *testing.T, zoneID string) (n int) {
	t.Helper()
	out, err := f.ListResourceRecordSets(t.Context(), &api.ListResourceRecordSetsInput{
		HostedZoneId: zoneID, StartRecordName: new("counter.example.com"), MaxItems: new("1"),
	})
	if err != nil {
		t.Error(err)
		return 0
	}
	if _, err := fmt.Sscanf(out.ResourceRecordSets[0].ResourceRecords[0].Value, `"%d"`, &n); err != nil {
		t.Error(err)
	}
	return n
}

// checkHistory fails unless the zone has so many versions and DNS serves a
// serial that rose with each of them that changed something.
func (f *fixture) checkHistory(t *testing.T, zoneID string, versions int) {
	t.Helper()
	history, err := f.History(t.Context(), zoneID, 0, maxHistory)
	if err != nil {
		t.Fatal(err)
	}
	if len(history) != versions {
		t.Errorf("%d versions, not %d", len(history), versions)
	}
	for i, v := range history {
		if v.Version != uint64(i+1) || v.Serial != uint32(i+1) {
			t.Errorf("version %d, serial %d at place %d", v.Version, v.Serial, i)
		}
	}
}

// verify recomputes everything that the store has.
func verify(t *testing.T, s store.Store) {
	t.Helper()
	report, err := s.Verify(context.Background(), nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("verify: %v, %q", err, report.Faults)
	}
}

// another is a second Service over the store, as a second node would have.
func (f *fixture) another(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOver(t, f.store, func(c *Config) { c.Random = chacha(2) })
}

// TestOneOfMany has many goroutines ask two Services for the same thing, of
// which there can be one.
func TestOneOfMany(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.EnforceQuotas, c.Limits.HostedZones = true, 8 })
	both := [...]*fixture{f, f.another(t)}
	zoneID := f.newZone(t, "example.com")
	first := f.newPrivateZone(t, "corp.lan", "vpc-00000001")
	second := f.newPrivateZone(t, "corp.lan", "vpc-00000002")
	set, err := f.CreateReusableDelegationSet(t.Context(), &api.CreateReusableDelegationSetInput{CallerReference: "set"})
	if err != nil {
		t.Fatal(err)
	}
	setID := strings.TrimPrefix(*set.DelegationSet.Id, "/delegationset/")
	tests := []struct {
		name string
		ask  func(i int) error
		code string // for the others
	}{
		{"record", func(i int) error {
			_, err := both[i%2].change(t.Context(), zoneID, create("one", fmt.Sprintf("192.0.2.%d", i)))
			return err
		}, "InvalidChangeBatch"},
		{"caller reference", func(i int) error {
			_, err := both[i%2].CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{Name: "example.org", CallerReference: "one"})
			return err
		}, "HostedZoneAlreadyExists"},
		{"name in a VPC", func(i int) error {
			_, err := both[i%2].CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{
				Name: "vpc.lan", CallerReference: fmt.Sprint("vpc", i), VPC: testVPC("vpc-00000003"),
			})
			return err
		}, "ConflictingDomainExists"},
		{"VPC of two zones of one name", func(i int) error {
			_, err := both[i%2].AssociateVPCWithHostedZone(t.Context(), &api.AssociateVPCWithHostedZoneInput{
				HostedZoneId: []string{first, second}[i/2%2], VPC: *testVPC("vpc-00000004"),
			})
			return err
		}, "ConflictingDomainExists"},
		{"name in a delegation set", func(i int) error {
			_, err := both[i%2].CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{
				Name: strings.Repeat("a.", i%3) + "example.net", CallerReference: fmt.Sprint("set", i), DelegationSetId: &setID,
			})
			return err
		}, "ConflictingDomainExists"},
		{"last zone of the quota", func(i int) error {
			_, err := f.CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{Name: "example.edu", CallerReference: fmt.Sprint("quota", i)})
			return err
		}, "TooManyHostedZones"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.code == "TooManyHostedZones" {
				f.newZone(t, "the.last.but.one")
			}
			var made atomic.Int64
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					if err := test.ask(i); err == nil {
						made.Add(1)
					} else {
						wantError(t, err, test.code, "")
					}
				})
			}
			wg.Wait()
			if n := made.Load(); n != 1 {
				t.Errorf("%d were made", n)
			}
		})
	}
	verify(t, f.store)
}

// TestDelegationSetOrZone deletes delegation sets while zones are made with
// them: one of the two happens.
func TestDelegationSetOrZone(t *testing.T) {
	f := newFixture(t, nil)
	other := f.another(t)
	for round := range 60 {
		out, err := f.CreateReusableDelegationSet(t.Context(), &api.CreateReusableDelegationSetInput{CallerReference: fmt.Sprint(round)})
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimPrefix(*out.DelegationSet.Id, "/delegationset/")
		var zoneErr, setErr error
		var wg sync.WaitGroup
		wg.Go(func() {
			_, zoneErr = f.CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{Name: fmt.Sprintf("r%d.lan", round), CallerReference: fmt.Sprint(round), DelegationSetId: &id})
		})
		wg.Go(func() {
			_, setErr = other.DeleteReusableDelegationSet(t.Context(), &api.DeleteReusableDelegationSetInput{Id: id})
		})
		wg.Wait()
		switch {
		case zoneErr == nil:
			wantError(t, setErr, "DelegationSetInUse", "")
		case setErr == nil:
			wantError(t, zoneErr, "NoSuchDelegationSet", "")
		default:
			t.Errorf("neither: %v, %v", zoneErr, setErr)
		}
	}
}

// brokenStore fails batches at random, in every way that a store can.
type brokenStore struct {
	store.Store
	mu     sync.Mutex // guards random
	random *rand.Rand
}

func (s *brokenStore) Enqueue(events []*event.Event) store.Ticket {
	s.mu.Lock()
	dice := s.random.IntN(40)
	s.mu.Unlock()
	switch dice {
	case 0: // refused
		return failedTicket{store.ErrUnavailable}
	case 1: // lost half-way
		return failedTicket{store.ErrAmbiguous}
	case 2: // stored, but nobody knows
		return doubtfulTicket{s.Store.Enqueue(events)}
	}
	return s.Store.Enqueue(events)
}

type failedTicket struct{ err error }

func (t failedTicket) Wait(context.Context) (uint64, error) { return 0, t.err }

type doubtfulTicket struct{ store.Ticket }

func (t doubtfulTicket) Wait(ctx context.Context) (uint64, error) {
	if _, err := t.Ticket.Wait(ctx); err != nil {
		return 0, err
	}
	return 0, store.ErrAmbiguous
}

// TestBrokenStore changes three zones from many goroutines over a store that
// fails now and then. What was acknowledged is in the history, once; what was
// refused is not; each zone is what its acknowledged changes make of it.
func TestBrokenStore(t *testing.T) {
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s := &brokenStore{Store: m, random: rand.New(rand.NewPCG(1, 2))}
	f := newFixtureOver(t, m, nil)
	zones := []string{f.newZone(t, "a.example.com"), f.newZone(t, "b.example.com"), f.newZone(t, "c.example.com")}
	f.Service.store = s

	type outcome struct {
		zone, host string
		id         string // of the change, where it was acknowledged
	}
	var mu sync.Mutex // guards outcomes
	var outcomes []outcome
	var wg sync.WaitGroup
	for writer := range 16 {
		wg.Go(func() {
			for i := range 40 {
				zone := (writer + i) % len(zones)
				host := fmt.Sprintf("w%d-%d.%c.example.com.", writer, i, 'a'+zone)
				info, err := f.change(t.Context(), zones[zone], record(api.ChangeActionCreate, host, "A", 60, "192.0.2.1"))
				if err != nil {
					var known *api.GenericError
					if !errors.As(err, &known) || known.Status() != 503 {
						t.Error(err)
					}
				}
				mu.Lock()
				outcomes = append(outcomes, outcome{zones[zone], host, strings.TrimPrefix(info.Id, "/change/")})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if n := len(f.logged.take()); n == 0 {
		t.Error("nothing ever failed")
	}
	stored := map[string]string{} // change id by host
	for _, zoneID := range zones {
		history, err := f.History(t.Context(), zoneID, 2, maxHistory)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range history {
			host := v.Changes[0].New.Name.String()
			if stored[host] != "" {
				t.Errorf("%s was made twice", host)
			}
			stored[host] = v.ChangeID
		}
		if got := len(f.rrsets(t, zoneID, "300")); got != len(history)+2 {
			t.Errorf("%d RRsets after %d changes", got, len(history))
		}
	}
	slices.SortFunc(outcomes, func(a, b outcome) int { return strings.Compare(a.host, b.host) })
	for _, o := range outcomes {
		if o.id != stored[o.host] { // a doubtful one that was lost answers with an error, and is not there
			t.Errorf("%s: acknowledged as %q, stored as %q", o.host, o.id, stored[o.host])
		}
	}
	verify(t, m)
}

// TestManyWritersOfInstances lets goroutines make, update and end traffic
// policies, their instances and the zones' records all at once. What is left is
// whole: each instance has a zone and a version, and each zone counts rightly.
func TestManyWritersOfInstances(t *testing.T) {
	f := newFixture(t, nil)
	zones := []string{f.newZone(t, "a.example"), f.newZone(t, "b.example")}
	names := []string{"a.example", "b.example"}
	for i, zoneID := range zones { // so that no DeleteHostedZone succeeds
		f.mustChange(t, zoneID, record(api.ChangeActionCreate, "stays."+names[i], "A", 60, "192.0.2.1"))
	}
	policy := f.newPolicy(t, "p", oneAddress, twoWeighted, geoOfWeighted)
	ctx := t.Context()
	expected := []string{
		"TrafficPolicyInstanceAlreadyExists", "NoSuchTrafficPolicyInstance", "NoSuchTrafficPolicy", "TrafficPolicyInUse", "InvalidChangeBatch", "HostedZoneNotEmpty",
	}
	check := func(err error) {
		var known api.APIError
		if err != nil && (!errors.As(err, &known) || !slices.Contains(expected, known.Code())) {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for writer := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(writer), 5))
			for range 40 {
				z := random.IntN(len(zones))
				at := fmt.Sprintf("w%d.%s", random.IntN(3), names[z])
				version := int32(1 + random.IntN(4))
				list, err := f.ListTrafficPolicyInstancesByHostedZone(ctx, &api.ListTrafficPolicyInstancesByHostedZoneInput{HostedZoneId: zones[z]})
				check(err)
				id := "none"
				if n := len(list.TrafficPolicyInstances); n > 0 {
					id = list.TrafficPolicyInstances[random.IntN(n)].Id
				}
				switch random.IntN(7) {
				case 0:
					_, err = f.CreateTrafficPolicyInstance(ctx, &api.CreateTrafficPolicyInstanceInput{HostedZoneId: zones[z], Name: at, TTL: 60, TrafficPolicyId: policy, TrafficPolicyVersion: version})
				case 1, 2:
					_, err = f.UpdateTrafficPolicyInstance(ctx, &api.UpdateTrafficPolicyInstanceInput{Id: id, TTL: int64(random.IntN(3)), TrafficPolicyId: policy, TrafficPolicyVersion: version})
				case 3:
					_, err = f.DeleteTrafficPolicyInstance(ctx, &api.DeleteTrafficPolicyInstanceInput{Id: id})
				case 4:
					_, err = f.DeleteTrafficPolicy(ctx, &api.DeleteTrafficPolicyInput{Id: policy, Version: 1 + int32(random.IntN(4))})
				case 5:
					_, err = f.CreateTrafficPolicyVersion(ctx, &api.CreateTrafficPolicyVersionInput{Id: policy, Document: twoWeighted})
				default:
					_, err = f.change(ctx, zones[z], record(api.ChangeActionUpsert, at, "A", 60, "192.0.2.1"))
				}
				check(err)
				if random.IntN(8) == 0 {
					_, err = f.DeleteHostedZone(ctx, &api.DeleteHostedZoneInput{Id: zones[z]})
					check(err)
					_, err = f.change(ctx, zones[z], api.Change{Action: api.ChangeActionDelete, ResourceRecordSet: api.ResourceRecordSet{Name: at, Type: "A", TrafficPolicyInstanceId: &id}})
					check(err)
				}
			}
		})
	}
	wg.Wait()
	for _, zoneID := range zones {
		f.checkHidden(t, zoneID)
	}
	all, err := f.ListTrafficPolicyInstances(ctx, &api.ListTrafficPolicyInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all.TrafficPolicyInstances {
		if _, err := f.GetTrafficPolicy(ctx, &api.GetTrafficPolicyInput{Id: i.TrafficPolicyId, Version: i.TrafficPolicyVersion}); err != nil {
			t.Errorf("instance %s: %v", i.Id, err)
		}
		if err := f.updateInstance(t, i.Id, i.TrafficPolicyId, i.TrafficPolicyVersion, 9); err != nil {
			t.Error(err)
		}
	}
	verify(t, f.store)
}
