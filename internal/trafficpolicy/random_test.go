package trafficpolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// contents is a zone in memory.
type contents map[rdata.Name][]*zone.RRset

func (c contents) RRsetsAt(name rdata.Name) ([]*zone.RRset, error) { return c[name], nil }

// commit makes changes that zone.Apply has accepted.
func (c contents) commit(changes []zone.Change) {
	for i := range changes {
		key := changes[i].Key()
		var sets []*zone.RRset
		for _, s := range c[key.Name] {
			if s.Key() != key {
				sets = append(sets, s)
			}
		}
		if changes[i].New != nil {
			sets = append(sets, changes[i].New)
		}
		c[key.Name] = sets
	}
}

// jsonObject is a JSON object in the making.
type jsonObject map[string]any

// randomDocument draws a document that is right, or nearly: rules lead to later
// rules, and a place comes up once.
func randomDocument(random *rand.Rand) string {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	recordType := pick("A", "A", "A", "AAAA", "CNAME", "MX")
	values := map[string][]string{
		"A": {"192.0.2.1", "192.0.2.2"}, "AAAA": {"2001:db8::1", "2001:db8::2"}, "CNAME": {"a.example.net", "b.example.net"}, "MX": {"1 a.example.net", "2 b.example.net"},
	}[recordType]
	endpoints := jsonObject{"one": jsonObject{"Value": values[0]}, "two": jsonObject{"Type": "value", "Value": values[1]}}
	names := []string{"one", "two"}
	if recordType == "A" || recordType == "AAAA" {
		endpoints["cdn"] = jsonObject{"Type": "cloudfront", "Value": "d1.cloudfront.net"}
		endpoints["alb"] = jsonObject{"Type": "application-load-balancer", "Value": "x.eu-west-1.elb.amazonaws.com"}
		names = append(names, "cdn", "alb")
	}
	format := pick(Format2015, Format2023)
	rules, count := jsonObject{}, random.IntN(8)
	for i := range count {
		branch := func() jsonObject {
			b := jsonObject{}
			if next := i + 1 + random.IntN(4); next < count && random.IntN(2) == 0 {
				b["RuleReference"] = fmt.Sprint("rule", next)
			} else {
				b["EndpointReference"] = pick(names...)
			}
			if b["EndpointReference"] != "cdn" && random.IntN(3) == 0 {
				b["EvaluateTargetHealth"] = random.IntN(2) == 0
			}
			if random.IntN(3) == 0 {
				b["HealthCheck"] = "11111111-1111-1111-1111-111111111111"
			}
			return b
		}
		rules[fmt.Sprint("rule", i)] = randomRule(random, format, recordType, branch)
	}
	document := jsonObject{"AWSPolicyFormatVersion": format, "RecordType": recordType, "Endpoints": endpoints, "Rules": rules}
	if count > 0 {
		document["StartRule"] = "rule0"
	} else {
		document["StartEndpoint"] = pick(names...)
	}
	text, _ := json.Marshal(document)
	return string(text)
}

func randomRule(random *rand.Rand, format, recordType string, branch func() jsonObject) jsonObject {
	with := func(b jsonObject, more jsonObject) jsonObject {
		maps.Copy(b, more)
		return b
	}
	var list []jsonObject
	some := func(of ...jsonObject) []jsonObject {
		list = nil
		for _, i := range random.Perm(len(of))[:1+random.IntN(len(of))] {
			list = append(list, with(branch(), of[i]))
		}
		return list
	}
	switch random.IntN(6) {
	case 0:
		return jsonObject{"RuleType": "failover", "Primary": branch(), "Secondary": branch()}
	case 1:
		return jsonObject{"RuleType": "geo", "Locations": some(
			jsonObject{"IsDefault": "true"}, jsonObject{"Country": "FR"}, jsonObject{"Country": "US", "Subdivision": "CA"}, jsonObject{"Continent": "EU"})}
	case 2:
		return jsonObject{"RuleType": "latency", "Regions": some(jsonObject{"Region": "us-east-1"}, jsonObject{"Region": "eu-west-1"})}
	case 3:
		if format == Format2015 {
			return jsonObject{"RuleType": "geoproximity", "GeoproximityLocations": some(
				jsonObject{"Region": "aws:route53:us-east-1", "Bias": "7"}, jsonObject{"Latitude": "1.5", "Longitude": "-100"})}
		}
		return jsonObject{"RuleType": "geoproximity", "GeoproximityLocations": some(
			jsonObject{"Location": jsonObject{"Type": "LocalZone", "LocationName": "aws:route53:us-east-1-atl-1a"}, "Bias": -7},
			jsonObject{"Location": jsonObject{"Type": "Coordinate", "Latitude": "1.5", "Longitude": "-100"}})}
	case 4:
		if recordType == "CNAME" {
			break
		}
		return jsonObject{"RuleType": "multivalue", "Items": []jsonObject{{"EndpointReference": "one"}, {"EndpointReference": "two"}}}
	}
	return jsonObject{"RuleType": "weighted", "Items": some(jsonObject{"Weight": "1"}, jsonObject{"Weight": 2}, jsonObject{"Weight": 0})}
}

