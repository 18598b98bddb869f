package admin

import (
	"encoding/json"
	"net/http"
	"time"
)

// Version is one version of a hosted zone.
type Version struct {
	Version   uint64
	Time      time.Time
	Actor     string
	Operation string
	ChangeID  string
	Comment   string
	Serial    uint32
	Changes   []Change
}

// Change is one RRset's step. Old and New have the shape that the AWS CLI
// prints; null where the RRset was not there.
type Change struct {
	Action        string          `json:"action"`
	Name          string          `json:"name"`
	Type          string          `json:"type"`
	SetIdentifier string          `json:"set_identifier,omitempty"`
	Old           json.RawMessage `json:"old"`
	New           json.RawMessage `json:"new"`
}

// Reverted is what a revert did or would do.
type Reverted struct {
	ChangeID string
	Version  uint64 // the new version; 0 if nothing was to be done
	Changes  []Change
}

// Settings are what a hosted zone has beyond Amazon's.
type Settings struct {
	// SerialMode is "follow" or "fixed".
	SerialMode string `json:"serial_mode"`
}

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

func (h *handler) history(w http.ResponseWriter, r *http.Request) {
	from, err := number(r, "from", 0)
	if err != nil {
		fail(w, http.StatusBadRequest, "InvalidInput", err.Error())
		return
	}
	limit, err := number(r, "limit", 100)
	if err != nil || limit == 0 {
		fail(w, http.StatusBadRequest, "InvalidInput", "limit is not a number from 1 to 1000")
		return
	}
	order := r.URL.Query().Get("order")
	if order != "" && order != "asc" && order != "desc" {
		fail(w, http.StatusBadRequest, "InvalidInput", "order is neither asc nor desc")
		return
	}
	versions, next, err := h.Zones.History(r.Context(), r.PathValue("id"), from, int(min(limit, maxHistory)), order == "desc")
	if err != nil {
		h.failed(w, r, err)
		return
	}
	list := make([]map[string]any, 0, len(versions))
	for _, v := range versions {
		list = append(list, map[string]any{
			"version": v.Version, "time": v.Time.UTC().Format(timeFormat), "actor": v.Actor, "operation": v.Operation,
			"change_id": v.ChangeID, "comment": v.Comment, "serial": v.Serial, "changes": changesOrEmpty(v.Changes),
		})
	}
	reply(w, http.StatusOK, map[string]any{"versions": list, "next": next})
}

func changesOrEmpty(changes []Change) []Change {
	if changes == nil {
		return []Change{}
	}
	return changes
}

func (h *handler) revert(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Version uint64 `json:"version"`
		Comment string `json:"comment"`
		DryRun  bool   `json:"dry_run"`
	}
	if err := decode(r, &in); err != nil || in.Version == 0 {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"version": N, "comment": "…"}`)
		return
	}
	done, err := h.Zones.Revert(r.Context(), r.PathValue("id"), in.Version, in.Comment, in.DryRun)
	switch {
	case err != nil:
		h.failed(w, r, err)
	case in.DryRun:
		reply(w, http.StatusOK, map[string]any{"changes": changesOrEmpty(done.Changes)})
	default:
		reply(w, http.StatusOK, map[string]any{"change_id": done.ChangeID, "version": done.Version, "changes": len(done.Changes)})
	}
}

func (h *handler) settings(w http.ResponseWriter, r *http.Request) {
	s, err := h.Zones.Settings(r.Context(), r.PathValue("id"))
	if err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, s)
}

func (h *handler) setSettings(w http.ResponseWriter, r *http.Request) {
	var s Settings
	if err := decode(r, &s); err != nil || s.SerialMode != "follow" && s.SerialMode != "fixed" {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"serial_mode": "follow"} or "fixed"`)
		return
	}
	if err := h.Zones.SetSettings(r.Context(), r.PathValue("id"), s); err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, s)
}
