package nameserver_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/zonedb"
)

// differences are the ways in which a peer answers differently on purpose.
// Each has been looked at; what none of them explains fails the test.
var differences = []struct {
	peers   string
	why     string
	applies func(d diff) bool
}{
	{"knot", "a DNAME that makes the name too long is NXDOMAIN; RFC 6672 §2.2 says YXDOMAIN", func(d diff) bool {
		return d.only("rcode", "authority") && d.ours.Rcode == dns.RcodeYXDomain && d.theirs.Rcode == dns.RcodeNameError
	}},
	{"knot nsd", "YXDOMAIN with an SOA, or with records of the DNAME's target", func(d diff) bool {
		return d.only("answer", "authority", "additional") && d.ours.Rcode == dns.RcodeYXDomain
	}},
	{"knot", "additional data from below a delegation, for which the zone cannot vouch", func(d diff) bool {
		return d.only("additional") && subset(records(d.ours.Extra), records(d.theirs.Extra))
	}},
	{"bind", "a referral without the addresses of servers outside the delegated name, which are optional (RFC 9471 §3.2)", func(d diff) bool {
		return d.only("additional") && len(d.theirs.Ns) > 0 && d.theirs.Ns[0].Header().Name != d.zone.Name && subset(records(d.theirs.Extra), records(d.ours.Extra))
	}},
	{"bind", "authority and additional sections in answers to ANY", func(d diff) bool {
		return d.question.Qtype == dns.TypeANY && d.only("authority", "additional")
	}},
	{"bind knot nsd", "CNAMEs and DNAMEs that lead in a circle: each server gives up in its own way, BIND with SERVFAIL", func(d diff) bool {
		return circular(d.ours) || circular(d.theirs)
	}},
	{"nsd", "the owner of additional data from a wildcard lacks the labels between", func(d diff) bool {
		return d.only("additional") && slices.Equal(records(ownerless(d.theirs.Extra)), records(ownerless(d.ours.Extra)))
	}},
	{"nsd", "no authority section where the answer ends with a CNAME", func(d diff) bool {
		return d.only("authority", "additional") && len(d.theirs.Ns) == 0 && endsWithCNAME(d.ours)
	}},
	{"bind", "ANY does not follow a DNAME", func(d diff) bool {
		return d.question.Qtype == dns.TypeANY && len(d.theirs.Answer) == 2 && subset(records(d.theirs.Answer), records(d.ours.Answer))
	}},
	{"bind nsd", "no authority section beside the DS of a delegation", func(d diff) bool {
		return d.question.Qtype == dns.TypeDS && d.only("authority", "additional") && len(d.theirs.Ns) == 0
	}},
	{"knot nsd", "ANY is answered with one RRset (RFC 8482 §4.1)", func(d diff) bool {
		return d.question.Qtype == dns.TypeANY && d.only("answer", "authority", "additional") && len(d.theirs.Answer) > 0 &&
			subset(records(d.theirs.Answer), records(d.ours.Answer))
	}},
}

// diff is one question answered in two ways.
type diff struct {
	peer         string
	question     dns.Question
	ours, theirs *dns.Msg
	zone         dnstest.ZoneFile
	fields       []string
}

// only reports that nothing but the given parts differs.
func (d diff) only(fields ...string) bool {
	return !slices.ContainsFunc(d.fields, func(f string) bool { return !slices.Contains(fields, f) })
}

// circular reports that the chain of an answer meets itself, or is longer than
// any sane chain.
func circular(m *dns.Msg) bool {
	owners := map[string]bool{}
	last := ""
	for _, rr := range m.Answer {
		if c, ok := rr.(*dns.CNAME); ok {
			owners[dns.CanonicalName(c.Hdr.Name)] = true
			last = dns.CanonicalName(c.Target)
		}
	}
	return owners[last] || len(owners) > 10
}

func endsWithCNAME(m *dns.Msg) bool {
	return len(m.Answer) > 0 && m.Answer[len(m.Answer)-1].Header().Rrtype == dns.TypeCNAME
}

func ownerless(rrs []dns.RR) []dns.RR {
	var out []dns.RR
	for _, rr := range rrs {
		rr = dns.Copy(rr)
		rr.Header().Name = "."
		out = append(out, rr)
	}
	return out
}

// subset reports that every element of a is in b.
func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(r string) bool { return !slices.Contains(b, r) })
}

