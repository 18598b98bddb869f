package route53

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"

	api "open53/internal/route53api"
)

// compare lists everything in every way, with random pages, and fails where
// the Service differs from the model.
func (d *driver) compare() {
	d.t.Helper()
	all := d.sortedIDs(func(*modelZone) bool { return true })
	d.equal("zones", all, d.listZones(""))
	d.equal("private zones", d.sortedIDs(func(z *modelZone) bool { return z.private }), d.listZones(api.HostedZoneTypePrivateHostedZone))
	byName := slices.Clone(all)
	slices.SortFunc(byName, func(a, b string) int {
		return cmp.Or(cmp.Compare(modelKey(d.zones[a].name, ""), modelKey(d.zones[b].name, "")), cmp.Compare(a, b))
	})
	d.equal("zones by name", byName, d.listZonesByName())
	for _, vpc := range modelVPCs {
		d.equal(vpc, d.sortedIDs(func(z *modelZone) bool { return slices.Contains(z.vpcs, vpc) }), d.listZonesByVPC(vpc))
	}
	count, err := d.f.GetHostedZoneCount(d.t.Context(), &api.GetHostedZoneCountInput{})
	d.expect(err, "")
	d.equal("count", len(all), int(count.HostedZoneCount))
	for _, id := range all {
		d.compareZone(d.zones[id])
	}
	for id, comment := range d.ids {
		out, err := d.f.GetChange(d.t.Context(), &api.GetChangeInput{Id: id})
		d.expect(err, "")
		d.equal("comment of "+id, comment, value(out.ChangeInfo.Comment))
	}
}

func (d *driver) equal(what string, want, got any) {
	d.t.Helper()
	if fmt.Sprint(want) != fmt.Sprint(got) {
		d.t.Fatalf("step %d: %s: %v, want %v", d.count, what, got, want)
	}
}

// page is a random page size.
func (d *driver) page() *string { return new(strconv.Itoa(1 + d.random.IntN(7))) }

func (d *driver) listZones(kind api.HostedZoneType) (ids []string) {
	in := &api.ListHostedZonesInput{MaxItems: d.page()}
	if kind != "" {
		in.HostedZoneType = &kind
	}
	for {
		out, err := d.f.ListHostedZones(d.t.Context(), in)
		d.expect(err, "")
		for _, z := range out.HostedZones {
			ids = append(ids, strings.TrimPrefix(z.Id, "/hostedzone/"))
		}
		if in.Marker = out.NextMarker; !out.IsTruncated {
			return ids
		}
	}
}

func (d *driver) listZonesByName() (ids []string) {
	in := &api.ListHostedZonesByNameInput{MaxItems: d.page()}
	for {
		out, err := d.f.ListHostedZonesByName(d.t.Context(), in)
		d.expect(err, "")
		for _, z := range out.HostedZones {
			ids = append(ids, strings.TrimPrefix(z.Id, "/hostedzone/"))
		}
		if in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId; !out.IsTruncated {
			return ids
		}
	}
}

func (d *driver) listZonesByVPC(vpc string) (ids []string) {
	in := &api.ListHostedZonesByVPCInput{VPCId: vpc, VPCRegion: "eu-west-1", MaxItems: d.page()}
	for {
		out, err := d.f.ListHostedZonesByVPC(d.t.Context(), in)
		d.expect(err, "")
		for _, z := range out.HostedZoneSummaries {
			ids = append(ids, z.HostedZoneId)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return ids
		}
	}
}

func (d *driver) compareZone(z *modelZone) {
	d.t.Helper()
	out, err := d.f.GetHostedZone(d.t.Context(), &api.GetHostedZoneInput{Id: z.id})
	d.expect(err, "")
	d.equal("zone", []any{z.name, z.reference, z.comment, z.private, len(z.sets)}, []any{
		out.HostedZone.Name, out.HostedZone.CallerReference, value(out.HostedZone.Config.Comment),
		*out.HostedZone.Config.PrivateZone, *out.HostedZone.ResourceRecordSetCount,
	})
	var vpcs []string
	for _, v := range out.VPCs {
		vpcs = append(vpcs, *v.VPCId)
	}
	d.equal("VPCs of "+z.id, z.vpcs, vpcs)
	tags, err := d.f.ListTagsForResource(d.t.Context(), &api.ListTagsForResourceInput{ResourceType: api.TagResourceTypeHostedzone, ResourceId: z.id})
	d.expect(err, "")
	got := map[string]string{}
	for _, tag := range tags.ResourceTagSet.Tags {
		got[*tag.Key] = *tag.Value
	}
	d.equal("tags of "+z.id, z.tags, got)
	d.compareSets(z)
}

func (d *driver) compareSets(z *modelZone) {
	d.t.Helper()
	var keys []string
	for key := range z.sets {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var want, got []modelSet
	for _, key := range keys {
		want = append(want, z.sets[key])
	}
	for _, s := range d.f.rrsets(d.t, z.id, *d.page()) {
		got = append(got, modelSetOf(s))
	}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(modelSet{})); diff != "" {
		d.t.Fatalf("step %d: %s\n%s", d.count, z.id, diff)
	}
	// A list that begins somewhere is the rest of the whole one.
	start := modelSet{name: d.pick("", "a.", "aa.", `\052.`, "zz.", "-a.") + z.name, rrtype: d.pick("", "A", "AAAA", "NS", "SRV", "TXT")}
	in := &api.ListResourceRecordSetsInput{HostedZoneId: z.id, StartRecordName: &start.name, MaxItems: new("300")}
	if start.rrtype != "" {
		in.StartRecordType = new(api.RRType(start.rrtype))
	}
	out, err := d.f.ListResourceRecordSets(d.t.Context(), in)
	d.expect(err, "")
	from, _ := slices.BinarySearch(keys, modelKey(start.name, start.rrtype))
	d.equal(fmt.Sprintf("RRsets from %s %s", start.name, start.rrtype), len(keys)-from, len(out.ResourceRecordSets))
}
