package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// streamTime bounds how long a stream may take to send one piece: the server's
// write timeout is for small answers.
const streamTime = time.Minute

// patient pushes the deadline of the connection ahead with every write.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) patient {
	return patient{w: w, control: http.NewResponseController(w)}
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(streamTime))
	return p.w.Write(b)
}

// backup streams a backup. It ends with its own digest, so that one that was
// cut off is told from a whole one.
func (h *handler) backup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Open53-Position", strconv.FormatUint(h.Store.Position(), 10))
	if err := h.Store.Backup(r.Context(), newPatient(w)); err != nil {
		h.Log.Error("backup ended early", "error", err)
		panic(http.ErrAbortHandler) // cut the connection: the client must not take it for whole
	}
}

// verify recomputes the whole store and streams how far it is.
func (h *handler) verify(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := newPatient(w)
	encoder := json.NewEncoder(out)
	last := time.Now()
	report, err := h.Store.Verify(r.Context(), func(done, total uint64) {
		if now := time.Now(); now.Sub(last) > 200*time.Millisecond {
			last = now
			_ = encoder.Encode(map[string]uint64{"done": done, "total": total})
			_ = out.control.Flush()
		}
	})
	if err != nil {
		h.Log.Error("verification failed", "error", err)
		_ = encoder.Encode(map[string]problem{"error": {"InternalFailure", err.Error()}})
		return
	}
	faults := report.Faults
	if faults == nil {
		faults = []string{}
	}
	_ = encoder.Encode(map[string]any{"report": map[string]any{
		"events": report.Events, "entities": report.Entities, "rrsets": report.RRsets, "faults": faults,
	}})
}
