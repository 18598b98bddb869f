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

// maxLooked bounds how many zones are looked at for one page of a filtered
// list. A page may come out shorter for it, and the list goes on where it
// ended. Tests make it smaller.
var maxLooked = 10000

// ListHostedZones lists zones by id: all of them, those of a delegation set,
// or the private ones. A marker is the id that the page begins with, or would,
// had the zone not been deleted meanwhile.
func (s *Service) ListHostedZones(ctx context.Context, in *api.ListHostedZonesInput) (_ *api.ListHostedZonesOutput, err error) {
	defer s.fail(ctx, "ListHostedZones", &err)
	size, err := pageSize(in.MaxItems, zonePage, zonePage)
	if err != nil {
		return nil, err
	}
	private := value(in.HostedZoneType) != ""
	if private && *in.HostedZoneType != api.HostedZoneTypePrivateHostedZone {
		return nil, invalidInput("The hosted zone type " + string(*in.HostedZoneType) + " is not valid.") // ours
	}
	view := s.store.View()
	defer view.Close()
	index, prefix := event.IndexZoneID, ""
	if setID := value(in.DelegationSetId); setID != "" {
		if _, err := readDelegationSet(view, setID); err != nil {
			return nil, err
		}
		index, prefix = event.IndexZoneDelegationSet, setID+"\x00"
	}
	out := &api.ListHostedZonesOutput{HostedZones: []api.HostedZone{}, Marker: in.Marker, MaxItems: strconv.Itoa(size)}
	looked := 0
	for entry, err := range view.List(index, []byte(prefix), []byte(prefix+marker(in.Marker))) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if len(out.HostedZones) == size || looked == maxLooked {
			out.IsTruncated, out.NextMarker = true, new(entry.Head.Key.ID)
			break
		}
		looked++
		hosted, head, err := decodeZone(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return nil, err
		}
		if !private || hosted.Private {
			out.HostedZones = append(out.HostedZones, zoneFrom(hosted, head))
		}
	}
	return out, nil
}

// ListHostedZonesByName lists zones by name and then id, from a name, or a
// name and an id, on.
func (s *Service) ListHostedZonesByName(ctx context.Context, in *api.ListHostedZonesByNameInput) (_ *api.ListHostedZonesByNameOutput, err error) {
	defer s.fail(ctx, "ListHostedZonesByName", &err)
	size, err := pageSize(in.MaxItems, zonePage, zonePage)
	if err != nil {
		return nil, err
	}
	start, err := nameStart(value(in.DNSName), value(in.HostedZoneId))
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListHostedZonesByNameOutput{
		HostedZones: []api.HostedZone{}, DNSName: in.DNSName, HostedZoneId: in.HostedZoneId, MaxItems: strconv.Itoa(size),
	}
	for entry, err := range view.List(event.IndexZoneName, nil, start) {
		if err != nil {
			return nil, err
		}
		hosted, head, err := decodeZone(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return nil, err
		}
		if len(out.HostedZones) == size {
			out.IsTruncated, out.NextDNSName, out.NextHostedZoneId = true, new(hosted.Name.String()), new(hosted.ID)
			break
		}
		out.HostedZones = append(out.HostedZones, zoneFrom(hosted, head))
	}
	return out, nil
}

// nameStart is where a list by name begins.
func nameStart(text, id string) ([]byte, error) {
	if text == "" {
		if id != "" { // ours
			return nil, invalidInput("HostedZoneId is not permitted without DNSName.")
		}
		return nil, nil
	}
	name, err := rdata.ParseName(text)
	if err != nil {
		return nil, &api.InvalidDomainName{Message: err.Error()}
	}
	return append(name.AppendSortKey(nil), "\x00"+id...), nil
}

