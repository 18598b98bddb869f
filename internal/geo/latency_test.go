package geo

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func amazonRegion(name string) bool {
	_, found := FindRegion(name)
	return found
}

// text is rows as CSV has them.
func text(rows []Latency) string {
	var lines []string
	for i := range rows {
		lines = append(lines, fmt.Sprintf("%s,%s,%v", rows[i].From(), rows[i].Region, rows[i].Millis))
	}
	return strings.Join(lines, "\n")
}

func TestReadLatencies(t *testing.T) {
	for _, test := range []struct{ name, csv, want string }{
		{"nothing", "", ""},
		{
			"all kinds", "from,region,ms\n# by ping\n192.0.2.0/24, eu-west-1,12.5\n2001:db8::/32,eu-west-1,3\n\nAS64500,us-east-1,80\nDE,us-east-1,90\nAS,us-east-1,1\n",
			"192.0.2.0/24,eu-west-1,12.5\n2001:db8::/32,eu-west-1,3\nAS64500,us-east-1,80\nDE,us-east-1,90\nAS,us-east-1,1",
		},
		{"no header", "DE,us-east-1,90", "DE,us-east-1,90"},
		{"too few fields", "DE,us-east-1", "read latencies: record on line 1: wrong number of fields"},
		{"no number", "DE,us-east-1,90\nDE,us-east-2,far", `read latencies: line 2: "far" is no number of milliseconds`},
		{"header twice", "from,region,ms\nfrom,region,km", `read latencies: line 2: "km" is no number of milliseconds`},
		{"system 0", "AS0,us-east-1,1", `read latencies: line 1: "AS0" is no autonomous system: want AS1 to AS4294967295`},
		{"system too large", "AS4294967296,us-east-1,1", `read latencies: line 1: "AS4294967296" is no autonomous system: want AS1 to AS4294967295`},
		{
			"no place", "Berlin,us-east-1,1",
			`read latencies: line 1: "Berlin" is no network such as 192.0.2.0/24, no autonomous system such as AS64500, no country such as DE`,
		},
		{"open quote", "\"DE,us-east-1,1", `read latencies: parse error on line 1, column 16: extraneous or missing " in quoted-field`},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, err := ReadLatencies(strings.NewReader(test.csv))
			got := text(rows)
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	many := strings.Repeat("DE,us-east-1,1\n", MaxLatencies+1)
	if _, err := ReadLatencies(strings.NewReader(many)); err == nil {
		t.Error("any number of rows is read")
	}
}

func TestNewMeasurements(t *testing.T) {
	for _, test := range []struct {
		name, source string
		rows         []Latency
		want         string
	}{
		{"sorted and masked", "ping", []Latency{
			{Country: "DE", Region: "eu-west-1", Millis: 1},
			{ASN: 7, Region: "eu-west-1", Millis: 2},
			{ASN: 7, Region: "eu-north-1", Millis: 2},
			{Prefix: netip.MustParsePrefix("192.0.2.7/24"), Region: "eu-west-1", Millis: 3},
		}, "DE,eu-west-1,1\nAS7,eu-north-1,2\nAS7,eu-west-1,2\n192.0.2.0/24,eu-west-1,3"},
		{"twice", "ping", []Latency{
			{Prefix: netip.MustParsePrefix("192.0.2.7/24"), Region: "eu-west-1", Millis: 3}, {Prefix: netip.MustParsePrefix("192.0.2.0/24"), Region: "eu-west-1", Millis: 4},
		}, "the latency from 192.0.2.0/24 to eu-west-1 is there twice"},
		{"no region", "ping", []Latency{{ASN: 7, Region: "mars-north-1", Millis: 1}}, `from "AS7" to "mars-north-1": there is no region "mars-north-1"`},
		{"no time", "ping", []Latency{{ASN: 7, Region: "eu-west-1"}}, `from "AS7" to "eu-west-1": 0 ms is not above 0 and up to 60000`},
		{"too long", "ping", []Latency{{ASN: 7, Region: "eu-west-1", Millis: 60001}}, `from "AS7" to "eu-west-1": 60001 ms is not above 0 and up to 60000`},
		{"no place", "ping", []Latency{{Region: "eu-west-1", Millis: 1}}, `from "" to "eu-west-1": a latency is measured from one of prefix, asn and country`},
		{"two places", "ping", []Latency{{ASN: 7, Country: "DE", Region: "eu-west-1", Millis: 1}}, `from "AS7" to "eu-west-1": a latency is measured from one of prefix, asn and country`},
		{"no country", "ping", []Latency{{Country: "de", Region: "eu-west-1", Millis: 1}}, `from "de" to "eu-west-1": "de" is no country: want two upper-case letters`},
		{
			"too long a prefix", "ping",
			[]Latency{{Prefix: netip.MustParsePrefix("2001:db8::/65"), Region: "eu-west-1", Millis: 1}},
			`from "2001:db8::/65" to "eu-west-1": 2001:db8::/65 is no network of up to 32 (IPv4) or 64 (IPv6) bits`,
		},
		{"no source", "", nil, `the name of the source, "", is not 1 to 64 letters, digits, dots, dashes and underscores`},
		{"bad source", "a/b", nil, `the name of the source, "a/b", is not 1 to 64 letters, digits, dots, dashes and underscores`},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := NewMeasurements(test.source, test.rows, amazonRegion)
			got := fmt.Sprint(err)
			if err == nil {
				got = text(m.Rows)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	rows := []Latency{{Country: "DE", Region: "eu-west-1", Millis: 1}, {Country: "FR", Region: "eu-west-1", Millis: 2}, {ASN: 7, Region: "eu-west-1", Millis: 3}}
	m, err := NewMeasurements("ping", rows, amazonRegion)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name        string
		put, remove []Latency
		want        string
	}{
		{"nothing", nil, nil, text(m.Rows)},
		{
			"replaced and new",
			[]Latency{{Country: "DE", Region: "eu-west-1", Millis: 9}, {Country: "DE", Region: "eu-west-2", Millis: 8}},
			nil,
			"DE,eu-west-1,9\nFR,eu-west-1,2\nAS7,eu-west-1,3\nDE,eu-west-2,8",
		},
		{"removed", nil, []Latency{{Country: "FR", Region: "eu-west-1"}, {Country: "IT", Region: "eu-west-1"}}, "DE,eu-west-1,1\nAS7,eu-west-1,3"},
		{"removed and put", []Latency{{Country: "FR", Region: "eu-west-1", Millis: 5}}, []Latency{{Country: "FR", Region: "eu-west-1"}}, "DE,eu-west-1,1\nFR,eu-west-1,5\nAS7,eu-west-1,3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := text(m.Rows)
			if got := text(m.Merge(test.put, test.remove)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if text(m.Rows) != before {
				t.Error("the old rows changed")
			}
		})
	}
}

func FuzzReadLatencies(f *testing.F) {
	f.Add("from,region,ms\n192.0.2.0/24,eu-west-1,12.5\nAS64500,us-east-1,80\nDE,us-east-1,90\n")
	f.Add("\"2001:db8::/32\",eu-west-1,1e-3\n#\n,,\n")
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := ReadLatencies(strings.NewReader(s))
		if err != nil {
			return
		}
		m, err := NewMeasurements("fuzz", rows, amazonRegion)
		if err != nil {
			return
		}
		again, err := ReadLatencies(strings.NewReader(text(m.Rows)))
		if err != nil || text(again) != text(m.Rows) {
			t.Errorf("%q is read again as %q, %v", text(m.Rows), text(again), err)
		}
		l, err := NewLatencies()
		if err != nil {
			t.Fatal(err)
		}
		l.Set("fuzz", m.Rows)
		e := l.Estimate(netip.MustParseAddr("192.0.2.1"), Position{})
		e.Millis(0)
	})
}
