package zone

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"open53/internal/rdata"
)

// The TTLs of a new zone's own records, in seconds.
const (
	NewNSTTL  = 172800
	NewSOATTL = 900
)

// DefaultHostmaster is the RNAME of a new zone's SOA, as Amazon's.
const DefaultHostmaster = "awsdns-hostmaster.amazon.com"

// soaTail is serial, refresh, retry, expire and minimum of a new zone. RFC
// 2308 makes min(SOA TTL, minimum) the negative TTL: 900 seconds here.
const soaTail = " 1 7200 900 1209600 86400"

// NewZoneRRsets returns the content of a new zone, in list order: NS at the
// apex with the name servers in their order, and SOA with the first of them.
// An empty hostmaster is DefaultHostmaster. Names may lack the trailing dot.
// There must be at least one name server.
func NewZoneRRsets(name rdata.Name, nameServers []string, hostmaster string) []*RRset {
	if hostmaster == "" {
		hostmaster = DefaultHostmaster
	}
	values := make([]string, len(nameServers))
	for i, server := range nameServers {
		values[i] = absolute(server)
	}
	return []*RRset{
		{Name: name, Type: rdata.TypeNS, TTL: NewNSTTL, Values: values},
		{Name: name, Type: rdata.TypeSOA, TTL: NewSOATTL, Values: []string{values[0] + " " + absolute(hostmaster) + soaTail}},
	}
}

func absolute(name string) string {
	return strings.TrimSuffix(name, ".") + "."
}

// SerialAfter reports whether serial a is greater than b in the arithmetic of
// RFC 1982 §3.2. Of two serials 2^31 apart neither is greater.
func SerialAfter(a, b uint32) bool {
	return a != b && a-b < 1<<31
}

// NextSerial is the SOA serial that DNS serves after a batch of changes, where
// current was served before it (0 for a zone that is being created).
//
// SerialFollow adds one per batch, past 2^32-1 to 0 (RFC 1982 §3.1); where the
// batch writes a SOA whose serial is greater than current, that one is taken.
// SerialFixed is the serial of the stored SOA value, whatever it is.
func NextSerial(mode SerialMode, current uint32, changes []Change) uint32 {
	written, found := uint32(0), false
	for i := range changes {
		if set := changes[i].New; set != nil && set.Type == rdata.TypeSOA {
			if serial, ok := set.SOASerial(); ok {
				written, found = serial, true
			}
		}
	}
	switch {
	case mode == SerialFixed && found:
		return written
	case mode == SerialFixed:
		return current
	case found && SerialAfter(written, current):
		return written
	}
	return current + 1
}

// soaNumbers is the length of the five numbers that end SOA rdata (RFC 1035
// §3.3.13); the serial is the first of them.
const soaNumbers = 20

// SOASerial is the serial in the set's value; false if the set is no SOA.
func (s *RRset) SOASerial() (uint32, bool) {
	if s.Type != rdata.TypeSOA || len(s.Values) != 1 {
		return 0, false
	}
	wire, err := rdata.ParseValue(rdata.TypeSOA, s.Values[0])
	if err != nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(wire[len(wire)-soaNumbers:]), true
}

// ServedSOA is the SOA set with the serial that DNS serves in place of the
// stored one; the rest of the value keeps its text. A set that is no SOA, or
// has the serial already, is returned itself.
func ServedSOA(set *RRset, serial uint32) *RRset {
	if stored, ok := set.SOASerial(); !ok || stored == serial {
		return set
	}
	served := *set
	served.Values = []string{withSerial(set.Values[0], serial)}
	return &served
}

func withSerial(value string, serial uint32) string {
	if fields := strings.Fields(value); len(fields) == 7 && fields[0] != `\#` {
		fields[2] = strconv.FormatUint(uint64(serial), 10)
		return strings.Join(fields, " ")
	}
	wire, err := rdata.ParseValue(rdata.TypeSOA, value) // the generic form of RFC 3597
	if err != nil {
		return value
	}
	binary.BigEndian.PutUint32(wire[len(wire)-soaNumbers:], serial)
	return fmt.Sprintf(`\# %d %s`, len(wire), hex.EncodeToString(wire))
}
