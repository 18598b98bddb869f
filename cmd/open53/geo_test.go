package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"open53/internal/geo/mmdb/mmdbtest"
)

func mmdbCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mmdb FILE NETWORK=COUNTRY,LATITUDE,LONGITUDE…")
	}
	records := map[string]any{}
	for _, arg := range args[1:] {
		network, place, _ := strings.Cut(arg, "=")
		fields := strings.Split(place, ",")
		record := mmdbtest.Map{"country": mmdbtest.Map{"iso_code": fields[0]}}
		if len(fields) == 3 {
			latitude, err := strconv.ParseFloat(fields[1], 64)
			ts.Check(err)
			longitude, err := strconv.ParseFloat(fields[2], 64)
			ts.Check(err)
			record["location"] = mmdbtest.Map{"latitude": latitude, "longitude": longitude}
		}
		records[network] = record
	}
	// testscript has a T of its own; a record that cannot be written is a
	// mistake in this file, and panics.
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), mmdbtest.File(&testing.T{}, records), 0o600))
}

func TestLatencyImportInBatches(t *testing.T) {
	endpoint := startNode(t)
	var rows strings.Builder
	for i := range latencyBatch + 7 {
		rows.WriteString("AS" + strconv.Itoa(i+1) + ",eu-west-1,1.5\n")
	}
	r := cli(t, endpoint, "latency", "import", file(t, "rows.csv", rows.String())).must(t)
	if want := "20007 latencies imported for the source default\n"; r.out != want {
		t.Errorf("got %q, want %q", r.out, want)
	}
	listed := cli(t, endpoint, "latency", "list").must(t)
	if n := strings.Count(listed.out, "\n"); n != latencyBatch+8 {
		t.Errorf("%d lines are listed", n)
	}
	if !strings.HasSuffix(listed.out, "AS20007  eu-west-1  1.5  default\n") {
		t.Errorf("the list ends with %q", listed.out[len(listed.out)-60:])
	}
	cli(t, endpoint, "latency", "import", file(t, "none.csv", "")).must(t)
	if listed = cli(t, endpoint, "latency", "list").must(t); strings.Count(listed.out, "\n") != 1 {
		t.Errorf("after an empty import: %s", listed.out)
	}
}
