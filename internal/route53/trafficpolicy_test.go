package route53

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/dnstest"
	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/pebble"
)

var (
	longUUID  = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	shortUUID = regexp.MustCompile(`\bT[1-9][0-9]?\b`)
	hiddenHop = regexp.MustCompile(`\b[0-9a-v]{16}\._trafficpolicy\b`)
)

// TestTrafficPolicyAPI runs the conversations in testdata/trafficpolicy, as
// TestAPI does. Ids of policies and instances are written T1, T2, …
func TestTrafficPolicyAPI(t *testing.T) {
	dnstest.RunGolden(t, "testdata/trafficpolicy/*.txt", func(t *testing.T) func(b dnstest.Block) string {
		f := newFixture(t, nil)
		names := newIDNames()
		var uuids []string
		return func(b dnstest.Block) string {
			if setting, ok := strings.CutPrefix(b.Command, "config "); ok {
				f = newFixture(t, func(c *Config) { configurePolicies(t, c, setting) })
				return "ok\n"
			}
			original := func(text string) string {
				return shortUUID.ReplaceAllStringFunc(names.original(text), func(short string) string {
					var n int
					fmt.Sscanf(short, "T%d", &n)
					if n > len(uuids) {
						return short
					}
					return uuids[n-1]
				})
			}
			method, path, _ := strings.Cut(b.Command, " ")
			r := httptest.NewRequest(method, "/2013-04-01"+original(path), strings.NewReader(original(b.Input)))
			w := httptest.NewRecorder()
			f.handler().ServeHTTP(w, r)
			return longUUID.ReplaceAllStringFunc(names.short(transcript(t, w.Result())), func(id string) string {
				at := slices.Index(uuids, id)
				if at < 0 {
					at, uuids = len(uuids), append(uuids, id)
				}
				return fmt.Sprintf("T%d", at+1)
			})
		}
	})
}

func configurePolicies(t *testing.T, c *Config, settings string) {
	t.Helper()
	for setting := range strings.FieldsSeq(settings) {
		switch setting {
		case "quotas":
			c.EnforceQuotas = true
			c.Limits = Limits{TrafficPolicies: 1, TrafficPolicyInstances: 1, RRsetsPerZone: 4}
		case "pending":
			c.Served = func() uint64 { return 0 }
		default:
			t.Fatalf("no such setting: %s", setting)
		}
	}
}

// The documents that the tests below use: all of the type A.
const (
	oneAddress  = `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartEndpoint":"a","Endpoints":{"a":{"Value":"192.0.2.1"}}}`
	twoWeighted = `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartRule":"r","Endpoints":{"a":{"Value":"192.0.2.1"},"b":{"Value":"192.0.2.2"}},` +
		`"Rules":{"r":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1},{"EndpointReference":"b","Weight":2}]}}}`
	geoOfWeighted = `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartRule":"g","Endpoints":{"a":{"Value":"192.0.2.1"},"b":{"Value":"192.0.2.2"}},` +
		`"Rules":{"g":{"RuleType":"geo","Locations":[{"IsDefault":true,"RuleReference":"r"},{"Country":"FR","EndpointReference":"b"}]},` +
		`"r":{"RuleType":"weighted","Items":[{"EndpointReference":"a","Weight":1},{"EndpointReference":"b","Weight":2}]}}}`
)

// newPolicy makes a policy of the versions' documents and returns its id.
func (f *fixture) newPolicy(tb testing.TB, name string, documents ...string) string {
	tb.Helper()
	out, err := f.CreateTrafficPolicy(tb.Context(), &api.CreateTrafficPolicyInput{Name: name, Document: documents[0]})
	if err != nil {
		tb.Fatal(err)
	}
	for _, d := range documents[1:] {
		if _, err := f.CreateTrafficPolicyVersion(tb.Context(), &api.CreateTrafficPolicyVersionInput{Id: out.TrafficPolicy.Id, Document: d}); err != nil {
			tb.Fatal(err)
		}
	}
	return out.TrafficPolicy.Id
}

