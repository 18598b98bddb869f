package rdata

import "fmt"

// ValueError says why a name or a value was refused, in Route 53's words.
type ValueError struct {
	Code        string // e.g. ARRDATAIllegalIPv4Address
	Explanation string // e.g. "Value is not a valid IPv4 address"
	Value       string // the text as it was given
}

// Error is the form that Route 53 puts into InvalidChangeBatch.
func (e *ValueError) Error() string {
	return fmt.Sprintf("FATAL problem: %s (%s) encountered with '%s'", e.Code, e.Explanation, e.Value)
}
