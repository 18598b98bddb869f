package admin

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"sort"
	"time"

	"open53/internal/store"
)

// Backup is the proof of a backup, as whoever read it back sends it.
type Backup struct {
	StoreID   string `json:"store_id"`
	Position  uint64 `json:"position"`   // of the last event in it
	LastEvent string `json:"last_event"` // its hash, in hexadecimal
	Digest    string `json:"digest"`     // SHA-256 of the backup, in hexadecimal
}

func (b *Backup) info() (info store.BackupInfo, err error) {
	info.StoreID, info.Position = b.StoreID, b.Position
	last, err1 := hex.DecodeString(b.LastEvent)
	digest, err2 := hex.DecodeString(b.Digest)
	if err := errors.Join(err1, err2); err != nil {
		return info, err
	}
	if copy(info.LastEvent[:], last) != len(info.LastEvent) || copy(info.Digest[:], digest) != len(info.Digest) {
		return info, errors.New("a hash has 64 hexadecimal digits")
	}
	return info, nil
}

// recordBackup notes that a backup was read back, so that what it holds may be
// dropped from the log.
func (h *handler) recordBackup(w http.ResponseWriter, r *http.Request) {
	var b Backup
	err := decode(r, &b)
	var info store.BackupInfo
	if err == nil {
		info, err = b.info()
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "InvalidInput", err.Error())
		return
	}
	if err := h.Store.RecordBackup(r.Context(), info); err != nil {
		fail(w, http.StatusConflict, "NotOfThisStore", err.Error())
		return
	}
	reply(w, http.StatusOK, map[string]uint64{"position": info.Position})
}

// compact drops the events before a time from the log.
func (h *handler) compact(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Before time.Time `json:"before"`
	}
	if err := decode(r, &in); err != nil || in.Before.IsZero() {
		fail(w, http.StatusBadRequest, "InvalidInput", `want {"before": TIME}, a time as in RFC 3339`)
		return
	}
	upTo, err := lastBefore(r.Context(), h.Store, in.Before.UnixMilli())
	if err == nil && upTo > 0 {
		_ = newPatient(w).control.SetWriteDeadline(time.Now().Add(time.Hour))
		err = h.Store.Compact(r.Context(), upTo)
	}
	switch {
	case errors.Is(err, store.ErrNoSnapshot):
		fail(w, http.StatusConflict, "NoBackup", "no verified backup holds these events: run open53 backup first")
	case err != nil:
		h.failed(w, r, err)
	default:
		reply(w, http.StatusOK, map[string]uint64{"dropped_up_to": upTo})
	}
}

// lastBefore is the position of the last event before a time in Unix
// milliseconds; 0 if there is none in the log. Events are in order of time, as
// far as the clock is.
func lastBefore(ctx context.Context, s store.Store, before int64) (uint64, error) {
	first, err := firstKept(ctx, s)
	if err != nil || first == 0 {
		return 0, err
	}
	n := sort.Search(int(s.Position()-first+1), func(i int) bool {
		record, readErr := recordAt(ctx, s, first+uint64(i))
		if readErr != nil {
			err = readErr
			return true
		}
		return record.Event.Time >= before
	})
	if err != nil || n == 0 {
		return 0, err
	}
	return first + uint64(n) - 1, nil
}

// firstKept is the position of the oldest event in the log; 0 in an empty one.
func firstKept(ctx context.Context, s store.Store) (uint64, error) {
	var err error
	last := s.Position()
	n := sort.Search(int(last), func(i int) bool {
		_, readErr := recordAt(ctx, s, uint64(i)+1)
		if readErr != nil && !errors.Is(readErr, store.ErrCompacted) {
			err = readErr
		}
		return readErr == nil
	})
	if err != nil || uint64(n) == last {
		return 0, err
	}
	return uint64(n) + 1, nil
}

func recordAt(ctx context.Context, s store.Store, position uint64) (store.Record, error) {
	for record, err := range s.Tail(ctx, position) {
		return record, err
	}
	return store.Record{}, ctx.Err()
}
