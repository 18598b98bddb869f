package interop

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"open53/test/interop/server"
)

// sdk is a Route 53 client of the AWS SDK for Go, with a test around it.
type sdk struct {
	*route53.Client
	t *testing.T
	s *server.Server
}

func newSDK(t *testing.T, s *server.Server) sdk { return sdk{s.Client(t), t, s} }

// createZone makes a hosted zone and returns its bare id.
func (c sdk) createZone(name string) string {
	c.t.Helper()
	out, err := c.CreateHostedZone(c.t.Context(), &route53.CreateHostedZoneInput{
		Name: &name, CallerReference: aws.String(fmt.Sprint(c.t.Name(), time.Now().UnixNano())),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.wait(out.ChangeInfo)
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

// change makes a change batch and waits until it is in sync.
func (c sdk) change(zoneID string, changes ...types.Change) {
	c.t.Helper()
	out, err := c.tryChange(zoneID, changes...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.wait(out)
}

func (c sdk) tryChange(zoneID string, changes ...types.Change) (*types.ChangeInfo, error) {
	out, err := c.ChangeResourceRecordSets(c.t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zoneID, ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
	if err != nil {
		return nil, err
	}
	return out.ChangeInfo, nil
}

// wait waits with the SDK's waiter.
func (c sdk) wait(info *types.ChangeInfo) {
	c.t.Helper()
	waiter := route53.NewResourceRecordSetsChangedWaiter(c.Client, func(o *route53.ResourceRecordSetsChangedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(c.t.Context(), &route53.GetChangeInput{Id: info.Id}, 30*time.Second); err != nil {
		c.t.Fatal(err)
	}
}

// rrsets lists a zone, page by page.
func (c sdk) rrsets(zoneID string, page int32) []types.ResourceRecordSet {
	c.t.Helper()
	var all []types.ResourceRecordSet
	for p := route53.NewListResourceRecordSetsPaginator(c.Client, &route53.ListResourceRecordSetsInput{HostedZoneId: &zoneID, MaxItems: &page}); p.HasMorePages(); {
		out, err := p.NextPage(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, out.ResourceRecordSets...)
	}
	return all
}

// simple is a change of a simple RRset.
func simple(action types.ChangeAction, name string, rrtype types.RRType, ttl int64, values ...string) types.Change {
	set := &types.ResourceRecordSet{Name: &name, Type: rrtype, TTL: &ttl}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return types.Change{Action: action, ResourceRecordSet: set}
}

// dig returns what dig +short prints, sorted.
func dig(t *testing.T, s *server.Server, args ...string) []string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.DNS)
	if err != nil {
		t.Fatal(err)
	}
	out := client{command: append([]string{"dig", "@" + host, "-p", port, "+short", "+norec"}, args...), env: s.Env()}.mustRun(t)
	lines := strings.Fields(out)
	slices.Sort(lines)
	return lines
}

func TestGoSDKFirstSteps(t *testing.T) {
	t.Parallel()
	need(t, "dig")
	s := server.Start(t, server.Options{Verb: "serve"})
	c := newSDK(t, s)
	zoneID := c.createZone("go.example")
	c.change(zoneID, simple("CREATE", "www.go.example", "A", 60, "192.0.2.1", "192.0.2.2"))
	if diff := cmp.Diff([]string{"192.0.2.1", "192.0.2.2"}, dig(t, s, "www.go.example", "A")); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, set := range c.rrsets(zoneID, 1) {
		names = append(names, *set.Name+" "+string(set.Type))
	}
	if diff := cmp.Diff([]string{"go.example. NS", "go.example. SOA", "www.go.example. A"}, names); diff != "" {
		t.Error(diff)
	}
	identity, err := sts.NewFromConfig(s.Config(t)).GetCallerIdentity(t.Context(), nil)
	if err != nil || *identity.Arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("identity: %v %v", err, identity)
	}
}

// TestGoSDKErrors: the SDK makes typed errors of ours, with their message,
// status and request id.
func TestGoSDKErrors(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	c := newSDK(t, s)
	zoneID := c.createZone("errors.example")
	_, err := c.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z0NE")})
	var none *types.NoSuchHostedZone
	var response *awshttp.ResponseError
	if !errors.As(err, &none) || none.ErrorMessage() != "No hosted zone found with ID: Z0NE" {
		t.Errorf("zone: %v", err)
	}
	if !errors.As(err, &response) || response.HTTPStatusCode() != 404 || len(response.ServiceRequestID()) != 36 {
		t.Errorf("response: %v", err)
	}
	_, err = c.tryChange(zoneID,
		simple("DELETE", "a.errors.example", "A", 60, "192.0.2.1"),
		simple("CREATE", "b.errors.example", "A", 60, "192.0.2.300"))
	var batch *types.InvalidChangeBatch
	const want = "[Tried to delete resource record set [name='a.errors.example.', type='A'] but it was not found, " +
		"Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '192.0.2.300'']"
	if !errors.As(err, &batch) || batch.ErrorMessage() != want {
		t.Errorf("batch: %v", err)
	}
	_, err = c.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C0NE")})
	if e := new(types.NoSuchChange); !errors.As(err, &e) {
		t.Errorf("change: %v", err)
	}
	_, err = c.ListHostedZones(t.Context(), &route53.ListHostedZonesInput{MaxItems: aws.Int32(0)})
	if e := new(types.InvalidInput); !errors.As(err, &e) {
		t.Errorf("list: %v", err)
	}
}

// TestGoSDKPages follows the markers and tokens of lists, an item a page.
func TestGoSDKPages(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	c := newSDK(t, s)
	ctx, one := t.Context(), aws.Int32(1)
	vpc := &types.VPC{VPCId: aws.String("vpc-0123abcd"), VPCRegion: types.VPCRegionEuWest1}
	zoneID := ""
	for i := range 3 {
		out, err := c.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String(fmt.Sprintf("p%d.lan", i)), CallerReference: aws.String(fmt.Sprint(i)), VPC: vpc})
		if err != nil {
			t.Fatal(err)
		}
		zoneID = *out.HostedZone.Id
		if _, err := c.CreateReusableDelegationSet(ctx, &route53.CreateReusableDelegationSetInput{CallerReference: aws.String(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	for name, pages := range map[string]func() int{
		"ListHostedZones": func() (n int) {
			for p := route53.NewListHostedZonesPaginator(c, &route53.ListHostedZonesInput{MaxItems: one}); p.HasMorePages(); n++ {
				if _, err := p.NextPage(ctx); err != nil {
					t.Fatal(err)
				}
			}
			return n
		},
		"ListHostedZonesByVPC": func() (n int) {
			in := &route53.ListHostedZonesByVPCInput{VPCId: vpc.VPCId, VPCRegion: vpc.VPCRegion, MaxItems: one}
			for {
				out, err := c.ListHostedZonesByVPC(ctx, in)
				if err != nil || len(out.HostedZoneSummaries) != 1 || *out.MaxItems != 1 {
					t.Fatalf("%v %v", err, out)
				}
				n++
				if in.NextToken = out.NextToken; in.NextToken == nil {
					return n
				}
			}
		},
		"ListReusableDelegationSets": func() (n int) {
			in := &route53.ListReusableDelegationSetsInput{MaxItems: one}
			for {
				out, err := c.ListReusableDelegationSets(ctx, in)
				if err != nil || len(out.DelegationSets) != 1 {
					t.Fatalf("%v %v", err, out)
				}
				n++
				if in.Marker = out.NextMarker; !out.IsTruncated {
					return n
				}
			}
		},
		"ListHostedZonesByName": func() (n int) {
			in := &route53.ListHostedZonesByNameInput{MaxItems: one}
			for {
				out, err := c.ListHostedZonesByName(ctx, in)
				if err != nil || len(out.HostedZones) != 1 || *out.HostedZones[0].Name != fmt.Sprintf("p%d.lan.", n) {
					t.Fatalf("%v %v", err, out)
				}
				n++
				if in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId; !out.IsTruncated {
					return n
				}
			}
		},
	} {
		if n := pages(); n != 3 {
			t.Errorf("%s: %d pages", name, n)
		}
	}
	c.pageAuthorizations(zoneID)
	c.pageLocations()
}

// pageAuthorizations makes authorizations and lists them by token.
func (c sdk) pageAuthorizations(zoneID string) {
	c.t.Helper()
	for i := range 5 {
		vpc := &types.VPC{VPCId: aws.String(fmt.Sprintf("vpc-1111111%d", i)), VPCRegion: types.VPCRegionUsEast1}
		_, err := c.CreateVPCAssociationAuthorization(c.t.Context(), &route53.CreateVPCAssociationAuthorizationInput{HostedZoneId: &zoneID, VPC: vpc})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	in := &route53.ListVPCAssociationAuthorizationsInput{HostedZoneId: &zoneID, MaxResults: aws.Int32(2)}
	var sizes []int
	for {
		out, err := c.ListVPCAssociationAuthorizations(c.t.Context(), in)
		if err != nil {
			c.t.Fatal(err)
		}
		sizes = append(sizes, len(out.VPCs))
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if !slices.Equal(sizes, []int{2, 2, 1}) {
		c.t.Errorf("pages of authorizations: %v", sizes)
	}
}

// pageLocations lists all places, by sevens and in one page.
func (c sdk) pageLocations() {
	c.t.Helper()
	list := func(size int32) (names []string) {
		in := &route53.ListGeoLocationsInput{MaxItems: &size}
		for {
			out, err := c.ListGeoLocations(c.t.Context(), in)
			if err != nil {
				c.t.Fatal(err)
			}
			for _, l := range out.GeoLocationDetailsList {
				names = append(names, aws.ToString(l.ContinentCode)+" "+aws.ToString(l.CountryCode)+" "+aws.ToString(l.SubdivisionCode))
			}
			if !out.IsTruncated {
				return names
			}
			in.StartContinentCode, in.StartCountryCode, in.StartSubdivisionCode = out.NextContinentCode, out.NextCountryCode, out.NextSubdivisionCode
		}
	}
	whole := list(1000)
	if diff := cmp.Diff(whole, list(7)); diff != "" || len(whole) < 300 {
		c.t.Errorf("%d locations; by sevens: %s", len(whole), diff)
	}
}

// TestUnbuiltOperations: what is not built says so, in a document that SDKs
// read, and does nothing.
func TestUnbuiltOperations(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	c := s.Client(t, func(o *route53.Options) { o.RetryMaxAttempts = 1 })
	position := s.Position(t)
	unbuilt := 0
	for method := range reflect.TypeFor[*route53.Client]().Methods() {
		name := method.Name
		if name == "Options" || slices.Contains(built, name) {
			continue
		}
		unbuilt++
		in := reflect.New(method.Type.In(2).Elem())
		fill(in.Elem(), "")
		out := reflect.ValueOf(c).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
		err, _ := reflect.TypeAssert[error](out[1])
		var e smithy.APIError
		if !errors.As(err, &e) || e.ErrorCode() != "NotImplemented" || e.ErrorMessage() != "The operation "+name+" is not implemented yet." {
			t.Errorf("%s: %v", name, err)
		}
	}
	if unbuilt+len(built) != 71 {
		t.Errorf("%d operations are built and %d are not", len(built), unbuilt)
	}
	if got := s.Position(t); got != position {
		t.Errorf("position %d, was %d", got, position)
	}
}

// fills are for members that are particular about their values.
var fills = map[string]string{
	"HostedZoneId": "Z1", "HostedZoneIdMarker": "Z1", "IPAddress": "192.0.2.1", "CidrList": "192.0.2.0/24", "LocationName": "here",
	"TrafficPolicyVersionMarker": "1",
}

// fill gives every member a good value.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fill(v.Field(i), field.Name)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3)) // Regions of a health check are at least three
		for i := range v.Len() {
			fill(v.Index(i), name)
		}
	case reflect.String:
		if values := v.MethodByName("Values"); values.IsValid() {
			v.Set(values.Call(nil)[0].Index(0))
		} else if text := fills[name]; text != "" {
			v.SetString(text)
		} else {
			v.SetString("11111111-2222-3333-4444-555555555555")
		}
	case reflect.Int32, reflect.Int64:
		v.SetInt(10)
	}
}
