package route53

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"open53/internal/event"
	"open53/internal/geo"
)

// listLatencies lists rows page by page, as "source from region ms".
func (f *fixture) listLatencies(tb testing.TB, source string, limit int) (rows []string) {
	tb.Helper()
	for next := ""; ; {
		page, following, err := f.Latencies(tb.Context(), source, next, limit)
		if err != nil {
			tb.Fatal(err)
		}
		n := 0
		for _, m := range page {
			n += len(m.Rows)
			for i := range m.Rows {
				rows = append(rows, fmt.Sprintf("%s %s %s %v", m.ID, m.Rows[i].From(), m.Rows[i].Region, m.Rows[i].Millis))
			}
		}
		if n > limit {
			tb.Fatalf("a page of %d rows, %d asked for", n, limit)
		}
		if next = following; next == "" {
			return rows
		}
	}
}

func TestLatencies(t *testing.T) {
	regions := map[string]bool{"office": true}
	f := newFixture(t, func(c *Config) { c.Regions = func(name string) bool { return regions[name] } })
	set := func(source string, rows ...geo.Latency) {
		t.Helper()
		if _, err := f.SetLatencies(t.Context(), source, rows); err != nil {
			t.Fatal(err)
		}
	}
	want := func(source string, rows ...string) {
		t.Helper()
		for limit := 1; limit < 6; limit++ {
			if got := strings.Join(f.listLatencies(t, source, limit), "; "); got != strings.Join(rows, "; ") {
				t.Errorf("by %d: %s\nwant %s", limit, got, strings.Join(rows, "; "))
			}
		}
	}
	want("")
	germany := geo.Latency{Country: "DE", Region: "eu-central-1", Millis: 5}
	net := geo.Latency{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Region: "office", Millis: 1.5}
	system := geo.Latency{ASN: 64500, Region: "eu-west-1", Millis: 20}
	set("ping", germany, net)
	set("ping2", system)
	set("probes", net, system, germany)
	want("ping", "ping DE eu-central-1 5", "ping 192.0.2.0/24 office 1.5")
	want("pin")
	want("", "ping DE eu-central-1 5", "ping 192.0.2.0/24 office 1.5", "ping2 AS64500 eu-west-1 20",
		"probes DE eu-central-1 5", "probes AS64500 eu-west-1 20", "probes 192.0.2.0/24 office 1.5")

	germany.Millis = 6
	if _, err := f.ChangeLatencies(t.Context(), "probes", []geo.Latency{germany}, []geo.Latency{system}); err != nil {
		t.Fatal(err)
	}
	want("probes", "probes DE eu-central-1 6", "probes 192.0.2.0/24 office 1.5")
	regions["office"] = false // what is there of a region that is not stays, and is in nobody's way
	if _, err := f.ChangeLatencies(t.Context(), "probes", []geo.Latency{system}, nil); err != nil {
		t.Error(err)
	}
	_, err := f.SetLatencies(t.Context(), "probes", []geo.Latency{net})
	wantError(t, err, "InvalidInput", `Invalid latencies: from "192.0.2.0/24" to "office": there is no region "office"`)
	_, err = f.SetLatencies(t.Context(), "", nil)
	wantError(t, err, "InvalidInput", "")

	_, next, err := f.Latencies(t.Context(), "probes", "", 1)
	if err != nil || next == "" {
		t.Fatalf("a page goes on at %q, %v", next, err)
	}
	set("probes", germany)
	_, _, err = f.Latencies(t.Context(), "probes", next, 1)
	wantError(t, err, "InvalidInput", "The latencies of the source probes have changed meanwhile: list them from the beginning.")
	for _, place := range []string{"probes", "probes/x/1", "probes/1/-1", "/1/1"} {
		_, _, err = f.Latencies(t.Context(), "", place, 1)
		wantError(t, err, "InvalidInput", "The place "+place+" is in no list of latencies.")
	}

	set("ping")
	set("ping2")
	id, err := f.SetLatencies(t.Context(), "probes", nil)
	if err != nil || !strings.HasPrefix(id, "/change/C") {
		t.Errorf("the end of a source is change %q, %v", id, err)
	}
	want("")
	if id, err = f.SetLatencies(t.Context(), "probes", nil); err != nil || id != "" {
		t.Errorf("the end of what has ended is change %q, %v", id, err)
	}
	view := f.store.View()
	defer view.Close()
	versions := 0
	for _, err := range view.History(latencyKey("probes"), 1) {
		if err != nil {
			t.Fatal(err)
		}
		versions++
	}
	if head, err := view.Head(event.Key{Kind: event.KindLatency, ID: "probes"}); err != nil || versions != 5 || !head.Deleted {
		t.Errorf("the history of probes has %d versions, %v", versions, err)
	}
}
