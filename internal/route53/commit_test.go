package route53

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
)

// slowFixture is a Service over a store that holds batches back, with a zone
// in it. It is made in a synctest bubble.
func slowFixture(t *testing.T) (f *fixture, s *slowStore, zoneID string) {
	t.Helper()
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	s = &slowStore{Store: m}
	f = newFixtureOver(t, s, nil)
	zoneID = f.newZone(t, "example.com")
	s.setSlow(true)
	return f, s, zoneID
}

// call is a request that has been sent.
type call struct {
	done chan struct{}
	err  error
}

// start sends a request and returns once it waits for something.
func start(f func() error) *call {
	c := &call{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = f()
	}()
	synctest.Wait()
	return c
}

// answered reports whether the answer is there, and settles what goes on.
func (c *call) answered() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// want fails unless the request was answered with the error of a code, or with
// success for the empty one.
func (c *call) want(t *testing.T, code string) {
	t.Helper()
	switch {
	case !c.answered():
		t.Error("there is no answer yet")
	case code != "":
		wantError(t, c.err, code, "")
	case c.err != nil:
		t.Error(c.err)
	}
}

func (c *call) wantNoAnswer(t *testing.T) {
	t.Helper()
	if c.answered() {
		t.Errorf("there is an answer already: %v", c.err)
	}
}

// startChange sends a batch.
func (f *fixture) startChange(t *testing.T, zoneID string, changes ...api.Change) *call {
	return start(func() error {
		_, err := f.change(t.Context(), zoneID, changes...)
		return err
	})
}

func create(host, value string) api.Change {
	return record(api.ChangeActionCreate, host+".example.com", "A", 60, value)
}

func drop(host, value string) api.Change {
	return record(api.ChangeActionDelete, host+".example.com", "A", 60, value)
}

// names lists the zone's names below the apex, without the zone's.
func (f *fixture) names(t *testing.T, zoneID string) string {
	t.Helper()
	var names []string
	for _, r := range f.rrsets(t, zoneID, "300") {
		if host, below := strings.CutSuffix(r.Name, ".example.com."); below {
			names = append(names, host)
		}
	}
	return strings.Join(names, " ")
}

func (f *fixture) wantNames(t *testing.T, zoneID, want string) {
	t.Helper()
	if got := f.names(t, zoneID); got != want {
		t.Errorf("the zone has %q, not %q", got, want)
	}
}

// TestDurableBeforeVisible is invariant 2: no answer before the store has it.
func TestDurableBeforeVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		time.Sleep(time.Second)
		a.wantNoAnswer(t)
		f.wantNames(t, zoneID, "")
		s.release(t)
		a.want(t, "")
		f.wantNames(t, zoneID, "a")
	})
}

func TestChangesBuildOnPendingOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		alias := api.Change{Action: api.ChangeActionCreate, ResourceRecordSet: api.ResourceRecordSet{
			Name: "b.example.com", Type: "A", AliasTarget: &api.AliasTarget{HostedZoneId: zoneID, DNSName: "a.example.com"},
		}}
		calls := []*call{
			f.startChange(t, zoneID, create("a", "192.0.2.1")),
			f.startChange(t, zoneID, alias),
			f.startChange(t, zoneID, drop("a", "192.0.2.1"), create("c", "192.0.2.1")),
			f.startChange(t, zoneID, create("a", "192.0.2.2")),
			start(func() error {
				_, err := f.UpdateHostedZoneComment(t.Context(), &api.UpdateHostedZoneCommentInput{Id: zoneID, Comment: new("commented")})
				return err
			}),
			start(func() error {
				_, err := f.ChangeTagsForResource(t.Context(), &api.ChangeTagsForResourceInput{
					ResourceType: api.TagResourceTypeHostedzone, ResourceId: zoneID, AddTags: []api.Tag{{Key: new("k"), Value: new("v")}},
				})
				return err
			}),
		}
		if n := s.held(); n != len(calls) {
			t.Fatalf("%d batches wait", n)
		}
		for _, c := range calls {
			c.wantNoAnswer(t)
			s.release(t)
			c.want(t, "")
		}
		f.wantNames(t, zoneID, "a b c")
		out, err := f.GetHostedZone(t.Context(), &api.GetHostedZoneInput{Id: zoneID})
		if err != nil || value(out.HostedZone.Config.Comment) != "commented" || *out.HostedZone.ResourceRecordSetCount != 5 {
			t.Errorf("%+v, %v", out, err)
		}
		tags, err := f.ListTagsForResource(t.Context(), &api.ListTagsForResourceInput{ResourceType: api.TagResourceTypeHostedzone, ResourceId: zoneID})
		if err != nil || len(tags.ResourceTagSet.Tags) != 1 {
			t.Errorf("%+v, %v", tags, err)
		}
	})
}

func TestRefusalWaitsForWhatItRestsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, zoneID, create("a", "192.0.2.2"))
		b.wantNoAnswer(t)
		s.release(t)
		a.want(t, "")
		b.want(t, "InvalidChangeBatch")

		c := f.startChange(t, zoneID, create("c", "192.0.2.1"))
		d := f.startChange(t, zoneID, create("c", "192.0.2.2"))
		s.lose(t, store.ErrUnavailable)
		c.want(t, "ServiceUnavailable")
		d.wantNoAnswer(t) // there is no c: it was decided again
		s.release(t)
		d.want(t, "")
		f.wantNames(t, zoneID, "a c")
		f.wantLogged(t, "store is unavailable")
	})
}

// wantLogged fails unless one record was logged, and it holds text.
func (f *fixture) wantLogged(t *testing.T, text string) {
	t.Helper()
	records := f.logged.take()
	if len(records) != 1 || !strings.Contains(records[0], text) {
		t.Errorf("logged %q", records)
	}
}

func TestFailedBatchTakesItsSuccessorsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, zoneID, create("b", "192.0.2.1"))
		c := f.startChange(t, zoneID, drop("a", "192.0.2.1"))
		s.lose(t, fmt.Errorf("%w: disk full", store.ErrUnavailable))
		a.want(t, "ServiceUnavailable")
		s.releaseAll(t)
		b.want(t, "")
		c.want(t, "InvalidChangeBatch") // nothing to delete
		f.wantNames(t, zoneID, "b")
		f.wantLogged(t, "disk full")
	})
}

func TestAmbiguousOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, zoneID, create("b", "192.0.2.1"))
		s.doubt(t)
		a.want(t, "") // Lookup found it
		s.release(t)
		b.want(t, "")

		c := f.startChange(t, zoneID, create("c", "192.0.2.1"))
		s.lose(t, store.ErrAmbiguous)
		c.want(t, "ServiceUnavailable") // Lookup did not
		f.wantLogged(t, "whether the change is stored is not known")
		d := f.startChange(t, zoneID, create("d", "192.0.2.1"))
		s.release(t)
		d.want(t, "")
		f.wantNames(t, zoneID, "a b d")
	})
}

func TestAnswerDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		time.Sleep(29 * time.Second)
		a.wantNoAnswer(t)
		time.Sleep(2 * time.Second)
		a.want(t, "ServiceUnavailable")
		f.wantLogged(t, "the store has not answered in time")
		f.checkIdle(t)

		// The batch is still on its way. One that was decided without it is
		// decided again.
		b := f.startChange(t, zoneID, create("b", "192.0.2.1"))
		c := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		s.releaseAll(t)
		b.want(t, "")
		c.want(t, "InvalidChangeBatch")
		f.wantNames(t, zoneID, "a b")
	})
}

// TestRefusalOnUnknownState asks for something that rests on a batch whose
// outcome stays unknown.
func TestRefusalOnUnknownState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		time.Sleep(20 * time.Second)
		b := f.startChange(t, zoneID, create("a", "192.0.2.2"))
		time.Sleep(15 * time.Second)
		a.want(t, "ServiceUnavailable")
		b.wantNoAnswer(t)
		time.Sleep(20 * time.Second)
		b.want(t, "ServiceUnavailable")
		if n := len(f.logged.take()); n != 2 {
			t.Errorf("%d records", n)
		}
		s.releaseAll(t)
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		ctx, cancel := context.WithCancel(t.Context())
		a := start(func() error {
			_, err := f.change(ctx, zoneID, create("a", "192.0.2.1"))
			return err
		})
		waits := start(func() error {
			_, err := f.CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{Name: "example.org", CallerReference: "shared"})
			return err
		})
		waitsToo := start(func() error { // for the turn of the caller reference
			_, err := f.CreateHostedZone(ctx, &api.CreateHostedZoneInput{Name: "example.org", CallerReference: "shared"})
			return err
		})
		cancel()
		a.wantNoAnswer(t) // it is on its way, and the client may want to know
		waitsToo.want(t, "ServiceUnavailable")
		b := start(func() error {
			_, err := f.change(ctx, zoneID, create("b", "192.0.2.1"))
			return err
		})
		b.want(t, "ServiceUnavailable")
		s.release(t)
		a.want(t, "")
		s.release(t)
		waits.want(t, "")
		f.wantNames(t, zoneID, "a")
	})
}

