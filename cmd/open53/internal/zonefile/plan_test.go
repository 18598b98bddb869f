package zonefile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/route53api"
)

// showChanges is one line for each change.
func showChanges(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s -> %s\n", c.Name(), c.either().Type, showSet(c.Old), showSet(c.New))
	}
	return b.String()
}

func showSet(s *Set) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%d%v", s.TTL, s.Values)
}

func TestPlan(t *testing.T) {
	current := read(t, head+"a A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1\nc A 192.0.2.2\ne MX 1 mail\n")
	wanted := func() *File {
		return read(t, "$ORIGIN example.com.\n@ 5 SOA . . 1 2 3 4 5\na 300 A 192.0.2.1\nb 30 A 192.0.2.1\nc 300 A 192.0.2.2\nc 300 A 192.0.2.1\nd 1 A 192.0.2.1\ne 300 MX 1 Mail\n")
	}
	const update = "example.com. SOA: 300[ns1.example.com. host.example.com. 1 7200 900 1209600 86400] -> 5[. . 1 2 3 4 5]\n"
	const common = "b.example.com. A: 60[192.0.2.1] -> 30[192.0.2.1]\n" +
		"c.example.com. A: 300[192.0.2.1 192.0.2.2] -> 300[192.0.2.2 192.0.2.1]\n" +
		"d.example.com. A: none -> 1[192.0.2.1]\n" +
		"e.example.com. MX: 300[1 mail.example.com.] -> 300[1 Mail.example.com.]\n"
	changes, unchanged := wanted().Plan(current.Sets, PlanOptions{})
	if diff := cmp.Diff(update+common, showChanges(changes)); diff != "" || unchanged != 1 {
		t.Errorf("unchanged %d\n%s", unchanged, diff)
	}
	kept := wanted()
	kept.WithoutApex()
	changes, _ = kept.Plan(current.Sets, PlanOptions{})
	if diff := cmp.Diff(common, showChanges(changes)); diff != "" {
		t.Error(diff)
	}
	empty := read(t, "$ORIGIN example.com.\n")
	changes, unchanged = empty.Plan(current.Sets, PlanOptions{Replace: true})
	if len(changes) != 4 || changes[0].Old.Name.String() != "a.example.com." || unchanged != 0 {
		t.Errorf("emptied: %s, unchanged %d", showChanges(changes), unchanged)
	}
}

func TestEqual(t *testing.T) {
	set := func(in route53api.ResourceRecordSet) *Set {
		s, err := FromAPI(&in, "Z1")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	txt := func(name string, weight int64, values ...string) *Set {
		return set(route53api.ResourceRecordSet{
			Name: name, Type: "TXT", SetIdentifier: new("x"), Weight: &weight, TTL: new(int64(1)), ResourceRecords: records(values),
		})
	}
	a := txt("a.example.com", 1, `"a"`, `"b"`)
	for _, tt := range []struct {
		name string
		b    *Set
		want bool
	}{
		{"itself", a, true},
		{"other way of writing", txt("A.example.com.", 1, `"\141"`, ` "b"`), true},
		{"other order", txt("a.example.com", 1, `"b"`, `"a"`), false},
		{"other weight", txt("a.example.com", 2, `"a"`, `"b"`), false},
		{"other name", txt("b.example.com", 1, `"a"`, `"b"`), false},
		{"fewer", txt("a.example.com", 1, `"a"`), false},
		{"plain", set(route53api.ResourceRecordSet{Name: "a.example.com", Type: "TXT", TTL: new(int64(1)), ResourceRecords: records([]string{`"a"`, `"b"`})}), false},
		{"bad values", txt("a.example.com", 1, `a`, `b`), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a.Equal(tt.b) != tt.want || tt.b.Equal(a) != tt.want {
				t.Errorf("want %v", tt.want)
			}
		})
	}
	own := set(route53api.ResourceRecordSet{Name: "a.", Type: "A", AliasTarget: &route53api.AliasTarget{HostedZoneId: "/hostedzone/Z1", DNSName: "B"}})
	if got := own.API("Z9"); got.AliasTarget.HostedZoneId != "Z9" || got.AliasTarget.DNSName != "b." || own.Special.AliasTarget.HostedZoneId != "" {
		t.Errorf("alias in another zone: %+v", got.AliasTarget)
	}
}

func TestSort(t *testing.T) {
	var sets []*Set
	for _, name := range []string{"b.example.com", "example.com", "a.b.example.com", "*.example.com", "a-b.example.com", "a.example.com"} {
		for _, typ := range []rdata.Type{rdata.TypeTXT, rdata.TypeA} {
			sets = append(sets, &Set{Name: rdata.MustParseName(name), Type: typ})
		}
	}
	Sort(sets)
	for i := range sets[1:] {
		if sets[i].Key().Compare(sets[i+1].Key()) >= 0 {
			t.Errorf("%v before %v", sets[i].Key(), sets[i+1].Key())
		}
	}
}
