package kv

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"open53/internal/event"
	"open53/internal/store"
)

// Format is the version of the keyspace in the package comment.
const Format = 1

// Create makes an empty engine a store of the given identity.
func Create(engine Engine, id string) error {
	batch := engine.NewBatch()
	defer batch.Close()
	batch.Set(metaFormat, uint64Bytes(Format))
	batch.Set(metaStore, []byte(id))
	latest, err := engine.Commit(batch)
	if err == nil {
		err = latest.Close()
	}
	if err != nil {
		return fmt.Errorf("create store: %w", err)
	}
	return nil
}

// NewID makes a store's identity from 16 bytes of random.
func NewID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make store id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// Open starts the store that the engine holds. expected is a position that is
// known to have been durable, 0 if none is: a store that ends before it has
// lost events and is refused, as is one of another format and one whose end
// of the log does not agree with its heads. The engine belongs to the store if
// Open succeeds.
func Open(engine Engine, expected uint64) (*Store, error) {
	return open(engine, expected, defaultLimits)
}

func open(engine Engine, expected uint64, limits limits) (*Store, error) {
	reader := engine.Snapshot()
	m, err := readMeta(reader)
	if err == nil && m.position < expected {
		err = fmt.Errorf("%w: events %d to %d are lost", store.ErrDamaged, m.position+1, expected)
	}
	if err == nil {
		err = checkTail(reader, m, limits.tailCheck)
	}
	if err != nil {
		_ = reader.Close() // what is wrong with the store counts more
		return nil, err
	}
	s := &Store{
		engine: engine, limits: limits, id: m.id, queue: newQueue(limits.queue), heads: newHeadCache(limits.heads),
		committed: make(chan struct{}), changed: make(chan struct{}), refs: 1,
		current: &picture{reader: reader, position: m.position, base: m.base, refs: 1},
	}
	go s.commitLoop()
	return s, nil
}

// meta is what a store says about itself.
type meta struct {
	id       string
	position uint64
	base     uint64
}

func readMeta(r Reader) (meta, error) {
	var m meta
	format, found, err := r.Read(nil, metaFormat)
	switch {
	case err != nil:
		return m, fmt.Errorf("read format: %w", err)
	case !found:
		return m, fmt.Errorf("%w: its format is missing", store.ErrDamaged)
	case len(format) != 8 || binary.BigEndian.Uint64(format) != Format:
		return m, fmt.Errorf("the store has format %x; this version of open53 reads format %d", format, Format)
	}
	id, found, err := r.Read(nil, metaStore)
	if err != nil {
		return m, fmt.Errorf("read store id: %w", err)
	}
	if !found {
		return m, fmt.Errorf("%w: its id is missing", store.ErrDamaged)
	}
	m.id = string(id)
	if m.base, err = readCounter(r, metaBase); err != nil {
		return m, fmt.Errorf("read base: %w", err)
	}
	m.position, err = lastPosition(r, m.base)
	return m, err
}

// lastPosition is where the log ends, by the log and by the counter of events.
func lastPosition(r Reader, base uint64) (uint64, error) {
	events, err := readCounter(r, metaEvents)
	if err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	last := base
	key, found, err := r.Last(bounds(tableLog))
	if err != nil {
		return 0, fmt.Errorf("find the end of the log: %w", err)
	}
	if found {
		position, err := parseUint64(key[1:])
		if err != nil {
			return 0, err
		}
		last = max(last, position)
	}
	if events != last {
		return 0, fmt.Errorf("%w: the log ends at event %d, but %d were committed", store.ErrDamaged, last, events)
	}
	return last, nil
}

// checkTail verifies the last n events: that they are there and readable, that
// each is linked to the one before it, and that the heads are where they lead.
func checkTail(r Reader, m meta, n int) error {
	from := m.base + 1
	if m.position >= from+uint64(n) {
		from = m.position - uint64(n) + 1
	}
	last := make(map[event.Key]store.Record)
	err := scanLog(r, from, m.position, func(record store.Record, _ []byte) error {
		e := record.Event
		if before, found := last[e.Key]; found && (e.Version != before.Event.Version+1 || e.Prev != before.Hash) {
			return fmt.Errorf("%w: event %d does not follow event %d", store.ErrDamaged, record.Position, before.Position)
		}
		last[e.Key] = record
		return nil
	})
	if err != nil {
		return err
	}
	for key, record := range last {
		head, err := readHead(r, key)
		if err != nil {
			return err
		}
		if head.Version != record.Event.Version || head.Hash != record.Hash || head.Position != record.Position {
			return fmt.Errorf("%w: the head of %s %q is at version %d, its last event (%d) at version %d",
				store.ErrDamaged, key.Kind, key.ID, head.Version, record.Position, record.Event.Version)
		}
	}
	return nil
}
