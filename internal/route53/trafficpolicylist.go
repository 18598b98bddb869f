package route53

import (
	"context"
	"strconv"

	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// policyPage is how many traffic policies, versions or instances a page has at
// most.
const policyPage = 100

// ListTrafficPolicies lists the policies in the order of their creation.
func (s *Service) ListTrafficPolicies(ctx context.Context, in *api.ListTrafficPoliciesInput) (_ *api.ListTrafficPoliciesOutput, err error) {
	defer s.fail(ctx, "ListTrafficPolicies", &err)
	size, err := pageSize(in.MaxItems, policyPage, policyPage)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListTrafficPoliciesOutput{TrafficPolicySummaries: []api.TrafficPolicySummary{}, MaxItems: strconv.Itoa(size)}
	for entry, err := range view.List(event.IndexID(event.KindTrafficPolicy), nil, []byte(value(in.TrafficPolicyIdMarker))) {
		if err != nil {
			return nil, err
		}
		policy, err := decodePolicy(entry.Head)
		if err != nil {
			return nil, err
		}
		if len(out.TrafficPolicySummaries) == size {
			out.IsTruncated, out.TrafficPolicyIdMarker = true, &policy.ID
			break
		}
		out.TrafficPolicySummaries = append(out.TrafficPolicySummaries, api.TrafficPolicySummary{
			Id: policy.ID, Name: policy.Name, Type: api.RRType(policy.Type.String()),
			LatestVersion: int32(policy.Versions[len(policy.Versions)-1]), TrafficPolicyCount: int32(len(policy.Versions)),
		})
	}
	return out, nil
}

// ListTrafficPolicyVersions lists the versions of a policy by number.
func (s *Service) ListTrafficPolicyVersions(ctx context.Context, in *api.ListTrafficPolicyVersionsInput) (_ *api.ListTrafficPolicyVersionsOutput, err error) {
	defer s.fail(ctx, "ListTrafficPolicyVersions", &err)
	size, err := pageSize(in.MaxItems, policyPage, policyPage)
	if err != nil {
		return nil, err
	}
	start := uint64(0)
	if m := value(in.TrafficPolicyVersionMarker); m != "" {
		if start, err = strconv.ParseUint(m, 10, 16); err != nil { // ours
			return nil, invalidInput("The value '" + m + "' for TrafficPolicyVersionMarker is not valid.")
		}
	}
	view := s.store.View()
	defer view.Close()
	policy, _, err := policyIn(viewHeads{view}, in.Id)
	if err != nil {
		return nil, err
	}
	out := &api.ListTrafficPolicyVersionsOutput{TrafficPolicies: []api.TrafficPolicy{}, MaxItems: strconv.Itoa(size)}
	first := zone.TrafficPolicyVersionID(in.Id, uint16(start))
	for entry, err := range view.List(event.IndexID(event.KindTrafficPolicyVersion), []byte(in.Id+"/"), []byte(first)) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		version, err := decodePolicyVersion(entry.Head)
		if err != nil {
			return nil, err
		}
		if len(out.TrafficPolicies) == size {
			out.IsTruncated, out.TrafficPolicyVersionMarker = true, new(strconv.Itoa(int(version.Version)))
			break
		}
		out.TrafficPolicies = append(out.TrafficPolicies, policyFrom(policy, version))
	}
	return out, nil
}

// instanceMarker is where a list of instances goes on.
type instanceMarker struct {
	zoneID string
	name   *string
	rrtype *api.RRType
}

// start is the index key of the marker, behind what the list's keys begin with.
// The texts are ours.
func (m instanceMarker) start(withZone bool) (string, error) {
	name, rrtype := value(m.name), value(m.rrtype)
	switch {
	case rrtype != "" && name == "":
		return "", invalidInput("TrafficPolicyInstanceTypeMarker is not permitted without TrafficPolicyInstanceNameMarker.")
	case name != "" && withZone && m.zoneID == "":
		return "", invalidInput("TrafficPolicyInstanceNameMarker is not permitted without HostedZoneIdMarker.")
	}
	start := ""
	if withZone && m.zoneID != "" {
		start = m.zoneID + "\x00"
	}
	if name == "" {
		return start, nil
	}
	parsed, err := rdata.ParseName(name)
	if err != nil {
		return "", invalidInput(err.Error())
	}
	return start + parsed.SortKey() + "\x00" + rrtype, nil
}

// instancePage is one page of a list of instances, and the first one behind it.
type instancePage struct {
	instances []api.TrafficPolicyInstance
	next      *zone.TrafficPolicyInstance
	size      string
}

