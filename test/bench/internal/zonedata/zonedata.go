// Package zonedata makes the zones and the queries of the benchmarks: the same
// ones in every run.
//
// A Zone has Names names with one A record each, a wildcard, and a thousand
// delegations with glue. The names are seven letters and digits as if drawn by
// lot, as those of customers or machines are: numbers in a row would be the
// easy case of a tree. Any share of it can be asked
// for: names that are there, names that are not, names below the wildcard and
// names below a delegation.
package zonedata

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// Zone is a zone to serve.
type Zone struct {
	Apex  string // with its final dot
	Names int    // 1 to 10,000,000
}

// Delegations is how many zone cuts a zone has, below d0000, d0001, ….
const Delegations = 1000

// TTL is that of all records, in seconds.
const TTL = 300

// Address is the A record of name number i.
func Address(i int) string {
	return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
}

// Records is how many records the zone has in all.
func (z Zone) Records() int { return 6 + 2*Delegations + z.Names }

// WriteFile writes the zone as a master file.
func (z Zone) WriteFile(path string) error {
	return create(path, func(w *bufio.Writer) error { return z.write(w) })
}

func (z Zone) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "$ORIGIN %s\n$TTL %d\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\n@ NS ns2\n"+
		"ns1 A 192.0.2.1\nns2 A 192.0.2.2\n*.wild A 192.0.2.9\n", z.Apex, TTL)
	for i := 0; i < Delegations && err == nil; i++ {
		_, err = fmt.Fprintf(w, "d%04d NS ns.d%04d\nns.d%04d A 192.0.2.7\n", i, i, i)
	}
	for i := 0; i < z.Names && err == nil; i++ {
		_, err = fmt.Fprintf(w, "%s A %s\n", host(i), Address(i))
	}
	return err
}

// Kind is a kind of question, by its answer.
type Kind int

// The kinds.
const (
	Positive Kind = iota // a name that is there
	NXDOMAIN             // one that is not
	Wildcard             // one that the wildcard covers
	Referral             // one below a delegation
	kinds
)

func (k Kind) String() string {
	return [kinds]string{"positive", "NXDOMAIN", "wildcard", "referral"}[k]
}

// QName is question number i of its kind.
func (z Zone) QName(k Kind, i int) string {
	switch k {
	case NXDOMAIN:
		return "x" + host(i) + "." + z.Apex
	case Wildcard:
		return "w" + host(i) + ".wild." + z.Apex
	case Referral:
		return fmt.Sprintf("www.d%04d.%s", i%Delegations, z.Apex)
	default:
		return host(i%z.Names) + "." + z.Apex
	}
}

// host is label number i: "h", then 35 bits that i is scattered to, one to one.
func host(i int) string {
	const bits, digits = 35, "abcdefghijklmnopqrstuvwxyz234567"
	x := uint64(i)
	// Each step can be undone in 35 bits: an odd factor, a shift to the right.
	for range 2 {
		x = x * 0x9e3779b97f4a7c15 & (1<<bits - 1)
		x ^= x >> 17
	}
	b := [8]byte{'h'}
	for j := range 7 {
		b[1+j] = digits[x>>(5*j)&31]
	}
	return string(b[:])
}

// create writes a file through a buffer.
func create(path string, write func(w *bufio.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil && e != nil {
			err = fmt.Errorf("write %s: %w", path, e)
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := write(w); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return w.Flush()
}
