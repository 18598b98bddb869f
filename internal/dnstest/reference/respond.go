package reference

import (
	"github.com/miekg/dns"
)

const (
	maxLinks = 16 // CNAMEs and DNAMEs that one answer follows
	maxHosts = 32 // hosts whose addresses one response holds
)

// response is one in the making.
type response struct {
	server *Server
	turns  *Turns
	query  *dns.Msg
	qtype  uint16
	tcp    bool

	reply *dns.Msg
	size  int // bytes so far
	limit int
	ede   extended
	// name is what is being answered, as it stands in the response; zone is
	// where.
	name  string
	zone  *Zone
	seen  map[string]bool
	hosts []hosts
	added map[string]bool
}

// hosts is an RRset in the response that names hosts.
type hosts struct {
	rrs  []dns.RR
	zone *Zone
	cut  string // the delegated name, of a referral
}

// extended is an extended error (RFC 8914).
type extended int

const (
	noError extended = -1
	noData  extended = -2 // not an error: an alias leads to nothing
)

// Respond answers a well-formed query with one question; turns chooses how
// RRsets are rotated.
func (s *Server) Respond(query *dns.Msg, tcp bool, turns *Turns) *dns.Msg {
	question := query.Question[0]
	r := &response{
		server: s, turns: turns, query: query, qtype: question.Qtype, tcp: tcp, ede: noError,
		reply: new(dns.Msg), name: question.Name, seen: map[string]bool{}, added: map[string]bool{},
	}
	r.reply.Id, r.reply.Response, r.reply.Opcode = query.Id, true, query.Opcode
	r.reply.RecursionDesired, r.reply.CheckingDisabled = query.RecursionDesired, query.CheckingDisabled
	r.reply.Question = query.Question
	r.size = 12 + wireLen(question.Name) + 4
	r.limit = r.largest() - r.optLen()
	r.solve(question)
	if r.reply.Truncated {
		r.reply.Answer, r.reply.Ns, r.reply.Extra = nil, nil, nil
	}
	r.addOPT()
	return r.reply
}

// solve fills in the sections.
func (r *response) solve(question dns.Question) {
	opt := r.query.IsEdns0()
	switch {
	case opt != nil && opt.Version() > 0:
		r.reply.Rcode = dns.RcodeBadVers
	case question.Qclass != dns.ClassINET:
		r.reply.Rcode = dns.RcodeRefused
	case r.qtype == dns.TypeAXFR || r.qtype == dns.TypeIXFR:
		r.reply.Rcode, r.ede = dns.RcodeRefused, extended(dns.ExtendedErrorCodeNotSupported)
	default:
		r.solveName()
		if r.server.AuthorityNS {
			r.addAuthorityNS()
		}
		r.addHosts()
	}
}

// largest is the length that the client and the transport take.
func (r *response) largest() int {
	if r.tcp {
		return dns.MaxMsgSize - 1
	}
	if opt := r.query.IsEdns0(); opt != nil {
		return max(512, min(int(opt.UDPSize()), r.server.UDPSize))
	}
	return 512
}

// sendsNSID reports whether the client asked for the server's identifier.
func (r *response) sendsNSID() bool {
	opt := r.query.IsEdns0()
	return opt != nil && len(r.server.NSID) > 0 && option[*dns.EDNS0_NSID](opt)
}

func (r *response) optLen() int {
	switch {
	case r.query.IsEdns0() == nil:
		return 0
	case r.sendsNSID():
		return 11 + 4 + len(r.server.NSID)
	}
	return 11
}

// addOPT answers EDNS with EDNS (RFC 6891 §6.1.1).
func (r *response) addOPT() {
	opt := r.query.IsEdns0()
	if opt == nil {
		return
	}
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	o.SetUDPSize(uint16(r.server.UDPSize))
	o.SetDo(opt.Do())
	o.SetExtendedRcode(uint16(r.reply.Rcode))
	if r.sendsNSID() {
		o.Option = append(o.Option, nsid(r.server.NSID))
	}
	if r.ede >= 0 {
		o.Option = append(o.Option, &dns.EDNS0_EDE{InfoCode: uint16(r.ede)})
	}
	r.reply.Extra = append(r.reply.Extra, o)
}

// wireLen is the length of a name, not compressed.
func wireLen(name string) int {
	var buf [256]byte
	n, err := dns.PackDomainName(name, buf[:], 0, nil, false)
	if err != nil {
		return 256 // longer than a name can be
	}
	return n
}

// rrLen is the length of an RR whose owner is a pointer.
func (s *Server) rrLen(rr dns.RR) int {
	if s.scratch == nil {
		s.scratch = make([]byte, dns.MaxMsgSize)
	}
	n, err := dns.PackRR(rr, s.scratch, 0, nil, false)
	if err != nil {
		panic(err) // it was read from wire form
	}
	return n - wireLen(rr.Header().Name) + 2
}

// room takes n bytes, if they are left.
func (r *response) room(n int) bool {
	if r.size+n > r.limit {
		return false
	}
	r.size += n
	return true
}

// add puts records into a section under an owner, all of them or none.
func (r *response) add(section *[]dns.RR, owner string, rrs []dns.RR) bool {
	size := 0
	for _, rr := range rrs {
		size += r.server.rrLen(rr)
	}
	if !r.room(size) {
		return false
	}
	for _, rr := range rrs {
		rr = dns.Copy(rr)
		rr.Header().Name = owner
		*section = append(*section, rr)
	}
	return true
}

// rotated is add with the records rotated; what does not fit truncates.
func (r *response) rotated(section *[]dns.RR, owner string, rrs []dns.RR) ([]dns.RR, bool) {
	if len(rrs) > 1 {
		turn := r.turns.turn(len(rrs))
		rrs = append(append([]dns.RR{}, rrs[turn:]...), rrs[:turn]...)
	}
	if !r.add(section, owner, rrs) {
		r.reply.Truncated = true
		return nil, false
	}
	return rrs, true
}
