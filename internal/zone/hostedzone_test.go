package zone

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantError checks the code of an *Error; an empty code means no error.
func wantError(t *testing.T, err error, code string) {
	t.Helper()
	var e *Error
	switch {
	case code == "" && err == nil:
	case !errors.As(err, &e) || e.Code != code || e.Message == "" || e.Error() != code+": "+e.Message:
		t.Errorf("error %v, want code %q", err, code)
	}
}

func TestValidateZoneName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text        string
		singleLabel bool
		want        string // name, or the message of InvalidDomainName
	}{
		{"Example.COM", false, "example.com."},
		{"example.com.", false, "example.com."},
		{"_x.a*b.example.com", false, `_x.a\052b.example.com.`},
		{"internal", true, "internal."},
		{"com", false, "!com is reserved by AWS!"},
		{".", true, "!'.' is not a valid domain name"},
		{"*.example.com", false, "!'*.example.com' is not a valid domain name"},
		{`\052.example.com`, false, `!'\052.example.com' is not a valid domain name`},
		{"", false, "!FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''"},
		{"a..b", false, "!FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"},
		{strings.Repeat("a", 64) + ".com", false, "!FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '" + strings.Repeat("a", 64) + ".com'"},
	} {
		name, err := ValidateZoneName(tc.text, tc.singleLabel)
		if message, bad := strings.CutPrefix(tc.want, "!"); bad {
			wantError(t, err, "InvalidDomainName")
			if err == nil || err.Error() != "InvalidDomainName: "+message {
				t.Errorf("%q: %v", tc.text, err)
			}
			continue
		}
		if err != nil || name.String() != tc.want {
			t.Errorf("%q: %v, %v", tc.text, name, err)
		}
	}
}

func TestValidateComment(t *testing.T) {
	t.Parallel()
	wantError(t, ValidateComment(strings.Repeat("é", 256)), "")
	wantError(t, ValidateComment(strings.Repeat("é", 257)), CodeInvalidInput)
}

func TestTags(t *testing.T) {
	t.Parallel()
	tags := Tags{{"a", "1"}, {"c", "3"}}
	changed := tags.With(Tag{"b", "2"}, Tag{"c", "4"}).Without("a", "x")
	if diff := cmp.Diff(Tags{{"b", "2"}, {"c", "4"}}, changed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Tags{{"a", "1"}, {"c", "3"}}, tags); diff != "" {
		t.Errorf("the tags changed: %s", diff)
	}
	if v, ok := changed.Get("c"); v != "4" || !ok {
		t.Errorf("Get(c) = %q, %v", v, ok)
	}
	if _, ok := changed.Get("a"); ok {
		t.Error("Get(a) finds a removed tag")
	}
}

