package report

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	table := Table{Header: []string{"server", "µs"}}
	table.Add("echo", "1.80")
	table.Add("a", "12.34", "cut")
	table.Add("short")
	var b strings.Builder
	if _, err := table.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	const want = `| server |    µs |
| ------ | ----: |
| echo   |  1.80 |
| a      | 12.34 |
| short  |       |
`
	if b.String() != want {
		t.Errorf("got:\n%s", b.String())
	}
	table.Text = true
	b.Reset()
	_, _ = table.WriteTo(&b)
	if got, want := strings.SplitN(b.String(), "\n", 4)[2], "| echo   | 1.80  |"; got != want {
		t.Errorf("as text: %s, want %s", got, want)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := Median(test.values); got != test.want {
			t.Errorf("%v: %v", test.values, got)
		}
	}
}

func TestPercentile(t *testing.T) {
	values := make([]int, 1000)
	for i := range values {
		values[i] = i + 1
	}
	for _, test := range []struct {
		share float64
		want  int
	}{{0, 1}, {0.5, 500}, {0.99, 990}, {0.999, 999}, {0.9999, 1000}, {1, 1000}} {
		if got := Percentile(values, test.share); got != test.want {
			t.Errorf("%v: %d, want %d", test.share, got, test.want)
		}
	}
	if got := Percentile([]int{7}, 0.999); got != 7 {
		t.Errorf("of one: %d", got)
	}
	if got := Percentile([]int(nil), 0.5); got != 0 {
		t.Errorf("of none: %d", got)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		Count(0): "0", Count(999): "999", Count(1000): "1,000", Count(1234567.6): "1,234,568", Count(-1000): "-1,000", Count(100): "100",
		MiB(3 << 19): "1.5", MiB(166 << 20): "166", Micros(2534 * time.Nanosecond): "2.53", Millis(1500 * time.Microsecond): "1.50", Seconds(1500 * time.Millisecond): "1.50",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
