package route53

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"open53/internal/event"
	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// vpcClaimKey is what the zone of a name in a VPC claims, so that there is one
// at most. The name is hashed: an escaped one could be too long for a key.
func vpcClaimKey(v zone.VPC, name rdata.Name) event.Key {
	hash := sha256.Sum256([]byte(name))
	return event.Key{Kind: event.KindReference, ID: "vpc/" + v.Region + "/" + v.ID + "/" + hex.EncodeToString(hash[:])}
}

// claimVPC drafts the zone's claim of its name in a VPC. A claim whose owner
// is gone, or has left the VPC, is void; nobody has to give it back. Error:
// ConflictingDomainExists.
func (t *tx) claimVPC(v zone.VPC, hosted *zone.HostedZone) error {
	head, err := t.head(vpcClaimKey(v, hosted.Name))
	if err != nil {
		return err
	}
	if head.Exists() {
		var before claim
		if err := event.DecodeDocument(head.Document, &before); err != nil {
			return err
		}
		owner, err := t.view.Head(zoneKey(before.Owner))
		if err != nil {
			return err
		}
		if owner.Exists() && before.Owner != hosted.ID {
			other, _, err := decodeZone(before.Owner, owner)
			if err != nil {
				return err
			}
			if slices.Contains(other.VPCs, v) {
				return zone.ConflictingVPC(v, other.ID)
			}
		}
	}
	return t.put(head, claim{Owner: hosted.ID})
}

// AssociateVPCWithHostedZone adds a VPC to a private zone.
func (s *Service) AssociateVPCWithHostedZone(ctx context.Context, in *api.AssociateVPCWithHostedZoneInput) (_ *api.AssociateVPCWithHostedZoneOutput, err error) {
	defer s.fail(ctx, "AssociateVPCWithHostedZone", &err)
	v, err := vpcOf(&in.VPC)
	if err != nil {
		return nil, err
	}
	hosted, _, err := s.readZone(in.HostedZoneId) // for its name, which does not change
	if err != nil {
		return nil, err
	}
	info, err := s.commit(ctx, change{
		operation: "AssociateVPCWithHostedZone", comment: value(in.Comment),
		keys: []event.Key{zoneKey(hosted.ID), vpcClaimKey(v, hosted.Name)},
		decide: func(t *tx) error {
			hosted, head, err := t.hosted(in.HostedZoneId)
			if err != nil {
				return err
			}
			if !hosted.Private {
				return &api.PublicZoneVPCAssociation{Message: "Attempting to associate public zone: " + hosted.ID + " with vpc: " + v.ID}
			}
			changed, err := hosted.WithVPC(v)
			if err != nil {
				return err
			}
			if err := t.checkVPC(ctx, v); err != nil {
				return err
			}
			if err := s.checkAuthorized(ctx, hosted, v); err != nil {
				return err
			}
			if err := t.claimVPC(v, hosted); err != nil {
				return err
			}
			return t.putZone(head, changed)
		},
	})
	if err != nil {
		return nil, err
	}
	return &api.AssociateVPCWithHostedZoneOutput{ChangeInfo: info.pending()}, nil
}

// DisassociateVPCFromHostedZone takes a VPC, but not the last one, from a
// private zone.
func (s *Service) DisassociateVPCFromHostedZone(ctx context.Context, in *api.DisassociateVPCFromHostedZoneInput) (_ *api.DisassociateVPCFromHostedZoneOutput, err error) {
	defer s.fail(ctx, "DisassociateVPCFromHostedZone", &err)
	v, err := vpcOf(&in.VPC)
	if err != nil {
		return nil, err
	}
	info, err := s.commit(ctx, change{
		operation: "DisassociateVPCFromHostedZone", comment: value(in.Comment), keys: []event.Key{zoneKey(in.HostedZoneId)},
		decide: func(t *tx) error {
			hosted, head, err := t.hosted(in.HostedZoneId)
			if err != nil {
				return err
			}
			changed, err := hosted.WithoutVPC(v)
			if err != nil {
				return err
			}
			if s.checkOwned(ctx, hosted) != nil { // the VPC's account may leave too
				if err := t.checkVPC(ctx, v); err != nil {
					return err
				}
			}
			return t.putZone(head, changed)
		},
	})
	if err != nil {
		return nil, err
	}
	return &api.DisassociateVPCFromHostedZoneOutput{ChangeInfo: info.pending()}, nil
}

