package geo

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Measurements are the latencies that one source has measured. The cbor keys
// are part of the store's format: never reuse a number.
type Measurements struct {
	ID   string    `cbor:"1,keyasint"` // name of the source
	Rows []Latency `cbor:"2,keyasint,omitempty"`
}

// Latency is one measurement: from one of Prefix, ASN and Country to a region.
type Latency struct {
	_       struct{} `cbor:",toarray"`
	Prefix  netip.Prefix
	ASN     uint32
	Country string // ISO 3166-1 alpha-2
	Region  string
	Millis  float32 // round trip, more than 0, to MaxMillis
}

// Limits of measurements.
const (
	MaxMillis     = 60_000 // the longest latency: a minute
	MaxLatencies  = 100_000
	maxSourceName = 64
)

// From is where the latency was measured from, as ParseFrom reads it.
func (l *Latency) From() string {
	switch {
	case l.Prefix.IsValid():
		return l.Prefix.String()
	case l.ASN != 0:
		return "AS" + strconv.FormatUint(uint64(l.ASN), 10)
	}
	return l.Country
}

// ParseFrom sets where the latency was measured from: a network ("192.0.2.0/24"),
// an autonomous system ("AS64500") or a country ("DE").
func (l *Latency) ParseFrom(text string) error {
	if len(text) == 2 && upper(text) { // "AS" is American Samoa
		l.Country = text
		return nil
	}
	if digits, found := strings.CutPrefix(text, "AS"); found {
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no autonomous system: want AS1 to AS4294967295", text)
		}
		l.ASN = uint32(n)
		return nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("%q is no network such as 192.0.2.0/24, no autonomous system such as AS64500, no country such as DE", text)
	}
	l.Prefix = p
	return nil
}

// validate checks a row and puts it into its one form. known tells which
// regions there are.
func (l *Latency) validate(known func(region string) bool) error {
	kinds := 0
	if l.Prefix != (netip.Prefix{}) {
		kinds++
		if !l.Prefix.IsValid() || l.Prefix.Addr().Is4In6() || l.Prefix.Addr().Is6() && l.Prefix.Bits() > maxBits6 {
			return fmt.Errorf("%s is no network of up to 32 (IPv4) or %d (IPv6) bits", l.Prefix, maxBits6)
		}
		l.Prefix = l.Prefix.Masked()
	}
	if l.ASN != 0 {
		kinds++
	}
	if l.Country != "" {
		kinds++
		if len(l.Country) != 2 || !upper(l.Country) {
			return fmt.Errorf("%q is no country: want two upper-case letters", l.Country)
		}
	}
	switch {
	case kinds != 1:
		return errors.New("a latency is measured from one of prefix, asn and country")
	case !known(l.Region):
		return fmt.Errorf("there is no region %q", l.Region)
	case !(l.Millis > 0 && l.Millis <= MaxMillis): // nor a number that is none
		return fmt.Errorf("%v ms is not above 0 and up to %d", l.Millis, MaxMillis)
	}
	return nil
}

// compare orders by place of measurement, then region.
func (l *Latency) compare(other *Latency) int {
	return cmp.Or(
		l.Prefix.Compare(other.Prefix), // none comes first
		cmp.Compare(l.ASN, other.ASN),
		cmp.Compare(l.Country, other.Country),
		cmp.Compare(l.Region, other.Region),
	)
}

// NewMeasurements are the checked rows of a source, in order. A row that is
// twice there, or more than MaxLatencies, are errors.
func NewMeasurements(source string, rows []Latency, known func(region string) bool) (*Measurements, error) {
	if source == "" || len(source) > maxSourceName || strings.Trim(source, sourceCharacters) != "" {
		return nil, fmt.Errorf("the name of the source, %q, is not 1 to %d letters, digits, dots, dashes and underscores", source, maxSourceName)
	}
	if len(rows) > MaxLatencies {
		return nil, fmt.Errorf("a source has at most %d latencies", MaxLatencies)
	}
	m := &Measurements{ID: source, Rows: slices.Clone(rows)}
	for i := range m.Rows {
		if err := m.Rows[i].validate(known); err != nil {
			return nil, fmt.Errorf("from %q to %q: %w", m.Rows[i].From(), m.Rows[i].Region, err)
		}
	}
	slices.SortFunc(m.Rows, func(a, b Latency) int { return a.compare(&b) })
	for i := 1; i < len(m.Rows); i++ {
		if m.Rows[i-1].compare(&m.Rows[i]) == 0 {
			return nil, fmt.Errorf("the latency from %s to %s is there twice", m.Rows[i].From(), m.Rows[i].Region)
		}
	}
	return m, nil
}

const sourceCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// Merge is the rows with put in place of those from and to the same, and
// without those of remove, whose Millis do not matter. What is in both is
// there.
func (m *Measurements) Merge(put, remove []Latency) []Latency {
	rows := slices.Clone(m.Rows)
	find := func(l *Latency) (int, bool) {
		return slices.BinarySearchFunc(rows[:len(m.Rows)], *l, func(a, b Latency) int { return a.compare(&b) })
	}
	gone := make([]bool, len(m.Rows))
	for i := range remove {
		if at, found := find(&remove[i]); found {
			gone[at] = true
		}
	}
	for i := range put {
		if at, found := find(&put[i]); found {
			rows[at].Millis, gone[at] = put[i].Millis, false
		} else {
			rows = append(rows, put[i])
		}
	}
	kept := rows[:0]
	for i, row := range rows {
		if i >= len(gone) || !gone[i] {
			kept = append(kept, row)
		}
	}
	return kept
}

// ReadLatencies reads CSV: rows of place, region and milliseconds, with "#"
// before comments, and a header if its last column is "ms".
func ReadLatencies(r io.Reader) ([]Latency, error) {
	reader := csv.NewReader(r)
	reader.Comment, reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.ReuseRecord = '#', 3, true, true
	var rows []Latency
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read latencies: %w", err)
		}
		if len(rows) == 0 && fields[2] == "ms" {
			continue
		}
		line, _ := reader.FieldPos(0)
		row := Latency{Region: fields[1]}
		millis, err := strconv.ParseFloat(fields[2], 32)
		if err != nil {
			err = fmt.Errorf("%q is no number of milliseconds", fields[2])
		} else {
			err = row.ParseFrom(fields[0])
		}
		if err != nil {
			return nil, fmt.Errorf("read latencies: line %d: %w", line, err)
		}
		if len(rows) == MaxLatencies {
			return nil, fmt.Errorf("read latencies: more than %d rows", MaxLatencies)
		}
		row.Region, row.Millis = strings.Clone(row.Region), float32(millis)
		rows = append(rows, row)
	}
}
