package zone

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
)

func set(name, typ, id string, values ...string) *RRset {
	t, _ := rdata.ParseType(typ)
	s := &RRset{Name: rdata.MustParseName(name), Type: t, SetIdentifier: id, TTL: 60, Values: values}
	if id != "" {
		s.Policy = Weighted
	}
	return s
}

// TestListOrder: labels reversed, on the escaped form with the dots; then the
// mnemonic, then the identifier.
func TestListOrder(t *testing.T) {
	t.Parallel()
	// '-' sorts before '.', so b-c comes before b and all below b.
	want := []*RRset{
		set("example.com", "A", ""), set("example.com", "AAAA", ""), set("example.com", "CAA", ""), set("example.com", "MX", ""),
		set("example.com", "NS", ""), set("example.com", "TYPE65280", ""), set("b-c.example.com", "A", ""),
		set("b.example.com", "A", "1"), set("b.example.com", "A", "10"), set("b.example.com", "A", "2"),
		set("a.b.example.com", "A", ""), set("ba.example.com", "A", ""), set("*.example.net", "A", ""), set("a.example.net", "A", ""),
	}
	for seed := range uint64(20) {
		got := slices.Clone(want)
		r := rand.New(rand.NewPCG(seed, 7))
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		sortRRsets(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestChangesetNetEffect(t *testing.T) {
	t.Parallel()
	a1, a2, a3 := set("a.example.com", "A", "", "192.0.2.1"), set("a.example.com", "A", "", "192.0.2.2"), set("a.example.com", "A", "", "192.0.2.3")
	b1, c1 := set("b.example.com", "A", "", "192.0.2.1"), set("c.example.com", "A", "x", "192.0.2.1")
	for _, tc := range []struct {
		name           string
		changes        []Change
		removed, added []*RRset
	}{
		{"none", nil, nil, nil},
		{"create and delete, in list order", []Change{step(nil, c1), step(b1, nil), step(nil, a1)}, []*RRset{b1}, []*RRset{a1, c1}},
		{"replaced", []Change{step(a1, a2)}, []*RRset{a1}, []*RRset{a2}},
		{"replaced twice", []Change{step(a1, a2), step(a2, a3)}, []*RRset{a1}, []*RRset{a3}},
		{"to and fro", []Change{step(a1, a2), step(a2, set("a.example.com", "A", "", "192.0.2.1"))}, nil, nil},
		{"deleted and created as it was", []Change{step(a1, nil), step(nil, a1)}, nil, nil},
		{"created and deleted", []Change{step(nil, a1), step(a1, nil)}, nil, nil},
		{"written without a difference", []Change{step(a1, a1)}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			removed, added := Changeset(tc.changes)
			if diff := cmp.Diff(tc.removed, removed); diff != "" {
				t.Error("removed", diff)
			}
			if diff := cmp.Diff(tc.added, added); diff != "" {
				t.Error("added", diff)
			}
		})
	}
}

func TestRevertOrder(t *testing.T) {
	t.Parallel()
	alias := set("a.example.com", "A", "")
	alias.Alias = &Alias{ZoneID: testZoneID, Target: rdata.MustParseName("b.example.com")}
	b1, b2, c := set("b.example.com", "A", "", "192.0.2.1"), set("b.example.com", "A", "", "192.0.2.2"), set("c.example.com", "CNAME", "", "example.org")
	c2 := set("c.example.com", "A", "", "192.0.2.1")
	got, err := Revert(each([]*RRset{b2, c}, nil), each([]*RRset{alias, b1, c2}, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{step(c, nil), step(b2, b1), step(nil, c2), step(nil, alias)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	z, m := testZone(), memory{b2.Name: {b2}, c.Name: {c}}
	if _, err := Apply(z, m, RequestOf(got), Options{}); err != nil {
		t.Errorf("Apply refuses the revert: %v", err)
	}
}

func TestRevertError(t *testing.T) {
	t.Parallel()
	broken := errors.New("compacted")
	sets := []*RRset{set("a.example.com", "A", "", "192.0.2.1")}
	if changes, err := Revert(each(sets, broken), each(sets, nil)); !errors.Is(err, broken) || changes != nil {
		t.Errorf("current: %v, %v", changes, err)
	}
	if changes, err := Revert(each(sets, nil), each(nil, broken)); !errors.Is(err, broken) || changes != nil {
		t.Errorf("target: %v, %v", changes, err)
	}
}

// TestRequestOf: what Apply made of a request can be asked for again, whatever
// the policy.
func TestRequestOf(t *testing.T) {
	t.Parallel()
	opts := Options{TrafficPolicyInstances: func(string) bool { return true }}
	z := testZone()
	for _, line := range []string{
		"UPSERT a.example.com A 60 192.0.2.1|192.0.2.2", "UPSERT a.example.com A 0 192.0.2.1", "UPSERT *.example.com TXT id=S weight=0 60 \"a b\"",
		"UPSERT a.example.com A id=S region=us-east-1 hc=h 60 192.0.2.1", "UPSERT a.example.com A id=S failover=SECONDARY 60 192.0.2.1",
		"UPSERT a.example.com A id=S geo=EU 60 192.0.2.1", "UPSERT a.example.com A id=S geo=/US/CA 60 192.0.2.1",
		"UPSERT a.example.com A id=S near=us-east-1/-5 60 192.0.2.1", "UPSERT a.example.com A id=S near=@1.5,-2/0 60 192.0.2.1", "UPSERT a.example.com A id=S near=%g 60 192.0.2.1",
		"UPSERT a.example.com A id=S cidr=" + collectionOne + "/* 60 192.0.2.1", "UPSERT a.example.com A id=S multivalue=true 60 192.0.2.1",
		"UPSERT a.example.com A id=S weight=3 alias=Z2FDTNDATAQYW2/d.cloudfront.net", "UPSERT a.example.com A alias=Z35SXDOTRQ7X7K/lb.example.net/eth", "UPSERT a.example.com A instance=i",
	} {
		first, err := Apply(z, newMemory(t, z), parseRequest(t, line), opts)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		m := newMemory(t, z)
		again, err := Apply(z, m, RequestOf(first), opts)
		if err != nil {
			t.Fatalf("%s: again: %v", line, err)
		}
		if diff := cmp.Diff(first, again); diff != "" || !first[0].New.Equal(again[0].New) {
			t.Errorf("%s: %s", line, diff)
		}
		m.commit(t, again)
		if _, err := Apply(z, m, RequestOf(Inverse(again)), opts); err != nil {
			t.Errorf("%s: inverse: %v", line, err)
		}
	}
}

// TestEqual: every field counts.
func TestEqual(t *testing.T) {
	t.Parallel()
	base := RRset{Name: "\x01a\x00", Type: 1}
	variants := []RRset{
		base,
		{Name: "\x01b\x00", Type: 1},
		{Name: "\x01a\x00", Type: 2},
		{Name: "\x01a\x00", Type: 1, SetIdentifier: "x"},
		{Name: "\x01a\x00", Type: 1, TTL: 1},
		{Name: "\x01a\x00", Type: 1, Values: []string{"x"}},
		{Name: "\x01a\x00", Type: 1, Alias: &Alias{}},
		{Name: "\x01a\x00", Type: 1, Alias: &Alias{EvaluateTargetHealth: true}},
		{Name: "\x01a\x00", Type: 1, Policy: Weighted},
		{Name: "\x01a\x00", Type: 1, Policy: Weighted, Weight: 1},
		{Name: "\x01a\x00", Type: 1, Region: "r"},
		{Name: "\x01a\x00", Type: 1, Secondary: true},
		{Name: "\x01a\x00", Type: 1, Geolocation: &Geolocation{}},
		{Name: "\x01a\x00", Type: 1, Geolocation: &Geolocation{Country: "US"}},
		{Name: "\x01a\x00", Type: 1, Geoproximity: &Geoproximity{}},
		{Name: "\x01a\x00", Type: 1, Geoproximity: &Geoproximity{BiasSet: true}},
		{Name: "\x01a\x00", Type: 1, CIDR: &CIDR{}},
		{Name: "\x01a\x00", Type: 1, HealthCheckID: "h"},
		{Name: "\x01a\x00", Type: 1, TrafficPolicyInstanceID: "i"},
	}
	for i := range variants {
		for j := range variants {
			if got := variants[i].Equal(&variants[j]); got != (i == j) {
				t.Errorf("variants %d and %d: %v", i, j, got)
			}
		}
		if variants[i].Equal(nil) {
			t.Errorf("variant %d equals nil", i)
		}
	}
	if none := (*RRset)(nil); !none.Equal(nil) || none.Equal(&base) {
		t.Error("nil")
	}
}
