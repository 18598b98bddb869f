package rdata

import (
	"bytes"
	"slices"
)

// CanonicalValue is wire with the embedded names folded to lower case where
// the type asks for it (RFC 4034 §6.2 item 3, RFC 6840 §5.1). wire is not
// changed; it is returned itself where nothing is to fold. Malformed rdata is
// returned as it is.
func CanonicalValue(t Type, wire []byte) []byte {
	var folded []byte
	well := layouts[t].parts(wire, func(kind byte, start, end int) {
		if kind != 'n' || !slices.ContainsFunc(wire[start:end], isUpper) {
			return
		}
		if folded == nil {
			folded = bytes.Clone(wire)
		}
		lowerASCII(folded[start:end])
	})
	if !well || folded == nil {
		return wire
	}
	return folded
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// canonicalText is a key that two values share when they are the same data.
// Text that is no value is its own key.
func canonicalText(t Type, text string) string {
	var buf [512]byte
	wire, err := AppendValue(buf[:0], t, text)
	if err != nil {
		return "\x00" + text
	}
	return "\x01" + string(CanonicalValue(t, wire))
}

// EqualValues reports whether a and b hold the same values in any order, each
// as often. Values are compared in canonical form, so that case, blanks and
// ways of writing do not matter; text that is no value equals only itself.
func EqualValues(t Type, a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	if slices.Equal(a, b) {
		return true
	}
	return slices.Equal(sortedKeys(t, a), sortedKeys(t, b))
}

func sortedKeys(t Type, values []string) []string {
	keys := make([]string, len(values))
	for i, v := range values {
		keys[i] = canonicalText(t, v)
	}
	slices.Sort(keys)
	return keys
}

// Duplicate finds the first value that repeats an earlier one in canonical
// form, as it was written.
func Duplicate(t Type, values []string) (string, bool) {
	for v := range duplicates(t, values) {
		return v, true
	}
	return "", false
}

// Duplicates is every value that repeats an earlier one, in order.
func Duplicates(t Type, values []string) []string {
	return slices.Collect(duplicates(t, values))
}

func duplicates(t Type, values []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if len(values) < 2 {
			return
		}
		seen := make(map[string]struct{}, len(values))
		for _, v := range values {
			key := canonicalText(t, v)
			if _, found := seen[key]; found && !yield(v) {
				return
			}
			seen[key] = struct{}{}
		}
	}
}
