package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"open53/internal/cloudwatch/wire"
	"open53/internal/store"
)

// historyAge is how long the history of an alarm is shown: as long as Amazon does.
const historyAge = 30 * 24 * time.Hour

// Kinds of history items.
const (
	itemConfiguration = "ConfigurationUpdate"
	itemState         = "StateUpdate"
)

// describeAlarmHistory tells what the events of alarms say. The alarms that
// were deleted have none, unless they are asked for by name.
func (s *Service) describeAlarmHistory(_ context.Context, c *call, in *describeAlarmHistoryInput) (any, error) {
	skip, err := parsePosition(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeAlarmHistoryOutput{}
	if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, "MetricAlarm") {
		return out, nil
	}
	keys := []alarmKey{{c.region, in.AlarmName}}
	if in.AlarmName == "" {
		keys = nil
		for a, err := range s.list(c.region, "", "") {
			if err != nil {
				return nil, err
			}
			keys = append(keys, a.key())
		}
	}
	var items []alarmHistoryItem
	for _, key := range keys {
		of, err := s.history(key, in)
		if err != nil {
			return nil, err
		}
		items = append(items, of...)
	}
	slices.SortStableFunc(items, func(a, b alarmHistoryItem) int { return a.Timestamp.Compare(b.Timestamp.Time) })
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(items)
	}
	room := alarmsPage
	if in.MaxRecords != nil {
		room = int(*in.MaxRecords)
	}
	items = items[min(skip, len(items)):]
	if len(items) > room {
		items = items[:room]
		out.NextToken = positionToken(skip + room)
	}
	out.AlarmHistoryItems = items
	return out, nil
}

// history is the items of one alarm, in order of time.
func (s *Service) history(key alarmKey, in *describeAlarmHistoryInput) ([]alarmHistoryItem, error) {
	view := s.config.Store.View()
	defer view.Close()
	since := s.config.Now().Add(-historyAge)
	var items []alarmHistoryItem
	var before *Alarm
	for record, err := range view.History(key.entity(), 1) {
		if errors.Is(err, store.ErrCompacted) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		e := record.Event
		var after *Alarm
		if !e.Deleted {
			if after, err = decodeAlarm(e.Document); err != nil {
				return nil, fmt.Errorf("read history: %w", err)
			}
		}
		at := time.UnixMilli(e.Time)
		item, ok := historyItem(key.name, before, after)
		before = after
		if !ok || at.Before(since) || in.HistoryItemType != "" && item.HistoryItemType != in.HistoryItemType ||
			in.StartDate != nil && at.Before(in.StartDate.Time) || in.EndDate != nil && at.After(in.EndDate.Time) {
			continue
		}
		item.Timestamp = wire.UnixTimestamp(e.Time)
		items = append(items, item)
	}
	return items, nil
}

// historyItem tells what led from one document to the next; false if it is
// nothing that CloudWatch speaks of.
func historyItem(name string, before, after *Alarm) (alarmHistoryItem, bool) {
	item := alarmHistoryItem{AlarmName: name, AlarmType: "MetricAlarm", HistoryItemType: itemConfiguration}
	data := map[string]any{"version": "1.0"}
	switch {
	case before == nil && after == nil:
		return item, false
	case before == nil:
		item.HistorySummary, data["type"] = fmt.Sprintf("Alarm %q created", name), "Create"
	case after == nil:
		item.HistorySummary, data["type"] = fmt.Sprintf("Alarm %q deleted", name), "Delete"
	case before.State != after.State:
		item.HistoryItemType = itemState
		item.HistorySummary = fmt.Sprintf("Alarm updated from %s to %s", before.State, after.State)
		data["oldState"] = map[string]any{"stateValue": before.State, "stateReason": before.Reason}
		data["newState"] = map[string]any{"stateValue": after.State, "stateReason": after.Reason}
	case before.Updated != after.Updated:
		item.HistorySummary, data["type"] = fmt.Sprintf("Alarm %q updated", name), "Update"
	default:
		return item, false
	}
	b, err := json.Marshal(data)
	if err != nil {
		return item, false
	}
	item.HistoryData = string(b)
	item.HistorySummary = item.HistorySummary[:min(len(item.HistorySummary), 255)]
	return item, true
}
