package health

// AlarmID names an alarm of CloudWatch.
type AlarmID struct {
	Region string `cbor:"1,keyasint"`
	Name   string `cbor:"2,keyasint"`
}

// AlarmState is what an alarm says. The zero one is of an alarm that has not
// said anything, and counts as insufficient data.
type AlarmState string

// The states, as CloudWatch writes them.
const (
	AlarmOK        AlarmState = "OK"
	AlarmInAlarm   AlarmState = "ALARM"
	AlarmLacksData AlarmState = "INSUFFICIENT_DATA"
)

// What Settings.InsufficientData can be.
const (
	StatusHealthy   = "Healthy"
	StatusUnhealthy = "Unhealthy"
	LastKnownStatus = "LastKnownStatus"
)

// Healthy is what an alarm's state means for a check that says what to make of
// insufficient data, and that was healthy or not before.
func (a AlarmState) Healthy(insufficientData string, before bool) bool {
	switch a {
	case AlarmOK:
		return true
	case AlarmInAlarm:
		return false
	case AlarmLacksData:
	}
	switch insufficientData {
	case StatusHealthy:
		return true
	case StatusUnhealthy:
		return false
	}
	return before
}

// AlarmRule is how an alarm judges its metric.
type AlarmRule struct {
	EvaluationPeriods  int32       `cbor:"1,keyasint"`
	Threshold          float64     `cbor:"2,keyasint"`
	ComparisonOperator string      `cbor:"3,keyasint"`
	Period             int32       `cbor:"4,keyasint"` // seconds, from 60
	MetricName         string      `cbor:"5,keyasint"`
	Namespace          string      `cbor:"6,keyasint"`
	Statistic          string      `cbor:"7,keyasint"`
	Dimensions         []Dimension `cbor:"8,keyasint,omitempty"`
}

// Dimension tells metrics of one name apart.
type Dimension struct {
	Name  string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// RoutingControl is the document of a switch that RECOVERY_CONTROL checks
// follow.
type RoutingControl struct {
	ARN string `cbor:"1,keyasint"`
	On  bool   `cbor:"2,keyasint,omitempty"`
}
