package route53

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/access"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
	"open53/internal/zone"
)

func TestHistory(t *testing.T) {
	f := newFixture(t, nil)
	ctx := access.WithCaller(t.Context(), testCaller)
	zoneID := f.newZone(t, "example.com")
	if _, err := f.ChangeResourceRecordSets(ctx, &api.ChangeResourceRecordSetsInput{
		HostedZoneId: zoneID, ChangeBatch: api.ChangeBatch{Comment: new("two"), Changes: []api.Change{create("a", "192.0.2.1"), create("b", "192.0.2.1")}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.UpdateHostedZoneComment(ctx, &api.UpdateHostedZoneCommentInput{Id: zoneID, Comment: new("commented")}); err != nil {
		t.Fatal(err)
	}
	f.mustChange(t, zoneID, drop("a", "192.0.2.1"), drop("b", "192.0.2.1"))
	if _, err := f.DeleteHostedZone(ctx, &api.DeleteHostedZoneInput{Id: zoneID}); err != nil {
		t.Fatal(err)
	}
	type line struct {
		Version          uint64
		Actor, Operation string
		Comment          string
		Serial           uint32
		Changes          int
		ZoneComment      string
		Deleted          bool
	}
	want := []line{
		{1, "system:local", "CreateHostedZone", "", 1, 2, "", false},
		{2, "AKIDTEST", "ChangeResourceRecordSets", "two", 2, 2, "", false},
		{3, "AKIDTEST", "UpdateHostedZoneComment", "", 2, 0, "commented", false},
		{4, "system:local", "ChangeResourceRecordSets", "", 3, 2, "", false},
		{5, "AKIDTEST", "DeleteHostedZone", "", 0, 0, "", true},
	}
	read := func(from uint64, limit int) []line {
		t.Helper()
		history, err := f.History(ctx, zoneID, from, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []line
		for _, v := range history {
			l := line{v.Version, v.Actor, v.Operation, v.Comment, v.Serial, len(v.Changes), "", v.Deleted}
			if v.Zone != nil {
				l.ZoneComment = v.Zone.Comment
			}
			got = append(got, l)
			if v.Time.Before(testTime) || v.Time.After(testTime.Add(time.Minute)) || !longID.MatchString(v.ChangeID) || v.Position == 0 {
				t.Errorf("%+v", v)
			}
		}
		return got
	}
	if diff := cmp.Diff(want, read(0, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:3], read(2, 2)); diff != "" {
		t.Error(diff)
	}
	if got := read(6, 0); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if version, err := f.LatestVersion(ctx, zoneID); err != nil || version != 5 {
		t.Errorf("latest version %d, %v", version, err)
	}
	_, err := f.LatestVersion(ctx, "Z9")
	wantError(t, err, "NoSuchHostedZone", "")
	_, err = f.HostedZone(ctx, zoneID)
	wantError(t, err, "NoSuchHostedZone", "")
	other := f.newZone(t, "example.org")
	if hosted, err := f.HostedZone(ctx, other); err != nil || hosted.ID != other {
		t.Errorf("%+v, %v", hosted, err)
	}
	_, err = f.History(ctx, "Z9", 0, 0)
	wantError(t, err, "NoSuchHostedZone", "No hosted zone found with ID: Z9")
	_, err = f.History(ctx, zoneID, 0, 1001)
	wantError(t, err, "InvalidInput", "The limit must be 1 to 1000.")
	_, err = f.Revert(ctx, zoneID, 2, "")
	wantError(t, err, "NoSuchHostedZone", "")
}

func TestRevert(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	soa := f.rrsets(t, zoneID, "300")[1]
	f.mustChange(t, zoneID, create("a", "192.0.2.1"), create("b", "192.0.2.1"))
	want := f.rrsets(t, zoneID, "300")
	alias := api.Change{Action: api.ChangeActionCreate, ResourceRecordSet: api.ResourceRecordSet{
		Name: "c.example.com", Type: "A", AliasTarget: &api.AliasTarget{HostedZoneId: zoneID, DNSName: "b.example.com"},
	}}
	soa.ResourceRecords = []api.ResourceRecord{{Value: "ns1.open53.internal. other.example.com. 77 7200 900 1209600 86400"}}
	f.mustChange(t, zoneID, drop("a", "192.0.2.1"), alias, api.Change{Action: api.ChangeActionUpsert, ResourceRecordSet: soa})
	f.mustChange(t, zoneID, record(api.ChangeActionUpsert, "b.example.com", "A", 300, "192.0.2.2"))
	if _, err := f.UpdateHostedZoneComment(t.Context(), &api.UpdateHostedZoneCommentInput{Id: zoneID, Comment: new("stays")}); err != nil {
		t.Fatal(err)
	}

	preview, err := f.PreviewRevert(t.Context(), zoneID, 2)
	if err != nil || len(preview) != 4 { // a, b, c and the SOA
		t.Errorf("%+v, %v", preview, err)
	}
	info, err := f.Revert(t.Context(), zoneID, 2, "back to two")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, f.rrsets(t, zoneID, "300")); diff != "" {
		t.Error(diff)
	}
	if value(info.Comment) != "back to two" || info.Status != api.ChangeStatusPending {
		t.Errorf("%+v", info)
	}
	history, err := f.History(t.Context(), zoneID, 6, 0)
	if err != nil || len(history) != 1 || history[0].Operation != "Revert" || history[0].Serial != 79 { // 77, then one for each batch
		t.Errorf("%+v, %v", history, err)
	}
	out, err := f.GetHostedZone(t.Context(), &api.GetHostedZoneInput{Id: zoneID})
	if err != nil || value(out.HostedZone.Config.Comment) != "stays" || *out.HostedZone.ResourceRecordSetCount != 4 {
		t.Errorf("%+v, %v", out, err)
	}

	_, err = f.Revert(t.Context(), zoneID, 2, "")
	wantError(t, err, "InvalidInput", "The resource record sets of version 2 are those of the hosted zone "+zoneID+" now.")
	_, err = f.Revert(t.Context(), zoneID, 7, "")
	wantError(t, err, "InvalidInput", "The hosted zone "+zoneID+" has no version 7.")
	_, err = f.PreviewRevert(t.Context(), zoneID, 7)
	wantError(t, err, "InvalidInput", "The hosted zone "+zoneID+" has no version 7.")
	_, err = f.PreviewRevert(t.Context(), "Z9", 7)
	wantError(t, err, "NoSuchHostedZone", "")
	_, err = f.Revert(t.Context(), zoneID, 0, "")
	wantError(t, err, "InvalidInput", "")
	_, err = f.Revert(t.Context(), zoneID, 1, strings.Repeat("x", 257))
	wantError(t, err, "InvalidInput", "")
	_, err = f.Revert(t.Context(), "Z9", 1, "")
	wantError(t, err, "NoSuchHostedZone", "")
	if _, err = f.Revert(t.Context(), zoneID, 5, "forth again"); err != nil {
		t.Error(err)
	}
	verify(t, f.store)
}

// TestRevertLarge takes back more than one request could hold, and refuses
// what the store could not.
func TestRevertLarge(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.BatchLimits.RequestRecords, c.BatchLimits.RequestCharacters = -1, -1 })
	zoneID := f.newZone(t, "example.com")
	text := `"` + strings.Repeat("x", 255) + `"`
	for batch := range 20 {
		var changes []api.Change
		for i := range 400 {
			var values []string
			if batch >= 10 {
				for n := range 10 {
					values = append(values, fmt.Sprintf(`%s "%d"`, text, n))
				}
			} else {
				values = []string{`"small"`}
			}
			changes = append(changes, record(api.ChangeActionCreate, fmt.Sprintf("h%d-%d.example.com", batch, i), "TXT", 60, values...))
		}
		f.mustChange(t, zoneID, changes...)
	}
	if _, err := f.Revert(t.Context(), zoneID, 16, ""); err != nil { // 5 × 400 large ones
		t.Error(err)
	}
	if _, err := f.Revert(t.Context(), zoneID, 11, ""); err != nil { // 5 × 400 more
		t.Error(err)
	}
	if _, err := f.Revert(t.Context(), zoneID, 1, ""); err != nil { // 4,000 small ones
		t.Error(err)
	}
	f.wantNames(t, zoneID, "")
	_, err := f.Revert(t.Context(), zoneID, 21, "")
	wantError(t, err, "InvalidInput", "The change is larger than the server can store at once.")
	f.mustChange(t, zoneID, create("a", "192.0.2.1"))
	verify(t, f.store)
}

// TestRevertSeesPendingChanges compares with what is still on its way.
func TestRevertSeesPendingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, zoneID := slowFixture(t)
		a := f.startChange(t, zoneID, create("a", "192.0.2.1"))
		b := f.startChange(t, zoneID, create("b", "192.0.2.1"))
		back := start(func() error {
			_, err := f.Revert(t.Context(), zoneID, 1, "")
			return err
		})
		c := f.startChange(t, zoneID, create("c", "192.0.2.1"))
		if n := s.held(); n != 2 {
			t.Errorf("%d batches are on their way", n)
		}
		for range 4 {
			s.release(t)
			synctest.Wait()
		}
		for _, call := range []*call{a, b, back, c} {
			call.want(t, "")
		}
		f.wantNames(t, zoneID, "c")

		d := f.startChange(t, zoneID, create("d", "192.0.2.1"))
		back = start(func() error {
			_, err := f.Revert(t.Context(), zoneID, 1, "")
			return err
		})
		time.Sleep(31 * time.Second)
		d.want(t, "ServiceUnavailable")
		back.want(t, "ServiceUnavailable")
		f.logged.take()
		s.releaseAll(t)
	})
}