// TestRandomUpdates takes one instance from document to document: what Parse
// accepts, zone.Apply accepts, whatever the instance was before; and then the
// zone has what Expand says, no more and no less.
func TestRandomUpdates(t *testing.T) {
	const documents = 1500
	random := rand.New(rand.NewPCG(53, 1))
	at := testPlace()
	opts := testOptions
	opts.Instance, opts.Limits = at.Instance, zone.Limits{RequestRecords: -1, RequestCharacters: -1}
	here, recordType := contents{}, rdata.Type(0)
	var old []*zone.RRset
	apply := func(wanted []*zone.RRset) {
		changes, err := zone.Apply(at.Zone, here, Request(old, wanted), opts)
		if err != nil {
			t.Fatal(err)
		}
		here.commit(changes)
		old = wanted
	}
	for range documents {
		document := randomDocument(random)
		d, err := Parse(document, testOptions)
		if err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if d.Type != recordType { // an instance keeps its type; a new one begins
			apply(nil)
			recordType = d.Type
		}
		wanted, err := d.Expand(at)
		if err != nil {
			t.Fatal(err)
		}
		apply(wanted)
		count := 0
		for _, sets := range here {
			count += len(sets)
		}
		if count != len(wanted) {
			t.Fatalf("%d RRsets, not %d\n%s", count, len(wanted), document)
		}
		again, _ := d.Expand(at)
		if diff := cmp.Diff(wanted, again); diff != "" {
			t.Fatalf("another expansion: %s", diff)
		}
		if r := Request(wanted, again); len(r.Changes) > 0 {
			t.Fatalf("no difference, and %d changes", len(r.Changes))
		}
		for _, s := range wanted {
			if found := find(here[s.Name], s.Key()); !found.Equal(s) {
				t.Fatalf("%v is not there", s.Key())
			}
		}
	}
	apply(nil)
}

func find(sets []*zone.RRset, key zone.RRsetKey) *zone.RRset {
	for _, s := range sets {
		if s.Key() == key {
			return s
		}
	}
	return nil
}

// FuzzParse: no document makes Parse fail in another way than with faults, and
// what it accepts expands to what an empty zone takes.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/documents/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartRule":"r","Rules":{"r":{"RuleType":"weighted","Items":[{"RuleReference":"r","Weight":1}]}}}`)
	f.Fuzz(func(t *testing.T, document string) {
		d, err := Parse(document, testOptions)
		if err != nil {
			if wrong := new(Error); !errors.As(err, &wrong) || err.Error() == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		at := testPlace()
		sets, err := d.Expand(at)
		if err != nil || len(sets) == 0 || sets[len(sets)-1].Name != at.Name {
			t.Fatalf("%d RRsets, error %v", len(sets), err)
		}
		for _, s := range sets {
			if (s.Alias == nil) == (len(s.Values) == 0) {
				t.Fatalf("%v has not one content", s.Key())
			}
		}
	})
}

// BenchmarkParseDense parses about the worst document for its size: every rule
// leads to many later ones.
func BenchmarkParseDense(b *testing.B) {
	const rules, branches = 100, 12
	all := jsonObject{}
	for i := range rules {
		var items []jsonObject
		for j := range branches {
			item := jsonObject{"Weight": 1, "RuleReference": fmt.Sprint("r", i+1+(i*j)%(rules-1-min(i, rules-2)))}
			if i == rules-1 {
				item = jsonObject{"Weight": 1, "EndpointReference": "e"}
			}
			items = append(items, item)
		}
		all[fmt.Sprint("r", i)] = jsonObject{"RuleType": "weighted", "Items": items}
	}
	text, err := json.Marshal(jsonObject{
		"AWSPolicyFormatVersion": Format2015, "RecordType": "A", "StartRule": "r0", "Rules": all, "Endpoints": jsonObject{"e": jsonObject{"Value": "192.0.2.1"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(string(text), testOptions); err != nil {
			b.Fatal(err)
		}
	}
}