// TestDifferential compares every answer for random awkward zones with BIND,
// Knot and NSD. OPEN53_DIFF_ZONES and OPEN53_DIFF_SEED choose more.
func TestDifferential(t *testing.T) {
	seed := uint64(envInt("OPEN53_DIFF_SEED", 1))
	var zones []dnstest.ZoneFile
	for i := range envInt("OPEN53_DIFF_ZONES", 40) {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		zones = append(zones, dnstest.RandomZone(rng, fmt.Sprintf("z%d.test.", i)))
	}
	db := zonedb.New()
	for i, z := range zones {
		if msg := load(t, db, z.Name, uint64(i), z.Text); msg != "" {
			t.Fatalf("%s: %s\n%s", z.Name, msg, z.Text)
		}
	}
	for _, name := range []string{"bind", "knot", "nsd"} {
		t.Run(name, func(t *testing.T) {
			peer := dnstest.StartPeer(t, name, zones)
			compareAll(t, db, peer, zones)
		})
	}
}

func envInt(name string, value int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return value
}

var askedTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeCNAME, dns.TypeDNAME, dns.TypeMX, dns.TypeTXT, dns.TypeSRV, dns.TypeDS, dns.TypeSOA, dns.TypeANY,
}

func compareAll(t *testing.T, db *zonedb.DB, peer dnstest.Peer, zones []dnstest.ZoneFile) {
	t.Helper()
	client := &dns.Client{Net: "udp", UDPSize: 4096}
	config := &nameserver.Config{UDPSize: nameserver.DefaultUDPSize, Any: nameserver.AnyFull, AuthorityNS: peer.Name != "knot"}
	responder := nameserver.New(db, config, 1)
	conn, err := client.Dial(peer.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	asked, explained, failures := 0, map[string]int{}, 0
	kinds := map[string]int{} // one failure of each is shown
	for _, z := range zones {
		for _, name := range dnstest.QuestionsAround(z) {
			for _, qtype := range askedTypes {
				m := new(dns.Msg)
				m.SetQuestion(name, qtype)
				m.RecursionDesired = false
				m.SetEdns0(4096, false)
				theirs, _, err := client.ExchangeWithConn(m, conn)
				if err != nil {
					t.Fatalf("%s: %s %s: %v", peer.Name, name, dns.TypeToString[qtype], err)
				}
				ours := respond(t, responder, m)
				asked++
				d := diff{peer: peer.Name, question: m.Question[0], ours: ours, theirs: theirs, zone: z, fields: fieldsThatDiffer(ours, theirs)}
				if len(d.fields) == 0 {
					continue
				}
				if why := explain(d); why != "" {
					explained[why]++
					continue
				}
				failures++
				kind := fmt.Sprint(d.fields, qtype)
				if kinds[kind]++; kinds[kind] == 1 {
					t.Errorf("%s differs in %v\nours:\n%s\ntheirs:\n%s\nzone:\n%s", m.Question[0].String(), d.fields, dnstest.Print(ours), dnstest.Print(theirs), z.Text)
				}
			}
		}
	}
	t.Logf("%d questions, %d unexplained, explained: %v", asked, failures, explained)
}

func respond(t *testing.T, r *nameserver.Responder, m *dns.Msg) *dns.Msg {
	t.Helper()
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	reply := r.Respond(make([]byte, 0, 4096), wire, netip.MustParseAddr("192.0.2.1"), dnswire.UDP)
	response := new(dns.Msg)
	if err := response.Unpack(reply); err != nil {
		t.Fatalf("%s: %v", m.Question[0].String(), err)
	}
	return response
}

func explain(d diff) string {
	for _, known := range differences {
		if strings.Contains(known.peers, d.peer) && known.applies(d) {
			return known.why
		}
	}
	return ""
}

// fieldsThatDiffer names the parts of two responses that are not the same.
func fieldsThatDiffer(a, b *dns.Msg) []string {
	var fields []string
	add := func(name string, differ bool) {
		if differ {
			fields = append(fields, name)
		}
	}
	add("rcode", a.Rcode != b.Rcode)
	add("aa", a.Authoritative != b.Authoritative)
	add("tc", a.Truncated != b.Truncated)
	add("answer", !slices.Equal(records(a.Answer), records(b.Answer)))
	add("authority", !slices.Equal(records(a.Ns), records(b.Ns)))
	add("additional", !slices.Equal(records(a.Extra), records(b.Extra)))
	return fields
}

// records is a section in comparable form: sorted, owners in lower case, no
// OPT.
func records(rrs []dns.RR) []string {
	var out []string
	for _, rr := range rrs {
		if rr.Header().Rrtype == dns.TypeOPT {
			continue
		}
		rr = dns.Copy(rr)
		rr.Header().Name = dns.CanonicalName(rr.Header().Name)
		out = append(out, strings.ToLower(rr.String()))
	}
	slices.Sort(out)
	return out
}
