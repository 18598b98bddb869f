package kv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"open53/internal/event"
)

// restoreBytes is how much of a backup becomes one engine batch.
const restoreBytes = 4 << 20

// Restore rebuilds the store of a backup in an empty engine, through the same
// checks as an Append. On the way it proves the backup as VerifyBackup does,
// and in the end that what was built is what the backup was made from. After
// an error the engine holds nothing that may be used. It returns the position
// of the last event.
func Restore(ctx context.Context, engine Engine, r io.Reader) (uint64, error) {
	stream, err := newStreamReader(r)
	if err != nil {
		return 0, err
	}
	if err := Create(engine, stream.header.StoreID); err != nil {
		return 0, err
	}
	l := &loader{engine: engine, heads: newHeadCache(defaultLimits.heads), base: stream.header.Base, position: stream.header.Base}
	defer l.abandon()
	l.begin(engine.Snapshot())
	l.batch.Set(metaBase, uint64Bytes(l.base))
	l.batch.Add(metaEvents, int64(l.base))
	proof := newBackupProof(stream)
	for {
		letter, payload, err := stream.next()
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = proof.item(letter, payload)
		}
		if err == nil {
			err = l.item(letter, payload)
		}
		if err != nil {
			return 0, err
		}
		if letter == itemTrailer {
			err := l.finish(ctx, proof)
			return l.position, err
		}
	}
}

// loader builds a store from the items of a backup.
type loader struct {
	engine   Engine
	heads    *headCache
	base     uint64
	position uint64 // of the last event committed

	latest  Reader
	batch   Batch
	stage   *stage
	listing string      // zone whose base RRsets come
	change  *submission // events of one change, as they come
}

// item writes an item that has passed the proof.
func (l *loader) item(letter byte, payload []byte) error {
	switch letter {
	case itemBase:
		return l.addBase(payload)
	case itemRRset:
		return l.addRRset(payload)
	case itemEvent:
		return l.addEvent(payload)
	}
	return nil // the trailer
}

// begin starts an engine batch on what is committed.
func (l *loader) begin(latest Reader) {
	l.latest, l.batch = latest, l.engine.NewBatch()
	l.stage = newStage(l.latest, l.heads, l.batch, l.position)
}

func (l *loader) abandon() {
	if l.batch != nil {
		l.batch.Close()
		_ = l.latest.Close() // the engine is given up or has been synced
	}
}

// flush commits the batch if it is large enough, or if it must be.
func (l *loader) flush(must bool) error {
	if !must && l.batch.Size() < restoreBytes {
		return nil
	}
	l.stage.seal()
	latest, err := l.engine.Commit(l.batch)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, head := range l.stage.pending {
		l.heads.put(head)
	}
	l.position = l.stage.position
	l.abandon()
	l.begin(latest)
	return nil
}

func (l *loader) addBase(payload []byte) error {
	var item baseItem
	err := event.DecodeDocument(payload, &item)
	var index []event.Row
	if err == nil {
		index, err = event.IndexRows(item.Key.Kind, item.Row.Head.Document)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	head := item.Row.Head.head(item.Key)
	setRow(l.batch, baseKey(l.base, item.Key), item.Row)
	writeHead(l.batch, &step{prepared: &prepared{index: index}, new: head})
	l.stage.pending[item.Key] = head
	l.listing = item.Key.ID
	return l.flush(false)
}

func (l *loader) addRRset(payload []byte) error {
	set, err := event.DecodeRRset(payload)
	if err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	l.batch.Set(appendRRsetKey(nil, l.listing, set.Key()), payload)
	return l.flush(false)
}

// addEvent collects the events of one change, which are consecutive, and adds
// them together.
func (l *loader) addEvent(payload []byte) error {
	e, err := event.Decode(payload)
	var p *prepared
	if err == nil {
		p, err = prepare(e, payload)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	if l.change != nil && l.change.changeID != e.ChangeID {
		if err := l.addChange(); err != nil {
			return err
		}
	}
	if l.change == nil {
		l.change = &submission{changeID: e.ChangeID}
	}
	l.change.events = append(l.change.events, p)
	return nil
}

func (l *loader) addChange() error {
	change := l.change
	if change == nil {
		return nil
	}
	l.change = nil
	if err := l.stage.add(change); err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	if !change.staged {
		return fmt.Errorf("%w: change %q is in it twice", errBackup, change.changeID)
	}
	return l.flush(false)
}

// finish compares what was built with what the backup was made from.
func (l *loader) finish(ctx context.Context, proof *backupProof) error {
	if err := cmp.Or(l.addChange(), l.flush(true)); err != nil {
		return err
	}
	built := backupTrailer{Events: l.position - l.base, Digest: proof.trailer.Digest}
	if err := sumState(ctx, l.latest, &built); err != nil {
		return err
	}
	if built != proof.trailer {
		return errors.New("what was restored is not what the backup holds")
	}
	return nil
}
