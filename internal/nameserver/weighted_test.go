package nameserver_test

import (
	"fmt"
	"math"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnswire"
	"open53/internal/zone"
)

// chiSquare is Pearson's statistic of counts against probabilities, and the
// value that it exceeds once in a million draws (Wilson and Hilferty).
func chiSquare(counts map[string]int, want map[string]float64) (statistic, limit float64) {
	total := 0
	for _, n := range counts {
		total += n
	}
	freedom := -1.0
	for value, p := range want {
		if p == 0 {
			continue
		}
		freedom++
		expected := p * float64(total)
		d := float64(counts[value]) - expected
		statistic += d * d / expected
	}
	const z = 4.753 // 1 - 1e-6 of the normal distribution
	k := 2 / (9 * freedom)
	return statistic, freedom * math.Pow(1-k+z*math.Sqrt(k), 3)
}

// drawn counts the answers of many equal queries.
func (l *lab) drawn(name string, queries int) map[string]int {
	l.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name+".example.com.", dns.TypeA)
	wire, err := m.Pack()
	if err != nil {
		l.t.Fatal(err)
	}
	counts := map[string]int{}
	reply, client := make([]byte, 0, 4096), netip.MustParseAddr(fromNowhere)
	for range queries {
		b := l.Respond(reply, wire, client, dnswire.UDP)
		if b[7] != 1 {
			l.t.Fatalf("%d answers", b[7])
		}
		counts[netip.AddrFrom4([4]byte(b[len(b)-4:])).String()]++
	}
	return counts
}

// TestWeighted: behaviour §1.3, the table of weights. Each row's sets are
// 192.0.2.1, .2, …; a weight below 0 has no health check.
func TestWeighted(t *testing.T) {
	tests := []struct {
		name    string
		weights []int
		sick    []int
		want    []float64
	}{
		{"proportional", []int{10, 20, 70}, nil, []float64{0.1, 0.2, 0.7}},
		{"one", []int{5}, nil, []float64{1}},
		{"largest weights", []int{255, 255, 1}, nil, []float64{255.0 / 511, 255.0 / 511, 1.0 / 511}},
		{"all weights 0: equal", []int{0, 0, 0}, nil, []float64{1.0 / 3, 1.0 / 3, 1.0 / 3}},
		{"all weights 0, one sick", []int{0, 0, 0}, []int{2}, []float64{0.5, 0, 0.5}},
		{"all weights 0, all sick", []int{0, 0}, []int{1, 2}, []float64{0.5, 0.5}},
		{"some 0: never", []int{10, 0, 30}, nil, []float64{0.25, 0, 0.75}},
		{"some 0, one above 0 sick: still never", []int{10, 0, 30}, []int{3}, []float64{1, 0, 0}},
		{"every one above 0 sick, a 0 healthy", []int{10, 0, 30, 0}, []int{1, 3, 4}, []float64{0, 1, 0, 0}},
		{"every one above 0 sick, zeros healthy", []int{10, 0, 0}, []int{1}, []float64{0, 0.5, 0.5}},
		{"every one above 0 sick, a 0 without check", []int{10, -1000, 30}, []int{1, 3}, []float64{0, 1, 0}},
		{"all sick: the ones above 0", []int{10, 0, 30}, []int{1, 2, 3}, []float64{0.25, 0, 0.75}},
		{"one of 10/20/20 sick", []int{10, 20, 20}, []int{3}, []float64{1.0 / 3, 2.0 / 3, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var sets []*zone.RRset
			for i, w := range test.weights {
				s := weighted(uint8(max(w, 0)), set(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i+1)))
				if w >= 0 {
					checked(fmt.Sprintf("c%d", i+1), s)
				}
				sets = append(sets, s)
			}
			l := newLab(t, sets...)
			for _, i := range test.sick {
				l.sick(nil, fmt.Sprintf("c%d", i))
			}
			want := map[string]float64{}
			for i, p := range test.want {
				want[fmt.Sprintf("192.0.2.%d", i+1)] = p
			}
			counts := l.drawn("www", 20_000)
			for value := range counts {
				if want[value] == 0 {
					t.Errorf("%s answered, %d times", value, counts[value])
				}
			}
			if len(want) > 1 {
				if statistic, limit := chiSquare(counts, want); statistic > limit {
					t.Errorf("chi-square %.1f > %.1f: %v", statistic, limit, counts)
				}
			}
		})
	}
}

