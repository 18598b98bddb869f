package health

import "time"

// Status is what was last known of a check: the document of its own entity,
// which outlives a restart. The zero one with the check's id and Measured set
// is that of a new check.
type Status struct {
	ID string `cbor:"1,keyasint"`
	// Healthy is what was published last; of a new check see NewStatus.
	Healthy bool `cbor:"2,keyasint,omitempty"`
	// Measured is what results, children, alarm or switch say, before Disabled
	// and Inverted.
	Measured bool `cbor:"3,keyasint,omitempty"`
	// Against is how many consecutive results contradict Measured.
	Against int32 `cbor:"4,keyasint,omitempty"`
	Since   int64 `cbor:"5,keyasint,omitempty"` // Healthy changed; Unix milliseconds, 0 is never
	// Last and LastFailure are as they were when the document was written,
	// which is when something else in it changed.
	Last        Observation `cbor:"6,keyasint,omitzero"`
	LastFailure Observation `cbor:"7,keyasint,omitzero"`
	Alarm       AlarmState  `cbor:"8,keyasint,omitempty"`
	Cause       string      `cbor:"9,keyasint,omitempty"` // of the last change of Healthy
}

// Observation is one result of one checker.
type Observation struct {
	Time    int64  `cbor:"1,keyasint,omitempty"` // Unix milliseconds; 0 is no observation
	Success bool   `cbor:"2,keyasint,omitempty"`
	Text    string `cbor:"3,keyasint,omitempty"` // begins with "Success: " or "Failure: "
	Checker string `cbor:"4,keyasint,omitempty"` // address that the probe came from
}

// At is when it was made.
func (o Observation) At() time.Time { return time.UnixMilli(o.Time) }

// NewStatus is that of a check that nothing is known of: it counts as healthy.
func NewStatus(c *Check) Status {
	return Status{ID: c.ID, Measured: true, Healthy: c.Settings.Publish(true)}
}

// Observe counts one result against the threshold, which is a number of
// consecutive results in either direction. It reports whether Measured
// changed.
func (s *Status) Observe(success bool, threshold int32) (changed bool) {
	if success == s.Measured {
		s.Against = 0
		return false
	}
	s.Against++
	if s.Against < max(threshold, 1) {
		return false
	}
	s.Measured, s.Against = success, 0
	return true
}

// SameState reports whether two statuses differ in nothing that a restart must
// not forget.
func (s *Status) SameState(stored *Status) bool {
	return s.Healthy == stored.Healthy && s.Measured == stored.Measured && s.Against == stored.Against &&
		s.Since == stored.Since && s.Alarm == stored.Alarm
}

// Flip is one change of a published status.
type Flip struct {
	CheckID string
	Time    time.Time
	Healthy bool
	Cause   string
}

// Measurement is one result with its times, for whoever keeps time series.
type Measurement struct {
	CheckID string
	Type    Type
	Time    time.Time
	Healthy bool // what the check publishes after it
	// Probed: Success and the times below are of a probe; they are not where
	// the check has none (calculated, alarm, switch, disabled).
	Probed  bool
	Success bool
	// Latency: the user asked for times to be kept (MeasureLatency).
	Latency bool
	// Times; 0 is not measured. DNS is the lookup, Connect until TCP was
	// connected, TLS the handshake, FirstByte from the end of the request to
	// the first byte of the response.
	DNS, Connect, TLS, FirstByte time.Duration
	// Children and HealthyChildren are of calculated checks.
	Children, HealthyChildren int
}
