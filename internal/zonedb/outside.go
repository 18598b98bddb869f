package zonedb

import (
	"sync"
	"sync/atomic"

	"open53/internal/rdata"
)

// Outside are the alias targets that lie in none of our zones (Amazon's fixed
// zones): a list that only grows, whose answers a resolver fills in and
// refreshes in the background. A query reads the latest answer and never waits
// for one.
type Outside struct {
	mu     sync.Mutex // guards the fields below
	list   []*outsideSlot
	places map[OutsideTarget]uint32
	added  chan struct{} // has an element when targets were added
}

// OutsideTarget is what an alias wants to know from outside.
type OutsideTarget struct {
	Name rdata.Name
	Type rdata.Type
}

// OutsideAnswer is a resolved target, ready to copy.
type OutsideAnswer struct {
	Set Set // Kind Plain or PlainFixed; Count 0 for NODATA
	// Failed is set while the target cannot be resolved and no older answer
	// is left.
	Failed bool
}

type outsideSlot struct {
	target OutsideTarget
	answer atomic.Pointer[OutsideAnswer]
}

func newOutside() *Outside {
	return &Outside{places: map[OutsideTarget]uint32{}, added: make(chan struct{}, 1)}
}

func (o *Outside) index(t OutsideTarget) uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i, ok := o.places[t]; ok {
		return i
	}
	i := uint32(len(o.list))
	o.list = append(o.list, &outsideSlot{target: t})
	o.places[t] = i
	select {
	case o.added <- struct{}{}:
	default:
	}
	return i
}

func (o *Outside) slots() []*outsideSlot {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.list
}

// Targets lists all targets ever aliased; the position is the number for
// SetAnswer.
func (o *Outside) Targets() []OutsideTarget {
	slots := o.slots()
	targets := make([]OutsideTarget, len(slots))
	for i, s := range slots {
		targets[i] = s.target
	}
	return targets
}

// Added receives a value after targets were added.
func (o *Outside) Added() <-chan struct{} { return o.added }

// SetAnswer stores a target's answer; nil means not resolved yet.
func (o *Outside) SetAnswer(i int, a *OutsideAnswer) { o.slots()[i].answer.Store(a) }

// NewOutsideAnswer compiles values that were resolved for a target.
func NewOutsideAnswer(t rdata.Type, ttl uint32, rdatas [][]byte) *OutsideAnswer {
	a := &OutsideAnswer{Set: Set{Type: uint16(t), Kind: Plain}}
	for _, wire := range rdatas {
		a.Set.Data = appendRR(a.Set.Data, uint16(t), ttl, wire)
		a.Set.Count++
	}
	return a
}

// OutsideAnswer returns the latest answer of an AliasOutside set's target; nil
// while it is not resolved.
func (s *Snapshot) OutsideAnswer(i uint32) *OutsideAnswer {
	return s.outside[i].answer.Load()
}
