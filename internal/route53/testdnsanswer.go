package route53

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/miekg/dns"

	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// testUDPSize is the size of UDP responses that the test's resolver takes: a
// larger answer would have come over TCP.
const testUDPSize = 1232

// The client subnet's source prefix where the request has none, in bits.
const (
	defaultMask4 = 24
	defaultMask6 = 64
)

// TestDNSAnswer answers what DNS answers, by asking it. The zones of an
// installation share their name servers, so a name of one zone may be answered
// from another: a deeper one, or an older one of the same name. Then there is
// no answer of this zone to tell, and the error says which one answers.
func (s *Service) TestDNSAnswer(ctx context.Context, in *api.TestDNSAnswerInput) (_ *api.TestDNSAnswerOutput, err error) {
	defer s.fail(ctx, "TestDNSAnswer", &err)
	if s.cfg.Answerer == nil {
		return s.Unimplemented.TestDNSAnswer(ctx, in)
	}
	hosted, name, err := s.testedZone(in)
	if err != nil {
		return nil, err
	}
	client, subnet, err := s.testClient(in)
	if err != nil {
		return nil, err
	}
	t, ok := rdata.ParseType(string(in.RecordType))
	if !ok { // ours
		return nil, invalidInput("The record type " + string(in.RecordType) + " is not valid.")
	}
	answer, err := s.ask(name, t, client, subnet)
	if err != nil {
		return nil, err
	}
	out := &api.TestDNSAnswerOutput{
		Nameserver: hosted.NameServers[0], RecordName: name.String(), RecordType: in.RecordType,
		ResponseCode: rcodeText(answer.Rcode), Protocol: protocolOf(answer),
	}
	out.RecordData, err = answerValues(answer)
	return out, err
}

// testedZone finds the zone, and makes sure that it is the one that answers.
func (s *Service) testedZone(in *api.TestDNSAnswerInput) (*zone.HostedZone, rdata.Name, error) {
	view := s.store.View()
	defer view.Close()
	hosted, _, err := zoneIn(view, in.HostedZoneId)
	if err != nil {
		return nil, "", err
	}
	if hosted.Private { // this and the others are ours
		return nil, "", invalidInput("The hosted zone " + hosted.ID + " is private; answers can be tested for public hosted zones only.")
	}
	name, err := rdata.ParseName(in.RecordName)
	if err != nil {
		return nil, "", invalidInput(err.Error())
	}
	if !name.IsSubdomainOf(hosted.Name) {
		return nil, "", invalidInput("The record name " + name.String() + " is not within the hosted zone " + hosted.ID + " (" + hosted.Name.String() + ").")
	}
	answering, err := answeringZone(view, name, in.RecordType == api.RRTypeDS)
	if err != nil {
		return nil, "", err
	}
	if answering.ID != hosted.ID {
		return nil, "", invalidInput("The hosted zone " + hosted.ID + " does not answer for " + name.String() +
			": the name servers that it shares answer from the hosted zone " + answering.ID + " (" + answering.Name.String() + ").")
	}
	return hosted, name, nil
}

// answeringZone is the zone that DNS answers a name from: the deepest public
// one, of several with one name the oldest, by id if need be. Names that are a
// zone's own are answered by the zone above where DS is asked for (RFC 4035
// §3.1.4.1), if there is one.
func answeringZone(view store.View, name rdata.Name, ds bool) (*zone.HostedZone, error) {
	var deepest *zone.HostedZone
	for at := name; ; at = at.Parent() {
		var oldest *zone.HostedZone
		for hosted, err := range zonesNamed(view, at) {
			if err != nil {
				return nil, err
			}
			if !hosted.Private && (oldest == nil || hosted.Created < oldest.Created) {
				oldest = hosted
			}
		}
		if oldest != nil {
			if !ds || at != name {
				return oldest, nil
			}
			deepest = oldest
		}
		if at == rdata.Root {
			if deepest == nil {
				return nil, errors.New("no zone answers for " + name.String())
			}
			return deepest, nil
		}
	}
}

