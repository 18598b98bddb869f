package zonedata

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

// TestZone: the file is a zone with as many records as it says, and holds what
// positive questions ask for.
func TestZone(t *testing.T) {
	z := Zone{Apex: "bench.example.", Names: 2500}
	path := filepath.Join(t.TempDir(), "zone")
	if err := z.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	count, addresses := 0, map[string]string{}
	parser := dns.NewZoneParser(file, "", path)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		count++
		if a, ok := rr.(*dns.A); ok {
			addresses[a.Hdr.Name] = a.A.String()
		}
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	if count != z.Records() {
		t.Errorf("%d records, Records says %d", count, z.Records())
	}
	for _, i := range []int{0, 1, 255, 256, 2499} {
		if got, want := addresses[z.QName(Positive, i)], Address(i); got != want {
			t.Errorf("name %d has %q, want %q", i, got, want)
		}
	}
	for _, k := range []Kind{NXDOMAIN, Wildcard, Referral} {
		if name := z.QName(k, 7); addresses[name] != "" {
			t.Errorf("%s asks for %s, which is there", k, name)
		}
	}
}

// TestQueries reads the file back: shares, and the same in every run.
func TestQueries(t *testing.T) {
	z := Zone{Apex: "bench.example.", Names: 1000}
	dir := t.TempDir()
	const count = 20000
	for _, mix := range []Mix{Headline, Mixed} {
		var files [2][]byte
		for i := range files {
			path := filepath.Join(dir, "queries")
			if err := z.WriteQueries(path, mix, count); err != nil {
				t.Fatal(err)
			}
			var err error
			if files[i], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("%s: two runs differ", mix)
		}
		byLetter, total := map[byte]int{}, 0
		for b := files[0]; len(b) > 0; total++ {
			size := 2 + int(binary.BigEndian.Uint16(b))
			var m dns.Msg
			if err := m.Unpack(b[2:size]); err != nil || len(m.Question) != 1 || m.Question[0].Qtype != dns.TypeA {
				t.Fatalf("query %d: %v, %v", total, m.Question, err)
			}
			byLetter[m.Question[0].Name[0]]++
			b = b[size:]
		}
		if total != count {
			t.Errorf("%s: %d queries, want %d", mix, total, count)
		}
		for k, letter := range map[Kind]byte{Positive: 'h', NXDOMAIN: 'x', Referral: 'w'} {
			want := mix[k]
			if k == Referral {
				want += mix[Wildcard] // both begin with w
			}
			if got := float64(byLetter[letter]) / count * 100; got < float64(want)-2 || got > float64(want)+2 {
				t.Errorf("%s: %.1f %% are %s", mix, got, k)
			}
		}
	}
}

func TestMixesAreWhole(t *testing.T) {
	for _, mix := range []Mix{Headline, Mixed} {
		sum := 0
		for _, share := range mix {
			sum += share
		}
		if sum != 100 {
			t.Errorf("%s: %d %%", mix, sum)
		}
	}
}

// TestHosts: every number has a label of its own.
func TestHosts(t *testing.T) {
	seen := make(map[string]int)
	for i := range 200_000 {
		label := host(i)
		if other, taken := seen[label]; taken {
			t.Fatalf("%d and %d are %s", other, i, label)
		}
		seen[label] = i
	}
}
