package health

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// chunk is how many states are allocated at once.
const chunk = 4096

// MaxChecks is how many health checks a Table can hold.
const MaxChecks = chunk * chunk

// Table has the published status of every health check: what queries read.
//
//	id ──Index──▶ number ──▶ chunks[number/4096][number%4096]
//
// A check's number is its place for as long as the process lives; compiled
// zones hold numbers, not ids. The table only grows: a deleted check stays, and
// counts as healthy, as does one that has not been measured yet. Reading takes
// no lock and waits for nothing.
type Table struct {
	chunks [chunk]atomic.Pointer[[chunk]atomic.Uint32]

	mu      sync.Mutex // guards the fields below
	numbers map[string]uint32
	ids     []string // by number
}

// unhealthy is the bit that queries look at.
const unhealthy = 1

// NewTable returns an empty Table.
func NewTable() *Table { return &Table{numbers: map[string]uint32{}} }

// Number is the place of a health check, which is given one the first time.
// It is for control planes and compilers, not for queries. Error: the table is
// full.
func (t *Table) Number(id string) (uint32, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n, known := t.numbers[id]; known {
		return n, nil
	}
	n := uint32(len(t.numbers))
	if n == MaxChecks {
		return 0, fmt.Errorf("more than %d health checks", MaxChecks)
	}
	if place := &t.chunks[n/chunk]; place.Load() == nil {
		place.Store(new([chunk]atomic.Uint32))
	}
	t.numbers[id] = n
	t.ids = append(t.ids, id)
	return n, nil
}

// ID is the id of the check with a number that Number gave; for explanations.
func (t *Table) ID(number uint32) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids[number]
}

// Healthy reports the published status of the check with a number that Number
// gave.
func (t *Table) Healthy(number uint32) bool {
	return t.chunks[number/chunk].Load()[number%chunk].Load()&unhealthy == 0
}

// Set publishes a status; every query that begins after it sees it.
func (t *Table) Set(number uint32, healthy bool) {
	state := uint32(unhealthy)
	if healthy {
		state = 0
	}
	t.chunks[number/chunk].Load()[number%chunk].Store(state)
}
