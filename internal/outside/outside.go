// Package outside keeps the answers for aliases whose targets lie in none of
// our zones: it asks the operator's resolvers in the background, ahead of
// expiry, and puts what it learns where queries read it (zonedb.Outside). A
// query never waits for it.
//
//	zonedb.Outside.Targets ─▶ due queue (by time) ─▶ resolver ─▶ SetAnswer
//
// A target that stops resolving keeps its last answer for MaxStale. Without
// resolvers every target is marked failed, which DNS answers as SERVFAIL with
// an Extended DNS Error.
//
// Run is the only goroutine that owns the queue; exchanges run beside it, at
// most Concurrency at a time.
package outside

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/miekg/dns"

	"open53/internal/rdata"
	"open53/internal/zonedb"
)

// Times and bounds of the refresher.
const (
	// Concurrency is how many questions are open at once.
	Concurrency = 32
	// MaxStale is how long the last answer of an unreachable target is given.
	MaxStale = 24 * time.Hour
	// staleTTL is the TTL of an answer past its own (RFC 8767 §4).
	staleTTL = 30 * time.Second
	// minRefresh and maxRefresh bound the time between two questions.
	minRefresh = 2 * time.Second
	maxRefresh = 5 * time.Minute
	exchange   = 3 * time.Second
)

// Resolver refreshes alias targets.
type Resolver struct {
	targets *zonedb.Outside
	servers []string
	log     *slog.Logger

	queue queue
	known int // targets that are in the queue or being asked
	done  chan outcome
}

// New returns a Resolver that asks servers ("192.0.2.53:53") in order.
func New(targets *zonedb.Outside, servers []string, log *slog.Logger) (*Resolver, error) {
	for _, s := range servers {
		if _, _, err := net.SplitHostPort(s); err != nil {
			return nil, fmt.Errorf("resolver %q: want ADDRESS:PORT", s)
		}
	}
	return &Resolver{targets: targets, servers: servers, log: log, done: make(chan outcome, Concurrency)}, nil
}

// item is a target waiting for its next question.
type item struct {
	number   int
	target   zonedb.OutsideTarget
	due      time.Time
	failures int
	// lastGood is when the target last answered, and last what it said.
	lastGood time.Time
	last     *answer
	failed   bool // SetAnswer was last told that it failed
}

// answer is what a resolver said.
type answer struct {
	ttl    uint32
	rdatas [][]byte
}

type outcome struct {
	item   *item
	answer *answer
	err    error
}

// Run refreshes until ctx ends.
func (r *Resolver) Run(ctx context.Context) error {
	asking := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		r.admit(time.Now())
		for asking < Concurrency && len(r.queue) > 0 && !r.queue[0].due.After(time.Now()) {
			it := heap.Pop(&r.queue).(*item)
			asking++
			go func() {
				a, err := r.resolve(ctx, it.target)
				r.done <- outcome{it, a, err}
			}()
		}
		wait := time.Hour
		if asking < Concurrency && len(r.queue) > 0 {
			wait = time.Until(r.queue[0].due)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			for ; asking > 0; asking-- {
				<-r.done
			}
			return nil
		case <-r.targets.Added():
		case <-timer.C:
		case o := <-r.done:
			asking--
			r.settle(o, time.Now())
		}
	}
}

// admit queues targets that were aliased since the last time.
func (r *Resolver) admit(now time.Time) {
	targets := r.targets.Targets()
	for ; r.known < len(targets); r.known++ {
		if len(r.servers) == 0 {
			r.targets.SetAnswer(r.known, &zonedb.OutsideAnswer{Failed: true})
			continue
		}
		heap.Push(&r.queue, &item{number: r.known, target: targets[r.known], due: now})
	}
}

