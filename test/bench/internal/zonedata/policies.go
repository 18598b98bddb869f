package zonedata

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// Policy is a way to choose among the sets of a name. Each has a zone of its
// own, with the names of every zone. All names of a zone have the same sets,
// and set number i is the address SetAddress(i).
type Policy struct {
	Name string
	Zone string // with its final dot
	// Sets is how many sets a name has; 0 is one record without a policy.
	Sets int
	// Located: the choice depends on where the client is.
	Located bool
	// Answers is how many records an answer has.
	Answers int
	// Always is the set that every answer is from; -1 is any.
	Always int
}

// The policies. Plain is a zone of names with one record each, for which none
// has to be chosen.
var (
	Plain             = &Policy{"simple", "bench.example.", 0, false, 1, -1}
	Weighted2         = weighted("weighted, 2 sets", "weighted2.example.", 2)
	Weighted10        = weighted("weighted, 10 sets", "weighted10.example.", 10)
	Latency           = located("latency, 4 regions", "latency.example.", 4)
	FailoverHealthy   = &Policy{"failover, healthy", "failover.example.", 2, false, 1, 0}
	FailoverUnhealthy = &Policy{"failover, unhealthy", "unhealthy.example.", 2, false, 1, 1}
	Geolocation       = located("geolocation, 4 places", "geolocation.example.", 4)
	Geoproximity      = located("geoproximity, 4 places", "geoproximity.example.", 4)
	Biased            = located("geoproximity, biased", "biased.example.", 4)
	Multivalue        = &Policy{"multivalue, 8 sets", "multivalue.example.", 8, false, 8, -1}
	CIDR              = located("CIDR, 4 locations", "cidr.example.", 5)
)

func weighted(name, zone string, sets int) *Policy { return &Policy{name, zone, sets, false, 1, -1} }
func located(name, zone string, sets int) *Policy  { return &Policy{name, zone, sets, true, 1, -1} }

// Policies are all of them, in the order of the report.
func Policies() []*Policy {
	return []*Policy{
		Plain, Weighted2, Weighted10, Latency, FailoverHealthy, FailoverUnhealthy,
		Geolocation, Geoproximity, Biased, Multivalue, CIDR,
	}
}

// SetAddress is the address in set number i.
func SetAddress(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }

// Place is a place in the world that the sets of latency and geoproximity
// stand for.
type Place struct {
	Region              string // of Amazon
	Latitude, Longitude float64
}

// Places are those places, by number of the set.
var Places = []Place{
	{"us-east-1", 38.9, -77.5}, {"eu-central-1", 50.1, 8.7}, {"ap-northeast-1", 35.7, 139.7}, {"sa-east-1", -23.5, -46.6},
}

// Block is a network of the CIDR policy; set 0 is for clients in none of them.
type Block struct {
	Network netip.Prefix
	Set     int // 1 to 4
}

// Blocks are four fifths of all networks of 10 bits.
func Blocks() []Block {
	var blocks []Block
	for i := 1 << 2; i < 224<<2; i++ {
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(i >> 2), byte(i << 6)}), 10)
		if set := i % 5; set > 0 {
			blocks = append(blocks, Block{network, set})
		}
	}
	return blocks
}

// RandomNetwork is a network of 24 bits such as clients are in.
func RandomNetwork(random *rand.Rand) netip.Prefix {
	n := 1<<24 + random.Uint32N(223<<24)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8)}), 24)
}

// WritePolicyQueries writes count queries for names of a policy's zone as
// WriteQueries does; with subnets, each tells of a random network.
func WritePolicyQueries(path string, p *Policy, names, count int, subnets bool) error {
	z := Zone{Apex: p.Zone, Names: names}
	return create(path, func(w *bufio.Writer) error {
		random := rand.New(rand.NewPCG(53, 7871))
		var b []byte
		for range count {
			b = appendFramed(b[:0], z.QName(Positive, random.IntN(names)))
			if subnets {
				b = appendSubnet(b, 2, RandomNetwork(random))
				binary.BigEndian.PutUint16(b, uint16(len(b)-2))
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// appendSubnet adds EDNS with a client's subnet (RFC 7871 §6) of 24 bits to a
// query that has no additional record and starts in b at message.
func appendSubnet(b []byte, message int, network netip.Prefix) []byte {
	b[message+11] = 1 // ARCOUNT
	address := network.Addr().As4()
	b = append(b, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11) // OPT: 1232 bytes, 11 of options
	b = append(b, 0, 8, 0, 7, 0, 1, 24, 0)             // client subnet: 7 bytes, IPv4, source 24, scope 0
	return append(b, address[:3]...)
}
