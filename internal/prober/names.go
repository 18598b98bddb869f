package prober

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Resolver looks up addresses; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// How long answers are kept: less than the shortest interval, so that every
// probe of a check has an answer of its own interval, while checks of one name
// share it.
const (
	keepAnswer  = 5 * time.Second
	keepFailure = 2 * time.Second
)

// nameCache looks names up, each once however many ask at the same time.
type nameCache struct {
	resolver Resolver

	mu    sync.Mutex // guards the fields below
	names map[string]*lookup
	swept time.Time
}

// lookup is one answer, or the wait for it. What is below done is set before
// done is closed.
type lookup struct {
	done    chan struct{}
	addrs   []netip.Addr
	err     error
	expires time.Time
}

func newNameCache(r Resolver) *nameCache { return &nameCache{resolver: r, names: map[string]*lookup{}} }

// addresses are the IPv4 addresses of a name, or where there are none its IPv6
// addresses.
func (c *nameCache) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	now := time.Now()
	c.mu.Lock()
	l := c.names[name]
	if l != nil && l.isDone() && now.After(l.expires) {
		l = nil
	}
	if l == nil {
		l = &lookup{done: make(chan struct{})}
		c.names[name] = l
		go c.fill(l, name)
	}
	c.sweep(now)
	c.mu.Unlock()
	select {
	case <-l.done:
		return l.addrs, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lookup) isDone() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// fill makes the lookup, on a clock of its own: whoever asked first may give
// up before the others do.
func (c *nameCache) fill(l *lookup, name string) {
	ctx, stop := context.WithTimeout(context.Background(), keepAnswer)
	defer stop()
	host := name
	if strings.Contains(host, ".") {
		host += "." // no search domains
	}
	addrs, err := c.resolver.LookupNetIP(ctx, "ip4", host)
	if len(addrs) == 0 && (err == nil || isNotFound(err)) {
		if six, err6 := c.resolver.LookupNetIP(ctx, "ip6", host); len(six) > 0 && err6 == nil {
			addrs, err = six, nil
		}
	}
	if err == nil && len(addrs) == 0 {
		err = errors.New("no such host")
	}
	keep := keepAnswer
	if err != nil {
		keep = keepFailure
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	l.addrs, l.err, l.expires = addrs, err, time.Now().Add(keep)
	close(l.done)
}

func isNotFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

// sweep forgets, once a minute, names that nobody asks for any more.
func (c *nameCache) sweep(now time.Time) {
	if now.Sub(c.swept) < time.Minute {
		return
	}
	c.swept = now
	for name, l := range c.names {
		if l.isDone() && now.After(l.expires) {
			delete(c.names, name)
		}
	}
}
