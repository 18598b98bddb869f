package kv

import (
	"errors"
	"fmt"
	"io"

	"open53/internal/event"
	"open53/internal/store"
)

// VerifyBackup reads a backup to its end and proves it: that it is whole and
// unaltered, that every event follows the one before it, and that the events
// lead to the state that the backup was made from. It keeps about 300 bytes
// per entity, and nothing per RRset.
func VerifyBackup(r io.Reader) (store.BackupInfo, error) {
	stream, err := newStreamReader(r)
	if err != nil {
		return store.BackupInfo{}, err
	}
	proof := newBackupProof(stream)
	for {
		letter, payload, err := stream.next()
		if err == nil {
			err = proof.item(letter, payload)
		}
		if err != nil {
			return store.BackupInfo{}, err
		}
		if letter == itemTrailer {
			return proof.info(), nil
		}
	}
}

// backupProof is what VerifyBackup knows of the state so far.
type backupProof struct {
	stream    *streamReader
	position  uint64
	events    uint64
	lastEvent event.Hash
	entities  map[event.Key]*proofEntity
	listing   *proofEntity  // the zone whose base RRsets come
	trailer   backupTrailer // once it has come, and is right
}

func newBackupProof(stream *streamReader) *backupProof {
	return &backupProof{stream: stream, position: stream.header.Base, entities: make(map[event.Key]*proofEntity)}
}

// item takes in one item of the stream.
func (p *backupProof) item(letter byte, payload []byte) (err error) {
	switch letter {
	case itemBase:
		err = p.base(payload)
	case itemRRset:
		err = p.rrset(payload)
	case itemEvent:
		err = p.event(payload)
	case itemTrailer:
		err = p.finish(payload)
	default:
		err = fmt.Errorf("unknown item %q", letter)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	return nil
}

// proofEntity is an entity without its document.
type proofEntity struct {
	head     store.Head
	document [32]byte // its hash
	rrsets   sum
	listed   sum    // of the base RRsets that came
	listings uint64 // how many came
	wanted   uint64 // how many should, unless the zone is deleted later
	want     sum
	died     bool
}

func (p *backupProof) base(payload []byte) error {
	var item baseItem
	if err := event.DecodeDocument(payload, &item); err != nil {
		return err
	}
	if err := item.Key.Validate(); err != nil {
		return err
	}
	head := item.Row.Head.head(item.Key)
	if _, err := event.IndexRows(item.Key.Kind, head.Document); err != nil {
		return err
	}
	if p.entities[item.Key] != nil || p.events > 0 || head.Version == 0 || head.Position == 0 || head.Position > p.position {
		return fmt.Errorf("%s %q is out of place", item.Key.Kind, item.Key.ID)
	}
	entity := &proofEntity{head: head, document: event.HashOf(head.Document), rrsets: item.Row.Sum, want: item.Row.Sum, wanted: head.RRsets}
	entity.head.Document = nil
	p.entities[item.Key], p.listing = entity, entity
	return nil
}

func (p *backupProof) rrset(payload []byte) error {
	set, err := event.DecodeRRset(payload)
	if err != nil {
		return err
	}
	if p.listing == nil || p.events > 0 {
		return errors.New("an RRset is out of place")
	}
	key := appendRRsetKey(nil, p.listing.head.Key.ID, set.Key())
	p.listing.listed.add(rrsetMember(key, payload))
	p.listing.listings++
	return nil
}

func (p *backupProof) event(payload []byte) error {
	e, err := event.Decode(payload)
	if err != nil {
		return err
	}
	entity := p.entities[e.Key]
	if entity == nil {
		entity = &proofEntity{head: store.Head{Key: e.Key}, document: event.HashOf(nil)}
		p.entities[e.Key] = entity
	}
	p.position++
	p.events++
	p.lastEvent = event.HashOf(payload)
	head, err := advance(entity.head, e, p.lastEvent, p.position)
	if err != nil {
		return fmt.Errorf("event %d does not follow: %w", p.position, err)
	}
	if _, err := event.IndexRows(e.Key.Kind, e.Document); err != nil {
		return err
	}
	if e.Deleted || len(e.Document) > 0 {
		entity.document = event.HashOf(head.Document)
	}
	head.Document = nil
	entity.head = head
	entity.died = entity.died || e.Deleted
	return entity.rrsets.addChanges(e)
}

func (p *backupProof) finish(payload []byte) error {
	if err := event.DecodeDocument(payload, &p.trailer); err != nil {
		return err
	}
	got := backupTrailer{Events: p.events, Entities: uint64(len(p.entities)), Digest: p.trailer.Digest}
	for key, entity := range p.entities {
		got.RRsets += entity.head.RRsets
		got.State.add(headMember(entity.head, entity.document))
		got.State.add(entity.rrsets)
		gone := entity.died && entity.listings == 0
		if !gone && (entity.listings != entity.wanted || entity.listed != entity.want) {
			return fmt.Errorf("the RRsets of zone %q are not those it began with", key.ID)
		}
	}
	if got != p.trailer || p.position != p.stream.header.Position {
		return errors.New("its events do not lead to the state it was made from")
	}
	return nil
}

func (p *backupProof) info() store.BackupInfo {
	info := store.BackupInfo{
		StoreID: p.stream.header.StoreID, Position: p.position, LastEvent: p.lastEvent,
		Entities: p.trailer.Entities, RRsets: p.trailer.RRsets, Events: p.trailer.Events,
	}
	p.stream.whole.Sum(info.Digest[:0])
	return info
}