// TestWeightedUnbiased: 100,000 answers through Respond, over many sets.
func TestWeightedUnbiased(t *testing.T) {
	var sets []*zone.RRset
	want, sum := map[string]float64{}, 0.0
	for i := range 100 {
		w := 1 + i*255/100
		sets = append(sets, weighted(uint8(w), set(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i+1))))
		want[fmt.Sprintf("192.0.2.%d", i+1)] = float64(w)
		sum += float64(w)
	}
	for value := range want {
		want[value] /= sum
	}
	l := newLab(t, sets...)
	counts := l.drawn("www", 100_000)
	if statistic, limit := chiSquare(counts, want); statistic > limit {
		t.Errorf("chi-square %.1f > %.1f", statistic, limit)
	}
	// The same with one sick set, which takes the other path.
	sets[99].HealthCheckID = "c"
	l.load(sets)
	l.sick(nil, "c")
	delete(want, "192.0.2.100")
	for value := range want {
		want[value] *= sum / (sum - float64(sets[99].Weight))
	}
	counts = l.drawn("www", 100_000)
	if statistic, limit := chiSquare(counts, want); statistic > limit || counts["192.0.2.100"] > 0 {
		t.Errorf("one sick: chi-square %.1f > %.1f", statistic, limit)
	}
}

// TestMultivalueUnbiased: each of twelve sets is in two answers of three.
func TestMultivalueUnbiased(t *testing.T) {
	var sets []*zone.RRset
	for i := range 12 {
		sets = append(sets, multivalue(set(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i+1))))
	}
	l := newLab(t, sets...)
	counts, first := map[string]int{}, map[string]int{}
	want := map[string]float64{}
	for range 20_000 {
		g := l.ask("www", fromNowhere)
		if len(g.values) != 8 {
			t.Fatalf("%d values", len(g.values))
		}
		for _, v := range g.values {
			counts[v]++
			want[v] = 1.0 / 12
		}
		first[g.msg.Answer[0].(*dns.A).A.String()]++
	}
	// Values of one answer exclude each other, so the statistic is smaller than
	// that of independent draws.
	if statistic, limit := chiSquare(counts, want); statistic > limit {
		t.Errorf("in the answer: chi-square %.1f > %.1f: %v", statistic, limit, counts)
	}
	if statistic, limit := chiSquare(first, want); statistic > limit {
		t.Errorf("first: chi-square %.1f > %.1f: %v", statistic, limit, first)
	}
}

// TestSticky: clients of one network always get the same draw; networks as a
// whole are spread by weight; the scope says what the draw depended on.
func TestSticky(t *testing.T) {
	l := newLab(t,
		weighted(10, set("a", "192.0.2.1")), weighted(30, set("b", "192.0.2.2")),
		named("m", multivalue(set("a", "192.0.2.1"))), named("m", multivalue(set("b", "192.0.2.2"))),
	)
	l.config.StickyPrefix = true
	counts := map[string]int{}
	for i := range 10_000 {
		network := fmt.Sprintf("10.%d.%d.", i>>8, i&255)
		one := l.ask("www", network+"1").String()
		counts[one]++
		if other := l.ask("www", network+"254").String(); other != one {
			t.Fatalf("%s0/24 got %s and %s", network, one, other)
		}
	}
	if statistic, limit := chiSquare(counts, map[string]float64{"192.0.2.1": 0.25, "192.0.2.2": 0.75}); statistic > limit {
		t.Errorf("chi-square %.1f > %.1f: %v", statistic, limit, counts)
	}
	// A set that goes takes nobody along, and finds its networks again.
	l.load([]*zone.RRset{
		weighted(10, set("a", one)), weighted(30, set("b", two)), weighted(20, checked("c", set("c", three))),
		named("m", multivalue(set("a", one))), named("m", multivalue(set("b", two))),
	})
	before := map[string]string{}
	for i := range 2_000 {
		client := fmt.Sprintf("10.%d.%d.1", i>>8, i&255)
		before[client] = l.ask("www", client).String()
	}
	l.sick(nil, "c")
	moved := map[string]int{}
	for client, was := range before {
		if is := l.ask("www", client).String(); is != was {
			if moved[is]++; was != three {
				t.Fatalf("%s moved from %s to %s, both healthy", client, was, is)
			}
		}
	}
	if statistic, limit := chiSquare(moved, map[string]float64{one: 0.25, two: 0.75}); statistic > limit || moved[one] == 0 {
		t.Errorf("moved: chi-square %.1f > %.1f: %v", statistic, limit, moved)
	}
	l.sick([]string{"c"})
	for client, was := range before {
		if is := l.ask("www", client).String(); is != was {
			t.Fatalf("%s moved from %s to %s for good", client, was, is)
		}
	}
	if one, other := l.ask("www", "2001:db8:0:ff01::1").String(), l.ask("www", "2001:db8:0:ff77::2").String(); one != other {
		t.Errorf("2001:db8:0:ff00::/56 got %s and %s", one, other)
	}
	for name, want := range map[string]uint8{"www": 24, "m": 24} {
		if g := l.query(name, dns.TypeA, fromNowhere, "198.51.100.0/24"); g.ecs == nil || g.ecs.SourceScope != want {
			t.Errorf("%s: %v, want scope %d", name, g.ecs, want)
		}
	}
}