// testClient is the resolver that asks, and the subnet of its client if the
// request names one.
func (s *Service) testClient(in *api.TestDNSAnswerInput) (netip.Addr, *dns.EDNS0_SUBNET, error) {
	client := s.cfg.TestResolver
	if text := value(in.ResolverIP); text != "" {
		var err error
		if client, err = netip.ParseAddr(text); err != nil || client.Zone() != "" { // ours, as below
			return client, nil, invalidInput("The resolver IP address " + text + " is not valid.")
		}
	}
	text, maskText := value(in.EDNS0ClientSubnetIP), value(in.EDNS0ClientSubnetMask)
	if text == "" {
		if maskText != "" {
			return client, nil, invalidInput("EDNS0ClientSubnetMask is not permitted without EDNS0ClientSubnetIP.")
		}
		return client, nil, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return client, nil, invalidInput("The client subnet IP address " + text + " is not valid.")
	}
	family, mask, limit := uint16(1), defaultMask4, 32
	if addr.Is6() {
		family, mask, limit = 2, defaultMask6, 128
	}
	if maskText != "" {
		if mask, err = strconv.Atoi(maskText); err != nil || mask < 0 || mask > limit {
			return client, nil, invalidInput("The client subnet mask " + maskText + " is not valid: it must be 0 to " + strconv.Itoa(limit) + ".")
		}
	}
	prefix := netip.PrefixFrom(addr, mask).Masked() // RFC 7871 §6: no bits beyond the prefix
	return client, &dns.EDNS0_SUBNET{
		Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(mask), Address: net.IP(prefix.Addr().AsSlice()),
	}, nil
}

// ask sends one query to the server's own answers.
func (s *Service) ask(name rdata.Name, t rdata.Type, client netip.Addr, subnet *dns.EDNS0_SUBNET) (*dns.Msg, error) {
	owner, _, err := dns.UnpackDomainName([]byte(name), 0)
	if err != nil {
		return nil, fmt.Errorf("make query: %w", err)
	}
	query := new(dns.Msg)
	query.Question = []dns.Question{{Name: owner, Qtype: uint16(t), Qclass: dns.ClassINET}}
	query.SetEdns0(testUDPSize, false)
	if subnet != nil {
		opt := query.IsEdns0()
		opt.Option = append(opt.Option, subnet)
	}
	packed, err := query.Pack()
	if err != nil {
		return nil, fmt.Errorf("make query: %w", err)
	}
	response := s.cfg.Answerer.Answer(packed, client)
	answer := new(dns.Msg)
	if err := answer.Unpack(response); err != nil {
		return nil, fmt.Errorf("read response of %d bytes: %w", len(response), err)
	}
	return answer, nil
}

// rcodeText is the code's name, or its number if it has none.
func rcodeText(rcode int) string {
	if text, found := dns.RcodeToString[rcode]; found {
		return text
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// protocolOf is what a resolver would have got the answer by. Additional
// records are left out where space is short, so they do not count.
func protocolOf(answer *dns.Msg) string {
	needed := answer.Copy()
	needed.Compress = true
	needed.Extra = nil
	if opt := answer.IsEdns0(); opt != nil {
		needed.Extra = []dns.RR{opt}
	}
	if needed.Len() > testUDPSize {
		return "TCP"
	}
	return "UDP"
}

// answerValues are the values of the answer section, in Route 53's form.
func answerValues(answer *dns.Msg) ([]string, error) {
	values := make([]string, 0, len(answer.Answer))
	for _, rr := range answer.Answer {
		wire, err := rdataOf(rr)
		if err != nil {
			return nil, err
		}
		text, err := rdata.FormatValue(rdata.Type(rr.Header().Rrtype), wire)
		if err != nil {
			return nil, fmt.Errorf("write answer: %w", err)
		}
		values = append(values, text)
	}
	return values, nil
}

// rdataOf is the uncompressed rdata of an RR.
func rdataOf(rr dns.RR) ([]byte, error) {
	const fixed = 10 // type, class, TTL, length (RFC 1035 §3.2.1)
	rr = dns.Copy(rr)
	rr.Header().Name = "." // one byte
	b := make([]byte, dns.Len(rr)+1)
	end, err := dns.PackRR(rr, b, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return b[1+fixed : end], nil
}