func TestCompactedHistory(t *testing.T) {
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	f := newFixtureOver(t, m, nil)
	zoneID := f.newZone(t, "example.com")
	f.mustChange(t, zoneID, create("a", "192.0.2.1"))
	f.mustChange(t, zoneID, create("b", "192.0.2.1"))
	compact(t, m, 3) // versions 1 and 2, of which the contents of 2 are still known
	_, err = f.History(t.Context(), zoneID, 2, 0)
	wantError(t, err, "InvalidInput", "This part of the zone's history is no longer stored.")
	_, err = f.Revert(t.Context(), zoneID, 1, "")
	wantError(t, err, "InvalidInput", "This part of the zone's history is no longer stored.")
	for _, from := range []uint64{0, 3} {
		if history, err := f.History(t.Context(), zoneID, from, 0); err != nil || len(history) != 1 || history[0].Version != 3 {
			t.Errorf("%+v, %v", history, err)
		}
	}
	if _, err := f.Revert(t.Context(), zoneID, 2, ""); err != nil {
		t.Error(err)
	}
	f.wantNames(t, zoneID, "a")
	compact(t, m, m.Position())
	if history, err := f.History(t.Context(), zoneID, 0, 0); err != nil || len(history) != 0 {
		t.Errorf("%+v, %v", history, err)
	}
}

