package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"open53/internal/health"
)

// Health shows health checks, and switches routing controls.
type Health interface {
	// List is up to limit checks by id, behind after; more says that others
	// follow. status is "healthy", "unhealthy", "disabled" or empty for all.
	List(after string, limit int, status string) (list []HealthState, more bool)
	// Show is one check with its last changes, the newest first; nil if there
	// is none of the id.
	Show(ctx context.Context, id string) (*HealthState, []health.Flip, error)
	// Watch is the changes from now on. It closes when ctx ends, when the
	// server stops, or when it is read too slowly.
	Watch(ctx context.Context) <-chan health.Flip

	RoutingControls(ctx context.Context) ([]health.RoutingControl, error)
	SetRoutingControl(ctx context.Context, arn string, on bool) error
}

// HealthState is a check with what is known of it.
type HealthState struct {
	Check                     *health.Check
	Status                    health.Status
	Due                       time.Time // of the next probe; zero if there is none
	Children, HealthyChildren int       // of calculated checks
}

const (
	maxHealthPage = 1000
	// watchBeat is how often a silent stream says that it is there.
	watchBeat = 30 * time.Second
)

func (h *handler) mountHealth(mux *http.ServeMux) {
	if h.Health == nil {
		return
	}
	mux.HandleFunc("GET /open53/v1/health", h.listHealth)
	mux.HandleFunc("GET /open53/v1/health/watch", h.watchHealth)
	mux.HandleFunc("GET /open53/v1/health/{id}", h.showHealth)
	mux.HandleFunc("GET /open53/v1/recovery-controls", h.listControls)
	mux.HandleFunc("GET /open53/v1/recovery-controls/{arn...}", h.showControl)
	mux.HandleFunc("POST /open53/v1/recovery-controls/{arn...}", h.setControl)
}

// healthBody is a HealthState in JSON.
type healthBody struct {
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	Type             health.Type `json:"type"`
	Endpoint         string      `json:"endpoint"`
	Healthy          bool        `json:"healthy"`
	Disabled         bool        `json:"disabled"`
	Inverted         bool        `json:"inverted"`
	Since            *string     `json:"since"`
	Cause            string      `json:"cause"`
	Against          int32       `json:"against"`
	FailureThreshold int32       `json:"failure_threshold"`
	Interval         int32       `json:"interval"`
	NextProbe        *string     `json:"next_probe"`
	Last             *resultBody `json:"last"`
	LastFailure      *resultBody `json:"last_failure"`
	Children         int         `json:"children"`
	HealthyChildren  int         `json:"healthy_children"`
	AlarmState       string      `json:"alarm_state"`
	History          []flipBody  `json:"history,omitempty"`
}

type resultBody struct {
	Time    string `json:"time"`
	Success bool   `json:"success"`
	Text    string `json:"text"`
	Checker string `json:"checker"`
}

type flipBody struct {
	Time    string `json:"time"`
	ID      string `json:"id"`
	Healthy bool   `json:"healthy"`
	Cause   string `json:"cause"`
}

func bodyOf(s *HealthState) healthBody {
	settings := &s.Check.Settings
	b := healthBody{
		ID: s.Check.ID, Type: settings.Type, Endpoint: settings.Endpoint(), Healthy: s.Status.Healthy,
		Disabled: settings.Disabled, Inverted: settings.Inverted, Cause: s.Status.Cause, Against: s.Status.Against,
		FailureThreshold: settings.FailureThreshold, Interval: settings.Interval,
		Last: resultOf(s.Status.Last), LastFailure: resultOf(s.Status.LastFailure),
		Children: s.Children, HealthyChildren: s.HealthyChildren, AlarmState: string(s.Status.Alarm),
	}
	for _, tag := range s.Check.Tags {
		if tag.Key == "Name" {
			b.Name = tag.Value
		}
	}
	if s.Status.Since != 0 {
		b.Since = timeText(time.UnixMilli(s.Status.Since))
	}
	if !s.Due.IsZero() {
		b.NextProbe = timeText(s.Due)
	}
	return b
}

