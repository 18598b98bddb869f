package interop

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

func TestBoto3TrafficPolicies(t *testing.T) {
	t.Parallel()
	runBoto3(t, "trafficpolicy.py", server.Options{Verb: "serve"})
}

// TestTerraformTrafficPolicies applies testdata/terraform/trafficpolicy, finds
// nothing to change, updates the instance in place, and destroys it all. See
// TestTerraform for what has to be there.
func TestTerraformTrafficPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	t.Parallel()
	need(t, "terraform")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("Terraform's provider for AWS is nowhere; $%s may name a mirror of plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	f := newTerraform(t, s, mirror, "terraform/trafficpolicy/main.tf")
	f.run(0, "init")
	f.run(0, "apply", "-auto-approve")
	f.run(0, "plan", "-detailed-exitcode")
	f.run(0, "apply", "-auto-approve", "-var=ttl=30")
	f.run(0, "plan", "-detailed-exitcode", "-var=ttl=30")
	f.run(0, "destroy", "-auto-approve")
	if state := s.State(t); len(state.Zones) != 0 || len(state.Sets) != 0 {
		t.Errorf("left after destroy: %s", state)
	}
}

// TestInstanceAnswersWhileUpdated asks for a name without end while its instance
// goes from version to version: with rules, with other rules and without. Every
// query has an answer, and each of them is one that a version gives.
func TestInstanceAnswersWhileUpdated(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	c := newSDK(t, s)
	zoneID := c.createZone("update.example")
	document := func(rules, start, address string) *string {
		return aws.String(`{"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A",` + start + `,"Endpoints":{"e":{"Value":"` + address + `"}},"Rules":{` + rules + `}}`)
	}
	weighted := `"r":{"RuleType":"weighted","Items":[{"EndpointReference":"e","Weight":1}]}`
	nested := `"r":{"RuleType":"geo","Locations":[{"RuleReference":"s","IsDefault":true}]},"s":{"RuleType":"weighted","Items":[{"EndpointReference":"e","Weight":1}]}`
	made, err := c.CreateTrafficPolicy(t.Context(), &route53.CreateTrafficPolicyInput{
		Name: aws.String("updates"), Document: document("", `"StartEndpoint":"e"`, "192.0.2.1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	policy := made.TrafficPolicy.Id
	for i, rules := range []string{weighted, nested} {
		_, err := c.CreateTrafficPolicyVersion(t.Context(), &route53.CreateTrafficPolicyVersionInput{
			Id: policy, Document: document(rules, `"StartRule":"r"`, fmt.Sprint("192.0.2.", i+2)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	instance, err := c.CreateTrafficPolicyInstance(t.Context(), &route53.CreateTrafficPolicyInstanceInput{
		HostedZoneId: &zoneID, Name: aws.String("www.update.example"), TTL: aws.Int64(0), TrafficPolicyId: policy, TrafficPolicyVersion: aws.Int32(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Settle(t)
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		for i := range 60 {
			_, err := c.UpdateTrafficPolicyInstance(t.Context(), &route53.UpdateTrafficPolicyInstanceInput{
				Id: instance.TrafficPolicyInstance.Id, TTL: aws.Int64(0), TrafficPolicyId: policy, TrafficPolicyVersion: aws.Int32(int32(i%3) + 1),
			})
			if err != nil {
				t.Error(err)
			}
		}
	}()
	seen := map[string]int{}
	for updating := true; updating; {
		select {
		case <-done:
			updating = false
		default:
		}
		r := ask(t, s.DNS, "www.update.example", dns.TypeA)
		if len(r.Answer) != 1 {
			t.Fatalf("no answer: %v", r)
		}
		seen[r.Answer[0].(*dns.A).A.String()]++
	}
	for address, n := range seen {
		t.Logf("%s: %d answers", address, n)
	}
	if len(seen) != 3 || seen["192.0.2.1"] == 0 || seen["192.0.2.2"] == 0 || seen["192.0.2.3"] == 0 {
		t.Errorf("answers: %v", seen)
	}
}
