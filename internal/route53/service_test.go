package route53

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
)

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		set  func(*Config)
		text string
	}{
		{"no clock", func(c *Config) { c.Now = nil }, "a clock"},
		{"no randomness", func(c *Config) { c.Random = nil }, "randomness"},
		{"no logger", func(c *Config) { c.Log = nil }, "a logger"},
		{"bad name server", func(c *Config) { c.NameServers = []string{"a..b"} }, "DomainLabelEmpty"},
		{"root as name server", func(c *Config) { c.NameServers = []string{"."} }, "no host name"},
		{"name server twice", func(c *Config) { c.NameServers = []string{"ns1.example.com", "NS1.example.com."} }, "twice"},
		{"bad private name server", func(c *Config) { c.PrivateNameServers = []string{"*.example.com"} }, "no host name"},
		{"bad range", func(c *Config) { c.CheckerIPRanges = []string{"192.0.2.1"} }, "checker range"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{Now: time.Now, Random: chacha(1), Log: slog.New(slog.DiscardHandler)}
			test.set(&cfg)
			if _, err := New(nil, cfg); err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestIDs(t *testing.T) {
	ids := idSource{random: chacha(3)}
	seen := map[string]bool{}
	counts := map[rune]int{}
	for range 2000 {
		id, err := ids.next('Z')
		if err != nil || !longID.MatchString(id) || len(id) != 21 || id[0] != 'Z' || seen[id] {
			t.Fatalf("%q, %v", id, err)
		}
		seen[id] = true
		for _, c := range id[1:] {
			counts[c]++
		}
	}
	for c, n := range counts { // 1111 expected each
		if n < 900 || n > 1350 {
			t.Errorf("%c came up %d times", c, n)
		}
	}
	if len(counts) != 36 {
		t.Errorf("%d different characters", len(counts))
	}
	ids.random = bytes.NewReader(make([]byte, 3))
	if _, err := ids.next('Z'); err == nil {
		t.Error("an id without randomness")
	}
}

func TestPageSize(t *testing.T) {
	tests := []struct {
		text string
		want int // 0 is an error
	}{
		{"", 100},
		{"1", 1},
		{"0300", 300},
		{"301", 300},
		{"99999999999999999999999", 300},
		{"0", 0},
		{"00", 0},
		{"-1", 0},
		{"+1", 0},
		{"1.0", 0},
		{"ten", 0},
		{" 1", 0},
		{"٣", 0},
	}
	for _, test := range tests {
		got, err := pageSize(&test.text, 100, 300)
		if got != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("%q: %d, %v", test.text, got, err)
		}
		if err != nil {
			wantError(t, err, "InvalidInput", "")
		}
	}
	if got, err := pageSize(nil, 100, 300); got != 100 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
}

func TestTokens(t *testing.T) {
	text := token{list: "by-vpc r v", at: "Z1"}.String()
	if at, err := parseToken("by-vpc r v", &text); at != "Z1" || err != nil {
		t.Errorf("%q, %v", at, err)
	}
	for _, other := range []string{"by-vpc r", "by-vpc r v2", "authorizations Z1"} {
		_, err := parseToken(other, &text)
		wantError(t, err, "InvalidPaginationToken", "")
	}
	for _, bad := range []string{"x", text[:len(text)-4], text + "=", "MQ", token{list: "by-vpc r v"}.String()} {
		if _, err := parseToken("by-vpc r v", &bad); err == nil {
			t.Errorf("%q is a token", bad)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(token{list: "by-vpc r v", at: "Z1"}.String())
	f.Add("")
	f.Add("MQBieS12cGM")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseToken("by-vpc r v", &text)
		if err != nil {
			wantError(t, err, "InvalidPaginationToken", "")
		} else if again := (token{list: "by-vpc r v", at: at}).String(); text != "" && again != text {
			t.Errorf("%q is read as %q, which is written as %q", text, at, again)
		}
	})
}

func TestTopLevelDomains(t *testing.T) {
	f := newFixture(t, nil)
	for _, name := range []string{"com", "uk.", "DE", "ck", "arpa", "museum", "xn--p1ai", "."} {
		_, err := f.zoneName(name, false)
		wantError(t, apiError(err), "InvalidDomainName", "")
	}
	for _, name := range []string{"internal", "lan", "test", "corp", "home", "local", "co.uk", "example.com"} {
		if _, err := f.zoneName(name, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.zoneName("com", true); err != nil {
		t.Errorf("private: %v", err)
	}
}

func TestNameServersSpread(t *testing.T) {
	var servers []string
	for _, letter := range "abcdefghijkl" {
		servers = append(servers, string(letter)+".example.net")
	}
	f := newFixture(t, func(c *Config) { c.NameServers = servers })
	zoneServers := func(id string) []string {
		out, err := f.GetHostedZone(t.Context(), &api.GetHostedZoneInput{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return out.DelegationSet.NameServers
	}
	var used []string
	for range 3 { // zones of one name share nothing while they can
		four := zoneServers(f.newZone(t, "same.example.com"))
		if len(four) != 4 {
			t.Fatalf("%q", four)
		}
		used = append(used, four...)
	}
	slices.Sort(used)
	if diff := cmp.Diff(servers, used); diff != "" {
		t.Error(diff)
	}
	if four := zoneServers(f.newZone(t, "same.example.com")); len(four) != 4 {
		t.Errorf("%q", four)
	}
	uses := map[string]int{}
	for range 120 {
		for _, s := range f.chooseServers(f.newZone(t, "example.org"), nil) {
			uses[s]++
		}
	}
	for _, s := range servers { // 40 expected
		if uses[s] < 20 || uses[s] > 60 {
			t.Errorf("%s is used %d times", s, uses[s])
		}
	}
	id := f.newZone(t, "example.net")
	if diff := cmp.Diff(f.chooseServers(id, nil), f.chooseServers(id, nil)); diff != "" {
		t.Errorf("the id does not decide: %s", diff)
	}
}

// failingStore has views that cannot be read.
type failingStore struct{ store.Store }

func (s failingStore) View() store.View { return failingView{s.Store.View()} }

type failingView struct{ store.View }

var errDisk = errors.New("the disk is gone, see /secret/path")

func (failingView) Head(event.Key) (store.Head, error) { return store.Head{}, errDisk }
func (failingView) Count(event.Kind) (uint64, error)   { return 0, store.ErrUnavailable }

// TestInternalErrors makes sure that clients do not learn of what is inside,
// and the operator does, once.
func TestInternalErrors(t *testing.T) {
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	f := newFixtureOver(t, failingStore{m}, nil)
	_, err = f.GetHostedZone(t.Context(), &api.GetHostedZoneInput{Id: "Z1"})
	wantError(t, err, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
	f.wantLogged(t, "/secret/path")
	_, err = f.change(t.Context(), "Z1", create("a", "192.0.2.1"))
	wantError(t, err, "InternalFailure", "")
	f.wantLogged(t, "ChangeResourceRecordSets")
	_, err = f.client().GetHostedZoneCount(t.Context(), &api.GetHostedZoneCountInput{})
	wantError(t, err, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
	f.wantLogged(t, "REQUEST")
}

// TestClosedStore asks after the store has closed.
func TestClosedStore(t *testing.T) {
	m, err := memory.Open()
	if err != nil {
		t.Fatal(err)
	}
	f := newFixtureOver(t, m, nil)
	zoneID := f.newZone(t, "example.com")
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = f.change(t.Context(), zoneID, create("a", "192.0.2.1"))
	wantError(t, err, "ServiceUnavailable", "")
	_, err = f.ListHostedZones(t.Context(), &api.ListHostedZonesInput{})
	wantError(t, err, "ServiceUnavailable", "")
	if n := len(f.logged.take()); n != 2 {
		t.Errorf("%d records", n)
	}
}

// TestGetChangeFollowsServed is true INSYNC: from the position on that DNS
// answers show, and never back.
func TestGetChangeFollowsServed(t *testing.T) {
	f := newFixture(t, nil)
	zoneID := f.newZone(t, "example.com")
	id := f.mustChange(t, zoneID, create("a", "192.0.2.1"))
	status := func(id string) api.ChangeStatus {
		out, err := f.GetChange(t.Context(), &api.GetChangeInput{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return out.ChangeInfo.Status
	}
	position := f.store.Position()
	f.served.Store(position - 1)
	if got := status(id); got != api.ChangeStatusPending {
		t.Errorf("status %s below the position", got)
	}
	f.served.Store(position)
	if got := status(id); got != api.ChangeStatusInsync {
		t.Errorf("status %s at the position", got)
	}
	f.cfg.Served = nil
	if got := status(f.mustChange(t, zoneID, create("b", "192.0.2.1"))); got != api.ChangeStatusInsync {
		t.Errorf("status %s without anybody who could tell", got)
	}
}

// TestFilteredListGoesOn lists private zones where few zones are looked at for
// one page.
func TestFilteredListGoesOn(t *testing.T) {
	defer func(n int) { maxLooked = n }(maxLooked)
	maxLooked = 5
	f := newFixture(t, nil)
	var want []string
	for i := range 23 {
		if i%6 == 5 {
			want = append(want, f.newPrivateZone(t, "example.com", fmt.Sprintf("vpc-000000%02d", i)))
		} else {
			f.newZone(t, "example.com")
		}
	}
	slices.Sort(want)
	var got []string
	in := &api.ListHostedZonesInput{HostedZoneType: new(api.HostedZoneTypePrivateHostedZone), MaxItems: new("2")}
	for pages := 1; ; pages++ {
		out, err := f.ListHostedZones(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, z := range out.HostedZones {
			got = append(got, strings.TrimPrefix(z.Id, "/hostedzone/"))
		}
		if in.Marker = out.NextMarker; !out.IsTruncated {
			if pages < 5 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
