package zone

import (
	"fmt"
	"testing"
)

func benchmarkApply(b *testing.B, lines ...string) {
	z := testZone()
	m := newMemory(b, z, "old.example.com A 60 192.0.2.1", "a.example.com A 60 192.0.2.1", "w.example.com A id=A weight=1 60 192.0.2.1")
	req := parseRequest(b, lines...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Apply(z, m, req, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("UPSERT h%d.example.com A 60 192.0.2.1", i)
	}
	for _, bc := range []struct {
		name  string
		lines []string
	}{
		{"create", []string{"CREATE new.example.com A 60 192.0.2.1"}},
		{"upsert", []string{"UPSERT old.example.com A 60 192.0.2.2"}},
		{"delete", []string{"DELETE old.example.com A 60 192.0.2.1"}},
		{"alias", []string{"CREATE new.example.com A alias=Z1EXAMPLE/a.example.com"}},
		{"weighted", []string{"CREATE w.example.com A id=B weight=1 60 192.0.2.1"}},
		{"hundred", hundred},
	} {
		b.Run(bc.name, func(b *testing.B) { benchmarkApply(b, bc.lines...) })
	}
}
