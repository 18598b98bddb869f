package restxml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testRouter(t *testing.T) *Router {
	t.Helper()
	zone := map[string][]string{"Id": {"hostedzone"}}
	rt, err := NewRouter([]Route{
		0: {Method: "GET", Pattern: "/v1/hostedzone"},
		1: {Method: "POST", Pattern: "/v1/hostedzone"},
		2: {Method: "GET", Pattern: "/v1/hostedzone/{Id}", Prefixes: zone},
		3: {Method: "POST", Pattern: "/v1/hostedzone/{Id}/rrset/", Prefixes: zone},
		4: {Method: "GET", Pattern: "/v1/hostedzone/{Id}/rrset", Prefixes: zone},
		5: {Method: "GET", Pattern: "/v1/tags/{Type}/{Id}"},
		6: {Method: "DELETE", Pattern: "/v1/policy/{Id}/{Version}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func TestMatch(t *testing.T) {
	rt := testRouter(t)
	for _, tt := range []struct {
		method, path string
		index        int
		labels       string
		allow        string
	}{
		{"GET", "/v1/hostedzone", 0, "", ""},
		{"GET", "/v1/hostedzone/", 0, "", ""},
		{"POST", "/v1/hostedzone", 1, "", ""},
		{"DELETE", "/v1/hostedzone", -1, "", "GET POST"},
		{"GET", "/v1/hostedzone/Z1", 2, "Z1", ""},
		{"GET", "/v1/hostedzone/Z1/", 2, "Z1", ""},
		{"GET", "/v1/hostedzone/Z1//", -1, "Z1", ""},
		{"POST", "/v1/hostedzone/Z1/rrset/", 3, "Z1", ""},
		{"POST", "/v1/hostedzone/Z1/rrset", 3, "Z1", ""},
		{"GET", "/v1/hostedzone/Z1/rrset/", 4, "Z1", ""},
		{"PATCH", "/v1/hostedzone/Z1/rrset", -1, "Z1", "POST GET"},
		{"GET", "/v1/hostedzone/hostedzone/Z1", 2, "Z1", ""},
		{"GET", "/v1/hostedzone//hostedzone/Z1", 2, "Z1", ""},
		{"GET", "/v1/hostedzone//hostedzone/Z1/rrset", 4, "Z1", ""},
		{"GET", "/v1/hostedzone/%2Fhostedzone%2FZ1/rrset", 4, "/hostedzone/Z1", ""},
		{"GET", "/v1/hostedzone/hostedzone", 2, "hostedzone", ""},
		{"GET", "/v1/hostedzone/hostedzone/", 2, "hostedzone", ""},
		{"GET", "/v1/hostedzone//Z1", -1, "", ""},
		{"GET", "/v1/tags/hostedzone/Z1", 5, "hostedzone Z1", ""},
		{"GET", "/v1/tags/hostedzone/hostedzone/Z1", -1, "hostedzone hostedzone", ""},
		{"GET", "/v1/tags/a%20b/%C3%A9", 5, "a b é", ""},
		{"GET", "/v1/tags/a/%zz", -1, "a", ""},
		{"GET", "/v1/tags/a/%ff", -1, "a", ""},
		{"GET", "/v1/tags/a/b+c", 5, "a b+c", ""},
		{"DELETE", "/v1/policy/p/3", 6, "p 3", ""},
		{"DELETE", "/v1/policy/p", -1, "p", ""},
		{"DELETE", "/v1/policy/p/3/4", -1, "p 3", ""},
		{"GET", "/v2/hostedzone", -1, "", ""},
		{"GET", "/v1", -1, "", ""},
		{"GET", "/v1/", -1, "", ""},
		{"GET", "/", -1, "", ""},
		{"GET", "", -1, "", ""},
		{"GET", "/V1/HostedZone", -1, "", ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			m := rt.Match(tt.method, tt.path)
			if m.Index != tt.index {
				t.Errorf("route %d, want %d", m.Index, tt.index)
			}
			if got := strings.TrimSpace(strings.Join(m.Labels[:], " ")); got != tt.labels {
				t.Errorf("labels %q, want %q", got, tt.labels)
			}
			if got := strings.Join(m.Allow, " "); got != tt.allow {
				t.Errorf("allow %q, want %q", got, tt.allow)
			}
		})
	}
}

func TestNewRouterRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		second Route
		want   string
	}{
		{"same route", Route{Method: "GET", Pattern: "/a/{x}/"}, "route GET /a/{x}/: there is such a route already"},
		{"literal beside label", Route{Method: "GET", Pattern: "/a/b"}, "route GET /a/b: literal b beside a label"},
		{"label beside literal", Route{Method: "GET", Pattern: "/{x}"}, "route GET /{x}: label {x} beside a literal"},
		{"other prefixes", Route{Method: "PUT", Pattern: "/a/{x}", Prefixes: map[string][]string{"x": {"p"}}}, "route PUT /a/{x}: label {x} has other prefixes in another route"},
		{"labels", Route{Method: "GET", Pattern: "/a/{x}/{x}/{x}/{x}/{x}"}, "route GET /a/{x}/{x}/{x}/{x}/{x}: more than 4 labels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewRouter([]Route{{Method: "GET", Pattern: "/a/{x}"}, tt.second})
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	rt := testRouter(t)
	if n := testing.AllocsPerRun(100, func() { rt.Match("POST", "/v1/hostedzone/Z1/rrset/") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzMatch(f *testing.F) {
	for _, path := range []string{"/v1/hostedzone//hostedzone/Z1/rrset/", "/v1/tags/%41/b", "//", "/v1/hostedzone/%"} {
		f.Add(path)
	}
	rt, err := NewRouter([]Route{
		{Method: "GET", Pattern: "/v1/hostedzone/{Id}/rrset", Prefixes: map[string][]string{"Id": {"hostedzone"}}},
		{Method: "GET", Pattern: "/v1/tags/{Type}/{Id}"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		m := rt.Match("GET", path)
		if m.Index < 0 || m.Labels[0] == "hostedzone" { // a label that looks like its prefix cannot be told from it
			return
		}
		// The path built from the labels leads to the same place.
		built := "/v1/tags/" + string(AppendEscaped(nil, m.Labels[0])) + "/" + string(AppendEscaped(nil, m.Labels[1]))
		if m.Index == 0 {
			built = "/v1/hostedzone/" + string(AppendEscaped(nil, m.Labels[0])) + "/rrset"
		}
		if diff := cmp.Diff(m, rt.Match("GET", built)); diff != "" {
			t.Errorf("%s: %s", built, diff)
		}
	})
}
