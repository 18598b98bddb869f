package main

import (
	"encoding/pem"
	"log/slog"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"open53/internal/rdata"
	"open53/internal/route53api"
)

func TestEndpoints(t *testing.T) {
	for _, tt := range []struct {
		endpoint, configured, region string
		local                        bool
	}{
		{"http://127.0.0.1:4566", "", "us-east-1", true},
		{"http://127.9.9.9", "eu-west-1", "eu-west-1", true},
		{"http://localhost:80", "", "us-east-1", true},
		{"http://route53.localhost", "", "us-east-1", true},
		{"http://[::1]:4566", "", "us-east-1", true},
		{"http://[::ffff:127.0.0.1]:4566", "", "us-east-1", true},
		{"http://10.0.0.1:4566", "eu-west-1", "eu-west-1", false},
		{"https://localhost.example.com", "", "us-east-1", false},
		{"https://route53.amazonaws.com", "eu-west-1", "us-east-1", false},
		{"https://route53.us-gov.amazonaws.com", "", "us-gov-west-1", false},
		{"https://route53.amazonaws.com.cn", "eu-west-1", "cn-northwest-1", false},
	} {
		t.Run(tt.endpoint, func(t *testing.T) {
			u, err := parseEndpoint(tt.endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if got := signingRegion(u, tt.configured); got != tt.region {
				t.Errorf("region %s, want %s", got, tt.region)
			}
			if got := isLocal(u); got != tt.local {
				t.Errorf("local is %v", got)
			}
		})
	}
	if isLocal(&url.URL{}) {
		t.Error("no host is local")
	}
}

func TestZoneIDs(t *testing.T) {
	for text, want := range map[string]bool{
		"Z0123456789ABC": true, "/hostedzone/Zx": true, "ZABCDEFGHIJKLMNOPQRST": true,
		"example.com": false, "Z": false, "ZZ": false, "ZEBRA": false, "Z1D633PJN98FT9.": false, "zzzzzzzzzz": false, "": false, "A012345678": false,
	} {
		if got := isZoneID(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAbsoluteName(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, tt := range []struct{ zone, text, want string }{
		{"example.com", "@", "example.com."},
		{"example.com", "www", "www.example.com."},
		{"example.com", "a.b", "a.b.example.com."},
		{"example.com", "www.Example.com", "www.example.com."},
		{"example.com", "example.com", "example.com."},
		{"example.com", "www.example.com.", "www.example.com."},
		{"example.com", "notexample.com", "notexample.com.example.com."},
		{"example.com", "*", `\052.example.com.`},
		{"example.com", "www.example.org.", `error: name "www.example.org." lies outside zone example.com.`},
		{"example.com", "a..b", "error: name \"a..b\": FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"},
		{"example.com", strings.Join([]string{long, long, long, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "."), "error: name …"},
		{".", "www", "www."},
		{".", "@", "."},
	} {
		t.Run(tt.text, func(t *testing.T) {
			z := &zoneRef{name: rdata.MustParseName(tt.zone)}
			name, err := z.absoluteName(tt.text)
			got := name.String()
			if err != nil {
				got = "error: " + err.Error()
			}
			if beginning, cut := strings.CutSuffix(tt.want, "…"); got != tt.want && (!cut || !strings.HasPrefix(got, beginning)) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestQuoteText(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		t                rdata.Type
	}{
		{"plain", "v=spf1 -all", `"v=spf1 -all"`, rdata.TypeTXT},
		{"empty", "", `""`, rdata.TypeTXT},
		{"quoted", `"a" "b"`, `"a" "b"`, rdata.TypeTXT},
		{"quotes within", `say "hi" \o/`, `"say \"hi\" \\o/"`, rdata.TypeSPF},
		{"not ASCII", "é", `"\303\251"`, rdata.TypeTXT},
		{"long", strings.Repeat("x", 300), `"` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 45) + `"`, rdata.TypeTXT},
		{"exactly one string", strings.Repeat("x", 255), `"` + strings.Repeat("x", 255) + `"`, rdata.TypeTXT},
		{"other type", "10 mail", "10 mail", rdata.TypeMX},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := quoteText(tt.t, tt.text)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if _, err := rdata.ParseValue(tt.t, got); tt.t != rdata.TypeMX && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPlaces checks that what a table shows of a place can be typed.
func TestPlaces(t *testing.T) {
	for _, text := range []string{"DE", "US-TX", "*", "continent:EU"} {
		if got := geoText(parseGeo(text)); got != text {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	for _, text := range []string{"eu-west-1", "local:us-west-2-lax-1", "48.14,11.58"} {
		if got := geoproximityText(parseGeoproximity(text)); got != text {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got := geoText(&route53api.GeoLocation{}); got != "?" {
		t.Error(got)
	}
	if got := geoproximityText(&route53api.GeoProximityLocation{Bias: new(int32(-3))}); got != "? bias -3" {
		t.Error(got)
	}
}

func TestExitCodes(t *testing.T) {
	endpoint := startNode(t)
	for _, tt := range []struct {
		name string
		args string
		code int
		want string
	}{
		{"done", "zone list", 0, ""},
		{"refused", "zone create com..x", exitFailed, "open53: create zone com..x: "},
		{"absent", "zone show example.com", exitFailed, "there is no hosted zone example.com."},
		{"unknown command", "zonk", exitUsage, `unknown command "zonk"`},
		{"unknown flag of the root", "--zonk", exitUsage, "unknown flag: --zonk"},
		{"unknown flag", "zone list --zonk", exitUsage, "unknown flag: --zonk"},
		{"bad value", "history example.com --limit x", exitUsage, "invalid argument"},
		{"too few", "record list", exitUsage, "arguments are missing"},
		{"too many", "zone list x", exitUsage, "one argument too many"},
		{"bad name", "zone show a..b", exitUsage, "neither an id nor a name"},
		{"nothing to set", "zone set example.com", exitUsage, "what shall be changed?"},
		{"bad mode", "zone set example.com --serial-mode no", exitUsage, "want follow or fixed"},
		{"bad VPC", "zone create x.example --vpc vpc-1", exitUsage, "want REGION:ID"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cli(t, endpoint, strings.Fields(tt.args)...).fails(t, tt.code, tt.want)
		})
	}
}

// TestCertificates talks to a server whose certificate only AWS_CA_BUNDLE
// vouches for.
func TestCertificates(t *testing.T) {
	target, err := url.Parse(startNode(t))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	defer srv.Close()
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	cli(t, srv.URL, "zone", "list").fails(t, exitFailed, "certificate signed by unknown authority")
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	t.Setenv("AWS_CA_BUNDLE", file(t, "ca.pem", string(bundle)))
	cli(t, srv.URL, "zone", "list").must(t)
}

// TestForeignServer uses a Route 53 that is not open53: no history, no
// settings, no backup.
func TestForeignServer(t *testing.T) {
	endpoint := foreignServer(t)
	cli(t, endpoint, "import", "--create", file(t, "small.zone", bigZone(2500, "192.0.2.1"))).must(t)
	if r := cli(t, endpoint, "zone", "show", "example.com").must(t); strings.Contains(r.out, "Serial") {
		t.Error(r.out)
	}
	if r := cli(t, endpoint, "export", "example.com").must(t); !strings.Contains(r.out, "h02499\t") {
		t.Error("the export is incomplete")
	}
	for _, args := range []string{"history example.com", "revert example.com 1", "backup -o x", "verify", "zone set example.com --serial-mode fixed"} {
		cli(t, endpoint, strings.Fields(args)...).fails(t, exitFailed, "NoAdminAPI: "+endpoint+" is no open53 server, or a proxy is before it (status 404)")
	}
}
