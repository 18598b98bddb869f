package route53

import (
	"context"
	"time"

	api "open53/internal/route53api"
)

// changeInfo is what clients learn about a change.
type changeInfo struct {
	id      string
	time    int64 // Unix milliseconds
	comment string
}

// pending is the ChangeInfo of a change that has just been made. As with
// Amazon, it is never INSYNC yet.
func (c changeInfo) pending() api.ChangeInfo { return c.info(api.ChangeStatusPending) }

func (c changeInfo) info(status api.ChangeStatus) api.ChangeInfo {
	return api.ChangeInfo{
		Id: "/change/" + c.id, Status: status, SubmittedAt: time.UnixMilli(c.time).UTC(), Comment: optional(c.comment),
	}
}

// GetChange tells whether DNS answers show a change. INSYNC follows from the
// positions alone, so it is true again after a restart.
func (s *Service) GetChange(ctx context.Context, in *api.GetChangeInput) (_ *api.GetChangeOutput, err error) {
	defer s.fail(ctx, "GetChange", &err)
	view := s.store.View()
	defer view.Close()
	record, found, err := view.Lookup(in.Id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &api.NoSuchChange{Message: "Could not find resource with ID: " + in.Id}
	}
	info := changeInfo{id: in.Id, time: record.Time, comment: record.Comment}
	status := api.ChangeStatusPending
	if s.cfg.Served == nil || s.cfg.Served() >= record.Position {
		status = api.ChangeStatusInsync
	}
	return &api.GetChangeOutput{ChangeInfo: info.info(status)}, nil
}
