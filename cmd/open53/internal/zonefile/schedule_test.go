package zonefile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"open53/internal/rdata"
	"open53/internal/route53api"
	"open53/internal/zone"
)

// applied is a zone in memory that takes batches by the server's rules.
type applied map[zone.RRsetKey]*zone.RRset

func (a applied) RRsetsAt(name rdata.Name) (list []*zone.RRset, err error) {
	for key, s := range a {
		if key.Name == name {
			list = append(list, s)
		}
	}
	return list, nil
}

var actions = map[route53api.ChangeAction]zone.Action{
	route53api.ChangeActionCreate: zone.Create, route53api.ChangeActionDelete: zone.Delete, route53api.ChangeActionUpsert: zone.Upsert,
}

func (a applied) apply(t *testing.T, apex rdata.Name, b Batch) {
	t.Helper()
	z := &zone.HostedZone{ID: thisZone, Name: apex}
	var request zone.Request
	for _, s := range b.Steps {
		request.Changes = append(request.Changes, zone.RequestedChange{Action: actions[s.Action], Set: requested(s.Set, apex)})
	}
	changes, err := zone.Apply(z, a, request, zone.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, showSteps(b.Steps))
	}
	for _, c := range changes {
		if c.New == nil {
			delete(a, c.Key())
		} else {
			a[c.Key()] = c.New
		}
	}
}

func showSteps(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s", s.Action, AppendSet(nil, s.Set, rdata.MustParseName("example.com")))
	}
	return b.String()
}

func appliedOf(sets []*Set, apex rdata.Name) applied {
	a := applied{}
	for _, s := range sets {
		a[s.Key()] = outline(s, apex)
	}
	return a
}

// randomZone is a file that Check accepts; big ones need many batches.
func randomZone(t *testing.T, random *rand.Rand, size int) *File {
	for {
		f := read(t, head+randomSets(random, size))
		if f.Check(true) == nil {
			return f
		}
	}
}

// randomSets is sets of few names, so that two zones of them collide often.
func randomSets(random *rand.Rand, size int) string {
	var b strings.Builder
	names := max(size/2, 3)
	for n := range names {
		name := fmt.Sprintf("n%d", n)
		values := 1 + random.IntN(3)
		if random.IntN(20) == 0 {
			values = 300
		}
		switch random.IntN(7) {
		case 0:
		case 1:
			fmt.Fprintf(&b, "%s CNAME n%d\n", name, n+1+random.IntN(3)) // not back: no loops
		case 2:
			for i := range 1 + random.IntN(3) {
				fmt.Fprintf(&b, `; open53: {"Name":"%s.example.com","Type":"A","SetIdentifier":"%d","Weight":%d,"TTL":60,"ResourceRecords":[{"Value":"192.0.2.%d"}]}`+"\n",
					name, i, random.IntN(3), random.IntN(2))
			}
		case 3:
			roles := []string{"PRIMARY", "SECONDARY"}
			swap := random.IntN(2)
			for i := range 2 {
				fmt.Fprintf(&b, `; open53: {"Name":"%s.example.com","Type":"A","SetIdentifier":"%d","Failover":"%s","TTL":60,"HealthCheckId":"h","ResourceRecords":[{"Value":"192.0.2.1"}]}`+"\n",
					name, i, roles[(i+swap)%2])
			}
		case 4: // an alias to a name that may have the type, or else the file is refused
			fmt.Fprintf(&b, "%s AAAA ::%d\n", name, 1+random.IntN(2))
			fmt.Fprintf(&b, `; open53: {"Name":"%s.example.com","Type":"A","AliasTarget":{"DNSName":"t%d.example.com"}}`+"\n", name, random.IntN(4))
		default:
			for i := range values {
				fmt.Fprintf(&b, "%s A 10.%d.%d.%d\n", name, random.IntN(2), i/256, i%256)
			}
			fmt.Fprintf(&b, "%s MX %d mail\n", name, random.IntN(2))
		}
	}
	// A chain of aliases in changing directions.
	order := random.Perm(4)
	fmt.Fprintf(&b, "t%d A 192.0.2.%d\n", order[0], random.IntN(2))
	for i := range 3 {
		fmt.Fprintf(&b, `; open53: {"Name":"t%d.example.com","Type":"A","AliasTarget":{"DNSName":"t%d.example.com"}}`+"\n", order[i+1], order[i])
	}
	return b.String()
}

