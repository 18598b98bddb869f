package route53

import (
	"context"
	"unicode/utf8"

	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// The states of an instance. Amazon's API reference has the first, the second
// and the last; its console and its clients know Updating too.
const (
	stateApplied  = "Applied"
	stateCreating = "Creating"
	stateUpdating = "Updating"
	stateFailed   = "Failed"
)

// maxInstanceMessage is how long the Message of an instance may be.
const maxInstanceMessage = 1024

func instanceKey(id string) event.Key {
	return event.Key{Kind: event.KindTrafficPolicyInstance, ID: id}
}

// decodeInstance reads the instance of a head. Error:
// NoSuchTrafficPolicyInstance.
func decodeInstance(head store.Head) (*zone.TrafficPolicyInstance, error) {
	if !head.Exists() {
		return nil, &api.NoSuchTrafficPolicyInstance{Message: "No traffic policy instance exists with the specified ID."}
	}
	instance := new(zone.TrafficPolicyInstance)
	return instance, event.DecodeDocument(head.Document, instance)
}

func instanceIn(h heads, id string) (*zone.TrafficPolicyInstance, store.Head, error) {
	head, err := h.head(instanceKey(id))
	if err != nil {
		return nil, head, err
	}
	instance, err := decodeInstance(head)
	return instance, head, err
}

// readInstance is the durable state of an instance. Its zone never changes.
func (s *Service) readInstance(id string) (*zone.TrafficPolicyInstance, store.Head, error) {
	view := s.store.View()
	defer view.Close()
	return instanceIn(viewHeads{view}, id)
}

// instanceFrom writes an instance. Its state is true as INSYNC is: it is
// Applied once DNS answers show its newest event.
func (s *Service) instanceFrom(i *zone.TrafficPolicyInstance, head store.Head) api.TrafficPolicyInstance {
	state := stateApplied
	switch {
	case i.Message != "":
		state = stateFailed
	case s.cfg.Served == nil || s.cfg.Served() >= head.Position:
	case head.Version == 1:
		state = stateCreating
	default:
		state = stateUpdating
	}
	return instanceInState(i, state)
}

func instanceInState(i *zone.TrafficPolicyInstance, state string) api.TrafficPolicyInstance {
	return api.TrafficPolicyInstance{
		Id: i.ID, HostedZoneId: i.ZoneID, Name: i.Name.String(), TTL: int64(i.TTL), State: state, Message: i.Message,
		TrafficPolicyId: i.Policy, TrafficPolicyVersion: int32(i.Version), TrafficPolicyType: api.RRType(i.Type.String()),
	}
}

// justChanged writes an instance that a request has just changed.
func justChanged(i *zone.TrafficPolicyInstance, state string) api.TrafficPolicyInstance {
	if i.Message != "" {
		state = stateFailed
	}
	return instanceInState(i, state)
}

// CreateTrafficPolicyInstance applies a policy version to a name: its RRsets
// and the instance are one change. Where the zone has no room for the RRsets,
// the instance is made without them and is Failed, as at Amazon.
func (s *Service) CreateTrafficPolicyInstance(ctx context.Context, in *api.CreateTrafficPolicyInstanceInput) (_ *api.CreateTrafficPolicyInstanceOutput, err error) {
	defer s.fail(ctx, "CreateTrafficPolicyInstance", &err)
	name, err := rdata.ParseName(in.Name)
	if err != nil {
		return nil, invalidInput(err.Error())
	}
	id, err := s.policyID()
	if err != nil {
		return nil, err
	}
	asked := zone.TrafficPolicyInstance{
		ID: id, ZoneID: in.HostedZoneId, Name: name, TTL: uint32(in.TTL), Policy: in.TrafficPolicyId, Version: uint16(in.TrafficPolicyVersion),
	}
	var made *zone.TrafficPolicyInstance
	keys := append(s.quotaKeys(event.KindTrafficPolicyInstance), zoneKey(in.HostedZoneId), policyVersionKey(asked.Policy, asked.Version))
	_, err = s.commit(ctx, change{
		operation: "CreateTrafficPolicyInstance", keys: keys, drained: true, // instances of the zone are looked up, in a view
		decide: func(t *tx) (err error) {
			made, err = s.createInstance(t, asked)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateTrafficPolicyInstanceOutput{
		TrafficPolicyInstance: justChanged(made, stateCreating), Location: s.location("trafficpolicyinstance/" + id),
	}, nil
}

// createInstance drafts a new instance and its RRsets.
func (s *Service) createInstance(t *tx, i zone.TrafficPolicyInstance) (*zone.TrafficPolicyInstance, error) {
	hosted, _, err := t.hosted(i.ZoneID)
	if err != nil {
		return nil, err
	}
	switch { // the texts are ours
	case hosted.Private:
		return nil, invalidInput("Traffic policy instances are available for public hosted zones only.")
	case !i.Name.IsSubdomainOf(hosted.Name) || hosted.Hides(i.Name):
		return nil, invalidInput("The name " + i.Name.String() + " of a traffic policy instance is not permitted in zone " + hosted.Name.String())
	}
	version, versionHead, err := policyVersionIn(t, i.Policy, int32(i.Version))
	if err != nil {
		return nil, err
	}
	place := []byte(i.ZoneID + "\x00" + i.Name.SortKey() + "\x00" + version.Type.String() + "\x00")
	for _, err := range t.view.List(event.IndexInstanceZone, place, nil) {
		if err != nil {
			return nil, err
		}
		return nil, &api.TrafficPolicyInstanceAlreadyExists{ // ours
			Message: "A traffic policy instance already exists with the name " + i.Name.String() + " and the type " + version.Type.String() + ".",
		}
	}
	tooMany := &api.TooManyTrafficPolicyInstances{
		Message: "This traffic policy instance can't be created because the current account has reached the limit on the number of traffic policy instances.",
	}
	if err := s.checkQuota(t, event.KindTrafficPolicyInstance, s.cfg.Limits.TrafficPolicyInstances, tooMany); err != nil {
		return nil, err
	}
	i.Type, i.Created = version.Type, t.now
	if i.Message, err = s.applyInstance(t, &i, version.Document); err != nil {
		return nil, err
	}
	t.touch(versionHead) // of an instance and the version's deletion one must fail
	return &i, t.put(store.Head{Key: instanceKey(i.ID)}, &i)
}

// GetTrafficPolicyInstance tells about an instance.
func (s *Service) GetTrafficPolicyInstance(ctx context.Context, in *api.GetTrafficPolicyInstanceInput) (_ *api.GetTrafficPolicyInstanceOutput, err error) {
	defer s.fail(ctx, "GetTrafficPolicyInstance", &err)
	instance, head, err := s.readInstance(in.Id)
	if err != nil {
		return nil, err
	}
	return &api.GetTrafficPolicyInstanceOutput{TrafficPolicyInstance: s.instanceFrom(instance, head)}, nil
}

// UpdateTrafficPolicyInstance gives an instance another version, policy or TTL.
// The new RRsets take the place of the old ones in one change. Where the zone
// has no room for them the old ones stay, with their settings, and the
// instance is Failed.
func (s *Service) UpdateTrafficPolicyInstance(ctx context.Context, in *api.UpdateTrafficPolicyInstanceInput) (_ *api.UpdateTrafficPolicyInstanceOutput, err error) {
	defer s.fail(ctx, "UpdateTrafficPolicyInstance", &err)
	instance, _, err := s.readInstance(in.Id)
	if err != nil {
		return nil, err
	}
	number := uint16(in.TrafficPolicyVersion)
	keys := []event.Key{instanceKey(in.Id), zoneKey(instance.ZoneID), policyVersionKey(in.TrafficPolicyId, number)}
	var made *zone.TrafficPolicyInstance
	_, err = s.commit(ctx, change{operation: "UpdateTrafficPolicyInstance", keys: keys, drained: true, decide: func(t *tx) error {
		old, head, err := instanceIn(t, in.Id)
		if err != nil {
			return err
		}
		version, versionHead, err := policyVersionIn(t, in.TrafficPolicyId, in.TrafficPolicyVersion)
		if err != nil {
			return err
		}
		if version.Type != old.Type {
			return &api.ConflictingTypes{Message: "You tried to update a traffic policy instance by using a traffic policy version that has a different DNS type " +
				"than the current type for the instance. You specified the type in the JSON document in the CreateTrafficPolicy or CreateTrafficPolicyVersion request."}
		}
		changed := *old
		changed.TTL, changed.Policy, changed.Version = uint32(in.TTL), in.TrafficPolicyId, number
		refused, err := s.applyInstance(t, &changed, version.Document)
		if err != nil {
			return err
		}
		made = &changed
		if refused != "" {
			made = old
		} else {
			t.touch(versionHead)
		}
		made.Message = refused
		return t.put(head, made)
	}})
	if err != nil {
		return nil, err
	}
	return &api.UpdateTrafficPolicyInstanceOutput{TrafficPolicyInstance: justChanged(made, stateUpdating)}, nil
}

// DeleteTrafficPolicyInstance ends an instance and its RRsets.
func (s *Service) DeleteTrafficPolicyInstance(ctx context.Context, in *api.DeleteTrafficPolicyInstanceInput) (_ *api.DeleteTrafficPolicyInstanceOutput, err error) {
	defer s.fail(ctx, "DeleteTrafficPolicyInstance", &err)
	instance, _, err := s.readInstance(in.Id)
	if err != nil {
		return nil, err
	}
	keys := []event.Key{instanceKey(in.Id), zoneKey(instance.ZoneID)}
	_, err = s.commit(ctx, change{operation: "DeleteTrafficPolicyInstance", keys: keys, decide: func(t *tx) error {
		instance, head, err := instanceIn(t, in.Id)
		if err != nil {
			return err
		}
		if err := s.putInstanceRRsets(t, instance, nil); err != nil {
			return err
		}
		t.remove(head)
		return nil
	}})
	return &api.DeleteTrafficPolicyInstanceOutput{}, err
}

// GetTrafficPolicyInstanceCount counts the instances.
func (s *Service) GetTrafficPolicyInstanceCount(ctx context.Context, _ *api.GetTrafficPolicyInstanceCountInput) (_ *api.GetTrafficPolicyInstanceCountOutput, err error) {
	defer s.fail(ctx, "GetTrafficPolicyInstanceCount", &err)
	view := s.store.View()
	defer view.Close()
	n, err := view.Count(event.KindTrafficPolicyInstance)
	return &api.GetTrafficPolicyInstanceCountOutput{TrafficPolicyInstanceCount: int32(n)}, err
}

// clip shortens a message to what an instance can have.
func clip(message string) string {
	if utf8.RuneCountInString(message) <= maxInstanceMessage {
		return message
	}
	return string([]rune(message)[:maxInstanceMessage-3]) + "..."
}
