package nameserver_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"open53/internal/dnstest"
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

// TestDifferential compares every answer for random awkward zones, as it comes
// out of our sockets, with those of BIND, Knot and NSD. OPEN53_DIFF_ZONES and OPEN53_DIFF_SEED choose more.
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

// peerConn is what a peer is asked through; it gets its questions one by one.
type peerConn struct {
	peer     dnstest.Peer
	udp, tcp *dns.Conn
}

func (c *peerConn) ask(t *testing.T, m *dns.Msg, stream bool) *dns.Msg {
	t.Helper()
	conn, network := &c.udp, "udp"
	if stream {
		conn, network = &c.tcp, "tcp"
	}
	client := &dns.Client{Net: network, UDPSize: 4096, Timeout: 10 * time.Second}
	for attempt := 0; ; attempt++ {
		var err error
		if *conn == nil {
			*conn, err = client.Dial(c.peer.Addr)
		}
		if err == nil {
			var r *dns.Msg
			if r, _, err = client.ExchangeWithConn(m, *conn); err == nil {
				return r
			}
			_ = (*conn).Close()
		}
		if *conn = nil; attempt == 1 { // it may have ended an idle connection
			t.Fatalf("%s: %v: %v", c.peer.Name, m.Question, err)
		}
	}
}

func (c *peerConn) close() {
	for _, conn := range []*dns.Conn{c.udp, c.tcp} {
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// pipelined is how many questions are on their way to us at once: a whole batch.
const pipelined = 64

// compareAll asks the peer and us every question around the zones: us in
// batches over UDP, and by turns over each other path.
func compareAll(t *testing.T, db *zonedb.DB, peer dnstest.Peer, zones []dnstest.ZoneFile) {
	t.Helper()
	config := &nameserver.Config{UDPSize: nameserver.DefaultUDPSize, Any: nameserver.AnyFull, AuthorityNS: peer.Name != "knot"}
	paths := openPaths(t, db, config)
	c := comparison{peer: &peerConn{peer: peer}, explained: map[string]int{}, kinds: map[string]int{}, asked: map[string]int{}}
	defer c.peer.close()
	round := 0
	for _, z := range zones {
		var queries []*dns.Msg
		for _, name := range dnstest.QuestionsAround(z) {
			for _, qtype := range askedTypes {
				m := new(dns.Msg)
				m.SetQuestion(name, qtype)
				m.RecursionDesired = false
				m.SetEdns0(4096, false)
				queries = append(queries, m)
			}
		}
		for some := range slices.Chunk(queries, pipelined) {
			c.compare(t, z, paths[0], some)
			if round++; round%2 == 0 { // the other paths share what lies behind the socket
				c.compare(t, z, paths[1+round/2%(len(paths)-1)], some)
			}
		}
	}
	t.Logf("questions %v, %d unexplained, explained: %v", c.asked, c.failures, c.explained)
}

// comparison is with one peer.
type comparison struct {
	peer      *peerConn
	asked     map[string]int // by path
	explained map[string]int
	kinds     map[string]int // one failure of each is shown
	failures  int
}

// compare asks some questions over one path.
func (c *comparison) compare(t *testing.T, z dnstest.ZoneFile, p *path, queries []*dns.Msg) {
	t.Helper()
	responses, err := p.exchange(queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, ours := range responses {
		m := queries[i]
		c.asked[p.name]++
		theirs := c.peer.ask(t, m, p.stream)
		d := diff{peer: c.peer.peer.Name, question: m.Question[0], ours: ours, theirs: theirs, zone: z, fields: fieldsThatDiffer(ours, theirs)}
		if len(d.fields) == 0 {
			continue
		}
		if why := explain(d); why != "" {
			c.explained[why]++
			continue
		}
		c.failures++
		kind := fmt.Sprint(d.fields, m.Question[0].Qtype)
		if c.kinds[kind]++; c.kinds[kind] == 1 {
			t.Errorf("%s: %s differs in %v\nours:\n%s\ntheirs:\n%s\nzone:\n%s", p.name, m.Question[0].String(), d.fields, dnstest.Print(ours), dnstest.Print(theirs), z.Text)
		}
	}
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
