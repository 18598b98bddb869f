package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Busy is how long a processor of this machine ("0") has been at work since
// the machine started, for anybody: this machine's processes, its interrupts,
// or another machine that shares it. The kernel counts in steps of 10 ms, by
// looking at each clock tick, so that short times are inexact.
func Busy(processor string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(string(text), processor)
}

// parseBusy reads the line of a processor in /proc/stat (proc(5)).
func parseBusy(text, processor string) (time.Duration, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "cpu"+processor {
			continue
		}
		if len(fields) < 9 {
			return 0, errShort
		}
		var sum time.Duration
		for i, field := range fields[1:9] { // user nice system idle iowait irq softirq steal
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			if i != 3 && i != 4 {
				sum += time.Duration(ticks) * tick
			}
		}
		return sum, nil
	}
	return 0, fmt.Errorf("/proc/stat has no processor %s", processor)
}
