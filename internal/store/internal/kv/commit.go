package kv

import (
	"fmt"

	"open53/internal/store"
)

// commitLoop is the committer: it runs until the queue is closed and empty.
func (s *Store) commitLoop() {
	defer close(s.committed)
	for {
		group := s.queue.take(s.limits.group)
		if len(group) == 0 {
			return
		}
		s.commitGroup(group)
		for _, sub := range group {
			close(sub.done)
		}
	}
}

// commitGroup checks, commits and publishes a group and sets the outcome of
// each submission.
func (s *Store) commitGroup(group []*submission) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if err := s.Err(); err != nil {
		refuse(group, err)
		return
	}
	size := 0
	for _, sub := range group {
		size += sub.size
	}
	if err := s.engine.Failed(); err != nil {
		s.fail(group, err)
		return
	}
	// An RRset is written twice, in its event and as a row; the rest is keys.
	if err := s.engine.Ready(3 * size); err != nil {
		refuse(group, fmt.Errorf("%w: %w", store.ErrUnavailable, err))
		return
	}
	batch := s.engine.NewBatch()
	defer batch.Close()
	current := s.current // only changes under commitMu
	st := newStage(current.reader, s.heads, batch, current.position)
	for _, sub := range group {
		sub.err = st.add(sub)
	}
	if st.events == 0 {
		return
	}
	latest, err := s.commitStage(st)
	if err != nil {
		s.fail(group, err)
		return
	}
	s.publish(latest, st.records, size, current.base)
}

// commitStage makes the stage durable; the caller holds commitMu.
func (s *Store) commitStage(st *stage) (latest Reader, err error) {
	st.seal()
	if latest, err = s.engine.Commit(st.batch); err != nil {
		return nil, err
	}
	for _, head := range st.pending {
		s.heads.put(head)
	}
	return latest, nil
}

func refuse(group []*submission, err error) {
	for _, sub := range group {
		sub.err = err
	}
}

// fail ends all writing. What the group holds may or may not be found when the
// store is opened again.
func (s *Store) fail(group []*submission, cause error) {
	s.mu.Lock()
	s.failed = fmt.Errorf("%w until it is reopened: %w", store.ErrUnavailable, cause)
	s.mu.Unlock()
	for _, sub := range group {
		switch {
		case sub.staged:
			sub.position, sub.err = 0, fmt.Errorf("%w: %w", store.ErrAmbiguous, cause)
		case sub.repeated && sub.position <= s.current.position:
			// What it repeats was durable before this group.
		default:
			sub.position, sub.err = 0, fmt.Errorf("%w: %w", store.ErrUnavailable, cause)
		}
	}
}
