package nameserver

import (
	"net/netip"

	"open53/internal/dnswire"
	"open53/internal/zonedb"
)

// asked is one message as read: what it asks, and where the answer is.
type asked struct {
	status dnswire.Status
	query  dnswire.Query
	name   zonedb.QName
	fetch  zonedb.ZoneFetch
	lookup zonedb.Lookup // in the zone that answers; none if none is ours
	view   *zonedb.View  // the client's VPC; nil for none
}

// read parses a message.
func (a *asked) read(msg []byte) {
	a.lookup.End()
	if a.status = a.query.Parse(msg); a.status == dnswire.OK {
		a.name.Set(a.query.NameWords(), a.query.NameLen, a.query.Offsets[:], a.query.Labels)
	}
}

// read parses a client's message, and says which zones the client sees.
func (r *Responder) read(a *asked, msg []byte, client netip.Addr) {
	a.read(msg)
	a.view = nil
	if r.snapshot.Networks() && !r.public {
		a.view = r.snapshot.View(client)
	}
}

// locate finds the message's zone in the snapshot, among those that the client
// sees.
func (r *Responder) locate(a *asked) {
	if a.status != dnswire.OK {
		return
	}
	if zone := r.findZone(a.view, &a.name, a.query.Type); zone != nil {
		a.lookup.Begin(zone, &a.name)
	}
}

// maxBatch is how many messages Prepare takes at once.
const maxBatch = 64

// Prepare reads message i (0 to 63) of a batch that RespondPrepared will
// answer, for the same client.
func (r *Responder) Prepare(i int, msg []byte, client netip.Addr) {
	if r.batch == nil {
		r.batch = make([]asked, maxBatch)
	}
	if i == 0 {
		r.snapshot, r.clock = r.db.Snapshot(), 0
	}
	r.read(&r.batch[i], msg, client)
}

// Fetch brings what n prepared messages will look up closer: a name in a large
// zone is in no cache. In loops that do one read each the waits for memory
// overlap; one message after the other they would add up.
func (r *Responder) Fetch(n int) {
	batch := r.batch[:n]
	if r.snapshot.Zones() > manyZones {
		r.fetchZones(batch)
	}
	for i := range batch {
		r.locate(&batch[i])
	}
	countQueries(batch)
	for i := range batch {
		batch[i].lookup.Slot(&batch[i].name)
	}
	for i := range batch {
		r.fetched += batch[i].lookup.Record(&batch[i].name)
	}
}

// countQueries counts for each zone the messages that it was chosen for. Those
// in a row are added at once, as other workers count too.
func countQueries(batch []asked) {
	var zone *zonedb.Zone
	var n uint64
	for i := range batch {
		if next := batch[i].lookup.Zone(); next != zone {
			if zone != nil {
				zone.Queries().Add(n)
			}
			zone, n = next, 0
		}
		n++
	}
	if zone != nil {
		zone.Queries().Add(n)
	}
}

// manyZones is how many zones are too many for what choosing one reads to stay
// in a cache.
const manyZones = 2048

// fetchZones brings closer what locate reads.
func (r *Responder) fetchZones(batch []asked) {
	for i := range batch {
		if a := &batch[i]; a.status == dnswire.OK {
			a.fetch.Slots(r.snapshot, &a.name)
		}
	}
	for i := range batch {
		if a := &batch[i]; a.status == dnswire.OK {
			a.fetch.Zone(r.snapshot)
		}
	}
	for i := range batch {
		if a := &batch[i]; a.status == dnswire.OK {
			r.fetched += a.fetch.Head()
		}
	}
	for i := range batch {
		if a := &batch[i]; a.status == dnswire.OK {
			r.fetched += a.fetch.Apex()
		}
	}
}

// RespondPrepared is Respond for a prepared message, over UDP.
func (r *Responder) RespondPrepared(i int, reply, msg []byte, client netip.Addr) []byte {
	return r.respond(&r.batch[i], reply, msg, client, dnswire.UDP)
}