// newInstance applies a policy and returns the instance's id.
func (f *fixture) newInstance(tb testing.TB, zoneID, name, policy string, version int32) string {
	tb.Helper()
	out, err := f.CreateTrafficPolicyInstance(tb.Context(), &api.CreateTrafficPolicyInstanceInput{
		HostedZoneId: zoneID, Name: name, TTL: 60, TrafficPolicyId: policy, TrafficPolicyVersion: version,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out.TrafficPolicyInstance.Id
}

func (f *fixture) updateInstance(tb testing.TB, id, policy string, version int32, ttl int64) error {
	tb.Helper()
	_, err := f.UpdateTrafficPolicyInstance(tb.Context(), &api.UpdateTrafficPolicyInstanceInput{
		Id: id, TTL: ttl, TrafficPolicyId: policy, TrafficPolicyVersion: version,
	})
	return err
}

// stored lists all RRsets that the store has of a zone, hidden ones too, in one
// line each, without those that every zone has.
func (f *fixture) stored(tb testing.TB, zoneID string) []string {
	tb.Helper()
	view := f.Service.store.View()
	defer view.Close()
	names := map[string]string{}
	var lines []string
	for set, err := range view.RRsets(zoneID, 0, store.Start{}) {
		if err != nil {
			tb.Fatal(err)
		}
		if set.Type == rdata.TypeNS || set.Type == rdata.TypeSOA {
			continue
		}
		line := set.Name.String() + " " + set.Type.String() + " " + set.SetIdentifier + " " + fmt.Sprint(set.TTL, set.Values)
		if set.Alias != nil {
			line += " alias " + set.Alias.Target.String()
		}
		lines = append(lines, hiddenHop.ReplaceAllStringFunc(line, func(name string) string {
			if names[name] == "" {
				names[name] = fmt.Sprintf("H%d", len(names)+1)
			}
			return names[name]
		}))
	}
	return lines
}

// checkHidden compares the count of hidden RRsets with what is stored.
func (f *fixture) checkHidden(tb testing.TB, zoneID string) {
	tb.Helper()
	view := f.Service.store.View()
	defer view.Close()
	hosted, head, err := zoneIn(view, zoneID)
	if err != nil {
		tb.Fatal(err)
	}
	hidden, all := uint64(0), uint64(0)
	for set, err := range view.RRsets(zoneID, 0, store.Start{}) {
		if err != nil {
			tb.Fatal(err)
		}
		all++
		if hosted.Hides(set.Name) {
			hidden++
		}
	}
	if hidden != hosted.HiddenRRsets || all != head.RRsets {
		tb.Errorf("%d hidden of %d; the zone says %d of %d", hidden, all, hosted.HiddenRRsets, head.RRsets)
	}
	if visible := len(f.rrsets(tb, zoneID, "300")); uint64(visible) != all-hidden {
		tb.Errorf("%d RRsets are listed, not %d", visible, all-hidden)
	}
}

// TestPoliciesSurviveRestart opens the store again.
func TestPoliciesSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	open := func() *pebble.Store {
		s, err := pebble.Open(dir, pebble.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	f := newFixtureOver(t, s, nil)
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", twoWeighted, geoOfWeighted)
	id := f.newInstance(t, zoneID, "www.example.com", policy, 2)
	before := f.stored(t, zoneID)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	f = newFixtureOver(t, s, func(c *Config) { c.Random = chacha(2) })
	if diff := cmp.Diff(before, f.stored(t, zoneID)); diff != "" {
		t.Error(diff)
	}
	versions, err := f.ListTrafficPolicyVersions(t.Context(), &api.ListTrafficPolicyVersionsInput{Id: policy})
	if err != nil || len(versions.TrafficPolicies) != 2 || versions.TrafficPolicies[1].Document != geoOfWeighted {
		t.Errorf("%v, %v", versions, err)
	}
	if err := f.updateInstance(t, id, policy, 1, 60); err != nil {
		t.Error(err)
	}
	f.checkHidden(t, zoneID)
	_, err = f.CreateTrafficPolicy(t.Context(), &api.CreateTrafficPolicyInput{Name: "p", Document: oneAddress})
	wantError(t, err, "TrafficPolicyAlreadyExists", "")
	verify(t, s)
}

// TestPolicyVersionsAreLimited uses up all numbers that a policy has.
func TestPolicyVersionsAreLimited(t *testing.T) {
	f := newFixture(t, nil)
	policy := f.newPolicy(t, "p", oneAddress)
	ctx := t.Context()
	for n := int32(2); n <= maxPolicyVersions; n++ {
		out, err := f.CreateTrafficPolicyVersion(ctx, &api.CreateTrafficPolicyVersionInput{Id: policy, Document: oneAddress})
		if err != nil || out.TrafficPolicy.Version != n {
			t.Fatal(out, err)
		}
	}
	for range 2 { // numbers are not given again
		_, err := f.CreateTrafficPolicyVersion(ctx, &api.CreateTrafficPolicyVersionInput{Id: policy, Document: oneAddress})
		wantError(t, err, "TooManyTrafficPolicyVersionsForCurrentPolicy", "")
		if _, err := f.DeleteTrafficPolicy(ctx, &api.DeleteTrafficPolicyInput{Id: policy, Version: maxPolicyVersions}); err != nil {
			if _, ok := errors.AsType[*api.NoSuchTrafficPolicy](err); !ok {
				t.Fatal(err)
			}
		}
	}
	seen, marker := 0, (*string)(nil)
	for {
		out, err := f.ListTrafficPolicyVersions(ctx, &api.ListTrafficPolicyVersionsInput{Id: policy, TrafficPolicyVersionMarker: marker, MaxItems: new("64")})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.TrafficPolicies {
			if seen++; v.Version != int32(seen) {
				t.Fatalf("version %d at place %d", v.Version, seen)
			}
		}
		if marker = out.TrafficPolicyVersionMarker; !out.IsTruncated {
			break
		}
	}
	if seen != maxPolicyVersions-1 {
		t.Errorf("%d versions", seen)
	}
}

// TestPolicyIDs: they ascend, and so the list of policies is in the order of
// creation.
func TestPolicyIDs(t *testing.T) {
	f := newFixture(t, nil)
	last := ""
	for i := range 300 {
		id := f.newPolicy(t, fmt.Sprint("policy ", i), oneAddress)
		if !longUUID.MatchString(id) || len(id) != 36 || id <= last {
			t.Fatalf("%s behind %s", id, last)
		}
		last = id
	}
	out, err := f.ListTrafficPolicies(t.Context(), &api.ListTrafficPoliciesInput{})
	if err != nil || len(out.TrafficPolicySummaries) != 100 || !out.IsTruncated || out.TrafficPolicySummaries[99].Name != "policy 99" {
		t.Errorf("%d, %v", len(out.TrafficPolicySummaries), err)
	}
}

// TestGuideDocument keeps an eye on the page that users read: its documents are
// ones that the server takes.
func TestGuideDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/traffic-policies.md")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, nil)
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatal("no documents")
	}
	for i, b := range blocks {
		if _, err := f.CreateTrafficPolicy(t.Context(), &api.CreateTrafficPolicyInput{Name: fmt.Sprint(i), Document: b[1]}); err != nil {
			t.Errorf("%v\n%s", err, b[1])
		}
	}
}

// busyStore loses every race.
type busyStore struct{ store.Store }

type lostRace struct{}

func (lostRace) Wait(context.Context) (uint64, error) { return 0, &store.Conflict{} }

func (busyStore) Enqueue([]*event.Event) store.Ticket { return lostRace{} }

// TestPoliciesOfABusyStore: the operations on policies have another error for
// it than those on zones.
func TestPoliciesOfABusyStore(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	policy := f.newPolicy(t, "p", oneAddress)
	id := f.newInstance(t, zoneID, "www.example.com", policy, 1)
	f.Service.store = busyStore{f.store}
	_, err := f.CreateTrafficPolicyVersion(t.Context(), &api.CreateTrafficPolicyVersionInput{Id: policy, Document: oneAddress})
	wantError(t, err, "ConcurrentModification", "")
	_, err = f.DeleteTrafficPolicyInstance(t.Context(), &api.DeleteTrafficPolicyInstanceInput{Id: id})
	wantError(t, err, "PriorRequestNotComplete", "")
	wantError(t, f.updateInstance(t, id, policy, 1, 5), "PriorRequestNotComplete", "")
}
