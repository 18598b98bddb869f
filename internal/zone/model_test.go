package zone

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"open53/internal/rdata"
)

// checkInvariants is a plain statement of what Apply keeps true of a zone, by
// looking at all of it.
func checkInvariants(t testing.TB, z *HostedZone, m memory) {
	t.Helper()
	groups := make(map[string][]*RRset)
	for name, sets := range m {
		types := make(map[rdata.Type]bool)
		for _, s := range sets {
			if s.Name != name || !name.IsSubdomainOf(z.Name) {
				t.Errorf("%v stands at %v", s.Key(), name)
			}
			types[s.Type] = true
			groups[string(name)+"/"+s.Type.String()] = append(groups[string(name)+"/"+s.Type.String()], s)
		}
		if types[rdata.TypeCNAME] && (len(types) > 1 || name == z.Name) {
			t.Errorf("CNAME at %v with %v", name, types)
		}
		if types[rdata.TypeSOA] != (name == z.Name) {
			t.Errorf("SOA at %v", name)
		}
		if name == z.Name && !types[rdata.TypeNS] {
			t.Error("no NS at the apex")
		}
	}
	for key, sets := range groups {
		checkGroup(t, key, sets)
	}
	for _, s := range m.sorted() {
		if naiveLoop(z, m, s.Name, s.Type, map[string]bool{}) {
			t.Errorf("%v is part of a loop", s.Key())
		}
	}
}

func checkGroup(t testing.TB, key string, sets []*RRset) {
	t.Helper()
	ids, places := make(map[string]bool), make(map[string]bool)
	for _, s := range sets {
		kinds := 0
		for _, is := range []bool{s.Alias != nil, len(s.Values) > 0, s.TrafficPolicyInstanceID != ""} {
			if is {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%s: %d kinds of content", key, kinds)
		}
		if s.Policy != sets[0].Policy {
			t.Errorf("%s: policies %d and %d", key, s.Policy, sets[0].Policy)
		}
		if (s.SetIdentifier == "") != (s.Policy == Simple) {
			t.Errorf("%s: policy %d with identifier %q", key, s.Policy, s.SetIdentifier)
		}
		if ids[s.SetIdentifier] {
			t.Errorf("%s: identifier %q twice", key, s.SetIdentifier)
		}
		ids[s.SetIdentifier] = true
		place := ""
		switch s.Policy {
		case Latency:
			place = s.Region
		case Failover:
			place = s.failoverRole()
		case GeolocationPolicy:
			place = s.Geolocation.String()
		case GeoproximityPolicy:
			place = s.Geoproximity.String()
		case CIDRPolicy:
			place = s.CIDR.Location
		}
		if place != "" && places[place] {
			t.Errorf("%s: place %q twice", key, place)
		}
		places[place] = true
	}
}

// naiveLoop follows every way from (name, t) in the zone, depth first.
func naiveLoop(z *HostedZone, m memory, name rdata.Name, t rdata.Type, path map[string]bool) bool {
	here := string(name) + "/" + t.String()
	if path[here] {
		return true
	}
	path[here] = true
	defer delete(path, here)
	for _, s := range m[name] {
		if s.Type != t && s.Type != rdata.TypeCNAME {
			continue
		}
		if s.Alias != nil && s.Alias.ZoneID == z.ID && naiveLoop(z, m, s.Alias.Target, t, path) {
			return true
		}
		if s.Type == rdata.TypeCNAME && s.Alias == nil {
			if target, ok := nameValue(s.Type, s.Values[0]); ok && naiveLoop(z, m, target, t, path) {
				return true
			}
		}
	}
	return false
}

// randomChange is a change in a small world, so that changes meet.
func randomChange(r *rand.Rand, m memory) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	name := pick("example.com", "a.example.com", "a.example.com", "b.example.com", "b.example.com", "c.example.com", "*.example.com")
	action := pick("CREATE", "UPSERT", "DELETE")
	if action == "DELETE" && r.IntN(8) > 0 {
		return "" // the caller deletes something that is there
	}
	typ := pick("A", "A", "A", "A", "AAAA", "AAAA", "CNAME", "CNAME", "CNAME", "TXT", "TXT", "NS", "SOA", "DNAME")
	members := ""
	if routable := len(typ) != 2 && typ != "SOA" && typ != "DNAME" || r.IntN(8) == 0; routable && r.IntN(3) == 0 {
		members = pick(" id=x weight=1", " id=y weight=2", " id=z weight=3", " id=x region=us-east-1", " id=y region=us-east-1", " id=x geo=EU",
			" id=y geo=/US", " id=x failover=PRIMARY hc=h", " id=y failover=SECONDARY", " id=x multivalue=true", " id=x", " weight=3")
	}
	if r.IntN(4) == 0 {
		return action + " " + name + " " + typ + members + " alias=" + pick(testZoneID, testZoneID, testZoneID, "Z2FDTNDATAQYW2", "ZOTHER") + "/" +
			pick("a.example.com", "b.example.com", "c.example.com", "example.org")
	}
	values := map[string]string{
		"A":    pick("192.0.2.1", "192.0.2.2", "192.0.2.1|192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.1|192.0.2.1", "192.0.2.256"),
		"AAAA": "2001:db8::1", "CNAME": pick("a.example.com", "b.example.com", "c.example.com", "example.org"), "TXT": pick(`"t"`, `"u"`, `"v"`, "t"),
		"NS": "ns.example.org", "SOA": "ns.example.org h.example.org 2 3 4 5 6", "DNAME": pick("example.org", "c.example.com"),
	}
	return action + " " + name + " " + typ + members + " " + pick("60", "60", "60", "300", "300", "-") + " " + values[typ]
}

