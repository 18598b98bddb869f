package dnsperf

import (
	"bufio"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const udpOutput = `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 7053 -B -d q.bin -c 8 -q 200 -l 1 -v
[Status] Sending queries (to 127.0.0.1:7053)
[Status] Stopping after 1.000000 seconds
> NOERROR binary input 0.000144
> NXDOMAIN binary input 1.000072
> T binary input
> I binary input
> NOERROR h0008271.bench.example A 0.000128
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         246599
  Queries completed:    246583 (99.99%)
  Queries lost:         16 (0.01%)

  Response codes:       NOERROR 221937 (90.00%), NXDOMAIN 24646 (10.00%)
  Average packet size:  request 40, response 61
  Run time (s):         1.002515
  Queries per second:   245980.359396

  Average Latency (s):  0.000537 (min 0.000025, max 0.032208)
  Latency StdDev (s):   0.001592

`

const tcpOutput = `
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         303397
  Queries completed:    303397 (100.00%)
  Queries lost:         0 (0.00%)

  Response codes:       NOERROR 303397 (100.00%)
  Average packet size:  request 40, response 61
  Run time (s):         1.000096
  Queries per second:   303367.876684

  Average Latency (s):  0.000440 (min 0.000009, max 0.020053)
  Latency StdDev (s):   0.001144

Connection Statistics:

  Reconnections:        3

  Average Latency (s):  0.002181 (min 0.001178, max 0.002430)
  Latency StdDev (s):   0.000411
`

const lostOutput = `
Statistics:

  Queries sent:         400
  Queries completed:    0 (0.00%)
  Queries lost:         400 (100.00%)

  Response codes:       
  Average packet size:  request 40, response 0
  Run time (s):         1.000142
  Queries per second:   0.000000

  Average Latency (s):  0.000000 (min 0.000000, max 0.000000)
`

func TestParse(t *testing.T) {
	tests := []struct {
		name, output string
		latencies    bool
		want         *Result
	}{
		{"UDP", udpOutput, true, &Result{
			Sent: 246599, Completed: 246583, Lost: 16, QPS: 245980.359396, RequestSize: 40, ResponseSize: 61,
			Rcodes: map[string]int{"NOERROR": 221937, "NXDOMAIN": 24646}, Mean: 537 * time.Microsecond, Max: 32208 * time.Microsecond,
			Latencies: []time.Duration{144 * time.Microsecond, time.Second + 72*time.Microsecond, Timeout, 128 * time.Microsecond},
		}},
		{"latencies not wanted", udpOutput, false, &Result{
			Sent: 246599, Completed: 246583, Lost: 16, QPS: 245980.359396, RequestSize: 40, ResponseSize: 61,
			Rcodes: map[string]int{"NOERROR": 221937, "NXDOMAIN": 24646}, Mean: 537 * time.Microsecond, Max: 32208 * time.Microsecond,
		}},
		{"TCP", tcpOutput, false, &Result{
			Sent: 303397, Completed: 303397, QPS: 303367.876684, RequestSize: 40, ResponseSize: 61, Reconnections: 3,
			Rcodes: map[string]int{"NOERROR": 303397}, Mean: 440 * time.Microsecond, Max: 20053 * time.Microsecond,
		}},
		{"all lost", lostOutput, false, &Result{Sent: 400, Lost: 400, Rcodes: map[string]int{}, RequestSize: 40}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parse(bufio.NewReader(strings.NewReader(test.output)), test.latencies)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, output := range map[string]string{
		"nothing":            "",
		"no statistics":      "[Status] Testing complete\n",
		"cut":                udpOutput[:strings.Index(udpOutput, "Queries per second")],
		"count":              strings.Replace(udpOutput, "246599", "many", 1),
		"latency":            strings.Replace(udpOutput, "0.000144", "0.0144", 1),
		"response code":      strings.Replace(udpOutput, "NXDOMAIN 24646 (10.00%)", "NXDOMAIN", 1),
		"mean":               strings.Replace(udpOutput, "0.000537", "soon", 1),
		"response of nobody": "> NOERROR\n" + udpOutput,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parse(bufio.NewReader(strings.NewReader(output)), true); err == nil {
				t.Errorf("read as %+v", got)
			}
		})
	}
}

func TestArgs(t *testing.T) {
	l := Load{
		Server: netip.MustParseAddrPort("127.0.0.1:53"), Queries: "q", TCP: true, Seconds: 1.5, Clients: 20, Outstanding: 200,
		QPS: 1000, Latencies: true, CPUs: "1",
	}
	want := "taskset -c 1 dnsperf -s 127.0.0.1 -p 53 -B -d q -l 1.5 -T 1 -c 20 -q 200 -t 1 -b 4000 -O suppress=timeouts,congestion -m tcp -Q 1000 -v"
	if got := strings.Join(l.args(), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(udpOutput)
	f.Add(tcpOutput)
	f.Add(lostOutput)
	f.Add("> T\n> I\nStatistics:\nResponse codes: , \n")
	f.Fuzz(func(t *testing.T, output string) {
		r, err := parse(bufio.NewReader(strings.NewReader(output)), true)
		if err != nil {
			return
		}
		for _, latency := range r.Latencies {
			if latency < 0 {
				t.Errorf("latency %v", latency)
			}
		}
	})
}
