package nameserver

import (
	"encoding/binary"
	"net/netip"

	"open53/internal/dnswire"
	"open53/internal/rdata"
)

// Question is what Explain is asked.
type Question struct {
	Name rdata.Name
	Type rdata.Type
	// Client is the address that the query comes from; Subnet the client subnet
	// that it names, if it is valid.
	Client netip.Addr
	Subnet netip.Prefix
}

// Explanation is the answer to a question and every decision that led to it.
type Explanation struct {
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Client ClientStep      `json:"client"`
	Zone   string          `json:"zone,omitempty"` // that answers; none if the name is nobody's
	ZoneID string          `json:"zone_id,omitempty"`
	Rcode  string          `json:"rcode"`
	Answer []ExplainRecord `json:"answer"`
	// Scope is how many bits of the client's address the answer depends on.
	Scope uint8   `json:"scope"`
	Steps []*Step `json:"steps"` // each leads to the next
}

// ExplainRecord is one RR of the answer.
type ExplainRecord struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	TTL   uint32 `json:"ttl"` // seconds
	Value string `json:"value"`
}

// ClientStep is who asks and what is known of where that is.
type ClientStep struct {
	Address string `json:"address"`
	Bits    uint8  `json:"bits"`   // of the address that are known
	Source  string `json:"source"` // "client subnet", "resolver" or "vpc"
	// VPC is the network that the client is in; Region is where that is.
	VPC    string `json:"vpc,omitempty"`
	Region string `json:"region,omitempty"`
	// Position is what the geo database says; empty codes are not known.
	Continent   string   `json:"continent,omitempty"`
	Country     string   `json:"country,omitempty"`
	Subdivision string   `json:"subdivision,omitempty"`
	Latitude    *float32 `json:"latitude,omitempty"`  // degrees north
	Longitude   *float32 `json:"longitude,omitempty"` // degrees east
	ASN         uint32   `json:"asn,omitempty"`
	GeoBits     uint8    `json:"geo_bits"` // of the address that the position depends on
}

// The kinds of Step.
const (
	StepGroup   = "group"   // a policy has chosen among several sets
	StepAlias   = "alias"   // the answer is taken from another name of the zone
	StepOutside = "outside" // the answer is that of a name outside
	StepCNAME   = "cname"   // the answer goes on at another name
	StepRecords = "records" // the records that are answered
	StepNothing = "nothing" // there is nothing to answer
)

// Step is one decision.
type Step struct {
	Kind       string           `json:"kind"`
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	Policy     string           `json:"policy,omitempty"`
	Sticky     bool             `json:"sticky,omitempty"`    // drawn by the client's network
	FailOpen   bool             `json:"fail_open,omitempty"` // none is healthy, so all count
	Candidates []*CandidateStep `json:"candidates,omitempty"`
	Target     string           `json:"target,omitempty"`
	Records    int              `json:"records,omitempty"`
	Reason     string           `json:"reason,omitempty"`
}

// CandidateStep is one set of a group, as the policy saw it.
type CandidateStep struct {
	SetIdentifier string `json:"set_identifier"`
	Place         string `json:"place,omitempty"` // region, location or role
	Applies       bool   `json:"applies"`         // to this client
	HealthStep
	Chosen           bool     `json:"chosen"`
	Answers          string   `json:"answers"`
	Weight           *uint32  `json:"weight,omitempty"`
	Probability      *float64 `json:"probability,omitempty"`
	LatencyMillis    *float32 `json:"latency_ms,omitempty"`
	LatencySource    string   `json:"latency_source,omitempty"`
	Kilometers       *float32 `json:"distance_km,omitempty"`
	Bias             *int     `json:"bias,omitempty"`
	BiasedKilometers *float32 `json:"biased_km,omitempty"`
}

// HealthStep is how healthy a set is, and why.
type HealthStep struct {
	Healthy      bool        `json:"healthy"`
	Check        string      `json:"health_check,omitempty"` // its id
	CheckHealthy *bool       `json:"health_check_healthy,omitempty"`
	Target       *TargetStep `json:"target_health,omitempty"` // of an alias that evaluates it
}

// TargetStep is how healthy the target of an alias is.
type TargetStep struct {
	Name    string       `json:"name"`
	Healthy bool         `json:"healthy"`
	Missing bool         `json:"missing,omitempty"`
	Members []MemberStep `json:"members,omitempty"` // of the target's group: one healthy is enough
	Target  *TargetStep  `json:"target_health,omitempty"`
}

