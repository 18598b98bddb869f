package process

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	tests := []struct {
		name, text string
		want       stat
		bad        bool
	}{
		{name: "nsd", text: "14312 (nsd) S 1 14300 14299 0 -1 4194560 1021 0 0 0 34 12 0 0 20 0 1 0 400000 63780864 1691", want: stat{"S", 14299, 460 * time.Millisecond}},
		{name: "spaces and parentheses in the name", text: "7 (a) b (c) R 1 2 3 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 4 5 6", want: stat{"R", 3, 30 * time.Millisecond}},
		{name: "cut", text: "7 (a) R 1 2 3 0", bad: true},
		{name: "empty", bad: true},
		{name: "not a number", text: "7 (a) R 1 2 x 0 -1 0 0 0 0 0 1 2 0", bad: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseStat(test.text)
			if (err != nil) != test.bad || !test.bad && got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseSchedstat(t *testing.T) {
	if got, err := parseSchedstat("2619123456 1018 77\n"); err != nil || got != 2619123456 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "1 2", "x 1 2"} {
		if got, err := parseSchedstat(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

func TestParseRollup(t *testing.T) {
	const text = `55d0c0a00000-7ffd3b5f2000 ---p 00000000 00:00 0                          [rollup]
Rss:              166212 kB
Pss:              163101 kB
Pss_Dirty:        150000 kB
Shared_Clean:       3000 kB
`
	got, err := parseRollup(text)
	if want := (Memory{PSS: 163101 << 10, RSS: 166212 << 10}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "Rss: 1 kB\n", "Rss: 1 MB\nPss: 1 kB\n", "Rss: x kB\nPss: 1 kB\n"} {
		if got, err := parseRollup(bad); err == nil {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}

func TestParseBusy(t *testing.T) {
	const text = `cpu  537293 0 97275 871850 4361 0 6380 499 0 0
cpu0 100 1 10 441802 917 2 20 3 0 0
cpu1 270655 0 51262 430048 3443 0 3222 247 0 0
cpu10 1
intr 1 2 3
`
	if got, err := parseBusy(text, "0"); err != nil || got != 1360*time.Millisecond {
		t.Errorf("%v, %v", got, err)
	}
	for _, processor := range []string{"2", "10"} {
		if got, err := parseBusy(text, processor); err == nil {
			t.Errorf("processor %q: %v", processor, got)
		}
	}
	if got, err := Busy("0"); err != nil || got <= 0 {
		t.Errorf("this machine: %v, %v", got, err)
	}
}

// TestSession: what a child of the process burns and occupies counts, and it
// ends with it.
func TestSession(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for processes")
	}
	p, err := Start(Spec{Args: []string{"sh", "-c", "echo hello; (i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; exec sleep 60) & wait"}, CPUs: "0"})
	if err != nil {
		t.Skip(err) // no taskset
	}
	defer func() { _ = p.Stop() }()
	deadline := time.Now().Add(10 * time.Second)
	for {
		cpu, err := p.CPU()
		if err != nil {
			t.Fatal(err)
		}
		if cpu > 50*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a child that counts to 400,000 took %v", cpu)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if m, err := p.Memory(); err != nil || m.RSS < 1<<20 || m.PSS > m.RSS || m.PSS <= 0 {
		t.Errorf("memory %+v, %v", m, err)
	}
	if err := p.Alive(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if left, _ := p.members(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	if err := p.Alive(); err == nil || !strings.Contains(err.Error(), "hello") {
		t.Errorf("after the end: %v", err)
	}
}

// TestOwnCPU compares the account of this process with what it did.
func TestOwnCPU(t *testing.T) {
	before, err := processCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); time.Since(begin) < 100*time.Millisecond; {
	}
	after, err := processCPU(os.Getpid())
	if spent := after - before; err != nil || spent < 20*time.Millisecond {
		t.Errorf("100 ms of work count %v, %v", spent, err)
	}
}
