package zone

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"open53/internal/rdata"
)

// The tests write changes in one line each:
//
//	CREATE www.example.com A id=one weight=10 60 192.0.2.1|192.0.2.2
//	UPSERT www.example.com A alias=Z1EXAMPLE/web.example.com/eth
//
// Action, name, type; then key=value members; then TTL and values.

const testZoneID = "Z1EXAMPLE"

var testServers = []string{"ns-1.awsdns-01.com", "ns-2.awsdns-02.net"}

func testZone() *HostedZone {
	return &HostedZone{ID: testZoneID, Name: rdata.MustParseName("example.com"), NameServers: testServers}
}

// memory is a view in memory.
type memory map[rdata.Name][]*RRset

func (m memory) RRsetsAt(name rdata.Name) ([]*RRset, error) { return m[name], nil }

// clone copies the view, not the RRsets.
func (m memory) clone() memory {
	out := make(memory, len(m))
	for name, sets := range m {
		out[name] = slices.Clone(sets)
	}
	return out
}

// commit applies changes without any check but that Old is what is there.
func (m memory) commit(t testing.TB, changes []Change) {
	t.Helper()
	for i := range changes {
		c := &changes[i]
		key := c.Key()
		at := slices.IndexFunc(m[key.Name], func(s *RRset) bool { return s.Key() == key })
		switch {
		case c.Old == nil && at >= 0:
			t.Fatalf("change %d creates %v, which exists", i, key)
		case c.Old != nil && (at < 0 || !m[key.Name][at].Equal(c.Old)):
			t.Fatalf("change %d: %v is not what is there", i, key)
		case c.Old == nil:
			m[key.Name] = append(m[key.Name], c.New)
		case c.New == nil:
			m[key.Name] = slices.Delete(m[key.Name], at, at+1)
		default:
			m[key.Name][at] = c.New
		}
		if len(m[key.Name]) == 0 {
			delete(m, key.Name)
		}
	}
}

// sorted is the content in list order.
func (m memory) sorted() []*RRset {
	var all []*RRset
	for _, sets := range m {
		all = append(all, sets...)
	}
	sortRRsets(all)
	return all
}

// newMemory is a new zone, changed by the lines (CREATE may be left out), each
// a batch of its own.
func newMemory(t testing.TB, z *HostedZone, lines ...string) memory {
	t.Helper()
	m := make(memory)
	for _, s := range NewZoneRRsets(z.Name, z.NameServers, "") {
		m[s.Name] = append(m[s.Name], s)
	}
	for _, line := range lines {
		if action, _, _ := strings.Cut(line, " "); actions[action] == 0 {
			line = "CREATE " + line
		}
		changes, err := Apply(z, m, parseRequest(t, line), Options{})
		if err != nil {
			t.Fatalf("set up %q: %v", line, err)
		}
		m.commit(t, changes)
	}
	return m
}

var actions = map[string]Action{"CREATE": Create, "DELETE": Delete, "UPSERT": Upsert}

func parseRequest(t testing.TB, lines ...string) Request {
	t.Helper()
	var req Request
	for _, line := range lines {
		c, err := parseChange(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		req.Changes = append(req.Changes, c)
	}
	return req
}

func parseChange(line string) (RequestedChange, error) {
	fields := strings.Split(line, " ")
	if len(fields) < 3 || actions[fields[0]] == 0 {
		return RequestedChange{}, errors.New("want ACTION NAME TYPE …")
	}
	c := RequestedChange{Action: actions[fields[0]], Set: RequestedSet{Name: fields[1], Type: fields[2]}}
	rest := fields[3:]
	for len(rest) > 0 {
		key, value, found := strings.Cut(rest[0], "=")
		if !found || !c.Set.member(key, value) {
			break
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		if rest[0] != "-" { // no TTL
			ttl, err := strconv.ParseInt(rest[0], 10, 64)
			if err != nil {
				return c, err
			}
			c.Set.TTL = &ttl
		}
		if len(rest) > 1 {
			c.Set.Values = strings.Split(strings.Join(rest[1:], " "), "|")
		}
	}
	return c, nil
}

func (s *RequestedSet) member(key, value string) bool {
	switch key {
	case "id":
		s.SetIdentifier = &value
	case "weight":
		n, _ := strconv.ParseInt(value, 10, 64)
		s.Weight = &n
	case "region":
		s.Region = value
	case "failover":
		s.Failover = value
	case "geo": // EU, /US, /US/CA
		parts := append(strings.Split(value, "/"), "", "")
		s.Geolocation = &RequestedGeolocation{Continent: parts[0], Country: parts[1], Subdivision: parts[2]}
	case "near": // region, or @latitude,longitude, or %group; optional /bias
		s.Geoproximity = parseNear(value)
	case "cidr":
		collection, location, _ := strings.Cut(value, "/")
		s.CIDR = &RequestedCIDR{CollectionID: collection, LocationName: location}
	case "multivalue":
		s.MultiValueAnswer = new(value == "true")
	case "alias": // zone/target, zone/target/eth
		parts := append(strings.Split(value, "/"), "", "")
		s.Alias = &RequestedAlias{ZoneID: parts[0], DNSName: parts[1], EvaluateTargetHealth: parts[2] == "eth"}
	case "hc":
		s.HealthCheckID = value
	case "instance":
		s.TrafficPolicyInstanceID = value
	default:
		return false
	}
	return true
}

func parseNear(value string) *RequestedGeoproximity {
	g := new(RequestedGeoproximity)
	place, bias, found := strings.Cut(value, "/")
	if found {
		n, _ := strconv.ParseInt(bias, 10, 64)
		g.Bias = &n
	}
	for part := range strings.SplitSeq(place, "&") {
		switch {
		case strings.HasPrefix(part, "@"):
			lat, lon, _ := strings.Cut(part[1:], ",")
			g.Coordinates = &RequestedCoordinates{Latitude: lat, Longitude: lon}
		case strings.HasPrefix(part, "%"):
			g.LocalZoneGroup = part[1:]
		default:
			g.Region = part
		}
	}
	return g
}

// batchCase is a batch against a zone, and what comes of it: the faults, or
// nothing.
type batchCase struct {
	name  string
	zone  []string // content beside NS and SOA
	batch []string
	opts  Options
	hz    func(*HostedZone)
	code  string   // of the fault; empty with want: InvalidChangeBatch
	want  []string // messages; none means that the batch is accepted
}

func runBatches(t *testing.T, cases []batchCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			z := testZone()
			if tc.hz != nil {
				tc.hz(z)
			}
			view := newMemory(t, z, tc.zone...)
			before := view.sorted()
			changes, err := Apply(z, view, parseRequest(t, tc.batch...), tc.opts)
			if !slices.EqualFunc(before, view.sorted(), (*RRset).Equal) {
				t.Error("Apply changed the view")
			}
			if len(tc.want) == 0 {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if len(changes) != len(tc.batch) {
					t.Fatalf("%d changes for %d requested", len(changes), len(tc.batch))
				}
				view.commit(t, changes)
				checkInvariants(t, z, view)
				return
			}
			var batchErr *BatchError
			if !errors.As(err, &batchErr) || changes != nil {
				t.Fatalf("got %v, %v; want a BatchError", changes, err)
			}
			code := tc.code
			if code == "" {
				code = CodeInvalidChangeBatch
			}
			if batchErr.Code != code {
				t.Errorf("code %s, want %s", batchErr.Code, code)
			}
			if !slices.Equal(batchErr.Messages, tc.want) {
				t.Errorf("messages\n%s\nwant\n%s", strings.Join(batchErr.Messages, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}
