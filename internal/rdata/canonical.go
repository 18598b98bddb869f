package rdata

import (
	"bytes"
	"iter"
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

// canonicalKeys maps each value to bytes that two values share when they are
// the same data. Text that is no value is its own key.
func canonicalKeys(t Type, values []string) [][]byte {
	size := 0
	for _, v := range values {
		size += 3 + len(v)
	}
	buf := make([]byte, 0, size)
	keys := make([][]byte, len(values))
	for i, text := range values {
		start := len(buf)
		wire, err := AppendValue(append(buf, 'v'), t, text)
		if err != nil {
			wire = append(append(buf, 't'), text...)
		} else {
			key := wire[start+1:]
			copy(key, CanonicalValue(t, key))
		}
		buf = wire
		keys[i] = wire[start:]
	}
	return keys
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
	x, y := canonicalKeys(t, a), canonicalKeys(t, b)
	slices.SortFunc(x, bytes.Compare)
	slices.SortFunc(y, bytes.Compare)
	return slices.EqualFunc(x, y, bytes.Equal)
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

func duplicates(t Type, values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if len(values) < 2 {
			return
		}
		seen := make(map[string]struct{}, len(values))
		for i, key := range canonicalKeys(t, values) {
			if _, found := seen[string(key)]; found && !yield(values[i]) {
				return
			}
			seen[string(key)] = struct{}{}
		}
	}
}