// TestSchedule goes from one random content to another by the batches of the
// schedule, in any order within their phases, under the rules and limits of
// the server.
func TestSchedule(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 53))
		size := 20
		if seed%4 == 0 {
			size = 1500
		}
		from, to := randomZone(t, random, size), randomZone(t, random, size)
		replace := seed%2 == 0
		if !replace { // what stays would collide: keep to names of their own
			from = read(t, head+"old A 192.0.2.1\n")
		}
		changes, _ := to.Plan(from.Sets, PlanOptions{Replace: replace})
		phases, err := to.Schedule(changes)
		if err != nil {
			t.Fatal(err)
		}
		if size == 20 && len(phases) > 0 && len(changes) < 60 && (len(phases) != 1 || len(phases[0]) != 1) {
			t.Errorf("seed %d: %d changes in %d phases", seed, len(changes), len(phases))
		}
		state := appliedOf(from.Sets, from.Zone)
		for _, key := range from.Sets { // outline leaves the policies out
			state[key.Key()] = fullSet(t, key, from.Zone)
		}
		for _, phase := range phases {
			random.Shuffle(len(phase), func(i, j int) { phase[i], phase[j] = phase[j], phase[i] })
			for _, b := range phase {
				state.apply(t, to.Zone, b)
			}
		}
		compare(t, state, to, replace)
	}
}

// fullSet is the set as a server holds it.
func fullSet(t *testing.T, s *Set, apex rdata.Name) *zone.RRset {
	t.Helper()
	anything := zone.Request{Changes: []zone.RequestedChange{{Action: zone.Create, Set: requested(s, apex)}}}
	c := checker{file: &File{Zone: apex}, checking: s}
	changes, err := zone.Apply(&zone.HostedZone{ID: thisZone, Name: apex}, &c, anything, zone.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return changes[0].New
}

func compare(t *testing.T, state applied, want *File, all bool) {
	t.Helper()
	for _, s := range want.Sets {
		got := state[s.Key()]
		if got == nil || !got.Equal(fullSet(t, s, want.Zone)) {
			t.Errorf("%v is %+v", s.Key(), got)
		}
	}
	if all && len(state) != len(want.Sets) {
		t.Errorf("%d sets, want %d", len(state), len(want.Sets))
	}
}

func TestScheduleLimits(t *testing.T) {
	value := `"` + strings.Repeat("x", 250) + `"` // 252 characters
	text := head
	for i := range 100 {
		text += fmt.Sprintf("t TXT \"%03d%s\n", i, value[4:])
	}
	f := read(t, text)
	txt := f.Sets[2:]
	// 25200 characters: fit as CREATE, not as UPSERT.
	create, _ := f.Plan(f.Sets[:2], PlanOptions{})
	if phases, err := f.Schedule(create); err != nil || len(phases) != 1 {
		t.Errorf("create: %d phases, %v", len(phases), err)
	}
	changed := *txt[0]
	changed.TTL++
	_, err := f.Schedule([]Change{{Old: txt[0], New: &changed}})
	want := "t.example.com. TXT: its 100 values of 25200 characters are too large for one change set (UPSERT; the limits are 1000 and 32000, and a set that exists counts twice)"
	if err == nil || err.Error() != want {
		t.Errorf("upsert: %v", err)
	}
	if phases, err := f.Schedule(nil); len(phases) != 0 || err != nil {
		t.Errorf("nothing: %v, %v", phases, err)
	}
}

func TestScheduleSplitsNames(t *testing.T) {
	// One name whose sets are replaced and do not fit into one batch.
	routed := func(weight int) (list []*Set) {
		text := head
		for id := range 4 {
			text += fmt.Sprintf(`; open53: {"Name":"a.example.com","Type":"A","SetIdentifier":"%d","Weight":%d,"TTL":60,"ResourceRecords":[`, id, weight)
			for i := range 300 {
				text += fmt.Sprintf(`{"Value":"10.%d.%d.%d"},`, id, i/256, i%256)
			}
			text = strings.TrimSuffix(text, ",") + "]}\n"
		}
		return read(t, text).Sets[2:]
	}
	var changes []Change
	old, wanted := routed(1), routed(2)
	for i := range old {
		changes = append(changes, Change{old[i], wanted[i]})
	}
	apex := rdata.MustParseName("example.com")
	phases, err := (&File{Zone: apex, Sets: wanted}).Schedule(changes)
	if err != nil || len(phases) != 3 {
		t.Fatalf("%d phases, %v", len(phases), err)
	}
	state := applied{}
	for _, s := range old {
		state[s.Key()] = fullSet(t, s, apex)
	}
	for _, phase := range phases {
		for _, b := range slices.Backward(phase) {
			state.apply(t, apex, b)
		}
	}
	if len(state) != 4 || state[wanted[3].Key()].Weight != 2 {
		t.Errorf("%v", state)
	}
}
