package prober

import (
	"sync"
	"time"
)

// job is a probe to be made.
type job struct {
	target   *target
	endpoint *endpoint
	due      time.Time
}

// pool runs jobs on as many goroutines as there are jobs, up to a limit. A
// goroutine that has done its job takes the next one waiting, or ends.
type pool struct {
	run func(job)

	mu      sync.Mutex // guards the fields below
	limit   int
	running int
	waiting []job // from first on
	first   int
	stopped bool
}

func (p *pool) init(limit int, run func(job)) { p.limit, p.run = limit, run }

// submit begins a job or lets it wait its turn.
func (p *pool) submit(j job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
	case p.running < p.limit:
		p.running++
		go p.work(j)
	default:
		p.waiting = append(p.waiting, j)
	}
}

func (p *pool) work(j job) {
	for {
		p.run(j)
		var ok bool
		if j, ok = p.next(); !ok {
			return
		}
	}
}

func (p *pool) next() (job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == len(p.waiting) || p.stopped {
		p.running--
		p.waiting, p.first = p.waiting[:0], 0
		return job{}, false
	}
	j := p.waiting[p.first]
	p.waiting[p.first] = job{}
	p.first++
	if p.first > 1024 && p.first > len(p.waiting)/2 { // the front is used up
		p.waiting, p.first = p.waiting[:copy(p.waiting, p.waiting[p.first:])], 0
	}
	return j, true
}

// stop drops what waits. Probes under way end by themselves, at the latest
// when their time is over, and nobody waits for them.
func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// load is how many probes are under way, and how many wait.
func (p *pool) load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, len(p.waiting) - p.first
}

// work makes one probe and decides on its result.
func (p *Prober) work(j job) {
	begin := time.Now()
	if p.cfg.QueueDelay != nil {
		p.cfg.QueueDelay(max(begin.Sub(j.due), 0))
	}
	result := p.probe(j.endpoint, begin)
	p.counters.probes[result.outcome].Add(1)
	p.finish(j, &result)
}
