package rdata

import (
	"bytes"
	"fmt"
	"testing"
)

func benchmarkParseValue(b *testing.B, t Type, text string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseValue(t, text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseValueA(b *testing.B)    { benchmarkParseValue(b, TypeA, "192.0.2.171") }
func BenchmarkParseValueAAAA(b *testing.B) { benchmarkParseValue(b, TypeAAAA, "2001:db8::17:2a") }
func BenchmarkParseValueCNAME(b *testing.B) {
	benchmarkParseValue(b, TypeCNAME, "d111111abcdef8.cloudfront.net.")
}
func BenchmarkParseValueMX(b *testing.B) { benchmarkParseValue(b, TypeMX, "10 mail1.example.com.") }
func BenchmarkParseValueTXT(b *testing.B) {
	benchmarkParseValue(b, TypeTXT, `"v=spf1 include:_spf.example.com ip4:192.0.2.0/24 ~all"`)
}

func BenchmarkAppendValueA(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 64)
	for b.Loop() {
		if _, err := AppendValue(buf, TypeA, "192.0.2.171"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqualValues(b *testing.B) {
	x := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}
	y := []string{"192.0.2.4", "192.0.2.3", "192.0.2.2", "192.0.2.1"}
	b.ReportAllocs()
	for b.Loop() {
		if !EqualValues(TypeA, x, y) {
			b.Fatal("not equal")
		}
	}
}

func BenchmarkParseName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseName("www.eu-west-1.example.com."); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormatValueA(b *testing.B) {
	wire := []byte{192, 0, 2, 171}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FormatValue(TypeA, wire); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadMaster reads 100,000 A records of as many owners a turn.
func BenchmarkReadMaster(b *testing.B) {
	const records = 100_000
	var file bytes.Buffer
	for i := range records {
		fmt.Fprintf(&file, "host%d\t300\tIN\tA\t10.%d.%d.%d\n", i, i>>16, i>>8&255, i&255)
	}
	origin := MustParseName("example.com")
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range ReadMaster(bytes.NewReader(file.Bytes()), origin, "zone") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != records {
			b.Fatalf("%d records", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