func randomBatch(t *testing.T, r *rand.Rand, m memory) Request {
	t.Helper()
	var req Request
	for range 1 + r.IntN(2)*r.IntN(4) {
		line := randomChange(r, m)
		if line != "" {
			req.Changes = append(req.Changes, parseRequest(t, line).Changes...)
			continue
		}
		all := m.sorted()
		victim := all[r.IntN(len(all))]
		if victim.Name == testZone().Name && r.IntN(8) > 0 {
			continue // mostly refused
		}
		req.Changes = append(req.Changes, RequestOf([]Change{{Action: Delete, Old: victim}}).Changes...)
	}
	return req
}

// TestRandomBatches runs random histories: whatever Apply accepts keeps the
// invariants, tells the truth about Old, is undone by its inverse, and is what
// Changeset says; whatever it refuses changes nothing.
func TestRandomBatches(t *testing.T) {
	t.Parallel()
	accepted, refused, inversesAccepted := 0, 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 53))
		z := testZone()
		m := newMemory(t, z)
		for range 60 {
			before := m.clone()
			req := randomBatch(t, r, m)
			changes, err := Apply(z, m, req, Options{})
			if err != nil {
				refused++
				continue
			}
			accepted++
			checkAnswers(t, req, changes)
			m.commit(t, changes)
			checkInvariants(t, z, m)
			checkChangeset(t, before, m, changes)
			inversesAccepted += checkInverse(t, z, before, m, changes)
			checkRevert(t, before, m)
			if t.Failed() {
				t.Fatalf("seed %d: %v", seed, req)
			}
		}
	}
	t.Logf("%d batches accepted, %d refused; %d inverses accepted", accepted, refused, inversesAccepted)
	if accepted < 2000 || refused < 2000 || inversesAccepted < accepted/2 {
		t.Error("the random batches are too easy or too hard")
	}
}

// checkAnswers compares each change with the one requested.
func checkAnswers(t *testing.T, req Request, changes []Change) {
	t.Helper()
	if len(changes) != len(req.Changes) {
		t.Fatalf("%d changes for %d requested", len(changes), len(req.Changes))
	}
	for i, c := range changes {
		asked := req.Changes[i]
		if c.Action != asked.Action || c.Key().Name != rdata.MustParseName(asked.Set.Name) || c.Key().Type.String() != asked.Set.Type {
			t.Errorf("change %d is %v %v", i, c.Action, c.Key())
		}
		if (c.Old == nil) && c.Action == Delete || (c.New == nil) != (c.Action == Delete) || c.Action == Create && c.Old != nil {
			t.Errorf("change %d: %s with old %v and new %v", i, c.Action, c.Old, c.New)
		}
	}
}

func checkChangeset(t *testing.T, before, after memory, changes []Change) {
	t.Helper()
	removed, added := Changeset(changes)
	m := before.clone()
	for _, s := range removed {
		m[s.Name] = slices.DeleteFunc(m[s.Name], func(o *RRset) bool { return o.Equal(s) })
	}
	for _, s := range added {
		m[s.Name] = append(m[s.Name], s)
	}
	if !slices.EqualFunc(m.sorted(), after.sorted(), (*RRset).Equal) {
		t.Error("the changeset does not lead from the old content to the new")
	}
}

// checkInverse takes the changes back, and reports 1 where Apply agrees to.
func checkInverse(t *testing.T, z *HostedZone, before, after memory, changes []Change) int {
	t.Helper()
	inverse := Inverse(changes)
	m := after.clone()
	m.commit(t, inverse)
	if !slices.EqualFunc(m.sorted(), before.sorted(), (*RRset).Equal) {
		t.Error("the inverse does not lead back")
	}
	applied, err := Apply(z, after, RequestOf(inverse), Options{})
	if err != nil {
		return 0
	}
	m = after.clone()
	m.commit(t, applied)
	if !slices.EqualFunc(m.sorted(), before.sorted(), (*RRset).Equal) {
		t.Error("the inverse, applied, does not lead back")
	}
	return 1
}

func checkRevert(t *testing.T, before, after memory) {
	t.Helper()
	changes, err := Revert(each(after.sorted(), nil), each(before.sorted(), nil))
	if err != nil {
		t.Fatal(err)
	}
	m := after.clone()
	m.commit(t, changes)
	if !slices.EqualFunc(m.sorted(), before.sorted(), (*RRset).Equal) {
		t.Error("Revert does not lead back")
	}
}

// each yields the sets, then err if there is one.
func each(sets []*RRset, err error) func(yield func(*RRset, error) bool) {
	return func(yield func(*RRset, error) bool) {
		for _, s := range sets {
			if !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// TestIndependentChangesCommute: changes of different names, applied in any
// order, give one state.
func TestIndependentChangesCommute(t *testing.T) {
	t.Parallel()
	lines := []string{
		"UPSERT a.example.com A 60 192.0.2.1", "CREATE b.example.com CNAME 60 example.org", `CREATE c.example.com TXT id=x weight=1 60 "t"`,
		"DELETE d.example.com A 60 192.0.2.4", "UPSERT example.com NS 60 ns.example.org",
	}
	var first []*RRset
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		z := testZone()
		m := newMemory(t, z, "d.example.com A 60 192.0.2.4")
		changes, err := Apply(z, m, parseRequest(t, lines...), Options{})
		if err != nil {
			t.Fatal(strings.Join(lines, "\n"), err)
		}
		m.commit(t, changes)
		if first == nil {
			first = m.sorted()
		} else if !slices.EqualFunc(first, m.sorted(), (*RRset).Equal) {
			t.Fatalf("another state after %v", lines)
		}
	}
}