// compact drops the store's events up to a position.
func compact(t *testing.T, s store.Store, upTo uint64) {
	t.Helper()
	var backup strings.Builder
	if err := s.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	info, err := memory.VerifyBackup(strings.NewReader(backup.String()))
	if err == nil {
		err = s.RecordBackup(t.Context(), info)
	}
	if err == nil {
		err = s.Compact(t.Context(), upTo)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSetSerialMode(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	f.mustChange(t, zoneID, create("a", "192.0.2.1"))
	serial := func() uint32 {
		view := f.store.View()
		defer view.Close()
		head, err := view.Head(zoneKey(zoneID))
		if err != nil {
			t.Fatal(err)
		}
		return head.Serial
	}
	steps := []struct {
		name string
		do   func() error
		want uint32
	}{
		{"follows", func() error { return nil }, 2},
		{"fixed", func() error {
			_, err := f.SetSerialMode(t.Context(), zoneID, zone.SerialFixed)
			return err
		}, 1},
		{"does not follow", func() error {
			_, err := f.change(t.Context(), zoneID, create("b", "192.0.2.1"))
			return err
		}, 1},
		{"follow", func() error {
			_, err := f.SetSerialMode(t.Context(), zoneID, zone.SerialFollow)
			return err
		}, 1},
		{"follows again", func() error {
			_, err := f.change(t.Context(), zoneID, create("c", "192.0.2.1"))
			return err
		}, 2},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := serial(); got != step.want {
			t.Errorf("%s: serial %d, not %d", step.name, got, step.want)
		}
	}
	_, err := f.SetSerialMode(t.Context(), zoneID, 7)
	wantError(t, err, "InvalidInput", "The serial mode must be follow or fixed.")
	_, err = f.SetSerialMode(t.Context(), "Z9", zone.SerialFixed)
	wantError(t, err, "NoSuchHostedZone", "")
}