// settle publishes an outcome and queues the target again.
func (r *Resolver) settle(o outcome, now time.Time) {
	it := o.item
	if o.err != nil {
		r.fail(it, o.err, now)
	} else {
		if it.failed || it.failures > 0 {
			r.log.Info("alias target resolves again", "target", it.target.Name.String(), "type", it.target.Type.String())
		}
		it.failures, it.failed, it.lastGood, it.last = 0, false, now, o.answer
		r.targets.SetAnswer(it.number, zonedb.NewOutsideAnswer(it.target.Type, o.answer.ttl, o.answer.rdatas))
		// Ask again when most of the TTL is over, so that answers never age.
		refresh := time.Duration(o.answer.ttl) * time.Second * 9 / 10
		it.due = now.Add(jitter(min(max(refresh, minRefresh), maxRefresh)))
	}
	heap.Push(&r.queue, it)
}

// fail keeps the last answer, with a short TTL, for as long as it may be used.
func (r *Resolver) fail(it *item, err error, now time.Time) {
	if it.failures++; it.failures == 1 {
		r.log.Warn("alias target does not resolve", "target", it.target.Name.String(), "type", it.target.Type.String(), "error", err)
	}
	switch {
	case it.last != nil && now.Sub(it.lastGood) < MaxStale:
		ttl := min(it.last.ttl, uint32(staleTTL/time.Second))
		r.targets.SetAnswer(it.number, zonedb.NewOutsideAnswer(it.target.Type, ttl, it.last.rdatas))
	default:
		it.failed = true
		r.targets.SetAnswer(it.number, &zonedb.OutsideAnswer{Failed: true})
	}
	backoff := min(minRefresh<<min(it.failures, 6), time.Minute)
	it.due = now.Add(jitter(backoff))
}

func jitter(d time.Duration) time.Duration {
	return d*9/10 + time.Duration(rand.Int64N(int64(d)/5+1))
}

// resolve asks the servers in turn until one knows.
func (r *Resolver) resolve(ctx context.Context, target zonedb.OutsideTarget) (*answer, error) {
	name, _, err := dns.UnpackDomainName([]byte(target.Name), 0)
	if err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	m.SetQuestion(name, uint16(target.Type))
	m.SetEdns0(1232, false)
	var failures []error
	for _, server := range r.servers {
		reply, err := ask(ctx, m, server)
		if err == nil {
			return read(reply, target.Type)
		}
		failures = append(failures, fmt.Errorf("%s: %w", server, err))
	}
	return nil, errors.Join(failures...)
}

func ask(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	client := &dns.Client{Net: "udp", Timeout: exchange, UDPSize: 1232}
	reply, _, err := client.ExchangeContext(ctx, m, server)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, m, server)
	}
	if err != nil {
		return nil, err
	}
	if reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("answered %s", dns.RcodeToString[reply.Rcode])
	}
	return reply, nil
}

// read takes the records of the asked type, wherever a chain of CNAMEs has led,
// with the smallest TTL on the way.
func read(reply *dns.Msg, t rdata.Type) (*answer, error) {
	a := &answer{ttl: uint32(maxRefresh / time.Second)}
	for _, rr := range reply.Answer {
		a.ttl = min(a.ttl, rr.Header().Ttl)
		if rr.Header().Rrtype != uint16(t) {
			continue
		}
		wire, err := rdataOf(rr)
		if err != nil {
			return nil, err
		}
		a.rdatas = append(a.rdatas, wire)
	}
	if len(a.rdatas) == 0 { // RFC 2308 §5
		a.ttl = uint32(staleTTL / time.Second)
		for _, rr := range reply.Ns {
			if soa, ok := rr.(*dns.SOA); ok {
				a.ttl = min(soa.Hdr.Ttl, soa.Minttl)
			}
		}
	}
	return a, nil
}

// rdataOf is an RR's uncompressed rdata.
func rdataOf(rr dns.RR) ([]byte, error) {
	b := make([]byte, dns.Len(rr)+1)
	n, err := dns.PackRR(rr, b, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", rr, err)
	}
	_, off, err := dns.UnpackDomainName(b, 0)
	if err != nil {
		return nil, err
	}
	return b[off+10 : n], nil
}

// queue is a heap of items by due time.
type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is heap.Interface's.
func (q *queue) Push(x any) { *q = append(*q, x.(*item)) }

// Pop is heap.Interface's.
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}
