package nameserver_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/internal/dnstest"
	"open53/internal/dnstest/reference"
	"open53/internal/dnswire"
	"open53/internal/nameserver"
	"open53/internal/rdata"
	"open53/internal/zonedb"
)

// outsideNames are what aliases of random zones point at outside: one that
// resolves, one that has nothing, one that fails, one that nobody asked yet.
var outsideNames = []string{"good.outside.test.", "empty.outside.test.", "failed.outside.test.", "new.outside.test."}

// TestReference compares the fast path with the slow reference for random
// zones and queries: a response has to be one of the reference's, byte by byte,
// once compression is undone. OPEN53_REFERENCE_ZONES, OPEN53_REFERENCE_QUERIES
// (per zone) and OPEN53_REFERENCE_SEED choose more.
func TestReference(t *testing.T) {
	t.Parallel()
	seed := uint64(envInt("OPEN53_REFERENCE_SEED", 1))
	queries := envInt("OPEN53_REFERENCE_QUERIES", 256)
	worlds := max(1, envInt("OPEN53_REFERENCE_ZONES", 300)/zonesPerWorld)
	var kinds kindCount
	for i := range worlds {
		w := newWorld(t, rand.New(rand.NewPCG(seed, uint64(i))))
		for asked := 0; asked < queries*zonesPerWorld && !t.Failed(); asked += 64 {
			w.compareBatch(t, &kinds)
		}
		if t.Failed() {
			t.Fatalf("OPEN53_REFERENCE_SEED=%d, world %d", seed, i)
		}
	}
	kinds.check(t)
}

// zonesPerWorld are served together, some within others.
const zonesPerWorld = 5

// world is some zones, served in two ways.
type world struct {
	rng       *rand.Rand
	fast      *nameserver.Responder
	slow      *reference.Server
	names     []string // worth asking
	zoneTexts []string
	reply     []byte // room for one response
}

func newWorld(t *testing.T, rng *rand.Rand) *world {
	t.Helper()
	config := &nameserver.Config{
		UDPSize: []int{512, 1232, 4096}[rng.IntN(3)], Any: nameserver.AnyMode(rng.IntN(3)),
		AuthorityNS: rng.IntN(2) == 0, NSID: []byte("node-1")[:rng.IntN(7)],
	}
	w := &world{rng: rng, reply: make([]byte, 0, dnswire.MaxMessage), slow: &reference.Server{
		UDPSize: config.UDPSize, AuthorityNS: config.AuthorityNS, NSID: config.NSID, Outside: map[reference.Target]*reference.Outside{},
		MinimalUDP: config.Any != nameserver.AnyFull, MinimalTCP: config.Any == nameserver.AnyHINFO,
	}}
	db := zonedb.New()
	for i, name := range []string{"z.test.", "a.z.test.", "b.a.z.test.", "other.test.", "elsewhere.test."} {
		w.addZone(t, db, i, name)
	}
	w.resolveOutside(t, db)
	if rng.IntN(4) == 0 {
		manyMoreZones(t, db)
	}
	w.names = append(w.names, "nowhere.example.", ".", "test.", "com.")
	w.fast = nameserver.New(db, config, rng.Uint64())
	return w
}

