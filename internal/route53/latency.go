package route53

import (
	"context"
	"strconv"
	"strings"

	"open53/internal/event"
	"open53/internal/geo"
	"open53/internal/store"
)

// Amazon measures latencies and tells nobody; here operators do, and keep them
// in the store: one entity for each source of measurements, so that what
// measures anew replaces its own rows and no others.

func latencyKey(source string) event.Key { return event.Key{Kind: event.KindLatency, ID: source} }

// maxLatencyPage is how many rows one page has at most.
const maxLatencyPage = 10000

// Latencies lists measured latencies by source, of one source or of all if
// source is empty: up to limit rows (1 to 10,000; 0 is 1,000), from where next
// says, which is empty for the first page, and for the last one when it is
// returned. Error: InvalidInput where the source has changed since the page
// before.
func (s *Service) Latencies(ctx context.Context, source, next string, limit int) (_ []geo.Measurements, _ string, err error) {
	defer s.fail(ctx, "Latencies", &err)
	if limit == 0 {
		limit = 1000
	}
	if limit < 0 || limit > maxLatencyPage {
		return nil, "", invalidInput("The limit must be 1 to " + strconv.Itoa(maxLatencyPage) + ".")
	}
	place, err := parseLatencyPlace(next)
	if err != nil {
		return nil, "", err
	}
	view := s.store.View()
	defer view.Close()
	page := []geo.Measurements{}
	for entry, err := range view.List(event.IndexID(event.KindLatency), []byte(source), []byte(max(source, place.source))) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, "", err
		}
		id := entry.Head.Key.ID
		if source != "" && id != source { // another one that begins with it
			continue
		}
		m, err := decodeMeasurements(entry.Head)
		if err != nil {
			return nil, "", err
		}
		rows, offset := m.Rows, 0
		if id == place.source {
			if entry.Head.Version != place.version || place.offset > len(rows) {
				return nil, "", invalidInput("The latencies of the source " + id + " have changed meanwhile: list them from the beginning.")
			}
			offset = place.offset
		}
		if limit == 0 {
			return page, latencyPlace{id, entry.Head.Version, offset}.String(), nil
		}
		if rows = rows[offset:]; len(rows) > limit {
			page = append(page, geo.Measurements{ID: id, Rows: rows[:limit]})
			return page, latencyPlace{id, entry.Head.Version, offset + limit}.String(), nil
		}
		page = append(page, geo.Measurements{ID: id, Rows: rows})
		limit -= len(rows)
	}
	return page, "", nil
}

// latencyPlace is where a list of latencies goes on.
type latencyPlace struct {
	source  string
	version uint64
	offset  int
}

func (p latencyPlace) String() string {
	return p.source + "/" + strconv.FormatUint(p.version, 10) + "/" + strconv.Itoa(p.offset)
}

func parseLatencyPlace(text string) (p latencyPlace, err error) {
	if text == "" {
		return p, nil
	}
	source, rest, _ := strings.Cut(text, "/") // names of sources have none
	version, offset, _ := strings.Cut(rest, "/")
	p.source = source
	p.version, err = strconv.ParseUint(version, 10, 64)
	if err == nil {
		p.offset, err = strconv.Atoi(offset)
	}
	if err != nil || p.offset < 0 || source == "" {
		return p, invalidInput("The place " + text + " is in no list of latencies.")
	}
	return p, nil
}

func decodeMeasurements(head store.Head) (*geo.Measurements, error) {
	m := &geo.Measurements{ID: head.Key.ID}
	if !head.Exists() {
		return m, nil
	}
	return m, event.DecodeDocument(head.Document, m)
}

// SetLatencies replaces all that a source has measured; no rows are the end of
// the source. It returns the id of the change, which is empty where there was
// nothing to do. Error: InvalidInput.
func (s *Service) SetLatencies(ctx context.Context, source string, rows []geo.Latency) (changeID string, err error) {
	defer s.fail(ctx, "SetLatencies", &err)
	return s.changeLatencies(ctx, "SetLatencies", source, rows, func(_ *geo.Measurements, checked []geo.Latency) []geo.Latency { return checked })
}

// ChangeLatencies puts rows into a source, in place of those from and to the
// same, and removes others, of which only from and to count. Error:
// InvalidInput.
func (s *Service) ChangeLatencies(ctx context.Context, source string, put, remove []geo.Latency) (changeID string, err error) {
	defer s.fail(ctx, "ChangeLatencies", &err)
	return s.changeLatencies(ctx, "ChangeLatencies", source, put, func(old *geo.Measurements, checked []geo.Latency) []geo.Latency {
		return old.Merge(checked, remove)
	})
}

// changeLatencies makes the rows of a source what after says, given those that
// it has and the new ones.
func (s *Service) changeLatencies(
	ctx context.Context, operation, source string, put []geo.Latency, after func(old *geo.Measurements, checked []geo.Latency) []geo.Latency,
) (string, error) {
	checked, err := geo.NewMeasurements(source, put, s.regionExists)
	if err != nil {
		return "", invalidInput("Invalid latencies: " + err.Error())
	}
	key := latencyKey(source)
	done := true
	info, err := s.commit(ctx, change{operation: operation, keys: []event.Key{key}, decide: func(t *tx) error {
		head, err := t.head(key)
		if err != nil {
			return err
		}
		old, err := decodeMeasurements(head)
		if err != nil {
			return err
		}
		// Old rows may be of regions that are no longer configured.
		changed, err := geo.NewMeasurements(source, after(old, checked.Rows), func(string) bool { return true })
		if err != nil {
			return invalidInput("Invalid latencies: " + err.Error())
		}
		if len(changed.Rows) > 0 {
			return t.put(head, changed)
		}
		if done = head.Exists(); done {
			t.remove(head)
		}
		return nil
	}})
	if err != nil || !done {
		return "", err
	}
	return "/change/" + info.id, nil
}

// regionExists tells whether a latency can be measured to a region.
func (s *Service) regionExists(name string) bool {
	if _, amazon := geo.FindRegion(name); amazon {
		return true
	}
	return s.cfg.Regions != nil && s.cfg.Regions(name)
}
