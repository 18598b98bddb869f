package route53

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"open53/internal/event"
	"open53/internal/network"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// zoneAccount is the account that a zone belongs to.
func (s *Service) zoneAccount(hosted *zone.HostedZone) string {
	return cmp.Or(hosted.Account, s.cfg.AccountID)
}

// checkVPC refuses a VPC that is known to be in another region, or to belong to
// another account than the caller's. VPCs that no network declares may be
// anyone's anywhere: they can be declared later. Error: InvalidVPCId.
func (t *tx) checkVPC(ctx context.Context, v zone.VPC) error {
	head, err := t.view.Head(event.Key{Kind: event.KindNetwork, ID: v.ID})
	if err != nil || !head.Exists() {
		return err
	}
	known := new(network.Network)
	if err := event.DecodeDocument(head.Document, known); err != nil {
		return err
	}
	if known.Region != v.Region || known.Account != t.service.account(ctx) {
		return &api.InvalidVPCId{Message: "The VPC ID is invalid."}
	}
	return nil
}

// checkAuthorized refuses the VPC of a caller of another account than the
// zone's that the zone's owner has not authorized. Error:
// NotAuthorizedException.
func (s *Service) checkAuthorized(ctx context.Context, hosted *zone.HostedZone, v zone.VPC) error {
	if s.account(ctx) == s.zoneAccount(hosted) || slices.Contains(hosted.Authorizations, v) {
		return nil
	}
	return &api.NotAuthorizedException{Message: "Associating the specified VPC with the specified hosted zone has not been authorized."}
}

// checkOwned refuses what only a zone's own account may do. Error:
// AccessDenied.
func (s *Service) checkOwned(ctx context.Context, hosted *zone.HostedZone) error {
	if s.account(ctx) == s.zoneAccount(hosted) {
		return nil
	}
	return &api.GenericError{ // ours, but for what provider-aws looks for
		ErrorCode: "AccessDenied", HTTPStatus: http.StatusForbidden,
		Message: "The hosted zone " + hosted.ID + " is not owned by you.",
	}
}