// manyMoreZones adds so many zones that batches fetch them ahead of choosing.
func manyMoreZones(t *testing.T, db *zonedb.DB) {
	t.Helper()
	e := db.Begin()
	defer e.Commit()
	for i := range 2100 {
		name := rdata.MustParseName(fmt.Sprintf("z%d.more.test", i))
		if err := e.AddZone(zonedb.ZoneConfig{ID: fmt.Sprint("MORE", i), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// addZone makes a random zone and serves it both ways.
func (w *world) addZone(t *testing.T, db *zonedb.DB, i int, name string) {
	t.Helper()
	file := dnstest.RandomZone(w.rng, name)
	extra := dnstest.RandomExtra(w.rng, file, outsideNames)
	text := file.Text + extra.Lines
	id, apex, serial := fmt.Sprintf("Z%d", i), rdata.MustParseName(name), w.rng.Uint32()
	sets, err := dnstest.ParseZone(id, apex, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := compile(db, zonedb.ZoneConfig{ID: id, Name: apex, Order: uint64(i)}, serial, sets); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	z, err := reference.NewZone(id, apex, serial, sets)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	w.slow.Zones = append(w.slow.Zones, z)
	w.zoneTexts = append(w.zoneTexts, text)
	w.names = append(w.names, dnstest.QuestionsAround(file)...)
	for _, owner := range extra.Owners {
		w.names = append(w.names, owner, "below."+owner, strings.ToUpper(owner))
	}
}

// resolveOutside gives the targets outside the answers that their names say.
func (w *world) resolveOutside(t *testing.T, db *zonedb.DB) {
	t.Helper()
	for i, target := range db.Outside().Targets() {
		key := reference.Target{Name: target.Name, Type: target.Type}
		switch kind, _, _ := strings.Cut(target.Name.String(), "."); kind {
		case "empty":
			db.Outside().SetAnswer(i, zonedb.NewOutsideAnswer(target.Type, 60, nil))
			w.slow.Outside[key] = &reference.Outside{}
		case "failed":
			db.Outside().SetAnswer(i, &zonedb.OutsideAnswer{Failed: true})
			w.slow.Outside[key] = &reference.Outside{Failed: true}
		case "good":
			values := &reference.Outside{}
			var rdatas [][]byte
			for j := range 1 + w.rng.IntN(3) {
				rr := dns.TypeToRR[uint16(target.Type)]()
				*rr.Header() = dns.RR_Header{Name: ".", Rrtype: uint16(target.Type), Class: dns.ClassINET, Ttl: 60}
				if txt, ok := rr.(*dns.TXT); ok {
					txt.Txt = []string{fmt.Sprint(j)}
				}
				rr, rdata := rdataOf(t, rr, byte(j))
				values.Values = append(values.Values, rr)
				rdatas = append(rdatas, rdata)
			}
			db.Outside().SetAnswer(i, zonedb.NewOutsideAnswer(target.Type, 60, rdatas))
			w.slow.Outside[key] = values
		}
	}
}

// rdataOf gives a record of no content some, and returns its rdata too.
func rdataOf(t *testing.T, rr dns.RR, n byte) (dns.RR, []byte) {
	t.Helper()
	switch rr := rr.(type) {
	case *dns.A:
		rr.A = []byte{203, 0, 113, n}
	case *dns.AAAA:
		rr.AAAA = append(make([]byte, 15), n)
	case *dns.MX:
		rr.Preference, rr.Mx = uint16(n), "mail.outside.test."
	case *dns.SRV:
		rr.Port, rr.Target = uint16(n), "host.outside.test."
	}
	buf := make([]byte, 512)
	end, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return rr, buf[11:end]
}

// compareBatch asks 64 random questions, in a batch and one by one.
func (w *world) compareBatch(t *testing.T, kinds *kindCount) {
	t.Helper()
	var wires [64][]byte
	var queries [64]*dns.Msg
	for i := range wires {
		queries[i], wires[i] = w.query(t)
		w.fast.Prepare(i, wires[i], netip.IPv4Unspecified())
	}
	w.fast.Fetch(len(wires))
	for i, wire := range wires {
		reply := w.fast.RespondPrepared(i, w.reply[:0:4096], wire, netip.IPv4Unspecified())
		w.compare(t, kinds, queries[i], reply, false)
	}
	for i, wire := range wires {
		tcp := i%2 == 0
		transport, room := dnswire.UDP, 4096
		if tcp {
			transport, room = dnswire.TCP, 65535
		}
		reply := w.fast.Respond(w.reply[:0:room], wire, netip.IPv4Unspecified(), transport)
		w.compare(t, kinds, queries[i], reply, tcp)
	}
}

var referenceTypes = append([]uint16{dns.TypeA, dns.TypeA, dns.TypeMX, dns.TypeHTTPS, 65280, dns.TypeAXFR, dns.TypeOPT}, askedTypes...)

// query makes a random query around the zones.
func (w *world) query(t *testing.T) (*dns.Msg, []byte) {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(w.names[w.rng.IntN(len(w.names))], referenceTypes[w.rng.IntN(len(referenceTypes))])
	m.Id = uint16(w.rng.Uint32())
	m.RecursionDesired, m.CheckingDisabled = w.rng.IntN(2) == 0, w.rng.IntN(4) == 0
	if w.rng.IntN(50) == 0 {
		m.Question[0].Qclass = []uint16{dns.ClassANY, dns.ClassHESIOD}[w.rng.IntN(2)]
	}
	if w.rng.IntN(3) > 0 {
		size := []uint16{0, 512, 600, 700, 800, 1000, 1232, 4096, 65535}[w.rng.IntN(9)]
		m.SetEdns0(size, w.rng.IntN(2) == 0)
		opt := m.IsEdns0()
		if w.rng.IntN(3) == 0 {
			opt.Option = append(opt.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
		}
		if w.rng.IntN(3) == 0 {
			opt.Option = append(opt.Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"})
		}
		if w.rng.IntN(30) == 0 {
			opt.SetVersion(1)
		}
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	read := new(dns.Msg) // as the reference gets it
	if err := read.Unpack(wire); err != nil {
		t.Fatal(err)
	}
	return read, wire
}

// compare fails the test unless the reply is one that the reference gives too.
func (w *world) compare(t *testing.T, kinds *kindCount, query *dns.Msg, reply []byte, tcp bool) {
	t.Helper()
	fast := new(dns.Msg)
	if err := fast.Unpack(reply); err != nil {
		t.Errorf("%v: response does not unpack: %v\n% x", query, err, reply)
		return
	}
	kinds.add(fast)
	normal := normalForm(t, fast)
	var turns reference.Turns
	var first *dns.Msg
	for range 5000 {
		slow := w.slow.Respond(query, tcp, &turns)
		if bytes.Equal(normalForm(t, slow), normal) {
			return
		}
		if first == nil {
			first = slow
		}
		if !turns.Next() {
			break
		}
	}
	t.Errorf("tcp=%t %v\nfast and reference differ (values may be rotated):\n%s\nfast:\n%v\nreference:\n%v\nzones:\n%s", tcp, query,
		cmp.Diff(sections(first), sections(fast)), fast, first, strings.Join(w.zoneTexts, "\n"))
}

// normalForm is a message without compression. Order is kept.
func normalForm(t *testing.T, m *dns.Msg) []byte {
	t.Helper()
	m.Compress = false
	wire, err := m.Pack()
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	return wire
}

// sections shows where two messages differ.
func sections(m *dns.Msg) map[string]string {
	return map[string]string{
		"header": fmt.Sprintf("%+v", m.MsgHdr), "answer": fmt.Sprint(m.Answer), "authority": fmt.Sprint(m.Ns), "additional": fmt.Sprint(m.Extra),
	}
}

// kindCount counts the responses of each kind that were compared.
type kindCount struct {
	total, truncated, referrals, chains, dnames, noData, glue, edns, errors int
	rcodes                                                                  [24]int
}

func (k *kindCount) add(m *dns.Msg) {
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	has := func(rrs []dns.RR, rrtype uint16) (n int) {
		for _, rr := range rrs {
			count(&n, rr.Header().Rrtype == rrtype)
		}
		return n
	}
	k.total++
	k.rcodes[m.Rcode]++
	count(&k.truncated, m.Truncated)
	count(&k.referrals, !m.Authoritative && has(m.Ns, dns.TypeNS) > 0)
	count(&k.chains, has(m.Answer, dns.TypeCNAME) > 1)
	count(&k.dnames, has(m.Answer, dns.TypeDNAME) > 0)
	count(&k.noData, m.Rcode == dns.RcodeSuccess && has(m.Ns, dns.TypeSOA) > 0)
	count(&k.glue, has(m.Extra, dns.TypeA) > 0)
	opt := m.IsEdns0()
	count(&k.edns, opt != nil)
	count(&k.errors, opt != nil && option[*dns.EDNS0_EDE](opt))
}

func option[T dns.EDNS0](o *dns.OPT) bool {
	for _, e := range o.Option {
		if _, ok := e.(T); ok {
			return true
		}
	}
	return false
}

// check fails the test if some kind of response never came up: it would not be
// tested.
func (k *kindCount) check(t *testing.T) {
	t.Helper()
	t.Logf("%+v", *k)
	for name, n := range map[string]int{
		"truncated": k.truncated, "referrals": k.referrals, "chains": k.chains, "DNAMEs": k.dnames, "NODATA": k.noData, "glue": k.glue,
		"EDNS": k.edns, "extended errors": k.errors, "NOERROR": k.rcodes[dns.RcodeSuccess], "NXDOMAIN": k.rcodes[dns.RcodeNameError],
		"SERVFAIL": k.rcodes[dns.RcodeServerFailure], "REFUSED": k.rcodes[dns.RcodeRefused], "BADVERS": k.rcodes[dns.RcodeBadVers],
	} {
		if n == 0 && k.total > 10_000 {
			t.Errorf("no %s among %d responses", name, k.total)
		}
	}
}
