package interop

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// acknowledged are the changes that the server has answered.
type acknowledged struct {
	mu      sync.Mutex // guards the fields below
	value   map[string]string
	changes []string
}

func (a *acknowledged) add(name, value, changeID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.value[name] = value
	a.changes = append(a.changes, changeID)
}

// write changes one name again and again until the server is gone.
func (a *acknowledged) write(t *testing.T, s *server.Server, zoneID, name string) {
	c := s.Client(t, func(o *route53.Options) { o.RetryMaxAttempts = 1 })
	for i := 1; ; i++ {
		value := fmt.Sprintf("198.51.%d.%d", i/250, i%250)
		out, err := c.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: &zoneID,
			ChangeBatch:  &types.ChangeBatch{Changes: []types.Change{simple("UPSERT", name, "A", 60, value)}},
		})
		if err != nil {
			return
		}
		a.add(name, value, *out.ChangeInfo.Id)
	}
}

// TestKill: SIGKILL in the middle of many changes, several times. What was
// acknowledged is there, in the API and in DNS, and GetChange says so.
func TestKill(t *testing.T) {
	t.Parallel()
	endUnderLoad(t, func(s *server.Server) { s.Kill(t) })
}

// TestStop: the same for SIGTERM, which is orderly besides.
func TestStop(t *testing.T) {
	t.Parallel()
	endUnderLoad(t, func(s *server.Server) { s.Stop(t) })
}

func endUnderLoad(t *testing.T, end func(s *server.Server)) {
	t.Helper()
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneIDs := []string{c.createZone("one.example"), c.createZone("two.example")}
	done := &acknowledged{value: map[string]string{}}
	for round := range 4 {
		var writers sync.WaitGroup
		for i := range 8 {
			name := fmt.Sprintf("w%d-%d.%s.example.", round, i, []string{"one", "two"}[i%2])
			writers.Go(func() { done.write(t, s, zoneIDs[i%2], name) })
		}
		time.Sleep(time.Duration(100+50*round) * time.Millisecond)
		end(s)
		writers.Wait()
		if out, err := s.Open53(t, "verify", "--data", s.Data); err != nil {
			t.Fatalf("round %d: %v %s", round, err, out)
		}
		s.Run(t)
		done.check(t, s, zoneIDs)
	}
	t.Logf("%d changes were acknowledged", len(done.changes))
	if len(done.changes) < 100 {
		t.Errorf("only %d changes were made between the ends", len(done.changes))
	}
	s.State(t)
}

// check compares the server with what it has acknowledged. A change that was
// made but not answered may be there: it was each writer's last.
func (a *acknowledged) check(t *testing.T, s *server.Server, zoneIDs []string) {
	t.Helper()
	c := newSDK(t, s)
	stored := map[string]string{}
	for _, id := range zoneIDs {
		for _, set := range c.rrsets(id, 300) {
			if set.Type == types.RRTypeA {
				stored[*set.Name] = *set.ResourceRecords[0].Value
			}
		}
	}
	for name, value := range a.value {
		if next := following(value); stored[name] != value && stored[name] != next {
			t.Errorf("%s is %q; %q was acknowledged", name, stored[name], value)
		}
	}
	for name, value := range stored {
		r := ask(t, s.DNS, name, dns.TypeA)
		if len(r.Answer) != 1 || r.Answer[0].(*dns.A).A.String() != value {
			t.Errorf("%s: DNS answers %v, the API %s", name, r.Answer, value)
		}
	}
	for i := 0; i < len(a.changes); i += 1 + len(a.changes)/200 {
		out, err := c.GetChange(t.Context(), &route53.GetChangeInput{Id: &a.changes[i]})
		if err != nil {
			t.Fatal(err)
		}
		if out.ChangeInfo.Status != types.ChangeStatusInsync {
			t.Errorf("%s, of before the kill, is %s", a.changes[i], out.ChangeInfo.Status)
		}
	}
}

// following is the value that a writer writes after value.
func following(value string) string {
	var high, low int
	if _, err := fmt.Sscanf(value, "198.51.%d.%d", &high, &low); err != nil {
		return ""
	}
	i := 250*high + low + 1
	return fmt.Sprintf("198.51.%d.%d", i/250, i%250)
}

// TestRestart: everything is there after an orderly end, on disk and in DNS,
// and a change from before is in sync.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("restart.example")
	c.change(zoneID, simple("CREATE", "www.restart.example", "A", 60, "192.0.2.1"),
		simple("CREATE", `odd\040\052name.restart.example`, "TXT", 0, `"\303\274" "b"`))
	_, err := c.ChangeTagsForResource(t.Context(), &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: &zoneID,
		AddTags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateReusableDelegationSet(t.Context(), &route53.CreateReusableDelegationSetInput{CallerReference: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	private, err := c.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String("private.example"), CallerReference: aws.String("2"),
		VPC: &types.VPC{VPCId: aws.String("vpc-0123abcd"), VPCRegion: types.VPCRegionEuWest1},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := s.State(t).String()
	s.Stop(t)
	s.Run(t)
	if diff := cmp.Diff(before, s.State(t).String()); diff != "" {
		t.Error(diff)
	}
	out, err := c.GetChange(t.Context(), &route53.GetChangeInput{Id: private.ChangeInfo.Id})
	if err != nil || out.ChangeInfo.Status != types.ChangeStatusInsync || !out.ChangeInfo.SubmittedAt.Equal(*private.ChangeInfo.SubmittedAt) {
		t.Errorf("change of before: %v %+v, was %+v", err, out, private.ChangeInfo)
	}
	if r := ask(t, s.DNS, "www.restart.example", dns.TypeA); len(r.Answer) != 1 {
		t.Errorf("answer after the restart: %v", r)
	}
	if _, err := c.tryChange(zoneID, simple("CREATE", "after.restart.example", "A", 60, "192.0.2.1")); err != nil {
		t.Errorf("change after the restart: %v", err)
	}
}
