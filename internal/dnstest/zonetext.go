// Package dnstest is what tests of DNS answers share: zones written as text,
// responses printed as text, golden files that hold both, and throw-away name
// servers of other makes to compare with.
//
// A golden file is a list of blocks, separated by blank lines:
//
//	zone example.com
//	@     300 SOA ns1.example.net. host.example.net. 1 7200 900 1209600 86400
//	*.w   60  A   192.0.2.7
//	www   ALIAS A a.w
//	----
//
//	query a.w.example.com A +edns +do
//	----
//	NOERROR aa
//	answer: a.w.example.com. 60 IN A 192.0.2.7
//
// Records of a section are printed in sorted order, because answers rotate.
package dnstest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"open53/internal/rdata"
	"open53/internal/zone"
)

// ParseZone reads a zone in master file form, read by miekg/dns so that the
// parser under test is not its own oracle. A line "name ALIAS type target" is
// an alias to a name of the same zone.
func ParseZone(id string, name rdata.Name, text string) ([]*zone.RRset, error) {
	var plain strings.Builder
	var sets []*zone.RRset
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 4 && f[1] == "ALIAS" {
			set, err := aliasLine(id, name, f)
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
			continue
		}
		plain.WriteString(line)
	}
	parsed, err := parseMaster(name, plain.String())
	if err != nil {
		return nil, err
	}
	sets = append(sets, parsed...)
	SortRRsets(sets)
	return sets, nil
}

func aliasLine(id string, origin rdata.Name, f []string) (*zone.RRset, error) {
	owner, err := absolute(f[0], origin)
	if err != nil {
		return nil, err
	}
	target, err := absolute(f[3], origin)
	if err != nil {
		return nil, err
	}
	t, ok := rdata.ParseType(f[2])
	if !ok {
		return nil, fmt.Errorf("alias of type %q", f[2])
	}
	return &zone.RRset{Name: owner, Type: t, Alias: &zone.Alias{ZoneID: id, Target: target}}, nil
}

func absolute(name string, origin rdata.Name) (rdata.Name, error) {
	switch {
	case name == "@":
		return origin, nil
	case strings.HasSuffix(name, "."):
		return rdata.ParseName(name)
	}
	return rdata.ParseName(name + "." + origin.String())
}

func parseMaster(origin rdata.Name, text string) ([]*zone.RRset, error) {
	zp := dns.NewZoneParser(strings.NewReader(text), presentation(origin), "")
	zp.SetDefaultTTL(300)
	byKey := map[zone.RRsetKey]*zone.RRset{}
	var sets []*zone.RRset
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		owner, wire, err := split(rr)
		if err != nil {
			return nil, err
		}
		t := rdata.Type(rr.Header().Rrtype)
		value, err := rdata.FormatValue(t, wire)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rr, err)
		}
		key := zone.RRsetKey{Name: owner, Type: t}
		if byKey[key] == nil {
			byKey[key] = &zone.RRset{Name: owner, Type: t, TTL: rr.Header().Ttl}
			sets = append(sets, byKey[key])
		}
		if !slices.Contains(byKey[key].Values, value) {
			byKey[key].Values = append(byKey[key].Values, value)
		}
	}
	return sets, zp.Err()
}

// presentation writes a name with decimal escapes, as master files do.
func presentation(n rdata.Name) string {
	s, _, err := dns.UnpackDomainName([]byte(n), 0)
	if err != nil {
		panic(err)
	}
	return s
}

// split packs an RR and returns its owner and its uncompressed rdata.
func split(rr dns.RR) (rdata.Name, []byte, error) {
	buf := make([]byte, 65535+512)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", rr, err)
	}
	_, off, err := dns.UnpackDomainName(buf, 0)
	if err != nil {
		return "", nil, err
	}
	owner, err := rdata.NameFromWire(buf[:off])
	return owner, buf[off+10 : n], err
}

// SortRRsets sorts into list order.
func SortRRsets(sets []*zone.RRset) {
	slices.SortStableFunc(sets, func(a, b *zone.RRset) int {
		if c := strings.Compare(a.Name.SortKey(), b.Name.SortKey()); c != 0 {
			return c
		}
		if c := strings.Compare(a.Type.String(), b.Type.String()); c != 0 {
			return c
		}
		return strings.Compare(a.SetIdentifier, b.SetIdentifier)
	})
}

// ByName groups RRsets in list order by owner name.
func ByName(sets []*zone.RRset, f func(name rdata.Name, sets []*zone.RRset) error) error {
	for len(sets) > 0 {
		n := 1
		for n < len(sets) && sets[n].Name == sets[0].Name {
			n++
		}
		if err := f(sets[0].Name, sets[:n]); err != nil {
			return err
		}
		sets = sets[n:]
	}
	return nil
}
