// Changes makes changes to a zone of open53 at a steady rate through the
// Route 53 API, and prints what became of them as one line of JSON. The zone
// is one of package zonedata; existing names get new addresses.
//
//	go run ./test/bench/changes -endpoint http://127.0.0.1:4566 -credentials open53-data/credentials -zone bench.example -names 1000000
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"open53/internal/route53api"
	"open53/test/bench/internal/apiclient"
	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// Result is what is printed.
type Result struct {
	Changes int     `json:"changes"` // made
	Batches int     `json:"batches"`
	Failed  int     `json:"failed"` // batches
	Fault   string  `json:"fault,omitempty"`
	Seconds float64 `json:"seconds"`
	// Latency of a batch in milliseconds, from when it was due to its answer.
	P50, P99, Max float64
}

// writer makes the changes.
type writer struct {
	client *route53api.Client
	zone   zonedata.Zone
	id     string
	batch  int

	mu      sync.Mutex // guards what follows
	result  Result
	latency []time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "changes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("changes", flag.ContinueOnError)
	endpoint := f.String("endpoint", "http://127.0.0.1:4566", "`URL` of the API")
	credentials := f.String("credentials", "open53-data/credentials", "`FILE` with the key")
	name := f.String("zone", "bench.example.", "`NAME` of the zone")
	names := f.Int("names", 1_000_000, "how many names the zone has")
	rate := f.Int("rate", 1000, "changes a second, 1 to 100,000")
	batch := f.Int("batch", 10, "changes in a batch, 1 to 500")
	writers := f.Int("writers", 16, "most batches under way at once")
	seconds := f.Float64("seconds", 5, "how long")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *batch < 1 || *batch > 500 || *rate < 1 || *rate > 100_000 || *names < *batch || *writers < 1 {
		return fmt.Errorf("a flag is out of its range")
	}
	key, err := apiclient.Credentials(*credentials)
	if err != nil {
		return err
	}
	w := &writer{
		client: apiclient.New(*endpoint, key), batch: *batch,
		zone: zonedata.Zone{Apex: strings.TrimSuffix(*name, ".") + ".", Names: *names},
	}
	if err := w.findZone(ctx); err != nil {
		return err
	}
	w.run(ctx, time.Duration(float64(time.Second)*float64(*batch)/float64(*rate)), time.Duration(*seconds*float64(time.Second)), *writers)
	return json.NewEncoder(os.Stdout).Encode(w.summary())
}

func (w *writer) findZone(ctx context.Context) error {
	out, err := w.client.ListHostedZonesByName(ctx, &route53api.ListHostedZonesByNameInput{DNSName: &w.zone.Apex})
	if err != nil {
		return err
	}
	if len(out.HostedZones) == 0 || out.HostedZones[0].Name != w.zone.Apex {
		return fmt.Errorf("there is no zone %s", w.zone.Apex)
	}
	w.id = strings.TrimPrefix(out.HostedZones[0].Id, "/hostedzone/")
	return nil
}

// run makes a batch every interval. One that cannot begin when it is due, as
// all writers are under way, waits, and that counts as its latency.
func (w *writer) run(ctx context.Context, interval, length time.Duration, writers int) {
	due := make(chan time.Time, int(length/interval)+1)
	var group sync.WaitGroup
	begin := time.Now()
	for i := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 53))
			for at := range due {
				if ctx.Err() == nil && time.Since(begin) < length+5*time.Second {
					w.change(ctx, random, at)
				}
			}
		})
	}
	for i := 0; ctx.Err() == nil && time.Duration(i)*interval < length; i++ {
		at := begin.Add(time.Duration(i) * interval)
		time.Sleep(time.Until(at))
		due <- at
	}
	close(due)
	group.Wait()
	w.result.Seconds = time.Since(begin).Seconds()
}

func (w *writer) change(ctx context.Context, random *rand.Rand, due time.Time) {
	// A name may be only once in a batch.
	first := random.IntN(w.zone.Names - w.batch + 1)
	changes := make([]route53api.Change, w.batch)
	for i := range changes {
		changes[i] = apiclient.Upsert(w.zone.QName(zonedata.Positive, first+i), zonedata.Address(random.IntN(1<<24)))
	}
	_, err := w.client.ChangeResourceRecordSets(ctx, &route53api.ChangeResourceRecordSetsInput{
		HostedZoneId: w.id, ChangeBatch: route53api.ChangeBatch{Changes: changes},
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Batches++
	if err != nil {
		w.result.Failed++
		w.result.Fault = err.Error()
		return
	}
	w.result.Changes += w.batch
	w.latency = append(w.latency, time.Since(due))
}

func (w *writer) summary() Result {
	slices.Sort(w.latency)
	millis := func(share float64) float64 { return report.Percentile(w.latency, share).Seconds() * 1000 }
	w.result.P50, w.result.P99, w.result.Max = millis(0.5), millis(0.99), millis(1)
	return w.result
}