// listInstances reads the page of an index that begins at start, behind prefix.
func (s *Service) listInstances(view store.View, index event.Index, prefix, start string, maxItems *string) (instancePage, error) {
	page := instancePage{instances: []api.TrafficPolicyInstance{}}
	size, err := pageSize(maxItems, policyPage, policyPage)
	if err != nil {
		return page, err
	}
	page.size = strconv.Itoa(size)
	for entry, err := range view.List(index, []byte(prefix), []byte(prefix+start)) {
		if err != nil {
			return page, err
		}
		instance, err := decodeInstance(entry.Head)
		if err != nil {
			return page, err
		}
		if len(page.instances) == size {
			page.next = instance
			break
		}
		page.instances = append(page.instances, s.instanceFrom(instance, entry.Head))
	}
	return page, nil
}

// markers are the members of an answer that say where the list goes on.
func (p *instancePage) markers() (zoneID, name *string, rrtype *api.RRType) {
	if p.next == nil {
		return nil, nil, nil
	}
	return &p.next.ZoneID, new(p.next.Name.String()), new(api.RRType(p.next.Type.String()))
}

// ListTrafficPolicyInstances lists all instances by zone id, name and type.
func (s *Service) ListTrafficPolicyInstances(ctx context.Context, in *api.ListTrafficPolicyInstancesInput) (_ *api.ListTrafficPolicyInstancesOutput, err error) {
	defer s.fail(ctx, "ListTrafficPolicyInstances", &err)
	start, err := instanceMarker{value(in.HostedZoneIdMarker), in.TrafficPolicyInstanceNameMarker, in.TrafficPolicyInstanceTypeMarker}.start(true)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	page, err := s.listInstances(view, event.IndexInstanceZone, "", start, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &api.ListTrafficPolicyInstancesOutput{TrafficPolicyInstances: page.instances, IsTruncated: page.next != nil, MaxItems: page.size}
	out.HostedZoneIdMarker, out.TrafficPolicyInstanceNameMarker, out.TrafficPolicyInstanceTypeMarker = page.markers()
	return out, nil
}

// ListTrafficPolicyInstancesByHostedZone lists the instances of a zone by name
// and type.
func (s *Service) ListTrafficPolicyInstancesByHostedZone(ctx context.Context, in *api.ListTrafficPolicyInstancesByHostedZoneInput) (_ *api.ListTrafficPolicyInstancesByHostedZoneOutput, err error) {
	defer s.fail(ctx, "ListTrafficPolicyInstancesByHostedZone", &err)
	start, err := instanceMarker{"", in.TrafficPolicyInstanceNameMarker, in.TrafficPolicyInstanceTypeMarker}.start(false)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	if _, _, err := zoneIn(view, in.HostedZoneId); err != nil {
		return nil, err
	}
	page, err := s.listInstances(view, event.IndexInstanceZone, in.HostedZoneId+"\x00", start, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &api.ListTrafficPolicyInstancesByHostedZoneOutput{TrafficPolicyInstances: page.instances, IsTruncated: page.next != nil, MaxItems: page.size}
	_, out.TrafficPolicyInstanceNameMarker, out.TrafficPolicyInstanceTypeMarker = page.markers()
	return out, nil
}

// ListTrafficPolicyInstancesByPolicy lists the instances of a policy version by
// zone id, name and type.
func (s *Service) ListTrafficPolicyInstancesByPolicy(ctx context.Context, in *api.ListTrafficPolicyInstancesByPolicyInput) (_ *api.ListTrafficPolicyInstancesByPolicyOutput, err error) {
	defer s.fail(ctx, "ListTrafficPolicyInstancesByPolicy", &err)
	start, err := instanceMarker{value(in.HostedZoneIdMarker), in.TrafficPolicyInstanceNameMarker, in.TrafficPolicyInstanceTypeMarker}.start(true)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	version, _, err := policyVersionIn(viewHeads{view}, in.TrafficPolicyId, in.TrafficPolicyVersion)
	if err != nil {
		return nil, err
	}
	page, err := s.listInstances(view, event.IndexInstancePolicy, version.ID+"\x00", start, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &api.ListTrafficPolicyInstancesByPolicyOutput{TrafficPolicyInstances: page.instances, IsTruncated: page.next != nil, MaxItems: page.size}
	out.HostedZoneIdMarker, out.TrafficPolicyInstanceNameMarker, out.TrafficPolicyInstanceTypeMarker = page.markers()
	return out, nil
}
