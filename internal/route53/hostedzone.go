package route53

import (
	"context"
	"fmt"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// readZone is the durable state of a zone. Error: NoSuchHostedZone.
func (s *Service) readZone(id string) (*zone.HostedZone, store.Head, error) {
	view := s.store.View()
	defer view.Close()
	return zoneIn(view, id)
}

func zoneIn(view store.View, id string) (*zone.HostedZone, store.Head, error) {
	head, err := view.Head(zoneKey(id))
	if err != nil {
		return nil, head, err
	}
	return decodeZone(id, head)
}

// referenceKey claims a caller reference, for ever: a deleted zone's stays
// taken.
func referenceKey(resource, reference string) event.Key {
	return event.Key{Kind: event.KindReference, ID: resource + "/" + reference}
}

// claim is the document of an entity that reserves something for a resource.
type claim struct {
	Owner string `cbor:"1,keyasint"` // id of the resource
}

// CreateHostedZone makes a zone with its NS and SOA. A zone with a VPC is
// private, whatever PrivateZone says.
func (s *Service) CreateHostedZone(ctx context.Context, in *api.CreateHostedZoneInput) (_ *api.CreateHostedZoneOutput, err error) {
	defer s.fail(ctx, "CreateHostedZone", &err)
	hosted, err := s.newZone(in)
	if err != nil {
		return nil, err
	}
	if account := s.account(ctx); account != s.cfg.AccountID {
		hosted.Account = account
	}
	reference := referenceKey("hostedzone", in.CallerReference)
	keys := append(s.quotaKeys(event.KindZone), reference)
	if hosted.DelegationSetID != "" {
		keys = append(keys, delegationSetKey(hosted.DelegationSetID))
	}
	for _, v := range hosted.VPCs {
		keys = append(keys, vpcClaimKey(v, hosted.Name))
	}
	var created creation
	info, err := s.commit(ctx, change{operation: "CreateHostedZone", keys: keys, decide: func(t *tx) (err error) {
		for _, v := range hosted.VPCs {
			if err := t.checkVPC(ctx, v); err != nil {
				return err
			}
		}
		created, err = s.createZone(t, *hosted, reference)
		return err
	}})
	if err != nil {
		return nil, err
	}
	out := &api.CreateHostedZoneOutput{
		HostedZone: zoneFrom(created.zone, store.Head{RRsets: created.rrsets}), ChangeInfo: info.pending(),
		DelegationSet: delegationSetFrom(created.zone, created.set), Location: s.location("hostedzone/" + hosted.ID),
	}
	if hosted.Private {
		out.VPC = new(vpcFrom(hosted.VPCs[0]))
	}
	return out, nil
}

// newZone checks what can be told from the request alone.
func (s *Service) newZone(in *api.CreateHostedZoneInput) (*zone.HostedZone, error) {
	hosted := &zone.HostedZone{
		CallerReference: in.CallerReference, SerialMode: s.cfg.SerialMode, DelegationSetID: value(in.DelegationSetId), Private: in.VPC != nil,
	}
	if c := in.HostedZoneConfig; c != nil {
		hosted.Comment = value(c.Comment)
		if c.PrivateZone != nil && *c.PrivateZone && in.VPC == nil { // ours
			return nil, invalidInput("A private hosted zone needs a VPC: specify VPCRegion and VPCId.")
		}
	}
	if err := zone.ValidateComment(hosted.Comment); err != nil {
		return nil, err
	}
	if hosted.Private && hosted.DelegationSetID != "" { // ours
		return nil, invalidInput("A private hosted zone cannot have a reusable delegation set.")
	}
	var err error
	if hosted.Name, err = s.zoneName(in.Name, hosted.Private); err != nil {
		return nil, err
	}
	if in.VPC != nil {
		v, err := vpcOf(in.VPC)
		if err != nil {
			return nil, err
		}
		hosted.VPCs = []zone.VPC{v}
	}
	hosted.ID, err = s.ids.next(zoneIDLetter)
	return hosted, err
}

// creation is what came of a new zone.
type creation struct {
	zone   *zone.HostedZone
	set    *zone.DelegationSet // reusable; nil without
	rrsets uint64
}

// createZone drafts the new zone, and the claims that make it the only one
// with what it claims.
func (s *Service) createZone(t *tx, hosted zone.HostedZone, reference event.Key) (creation, error) {
	var made creation
	taken, err := t.head(reference)
	if err != nil {
		return made, err
	}
	if taken.Version > 0 {
		return made, &api.HostedZoneAlreadyExists{Message: "A hosted zone has already been created with the specified caller reference."}
	}
	if err := s.checkQuota(t, event.KindZone, s.cfg.Limits.HostedZones, tooManyHostedZones()); err != nil {
		return made, err
	}
	if err := t.put(taken, claim{Owner: hosted.ID}); err != nil {
		return made, err
	}
	switch {
	case hosted.Private:
		hosted.NameServers = s.cfg.PrivateNameServers
		err = t.claimVPC(hosted.VPCs[0], &hosted)
	case hosted.DelegationSetID != "":
		if made.set, err = s.joinDelegationSet(t, &hosted); err == nil {
			hosted.NameServers = made.set.NameServers
		}
	default:
		var uses map[string]int
		uses, err = serverUses(t.view, hosted.Name)
		hosted.NameServers = s.chooseServers(hosted.ID, uses)
	}
	if err != nil {
		return made, err
	}
	hosted.Created = t.now
	made.zone = &hosted
	made.rrsets, err = t.addZone(&hosted, s.cfg.Hostmaster)
	return made, err
}

// addZone drafts the first event of a zone and returns how many RRsets it has.
func (t *tx) addZone(hosted *zone.HostedZone, hostmaster string) (rrsets uint64, err error) {
	encoded, err := event.EncodeDocument(hosted)
	if err != nil {
		return 0, err
	}
	sets := zone.NewZoneRRsets(hosted.Name, hosted.NameServers, hostmaster)
	changes := make([]zone.Change, len(sets))
	for i, set := range sets {
		changes[i] = zone.Change{Action: zone.Create, New: set}
	}
	key := zoneKey(hosted.ID)
	t.drafts = append(t.drafts, draft{
		key: key, old: store.Head{Key: key}, document: encoded, changes: changes,
		serial: zone.NextSerial(hosted.SerialMode, 0, changes), hosted: hosted,
	})
	return uint64(len(sets)), nil
}

func tooManyHostedZones() error {
	return &api.TooManyHostedZones{Message: "This operation can't be completed because the account or the reusable delegation set has reached its limit of hosted zones."}
}

// GetHostedZone tells about a zone.
func (s *Service) GetHostedZone(ctx context.Context, in *api.GetHostedZoneInput) (_ *api.GetHostedZoneOutput, err error) {
	defer s.fail(ctx, "GetHostedZone", &err)
	view := s.store.View()
	defer view.Close()
	hosted, head, err := zoneIn(view, in.Id)
	if err != nil {
		return nil, err
	}
	var set *zone.DelegationSet
	if hosted.DelegationSetID != "" {
		if set, err = readDelegationSet(view, hosted.DelegationSetID); err != nil {
			return nil, fmt.Errorf("delegation set of zone %s: %s", in.Id, err.Error()) // not wrapped: it is no fault of the client's
		}
	}
	out := &api.GetHostedZoneOutput{HostedZone: zoneFrom(hosted, head), DelegationSet: delegationSetFrom(hosted, set)}
	if hosted.Private {
		out.VPCs = vpcsFrom(hosted.VPCs)
	}
	return out, nil
}

// DeleteHostedZone ends a zone that has nothing but its own NS and SOA.
func (s *Service) DeleteHostedZone(ctx context.Context, in *api.DeleteHostedZoneInput) (_ *api.DeleteHostedZoneOutput, err error) {
	defer s.fail(ctx, "DeleteHostedZone", &err)
	info, err := s.commit(ctx, change{operation: "DeleteHostedZone", keys: []event.Key{zoneKey(in.Id)}, drained: true, decide: func(t *tx) error {
		_, head, err := t.hosted(in.Id)
		if err != nil {
			return err
		}
		instances, err := hasInstances(t.view, in.Id) // one whose root is deleted may have no RRsets
		if err != nil {
			return err
		}
		if head.RRsets > 2 || instances { // zone.Apply lets neither of the two go
			return &api.HostedZoneNotEmpty{Message: "The specified hosted zone contains non-required resource record sets and so cannot be deleted."}
		}
		t.remove(head)
		return nil
	}})
	if err != nil {
		return nil, err
	}
	return &api.DeleteHostedZoneOutput{ChangeInfo: info.pending()}, nil
}

// GetHostedZoneCount counts the zones.
func (s *Service) GetHostedZoneCount(ctx context.Context, _ *api.GetHostedZoneCountInput) (_ *api.GetHostedZoneCountOutput, err error) {
	defer s.fail(ctx, "GetHostedZoneCount", &err)
	view := s.store.View()
	defer view.Close()
	n, err := view.Count(event.KindZone)
	return &api.GetHostedZoneCountOutput{HostedZoneCount: int64(n)}, err
}

// UpdateHostedZoneComment sets the comment of a zone; without one it has none.
func (s *Service) UpdateHostedZoneComment(ctx context.Context, in *api.UpdateHostedZoneCommentInput) (_ *api.UpdateHostedZoneCommentOutput, err error) {
	defer s.fail(ctx, "UpdateHostedZoneComment", &err)
	comment := value(in.Comment)
	if err := zone.ValidateComment(comment); err != nil {
		return nil, err
	}
	var out api.HostedZone
	_, err = s.changeZone(ctx, "UpdateHostedZoneComment", in.Id, func(hosted *zone.HostedZone, head store.Head) (*zone.HostedZone, error) {
		changed := *hosted
		changed.Comment = comment
		out = zoneFrom(&changed, head)
		return &changed, nil
	})
	return &api.UpdateHostedZoneCommentOutput{HostedZone: out}, err
}

// UpdateHostedZoneFeatures stores whether accelerated recovery is enabled.
func (s *Service) UpdateHostedZoneFeatures(ctx context.Context, in *api.UpdateHostedZoneFeaturesInput) (_ *api.UpdateHostedZoneFeaturesOutput, err error) {
	defer s.fail(ctx, "UpdateHostedZoneFeatures", &err)
	_, err = s.changeZone(ctx, "UpdateHostedZoneFeatures", in.HostedZoneId, func(hosted *zone.HostedZone, _ store.Head) (*zone.HostedZone, error) {
		if hosted.Private { // ours
			return nil, invalidInput("Accelerated recovery is available for public hosted zones only.")
		}
		if in.EnableAcceleratedRecovery == nil {
			return hosted, nil
		}
		changed := *hosted
		changed.AcceleratedRecovery, changed.AcceleratedRecoverySet = *in.EnableAcceleratedRecovery, true
		return &changed, nil
	})
	return &api.UpdateHostedZoneFeaturesOutput{}, err
}

// changeZone changes the document of a zone; make returns a changed copy, or
// the zone itself where nothing is to be done.
func (s *Service) changeZone(ctx context.Context, operation, id string, make func(*zone.HostedZone, store.Head) (*zone.HostedZone, error)) (changeInfo, error) {
	return s.commit(ctx, change{operation: operation, keys: []event.Key{zoneKey(id)}, decide: func(t *tx) error {
		hosted, head, err := t.hosted(id)
		if err != nil {
			return err
		}
		changed, err := make(hosted, head)
		if err != nil || changed == hosted {
			return err
		}
		return t.putZone(head, changed)
	}})
}