func TestChangeTags(t *testing.T) {
	t.Parallel()
	full := make(Tags, MaxTags)
	for i := range full {
		full[i] = Tag{Key: "k" + strconv.Itoa(100+i)}
	}
	eleven := make([]Tag, 11)
	for i := range eleven {
		eleven[i].Key = strconv.Itoa(i)
	}
	for _, tc := range []struct {
		name   string
		tags   Tags
		add    []Tag
		remove []string
		want   Tags // nil: InvalidInput
	}{
		{"add and remove", Tags{{"a", "1"}}, []Tag{{"b", ""}}, []string{"a"}, Tags{{"b", ""}}},
		{"removed and added is added", Tags{{"a", "1"}}, []Tag{{"a", "2"}}, []string{"a"}, Tags{{"a", "2"}}},
		{"longest", nil, []Tag{{strings.Repeat("é", 128), strings.Repeat("é", 256)}}, nil, Tags{{strings.Repeat("é", 128), strings.Repeat("é", 256)}}},
		{"nothing", nil, nil, nil, nil},
		{"eleven added", nil, eleven, nil, nil},
		{"eleven removed", nil, nil, make([]string, 11), nil},
		{"empty key", nil, []Tag{{"", "1"}}, nil, nil},
		{"long key", nil, []Tag{{strings.Repeat("k", 129), "1"}}, nil, nil},
		{"long value", nil, []Tag{{"k", strings.Repeat("v", 257)}}, nil, nil},
		{"key twice", nil, []Tag{{"k", "1"}, {"k", "2"}}, nil, nil},
		{"51 tags", full, []Tag{{"new", ""}}, nil, nil},
		{"50 tags, one for another", full, []Tag{{"new", ""}}, []string{"k100"}, full[1:].With(Tag{Key: "new"})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.tags.Change(tc.add, tc.remove)
			code := ""
			if tc.want == nil {
				code = CodeInvalidInput
			}
			wantError(t, err, code)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVPCs(t *testing.T) {
	t.Parallel()
	one, two := VPC{"us-east-1", "vpc-1"}, VPC{"eu-west-1", "vpc-2"}
	public, private := &HostedZone{ID: "Z1"}, &HostedZone{ID: "Z2", Private: true, VPCs: []VPC{one}}
	full := &HostedZone{ID: "Z3", Private: true}
	for i := range MaxAuthorizations {
		v := VPC{"us-east-1", "vpc-" + strconv.Itoa(i+10)}
		full.Authorizations = append(full.Authorizations, v)
		if i < MaxVPCs {
			full.VPCs = append(full.VPCs, v)
		}
	}
	for _, tc := range []struct {
		name string
		zone *HostedZone
		do   func(*HostedZone, VPC) (*HostedZone, error)
		vpc  VPC
		code string
		want []VPC // VPCs, then authorizations
	}{
		{"associate", private, (*HostedZone).WithVPC, two, "", []VPC{one, two}},
		{"associate a public zone", public, (*HostedZone).WithVPC, one, "PublicZoneVPCAssociation", nil},
		{"associate twice", private, (*HostedZone).WithVPC, one, "ConflictingDomainExists", nil},
		{"associate too many", full, (*HostedZone).WithVPC, one, "LimitsExceeded", nil},
		{"disassociate", full, (*HostedZone).WithoutVPC, full.VPCs[0], "", slices.Concat(full.VPCs[1:], full.Authorizations)},
		{"disassociate the last", private, (*HostedZone).WithoutVPC, one, "LastVPCAssociation", nil},
		{"disassociate another", private, (*HostedZone).WithoutVPC, two, "VPCAssociationNotFound", nil},
		{"disassociate from a public zone", public, (*HostedZone).WithoutVPC, two, "VPCAssociationNotFound", nil},
		{"authorize", private, (*HostedZone).WithAuthorization, two, "", []VPC{one, two}},
		{"authorize twice", full, (*HostedZone).WithAuthorization, full.VPCs[0], "", slices.Concat(full.VPCs, full.Authorizations)},
		{"authorize for a public zone", public, (*HostedZone).WithAuthorization, two, CodeInvalidInput, nil},
		{"authorize too many", full, (*HostedZone).WithAuthorization, two, "TooManyVPCAssociationAuthorizations", nil},
		{"take an authorization back", full, (*HostedZone).WithoutAuthorization, full.VPCs[0], "", slices.Concat(full.VPCs, full.Authorizations[1:])},
		{"take back what is not there", private, (*HostedZone).WithoutAuthorization, one, "VPCAssociationAuthorizationNotFound", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := slices.Concat(tc.zone.VPCs, tc.zone.Authorizations)
			got, err := tc.do(tc.zone, tc.vpc)
			wantError(t, err, tc.code)
			if !slices.Equal(before, slices.Concat(tc.zone.VPCs, tc.zone.Authorizations)) {
				t.Error("the zone changed")
			}
			if tc.code == "" && !slices.Equal(tc.want, slices.Concat(got.VPCs, got.Authorizations)) {
				t.Errorf("got %v and %v", got.VPCs, got.Authorizations)
			}
		})
	}
	if got := ConflictingVPC(one, "Z9").Message; got != "The VPC vpc-1 in region us-east-1 has already been associated with the hosted zone Z9 with the same domain name." {
		t.Error(got)
	}
}
