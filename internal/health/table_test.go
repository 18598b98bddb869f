package health

import (
	"fmt"
	"testing"
)

// TestTable: a number is for one id, a check that nobody measured is healthy,
// and a status is seen at its number alone.
func TestTable(t *testing.T) {
	table := NewTable()
	numbers := map[uint32]string{}
	for i := range chunk + 2 {
		id := fmt.Sprintf("check-%d", i)
		n, err := table.Number(id)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := numbers[n]; taken {
			t.Fatalf("%s and %s have number %d", id, other, n)
		}
		numbers[n] = id
		if !table.Healthy(n) {
			t.Fatalf("%s is unhealthy before it was measured", id)
		}
	}
	for n, id := range numbers {
		if again, err := table.Number(id); err != nil || again != n {
			t.Fatalf("%s had number %d, has %d, %v", id, n, again, err)
		}
		table.Set(n, n%3 == 0)
	}
	for n, id := range numbers {
		if table.Healthy(n) != (n%3 == 0) {
			t.Errorf("%s: healthy is %t", id, table.Healthy(n))
		}
	}
}

// TestTableReads: what a query does costs no allocation.
func TestTableReads(t *testing.T) {
	table := NewTable()
	n, err := table.Number("a")
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(100, func() { table.Healthy(n) }); got != 0 {
		t.Errorf("%g allocations", got)
	}
}
