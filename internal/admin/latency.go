package admin

import (
	"context"
	"net/http"
	"net/netip"

	"open53/internal/geo"
)

// Latencies are measured latencies from networks to regions; see
// route53.Service.
type Latencies interface {
	Latencies(ctx context.Context, source, next string, limit int) ([]geo.Measurements, string, error)
	SetLatencies(ctx context.Context, source string, rows []geo.Latency) (changeID string, err error)
	ChangeLatencies(ctx context.Context, source string, put, remove []geo.Latency) (changeID string, err error)
}

// DefaultLatencySource is the source of measurements that name none.
const DefaultLatencySource = "default"

// LatencyRow is a latency as the API has it: one of Prefix, ASN and Country.
type LatencyRow struct {
	Source  string `json:"source,omitempty"` // in lists
	Prefix  string `json:"prefix,omitempty"`
	ASN     uint32 `json:"asn,omitempty"`
	Country string `json:"country,omitempty"`
	Region  string `json:"region"`
	// Millis is the round trip in milliseconds; null, in changes, removes the
	// row.
	Millis *float32 `json:"ms"`
}

// LatencyRows is the body of PUT and PATCH.
type LatencyRows struct {
	Source string       `json:"source,omitempty"`
	Rows   []LatencyRow `json:"rows"`
}

func (h *handler) mountLatencies(mux *http.ServeMux) {
	mux.HandleFunc("GET /open53/v1/latency", h.latencies)
	mux.HandleFunc("PUT /open53/v1/latency", h.setLatencies)
	mux.HandleFunc("PATCH /open53/v1/latency", h.setLatencies)
}

func (h *handler) latencies(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", 1000)
	if err != nil || limit == 0 || limit > 1<<30 {
		fail(w, http.StatusBadRequest, "InvalidInput", "limit is not a number from 1 to 10000")
		return
	}
	query := r.URL.Query()
	found, next, err := h.Latencies.Latencies(r.Context(), query.Get("source"), query.Get("next"), int(limit))
	if err != nil {
		h.failed(w, r, err)
		return
	}
	rows := []LatencyRow{}
	for _, m := range found {
		for i := range m.Rows {
			l := &m.Rows[i]
			row := LatencyRow{Source: m.ID, ASN: l.ASN, Country: l.Country, Region: l.Region, Millis: &l.Millis}
			if l.Prefix.IsValid() {
				row.Prefix = l.Prefix.String()
			}
			rows = append(rows, row)
		}
	}
	reply(w, http.StatusOK, map[string]any{"rows": rows, "next": next})
}

// setLatencies replaces the rows of a source, or with PATCH some of them.
func (h *handler) setLatencies(w http.ResponseWriter, r *http.Request) {
	var in LatencyRows
	if err := decode(r, &in); err != nil || in.Rows == nil {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"source": "NAME", "rows": [{"prefix": "192.0.2.0/24", "region": "eu-west-1", "ms": 12.5}]}, or "asn" or "country" for "prefix"`)
		return
	}
	if in.Source == "" {
		in.Source = DefaultLatencySource
	}
	put, remove, problem := latenciesOf(in.Rows)
	if problem == "" && r.Method == http.MethodPut && len(remove) > 0 {
		problem = "a row without ms removes one, which only PATCH does"
	}
	if problem != "" {
		fail(w, http.StatusBadRequest, "InvalidInput", problem)
		return
	}
	var changeID string
	var err error
	if r.Method == http.MethodPut {
		changeID, err = h.Latencies.SetLatencies(r.Context(), in.Source, put)
	} else {
		changeID, err = h.Latencies.ChangeLatencies(r.Context(), in.Source, put, remove)
	}
	if err != nil {
		h.failed(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"change_id": changeID})
}

// latenciesOf reads rows; problem says what is wrong with one.
func latenciesOf(rows []LatencyRow) (put, remove []geo.Latency, problem string) {
	for _, row := range rows {
		l := geo.Latency{ASN: row.ASN, Country: row.Country, Region: row.Region}
		if row.Prefix != "" {
			p, err := netip.ParsePrefix(row.Prefix)
			if err != nil {
				return nil, nil, "the prefix " + row.Prefix + " is no network such as 192.0.2.0/24"
			}
			l.Prefix = p.Masked()
		}
		switch {
		case row.Source != "":
			return nil, nil, "rows have no source of their own: it stands beside them"
		case row.Millis == nil:
			remove = append(remove, l)
		default:
			l.Millis = *row.Millis
			put = append(put, l)
		}
	}
	return put, remove, ""
}
