package zonedata

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Mix is how many of a hundred queries are of each kind.
type Mix [kinds]int

var (
	// Headline is what servers are compared by.
	Headline = Mix{Positive: 90, NXDOMAIN: 10}
	// Mixed has every kind.
	Mixed = Mix{Positive: 40, NXDOMAIN: 20, Wildcard: 20, Referral: 20}
)

func (m Mix) String() string {
	var parts []string
	for k, share := range m {
		if share > 0 {
			parts = append(parts, fmt.Sprintf("%d %% %s", share, Kind(k)))
		}
	}
	return strings.Join(parts, ", ")
}

// NXDOMAINs is the share of answers that are NXDOMAIN: 0 to 1.
func (m Mix) NXDOMAINs() float64 { return float64(m[NXDOMAIN]) / 100 }

// WriteQueries writes count queries for A in random order, the same ones in
// every run, as dnsperf -B reads them: each with its length before it, as over
// TCP (RFC 1035 §4.2.2).
func (z Zone) WriteQueries(path string, m Mix, count int) error {
	return create(path, func(w *bufio.Writer) error {
		random := rand.New(rand.NewPCG(53, 2013))
		var b []byte
		for range count {
			b = appendFramed(b[:0], z.QName(m.draw(random), random.IntN(z.Names)))
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m Mix) draw(random *rand.Rand) Kind {
	left := random.IntN(100)
	for k, share := range m {
		if left -= share; left < 0 {
			return Kind(k)
		}
	}
	return Positive
}

func appendFramed(b []byte, name string) []byte {
	start := len(b)
	b = AppendQuery(append(b, 0, 0), name)
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start-2))
	return b
}

// AppendQuery appends a query for the A records of name, with id 0. The name
// has neither escapes nor empty labels.
func AppendQuery(b []byte, name string) []byte {
	b = append(b, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0, 0, 1, 0, 1)
}