// MemberStep is one set of a target's group.
type MemberStep struct {
	SetIdentifier string `json:"set_identifier"`
	HealthStep
}

// Explain answers a question as over TCP and tells how the answer came about.
func (g *Group) Explain(q Question) *Explanation {
	r := g.borrow()
	defer g.giveBack(r)
	r.trace = &trace{}
	defer func() { r.trace = nil }()
	reply := r.Respond(make([]byte, 0, dnswire.MaxMessage), q.message(), q.Client, dnswire.TCP)
	e := &Explanation{
		Name: q.Name.String(), Type: q.Type.String(), Rcode: RcodeName(r.rcode),
		Answer: answered(reply, int(r.counts[answer])), Steps: r.trace.steps, Scope: r.where.Scope(),
	}
	if !r.placed {
		e.Scope = 0
	}
	if zone := r.single.lookup.Zone(); zone != nil {
		e.Zone, e.ZoneID = zone.Apex().String(), zone.ID()
	}
	if e.Steps == nil {
		e.Steps = []*Step{}
	}
	e.Client = r.explainClient()
	return e
}

func (r *Responder) explainClient() ClientStep {
	client := *r.location() // a copy: telling is not using
	addr, bits := client.Addr()
	c := ClientStep{Address: addr.String(), Bits: bits, Source: "resolver"}
	if _, ok := r.query.ECS.Addr(); ok {
		c.Source = "client subnet"
	}
	if r.view != nil {
		vpc := r.view.VPC()
		c.VPC, c.Region = vpc.ID, vpc.Region
	}
	if r.within {
		c.Source = "vpc"
	}
	at := client.Position()
	c.Continent, c.Country, c.Subdivision = at.Continent.String(), at.Country.String(), at.Subdivision.String()
	c.ASN, c.GeoBits = at.ASN, at.Bits
	if at.Located {
		c.Latitude, c.Longitude = &at.Latitude, &at.Longitude
	}
	return c
}

// message is the question as a query.
func (q *Question) message() []byte {
	b := []byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}
	b = append(b, q.Name...)
	b = dnswire.AppendUint16(b, uint16(q.Type))
	b = append(b, 0, dnswire.ClassIN)
	b = append(b, 0, 0, dnswire.TypeOPT, 0x10, 0, 0, 0, 0, 0)
	if !q.Subnet.IsValid() {
		return append(b, 0, 0)
	}
	subnet := q.Subnet.Masked()
	ecs := dnswire.ECS{Present: true, Family: 1, Source: uint8(subnet.Bits()), Address: subnet.Addr().AsSlice()}
	if subnet.Addr().Is6() {
		ecs.Family = 2
	}
	ecs.Address = ecs.Address[:(subnet.Bits()+7)/8]
	option := ecs.Append(nil, 0)
	b = dnswire.AppendUint16(b, uint16(len(option)))
	return append(b, option...)
}

// answered reads the answer section of our own response, which has one
// question, compression pointers for owners only, and no errors.
func answered(b []byte, count int) []ExplainRecord {
	records := make([]ExplainRecord, 0, count)
	_, at := expandName(b, dnswire.HeaderLen)
	at += 4
	for range count {
		owner, head := expandName(b, at)
		t := rdata.Type(binary.BigEndian.Uint16(b[head:]))
		at = head + 10 + int(binary.BigEndian.Uint16(b[head+8:]))
		value, err := rdata.FormatValue(t, b[head+10:at])
		if err != nil {
			value = err.Error()
		}
		records = append(records, ExplainRecord{
			Name: owner.String(), Type: t.String(), TTL: binary.BigEndian.Uint32(b[head+4:]), Value: value,
		})
	}
	return records
}

// expandName reads a name, and where it ends.
func expandName(b []byte, at int) (name rdata.Name, end int) {
	var wire []byte
	for b[at] != 0 {
		if b[at]&0xc0 == 0xc0 {
			end = max(end, at+2)
			at = int(binary.BigEndian.Uint16(b[at:]) & 0x3fff)
			continue
		}
		wire = append(wire, b[at:at+1+int(b[at])]...)
		at += 1 + int(b[at])
	}
	if end == 0 {
		end = at + 1
	}
	return rdata.Name(append(wire, 0)), end
}
