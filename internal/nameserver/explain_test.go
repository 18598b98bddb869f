package nameserver_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/internal/geo"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// explain asks why, from an address.
func (l *lab) explain(name, client, subnet string) *nameserver.Explanation {
	l.t.Helper()
	q := nameserver.Question{Name: rdata.MustParseName(name + ".example.com"), Type: rdata.TypeA, Client: netip.MustParseAddr(client)}
	if subnet != "" {
		q.Subnet = netip.MustParsePrefix(subnet)
	}
	group := nameserver.NewGroup(l.db, l.config, func() uint64 { return 7 })
	return group.Explain(q)
}

// TestExplain: every part of a decision is told.
func TestExplain(t *testing.T) {
	l := newLab(t,
		at("EU", aliased("eu", true, set("europe"))), at("*", set("default", four)),
		named("eu", inRegion("eu-west-1", checked("a", set("ireland", one)))), named("eu", inRegion("us-west-2", checked("b", set("oregon", two)))),
		named("near", near(zone.Geoproximity{Region: "eu-west-1", Bias: -50}, set("ireland", one))),
		named("near", near(zone.Geoproximity{Region: "us-west-2"}, checked("a", set("oregon", two)))),
	)
	l.world.Latencies.Set("test", []geo.Latency{{ASN: 64502, Region: "us-west-2", Millis: 5}})
	l.sick(checkIDs, "b")
	e := l.explain("www", fromTokyo, "203.0.113.0/24")
	client := nameserver.ClientStep{
		Address: "203.0.113.0", Bits: 24, Source: "client subnet", Continent: "EU", Country: "FR",
		Latitude: new(float32(48.86)), Longitude: new(float32(2.35)), ASN: 64502, GeoBits: 24,
	}
	if diff := cmp.Diff(client, e.Client); diff != "" {
		t.Error(diff)
	}
	answer := []nameserver.ExplainRecord{{Name: "www.example.com.", Type: "A", TTL: 60, Value: one}}
	if diff := cmp.Diff(answer, e.Answer); diff != "" {
		t.Error(diff)
	}
	if e.Zone != "example.com." || e.ZoneID != labZone || e.Rcode != "NOERROR" || e.Scope != 24 {
		t.Errorf("zone %s %s, rcode %s, scope %d", e.ZoneID, e.Zone, e.Rcode, e.Scope)
	}
	europe := &nameserver.CandidateStep{
		SetIdentifier: "europe", Place: "continent EU", Applies: true, Chosen: true, Answers: "alias to eu.example.com.",
		HealthStep: nameserver.HealthStep{Healthy: true, Target: &nameserver.TargetStep{
			Name: "eu.example.com.", Healthy: true, Members: []nameserver.MemberStep{
				{SetIdentifier: "ireland", HealthStep: nameserver.HealthStep{Healthy: true, Check: "a", CheckHealthy: new(true)}},
				{SetIdentifier: "oregon", HealthStep: nameserver.HealthStep{Check: "b", CheckHealthy: new(false)}},
			},
		}},
	}
	ireland := e.Steps[2].Candidates[0]
	steps := []*nameserver.Step{
		{Kind: "group", Name: "www.example.com.", Type: "A", Policy: "geolocation", Candidates: []*nameserver.CandidateStep{
			europe, {SetIdentifier: "default", Place: "default", Applies: true, HealthStep: nameserver.HealthStep{Healthy: true}, Answers: four},
		}},
		{Kind: "alias", Name: "www.example.com.", Type: "A", Target: "eu.example.com."},
		{Kind: "group", Name: "eu.example.com.", Type: "A", Policy: "latency", Candidates: []*nameserver.CandidateStep{
			{
				SetIdentifier: "ireland", Place: "eu-west-1", Applies: true, Chosen: true, Answers: one,
				HealthStep:    nameserver.HealthStep{Healthy: true, Check: "a", CheckHealthy: new(true)},
				LatencyMillis: ireland.LatencyMillis, LatencySource: "distance",
			},
			{
				SetIdentifier: "oregon", Place: "us-west-2", Applies: true, Answers: two,
				HealthStep:    nameserver.HealthStep{Check: "b", CheckHealthy: new(false)},
				LatencyMillis: new(float32(5)), LatencySource: "asn",
			},
		}},
		{Kind: "records", Name: "eu.example.com.", Type: "A", Records: 1},
	}
	if diff := cmp.Diff(steps, e.Steps); diff != "" {
		t.Error(diff)
	}
	if ms := *ireland.LatencyMillis; ms < 8 || ms > 16 {
		t.Errorf("Paris to Ireland takes %.1f ms", ms)
	}
	l.sick(checkIDs, "a", "b")
	if e := l.explain("eu", fromParis, ""); !e.Steps[0].FailOpen || !e.Steps[0].Candidates[1].Chosen {
		t.Errorf("fail open is not told: %+v", e.Steps[0])
	}
	e = l.explain("near", fromParis, "")
	if c := e.Steps[0].Candidates[0]; !c.Chosen || *c.Bias != -50 || *c.Kilometers < 700 || *c.Kilometers > 900 || *c.BiasedKilometers != *c.Kilometers*1.5 || e.Steps[0].FailOpen {
		t.Errorf("geoproximity: %+v", c)
	}
}

