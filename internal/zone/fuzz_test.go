package zone

import (
	"errors"
	"strings"
	"testing"
)

// FuzzApply reads a batch in the form of fixture_test.go, one change a line,
// and applies it to a zone that has a bit of everything. Whatever comes in,
// the result is either a batch that keeps the invariants and can be asked for
// again, or a BatchError with texts.
func FuzzApply(f *testing.F) {
	for _, seed := range []string{
		"CREATE a.example.com A 60 192.0.2.1",
		"UPSERT www.example.com A 60 192.0.2.1\nDELETE simple.example.com A 60 192.0.2.1\nCREATE simple.example.com CNAME 60 example.org",
		"CREATE w.example.com A id=C weight=3 alias=Z1EXAMPLE/simple.example.com/eth",
		"CREATE alias.example.com AAAA alias=Z2FDTNDATAQYW2/d.cloudfront.net\nDELETE alias.example.com A alias=Z1EXAMPLE/simple.example.com",
		"UPSERT geo.example.com A id=A geo=/US/CA 60 192.0.2.1\nUPSERT geo.example.com A id=B geo=EU hc=h 60 192.0.2.1",
		"UPSERT near.example.com A id=A near=@1.50,-2/3 60 192.0.2.1\nUPSERT near.example.com A id=B near=%g&eu-west-1 60 192.0.2.1",
		"UPSERT c.example.com A id=A cidr=11111111-2222-3333-4444-555555555555/* 60 192.0.2.1\nCREATE f.example.com A id=A failover=PRIMARY 60 192.0.2.1",
		"DELETE mv.example.com A id=A 60 192.0.2.1\nUPSERT example.com SOA 60 a. b. 2 3 4 5 6\nDELETE example.com NS 172800 ns-1.awsdns-01.com|ns-2.awsdns-02.net",
		"UPSERT *.example.com NS 60 a.\nUPSERT \\052.example.com CNAME 60 \\052.example.com\nCREATE d.example.com DNAME 60 .\nCREATE t.example.com TYPE65280 60 \\# 1 ff",
	} {
		f.Add(seed, false, false)
		f.Add(seed, true, true)
	}
	z := testZone()
	content := newMemory(f, z, "simple.example.com A 60 192.0.2.1", "cname.example.com CNAME 60 cname2.example.com", "cname2.example.com CNAME 60 example.org",
		"w.example.com A id=A weight=1 60 192.0.2.1", "w.example.com A id=B weight=0 60 192.0.2.2", "alias.example.com A alias=Z1EXAMPLE/simple.example.com",
		"mv.example.com A id=A multivalue=true 60 192.0.2.1", `*.example.com TXT 60 "wild"`)
	f.Fuzz(func(t *testing.T, text string, strict, private bool) {
		var req Request
		for line := range strings.SplitSeq(text, "\n") {
			if c, err := parseChange(line); err == nil {
				req.Changes = append(req.Changes, c)
			}
		}
		hz := *z
		hz.Private = private
		opts := Options{Strict: strict, EqualWeightedTTLs: strict}
		changes, err := Apply(&hz, content, req, opts)
		if err != nil {
			var batchErr *BatchError
			if !errors.As(err, &batchErr) || len(batchErr.Messages) == 0 || changes != nil {
				t.Fatalf("%v, %v", changes, err)
			}
			return
		}
		m := content.clone()
		m.commit(t, changes)
		checkInvariants(t, &hz, m)
		again, err := Apply(&hz, content, RequestOf(changes), opts)
		if err != nil {
			t.Fatalf("asked for again: %v", err)
		}
		for i := range changes {
			if !changes[i].New.Equal(again[i].New) || !changes[i].Old.Equal(again[i].Old) {
				t.Fatalf("asked for again: change %d differs", i)
			}
		}
	})
}

// FuzzServedSOA: any SOA value keeps its other fields and gets the serial.
func FuzzServedSOA(f *testing.F) {
	f.Add("ns.example.com. h.example.com. 1 7200 900 1209600 86400", uint32(2))
	f.Add(`\# 22 00000000000100000002000000030000000400000005`, uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, value string, serial uint32) {
		stored := &RRset{Type: 6, Values: []string{value}}
		if _, ok := stored.SOASerial(); !ok {
			return
		}
		served := ServedSOA(stored, serial)
		if got, ok := served.SOASerial(); !ok || got != serial {
			t.Fatalf("%q: serial %d, %v, want %d", served.Values[0], got, ok, serial)
		}
		old, _ := stored.SOASerial()
		if back, ok := ServedSOA(served, old).SOASerial(); !ok || back != old {
			t.Fatalf("%q: serial %d, %v, want %d", value, back, ok, old)
		}
	})
}
