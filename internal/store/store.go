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

// MaxBatch is the largest encoded size of one Append, in bytes: the sum of its
// events.
const MaxBatch = 8 << 20

// Store is one site's truth. All methods are safe for concurrent use.
type Store interface {
	// Append commits all events of the batch or none. Each event's entity
	// must stand at the version and hash that precede the event (event.Version-1
	// and event.Prev): otherwise *Conflict. It returns when the batch is
	// durable, with the position of its last event. All events of a batch have
	// one ChangeID; several may change one entity, in order. A batch whose
	// ChangeID is already committed is acknowledged again, with the position
	// it has, and changes nothing.
	//
	// The events belong to the store from now on and must not be modified:
	// Tail hands out the same ones. The store trusts Change.Old to be what the
	// RRset was (zone.Apply sees to it); Verify finds where it was not.
	//
	// Errors: *Conflict, ErrTooLarge, ErrInvalid, ErrUnavailable; ErrAmbiguous
	// where the commit failed half-way or ctx ended first (ask View.Lookup: a
	// batch that ctx left behind is there or not a moment later; after a
	// failed commit only a reopened store knows).
	Append(ctx context.Context, events []*event.Event) (position uint64, err error)

	// Enqueue is Append in two steps: batches are checked and committed in the
	// order of the Enqueue calls, and a batch may build on one that was
	// enqueued but is not durable yet. If that one fails, so does this one,
	// with *Conflict. Wait ends as Append would. Enqueue blocks while too much
	// is waiting already.
	Enqueue(events []*event.Event) Ticket

	// View is a consistent, read-only picture of the latest committed state:
	// nothing in it can be lost any more. The caller closes it. It is cheap;
	// an open one keeps the disk space of what was deleted since.
	View() View

	// Tail yields events from position from (1 is the first, 0 is the same),
	// then waits for new ones until ctx ends, which is the end of the sequence
	// and no error. No gap, no duplicate. A from below what Compact kept is
	// ErrCompacted; when the store closes the last error is ErrUnavailable.
	// The events are shared: they must not be modified.
	Tail(ctx context.Context, from uint64) iter.Seq2[Record, error]

	// Position is the position of the last committed event; 0 if none.
	Position() uint64

	// Backup writes a consistent picture of state and log to b while writers
	// go on. The stream is the same whatever the implementation; VerifyBackup
	// of any of them proves one, Restore of any of them reads it back.
	Backup(ctx context.Context, b BackupWriter) error

	// RecordBackup notes that a backup of this store was read back and
	// verified (VerifyBackup), which is what Compact asks for. A backup of
	// another store or of another history is refused.
	RecordBackup(ctx context.Context, backup BackupInfo) error

	// Compact drops events at positions up to and including upTo. It refuses
	// (ErrNoSnapshot) without a recorded backup at or above upTo. What the
	// dropped events alone knew is gone: their history, RRsets at versions
	// below, their change ids. Heads, state and the rest of each chain stay.
	Compact(ctx context.Context, upTo uint64) error

	// Verify recomputes every hash chain, every head and every RRset count,
	// and compares the state with a replay of the log. progress, unless nil,
	// is called now and then.
	Verify(ctx context.Context, progress func(done, total uint64)) (Report, error)

	// Close ends all Tails and refuses everything from then on; batches that
	// were enqueued before are committed first. Views must be closed before:
	// with open ones Close says so, and the last one to close frees the
	// store's resources.
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
	Position uint64      // of the change's last event
	Time     int64       // Unix milliseconds, of its first event
	Comment  string      // the first one that is not empty
	Keys     []event.Key // the entities it changed, in order, each once
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
	// (0 is the latest). A page at the latest version costs the same wherever
	// it starts; at an older one it also costs a read of every event since.
	// ErrCompacted if the log no longer reaches back.
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

// Index names a secondary order of entities; see event.IndexRows.
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

// BackupInfo is what reading a backup from end to end has proved about it.
type BackupInfo struct {
	StoreID   string     // of the store it was made from
	Position  uint64     // of the last event in it
	LastEvent event.Hash // the hash of that event; zero if the backup holds none
	Digest    [32]byte   // SHA-256 of the backup
	Entities  uint64     // deleted ones included
	RRsets    uint64
	Events    uint64 // fewer than Position after a Compact
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
	// ErrInvalid: a batch that no state could accept, or one that contradicts
	// the state (removes an RRset too many, deletes what is not there). It is
	// a bug of the caller.
	ErrInvalid = errors.New("append is invalid")
	// ErrDamaged: what was read cannot be what was written.
	ErrDamaged = errors.New("store is damaged")
	// ErrCompacted: the log no longer holds what was asked for.
	ErrCompacted = errors.New("events were compacted")
	// ErrNoSnapshot: Compact without a verified backup.
	ErrNoSnapshot = errors.New("no verified backup covers these events")
)
