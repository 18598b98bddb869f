package interop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// zoneOf finds the hosted zone of a name as ACME clients do: by asking for the
// zones from the name on, and for its parents.
func (c sdk) zoneOf(name string) string {
	c.t.Helper()
	for at := name; at != ""; _, at, _ = strings.Cut(at, ".") {
		out, err := c.ListHostedZonesByName(c.t.Context(), &route53.ListHostedZonesByNameInput{DNSName: &at})
		if err != nil {
			c.t.Fatal(err)
		}
		for _, z := range out.HostedZones {
			if !z.Config.PrivateZone && *z.Name == at {
				return strings.TrimPrefix(*z.Id, "/hostedzone/")
			}
		}
	}
	c.t.Fatalf("no zone for %s", name)
	return ""
}

// txt is what DNS answers for TXT.
func txt(t *testing.T, s *server.Server, name string) []string {
	t.Helper()
	var values []string
	for _, rr := range ask(t, s.DNS, name, dns.TypeTXT).Answer {
		values = append(values, strings.Join(rr.(*dns.TXT).Txt, ""))
	}
	slices.Sort(values)
	return values
}

// TestACME is what lego, certbot and cert-manager do for a DNS-01 challenge of
// a name and its wildcard: two values under one name, shown to the world, then
// taken away, one certificate after the other.
func TestACME(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("acme.example")
	c.createZone("other.example")
	const challenge = "_acme-challenge.www.acme.example."
	if found := c.zoneOf(challenge); found != zoneID {
		t.Fatalf("zone of the challenge: %s", found)
	}
	// lego keeps what others have put there.
	present := func(value string) {
		values := []string{fmt.Sprintf("%q", value)}
		out, err := c.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{
			HostedZoneId: &zoneID, StartRecordName: aws.String(challenge), StartRecordType: types.RRTypeTxt, MaxItems: aws.Int32(1),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range out.ResourceRecordSets {
			if *set.Name == challenge && set.Type == types.RRTypeTxt {
				for _, r := range set.ResourceRecords {
					values = append(values, *r.Value)
				}
			}
		}
		c.change(zoneID, simple("UPSERT", challenge, "TXT", 10, values...))
	}
	present("first-token")
	if diff := cmp.Diff([]string{"first-token"}, txt(t, s, challenge)); diff != "" {
		t.Error(diff)
	}
	present("second-token")
	if diff := cmp.Diff([]string{"first-token", "second-token"}, txt(t, s, challenge)); diff != "" {
		t.Error(diff)
	}
	c.change(zoneID, simple("UPSERT", challenge, "TXT", 10, `"second-token"`))
	c.change(zoneID, simple("DELETE", challenge, "TXT", 10, `"second-token"`))
	if got := txt(t, s, challenge); got != nil {
		t.Errorf("left: %v", got)
	}
	// A second clean-up finds nothing, and knows it by the text.
	_, err := c.tryChange(zoneID, simple("DELETE", challenge, "TXT", 10, `"second-token"`))
	var batch *types.InvalidChangeBatch
	if !errors.As(err, &batch) || !strings.Contains(batch.ErrorMessage(), "but it was not found") {
		t.Errorf("second clean-up: %v", err)
	}
}

// owned is a record with the two TXT records that external-dns marks its own
// with.
func owned(action types.ChangeAction, name, rrtype, set string, values ...string) []types.Change {
	const owner = `"heritage=external-dns,external-dns/owner=cluster-1,external-dns/resource=service/default/web"`
	changes := []types.Change{
		simple(action, name, types.RRType(rrtype), 300, values...),
		simple(action, name, "TXT", 300, owner),
		simple(action, strings.ToLower(rrtype)+"-"+name, "TXT", 300, owner),
	}
	if set != "" {
		for i := range changes {
			changes[i].ResourceRecordSet.SetIdentifier = &set
			changes[i].ResourceRecordSet.Weight = aws.Int64(10)
		}
	}
	return changes
}

// TestExternalDNS is external-dns's loop: zones and their tags, all records,
// one batch for the difference; the batch is made smaller where it is refused.
func TestExternalDNS(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("k8s.example")
	_, err := c.ChangeTagsForResource(t.Context(), &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: &zoneID, AddTags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResources(t.Context(), &route53.ListTagsForResourcesInput{ResourceType: types.TagResourceTypeHostedzone, ResourceIds: []string{zoneID}})
	if err != nil || *tags.ResourceTagSets[0].Tags[0].Value != "web" {
		t.Fatalf("tags: %v %v", err, tags)
	}
	var wanted []types.Change
	for i := range 40 {
		wanted = append(wanted, owned("CREATE", fmt.Sprintf("web-%d.k8s.example", i), "A", "", fmt.Sprintf("192.0.2.%d", i))...)
	}
	wanted = append(wanted, owned("CREATE", "blue-green.k8s.example", "A", "blue", "192.0.2.1")...)
	wanted = append(wanted, owned("CREATE", "*.apps.k8s.example", "CNAME", "", "ingress.example.net")[0])
	wanted = append(wanted, types.Change{Action: "UPSERT", ResourceRecordSet: &types.ResourceRecordSet{
		Name: aws.String("lb.k8s.example"), Type: "A",
		AliasTarget: &types.AliasTarget{DNSName: aws.String("lb-1.us-east-1.elb.amazonaws.com"), HostedZoneId: aws.String("Z35SXDOTRQ7X7K"), EvaluateTargetHealth: true},
	}})
	c.change(zoneID, wanted...)
	listed := c.rrsets(zoneID, 300)
	if want := 2 + 40*3 + 3 + 2; len(listed) != want {
		t.Errorf("%d RRsets, want %d", len(listed), want)
	}
	if diff := cmp.Diff([]string{"192.0.2.7"}, dig(t, s, "web-7.k8s.example", "A")); diff != "" {
		t.Error(diff)
	}

	// What somebody else made in between spoils the whole batch; each half of
	// it that is good goes through.
	c.change(zoneID, simple("CREATE", "new-3.k8s.example", "A", 60, "192.0.2.250"))
	var batch []types.Change
	for i := range 8 {
		batch = append(batch, simple("CREATE", fmt.Sprintf("new-%d.k8s.example", i), "A", 60, "192.0.2.1"))
	}
	refused := c.submit(zoneID, batch)
	if len(refused) != 1 || *refused[0].ResourceRecordSet.Name != "new-3.k8s.example" {
		t.Errorf("refused: %v", refused)
	}
	if got := len(c.rrsets(zoneID, 300)) - len(listed); got != 8 {
		t.Errorf("%d new RRsets", got)
	}

	// The cluster goes: what was listed is deleted as it was listed.
	var gone []types.Change
	for _, set := range listed {
		if set.Type != types.RRTypeNs && set.Type != types.RRTypeSoa {
			gone = append(gone, types.Change{Action: "DELETE", ResourceRecordSet: &set})
		}
	}
	for chunk := range slices.Chunk(gone, 50) {
		c.change(zoneID, chunk...)
	}
	if got := len(c.rrsets(zoneID, 300)); got != 2+8 {
		t.Errorf("%d RRsets are left", got)
	}
}

// submit makes a batch, or its halves where it is refused, and returns the
// changes that could not be made.
func (c sdk) submit(zoneID string, batch []types.Change) (refused []types.Change) {
	c.t.Helper()
	info, err := c.tryChange(zoneID, batch...)
	var invalid *types.InvalidChangeBatch
	switch {
	case errors.As(err, &invalid) && len(batch) == 1:
		return batch
	case errors.As(err, &invalid):
		half := len(batch) / 2
		return append(c.submit(zoneID, batch[:half]), c.submit(zoneID, batch[half:])...)
	case err != nil:
		c.t.Fatal(err)
	}
	c.wait(info)
	return nil
}

// TestLargestBatch: a thousand records in one change batch, as import tools
// send them, is one change, seen at once or not at all.
func TestLargestBatch(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("large.example")
	var batch []types.Change
	for i := range 1000 {
		batch = append(batch, simple("CREATE", fmt.Sprintf("n%d.large.example", i), "A", 60, fmt.Sprintf("10.0.%d.%d", i/250, i%250)))
	}
	position := s.Position(t)
	begin := time.Now()
	c.change(zoneID, batch...)
	t.Logf("1000 records in %s", time.Since(begin).Round(time.Millisecond))
	if got := s.Position(t); got != position+1 {
		t.Errorf("%d events", got-position)
	}
	if n := len(c.rrsets(zoneID, 300)); n != 1002 {
		t.Errorf("%d RRsets", n)
	}
	if diff := cmp.Diff([]string{"10.0.3.249"}, dig(t, s, "n999.large.example", "A")); diff != "" {
		t.Error(diff)
	}
	_, err := c.tryChange(zoneID, append(batch, simple("CREATE", "one-more.large.example", "A", 60, "192.0.2.1"))...)
	var invalid *types.InvalidChangeBatch
	if !errors.As(err, &invalid) || !strings.Contains(invalid.ErrorMessage(), "Number of records limit of 1000 exceeded.") {
		t.Errorf("1001 records: %v", err)
	}
}