// ListHostedZonesByVPC lists the private zones of a VPC by id.
func (s *Service) ListHostedZonesByVPC(ctx context.Context, in *api.ListHostedZonesByVPCInput) (_ *api.ListHostedZonesByVPCOutput, err error) {
	defer s.fail(ctx, "ListHostedZonesByVPC", &err)
	size, err := pageSize(in.MaxItems, zonePage, zonePage)
	if err != nil {
		return nil, err
	}
	v, err := vpcOf(&api.VPC{VPCRegion: &in.VPCRegion, VPCId: &in.VPCId})
	if err != nil {
		return nil, invalidInput("The VPC ID is invalid.") // the operation has no InvalidVPCId
	}
	list := token{list: "by-vpc " + v.Region + " " + v.ID}
	from, err := parseToken(list.list, in.NextToken)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	prefix := v.Region + "\x00" + v.ID + "\x00"
	out := &api.ListHostedZonesByVPCOutput{HostedZoneSummaries: []api.HostedZoneSummary{}, MaxItems: strconv.Itoa(size)}
	for entry, err := range view.List(event.IndexZoneVPC, []byte(prefix), []byte(prefix+from)) {
		if err != nil {
			return nil, err
		}
		if len(out.HostedZoneSummaries) == size {
			list.at = entry.Head.Key.ID
			out.NextToken = new(list.String())
			break
		}
		hosted, _, err := decodeZone(entry.Head.Key.ID, entry.Head)
		if err != nil {
			return nil, err
		}
		out.HostedZoneSummaries = append(out.HostedZoneSummaries, api.HostedZoneSummary{
			HostedZoneId: hosted.ID, Name: hosted.Name.String(), Owner: api.HostedZoneOwner{OwningAccount: new(s.zoneAccount(hosted))},
		})
	}
	return out, nil
}

// ListResourceRecordSets lists RRsets by name, type and set identifier.
func (s *Service) ListResourceRecordSets(ctx context.Context, in *api.ListResourceRecordSetsInput) (_ *api.ListResourceRecordSetsOutput, err error) {
	defer s.fail(ctx, "ListResourceRecordSets", &err)
	size, err := pageSize(in.MaxItems, rrsetPage, maxRRsetPage)
	if err != nil {
		return nil, err
	}
	start, err := rrsetStart(in)
	if err != nil {
		return nil, err
	}
	view := s.store.View()
	defer view.Close()
	hosted, _, err := zoneIn(view, in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	out := &api.ListResourceRecordSetsOutput{ResourceRecordSets: []api.ResourceRecordSet{}, MaxItems: strconv.Itoa(size)}
	for set, err := range visibleRRsets(view, hosted, start) {
		if err != nil {
			return nil, err
		}
		if len(out.ResourceRecordSets) == size {
			out.IsTruncated, out.NextRecordName, out.NextRecordType = true, new(set.Name.String()), new(api.RRType(set.Type.String()))
			out.NextRecordIdentifier = optional(set.SetIdentifier)
			break
		}
		out.ResourceRecordSets = append(out.ResourceRecordSets, listedFrom(set))
	}
	return out, nil
}

// rrsetStart is where a list of RRsets begins. The texts are ours.
func rrsetStart(in *api.ListResourceRecordSetsInput) (store.Start, error) {
	name, start := value(in.StartRecordName), store.Start{Type: value(in.StartRecordType), SetIdentifier: value(in.StartRecordIdentifier)}
	switch {
	case start.SetIdentifier != "" && start.Type == "":
		return start, invalidInput("StartRecordIdentifier is not permitted without StartRecordType.")
	case start.Type != "" && name == "":
		return start, invalidInput("StartRecordType is not permitted without StartRecordName.")
	case name == "":
		return start, nil
	}
	if _, ok := rdata.ParseType(start.Type); start.Type != "" && !ok {
		return start, invalidInput("1 validation error detected: Value '" + start.Type +
			"' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [" + zone.TypeEnumeration + "]")
	}
	var err error
	if start.Name, err = rdata.ParseName(name); err != nil {
		return start, invalidInput(err.Error())
	}
	return start, nil
}
