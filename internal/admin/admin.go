// Package admin is the small JSON API for what Route 53 has no operation for:
// state, backup, verification, history and revert, VPCs. It is mounted under
// /open53/v1 behind the same authentication as everything else; openapi.json
// describes it.
//
// Answers are JSON objects; errors are {"error":{"code":…,"message":…}}. Two
// answers are streams: a backup (bytes), and a verification (one JSON object a
// line: progress, then the report).
//
// Handlers keep no state and are safe for concurrent use.
package admin

import (
	"context"
	_ "embed" // the API's description
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"open53/internal/access"
	"open53/internal/network/registry"
	"open53/internal/store"
)

// Config is what the API shows and reaches.
type Config struct {
	Store store.Store
	Zones Zones
	// Networks are the VPCs; Account owns those that are made without an
	// owner.
	Networks *registry.Registry
	Account  string
	Served   func() uint64
	Log      *slog.Logger
	Health   Health // nil: there are no health checks

	Version, Commit string
	Started         time.Time
	// ZoneCount is the number of zones that DNS serves.
	ZoneCount func() int
	// Latencies has measured latencies.
	Reverter  Reverter
	Latencies Latencies
	// Explain tells how DNS answers; the result is written as JSON.
	Explain func(Question) any
}

// Zones changes and reads the past of hosted zones.
type Zones interface {
	// History lists versions of a zone, newest first if newest is set, at most
	// limit of them, beginning at version from (0: the end it starts at).
	History(ctx context.Context, zoneID string, from uint64, limit int, newest bool) ([]Version, uint64, error)
	// Revert makes the RRsets of a zone what they were at a version. With
	// dryRun it only says what would change.
	Revert(ctx context.Context, zoneID string, version uint64, comment string, dryRun bool) (Reverted, error)
	Settings(ctx context.Context, zoneID string) (Settings, error)
	SetSettings(ctx context.Context, zoneID string, s Settings) error
}

//go:embed openapi.json
var openapi []byte

// maxHistory is the largest page of a history.
const maxHistory = 1000

// Handler serves the API; paths begin with /open53/v1.
func Handler(c Config) http.Handler {
	h := handler{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /open53/v1/openapi.json", h.openapi)
	mux.HandleFunc("GET /open53/v1/status", h.status)
	mux.HandleFunc("GET /open53/v1/backup", h.backup)
	mux.HandleFunc("POST /open53/v1/backups", h.recordBackup)
	mux.HandleFunc("POST /open53/v1/compact", h.compact)
	mux.HandleFunc("POST /open53/v1/verify", h.verify)
	mux.HandleFunc("GET /open53/v1/zones/{id}/history", h.history)
	mux.HandleFunc("POST /open53/v1/zones/{id}/revert", h.revert)
	mux.HandleFunc("GET /open53/v1/zones/{id}/settings", h.settings)
	mux.HandleFunc("PUT /open53/v1/zones/{id}/settings", h.setSettings)
	mux.HandleFunc("GET /open53/v1/history/{kind}/{id}", h.entityHistory)
	mux.HandleFunc("POST /open53/v1/history/{kind}/{id}/revert", h.revertEntity)
	h.handleVPCs(mux)
	mux.HandleFunc("POST /open53/v1/explain", h.explain)
	h.mountLatencies(mux)
	h.mountHealth(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "NotFound", "no such path: "+r.Method+" "+r.URL.Path)
	})
	return mux
}

type handler struct{ Config }

// problem is the error document.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func fail(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, map[string]problem{"error": {code, message}})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone is nobody to tell
}

// failed answers with an error of the layers below: those that name a code and
// a status are the client's, the rest is ours and goes to the log.
func (h *handler) failed(w http.ResponseWriter, r *http.Request, err error) {
	var known interface {
		Code() string
		Status() int
		ErrorMessage() string
	}
	switch {
	case errors.As(err, &known):
		fail(w, known.Status(), known.Code(), known.ErrorMessage())
	case errors.Is(err, store.ErrCompacted):
		fail(w, http.StatusGone, "Compacted", "the log no longer reaches back that far")
	case errors.Is(err, store.ErrTooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "the change is larger than one event can be")
	default:
		h.Log.Error("request failed", "path", r.URL.Path, "request_id", access.RequestIDFrom(r.Context()), "error", err)
		fail(w, http.StatusInternalServerError, "InternalFailure", "an internal error; the server's log has request "+access.RequestIDFrom(r.Context()))
	}
}

func (h *handler) openapi(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openapi)
}

func (h *handler) status(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"version": h.Version, "commit": h.Commit,
		"position": h.Store.Position(), "served": h.Served(), "zones": h.ZoneCount(),
		"uptime_seconds": int64(time.Since(h.Started).Seconds()),
	})
}

// number reads a query parameter; def if it is not there.
func number(r *http.Request, name string, def uint64) (uint64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New(name + " is not a number")
	}
	return n, nil
}

// decode reads a JSON body strictly.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return d.Decode(v)
}
