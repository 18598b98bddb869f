package nameserver_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/network"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// TestGolden answers the queries of testdata/*.txt from the zones above them.
func TestGolden(t *testing.T) {
	dnstest.RunGolden(t, "testdata/*.txt", func(t *testing.T) func(dnstest.Block) string {
		t.Helper()
		config := &nameserver.Config{UDPSize: nameserver.DefaultUDPSize}
		db := zonedb.New()
		zones := uint64(0)
		var networks []*network.Network
		return func(b dnstest.Block) string {
			f := strings.Fields(b.Command)
			switch f[0] {
			case "config":
				configure(t, config, f[1:])
				return ""
			case "zone":
				zones++
				return load(t, db, f[1], zones, b.Input, f[2:]...)
			case "network":
				networks = append(networks, madeNetwork(t, len(networks), f[1:]))
				useNetworks(db, networks...)
				return ""
			case "query":
				return ask(t, db, config, b.Command)
			}
			t.Fatalf("unknown command %q", b.Command)
			return ""
		}
	})
}

func configure(t *testing.T, c *nameserver.Config, options []string) {
	t.Helper()
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "nsid":
			c.NSID = []byte(value)
		case "version":
			c.Version = value
		case "id":
			c.ID = value
		case "any":
			c.Any = map[string]nameserver.AnyMode{"minimal": nameserver.AnyMinimal, "full": nameserver.AnyFull, "hinfo": nameserver.AnyHINFO}[value]
		case "authority-ns":
			c.AuthorityNS = true
		default:
			t.Fatalf("unknown option %q", option)
		}
	}
}

// load compiles a zone; one with VPCs is private.
func load(t *testing.T, db *zonedb.DB, name string, order uint64, text string, vpcs ...string) string {
	t.Helper()
	apex := rdata.MustParseName(name)
	id := "Z" + strings.ToUpper(strings.NewReplacer(".", "").Replace(name)+strings.Join(vpcs, ""))
	sets, err := dnstest.ParseZone(id, apex, text)
	if err != nil {
		return err.Error() + "\n"
	}
	config := zonedb.ZoneConfig{ID: id, Name: apex, Order: order, Private: len(vpcs) > 0}
	for _, vpc := range vpcs {
		config.VPCs = append(config.VPCs, zone.VPC{Region: vpcRegion, ID: vpc})
	}
	if err := compile(db, config, 1, sets); err != nil {
		return err.Error() + "\n"
	}
	return ""
}

// vpcRegion is where all networks of the tests are.
const vpcRegion = "eu-west-1"

// madeNetwork reads "ID BLOCK…"; "no-dns" among the blocks switches DNS
// support off.
func madeNetwork(t *testing.T, age int, words []string) *network.Network {
	t.Helper()
	n := &network.Network{ID: words[0], Region: vpcRegion, Account: "000000000000", DNSSupport: true, DNSHostnames: true, Created: int64(age)}
	for _, word := range words[1:] {
		if word == "no-dns" {
			n.DNSSupport = false
			continue
		}
		n.Blocks = append(n.Blocks, network.Block{Prefix: network.Prefix{Prefix: netip.MustParsePrefix(word)}, AssociationID: word})
	}
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	return n
}

func useNetworks(db *zonedb.DB, networks ...*network.Network) {
	e := db.Begin()
	e.SetNetworks(network.NewTable(networks))
	e.Commit()
}

// clientOf takes +from=ADDRESS out of a command.
func clientOf(command string) (rest string, client netip.Addr) {
	before, after, found := strings.Cut(command, " +from=")
	if !found {
		return command, netip.MustParseAddr("192.0.2.1")
	}
	text, after, _ := strings.Cut(after, " ")
	return strings.TrimSpace(before + " " + after), netip.MustParseAddr(text)
}

// compile publishes a zone from scratch.
func compile(db *zonedb.DB, c zonedb.ZoneConfig, serial uint32, sets []*zone.RRset) error {
	e := db.Begin()
	defer e.Commit()
	if err := e.AddZone(c); err != nil {
		return err
	}
	if err := e.SetVersion(c.ID, 1, serial); err != nil {
		return err
	}
	return dnstest.ByName(sets, func(name rdata.Name, sets []*zone.RRset) error {
		return e.SetName(c.ID, name, sets)
	})
}

func ask(t *testing.T, db *zonedb.DB, config *nameserver.Config, command string) string {
	t.Helper()
	command, client := clientOf(command)
	msg, tcp := dnstest.Query(t, command)
	wire, err := msg.Pack()
	if err != nil {
		t.Fatal(err)
	}
	r := nameserver.New(db, config, 1)
	transport := dnswire.UDP
	if tcp {
		transport = dnswire.TCP
	}
	reply := r.Respond(make([]byte, 0, 65535), wire, client, transport)
	if reply == nil {
		return "no response\n"
	}
	m := new(dns.Msg)
	if err := m.Unpack(reply); err != nil {
		t.Fatalf("%s: unpack: %v\n% x", command, err, reply)
	}
	if m.Id != msg.Id || !m.Response || len(m.Question) != 1 || m.Question[0] != msg.Question[0] {
		t.Errorf("%s: header or question is wrong: %v", command, m)
	}
	return dnstest.Print(m)
}
