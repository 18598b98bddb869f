package zone

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"open53/internal/rdata"
)

// TestOwned is who may touch the RRsets of an instance: its own batches, and
// clients that delete the root. The zone has those of the instance "i" and one
// of a client.
func TestOwned(t *testing.T) {
	t.Parallel()
	z := testZone()
	build := func(t *testing.T) memory {
		view := newMemory(t, z, "c.example.com A 60 192.0.2.9")
		changes, err := Apply(z, view, parseRequest(t,
			"CREATE h._trafficpolicy.example.com A id=1 weight=1 60 192.0.2.1", "CREATE h._trafficpolicy.example.com A id=2 weight=0 60 192.0.2.2",
			"CREATE www.example.com A alias=Z1EXAMPLE/h._trafficpolicy.example.com/eth"), Options{Instance: "i"})
		if err != nil {
			t.Fatal(err)
		}
		view.commit(t, changes)
		return view
	}
	const hidden = "RRSet with DNS name h._trafficpolicy.example.com. is not permitted in zone example.com."
	differs := func(name string) string {
		return "Tried to delete resource record set [name='" + name + "', type='A'] but the values provided do not match the current values"
	}
	tests := []struct {
		name     string
		instance string // that the batch is of; empty: a client
		batch    string
		want     string // empty: it is accepted
	}{
		{"client deletes the root", "", "DELETE www.example.com A instance=i", ""},
		{"client deletes the root of another instance", "", "DELETE www.example.com A instance=j", differs("www.example.com.")},
		{"client deletes the root as an alias", "", "DELETE www.example.com A alias=Z1EXAMPLE/h._trafficpolicy.example.com/eth", differs("www.example.com.")},
		{"client deletes its own as a root", "", "DELETE c.example.com A instance=i", differs("c.example.com.")},
		{
			"client changes the root", "", "UPSERT www.example.com A 60 192.0.2.3",
			"RRSet of type A with DNS name www.example.com. is not permitted to be changed as it belongs to the traffic policy instance i in zone example.com.",
		},
		{"client beside the root", "", "CREATE www.example.com AAAA 60 2001:db8::1", ""},
		{"client leads to the root", "", "CREATE d.example.com A alias=Z1EXAMPLE/www.example.com/eth", ""},
		{
			"client leads to what is hidden", "", "CREATE d.example.com A alias=Z1EXAMPLE/h._trafficpolicy.example.com",
			"Tried to create an alias that targets h._trafficpolicy.example.com., type A in zone Z1EXAMPLE, but that target was not found",
		},
		{"client names what is hidden", "", "CREATE h._trafficpolicy.example.com TXT 60 \"x\"", hidden},
		{"client deletes what is hidden", "", "DELETE h._trafficpolicy.example.com A id=1 weight=1 60 192.0.2.1", hidden},
		{"client at the parent", "", "CREATE _trafficpolicy.example.com TXT 60 \"x\"", ""},
		{"client beside the parent", "", "CREATE x._trafficpolicy0.example.com TXT 60 \"x\"", ""},
		{"instance changes its own", "i", "UPSERT h._trafficpolicy.example.com A id=1 weight=7 60 192.0.2.1", ""},
		{"instance deletes its own", "i", "DELETE www.example.com A alias=Z1EXAMPLE/h._trafficpolicy.example.com/eth", ""},
		{
			"instance over a client's", "i", "UPSERT c.example.com A 60 192.0.2.3",
			"Tried to create resource record set [name='c.example.com.', type='A'] but it already exists",
		},
		{"instance deletes a client's", "i", "DELETE c.example.com A 60 192.0.2.9", differs("c.example.com.")},
		{
			"instance over another's", "j", "UPSERT www.example.com A 60 192.0.2.3",
			"Tried to create resource record set [name='www.example.com.', type='A'] but it already exists",
		},
		{"instance deletes another's", "j", "DELETE www.example.com A alias=Z1EXAMPLE/h._trafficpolicy.example.com/eth", differs("www.example.com.")},
		{
			"instance makes a loop", "i", "UPSERT h._trafficpolicy.example.com A id=1 weight=1 alias=Z1EXAMPLE/www.example.com",
			"RRSet of type A with DNS name h._trafficpolicy.example.com. is not permitted as it creates a CNAME or alias loop in the zone.",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			view := build(t)
			changes, err := Apply(z, view, parseRequest(t, test.batch), Options{Instance: test.instance})
			var refused *BatchError
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "":
				if s := changes[0].New; s != nil && s.TrafficPolicyInstanceID != test.instance {
					t.Errorf("belongs to %q", s.TrafficPolicyInstanceID)
				}
				view.commit(t, changes)
			case !errors.As(err, &refused) || refused.Message() != "["+test.want+"]":
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestAfterHidden: in list order, the hidden names lie together, and AfterHidden
// is the first name behind them.
func TestAfterHidden(t *testing.T) {
	t.Parallel()
	z := testZone()
	random := rand.New(rand.NewPCG(1, 2))
	names := []rdata.Name{z.AfterHidden(), z.HiddenParent()}
	for range 3000 {
		label := "_trafficpolicy"
		if random.IntN(3) > 0 {
			label = label[:random.IntN(len(label)+1)] + string(rune(random.IntN(128)))
		}
		name := rdata.Name(string(rune(len(label)))+strings.ToLower(label)) + z.Name
		for range random.IntN(3) {
			name = rdata.Name("\x01"+strings.ToLower(string(rune(random.IntN(128))))) + name
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b rdata.Name) int { return strings.Compare(a.SortKey(), b.SortKey()) })
	first := slices.IndexFunc(names, z.Hides)
	behind := slices.Index(names, z.AfterHidden())
	for i, name := range names {
		if z.Hides(name) != (first <= i && i < behind) {
			t.Errorf("%s is at %d; hidden are %d to %d", name, i, first, behind)
		}
	}
	if first < 1 || behind-first < 100 {
		t.Errorf("%d to %d", first, behind)
	}
}
