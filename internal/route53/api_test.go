package route53

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"open53/internal/dnstest"
)

// TestAPI runs the conversations in testdata. A block is a request: method,
// path and, for tests that set the Service up in another way, a "config" line
// at the file's beginning. Ids are written Z1, C1, N1, UUIDs U1, in the order in
// which they come up.
func TestAPI(t *testing.T) {
	dnstest.RunGolden(t, "testdata/*.txt", func(t *testing.T) func(b dnstest.Block) string {
		f := newFixture(t, nil)
		names := newIDNames()
		return func(b dnstest.Block) string {
			if setting, ok := strings.CutPrefix(b.Command, "config "); ok {
				f = newFixture(t, func(c *Config) { configure(t, c, setting) })
				return "ok\n"
			}
			method, path, _ := strings.Cut(b.Command, " ")
			r := httptest.NewRequest(method, "/2013-04-01"+names.original(path), strings.NewReader(names.original(b.Input)))
			w := httptest.NewRecorder()
			f.handler().ServeHTTP(w, r)
			return names.short(transcript(t, w.Result()))
		}
	})
}

// configure applies the settings of a config line.
func configure(t *testing.T, c *Config, settings string) {
	t.Helper()
	for setting := range strings.FieldsSeq(settings) {
		switch setting {
		case "strict":
			c.Strict = true
		case "quotas":
			c.EnforceQuotas = true
			c.Limits = Limits{HostedZones: 2, RRsetsPerZone: 3, DelegationSets: 1, ZonesPerDelegationSet: 1, CIDRCollections: 1, CIDRBlocks: 3, HealthChecks: 1}
		case "pending":
			c.Served = func() uint64 { return 0 }
		case "nameservers":
			c.NameServers = []string{"NS1.example.net.", "ns2.example.net"}
			c.PrivateNameServers = []string{"private.example.net"}
			c.Hostmaster = "dns.example.net"
			c.BaseURL = "https://dns.example.net/"
		default:
			t.Fatalf("no such setting: %s", setting)
		}
	}
}

// idNames gives ids short names.
type idNames struct {
	shorts map[string]string // by id
	ids    map[string]string // by short name
}

func newIDNames() *idNames { return &idNames{shorts: map[string]string{}, ids: map[string]string{}} }

var (
	longID  = regexp.MustCompile(`\b([CNZ][A-Z0-9]{20}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\b`)
	shortID = regexp.MustCompile(`(%2F|\b)([CNZU][1-9][0-9]?)\b`)
)

func (n *idNames) short(text string) string {
	return longID.ReplaceAllStringFunc(text, func(id string) string {
		if n.shorts[id] == "" {
			letter := id[0]
			if strings.Contains(id, "-") {
				letter = 'U' // a UUID
			}
			for i := 1; n.shorts[id] == ""; i++ {
				if short := fmt.Sprintf("%c%d", letter, i); n.ids[short] == "" {
					n.shorts[id], n.ids[short] = short, id
				}
			}
		}
		return n.shorts[id]
	})
}

// original leaves names alone that have not come up.
func (n *idNames) original(text string) string {
	return shortID.ReplaceAllStringFunc(text, func(match string) string {
		short := strings.TrimPrefix(match, "%2F")
		if id := n.ids[short]; id != "" {
			return strings.TrimSuffix(match, short) + id
		}
		return match
	})
}

// transcript is a response as the tests show it: status, Location, and the
// document with one element in a line, without namespace.
func transcript(t *testing.T, r *http.Response) string {
	t.Helper()
	var out strings.Builder
	fmt.Fprintln(&out, r.StatusCode)
	if l := r.Header.Get("Location"); l != "" {
		fmt.Fprintln(&out, "Location: "+l)
	}
	d := xml.NewDecoder(r.Body)
	depth, text, leaf := 0, "", false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if leaf {
				out.WriteString("\n")
			}
			out.WriteString(strings.Repeat(" ", depth) + e.Name.Local)
			depth, text, leaf = depth+1, "", true
		case xml.CharData:
			text += string(e)
		case xml.EndElement:
			depth--
			if leaf {
				out.WriteString(strings.TrimRight(" "+text, " ") + "\n")
			}
			leaf = false
		}
	}
}