// TestQuotaCountsWhatIsUnderWay makes a zone while the last one of the quota is
// on its way.
func TestQuotaCountsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, _ := slowFixture(t)
		f.cfg.EnforceQuotas, f.cfg.Limits.HostedZones = true, 2
		make := func(reference string) *call {
			return start(func() error {
				_, err := f.CreateHostedZone(t.Context(), &api.CreateHostedZoneInput{Name: "example.org", CallerReference: reference})
				return err
			})
		}
		a, b := make("a"), make("b")
		if n := s.held(); n != 1 {
			t.Errorf("%d zones are on their way", n)
		}
		s.release(t)
		a.want(t, "")
		b.want(t, "TooManyHostedZones")
	})
}

// TestTurnsAreTakenInOrder asks for two turns in the wrong order.
func TestTurnsAreTakenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		a, b := zoneKey("A"), zoneKey("B")
		take := func(keys ...event.Key) *call {
			return start(func() error {
				h, err := turns.take(t.Context(), keys)
				if err == nil {
					h.end()
				}
				return err
			})
		}
		holder, err := turns.take(t.Context(), []event.Key{b})
		if err != nil {
			t.Fatal(err)
		}
		both, first := take(b, a, b), take(a)
		first.wantNoAnswer(t) // both has it already
		take(zoneKey("C")).want(t, "")
		holder.end()
		both.want(t, "")
		first.want(t, "")
		if n := len(turns.entities); n != 0 {
			t.Errorf("%d entities are still in use", n)
		}
	})
}

func TestZonesDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		s.setSlow(false)
		other := f.newZone(t, "example.org")
		h, err := f.turns.take(t.Context(), []event.Key{zoneKey(zoneID)})
		if err != nil {
			t.Fatal(err)
		}
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, other, record(api.ChangeActionCreate, "b.example.org", "A", 60, "192.0.2.1"))
		b.want(t, "")
		a.wantNoAnswer(t)
		h.end()
		a.want(t, "")
	})
}

func TestDeleteOnPendingState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		remove := func() error {
			_, err := f.DeleteHostedZone(t.Context(), &api.DeleteHostedZoneInput{Id: zoneID})
			return err
		}
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		notEmpty := start(remove)
		notEmpty.wantNoAnswer(t)
		s.release(t)
		a.want(t, "")
		notEmpty.want(t, "HostedZoneNotEmpty")

		b := f.startChange(t, zoneID, drop("a", "192.0.2.1"))
		gone := start(remove)
		late := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		s.release(t)
		b.want(t, "")
		late.wantNoAnswer(t)
		s.release(t)
		gone.want(t, "")
		late.want(t, "NoSuchHostedZone")
	})
}

// TestOtherWriter changes the zone behind the Service's back.
func TestOtherWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		other := newFixtureOver(t, s.Store, func(c *Config) { c.Random = chacha(2) })
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, zoneID, create("b", "192.0.2.1"))
		other.mustChange(t, zoneID, create("b", "192.0.2.2"))
		s.releaseAll(t)
		a.want(t, "")
		b.want(t, "InvalidChangeBatch")
		f.wantNames(t, zoneID, "a b")

		// One that is always faster wins in the end.
		busy := 0
		f.cfg.Now = func() time.Time {
			busy++
			other.mustChange(t, zoneID, create(fmt.Sprintf("busy%d", busy), "192.0.2.1"))
			return testTime
		}
		_, err := f.change(t.Context(), zoneID, create("c", "192.0.2.1"))
		wantError(t, err, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
		if busy != maxAttempts {
			t.Errorf("%d attempts", busy)
		}
	})
}

func TestOversizedBatch(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.BatchLimits.RequestRecords, c.BatchLimits.RequestCharacters = -1, -1 })
	zoneID := f.newZone(t, "example.com")
	var changes []api.Change
	text := `"` + strings.Repeat("x", 255) + `"`
	for i := range 200 {
		var values []string
		for j := range 300 {
			values = append(values, fmt.Sprintf(`"%d" %s`, j, text))
		}
		changes = append(changes, record(api.ChangeActionCreate, fmt.Sprintf("h%d.example.com", i), "TXT", 60, values...))
	}
	_, err := f.change(t.Context(), zoneID, changes...)
	wantError(t, err, "InvalidInput", "The change is larger than the server can store at once.")
	f.mustChange(t, zoneID, changes[:10]...)
}
