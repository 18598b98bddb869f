package route53

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/store/memory"
	"open53/internal/store/pebble"
)

// model is what the API should show, kept in the plainest way there is.
type model struct {
	zones map[string]*modelZone // by id
	burnt []string              // caller references of zones
	ids   map[string]string     // comments of changes, by id
}

type modelZone struct {
	id, name, reference, comment string // name: as the API shows it
	private                      bool
	vpcs                         []string
	tags                         map[string]string
	sets                         map[string]modelSet // by name and type
}

type modelSet struct {
	name, rrtype string
	ttl          int64
	values       []string
}

// modelKey sorts as the API does: labels reversed, then the type.
func modelKey(name, rrtype string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + ". " + rrtype
}

// driver does the same to a Service and to the model.
type driver struct {
	*model
	f      *fixture
	t      *testing.T
	random *rand.Rand
	count  int
}

func (d *driver) pick(list ...string) string { return list[d.random.IntN(len(list))] }

// anyZone is a zone; nil if there is none.
func (d *driver) anyZone() *modelZone {
	ids := d.sortedIDs(func(*modelZone) bool { return true })
	if len(ids) == 0 {
		return nil
	}
	return d.zones[d.pick(ids...)]
}

func (d *driver) sortedIDs(keep func(*modelZone) bool) []string {
	var ids []string
	for id, z := range d.zones {
		if keep(z) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// expect fails unless err has the code; empty is success.
func (d *driver) expect(err error, code string) {
	d.t.Helper()
	var known api.APIError
	switch {
	case err == nil && code == "":
	case err == nil || !errors.As(err, &known) || known.Code() != code:
		d.t.Fatalf("step %d: %v, want %q", d.count, err, code)
	}
}

var modelVPCs = []string{"vpc-0000000a", "vpc-0000000b", "vpc-0000000c"}

func (d *driver) createZone() {
	name := d.pick("example.com", "a-b.example.com", `a\052b.example.com`, "example.org", "www.example.org", "lan")
	in := &api.CreateHostedZoneInput{Name: name, CallerReference: fmt.Sprint(d.count)}
	z := &modelZone{name: name + ".", tags: map[string]string{}, sets: map[string]modelSet{}}
	if d.random.IntN(3) == 0 {
		vpc := d.pick(modelVPCs...)
		in.VPC, z.private, z.vpcs = testVPC(vpc), true, []string{vpc}
	}
	code := ""
	if len(d.burnt) > 0 && d.random.IntN(10) == 0 {
		in.CallerReference, code = d.pick(d.burnt...), "HostedZoneAlreadyExists"
	} else if z.private && d.taken(z, z.vpcs[0]) {
		code = "ConflictingDomainExists"
	}
	out, err := d.f.CreateHostedZone(d.t.Context(), in)
	d.expect(err, code)
	if err != nil {
		return
	}
	z.id, z.reference = strings.TrimPrefix(out.HostedZone.Id, "/hostedzone/"), in.CallerReference
	for _, s := range d.f.rrsets(d.t, z.id, "300") { // NS and SOA
		z.put(modelSetOf(s))
	}
	d.zones[z.id] = z
	d.burnt = append(d.burnt, z.reference)
	d.ids[strings.TrimPrefix(out.ChangeInfo.Id, "/change/")] = ""
}

// taken reports whether another zone of the name has the VPC.
func (d *driver) taken(z *modelZone, vpc string) bool {
	for _, other := range d.zones {
		if other != z && other.name == z.name && slices.Contains(other.vpcs, vpc) {
			return true
		}
	}
	return false
}

func (z *modelZone) put(s modelSet) { z.sets[modelKey(s.name, s.rrtype)] = s }

func modelSetOf(s api.ResourceRecordSet) modelSet {
	m := modelSet{name: s.Name, rrtype: string(s.Type), ttl: *s.TTL}
	for _, r := range s.ResourceRecords {
		m.values = append(m.values, r.Value)
	}
	return m
}

func (d *driver) deleteZone(z *modelZone) {
	code := ""
	if len(z.sets) > 2 {
		code = "HostedZoneNotEmpty"
	}
	out, err := d.f.DeleteHostedZone(d.t.Context(), &api.DeleteHostedZoneInput{Id: z.id})
	d.expect(err, code)
	if err == nil {
		delete(d.zones, z.id)
		d.ids[strings.TrimPrefix(out.ChangeInfo.Id, "/change/")] = ""
	}
}

// changeSets makes a batch of one to four random changes, good ones and bad.
func (d *driver) changeSets(z *modelZone) {
	after := maps.Clone(z.sets)
	seen := map[string]api.ChangeAction{}
	code := ""
	batch := api.ChangeBatch{Comment: new(fmt.Sprint("step ", d.count))}
	for range 1 + d.random.IntN(4) {
		s := modelSet{
			name: d.pick("", "a.", "b.", "www.", `\052.`, "a.b.", "-a.") + z.name, rrtype: d.pick("A", "AAAA", "TXT"),
			ttl: int64(60 * d.random.IntN(3)),
		}
		s.values = map[string][]string{"A": {"192.0.2.1", "192.0.2.2"}, "AAAA": {"2001:db8::1"}, "TXT": {`"one"`, `"two"`}}[s.rrtype]
		s.values = s.values[:1+d.random.IntN(len(s.values))]
		key := modelKey(s.name, s.rrtype)
		old, exists := after[key]
		action := api.ChangeAction(d.pick("CREATE", "DELETE", "UPSERT", "UPSERT"))
		if action == api.ChangeActionDelete && exists && d.random.IntN(4) > 0 {
			s = old
		}
		before, repeated := seen[key]
		if repeated && (before != api.ChangeActionDelete || action == api.ChangeActionDelete) {
			code = "InvalidChangeBatch"
		}
		seen[key] = action
		switch {
		case action == api.ChangeActionCreate && exists, action == api.ChangeActionDelete && (!exists || !cmp.Equal(s, old, cmp.AllowUnexported(modelSet{}))):
			code = "InvalidChangeBatch"
		case action == api.ChangeActionDelete:
			delete(after, key)
		default:
			after[key] = s
		}
		batch.Changes = append(batch.Changes, record(action, s.name, s.rrtype, s.ttl, s.values...))
	}
	out, err := d.f.ChangeResourceRecordSets(d.t.Context(), &api.ChangeResourceRecordSetsInput{HostedZoneId: z.id, ChangeBatch: batch})
	d.expect(err, code)
	if err == nil {
		z.sets = after
		d.ids[strings.TrimPrefix(out.ChangeInfo.Id, "/change/")] = *batch.Comment
	}
}

func (d *driver) changeDocument(z *modelZone) {
	ctx := d.t.Context()
	switch d.random.IntN(3) {
	case 0:
		z.comment = d.pick("", "one", "two")
		_, err := d.f.UpdateHostedZoneComment(ctx, &api.UpdateHostedZoneCommentInput{Id: z.id, Comment: &z.comment})
		d.expect(err, "")
	case 1:
		key, other := d.pick("k1", "k2", "k3"), d.pick("k1", "k2", "k3")
		delete(z.tags, other)
		z.tags[key] = fmt.Sprint(d.count)
		_, err := d.f.ChangeTagsForResource(ctx, &api.ChangeTagsForResourceInput{
			ResourceType: api.TagResourceTypeHostedzone, ResourceId: z.id,
			AddTags: []api.Tag{{Key: &key, Value: new(z.tags[key])}}, RemoveTagKeys: []string{other},
		})
		d.expect(err, "")
	default:
		d.changeVPCs(z, d.pick(modelVPCs...))
	}
}

func (d *driver) changeVPCs(z *modelZone, vpc string) {
	has := slices.Index(z.vpcs, vpc)
	if d.random.IntN(2) == 0 {
		code := ""
		switch {
		case !z.private:
			code = "PublicZoneVPCAssociation"
		case has >= 0 || d.taken(z, vpc):
			code = "ConflictingDomainExists"
		}
		_, err := d.f.AssociateVPCWithHostedZone(d.t.Context(), &api.AssociateVPCWithHostedZoneInput{HostedZoneId: z.id, VPC: *testVPC(vpc)})
		d.expect(err, code)
		if err == nil {
			z.vpcs = append(z.vpcs, vpc)
		}
		return
	}
	code := ""
	switch {
	case has < 0:
		code = "VPCAssociationNotFound"
	case len(z.vpcs) == 1:
		code = "LastVPCAssociation"
	}
	_, err := d.f.DisassociateVPCFromHostedZone(d.t.Context(), &api.DisassociateVPCFromHostedZoneInput{HostedZoneId: z.id, VPC: *testVPC(vpc)})
	d.expect(err, code)
	if err == nil {
		z.vpcs = slices.Delete(z.vpcs, has, has+1)
	}
}

// step does one thing at random.
func (d *driver) step() {
	d.count++
	z := d.anyZone()
	switch n := d.random.IntN(20); {
	case z == nil || n < 2:
		d.createZone()
	case n < 3:
		d.deleteZone(z)
	case n < 8:
		d.changeDocument(z)
	default:
		d.changeSets(z)
	}
}

func TestModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("memory/seed %d", seed), func(t *testing.T) {
			s, err := memory.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			runModel(t, seed, 400, 100, s, func() store.Store { return s })
		})
	}
	t.Run("restarts", func(t *testing.T) {
		var s *pebble.Store
		dir := t.TempDir()
		reopen := func() store.Store {
			if s != nil {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if s, err = pebble.Open(dir, pebble.Options{}); err != nil {
				t.Fatal(err)
			}
			return s
		}
		runModel(t, 9, 240, 60, reopen(), reopen)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// runModel takes steps, and every so often compares everything, over the store
// as it is after a restart.
func runModel(t *testing.T, seed uint64, steps, every int, s store.Store, reopen func() store.Store) {
	d := &driver{
		model: &model{zones: map[string]*modelZone{}, ids: map[string]string{}}, t: t,
		random: rand.New(rand.NewPCG(seed, 1)), f: newFixtureOver(t, s, func(c *Config) { c.Random = chacha(byte(seed)) }),
	}
	for range steps / every {
		for range every {
			d.step()
		}
		d.f.Service.store = reopen()
		d.compare()
	}
	verify(t, d.f.Service.store)
}