func timeText(t time.Time) *string { return new(t.UTC().Format(timeFormat)) }

func resultOf(o health.Observation) *resultBody {
	if o.Time == 0 {
		return nil
	}
	return &resultBody{Time: *timeText(o.At()), Success: o.Success, Text: o.Text, Checker: o.Checker}
}

func flipOf(f health.Flip) flipBody {
	return flipBody{Time: *timeText(f.Time), ID: f.CheckID, Healthy: f.Healthy, Cause: f.Cause}
}

func (h *handler) listHealth(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", 100)
	if err != nil || limit == 0 {
		fail(w, http.StatusBadRequest, "InvalidInput", "limit is not a number from 1 to 1000")
		return
	}
	status := r.URL.Query().Get("status")
	switch status {
	case "", "healthy", "unhealthy", "disabled":
	default:
		fail(w, http.StatusBadRequest, "InvalidInput", "status is none of healthy, unhealthy, disabled")
		return
	}
	list, more := h.Health.List(r.URL.Query().Get("after"), int(min(limit, maxHealthPage)), status)
	checks := make([]healthBody, len(list))
	for i := range list {
		checks[i] = bodyOf(&list[i])
	}
	next := ""
	if more {
		next = checks[len(checks)-1].ID
	}
	reply(w, http.StatusOK, map[string]any{"checks": checks, "next": next})
}

func (h *handler) showHealth(w http.ResponseWriter, r *http.Request) {
	state, flips, err := h.Health.Show(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		h.failed(w, r, err)
	case state == nil:
		fail(w, http.StatusNotFound, "NoSuchHealthCheck", "No health check exists with the specified ID "+r.PathValue("id"))
	default:
		body := bodyOf(state)
		for _, f := range flips {
			body.History = append(body.History, flipOf(f))
		}
		reply(w, http.StatusOK, body)
	}
}

// watchHealth streams changes until the client goes or the server stops.
func (h *handler) watchHealth(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := newPatient(w)
	encoder := json.NewEncoder(out)
	flips := h.Health.Watch(r.Context())
	beat := time.NewTicker(watchBeat)
	defer beat.Stop()
	for {
		if out.control.Flush() != nil {
			return
		}
		var err error
		select {
		case f, open := <-flips:
			if !open {
				return
			}
			err = encoder.Encode(flipOf(f))
		case <-beat.C:
			_, err = out.Write([]byte("\n"))
		}
		if err != nil {
			return
		}
	}
}

// controlBody is a routing control in JSON.
type controlBody struct {
	ARN   string `json:"arn"`
	State string `json:"state"`
}

func controlOf(arn string, on bool) controlBody {
	if on {
		return controlBody{arn, "On"}
	}
	return controlBody{arn, "Off"}
}

func (h *handler) listControls(w http.ResponseWriter, r *http.Request) {
	controls, err := h.Health.RoutingControls(r.Context())
	if err != nil {
		h.failed(w, r, err)
		return
	}
	list := make([]controlBody, len(controls))
	for i, c := range controls {
		list[i] = controlOf(c.ARN, c.On)
	}
	reply(w, http.StatusOK, map[string]any{"recovery_controls": list})
}

func (h *handler) showControl(w http.ResponseWriter, r *http.Request) {
	controls, err := h.Health.RoutingControls(r.Context())
	if err != nil {
		h.failed(w, r, err)
		return
	}
	arn, on := r.PathValue("arn"), false
	for _, c := range controls {
		on = on || c.ARN == arn && c.On
	}
	reply(w, http.StatusOK, controlOf(arn, on))
}

func (h *handler) setControl(w http.ResponseWriter, r *http.Request) {
	var in struct {
		State string `json:"state"`
	}
	on := false
	if err := decode(r, &in); err == nil {
		on = strings.EqualFold(in.State, "On")
	}
	if !on && !strings.EqualFold(in.State, "Off") {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"state": "On"} or "Off"`)
		return
	}
	arn := r.PathValue("arn")
	if err := h.Health.SetRoutingControl(r.Context(), arn, on); err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, controlOf(arn, on))
}
