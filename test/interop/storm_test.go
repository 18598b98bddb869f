package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"open53/test/interop/server"
)

const (
	stormChecks  = 3000
	stormControl = "arn:aws:route53-recovery-control::111122223333:controlpanel/0123456789abcdef0123456789abcdef/routingcontrol/0123456789abcdef"
)

var (
	dnsperfLost    = regexp.MustCompile(`Queries lost: +(\d+)`)
	dnsperfSlowest = regexp.MustCompile(`max ([0-9.]+)\)`)
)

// TestStormOfFlips: 3,000 health checks, each that of a failover record, go
// down and come back at once, again and again. Answers follow; a steady load
// of queries loses none.
func TestStormOfFlips(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and keeps a core busy")
	}
	t.Parallel()
	need(t, "dnsperf")
	s := server.Start(t, server.Options{Verb: "serve", Args: []string{"--geo-database", "none"}})
	makeStorm(t, s)
	flip := func(state string) {
		t.Helper()
		begin := time.Now()
		if _, err := s.Open53(t, "health", "control", stormControl, state); err != nil {
			t.Fatal(err)
		}
		told := time.Now()
		want := map[string]string{"on": "192.0.2.1", "off": "192.0.2.2"}[state]
		for _, i := range []int{0, stormChecks / 2, stormChecks - 1} {
			for got := ""; got != want; {
				got = ask(t, s.DNS, stormName(i), dns.TypeA).Answer[0].(*dns.A).A.String()
				if time.Since(begin) > 5*time.Second {
					t.Fatalf("%s: %s after a switch to %s", stormName(i), got, state)
				}
			}
		}
		t.Logf("switched %s: %v, and answered %v later", state, told.Sub(begin).Round(time.Millisecond), time.Since(told).Round(time.Millisecond))
	}
	flip("on")

	var names strings.Builder
	for i := range stormChecks {
		fmt.Fprintln(&names, stormName(i), "A")
	}
	input := filepath.Join(t.TempDir(), "names")
	if err := os.WriteFile(input, []byte(names.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(s.DNS, ":")
	load := client{command: []string{"dnsperf", "-s", host, "-p", port, "-d", input, "-Q", "3000", "-l", "8", "-t", "2", "-c", "4"}}
	printed := make(chan string, 1)
	go func() {
		out, errs, _ := load.run(t)
		printed <- out + errs
	}()
	flips := 0
	for begin := time.Now(); time.Since(begin) < 7*time.Second; flips += 2 {
		flip("off")
		flip("on")
		time.Sleep(200 * time.Millisecond)
	}
	out := <-printed
	lost := dnsperfLost.FindStringSubmatch(out)
	if lost == nil || !strings.Contains(out, "NOERROR") {
		t.Fatalf("dnsperf: %s", out)
	}
	if n, err := strconv.Atoi(lost[1]); err != nil || n != 0 {
		t.Errorf("while %d checks flipped %d times: %s", stormChecks, flips, out)
	}
	// Generous: tools that are started all the time have the same cores.
	slowest := dnsperfSlowest.FindStringSubmatch(out)
	if slowest == nil {
		t.Fatalf("dnsperf: %s", out)
	}
	if seconds, err := strconv.ParseFloat(slowest[1], 64); err != nil || seconds > 0.5 {
		t.Errorf("the slowest answer took %v s: %s", seconds, out)
	}
	t.Logf("%d checks flipped %d times\n%s", stormChecks, flips, out)
}

func stormName(i int) string { return fmt.Sprintf("n%d.storm.example", i) }

// makeStorm makes the checks, which one routing control switches, and two
// records for each.
func makeStorm(t *testing.T, s *server.Server) {
	t.Helper()
	c := newSDK(t, s)
	zoneID := c.createZone("storm.example")
	ids := make([]string, stormChecks)
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for i := range ids {
		g.Go(func() error {
			made, err := c.CreateHealthCheck(ctx, &route53.CreateHealthCheckInput{
				CallerReference:   new(strconv.Itoa(i)),
				HealthCheckConfig: &types.HealthCheckConfig{Type: types.HealthCheckTypeRecoveryControl, RoutingControlArn: new(stormControl)},
			})
			if err == nil {
				ids[i] = *made.HealthCheck.Id
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	const perBatch = 400
	var changes []types.Change
	for i, id := range ids {
		primary := simple(types.ChangeActionCreate, stormName(i), types.RRTypeA, 0, "192.0.2.1")
		primary.ResourceRecordSet.SetIdentifier, primary.ResourceRecordSet.Failover = new("1"), types.ResourceRecordSetFailoverPrimary
		primary.ResourceRecordSet.HealthCheckId = &id
		secondary := simple(types.ChangeActionCreate, stormName(i), types.RRTypeA, 0, "192.0.2.2")
		secondary.ResourceRecordSet.SetIdentifier, secondary.ResourceRecordSet.Failover = new("2"), types.ResourceRecordSetFailoverSecondary
		changes = append(changes, primary, secondary)
		if len(changes) == perBatch || i == len(ids)-1 {
			c.change(zoneID, changes...)
			changes = nil
		}
	}
	s.Settle(t)
}