// CreateVPCAssociationAuthorization lets a VPC of another account be
// associated, which that account then does.
func (s *Service) CreateVPCAssociationAuthorization(ctx context.Context, in *api.CreateVPCAssociationAuthorizationInput) (_ *api.CreateVPCAssociationAuthorizationOutput, err error) {
	defer s.fail(ctx, "CreateVPCAssociationAuthorization", &err)
	v, err := vpcOf(&in.VPC)
	if err != nil {
		return nil, err
	}
	_, err = s.changeZone(ctx, "CreateVPCAssociationAuthorization", in.HostedZoneId,
		func(hosted *zone.HostedZone, _ store.Head) (*zone.HostedZone, error) {
			if err := s.checkOwned(ctx, hosted); err != nil {
				return nil, err
			}
			return hosted.WithAuthorization(v)
		})
	return &api.CreateVPCAssociationAuthorizationOutput{HostedZoneId: in.HostedZoneId, VPC: vpcFrom(v)}, err
}

// DeleteVPCAssociationAuthorization takes an authorization back.
func (s *Service) DeleteVPCAssociationAuthorization(ctx context.Context, in *api.DeleteVPCAssociationAuthorizationInput) (_ *api.DeleteVPCAssociationAuthorizationOutput, err error) {
	defer s.fail(ctx, "DeleteVPCAssociationAuthorization", &err)
	v, err := vpcOf(&in.VPC)
	if err != nil {
		return nil, err
	}
	_, err = s.changeZone(ctx, "DeleteVPCAssociationAuthorization", in.HostedZoneId,
		func(hosted *zone.HostedZone, _ store.Head) (*zone.HostedZone, error) {
			if err := s.checkOwned(ctx, hosted); err != nil {
				return nil, err
			}
			return hosted.WithoutAuthorization(v)
		})
	return &api.DeleteVPCAssociationAuthorizationOutput{}, err
}

// ListVPCAssociationAuthorizations lists a zone's authorizations by region
// and id.
func (s *Service) ListVPCAssociationAuthorizations(ctx context.Context, in *api.ListVPCAssociationAuthorizationsInput) (_ *api.ListVPCAssociationAuthorizationsOutput, err error) {
	defer s.fail(ctx, "ListVPCAssociationAuthorizations", &err)
	size, err := pageSize(in.MaxResults, authorizationPage, maxAuthorizations)
	if err != nil {
		return nil, err
	}
	hosted, _, err := s.readZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	list := token{list: "authorizations " + hosted.ID}
	from, err := parseToken(list.list, in.NextToken)
	if err != nil {
		return nil, err
	}
	all := slices.SortedFunc(slices.Values(hosted.Authorizations), compareVPCs)
	first, _ := slices.BinarySearchFunc(all, from, func(v zone.VPC, at string) int { return cmp.Compare(vpcPlace(v), at) })
	page := all[first:]
	out := &api.ListVPCAssociationAuthorizationsOutput{HostedZoneId: hosted.ID}
	if len(page) > size {
		list.at = vpcPlace(page[size])
		out.NextToken = new(list.String())
		page = page[:size]
	}
	out.VPCs = vpcsFrom(page)
	return out, nil
}

// vpcPlace orders VPCs, and says in tokens where one stands.
func vpcPlace(v zone.VPC) string { return v.Region + "\x00" + v.ID }

func compareVPCs(a, b zone.VPC) int { return cmp.Compare(vpcPlace(a), vpcPlace(b)) }
