package rdata

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// dump is records and errors, one a line: line, name, TTL, type, value.
func dump(options MasterOptions, text string) string {
	var b strings.Builder
	for rr, err := range options.Read(strings.NewReader(text), MustParseName("example.com"), "zone") {
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		fmt.Fprintf(&b, "%s:%d %s %d %s %s\n", rr.File, rr.Line, rr.Name, rr.TTL, rr.Type, rr.Value)
	}
	return b.String()
}

var masterTests = []struct {
	name string
	text string
	want string
}{
	{"empty", "", ""},
	{"blank lines and comments", "\n  \n; comment\n\t; another\n", ""},
	{"absolute and relative owner", "a.b. 1 IN A 192.0.2.1\nwww 1 IN A 192.0.2.2", "" +
		"zone:1 a.b. 1 A 192.0.2.1\n" +
		"zone:2 www.example.com. 1 A 192.0.2.2\n"},
	{"at sign", "@ 1 IN NS @", "zone:1 example.com. 1 NS example.com.\n"},
	{"owner repeated", "a 1 IN A 192.0.2.1\n  1 IN A 192.0.2.2\n\t1 IN A 192.0.2.3\n", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:2 a.example.com. 1 A 192.0.2.2\n" +
		"zone:3 a.example.com. 1 A 192.0.2.3\n"},
	{"ttl and class in either order", "a 5 IN A 192.0.2.1\na IN 6 A 192.0.2.1\na IN A 192.0.2.1\na a 192.0.2.1\na in a 192.0.2.1\n", "" +
		"zone:1 a.example.com. 5 A 192.0.2.1\n" +
		"zone:2 a.example.com. 6 A 192.0.2.1\n" +
		"zone:3 a.example.com. 6 A 192.0.2.1\n" +
		"zone:4 a.example.com. 6 A 192.0.2.1\n" +
		"zone:5 a.example.com. 6 A 192.0.2.1\n"},
	{"ttl units", "a 1h30m A 192.0.2.1\na 1W2D3H4M5S A 192.0.2.1\na 1m30 A 192.0.2.1", "" +
		"zone:1 a.example.com. 5400 A 192.0.2.1\n" +
		"zone:2 a.example.com. 788645 A 192.0.2.1\n" +
		"zone:3 a.example.com. 90 A 192.0.2.1\n"},
	{"$TTL wins over the TTL before", "a 5 A 192.0.2.1\n$TTL 1h\na A 192.0.2.2\na 7 A 192.0.2.3\na A 192.0.2.4", "" +
		"zone:1 a.example.com. 5 A 192.0.2.1\n" +
		"zone:3 a.example.com. 3600 A 192.0.2.2\n" +
		"zone:4 a.example.com. 7 A 192.0.2.3\n" +
		"zone:5 a.example.com. 3600 A 192.0.2.4\n"},
	{"SOA minimum as TTL", "@ SOA a b 1 2h 3 4 1d\na A 192.0.2.1", "" +
		"zone:1 example.com. 86400 SOA a.example.com. b.example.com. 1 7200 3 4 86400\n" +
		"zone:2 a.example.com. 86400 A 192.0.2.1\n"},
	{"parentheses", "@ 1 SOA a. b. ( ; begins\n 1 ; serial\n\n 2 3 (4)\n5 ) ; ends\na 1 A 192.0.2.1", "" +
		"zone:1 example.com. 1 SOA a. b. 1 2 3 4 5\n" +
		"zone:6 a.example.com. 1 A 192.0.2.1\n"},
	{"owner in parentheses record of next line", "a 1 A (\n192.0.2.1 )\n  1 A 192.0.2.2", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:3 a.example.com. 1 A 192.0.2.2\n"},
	{"strings", `a 1 TXT "a b" c "" "\"\\;(" d\;e \097\b` + "\n", "" +
		`zone:1 a.example.com. 1 TXT "a b" "c" "" "\"\\;(" "d;e" "ab"` + "\n"},
	{"octets beyond ASCII", "a 1 TXT \"\xc3\xa4\"\n", `zone:1 a.example.com. 1 TXT "\303\244"` + "\n"},
	{"escaped names", `a\.b\046c\032 1 CNAME \@\$.x.` + "\n", `zone:1 a\056b\056c\040.example.com. 1 CNAME @$.x.` + "\n"},
	{"case", "WWW 1 CNAME Target", "zone:1 www.example.com. 1 CNAME Target.example.com.\n"},
	{"$ORIGIN", "$ORIGIN sub\na 1 A 192.0.2.1\n$origin .\na 1 A 192.0.2.2\n 1 A 192.0.2.3\n", "" +
		"zone:2 a.sub.example.com. 1 A 192.0.2.1\n" +
		"zone:4 a. 1 A 192.0.2.2\n" +
		"zone:5 a. 1 A 192.0.2.3\n"},
	{"owner survives $ORIGIN", "a 1 A 192.0.2.1\n$ORIGIN sub\n 1 A 192.0.2.2\na 1 A 192.0.2.3\n", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:3 a.example.com. 1 A 192.0.2.2\n" +
		"zone:4 a.sub.example.com. 1 A 192.0.2.3\n"},
	{"unknown types", `a 1 CLASS1 TYPE65280 \# 3 01 02 03` + "\n" + `a 1 TYPE1 \# 4 C0000201` + "\n" + `a 1 A \# 4 C0000201` + "\n" + `a 1 TYPE65281 \# 0`, "" +
		`zone:1 a.example.com. 1 TYPE65280 \# 3 010203` + "\n" +
		"zone:2 a.example.com. 1 A 192.0.2.1\n" +
		"zone:3 a.example.com. 1 A 192.0.2.1\n" +
		`zone:4 a.example.com. 1 TYPE65281 \# 0` + "\n"},
	{"extension types", "a 1 RP m t.x.\na 1 LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m\na 1 CERT PGP 0 0 AQID", "" +
		"zone:1 a.example.com. 1 RP m.example.com. t.x.\n" +
		"zone:2 a.example.com. 1 LOC 52 22 23.000 N 04 53 32.000 E -2m 0.00m 10000m 10m\n" +
		`zone:3 a.example.com. 1 TYPE37 \# 8 0003000000010203` + "\n"},
	{"service parameters", `a 1 HTTPS 1 . alpn=h2,h3 key65333="x\001"` + "\n" + `a 1 SVCB 40000 t ipv4hint=192.0.2.1`, "" +
		`zone:1 a.example.com. 1 HTTPS \# 19 00010000010006026832026833ff3500027801` + "\n" +
		`zone:2 a.example.com. 1 SVCB \# 25 9c40017407657861` + `6d706c6503636f6d0000040004c0000201` + "\n"},
	{"mnemonic algorithm", "a 1 DS 1 ECDSAP256SHA256 99 AB CD", "zone:1 a.example.com. 1 DS 1 13 99 abcd\n"},
	{"windows line ends and byte order mark", "\ufeffa 1 A 192.0.2.1\r\nb 1 A 192.0.2.2\r\n", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:2 b.example.com. 1 A 192.0.2.2\n"},
	{"$GENERATE", "$GENERATE 1-3 host$ 1 A 10.0.0.$\n", "" +
		"zone:1 host1.example.com. 1 A 10.0.0.1\n" +
		"zone:1 host2.example.com. 1 A 10.0.0.2\n" +
		"zone:1 host3.example.com. 1 A 10.0.0.3\n"},
	{"owner survives $GENERATE", "a 1 A 192.0.2.1\n$GENERATE 1-1 b$ 1 A 10.0.0.$\n 1 A 192.0.2.2\n", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:2 b1.example.com. 1 A 10.0.0.1\n" +
		"zone:3 a.example.com. 1 A 192.0.2.2\n"},
	{"$GENERATE modifiers", "$GENERATE 9-20/11 ${0,3}.${-9}.${1,2,x}.${0,4,X}.${0,0,o} 1 PTR a\\$b$$.${0,5,n}.x.\n", "" +
		`zone:1 009.0.0a.0009.11.example.com. 1 PTR a$b$.9.0.0.x.` + "\n" +
		`zone:1 020.11.15.0014.24.example.com. 1 PTR a$b$.4.1.0.x.` + "\n"},
}

func TestReadMaster(t *testing.T) {
	for _, tt := range masterTests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dump(MasterOptions{}, tt.text)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

var masterErrorTests = []struct {
	name string
	text string
	want string
}{
	{"goes on behind an error", "a 1 A x\nb 1 A 192.0.2.1", "" +
		`zone:1: A "x": Value is not a valid IPv4 address` + "\n" +
		"zone:2 b.example.com. 1 A 192.0.2.1\n"},
	{"line where the record starts", "\n\n@ 1 SOA a b (\n1\n2\n3\n4 )\n", `zone:3: SOA "a b 1 2 3 4"` + ": SOA record doesn't have 7 fields\n"},
	{"parenthesis never closed", "a 1 A 192.0.2.1\nb 1 A (\n192.0.2.2\n", "" +
		"zone:1 a.example.com. 1 A 192.0.2.1\n" +
		"zone:2: parenthesis is not closed\n"},
	{"parenthesis never opened", "a 1 A 192.0.2.1 )\nb 1 A 192.0.2.2", "" +
		"zone:1: closing parenthesis without an opening one\n" +
		"zone:2 b.example.com. 1 A 192.0.2.2\n"},
	{"quotation mark not closed", "a 1 TXT \"x\nb 1 A 192.0.2.2", "" +
		"zone:1: quotation mark is not closed on its line\n" +
		"zone:2 b.example.com. 1 A 192.0.2.2\n"},
	{"class", "a 1 CH TXT x\na 1 CLASS4 A 192.0.2.1", "" +
		`zone:1: class "CH": only IN is served` + "\n" +
		`zone:2: class "CLASS4": only IN is served` + "\n"},
	{"no owner", " 1 A 192.0.2.1", "zone:1: no owner name\n"},
	{"no type", "a 1 IN", "zone:1: type is missing\n"},
	{"unknown type", "a 1 IN FOO x", `zone:1: type "FOO" is unknown` + "\n"},
	{"query type", "a 1 IN ANY x\na 1 TYPE0 \\# 0\na 1 OPT x", "" +
		"zone:1: type ANY is no data\n" +
		`zone:2: type "TYPE0" is unknown` + "\n" +
		"zone:3: type OPT is no data\n"},
	{"no ttl", "a A 192.0.2.1", "zone:1: no TTL, and none before it\n"},
	{"ttl too large", "a 2147483648 A 192.0.2.1\n$TTL 1x", "" +
		`zone:1: TTL "2147483648" is not a time of 0 to 2147483647 seconds` + "\n" +
		"zone:2: $TTL wants one time of 0 to 2147483647 seconds\n"},
	{"owner", "a..b 1 A 192.0.2.1", `zone:1: owner name "a..b": Domain label is empty` + "\n"},
	{"bad names", "a\\25 1 A 192.0.2.1\na\\256b 1 A 192.0.2.1\na\x01 1 A 192.0.2.1\n" +
		strings.Repeat("a", 64) + " 1 A 192.0.2.1\n" + strings.Repeat("a.", 122) + " 1 NS a\n" + strings.Repeat("a.", 122) + "ab 1 NS a\n", "" +
		`zone:1: owner name "a\\25": Value contains unsupported characters` + "\n" +
		`zone:2: owner name "a\\256b": Value contains unsupported characters` + "\n" +
		`zone:3: owner name "a\x01": Value contains unsupported characters` + "\n" +
		`zone:4: owner name "` + strings.Repeat("a", 60) + `"…: Domain label is too long` + "\n" +
		"zone:5 " + strings.Repeat("a.", 122) + " 1 NS a.example.com.\n" +
		`zone:6: owner name "` + strings.Repeat("a.", 30) + `"…: Domain name is too long` + "\n"},
	{"bad strings", "a 1 TXT a\"b\na 1 TXT \\300\na 1 HINFO \\300 x\na 1 DS 1 NOPE 1 ab", "" +
		"zone:1: quotation mark is not closed on its line\n" +
		`zone:2: TXT "\\300": Value contains unsupported characters` + "\n" +
		`zone:3: HINFO "\\300 x": Value contains unsupported characters` + "\n" +
		`zone:4: DS "1 NOPE 1 ab": Value is not a number between 0 and 255` + "\n"},
	{"signed zone", "@ 1 DNSKEY 256 3 8 AQID\n@ 1 RRSIG A 8 2 1 20300101000000 20200101000000 1 example.com. AQID", "" +
		"zone:1: signed zone: DNSKEY records are made by the signer\n" +
		"zone:2: signed zone: RRSIG records are made by the signer\n"},
	{"include", "$INCLUDE other", `zone:1: $INCLUDE "other" is refused: other files are not read here` + "\n"},
	{"directive", "$FOO x", `zone:1: directive "$FOO" is unknown` + "\n"},
	{"origin", "$ORIGIN\n$ORIGIN a b", "zone:1: $ORIGIN: Domain name is empty\nzone:2: $ORIGIN: Domain name is empty\n"},
	{"generate", "$GENERATE 1 a A 192.0.2.1\n$GENERATE 1-99999 a$ A 192.0.2.1\n$GENERATE 1-2 ${x} A 192.0.2.1\n$GENERATE 1-2", "" +
		"zone:1: $GENERATE wants a range start-stop or start-stop/step\n" +
		"zone:2: $GENERATE makes more than 65536 records\n" +
		"zone:3: $GENERATE: bad ${offset,width,base} in \"${x} A 192.0.2.1\"\n" +
		"zone:4: $GENERATE has no record\n"},
}

func TestReadMasterErrors(t *testing.T) {
	for _, tt := range masterErrorTests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dump(MasterOptions{}, tt.text)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestReadMasterWithoutOrigin(t *testing.T) {
	var got []string
	for rr, err := range ReadMaster(strings.NewReader("a 1 A 192.0.2.1\n@ 1 A 192.0.2.1\na. 1 MX 1 b\na. 1 RP b c\n$ORIGIN x.\na 1 MX 1 @\n"), "", "") {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, rr.Name.String()+" "+rr.Value)
	}
	want := []string{
		`line 1: owner name "a": Domain name is relative and there is no origin`,
		`line 2: owner name "@": Domain name is relative and there is no origin`,
		`line 3: MX "1 b": Domain name is relative and there is no origin`,
		`line 4: RP "b c": Value is not well-formed data of its type`,
		"a.x. 1 x.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseTTL(t *testing.T) {
	tests := []struct {
		text string
		want uint32
		ok   bool
	}{
		{"0", 0, true},
		{"4294967295", 4294967295, true},
		{"4294967296", 0, false},
		{"1w", 604800, true},
		{"1W1d1H1m1s", 694861, true},
		{"1m1m", 120, true},
		{"2h30", 7230, true},
		{"7101w", 4294684800, true},
		{"7102w", 0, false},
		{"4294967295s1", 0, false},
		{"", 0, false},
		{"h", 0, false},
		{"1hh", 0, false},
		{"1y", 0, false},
		{"-1", 0, false},
		{"1 ", 0, false},
		{"99999999999999999999999", 0, false},
	}
	for _, tt := range tests {
		if got, ok := parseTTL(tt.text); ok != tt.ok || (ok && got != tt.want) {
			t.Errorf("parseTTL(%q) = %d, %v, want %d, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestReadMasterSkipDNSSEC(t *testing.T) {
	text := "@ 1 DNSKEY 256 3 8 AQID\na 1 NSEC b A\n 1 A 192.0.2.1\nq 1 NSEC3 nonsense"
	want := "zone:3 a.example.com. 1 A 192.0.2.1\n"
	if diff := cmp.Diff(want, dump(MasterOptions{SkipDNSSEC: true}, text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadMasterInclude(t *testing.T) {
	files := map[string]string{
		"hosts": "a 1 A 192.0.2.1\n$INCLUDE deep x.\n 1 A 192.0.2.2\n$ORIGIN elsewhere.\n",
		"deep":  "a 1 A 192.0.2.3\na 1 A bad\n",
		"self":  "$INCLUDE self\n",
	}
	open := func(name string) (io.ReadCloser, error) {
		text, found := files[name]
		if !found {
			return nil, errors.New("no such file")
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
	tests := []struct{ name, text, want string }{
		{"origin and owner come back", "w 1 A 192.0.2.9\n$INCLUDE hosts sub\n 1 A 192.0.2.8\nz 1 A 192.0.2.7", "" +
			"zone:1 w.example.com. 1 A 192.0.2.9\n" +
			"hosts:1 a.sub.example.com. 1 A 192.0.2.1\n" +
			"deep:1 a.x. 1 A 192.0.2.3\n" +
			`deep:2: A "bad": Value is not a valid IPv4 address` + "\n" +
			"hosts:3 a.sub.example.com. 1 A 192.0.2.2\n" +
			"zone:3 w.example.com. 1 A 192.0.2.8\n" +
			"zone:4 z.example.com. 1 A 192.0.2.7\n"},
		{"missing", "$INCLUDE nowhere", "zone:1: $INCLUDE: no such file\n"},
		{"no name", "$INCLUDE", "zone:1: $INCLUDE wants a file name\n"},
		{"itself", "$INCLUDE self", `self:1: $INCLUDE "self": more than 16 files deep` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dump(MasterOptions{Open: open}, tt.text)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestReadMasterFailingReader(t *testing.T) {
	broken := errors.New("disk on fire")
	r := io.MultiReader(strings.NewReader("a. 1 A 192.0.2.1\n"), iotest.ErrReader(broken))
	var records int
	var last error
	for _, err := range ReadMaster(r, "", "zone") {
		if last = err; err == nil {
			records++
		}
	}
	if records != 1 || !errors.Is(last, broken) || last.Error() != "zone:2: read: disk on fire" {
		t.Errorf("%d records, then %v", records, last)
	}
}

func TestReadMasterStops(t *testing.T) {
	n := 0
	for range ReadMaster(strings.NewReader("$GENERATE 1-9 a 1 A 192.0.2.$\n"), Root, "") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d turns after a break at 2", n)
	}
}

// A line longer than any buffer is an error of its own, and the reader finds
// the next line behind it.
func TestReadMasterLongLines(t *testing.T) {
	long := "a 1 TXT" + strings.Repeat(` "`+strings.Repeat("x", 200)+`"`, 250) // below 65535 bytes of rdata, above bufio's
	tooLong := "b 1 TXT " + strings.Repeat("y", maxMasterLine)
	text := long + "\n" + tooLong + "\nc 1 A 192.0.2.1\nd 1 TXT (\n" + strings.Repeat(strings.Repeat("z ", 500)+"\n", 1100) + ")\n"
	var got []string
	for rr, err := range ReadMaster(strings.NewReader(text), Root, "") {
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, fmt.Sprintf("%d %s %d", rr.Line, rr.Name, len(rr.Wire)))
		}
	}
	want := []string{"1 a. 50250", "line 2: record is longer than 1 MiB", "3 c. 4", "line 4: record is longer than 1 MiB"}
	if len(got) < 4 || !cmp.Equal(want, got[:4]) {
		t.Errorf("got %.200q, want %q", got, want)
	}
}
