// Package arch holds the import rules of the project as a test.
package arch

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rules say who may import whom, in the manner of the Go project's
// deps_test.go: "a, b < c, d" lets c and d import a, b and everything that
// those may import. A package that is not here may import nothing of ours.
const rules = `
	NONE < dnswire, rdata, restxml, telemetry, geo, health, certificate, certificate/certtest;
	geo < geo/mmdb;
	NONE < geo/mmdb/mmdbtest;
	NONE < metricstore;
	restxml < sigv4;
	rdata < zone < event < store;
	rdata < config;
	dnswire, certificate < dnsio;
	zone < network < zonedb;
	zone, geo, health < policy;
	policy < zonedb;
	zone < trafficpolicy < route53;
	dnswire, zonedb < nameserver;
	zonedb < outside;
	store, zonedb < replica;
	store, health < prober;
	store < store/internal/kv < store/memory, store/pebble;
	store < store/storetest;
	sigv4 < access;
	store, network, access < network/registry;
	network/registry, restxml, geo < ec2;
	access, restxml < sts;
	access, sts, restxml, certificate < httpserver;
	restxml < route53api;
	route53api, store, zone, network, geo, access, health < route53;
	route53, replica, network/registry < admin;
	restxml < cloudwatch/wire;
	cloudwatch/wire, metricstore, store, access < cloudwatch;
	restxml < gen/route53gen;
	zone < dnstest, dnstest/reference;
`

// roots may import everything; nobody imports them.
func root(name string) bool {
	return name == "arch" || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "test/")
}

// doors are the only packages that may import a third party.
var doors = map[string][]string{
	"github.com/cockroachdb/pebble/v2":    {"store/pebble"},
	"github.com/fxamacker/cbor/v2":        {"event", "store/internal/kv", "cloudwatch/wire"},
	"github.com/google/btree":             {"store/memory"},
	"github.com/prometheus/client_golang": {"telemetry"},
	"github.com/prometheus/prometheus":    {"metricstore"},
	"github.com/BurntSushi/toml":          {"config"},
	"github.com/spf13/pflag":              {"config", "cmd/open53"},
	"github.com/spf13/cobra":              {"cmd/open53"},
	"github.com/aws/aws-sdk-go-v2":        {"cmd/open53"},
	"github.com/miekg/dns":                {"rdata", "zone", "outside", "route53", "dnstest", "dnstest/reference"},
	"golang.org/x/net/publicsuffix":       {"route53"},
	"golang.org/x/net/ipv4":               {"dnsio"},
	"golang.org/x/net/ipv6":               {"dnsio"},
	"golang.org/x/sys":                    {"dnsio", "zonedb", "store/pebble"},

	"github.com/oschwald/maxminddb-golang": {"geo/mmdb"},
}

// shut are packages that must not be in the closure of the data plane, which
// answers when everything else is down.
var shut = map[string][]string{
	"dnsio":      {"net/http", "encoding/xml", "database/sql", "open53/internal/store", "open53/internal/route53"},
	"nameserver": {"net/http", "encoding/xml", "database/sql", "log/slog", "open53/internal/store", "open53/internal/route53"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "open53/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]pkg{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages[short(p.ImportPath)] = p
	}
	return packages
}

// short is a package's name in the rules.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "open53/"), "internal/")
}

// allowed is the transitive closure of the rules.
func allowed(t *testing.T) map[string]map[string]bool {
	t.Helper()
	may := map[string]map[string]bool{}
	for rule := range strings.SplitSeq(rules, ";") {
		groups := strings.Split(rule, "<")
		for i, group := range groups {
			for name := range strings.SplitSeq(group, ",") {
				name = strings.TrimSpace(name)
				if name == "" || name == "NONE" {
					continue
				}
				if may[name] == nil {
					may[name] = map[string]bool{}
				}
				if i == 0 {
					continue
				}
				for below := range strings.SplitSeq(groups[i-1], ",") {
					below = strings.TrimSpace(below)
					if below == "NONE" || below == "" {
						continue
					}
					if may[below] == nil {
						t.Fatalf("rules: %s is used before it is declared", below)
					}
					may[name][below] = true
					for further := range may[below] {
						may[name][further] = true
					}
				}
			}
		}
	}
	return may
}

func TestImports(t *testing.T) {
	may := allowed(t)
	for name, p := range list(t) {
		if root(name) {
			continue
		}
		if may[name] == nil {
			t.Errorf("package %s is not in the rules", name)
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "open53/") && !may[name][short(imported)] {
				t.Errorf("%s must not import %s", name, short(imported))
			}
		}
	}
}

func TestDoors(t *testing.T) {
	for name, p := range list(t) {
		if strings.HasPrefix(name, "test/") {
			continue
		}
		for _, imported := range p.Imports {
			for module, packages := range doors {
				inside := imported == module || strings.HasPrefix(imported, module+"/")
				if inside && !slices.Contains(packages, name) {
					t.Errorf("%s imports %s, whose door is %v", name, imported, packages)
				}
			}
		}
	}
}

// TestDataPlane: invariant 6, the planes are separable.
func TestDataPlane(t *testing.T) {
	packages := list(t)
	for name, closed := range shut {
		for _, dep := range packages[name].Deps {
			for _, path := range closed {
				if dep == path || strings.HasPrefix(dep, path+"/") {
					t.Errorf("%s depends on %s", name, dep)
				}
			}
		}
	}
}
