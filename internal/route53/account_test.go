package route53

import (
	"context"
	"errors"
	"testing"
	"time"

	"open53/internal/access"
	"open53/internal/network"
	"open53/internal/network/registry"
	api "open53/internal/route53api"
)

// as is a caller of an account.
func as(ctx context.Context, account string) context.Context {
	return access.WithCaller(ctx, access.Caller{AccountID: account, ARN: "arn:aws:iam::" + account + ":root", AccessKeyID: account})
}

// TestVPCsOfAccounts: the zone's owner authorizes, the VPC's owner associates.
func TestVPCsOfAccounts(t *testing.T) {
	f := newFixture(t, nil)
	networks := registry.New(registry.Config{Store: f.store, Now: time.Now, Random: chacha(7)})
	const known, elsewhere, unknown = "vpc-0000aaaa", "vpc-0000bbbb", "vpc-0000cccc"
	for id, region := range map[string]string{known: "eu-west-1", elsewhere: "us-east-1"} {
		n := &network.Network{ID: id, Region: region, Account: "222222222222"}
		if err := networks.Create(t.Context(), "CreateVpc", n); err != nil {
			t.Fatal(err)
		}
	}
	owner, guest := as(t.Context(), "111111111111"), as(t.Context(), "222222222222")
	zone, err := f.CreateHostedZone(owner, &api.CreateHostedZoneInput{Name: "shared.lan", CallerReference: "1", VPC: testVPC("vpc-00000001")})
	if err != nil {
		t.Fatal(err)
	}
	id := zone.HostedZone.Id[len("/hostedzone/"):]
	associate := func(ctx context.Context, vpc string) error {
		_, err := f.AssociateVPCWithHostedZone(ctx, &api.AssociateVPCWithHostedZoneInput{HostedZoneId: id, VPC: *testVPC(vpc)})
		return err
	}
	authorize := func(ctx context.Context, vpc string) error {
		_, err := f.CreateVPCAssociationAuthorization(ctx, &api.CreateVPCAssociationAuthorizationInput{HostedZoneId: id, VPC: *testVPC(vpc)})
		return err
	}
	deauthorize := func(ctx context.Context, vpc string) error {
		_, err := f.DeleteVPCAssociationAuthorization(ctx, &api.DeleteVPCAssociationAuthorizationInput{HostedZoneId: id, VPC: *testVPC(vpc)})
		return err
	}
	disassociate := func(ctx context.Context, vpc string) error {
		_, err := f.DisassociateVPCFromHostedZone(ctx, &api.DisassociateVPCFromHostedZoneInput{HostedZoneId: id, VPC: *testVPC(vpc)})
		return err
	}
	for i, step := range []struct {
		do   func(context.Context, string) error
		who  context.Context
		vpc  string
		code string
	}{
		{associate, owner, known, "InvalidVPCId"}, // it is not theirs
		{associate, guest, known, "NotAuthorizedException"},
		{authorize, guest, known, "AccessDenied"},
		{authorize, owner, known, ""},
		{associate, owner, known, "InvalidVPCId"},
		{associate, guest, known, ""},
		{associate, guest, known, "ConflictingDomainExists"},
		{deauthorize, guest, known, "AccessDenied"},
		{deauthorize, owner, known, ""}, // the association stays
		{disassociate, as(t.Context(), "333333333333"), known, "InvalidVPCId"},
		{disassociate, guest, known, ""},
		{associate, guest, known, "NotAuthorizedException"},
		{authorize, owner, elsewhere, ""},
		{associate, guest, elsewhere, "InvalidVPCId"}, // it is in another region
		{associate, owner, unknown, ""},
		{associate, guest, unknown, "ConflictingDomainExists"},
	} {
		err := step.do(step.who, step.vpc)
		code := ""
		if refused, ok := errors.AsType[api.APIError](err); ok {
			code = refused.Code()
		}
		if code != step.code || err != nil && code == "" {
			t.Errorf("step %d: %v, want %q", i, err, step.code)
		}
	}
	_, err = f.CreateHostedZone(owner, &api.CreateHostedZoneInput{Name: "own.lan", CallerReference: "2", VPC: testVPC(known)})
	if invalid := new(api.InvalidVPCId); !errors.As(err, &invalid) {
		t.Errorf("zone in another account's VPC: %v", err)
	}
	list, err := f.ListHostedZonesByVPC(guest, &api.ListHostedZonesByVPCInput{VPCId: unknown, VPCRegion: "eu-west-1"})
	if err != nil || len(list.HostedZoneSummaries) != 1 || *list.HostedZoneSummaries[0].Owner.OwningAccount != "111111111111" {
		t.Errorf("zones of a VPC: %+v %v", list, err)
	}
}
