package zone

import (
	"slices"
)

// Amazon's quotas of VPCs in one private zone.
const (
	MaxVPCs           = 300
	MaxAuthorizations = 1000
)

// The operations below return a changed copy of the zone; the zone itself is
// as immutable as the event it came from. Whether another zone stands in the
// way (same name, same VPC) is for the caller to see: ConflictingVPC words it.
// Texts that no public report quotes are ours.

// WithVPC associates a VPC. Errors: PublicZoneVPCAssociation,
// ConflictingDomainExists if it is associated already, LimitsExceeded.
func (z *HostedZone) WithVPC(v VPC) (*HostedZone, error) {
	switch {
	case !z.Private:
		return nil, &Error{Code: "PublicZoneVPCAssociation", Message: "The hosted zone " + z.ID + " is public; VPCs can be associated with private hosted zones only."}
	case slices.Contains(z.VPCs, v):
		return nil, ConflictingVPC(v, z.ID)
	case len(z.VPCs) >= MaxVPCs:
		return nil, &Error{Code: "LimitsExceeded", Message: "The hosted zone " + z.ID + " is associated with the maximum number of VPCs."}
	}
	changed := *z
	changed.VPCs = append(slices.Clone(z.VPCs), v)
	return &changed, nil
}

// WithoutVPC disassociates a VPC. Errors: VPCAssociationNotFound,
// LastVPCAssociation.
func (z *HostedZone) WithoutVPC(v VPC) (*HostedZone, error) {
	i := slices.Index(z.VPCs, v)
	switch {
	case i < 0:
		return nil, &Error{Code: "VPCAssociationNotFound", Message: "The VPC " + v.ID + " in region " + v.Region + " is not associated with the hosted zone " + z.ID + "."}
	case len(z.VPCs) == 1:
		return nil, &Error{Code: "LastVPCAssociation", Message: "The VPC " + v.ID + " is the last one that is associated with the hosted zone " + z.ID + "; it cannot be disassociated."}
	}
	changed := *z
	changed.VPCs = slices.Delete(slices.Clone(z.VPCs), i, i+1)
	return &changed, nil
}

// WithAuthorization authorizes a VPC of another account to be associated; it
// changes nothing where that is so already. Errors: InvalidInput for a public
// zone, TooManyVPCAssociationAuthorizations.
func (z *HostedZone) WithAuthorization(v VPC) (*HostedZone, error) {
	switch {
	case !z.Private:
		return nil, &Error{Code: CodeInvalidInput, Message: "The hosted zone " + z.ID + " is public; VPCs can be associated with private hosted zones only."}
	case slices.Contains(z.Authorizations, v):
		return z, nil
	case len(z.Authorizations) >= MaxAuthorizations:
		return nil, &Error{Code: "TooManyVPCAssociationAuthorizations", Message: "The hosted zone " + z.ID + " has the maximum number of VPC association authorizations."}
	}
	changed := *z
	changed.Authorizations = append(slices.Clone(z.Authorizations), v)
	return &changed, nil
}

// WithoutAuthorization takes an authorization back; an association made by it
// stays. Error: VPCAssociationAuthorizationNotFound.
func (z *HostedZone) WithoutAuthorization(v VPC) (*HostedZone, error) {
	i := slices.Index(z.Authorizations, v)
	if i < 0 {
		return nil, &Error{Code: "VPCAssociationAuthorizationNotFound", Message: "The VPC " + v.ID + " in region " + v.Region + " is not authorized to be associated with the hosted zone " + z.ID + "."}
	}
	changed := *z
	changed.Authorizations = slices.Delete(slices.Clone(z.Authorizations), i, i+1)
	return &changed, nil
}

// ConflictingVPC is the fault of a VPC that zone zoneID, of the same name,
// already has.
func ConflictingVPC(v VPC, zoneID string) *Error {
	return &Error{Code: "ConflictingDomainExists", Message: "The VPC " + v.ID + " in region " + v.Region +
		" has already been associated with the hosted zone " + zoneID + " with the same domain name."}
}