// TestExplainIsTheAnswer: for random trees, what is explained is what DNS
// answers with the same draws, and the choices told lead to that answer.
func TestExplainIsTheAnswer(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 5))
		const names = 7
		l := newLab(t, randomGroups(rng, names)...)
		for i := range 6 {
			if id := fmt.Sprintf("c%d", i); rng.IntN(2) == 0 {
				l.sick(nil, id)
			}
		}
		for n := range names {
			name := fmt.Sprintf("n%d", n)
			e := l.explain(name, fromParis, "")
			l.Responder = nameserver.New(l.db, l.config, 7) // draws as explain's
			g := l.query(name, dns.TypeA, fromParis, fromParis+"/32")
			var values []string
			for _, rr := range e.Answer {
				values = append(values, rr.Value)
			}
			slices.Sort(values)
			if diff := cmp.Diff(g.values, values); diff != "" {
				t.Fatalf("seed %d, %s: explained answer differs:\n%s", seed, name, diff)
			}
			if e.Scope != g.ecs.SourceScope {
				t.Errorf("seed %d, %s: scope %d explained, %d answered", seed, name, e.Scope, g.ecs.SourceScope)
			}
			checkSteps(t, e)
			if _, err := json.Marshal(e); err != nil {
				t.Error(err)
			}
		}
	}
}

// checkSteps: each group's choice is among what it could choose from, and the
// last step says what is answered.
func checkSteps(t *testing.T, e *nameserver.Explanation) {
	t.Helper()
	for _, s := range e.Steps {
		anyHealthy, chosen := false, 0
		for _, c := range s.Candidates {
			anyHealthy = anyHealthy || c.Applies && c.Healthy
			if c.Chosen {
				chosen++
			}
		}
		if s.Kind == nameserver.StepGroup && s.FailOpen == anyHealthy && chosen > 0 {
			t.Errorf("%s: fail open is %t, healthy sets are %t", s.Name, s.FailOpen, anyHealthy)
		}
		for _, c := range s.Candidates {
			if c.Chosen && (!c.Applies || !c.Healthy && !s.FailOpen) {
				t.Errorf("%s: %s is chosen: %+v", s.Name, c.SetIdentifier, c)
			}
		}
	}
	last := e.Steps[len(e.Steps)-1]
	if (last.Kind == nameserver.StepRecords) != (len(e.Answer) > 0) {
		t.Errorf("%s: last step is %+v, answer is %v", e.Name, last, e.Answer)
	}
}
