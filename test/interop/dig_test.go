package interop

import "testing"

// TestDig runs the conversations in testdata/dig: what dig and kdig make of
// answers that are long, refused, asked for in odd ways.
func TestDig(t *testing.T) {
	need(t, "dig")
	need(t, "kdig")
	runConversations(t, "testdata/dig/*.txt")
}
