package zonefile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
)

const head = "$ORIGIN example.com.\n$TTL 300\n@ SOA ns1 host 1 7200 900 1209600 86400\n@ NS ns1\n"

// read reads a file whose errors are not the point.
func read(t *testing.T, text string) *File {
	t.Helper()
	f, err := Read(strings.NewReader(text), "zone", ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show is a file's sets, as lines.
func show(f *File) string {
	var b strings.Builder
	for _, s := range f.Sets {
		b.Write(AppendSet(nil, s, f.Zone))
	}
	return b.String()
}

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, text, zone, want, warnings string }{
		{
			"list order, SOA owner", "www.example.com. 60 A 192.0.2.1\nexample.com. 1 SOA a. b. 1 2 3 4 5\nexample.com. 1 SOA a. b. 1 2 3 4 5\n", "example.com.",
			"@\t1\tIN\tSOA\ta. b. 1 2 3 4 5\nwww\t60\tIN\tA\t192.0.2.1\n", "",
		},
		{
			"first $ORIGIN", "$TTL 5\n$origin Example.COM.\n@ A 192.0.2.1\n$ORIGIN sub.example.com.\n@ A 192.0.2.2\n", "example.com.",
			"@\t5\tIN\tA\t192.0.2.1\nsub\t5\tIN\tA\t192.0.2.2\n", "",
		},
		{
			"smallest TTL", head + "a 60 A 192.0.2.1\nb A 192.0.2.3\na 30 A 192.0.2.2\n", "example.com.",
			"@\t300\tIN\tNS\tns1.example.com.\n@\t300\tIN\tSOA\tns1.example.com. host.example.com. 1 7200 900 1209600 86400\n" +
				"a\t30\tIN\tA\t192.0.2.1\na\t30\tIN\tA\t192.0.2.2\nb\t300\tIN\tA\t192.0.2.3\n",
			"zone:7: a.example.com. A has records with TTL 60 and TTL 30: 30 is taken for all",
		},
		{
			"repeated value", "$ORIGIN e.\na 1 MX 1 M\na 1 MX 2 m\na 1 MX 1 m\n", "e.", "a\t1\tIN\tMX\t1 M.e.\na\t1\tIN\tMX\t2 m.e.\n",
			"zone:2: a.e. MX has the value 1 m.e. twice: taken once",
		},
		{"special", "$ORIGIN e.\n; open53: {\"Name\":\"A.e\",\"Type\":\"A\",\"AliasTarget\":{\"HostedZoneId\":\"\",\"DNSName\":\"B.e\"}}\r\n" +
			"; open53: nothing to see\n", "", "", "zone:3: open53 comment: invalid character 'o' in literal null (expecting 'u')"},
		{
			"alias", "$ORIGIN e.\n; open53: {\"Name\":\"A.e\",\"Type\":\"A\",\"AliasTarget\":{\"DNSName\":\"B.e\"}}\r\n; open53 is nice\n", "e.",
			`; open53: {"Name":"a.e.","Type":"A","AliasTarget":{"DNSName":"b.e.","EvaluateTargetHealth":false}}` + "\n", "",
		},
		{
			"plain set in a comment", "$ORIGIN e.\n; open53: {\"Name\":\"e.\",\"Type\":\"MX\",\"TTL\":3,\"ResourceRecords\":[{\"Value\":\"x\"}]}", "e.",
			`; open53: {"Name":"e.","Type":"MX","TTL":3,"ResourceRecords":[{"Value":"x"}]}` + "\n", "",
		},
		{
			"other type", "$ORIGIN e.\na 1 LOC 52 14 05 N 00 08 50 E 10m\nb 1 TYPE65280 \\# 2 abcd\n", "e.",
			"a\t1\tIN\tLOC\t52 14 5.000 N 00 08 50.000 E 10m 1m 10000m 10m\nb\t1\tIN\tTYPE65280\t\\# 2 abcd\n", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(tt.text), "zone", ReadOptions{})
			if tt.zone == "" {
				if err == nil || err.Error() != tt.warnings {
					t.Errorf("error %v, want %s", err, tt.warnings)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Zone.String() != tt.zone {
				t.Errorf("zone %s, want %s", f.Zone, tt.zone)
			}
			if diff := cmp.Diff(tt.want, show(f)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.warnings, joined(f.Warnings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func joined(list []Fault) string {
	texts := make([]string, len(list))
	for i, f := range list {
		texts[i] = f.String()
	}
	return strings.Join(texts, "\n")
}

func TestReadFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, zone, want string }{
		{
			"every fault, in order", head + "a A 1.2.3\nwww.example.org. A 192.0.2.1\nb A 192.0.2.1 x\n; open53: {\"Name\":\"a.example.com\",\"Type\":\"A\",\"Colour\":1}\n", "",
			"zone:5: A \"1.2.3\": Value is not a valid IPv4 address\nzone:6: www.example.org. lies outside zone example.com.\n" +
				"zone:7: A \"192.0.2.1 x\": Value is not a valid IPv4 address\nzone:8: open53 comment: json: unknown field \"Colour\"",
		},
		{"no zone", "www.example.com. 1 A 192.0.2.1\n", "", "zone:1: which zone is it? The file has neither a SOA record nor $ORIGIN: say --zone NAME"},
		{"relative $ORIGIN", "$ORIGIN example.com\n", "", "zone:1: $ORIGIN: Domain name is relative and there is no origin"},
		{"other zone", head, "example.net.", "zone:3: example.com. lies outside zone example.net.\nzone:4: example.com. lies outside zone example.net."},
		{
			"set twice", "$ORIGIN e.\n; open53: {\"Name\":\"e.\",\"Type\":\"A\",\"TTL\":1,\"ResourceRecords\":[{\"Value\":\"192.0.2.1\"}]}\n@ 1 A 192.0.2.2\n" +
				"b 1 A 192.0.2.2\n; open53: {\"Name\":\"b.e.\",\"Type\":\"A\",\"HealthCheckId\":\"x\"}\n", "",
			"zone:3: e. A is already given at zone:2\nzone:5: b.e. A is already given at zone:4",
		},
		{
			"bad comments", "$ORIGIN e.\n; open53: {\"Name\":\"a..e\",\"Type\":\"A\"}\n; open53: {\"Name\":\"a.e\",\"Type\":\"QQ\"}\n" +
				"; open53: {\"Name\":\"a.e\",\"Type\":\"A\",\"TTL\":-1}\n; open53: {\"Name\":\"a.e\",\"Type\":\"A\",\"AliasTarget\":{\"DNSName\":\"\"}}\n", "",
			"zone:2: open53 comment: record set a..e A: FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..e'\n" +
				"zone:3: open53 comment: record set a.e QQ: type \"QQ\" is unknown\n" +
				"zone:4: open53 comment: record set a.e A: TTL -1 is not within 0 and 2147483647\n" +
				"zone:5: open53 comment: record set a.e A: alias target: FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''",
		},
		{"signed", head + "@ DNSKEY 257 3 13 AAAA\n", "", "zone:5: signed zone: DNSKEY records are made by the signer"},
		{"value too long", head + "a TXT" + strings.Repeat(` "`+strings.Repeat(`\001`, 250)+`"`, 9), "", "zone:5: a.example.com. TXT: value of 4526 characters; 4000 is the limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var o ReadOptions
			if tt.zone != "" {
				o.Zone = rdata.MustParseName(tt.zone)
			}
			_, err := Read(strings.NewReader(tt.text), "zone", o)
			var faults *Faults
			if !errors.As(err, &faults) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, joined(faults.List)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadCountsFaults(t *testing.T) {
	_, err := Read(strings.NewReader(head+strings.Repeat("a A x\n", 70)), "zone", ReadOptions{})
	var faults *Faults
	if !errors.As(err, &faults) || faults.Total != 70 || len(faults.List) != maxFaults {
		t.Fatalf("%+v", err)
	}
	if want := `70 faults, the first: zone:5: A "x": Value is not a valid IPv4 address`; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	text := head
	for i := range 70 {
		text += fmt.Sprintf("a%d 1 A 192.0.2.1\na%d 2 A 192.0.2.2\n", i, i)
	}
	if got := read(t, text).Warnings; len(got) != maxFaults+1 || got[maxFaults].Msg != "20 more warnings" {
		t.Errorf("%d warnings, the last %v", len(got), got[len(got)-1])
	}
}

func TestReadIncludes(t *testing.T) {
	open := func(name string) (io.ReadCloser, error) {
		if name != "more" {
			return nil, errors.New("no such file")
		}
		return io.NopCloser(strings.NewReader("\nb A 192.0.2.2\n; open53: {\"Name\":\"c.example.com\",\"Type\":\"A\",\"HealthCheckId\":\"x\"}\n")), nil
	}
	f, err := Read(strings.NewReader(head+"$INCLUDE more\n"), "zone", ReadOptions{Open: open})
	if err != nil || len(f.Sets) != 4 || f.Sets[2].At.String() != "more:2" || f.Sets[3].At.String() != "more:3" {
		t.Fatalf("%v, %v", f, err)
	}
	_, err = Read(strings.NewReader(head+"$INCLUDE other\n"), "zone", ReadOptions{Open: open})
	if err == nil || err.Error() != "read zone file: zone:5: $INCLUDE: no such file" {
		t.Error(err)
	}
}

func TestReadSkipsDNSSEC(t *testing.T) {
	f, err := Read(strings.NewReader(head+"@ DNSKEY 257 3 13 AAAA\na DS 1 13 2 "+strings.Repeat("00", 32)+"\n"), "zone", ReadOptions{SkipDNSSEC: true})
	if err != nil || len(f.Sets) != 3 || f.Sets[2].Type != rdata.TypeDS {
		t.Errorf("%v, %v", f, err)
	}
}

// TestWatch reads in pieces of each size: lines must be seen all the same.
func TestWatch(t *testing.T) {
	const text = "; one\nplain ; no\n;two\r\n$three\n\n;" + "last"
	for size := 1; size < len(text)+2; size++ {
		var seen []string
		var got strings.Builder
		w := newLineWatcher(strings.NewReader(text), func(n int, line string) { seen = append(seen, fmt.Sprintf("%d%s", n, line)) })
		if _, err := io.CopyBuffer(struct{ io.Writer }{&got}, w, make([]byte, size)); err != nil || got.String() != text {
			t.Fatalf("size %d: passed on %q, %v", size, got.String(), err)
		}
		if diff := cmp.Diff([]string{"1; one", "3;two", "4$three", "6;last"}, seen); diff != "" {
			t.Errorf("size %d: %s", size, diff)
		}
	}
}
