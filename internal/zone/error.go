package zone

import (
	"slices"
	"strings"
)

// BatchError is every fault of a change batch, in the order of its changes.
// Nothing of such a batch is applied.
type BatchError struct {
	// Code is InvalidInput (a change has the wrong shape, whatever the zone
	// holds), NoSuchHealthCheck, or InvalidChangeBatch. Where a batch has
	// faults of several codes, the first in this order wins and only its
	// faults are told, as the others may be consequences.
	Code     string
	Messages []string
}

// The codes of a BatchError.
const (
	CodeInvalidInput       = "InvalidInput"
	CodeNoSuchHealthCheck  = "NoSuchHealthCheck"
	CodeInvalidChangeBatch = "InvalidChangeBatch"
)

// Error is the code and the message.
func (e *BatchError) Error() string { return e.Code + ": " + e.Message() }

// Message is the text of the API's error document: Route 53 puts the faults
// of InvalidChangeBatch into brackets, those of the other codes not.
func (e *BatchError) Message() string {
	joined := strings.Join(e.Messages, ", ")
	if e.Code == CodeInvalidChangeBatch {
		return "[" + joined + "]"
	}
	return joined
}

// Error is a broken rule of a hosted zone: of its name, tags or VPCs.
type Error struct {
	Code    string // an error code of the Route 53 API, e.g. LastVPCAssociation
	Message string
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// severity orders the codes of BatchError.
type severity uint8

const (
	faultBatch severity = iota
	faultHealthCheck
	faultInput
)

// fault is one message, with the change it is about.
type fault struct {
	change   int
	severity severity
	text     string
}

// faults collects what is wrong with a batch.
type faults []fault

func (f *faults) add(change int, s severity, text string) {
	*f = append(*f, fault{change: change, severity: s, text: text})
}

// err is nil, or the *BatchError of the gravest faults.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	worst := slices.MaxFunc(f, func(a, b fault) int { return int(a.severity) - int(b.severity) }).severity
	e := &BatchError{Code: CodeInvalidChangeBatch}
	switch worst {
	case faultInput:
		e.Code = CodeInvalidInput
	case faultHealthCheck:
		e.Code = CodeNoSuchHealthCheck
	case faultBatch:
	}
	// Some faults are found only at the end of the batch; they still stand at
	// the place of the change that is to blame.
	sorted := slices.Clone(f)
	slices.SortStableFunc(sorted, func(a, b fault) int { return a.change - b.change })
	for _, one := range sorted {
		if one.severity == worst {
			e.Messages = append(e.Messages, one.text)
		}
	}
	return e
}
