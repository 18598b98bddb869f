package zonefile

import (
	"fmt"
	"slices"
	"strings"
)

// maxFaults is how many faults of a file are kept. The others are counted.
const maxFaults = 50

// Fault is something wrong at one place of a file.
type Fault struct {
	At  Position
	Msg string
}

// String is "file:line: message".
func (f Fault) String() string { return f.At.String() + ": " + f.Msg }

// Faults are all faults of a file, in the order of their places. It is the
// error of Read and Check.
type Faults struct {
	List  []Fault // at most 50
	Total int
}

// Error counts the faults and tells the first.
func (f *Faults) Error() string {
	if f.Total == 1 {
		return f.List[0].String()
	}
	return fmt.Sprintf("%d faults, the first: %s", f.Total, f.List[0])
}

func (f *Faults) add(at Position, format string, args ...any) {
	f.Total++
	if len(f.List) < maxFaults {
		f.List = append(f.List, Fault{at, fmt.Sprintf(format, args...)})
	}
}

// err is nil if nothing is wrong.
func (f *Faults) err() error {
	if f.Total == 0 {
		return nil
	}
	sortFaults(f.List)
	return f
}

func sortFaults(list []Fault) {
	slices.SortStableFunc(list, func(a, b Fault) int {
		if a.At.File != b.At.File {
			return strings.Compare(a.At.File, b.At.File)
		}
		return a.At.Line - b.At.Line
	})
}
