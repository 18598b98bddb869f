package nameserver_test

import (
	"encoding/hex"
	"net/netip"
	"testing"

	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/zonedb"
)

// TestHeaders: messages that are no ordinary query, as bytes.
func TestHeaders(t *testing.T) {
	db := zonedb.New()
	if msg := load(t, db, "example.com", 1, allKinds); msg != "" {
		t.Fatal(msg)
	}
	const (
		question = "03777777" + "076578616d706c65" + "03636f6d00" + "00010001"
		opt      = "0000291000000000000000"
	)
	for name, test := range map[string]struct{ query, want string }{
		"shorter than a header":     {"12340100", ""},
		"a response":                {"123481000001000000000000" + question, ""},
		"no question":               {"123401000000000000000000", "123481010000000000000000"},
		"two questions":             {"123401000002000000000000" + question + question, "123481010000000000000000"},
		"cut in the name":           {"123401000001000000000000" + "0377", "123481010000000000000000"},
		"cut in the type":           {"123401000001000000000000" + "03777777000001", "123481010000000000000000"},
		"label of 64 bytes":         {"123401000001000000000000" + "40" + question, "123481010000000000000000"},
		"pointer in the question":   {"123401000001000000000000" + "c00c00010001", "123481010000000000000000"},
		"two OPT records":           {"123401000001000000000002" + question + opt + opt, "1234810100010000000000" + "01" + question + "0000290" + "4d00000000000" + "00"},
		"OPT in the answer section": {"123401000001000100000000" + question + opt, "123481010001000000000000" + question},
		"OPT with a name":           {"123401000001000000000001" + question + "0161" + opt, "123481010001000000000000" + question},
		"option longer than OPT":    {"123401000001000000000001" + question + "00002910000000000000040003000a", "123481010001000000000001" + question + "00002904d0000000000000"},
		"record longer than query":  {"123401000001000000000001" + question + "00002910000000000000ff", "123481010001000000000000" + question},
		"NOTIFY":                    {"123420000001000000000000" + question, "1234a0040001000000000000" + question},
		"UPDATE":                    {"123428000001000000000000" + question, "1234a8040001000000000000" + question},
		"opcode 15, no question":    {"123478000000000000000000", "1234f8040000000000000000"},
		"CD and RD are copied":      {"123401100001000000000000" + "036e6574000001" + "0001", "123481150001000000000000" + "036e6574000001" + "0001"},
		"bytes behind the query":    {"123400000001000000000000" + "036e6574000001" + "0001" + "ffff", "123480050001000000000000" + "036e6574000001" + "0001"},
		"cookie of 9 bytes":         {"123401000001000000000001" + question + "0000291000000000" + "00000d" + "000a0009010203040506070809", "123481010001000000000001" + question + "00002904d0000000000000"},
		"ECS with bits set beyond":  {"123401000001000000000001" + question + "0000291000000000" + "00000b" + "000800070001140001020f", "123481010001000000000001" + question + "00002904d0000000000000"},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := hex.DecodeString(test.query)
			if err != nil {
				t.Fatal(err)
			}
			r := nameserver.New(db, &nameserver.Config{UDPSize: 1232}, 1)
			reply := r.Respond(make([]byte, 0, 4096), query, netip.MustParseAddr("192.0.2.1"), dnswire.UDP)
			if got := hex.EncodeToString(reply); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
