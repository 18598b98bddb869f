package cloudwatch

import (
	"fmt"
	"strings"

	"open53/internal/event"
)

// State is the state of an alarm.
type State string

// The states.
const (
	OK               State = "OK"
	Alarming         State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// Alarm is the document of an alarm. Once it is in the Service it is not
// changed but replaced. The cbor keys are part of the store's format.
type Alarm struct {
	ID     string `cbor:"1,keyasint"` // REGION/NAME
	Region string `cbor:"2,keyasint"`
	Name   string `cbor:"3,keyasint"`

	Description             string   `cbor:"4,keyasint,omitempty"`
	ActionsDisabled         bool     `cbor:"5,keyasint,omitempty"`
	OKActions               []string `cbor:"6,keyasint,omitempty"`
	AlarmActions            []string `cbor:"7,keyasint,omitempty"`
	InsufficientDataActions []string `cbor:"8,keyasint,omitempty"`

	Namespace  string           `cbor:"9,keyasint"`
	Metric     string           `cbor:"10,keyasint"`
	Dimensions []AlarmDimension `cbor:"11,keyasint,omitempty"`
	Unit       string           `cbor:"12,keyasint,omitempty"` // empty: any
	// Statistic is one of the five, or a percentile.
	Statistic string `cbor:"13,keyasint"`
	Period    int64  `cbor:"14,keyasint"` // seconds
	// EvaluationPeriods is N, DatapointsToAlarm M (0: N) of "M out of N".
	EvaluationPeriods int64   `cbor:"15,keyasint"`
	DatapointsToAlarm int64   `cbor:"16,keyasint,omitempty"`
	Threshold         float64 `cbor:"17,keyasint"`
	Comparison        string  `cbor:"18,keyasint"`
	TreatMissingData  string  `cbor:"19,keyasint,omitempty"` // empty: missing
	LowSampleCount    string  `cbor:"20,keyasint,omitempty"` // empty: evaluate

	Tags    []AlarmTag `cbor:"21,keyasint,omitempty"`
	Updated int64      `cbor:"22,keyasint"` // of the settings, Unix milliseconds

	State             State  `cbor:"23,keyasint"`
	Reason            string `cbor:"24,keyasint"`
	ReasonData        string `cbor:"25,keyasint,omitempty"`
	StateUpdated      int64  `cbor:"26,keyasint"` // Unix milliseconds
	StateTransitioned int64  `cbor:"27,keyasint"`
	// Evaluated is what the metric was last evaluated to. State differs from
	// it after SetAlarmState.
	Evaluated State `cbor:"28,keyasint"`
}

// AlarmDimension is a dimension of the metric.
type AlarmDimension struct {
	Name  string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// AlarmTag is a tag of an alarm.
type AlarmTag struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint,omitempty"`
}

func decodeAlarm(document []byte) (*Alarm, error) {
	a := new(Alarm)
	if err := event.DecodeDocument(document, a); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Alarm) key() alarmKey { return alarmKey{a.Region, a.Name} }

// id is how the store calls an alarm.
func (k alarmKey) id() string { return k.region + "/" + k.name }

func (k alarmKey) entity() event.Key { return event.Key{Kind: event.KindAlarm, ID: k.id()} }

// pointsToAlarm is M of "M out of N".
func (a *Alarm) pointsToAlarm() int64 {
	if a.DatapointsToAlarm == 0 {
		return a.EvaluationPeriods
	}
	return a.DatapointsToAlarm
}

// actions are those of a state.
func (a *Alarm) actions(s State) []string {
	switch s {
	case OK:
		return a.OKActions
	case Alarming:
		return a.AlarmActions
	case InsufficientData:
	}
	return a.InsufficientDataActions
}

const arnMiddle = ":alarm:"

func (s *Service) arn(k alarmKey) string {
	return "arn:aws:cloudwatch:" + k.region + ":" + s.config.AccountID + arnMiddle + k.name
}

// keyOfARN reads the ARN of an alarm. The account must be this one.
func (s *Service) keyOfARN(arn string) (alarmKey, error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 7 || parts[0] != "arn" || parts[2] != "cloudwatch" || parts[4] != s.config.AccountID || parts[5]+":" != arnMiddle[1:] || parts[6] == "" {
		return alarmKey{}, fmt.Errorf("%q is not the ARN of an alarm", arn)
	}
	return alarmKey{parts[3], parts[6]}, nil
}
