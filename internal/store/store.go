// Package store is the contract of the place where the truth of one site is
// kept: the event log, the current state that follows from it, and nothing
// else. Implementations are sub-packages; all of them pass storetest.
//
// Only Append changes state. What Append has acknowledged is durable and is
// seen by every View taken later. Positions number all events of the store in
// commit order, from 1, with no gap; Tail reads them in that order.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/zone"
)

// MaxKeys is how many entities one Append may change.
const MaxKeys = 16

// MaxBatch is the largest encoded size of one Append, in bytes.
const MaxBatch = 8 << 20

// Store is one site's truth. All methods are safe for concurrent use.
type Store interface {
	// Append commits all events of the batch or none. Each event's entity
	// must stand at the version and hash that precede the event (event.Version-1
	// and event.Prev): otherwise *Conflict. It returns when the batch is
	// durable. A batch whose ChangeID is already committed is acknowledged
	// again and changes nothing.
	// Errors: *Conflict, ErrTooLarge, ErrAmbiguous (ask View.Lookup),
	// ErrUnavailable.
	Append(ctx context.Context, events []*event.Event) (position uint64, err error)

	// Enqueue is Append in two steps: batches are checked and committed in the
	// order of the Enqueue calls, and a batch may build on one that was
	// enqueued but is not durable yet. Wait ends as Append would.
	Enqueue(events []*event.Event) Ticket

	// View is a consistent, read-only picture of the latest committed state.
	// The caller closes it.
	View() View

	// Tail yields events from position from (1 is the first), then waits for
	// new ones until ctx ends. No gap, no duplicate. A from below what Compact
	// kept is ErrCompacted.
	Tail(ctx context.Context, from uint64) iter.Seq2[Record, error]

	// Position is the position of the last committed event; 0 if none.
	Position() uint64

	// Backup writes a consistent picture of state and log to w while writers
	// go on. Restore of the implementation reads it back.
	Backup(ctx context.Context, b BackupWriter) error

	// Compact drops events at positions up to and including upTo. It refuses
	// (ErrNoSnapshot) without a verified backup at or above upTo.
	Compact(ctx context.Context, upTo uint64) error

	// Verify recomputes every hash chain, every head and every RRset count,
	// and compares the state with a replay of the log.
	Verify(ctx context.Context, progress func(done, total uint64)) (Report, error)

	Close() error
}

// Ticket is an enqueued batch.
type Ticket interface {
	// Wait returns when the batch is durable or has failed.
	Wait(ctx context.Context) (position uint64, err error)
}

// Record is an event with its place in the log.
type Record struct {
	Position uint64
	Hash     event.Hash
	Event    *event.Event
}

// Head is the newest state of an entity. The zero Version means that it never
// existed.
type Head struct {
	Key      event.Key
	Version  uint64
	Hash     event.Hash
	Position uint64
	Deleted  bool
	Document []byte // nil where Deleted
	Serial   uint32 // zones: the SOA serial that DNS serves
	RRsets   uint64 // zones: how many RRsets
}

// Exists reports whether the entity is there now.
func (h Head) Exists() bool { return h.Version > 0 && !h.Deleted }

// ChangeRecord is what Lookup knows about a committed change.
type ChangeRecord struct {
	Position uint64 // of the change's last event
	Time     int64  // Unix milliseconds
	Comment  string
	Keys     []event.Key
}

// View is a consistent picture of the store. Not safe for concurrent use.
type View interface {
	// Position is the last event the view contains.
	Position() uint64
	Head(key event.Key) (Head, error)
	// Lookup finds a committed change by its id; false means that no change
	// with that id is in the view.
	Lookup(changeID string) (ChangeRecord, bool, error)
	// RRsetsAt returns the RRsets with the given owner name, in list order.
	RRsetsAt(zoneID string, name rdata.Name) ([]*zone.RRset, error)
	// RRsets yields the zone's RRsets in list order (rdata.Name.SortKey, then
	// type mnemonic, then set identifier), beginning at the first one at or
	// after start (a zero start is the beginning), as they were at version
	// (0 is the latest). ErrCompacted if the log no longer reaches back.
	RRsets(zoneID string, version uint64, start Start) iter.Seq2[*zone.RRset, error]
	// List yields the entities under an index in key order, beginning at the
	// first index key at or after start, for as long as keys begin with prefix.
	List(index Index, prefix, start []byte) iter.Seq2[Entry, error]
	// Count is the number of existing entities of a kind.
	Count(kind event.Kind) (uint64, error)
	// History yields an entity's events from version from upwards.
	// ErrCompacted if the log no longer reaches back.
	History(key event.Key, from uint64) iter.Seq2[Record, error]
	Close() error
}

// Start is a place in a zone's list of RRsets.
type Start struct {
	Name          rdata.Name // "" is the beginning
	Type          string     // mnemonic; "" is before all types
	SetIdentifier string
}

// Index names a secondary order of entities; see event.IndexKeys.
type Index = event.Index

// Entry is one row of an index.
type Entry struct {
	IndexKey []byte
	Head     Head
}

// Report is the result of Verify.
type Report struct {
	Events   uint64
	Entities uint64
	RRsets   uint64
	Faults   []string // empty when all is well; at most 100
}

// BackupWriter receives a backup; see the implementation's Restore.
type BackupWriter interface {
	Write(p []byte) (int, error)
}

// Conflict says that an entity was not at the version an event was made for.
type Conflict struct {
	Actual Head
}

// Error names the entity and where it stands.
func (c *Conflict) Error() string {
	return fmt.Sprintf("%s %q is at version %d", c.Actual.Key.Kind, c.Actual.Key.ID, c.Actual.Version)
}

// Errors that callers act on.
var (
	// ErrAmbiguous: the outcome of an Append is unknown; Lookup tells.
	ErrAmbiguous = errors.New("outcome of the append is unknown")
	// ErrUnavailable: the store takes no writes now (closed, disk full, failed).
	ErrUnavailable = errors.New("store is unavailable")
	// ErrTooLarge: a batch over MaxKeys or MaxBatch.
	ErrTooLarge = errors.New("append is too large")
	// ErrCompacted: the log no longer holds what was asked for.
	ErrCompacted = errors.New("events were compacted")
	// ErrNoSnapshot: Compact without a verified backup.
	ErrNoSnapshot = errors.New("no verified backup covers these events")
)
