package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// TestInSyncIsTrue changes a record a thousand times. Each time, the answer
// that follows the first INSYNC must be the new one: by UDP from a new socket,
// so that all of the server's sockets get their share, and now and then by dig.
func TestInSyncIsTrue(t *testing.T) {
	t.Parallel()
	need(t, "dig")
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("sync.example")
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	begin := time.Now()
	for round := range rounds {
		value := fmt.Sprintf("192.0.%d.%d", 2+round/250, 1+round%250)
		info, err := c.tryChange(zoneID, simple("UPSERT", "www.sync.example", "A", 60, value))
		if err != nil {
			t.Fatal(err)
		}
		for info.Status != types.ChangeStatusInsync {
			out, err := c.GetChange(t.Context(), &route53.GetChangeInput{Id: info.Id})
			if err != nil {
				t.Fatal(err)
			}
			info = out.ChangeInfo
		}
		r := ask(t, s.DNS, "www.sync.example", dns.TypeA)
		if len(r.Answer) != 1 || r.Answer[0].(*dns.A).A.String() != value {
			t.Fatalf("round %d: stale answer %v, want %s", round, r.Answer, value)
		}
		if round%100 == 99 {
			if diff := cmp.Diff([]string{value}, dig(t, s, "www.sync.example", "A")); diff != "" {
				t.Fatalf("round %d: dig: %s", round, diff)
			}
		}
	}
	t.Logf("%d rounds in %s", rounds, time.Since(begin).Round(time.Millisecond))
}
