package kv

import (
	"sync"

	"open53/internal/store"
)

// queue holds submissions in the order of Enqueue until the committer takes
// them, as many at a time as there are (group commit).
type queue struct {
	limit int // bytes

	mu      sync.Mutex // guards what follows
	filled  sync.Cond  // something to take, or closed
	room    sync.Cond  // room to put, or closed
	waiting []*submission
	size    int // bytes of events waiting
	closed  bool
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.filled.L, q.room.L = &q.mu, &q.mu
	return q
}

// put blocks while the queue is full.
func (q *queue) put(s *submission) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size > q.limit && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return errClosed
	}
	q.waiting = append(q.waiting, s)
	q.size += s.size
	q.filled.Signal()
	return nil
}

// take returns the next submissions, of about limit bytes together, and blocks
// while there is none; no submission means that the queue is closed and empty.
func (q *queue) take(limit int) []*submission {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.filled.Wait()
	}
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+q.waiting[n].size <= limit) {
		size += q.waiting[n].size
		n++
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.size -= size
	q.room.Broadcast()
	return group
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
	q.room.Broadcast()
}

// recentRecords is the end of the log, decoded: consecutive positions. A slice
// of it that was handed out stays as it is.
type recentRecords struct {
	records []store.Record
	sizes   []int // bytes of the groups that records consist of, and …
	counts  []int // … how many records each has
	size    int
}

func (r *recentRecords) append(records []store.Record, size int, limits limits) {
	if len(records) == 0 {
		return
	}
	r.records = append(r.records, records...)
	r.sizes, r.counts, r.size = append(r.sizes, size), append(r.counts, len(records)), r.size+size
	for len(r.counts) > 1 && (len(r.records) > limits.recent || r.size > limits.recentBytes) {
		r.records = r.records[r.counts[0]:]
		r.size -= r.sizes[0]
		r.sizes, r.counts = r.sizes[1:], r.counts[1:]
	}
}

// from returns the records from a position on; ok is false if the position is
// before the first one that is kept.
func (r *recentRecords) from(position uint64) (records []store.Record, ok bool) {
	if len(r.records) == 0 || position < r.records[0].Position {
		return nil, false
	}
	skip := position - r.records[0].Position
	if skip > uint64(len(r.records)) {
		return nil, true
	}
	return r.records[skip:len(r.records):len(r.records)], true
}
