package route53

import (
	"cmp"
	"fmt"
	"slices"

	"open53/internal/event"
	"open53/internal/rdata"
	"open53/internal/store"
	"open53/internal/zone"
)

// tx is the state that one change is decided on, and the drafts of what it
// does. It belongs to the change's goroutine and ends with the decision.
type tx struct {
	service *Service
	view    store.View
	holding *holding
	change  *change
	now     int64 // Unix milliseconds
	drafts  []draft
}

// A draft is an event in the making: one for each entity at most.
type draft struct {
	key      event.Key
	changes  []zone.Change
	document []byte // nil leaves it as it was
	deleted  bool
	serial   uint32

	old    store.Head
	hosted *zone.HostedZone // zones: as the draft leaves it
	names  map[rdata.Name][]*zone.RRset
}

// head is the entity's newest head.
func (t *tx) head(key event.Key) (store.Head, error) {
	if e := t.holding.find(key); e != nil && e.newest() != nil {
		return e.head, nil
	}
	return t.view.Head(key)
}

// hosted is the newest state of a zone whose turn is held. Error:
// NoSuchHostedZone.
func (t *tx) hosted(id string) (*zone.HostedZone, store.Head, error) {
	key := zoneKey(id)
	if e := t.holding.find(key); e != nil && e.newest() != nil && e.head.Exists() {
		return e.hosted, e.head, nil
	}
	head, err := t.head(key)
	if err != nil {
		return nil, head, err
	}
	return decodeZone(id, head)
}

// contents is the newest content of a zone, as zone.Apply reads it. It keeps
// what it has read, for the pending state after the change.
type contents struct {
	tx     *tx
	zoneID string
	names  map[rdata.Name][]*zone.RRset
}

func (t *tx) contents(zoneID string) *contents {
	return &contents{tx: t, zoneID: zoneID, names: make(map[rdata.Name][]*zone.RRset)}
}

// RRsetsAt implements zone.View.
func (c *contents) RRsetsAt(name rdata.Name) ([]*zone.RRset, error) {
	if sets, read := c.names[name]; read {
		return sets, nil
	}
	sets, err := c.read(name)
	if err == nil {
		c.names[name] = sets
	}
	return sets, err
}

func (c *contents) read(name rdata.Name) ([]*zone.RRset, error) {
	if e := c.tx.holding.find(zoneKey(c.zoneID)); e != nil {
		if pending, found := e.overlay[name]; found {
			return pending.sets, nil
		}
	}
	return c.tx.view.RRsetsAt(c.zoneID, name)
}

// after is the content of the names that changes touch, once they are made.
func (c *contents) after(changes []zone.Change) (map[rdata.Name][]*zone.RRset, error) {
	names := make(map[rdata.Name][]*zone.RRset, 1)
	for i := range changes {
		key := changes[i].Key()
		sets, copied := names[key.Name]
		if !copied {
			before, err := c.RRsetsAt(key.Name)
			if err != nil {
				return nil, err
			}
			sets = slices.Clone(before)
		}
		sets = slices.DeleteFunc(sets, func(s *zone.RRset) bool { return s.Key() == key })
		if changes[i].New != nil {
			sets = append(sets, changes[i].New)
		}
		names[key.Name] = sets
	}
	return names, nil
}

// touch drafts an event that changes nothing but the entity's version, so that
// of two changes that must not both be made one fails.
func (t *tx) touch(old store.Head) { t.drafts = append(t.drafts, draft{key: old.Key, old: old}) }

// put drafts a new document of an entity other than a zone.
func (t *tx) put(old store.Head, document any) error {
	encoded, err := event.EncodeDocument(document)
	if err != nil {
		return err
	}
	t.drafts = append(t.drafts, draft{key: old.Key, document: encoded, old: old})
	return nil
}

// remove drafts the end of an entity.
func (t *tx) remove(old store.Head) {
	t.drafts = append(t.drafts, draft{key: old.Key, deleted: true, old: old})
}

// putZone drafts a zone's new document; DNS serves the same serial as before.
func (t *tx) putZone(old store.Head, hosted *zone.HostedZone) error {
	encoded, err := event.EncodeDocument(hosted)
	if err != nil {
		return err
	}
	t.drafts = append(t.drafts, draft{key: zoneKey(hosted.ID), document: encoded, old: old, serial: old.Serial, hosted: hosted})
	return nil
}

// putRRsets drafts changes of a zone's content.
func (t *tx) putRRsets(old store.Head, hosted *zone.HostedZone, c *contents, changes []zone.Change) error {
	names, err := c.after(changes)
	if err != nil {
		return err
	}
	var document []byte
	if uses, changed := hosted.UsesAfter(changes); changed {
		using := *hosted
		using.CIDRUses, hosted = uses, &using
		if document, err = event.EncodeDocument(hosted); err != nil {
			return err
		}
	}
	t.drafts = append(t.drafts, draft{
		key: old.Key, changes: changes, document: document, serial: zone.NextSerial(hosted.SerialMode, old.Serial, changes),
		old: old, hosted: hosted, names: names,
	})
	return nil
}

// events makes the events of the drafts, and the heads that they lead to.
func (t *tx) events() ([]*event.Event, []store.Head, error) {
	events, heads := make([]*event.Event, len(t.drafts)), make([]store.Head, len(t.drafts))
	size := 0
	for i := range t.drafts {
		d := &t.drafts[i]
		e := &event.Event{
			Key: d.key, Version: d.old.Version + 1, Prev: d.old.Hash, Time: t.now, ChangeID: t.change.id, Actor: t.change.actor,
			Operation: t.change.operation, Comment: t.change.comment,
			Changes: d.changes, Document: d.document, Deleted: d.deleted, Serial: d.serial,
		}
		encoded, err := event.Encode(e)
		if err != nil {
			return nil, nil, err
		}
		// The store checks it too, but what it refuses others have been
		// decided on by then.
		if size += len(encoded); size > store.MaxBatch {
			return nil, nil, fmt.Errorf("%w: more than %d bytes", store.ErrTooLarge, store.MaxBatch)
		}
		events[i], heads[i] = e, d.newHead(event.HashOf(encoded))
	}
	return events, heads, nil
}

// newHead is the head that the draft leads to.
func (d *draft) newHead(hash event.Hash) store.Head {
	head := store.Head{
		Key: d.key, Version: d.old.Version + 1, Hash: hash, Deleted: d.deleted,
		Document: d.old.Document, Serial: d.serial, RRsets: countAfter(d.old.RRsets, d.changes),
	}
	if d.document != nil {
		head.Document = d.document
	}
	if d.deleted {
		head.Document, head.RRsets = nil, 0
	}
	return head
}

// keep makes the drafts' outcome the pending state of the zones whose turn is
// held.
func (t *tx) keep(b *batch, heads []store.Head) {
	for i := range t.drafts {
		d := &t.drafts[i]
		if e := t.holding.find(d.key); e != nil && e.pipelined() {
			e.add(b, heads[i], cmp.Or(d.hosted, e.hosted), d.names)
		}
	}
}

func zoneKey(id string) event.Key { return event.Key{Kind: event.KindZone, ID: id} }

// decodeZone reads the zone of a head. Error: NoSuchHostedZone.
func decodeZone(id string, head store.Head) (*zone.HostedZone, store.Head, error) {
	if !head.Exists() {
		return nil, head, noSuchHostedZone(id)
	}
	hosted := new(zone.HostedZone)
	if err := event.DecodeDocument(head.Document, hosted); err != nil {
		return nil, head, fmt.Errorf("zone %s: %w", id, err)
	}
	return hosted, head, nil
}
