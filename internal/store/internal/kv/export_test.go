package kv

import "open53/internal/store"

// OpenTiny opens a store that keeps next to nothing in memory, so that every
// fallback to the engine is taken.
func OpenTiny(engine Engine) (store.Store, error) {
	s, err := open(engine, 0, limits{group: 600, queue: 1500, recent: 3, recentBytes: 1000, heads: 2, tailCheck: 5, compact: 300})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// NewFakeEngine is newFakeEngine.
func NewFakeEngine() Engine { return newFakeEngine() }
