// Package report turns measurements into what people read: medians,
// percentiles, Markdown tables, and what machine they are from.
package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Table is a Markdown table. The first column is text and stands left; the
// others are numbers and stand right, unless Text says that they are text too.
type Table struct {
	Header []string
	Rows   [][]string
	Text   bool
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteTo writes the table so that it is also legible as text.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	widths := make([]int, len(t.Header))
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		for i, cell := range row[:min(len(row), len(widths))] {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	line := func(cells []string) {
		for i, width := range widths {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
			if i == 0 || t.Text {
				b.WriteString("| " + cell + pad + " ")
			} else {
				b.WriteString("| " + pad + cell + " ")
			}
		}
		b.WriteString("|\n")
	}
	line(t.Header)
	for i, width := range widths {
		if i == 0 || t.Text {
			b.WriteString("| " + strings.Repeat("-", width) + " ")
		} else {
			b.WriteString("| " + strings.Repeat("-", width-1) + ": ")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.Rows {
		line(row)
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// Median is the middle value; of an even number, the mean of the two in the
// middle. It is 0 if there is none.
func Median[T ~int | ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Percentile is the smallest value that share (0 to 1) of all do not exceed,
// and the largest for 1. values must be sorted. It is 0 if there is none.
func Percentile[T cmp.Ordered](values []T, share float64) T {
	if len(values) == 0 {
		var zero T
		return zero
	}
	rank := int(share*float64(len(values))+0.999999) - 1
	return values[max(0, min(rank, len(values)-1))]
}

// Millis is a time in milliseconds with two decimals.
func Millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

// Seconds is a time in seconds with two decimals.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

// Micros is a time in microseconds with two decimals.
func Micros(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1e6) }

// MiB is a size in mebibytes, without decimals from 10 on.
func MiB(bytes int64) string {
	size := float64(bytes) / (1 << 20)
	if size < 9.95 {
		return fmt.Sprintf("%.1f", size)
	}
	return fmt.Sprintf("%.0f", size)
}

// Count is a number with a comma before each three digits.
func Count[T ~int | ~int64 | ~float64](n T) string {
	digits := fmt.Sprintf("%.0f", float64(n))
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "-", rest
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Machine describes where the figures are from, in one line.
func Machine(ctx context.Context) string {
	parts := []string{field("/proc/cpuinfo", "model name"), fmt.Sprintf("%d cores", runtime.NumCPU())}
	if kB := strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"); kB != "" {
		var n int64
		if _, err := fmt.Sscan(kB, &n); err == nil {
			parts = append(parts, fmt.Sprintf("%.0f GiB", float64(n)/(1<<20)))
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		parts = append(parts, "Linux "+strings.TrimSpace(string(release)))
	}
	parts = append(parts, runtime.Version())
	if commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		parts = append(parts, "open53 "+strings.TrimSpace(string(commit)))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		if fields := strings.Fields(string(load)); len(fields) > 0 {
			parts = append(parts, "load before "+fields[0])
		}
	}
	return strings.Join(parts, ", ")
}

// field is the value of "name : value" in a file of /proc.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
