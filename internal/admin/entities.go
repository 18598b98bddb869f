package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"open53/internal/event"
	"open53/internal/health"
	"open53/internal/network"
	"open53/internal/store"
	"open53/internal/zone"
)

// documents are the kinds of entity, besides hosted zones, whose history can be
// read, with what their documents are read into. The names are those that
// resources have in the API.
var documents = map[string]struct {
	kind event.Kind
	make func() any
}{
	"healthcheck":           {event.KindHealthCheck, func() any { return new(health.Check) }},
	"cidrcollection":        {event.KindCIDRCollection, func() any { return new(zone.CIDRCollection) }},
	"delegationset":         {event.KindDelegationSet, func() any { return new(zone.DelegationSet) }},
	"trafficpolicy":         {event.KindTrafficPolicy, func() any { return new(zone.TrafficPolicy) }},
	"trafficpolicyinstance": {event.KindTrafficPolicyInstance, func() any { return new(zone.TrafficPolicyInstance) }},
	"vpc":                   {event.KindNetwork, func() any { return new(network.Network) }},
}

// Reverter makes entities what they were at a version of their history.
type Reverter interface {
	RevertHealthCheck(ctx context.Context, id string, version uint64) (changeID string, err error)
	RevertCIDRCollection(ctx context.Context, id string, version uint64) (changeID string, err error)
}

// revertEntity makes an entity what it was at a version. Delegation sets and
// versions of traffic policies never change, and instances have
// UpdateTrafficPolicyInstance.
func (h *handler) revertEntity(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Version uint64 `json:"version"`
	}
	if err := decode(r, &in); err != nil || in.Version == 0 {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"version": N}, from 1 up`)
		return
	}
	var changeID string
	var err error
	switch kind, id := r.PathValue("kind"), r.PathValue("id"); kind {
	case "healthcheck":
		changeID, err = h.Reverter.RevertHealthCheck(r.Context(), id, in.Version)
	case "cidrcollection":
		changeID, err = h.Reverter.RevertCIDRCollection(r.Context(), id, in.Version)
	default:
		fail(w, http.StatusBadRequest, "InvalidInput", "a "+kind+" cannot be reverted; health checks and CIDR collections can")
		return
	}
	if err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]string{"change_id": changeID})
}

// entityVersion is one version of an entity.
type entityVersion struct {
	Version   uint64 `json:"version"`
	Time      string `json:"time"`
	Actor     string `json:"actor"`
	Operation string `json:"operation"`
	ChangeID  string `json:"change_id"`
	Deleted   bool   `json:"deleted,omitempty"`
	// Document is what the version made of the entity; null where it is gone.
	Document any `json:"document"`
}

// entityHistory lists the versions of an entity that is no hosted zone, the
// oldest first.
func (h *handler) entityHistory(w http.ResponseWriter, r *http.Request) {
	d, known := documents[r.PathValue("kind")]
	if !known {
		fail(w, http.StatusNotFound, "NotFound", "no such kind: "+r.PathValue("kind"))
		return
	}
	from, err := number(r, "from", 1)
	if err != nil {
		fail(w, http.StatusBadRequest, "InvalidInput", err.Error())
		return
	}
	limit, err := number(r, "limit", 100)
	if err != nil || limit == 0 {
		fail(w, http.StatusBadRequest, "InvalidInput", "limit is not a number from 1 to 1000")
		return
	}
	limit = min(limit, maxHistory)
	view := h.Store.View()
	defer func() { _ = view.Close() }()
	key := event.Key{Kind: d.kind, ID: r.PathValue("id")}
	head, err := view.Head(key)
	if err == nil && head.Version == 0 {
		fail(w, http.StatusNotFound, "NotFound", "no "+r.PathValue("kind")+" has ever had the id "+key.ID)
		return
	}
	versions, next := []entityVersion{}, uint64(0)
	for record, readErr := range view.History(key, max(1, from)) {
		if readErr != nil {
			err = readErr
			break
		}
		if uint64(len(versions)) == limit {
			next = record.Event.Version
			break
		}
		v, readErr := entityVersionOf(record, d.make())
		if readErr != nil {
			err = readErr
			break
		}
		versions = append(versions, v)
	}
	if err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"versions": versions, "next": next})
}

func entityVersionOf(record store.Record, document any) (entityVersion, error) {
	e := record.Event
	v := entityVersion{
		Version: e.Version, Time: time.UnixMilli(e.Time).UTC().Format(timeFormat),
		Actor: e.Actor, Operation: e.Operation, ChangeID: e.ChangeID, Deleted: e.Deleted,
	}
	if e.Document == nil {
		return v, nil
	}
	if err := event.DecodeDocument(e.Document, document); err != nil {
		return v, errors.Join(errors.New("read document of version"), err)
	}
	v.Document = document
	return v, nil
}
