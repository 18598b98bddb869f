package route53

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"open53/internal/event"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/trafficpolicy"
	"open53/internal/zone"
)

// maxPolicyVersions is how many versions a traffic policy can ever have.
const maxPolicyVersions = 1000

func policyKey(id string) event.Key { return event.Key{Kind: event.KindTrafficPolicy, ID: id} }

func policyVersionKey(id string, version uint16) event.Key {
	return event.Key{Kind: event.KindTrafficPolicyVersion, ID: zone.TrafficPolicyVersionID(id, version)}
}

// policyNameKey claims a traffic policy's name, which may be longer than a key.
func policyNameKey(name string) event.Key {
	sum := sha256.Sum256([]byte(name))
	return referenceKey("trafficpolicy", hex.EncodeToString(sum[:]))
}

// policyID is a new id of a traffic policy or an instance: a UUID of version 7
// (RFC 9562 §5.7), whose time has 12 bits below the millisecond (§6.2, method
// 3). So ids ascend in the order of creation.
func (s *Service) policyID() (string, error) {
	var b [16]byte
	if err := s.ids.read(b[8:]); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	now := s.cfg.Now()
	milliseconds, rest := uint64(now.UnixMilli()), uint64(now.Nanosecond()%int(time.Millisecond))
	for i := range 6 {
		b[i] = byte(milliseconds >> (40 - 8*i))
	}
	fraction := rest << 12 / uint64(time.Millisecond)
	b[6], b[7] = 0x70|byte(fraction>>8), byte(fraction)
	b[8] = 0x80 | b[8]&0x3f
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// The texts of these errors are those of Amazon's API reference, except where
// they are marked.

func noSuchTrafficPolicy() error {
	return &api.NoSuchTrafficPolicy{Message: "No traffic policy exists with the specified ID."}
}

// parsePolicy reads a document. Error: InvalidTrafficPolicyDocument.
func (s *Service) parsePolicy(document string) (*trafficpolicy.Document, error) {
	d, err := trafficpolicy.Parse(document, s.batch)
	if wrong := new(trafficpolicy.Error); errors.As(err, &wrong) {
		return nil, &api.InvalidTrafficPolicyDocument{Message: wrong.Error()}
	}
	return d, err
}

func decodePolicy(head store.Head) (*zone.TrafficPolicy, error) {
	if !head.Exists() {
		return nil, noSuchTrafficPolicy()
	}
	policy := new(zone.TrafficPolicy)
	return policy, event.DecodeDocument(head.Document, policy)
}

func decodePolicyVersion(head store.Head) (*zone.TrafficPolicyVersion, error) {
	if !head.Exists() {
		return nil, noSuchTrafficPolicy()
	}
	version := new(zone.TrafficPolicyVersion)
	return version, event.DecodeDocument(head.Document, version)
}

// heads is what views and changes have in common.
type heads interface {
	head(key event.Key) (store.Head, error)
}

// viewHeads are the heads of a view.
type viewHeads struct{ view store.View }

func (v viewHeads) head(key event.Key) (store.Head, error) { return v.view.Head(key) }

// policyIn reads a traffic policy. Error: NoSuchTrafficPolicy.
func policyIn(h heads, id string) (*zone.TrafficPolicy, store.Head, error) {
	head, err := h.head(policyKey(id))
	if err != nil {
		return nil, head, err
	}
	policy, err := decodePolicy(head)
	return policy, head, err
}

// policyVersionIn reads a version. Error: NoSuchTrafficPolicy.
func policyVersionIn(h heads, id string, number int32) (*zone.TrafficPolicyVersion, store.Head, error) {
	head, err := h.head(policyVersionKey(id, uint16(number)))
	if err != nil {
		return nil, head, err
	}
	version, err := decodePolicyVersion(head)
	return version, head, err
}

// changePolicy is commit for the operations whose model knows
// ConcurrentModification in place of PriorRequestNotComplete.
func (s *Service) changePolicy(ctx context.Context, c change) error {
	_, err := s.commit(ctx, c)
	if busy := new(api.PriorRequestNotComplete); errors.As(err, &busy) {
		return &api.ConcurrentModification{
			Message: "Another user submitted a request to create, update, or delete the object at the same time that you did. Retry the request.",
		}
	}
	return err
}

// CreateTrafficPolicy makes a traffic policy and its version 1.
func (s *Service) CreateTrafficPolicy(ctx context.Context, in *api.CreateTrafficPolicyInput) (_ *api.CreateTrafficPolicyOutput, err error) {
	defer s.fail(ctx, "CreateTrafficPolicy", &err)
	if in.Name == "" { // ours
		return nil, invalidInput("The name of a traffic policy must not be empty.")
	}
	d, err := s.parsePolicy(in.Document)
	if err != nil {
		return nil, err
	}
	id, err := s.policyID()
	if err != nil {
		return nil, err
	}
	policy := &zone.TrafficPolicy{ID: id, Name: in.Name, Type: d.Type, Versions: []uint16{1}, LastVersion: 1}
	first := newPolicyVersion(policy, d, in.Document, in.Comment)
	name := policyNameKey(in.Name)
	keys := append(s.quotaKeys(event.KindTrafficPolicy), name)
	err = s.changePolicy(ctx, change{operation: "CreateTrafficPolicy", keys: keys, decide: func(t *tx) error {
		taken, err := t.head(name)
		if err != nil {
			return err
		}
		if taken.Exists() {
			return &api.TrafficPolicyAlreadyExists{Message: "A traffic policy that has the same value for Name already exists."}
		}
		tooMany := &api.TooManyTrafficPolicies{Message: "This traffic policy can't be created because the current account has reached the limit on the number of traffic policies."}
		if err := s.checkQuota(t, event.KindTrafficPolicy, s.cfg.Limits.TrafficPolicies, tooMany); err != nil {
			return err
		}
		if err := t.put(taken, claim{Owner: id}); err != nil {
			return err
		}
		policy.Created, first.Created = t.now, t.now
		if err := t.put(store.Head{Key: policyKey(id)}, policy); err != nil {
			return err
		}
		return t.put(store.Head{Key: policyVersionKey(id, 1)}, first)
	}})
	if err != nil {
		return nil, err
	}
	return &api.CreateTrafficPolicyOutput{TrafficPolicy: policyFrom(policy, first), Location: s.policyLocation(first)}, nil
}

// newPolicyVersion is the newest version of a policy.
func newPolicyVersion(policy *zone.TrafficPolicy, d *trafficpolicy.Document, document string, comment *string) *zone.TrafficPolicyVersion {
	return &zone.TrafficPolicyVersion{
		ID: zone.TrafficPolicyVersionID(policy.ID, policy.LastVersion), PolicyID: policy.ID, Version: policy.LastVersion,
		Type: d.Type, Document: document, Comment: value(comment),
	}
}

func (s *Service) policyLocation(v *zone.TrafficPolicyVersion) string {
	return s.location("trafficpolicy/" + v.PolicyID + "/" + strconv.Itoa(int(v.Version)))
}

func policyFrom(policy *zone.TrafficPolicy, v *zone.TrafficPolicyVersion) api.TrafficPolicy {
	return api.TrafficPolicy{
		Id: policy.ID, Version: int32(v.Version), Name: policy.Name, Type: api.RRType(v.Type.String()),
		Document: v.Document, Comment: optional(v.Comment),
	}
}

// CreateTrafficPolicyVersion makes the next version of a traffic policy. It may
// have another DNS type than the ones before.
func (s *Service) CreateTrafficPolicyVersion(ctx context.Context, in *api.CreateTrafficPolicyVersionInput) (_ *api.CreateTrafficPolicyVersionOutput, err error) {
	defer s.fail(ctx, "CreateTrafficPolicyVersion", &err)
	d, err := s.parsePolicy(in.Document)
	if err != nil {
		return nil, err
	}
	var policy *zone.TrafficPolicy
	var version *zone.TrafficPolicyVersion
	err = s.changePolicy(ctx, change{operation: "CreateTrafficPolicyVersion", keys: []event.Key{policyKey(in.Id)}, decide: func(t *tx) error {
		var head store.Head
		if policy, head, err = policyIn(t, in.Id); err != nil {
			return err
		}
		if policy.LastVersion >= maxPolicyVersions {
			return &api.TooManyTrafficPolicyVersionsForCurrentPolicy{Message: "This traffic policy version can't be created because you've reached the limit of " +
				"1000 on the number of versions that you can create for the current traffic policy."}
		}
		policy.LastVersion++
		policy.Versions = append(policy.Versions, policy.LastVersion)
		policy.Type = d.Type
		version = newPolicyVersion(policy, d, in.Document, in.Comment)
		version.Created = t.now
		if err := t.put(head, policy); err != nil {
			return err
		}
		return t.put(store.Head{Key: policyVersionKey(policy.ID, version.Version)}, version)
	}})
	if err != nil {
		return nil, err
	}
	return &api.CreateTrafficPolicyVersionOutput{TrafficPolicy: policyFrom(policy, version), Location: s.policyLocation(version)}, nil
}

// GetTrafficPolicy tells about one version.
func (s *Service) GetTrafficPolicy(ctx context.Context, in *api.GetTrafficPolicyInput) (_ *api.GetTrafficPolicyOutput, err error) {
	defer s.fail(ctx, "GetTrafficPolicy", &err)
	view := s.store.View()
	defer view.Close()
	policy, _, err := policyIn(viewHeads{view}, in.Id)
	if err != nil {
		return nil, err
	}
	version, _, err := policyVersionIn(viewHeads{view}, in.Id, in.Version)
	if err != nil {
		return nil, err
	}
	return &api.GetTrafficPolicyOutput{TrafficPolicy: policyFrom(policy, version)}, nil
}

// UpdateTrafficPolicyComment sets the comment of one version, which is all that
// can change of it.
func (s *Service) UpdateTrafficPolicyComment(ctx context.Context, in *api.UpdateTrafficPolicyCommentInput) (_ *api.UpdateTrafficPolicyCommentOutput, err error) {
	defer s.fail(ctx, "UpdateTrafficPolicyComment", &err)
	var out api.TrafficPolicy
	key := policyVersionKey(in.Id, uint16(in.Version))
	err = s.changePolicy(ctx, change{operation: "UpdateTrafficPolicyComment", keys: []event.Key{key}, decide: func(t *tx) error {
		policy, _, err := policyIn(t, in.Id)
		if err != nil {
			return err
		}
		version, head, err := policyVersionIn(t, in.Id, in.Version)
		if err != nil {
			return err
		}
		version.Comment = in.Comment
		out = policyFrom(policy, version)
		return t.put(head, version)
	}})
	return &api.UpdateTrafficPolicyCommentOutput{TrafficPolicy: out}, err
}

// DeleteTrafficPolicy ends one version that no instance uses, and with its last
// version the policy.
func (s *Service) DeleteTrafficPolicy(ctx context.Context, in *api.DeleteTrafficPolicyInput) (_ *api.DeleteTrafficPolicyOutput, err error) {
	defer s.fail(ctx, "DeleteTrafficPolicy", &err)
	name, err := s.policyName(in.Id)
	if err != nil {
		return nil, err
	}
	keys := []event.Key{policyNameKey(name), policyKey(in.Id), policyVersionKey(in.Id, uint16(in.Version))}
	err = s.changePolicy(ctx, change{operation: "DeleteTrafficPolicy", keys: keys, decide: func(t *tx) error {
		policy, head, err := policyIn(t, in.Id)
		if err != nil {
			return err
		}
		version, versionHead, err := policyVersionIn(t, in.Id, in.Version)
		if err != nil {
			return err
		}
		for _, err := range t.view.List(event.IndexInstancePolicy, []byte(version.ID+"\x00"), nil) {
			if err != nil {
				return err
			}
			// Amazon's, in hashicorp/terraform-provider-aws#27767.
			return &api.TrafficPolicyInUse{Message: "Policy is in use for at least one instance"}
		}
		t.remove(versionHead)
		policy.Versions = slices.DeleteFunc(policy.Versions, func(n uint16) bool { return n == version.Version })
		if n := len(policy.Versions); n > 0 {
			newest, _, err := policyVersionIn(t, in.Id, int32(policy.Versions[n-1]))
			if err != nil {
				return err
			}
			policy.Type = newest.Type
			return t.put(head, policy)
		}
		t.remove(head)
		claimed, err := t.head(policyNameKey(policy.Name))
		if err != nil {
			return err
		}
		t.remove(claimed)
		return nil
	}})
	return &api.DeleteTrafficPolicyOutput{}, err
}

// policyName is the name of a policy, which never changes.
func (s *Service) policyName(id string) (string, error) {
	view := s.store.View()
	defer view.Close()
	policy, _, err := policyIn(viewHeads{view}, id)
	if err != nil {
		return "", err
	}
	return policy.Name, nil
}
