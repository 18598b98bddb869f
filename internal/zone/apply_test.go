package zone

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"open53/internal/rdata"
)

func TestExistence(t *testing.T) {
	t.Parallel()
	www := "www.example.com A 60 192.0.2.1|192.0.2.2"
	routed := "www.example.com A id=S weight=10 60 192.0.2.1"
	runBatches(t, []batchCase{
		{name: "create", batch: []string{"CREATE " + www}},
		{
			name: "create existing", zone: []string{www}, batch: []string{"CREATE " + www},
			want: []string{"Tried to create resource record set [name='www.example.com.', type='A'] but it already exists"},
		},
		{
			name: "create existing with identifier", zone: []string{routed}, batch: []string{"CREATE " + routed},
			want: []string{"Tried to create resource record set [name='www.example.com.', type='A', set-identifier='S'] but it already exists"},
		},
		{
			name: "create existing wildcard", zone: []string{"*.example.com A 60 192.0.2.1"}, batch: []string{"CREATE *.EXAMPLE.com. A 60 192.0.2.1"},
			want: []string{`Tried to create resource record set [name='\052.example.com.', type='A'] but it already exists`},
		},
		{name: "upsert new", batch: []string{"UPSERT " + www}},
		{name: "upsert existing", zone: []string{www}, batch: []string{"UPSERT www.example.com A 30 192.0.2.9"}},
		{name: "delete", zone: []string{www}, batch: []string{"DELETE " + www}},
		{
			name: "delete with values in another order and another case of the name", zone: []string{www},
			batch: []string{"DELETE WWW.example.com. A 60 192.0.2.2|192.0.2.1"},
		},
		{
			name: "delete with the target in another case", zone: []string{"www.example.com CNAME 60 Web.example.org."},
			batch: []string{"DELETE www.example.com CNAME 60 web.EXAMPLE.org"},
		},
		{
			name: "delete missing", batch: []string{"DELETE " + www},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A'] but it was not found"},
		},
		{
			name: "delete missing identifier", zone: []string{routed}, batch: []string{"DELETE www.example.com A id=T weight=10 60 192.0.2.1"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='T'] but it was not found"},
		},
		{
			name: "delete with another TTL", zone: []string{www}, batch: []string{"DELETE www.example.com A 61 192.0.2.1|192.0.2.2"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values"},
		},
		{
			name: "delete with fewer values", zone: []string{www}, batch: []string{"DELETE www.example.com A 60 192.0.2.1"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values"},
		},
		{
			name: "delete with another weight", zone: []string{routed}, batch: []string{"DELETE www.example.com A id=S weight=11 60 192.0.2.1"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='S'] but the values provided do not match the current values"},
		},
		{
			name: "delete with another policy", zone: []string{routed}, batch: []string{"DELETE www.example.com A id=S region=us-east-1 60 192.0.2.1"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='S'] but the values provided do not match the current values"},
		},
		{
			name: "delete without the health check", zone: []string{"www.example.com A id=S weight=1 hc=h 60 192.0.2.1"},
			batch: []string{"DELETE www.example.com A id=S weight=1 60 192.0.2.1"},
			want:  []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='S'] but the values provided do not match the current values"},
		},
		{
			name: "delete alias with another target", zone: []string{"a.example.com A 60 192.0.2.1", "b.example.com A 60 192.0.2.1", "www.example.com A alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"DELETE www.example.com A alias=Z1EXAMPLE/b.example.com"},
			want:  []string{"Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values"},
		},
		{
			name: "delete alias as values", zone: []string{"a.example.com A 60 192.0.2.1", "www.example.com A alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"DELETE www.example.com A 60 192.0.2.1"},
			want:  []string{"Tried to delete resource record set [name='www.example.com.', type='A'] but the values provided do not match the current values"},
		},
		{
			name: "delete with a value that is none", zone: []string{www}, batch: []string{"DELETE www.example.com A 60 192.0.2.256"},
			want: []string{"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '192.0.2.256''"},
		},
		{
			name: "delete multivalue as Terraform does, without MultiValueAnswer", zone: []string{"www.example.com A id=S multivalue=true 60 192.0.2.1"},
			batch: []string{"DELETE www.example.com A id=S 60 192.0.2.1"},
		},
		{
			name: "delete missing multivalue without MultiValueAnswer", batch: []string{"DELETE www.example.com A id=S 60 192.0.2.1"},
			want: []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='S'] but it was not found"},
		},
		{
			name: "delete weighted without its weight", zone: []string{routed}, batch: []string{"DELETE www.example.com A id=S 60 192.0.2.1"},
			code: CodeInvalidInput,
			want: []string{"Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found none in Change with [Action=DELETE, Name=www.example.com, Type=A, SetIdentifier=S]"},
		},
		{
			name: "delete geoproximity with the place written otherwise", zone: []string{"www.example.com A id=S near=@40.7,-74/0 60 192.0.2.1"},
			batch: []string{"DELETE www.example.com A id=S near=@+40.70,-074.0 60 192.0.2.1"},
		},
		{
			name: "delete geoproximity with another bias", zone: []string{"www.example.com A id=S near=@40.7,-74/1 60 192.0.2.1"},
			batch: []string{"DELETE www.example.com A id=S near=@40.7,-74 60 192.0.2.1"},
			want:  []string{"Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='S'] but the values provided do not match the current values"},
		},
		{
			name: "an alias may lose its target", zone: []string{"a.example.com A 60 192.0.2.1", "www.example.com A alias=Z1EXAMPLE/a.example.com"},
			batch: []string{"DELETE a.example.com A 60 192.0.2.1"},
		},
	})
}

func TestSequences(t *testing.T) {
	t.Parallel()
	const invalid = "The request contains an invalid set of changes for a resource record set 'A www.example.com.'"
	old, other := "www.example.com A 60 192.0.2.1", "www.example.com A 60 192.0.2.2"
	runBatches(t, []batchCase{
		{name: "delete then create the same set", zone: []string{old}, batch: []string{"DELETE " + old, "CREATE " + other}},
		{name: "delete then upsert the same set", zone: []string{old}, batch: []string{"DELETE " + old, "UPSERT " + other}},
		{
			name: "delete CNAME then create alias", zone: []string{"a.example.com A 60 192.0.2.1", "www.example.com CNAME 60 a.example.com"},
			batch: []string{"DELETE www.example.com CNAME 60 a.example.com", "CREATE www.example.com A alias=Z1EXAMPLE/a.example.com"},
		},
		{name: "delete simple then create weighted", zone: []string{old}, batch: []string{"DELETE " + old, "CREATE www.example.com A id=S weight=1 60 192.0.2.1"}},
		{
			name: "create weighted before the delete of simple", zone: []string{old}, batch: []string{"CREATE www.example.com A id=S weight=1 60 192.0.2.1", "DELETE " + old},
			want: []string{"RRSet with DNS name www.example.com., type A, SetIdentifier S cannot be created as a non-weighted set exists with the same name and type."},
		},
		{
			name: "rename the identifier of a latency set", zone: []string{"www.example.com A id=S region=us-east-1 60 192.0.2.1"},
			batch: []string{"DELETE www.example.com A id=S region=us-east-1 60 192.0.2.1", "CREATE www.example.com A id=T region=us-east-1 60 192.0.2.1"},
		},
		{name: "create twice", batch: []string{"CREATE " + old, "CREATE " + other}, want: []string{invalid}},
		{name: "create then upsert", batch: []string{"CREATE " + old, "UPSERT " + other}, want: []string{invalid}},
		{name: "upsert twice", batch: []string{"UPSERT " + old, "UPSERT " + old}, want: []string{invalid}},
		{name: "upsert then delete", batch: []string{"UPSERT " + old, "DELETE " + old}, want: []string{invalid}},
		{name: "create then delete", batch: []string{"CREATE " + old, "DELETE " + old}, want: []string{invalid}},
		{name: "delete twice", zone: []string{old}, batch: []string{"DELETE " + old, "DELETE " + old}, want: []string{invalid}},
		{name: "delete, create, delete", zone: []string{old}, batch: []string{"DELETE " + old, "CREATE " + other, "DELETE " + other}, want: []string{invalid}},
		{name: "two types of one name", batch: []string{"UPSERT " + old, "UPSERT www.example.com AAAA 60 2001:db8::1"}},
		{name: "two identifiers of one name", batch: []string{"UPSERT www.example.com A id=S weight=1 60 192.0.2.1", "UPSERT www.example.com A id=T weight=1 60 192.0.2.2"}},
		{
			name: "all faults together, in the order of the changes", zone: []string{"b.example.com CNAME 60 c.example.com"},
			batch: []string{"CREATE a.example.com A 60 1.2.3", "CREATE b.example.com A 60 192.0.2.1", "CREATE www.example.org A 60 192.0.2.1", "DELETE example.com NS 172800 ns-1.awsdns-01.com|ns-2.awsdns-02.net", "DELETE d.example.com A 60 192.0.2.1"},
			want: []string{
				"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3''",
				"RRSet of type A with DNS name b.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.",
				"RRSet with DNS name www.example.org. is not permitted in zone example.com.",
				"A HostedZone must contain at least one NS record for the zone itself.",
				"Tried to delete resource record set [name='d.example.com.', type='A'] but it was not found",
			},
		},
		{
			name: "a set refused for its value still takes its place", batch: []string{"CREATE a.example.com A 60 1.2.3", "CREATE b.example.com A alias=Z1EXAMPLE/a.example.com"},
			want: []string{"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3''"},
		},
		{
			name: "a set refused for its place does not take it", zone: []string{"a.example.com A 60 192.0.2.1"}, batch: []string{"CREATE a.example.com CNAME 60 b.example.com", "CREATE a.example.com AAAA 60 2001:db8::1"},
			want: []string{"RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com."},
		},
		{
			name: "shape wins over conflicts", zone: []string{old}, batch: []string{"CREATE " + old, "CREATE b.example.com A 60"}, code: CodeInvalidInput,
			want: []string{"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, Name=b.example.com, Type=A, SetIdentifier=null]"},
		},
	})
}

func TestNamesAndTypes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	runBatches(t, []batchCase{
		{
			name: "name outside the zone", batch: []string{"CREATE www.example.org A 60 192.0.2.1"},
			want: []string{"RRSet with DNS name www.example.org. is not permitted in zone example.com."},
		},
		{
			name: "name that only ends like the zone", batch: []string{"CREATE myexample.com A 60 192.0.2.1"},
			want: []string{"RRSet with DNS name myexample.com. is not permitted in zone example.com."},
		},
		{name: "empty name", batch: []string{"CREATE  A 60 192.0.2.1"}, want: []string{"FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''"}},
		{name: "empty label", batch: []string{"CREATE a..example.com A 60 192.0.2.1"}, want: []string{"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..example.com'"}},
		{name: "long label", batch: []string{"CREATE " + long + ".example.com A 60 192.0.2.1"}, want: []string{"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '" + long + ".example.com'"}},
		{
			name: "long name", batch: []string{"CREATE " + strings.Repeat("abcdefgh.", 28) + "example.com A 60 192.0.2.1"},
			want: []string{"FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '" + strings.Repeat("abcdefgh.", 28) + "example.com'"},
		},
		{name: "byte that must be escaped", batch: []string{"CREATE ä.example.com A 60 192.0.2.1"}, want: []string{"FATAL problem: UnsupportedCharacter (Value contains unsupported characters) encountered with 'ä.example.com'"}},
		{name: "wildcard", batch: []string{"CREATE *.example.com A 60 192.0.2.1", `CREATE \052.example.com AAAA 60 2001:db8::1`}},
		{name: "star that is no wildcard", batch: []string{"CREATE a.*.example.com A 60 192.0.2.1", "CREATE *a.example.com NS 60 ns.example.org"}},
		{
			name: "A next to CNAME", zone: []string{"www.example.com CNAME 60 example.org"}, batch: []string{"CREATE www.example.com A 60 192.0.2.1"},
			want: []string{"RRSet of type A with DNS name www.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com."},
		},
		{
			name: "CNAME next to others", zone: []string{"www.example.com A 60 192.0.2.1"}, batch: []string{"UPSERT www.example.com CNAME 60 example.org"},
			want: []string{"RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com."},
		},
		{
			name: "DS next to CNAME", zone: []string{"www.example.com CNAME 60 example.org"}, batch: []string{"CREATE www.example.com DS 60 123 13 1 " + strings.Repeat("0", 40)},
			want: []string{"RRSet of type DS with DNS name www.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com."},
		},
		{
			name: "CNAME at the apex", batch: []string{"CREATE example.com CNAME 60 example.org"},
			want: []string{"RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com."},
		},
		{
			name: "CNAME alias at the apex", zone: []string{"a.example.com CNAME 60 example.org"}, batch: []string{"CREATE example.com CNAME alias=Z1EXAMPLE/a.example.com"},
			want: []string{"RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com."},
		},
		{
			name: "CNAME with two values", batch: []string{"CREATE www.example.com CNAME 60 a.example.org|b.example.org"},
			want: []string{"RRSet of type CNAME with DNS name www.example.com. is not permitted to have more than one record in zone example.com."},
		},
		{name: "weighted CNAMEs", batch: []string{"CREATE www.example.com CNAME id=S weight=1 60 a.example.org", "CREATE www.example.com CNAME id=T weight=1 60 b.example.org"}},
		{
			name: "delete apex NS", batch: []string{"DELETE example.com NS 172800 ns-1.awsdns-01.com|ns-2.awsdns-02.net"},
			want: []string{"A HostedZone must contain at least one NS record for the zone itself."},
		},
		{
			name: "delete apex SOA", batch: []string{"DELETE example.com SOA 900 ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"},
			want: []string{"A HostedZone must contain exactly one SOA record."},
		},
		{name: "replace apex NS", batch: []string{"DELETE example.com NS 172800 ns-1.awsdns-01.com|ns-2.awsdns-02.net", "CREATE example.com NS 300 ns.example.org"}},
		{name: "edit apex NS and SOA", batch: []string{"UPSERT example.com NS 300 ns.example.org", "UPSERT example.com SOA 300 ns.example.org. h.example.org. 2 3 4 5 6"}},
		{name: "delegation, and its deletion", zone: []string{"sub.example.com NS 60 ns.example.org"}, batch: []string{"DELETE sub.example.com NS 60 ns.example.org"}},
		{
			name: "SOA below the apex", batch: []string{"CREATE sub.example.com SOA 60 ns.example.org. h.example.org. 2 3 4 5 6"},
			want: []string{"A HostedZone must contain exactly one SOA record."},
		},
		{
			name: "two SOA values", batch: []string{"UPSERT example.com SOA 60 ns.example.org. h.example.org. 2 3 4 5 6|ns.example.org. h.example.org. 3 3 4 5 6"},
			want: []string{"A HostedZone must contain exactly one SOA record."},
		},
		{
			name: "wildcard NS", batch: []string{"CREATE *.example.com NS 60 ns.example.org"},
			want: []string{`RRSet of type NS with DNS name \052.example.com. is not permitted at a wildcard in zone example.com.`},
		},
		{
			name: "DS at the apex", batch: []string{"CREATE example.com DS 60 123 13 1 " + strings.Repeat("0", 40)},
			want: []string{"RRSet of type DS with DNS name example.com. is not permitted at apex in zone example.com."},
		},
		{name: "DNAME beside others, and names below it", batch: []string{"CREATE d.example.com DNAME 60 example.org", "CREATE d.example.com A 60 192.0.2.1", "CREATE x.d.example.com A 60 192.0.2.1"}},
		{name: "DNAME at the apex", batch: []string{"CREATE example.com DNAME 60 example.org"}},
		{
			name: "DNAME next to CNAME", zone: []string{"d.example.com CNAME 60 example.org"}, batch: []string{"CREATE d.example.com DNAME 60 example.org"},
			want: []string{"RRSet of type DNAME with DNS name d.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com."},
		},
		{
			name: "DNAME next to a delegation", zone: []string{"d.example.com NS 60 ns.example.org"}, batch: []string{"CREATE d.example.com DNAME 60 example.org"},
			want: []string{"RRSet of type DNAME with DNS name d.example.com. is not permitted because a conflicting RRSet of type NS with the same DNS name already exists in zone example.com."},
		},
		{
			name: "DNAME with two values", batch: []string{"CREATE d.example.com DNAME 60 example.org|example.net"},
			want: []string{"RRSet of type DNAME with DNS name d.example.com. is not permitted to have more than one record in zone example.com."},
		},
		{
			name: "wildcard DNAME", batch: []string{"CREATE *.example.com DNAME 60 example.org"},
			want: []string{`RRSet of type DNAME with DNS name \052.example.com. is not permitted at a wildcard in zone example.com.`},
		},
		{name: "unknown type by number", batch: []string{`CREATE a.example.com TYPE65280 60 \# 2 abcd`}},
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		values := make([]string, n)
		for i := range values {
			values[i] = "10.0." + strconv.Itoa(i/256) + "." + strconv.Itoa(i%256)
		}
		return strings.Join(values, "|")
	}
	runBatches(t, []batchCase{
		{
			name: "bad address", batch: []string{"CREATE a.example.com A 60 foo"},
			want: []string{"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'foo''"},
		},
		{name: "each bad value", batch: []string{"CREATE a.example.com A 60 foo|192.0.2.1|bar"}, want: []string{
			"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'foo''",
			"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'bar''",
		}},
		{
			name: "text without quotation marks", batch: []string{"CREATE a.example.com TXT 60 hello"},
			want: []string{"Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'hello''"},
		},
		{
			name: "duplicate value", batch: []string{"CREATE a.example.com A 60 192.0.2.1|192.0.2.2|192.0.2.1"},
			want: []string{"Duplicate Resource Record: '192.0.2.1'"},
		},
		{name: "each duplicate, however written", batch: []string{"CREATE a.example.com MX 60 10 Mail.example.org|10 mail.example.org.|010 mail.example.org"}, want: []string{
			"Duplicate Resource Record: '10 mail.example.org.'", "Duplicate Resource Record: '010 mail.example.org'",
		}},
		{name: "400 values", batch: []string{"CREATE a.example.com A 60 " + many(400)}},
		{name: "401 values", batch: []string{"CREATE a.example.com A 60 " + many(401)}, want: []string{"Cannot have more than 400 records in a RRSet."}},
		{
			name: "other limit of values", batch: []string{"CREATE a.example.com A 60 192.0.2.1|192.0.2.2"}, opts: Options{Limits: Limits{Values: 1}},
			want: []string{"Cannot have more than 1 records in a RRSet."},
		},
		{name: "1000 values in a request", batch: []string{"CREATE a.example.com A 60 " + many(400), "CREATE b.example.com A 60 " + many(400), "CREATE c.example.com A 60 " + many(200)}},
		{
			name: "1001 values in a request", batch: []string{"CREATE a.example.com A 60 " + many(400), "CREATE b.example.com A 60 " + many(400), "CREATE c.example.com A 60 " + many(201)},
			want: []string{"Number of records limit of 1000 exceeded."},
		},
		{
			name: "UPSERT counts twice", batch: []string{"UPSERT a.example.com A 60 " + many(300), "UPSERT b.example.com A 60 " + many(201)},
			want: []string{"Number of records limit of 1000 exceeded."},
		},
		{
			name: "characters in a request", batch: []string{`CREATE a.example.com TXT 60 "a"|"b"`}, opts: Options{Limits: Limits{RequestCharacters: 5}},
			want: []string{"Number of characters limit of 5 exceeded."},
		},
		{name: "no limits", batch: []string{"UPSERT a.example.com A 60 " + many(1100)}, opts: Options{Limits: Limits{RequestRecords: -1, RequestCharacters: -1, Values: -1}}},
	})
}

func TestBatchErrorMessage(t *testing.T) {
	t.Parallel()
	e := &BatchError{Code: CodeInvalidChangeBatch, Messages: []string{"one", "two"}}
	if got := e.Message(); got != "[one, two]" {
		t.Errorf("InvalidChangeBatch: %q", got)
	}
	e.Code = CodeInvalidInput
	if got := e.Error(); got != "InvalidInput: one, two" {
		t.Errorf("InvalidInput: %q", got)
	}
}

// brokenView fails at one name.
type brokenView struct {
	memory
	at  rdata.Name
	err error
}

func (v brokenView) RRsetsAt(name rdata.Name) ([]*RRset, error) {
	if name == v.at {
		return nil, v.err
	}
	return v.memory.RRsetsAt(name)
}

func TestErrorOfTheView(t *testing.T) {
	t.Parallel()
	z, broken := testZone(), errors.New("disk on fire")
	for _, line := range []string{
		"CREATE a.example.com A 60 192.0.2.1", "DELETE a.example.com A 60 192.0.2.1",
		"CREATE b.example.com A alias=Z1EXAMPLE/a.example.com", "CREATE b.example.com CNAME 60 a.example.com",
	} {
		view := brokenView{memory: newMemory(t, z), at: rdata.MustParseName("a.example.com"), err: broken}
		changes, err := Apply(z, view, parseRequest(t, line), Options{})
		if !errors.Is(err, broken) || changes != nil {
			t.Errorf("%s: %v, %v", line, changes, err)
		}
	}
}

// countingView counts the names that are read.
type countingView struct {
	memory
	reads int
}

func (v *countingView) RRsetsAt(name rdata.Name) ([]*RRset, error) {
	v.reads++
	return v.memory.RRsetsAt(name)
}
