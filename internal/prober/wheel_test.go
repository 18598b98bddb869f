package prober

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"open53/internal/health"
)

// TestWheel compares the wheel with a plain map over a random history: every
// target comes out once, not before it is due and at most one slot after.
func TestWheel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	now := time.Now()
	w := newWheel(now)
	due := map[*target]time.Time{}
	targets := make([]*target, 200)
	for i := range targets {
		targets[i] = new(target)
	}
	for range 20000 {
		one := targets[random.IntN(len(targets))]
		switch random.IntN(5) {
		case 0, 1:
			at := now.Add(time.Duration(random.Int64N(int64(35 * time.Second))))
			w.add(one, at)
			due[one] = at
		case 2:
			w.remove(one)
			delete(due, one)
		default:
			step := min(w.wait(now), time.Duration(random.Int64N(int64(time.Second))))
			now = now.Add(step)
			for _, d := range w.take(now, nil) {
				if at, known := due[d.target]; !known || !at.Equal(d.due) || at.After(now) {
					t.Fatalf("due at %s, taken at %s", at, now)
				}
				delete(due, d.target)
			}
			for _, at := range due {
				if now.Sub(at) >= slotTime {
					t.Fatalf("due %s ago and still there", now.Sub(at))
				}
			}
		}
		if w.count != len(due) {
			t.Fatalf("%d targets, want %d", w.count, len(due))
		}
	}
}

// TestWheelPause: after a pause of more than a turn everything is taken.
func TestWheelPause(t *testing.T) {
	now := time.Now()
	w := newWheel(now)
	for i := range 100 {
		w.add(new(target), now.Add(time.Duration(i)*300*time.Millisecond))
	}
	if got := len(w.take(now.Add(time.Hour), nil)); got != 100 {
		t.Errorf("%d targets", got)
	}
	w.add(new(target), now) // in the past: at once
	if got := len(w.take(now.Add(time.Hour+slotTime), nil)); got != 1 {
		t.Errorf("%d targets", got)
	}
}

// TestPhases: ids spread over the interval evenly, by a chi-square test with
// 99 degrees of freedom (p = 0.001 is 149).
func TestPhases(t *testing.T) {
	const n, buckets = 100_000, 100
	var counts [buckets]int
	for i := range n {
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i*7)
		counts[phaseOf(id)%uint64(10*time.Second)*buckets/uint64(10*time.Second)]++
	}
	sum := 0.0
	for _, c := range counts {
		d := float64(c) - n/buckets
		sum += d * d / (n / buckets)
	}
	if sum > 149 {
		t.Errorf("chi-square is %.0f", sum)
	}
}

// TestPool: never more than the limit at once, all of them, in order.
func TestPool(t *testing.T) {
	const limit, jobs = 8, 5000
	var mu sync.Mutex
	running, most, done := 0, 0, 0
	var wait sync.WaitGroup
	wait.Add(jobs)
	var p pool
	p.init(limit, func(job) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		time.Sleep(10 * time.Microsecond)
		mu.Lock()
		running--
		done++
		mu.Unlock()
		wait.Done()
	})
	for range jobs {
		p.submit(job{target: &target{check: &health.Check{}}})
	}
	wait.Wait()
	if most != limit || done != jobs {
		t.Errorf("%d at once, %d done", most, done)
	}
	eventually(t, "all goroutines ended", func() bool { n, waiting := p.load(); return n == 0 && waiting == 0 })
}
