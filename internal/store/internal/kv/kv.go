// Package kv is the store over any engine that is an ordered byte map with
// atomic durable batches and snapshots (Engine): all of store.Store but the
// bytes on disk. store/pebble and store/memory are thin engines under it.
//
// The keyspace; ‖ joins, 0 is a NUL byte, numbers are 8 bytes big-endian:
//
//	key                                     value
//	m‖name                                  format, store id, base position, verified backup
//	m‖"events"                              counter: events ever committed = position
//	l‖position                              encoded event                      (the log)
//	v‖kind‖0‖id‖0‖version                   position                           (history)
//	h‖kind‖0‖id                             head
//	r‖zone‖0‖sort key‖0‖type‖0‖set id       encoded RRset, in list order
//	i‖index‖0‖index key                     kind‖0‖id
//	c‖change id                             position, time, comment, entities
//	n‖kind                                  counter: existing entities
//	b‖base‖kind‖0‖id                        head and sum of RRsets where the log begins
//
// Everything but l and b follows from them, and Verify checks that it does.
// Counters are sums of increments inside the engine: if an engine ever loses a
// write in the middle, its increment is lost with it, and Open finds that
// "events" is not the last position.
//
// Concurrency: one goroutine commits. It takes what Enqueue has queued, checks
// each batch against the heads as the batches before it leave them, writes all
// rows of the group as one engine batch, waits until that is durable, and only
// then publishes: a new picture (snapshot and position) for Views, the records
// for Tails, the tickets. commitMu is held by whoever writes to the engine; mu
// guards what is published and is never held while waiting for anything.
package kv

// Engine is an ordered map of byte strings, compared byte by byte. Commits are
// made one at a time; all else may be concurrent.
type Engine interface {
	// Failed is why the engine can never commit again; nil if it can.
	Failed() error
	// Ready reports whether a commit of about size bytes may be tried now. An
	// error here refuses the commit and leaves the engine as it was.
	Ready(size int) error
	NewBatch() Batch
	// Commit makes the whole batch durable and visible and returns a picture
	// of the result, or fails; after an error the outcome is unknown and
	// nothing is committed any more.
	Commit(b Batch) (Reader, error)
	// Snapshot is a picture of all that is committed, while nothing is being.
	Snapshot() Reader
	// Published is called when all events up to position are durable and
	// visible; nothing may be made of it but a hint.
	Published(position uint64)
	// Close is called once, when no snapshot is open any more.
	Close() error
}

// Batch collects writes; later ones win. The arguments may be reused. An
// error is kept for Commit.
type Batch interface {
	Set(key, value []byte)
	Delete(key []byte)
	// DeleteRange deletes the keys from start up to but not including end.
	DeleteRange(start, end []byte)
	// Add adds delta to the counter at key: 8 bytes big-endian, 0 if absent,
	// modulo 2^64.
	Add(key []byte, delta int64)
	// Size is about how many bytes the batch holds.
	Size() int
	// Close frees a batch, committed or not.
	Close()
}

// Reader reads one picture. It is safe for concurrent use.
type Reader interface {
	// Read appends the value at key to dst.
	Read(dst, key []byte) (value []byte, found bool, err error)
	// Scan reads the keys from lower up to but not including upper.
	Scan(lower, upper []byte) (Cursor, error)
	// Last returns the last key of the range.
	Last(lower, upper []byte) (key []byte, found bool, err error)
	Close() error
}

// Cursor is a place in a Scan, before the first key at the beginning.
type Cursor interface {
	// Next steps to the next key; false is the end or an error, which Close
	// returns.
	Next() bool
	// Key and Value are valid until the next call of Next or Close.
	Key() []byte
	Value() []byte
	Close() error
}

// scan calls f for each key of a range until f returns an error.
func scan(r Reader, lower, upper []byte, f func(key, value []byte) error) error {
	cursor, err := r.Scan(lower, upper)
	if err != nil {
		return err
	}
	for cursor.Next() {
		if err := f(cursor.Key(), cursor.Value()); err != nil {
			_ = cursor.Close() // f's error is the one that counts
			return err
		}
	}
	return cursor.Close()
}
