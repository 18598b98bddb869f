package route53api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

func sdkClient(t *testing.T, api API) *route53.Client {
	t.Helper()
	srv := httptest.NewServer(NewHandler(api, Options{}))
	t.Cleanup(srv.Close)
	return route53.New(route53.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String(srv.URL),
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
}

// convert copies src into dst, whose type has fields of the same names, be they
// pointers here and values there.
func convert(dst, src reflect.Value) {
	if src.Kind() == reflect.Pointer {
		if src.IsNil() {
			return
		}
		src = src.Elem()
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch {
	case dst.Type() == src.Type():
		dst.Set(src)
	case dst.Kind() == reflect.Struct:
		for i := range src.NumField() {
			name := src.Type().Field(i).Name
			field := dst.FieldByName(name)
			if !field.IsValid() {
				panic(dst.Type().String() + " has no field " + name)
			}
			convert(field, src.Field(i))
		}
	case dst.Kind() == reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			convert(dst.Index(i), src.Index(i))
		}
	case dst.Kind() == reflect.Int32 && src.Kind() == reflect.String: // the SDK makes numbers of MaxItems
		n, err := strconv.ParseInt(src.String(), 10, 32)
		if err != nil {
			panic(err)
		}
		dst.SetInt(n)
	default:
		dst.Set(src.Convert(dst.Type()))
	}
}

// asJSON makes values of the SDK comparable: they have unexported fields.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The SDK for Go sends every operation with random inputs, and reads random
// outputs.
func TestSDKAllOperations(t *testing.T) {
	var e echo
	client := reflect.ValueOf(sdkClient(t, e.api()))
	for _, op := range testOperations {
		t.Run(op.name, func(t *testing.T) {
			r := newRandomizer(t, 4)
			method := client.MethodByName(op.name)
			for range 10 {
				in, out := r.input(op), r.output(op)
				e = echo{out: out}
				sent := reflect.New(method.Type().In(1).Elem())
				convert(sent.Elem(), reflect.ValueOf(in))
				results := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), sent})
				if err, _ := reflect.TypeAssert[error](results[1]); err != nil {
					t.Fatalf("%v\ninput %s", err, asJSON(t, in))
				}
				if e.operation != op.name {
					t.Fatalf("arrived at %s", e.operation)
				}
				arrived := reflect.New(sent.Type().Elem())
				convert(arrived.Elem(), reflect.ValueOf(e.in))
				if diff := cmp.Diff(asJSON(t, sent.Interface()), asJSON(t, arrived.Interface())); diff != "" {
					t.Fatalf("input: %s", diff)
				}
				want := reflect.New(results[0].Type().Elem())
				convert(want.Elem(), reflect.ValueOf(out))
				got := results[0]
				got.Elem().FieldByName("ResultMetadata").SetZero()
				if diff := cmp.Diff(asJSON(t, want.Interface()), asJSON(t, got.Interface())); diff != "" {
					t.Fatalf("output: %s", diff)
				}
			}
		})
	}
}

func TestSDKErrors(t *testing.T) {
	var e echo
	client := sdkClient(t, e.api())

	e.err = &NoSuchHostedZone{Message: "No hosted zone found with ID: Z1"}
	_, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z1")})
	if typed := new(types.NoSuchHostedZone); !errors.As(err, &typed) || typed.ErrorMessage() != "No hosted zone found with ID: Z1" {
		t.Errorf("got %v", err)
	}

	e.err = &InvalidChangeBatch{Message: "[one, two]"}
	_, err = client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String("/hostedzone/Z1"),
		ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
			Action:            types.ChangeActionCreate,
			ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String("a."), Type: types.RRTypeA},
		}}},
	})
	if typed := new(types.InvalidChangeBatch); !errors.As(err, &typed) || typed.ErrorMessage() != "[one, two]" {
		t.Errorf("got %v", err)
	}
	if in, ok := e.in.(*ChangeResourceRecordSetsInput); !ok || in.HostedZoneId != "Z1" {
		t.Errorf("arrived: %+v", e.in)
	}

	e.err = errors.New("secret")
	_, err = client.GetHostedZoneCount(t.Context(), &route53.GetHostedZoneCountInput{})
	if err == nil || !strings.Contains(err.Error(), "InternalFailure") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	// The client sees the request's id.
	if !strings.Contains(err.Error(), "RequestID: ") || strings.Contains(err.Error(), "RequestID: ,") {
		t.Errorf("no request id in %v", err)
	}
}

func TestSDKWaiter(t *testing.T) {
	asked := 0
	client := sdkClient(t, recorder(func(_ context.Context, operation string, in any) (any, error) {
		if id := in.(*GetChangeInput).Id; id != "C1" {
			t.Errorf("%s of %s", operation, id)
		}
		asked++
		out := &GetChangeOutput{ChangeInfo: ChangeInfo{Id: "/change/C1", Status: ChangeStatusPending, SubmittedAt: time.Now()}}
		if asked == 3 {
			out.ChangeInfo.Status = ChangeStatusInsync
		}
		return out, nil
	}))
	waiter := route53.NewResourceRecordSetsChangedWaiter(client, func(o *route53.ResourceRecordSetsChangedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &route53.GetChangeInput{Id: aws.String("/change/C1")}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestSDKPaginator(t *testing.T) {
	client := sdkClient(t, recorder(func(_ context.Context, _ string, in any) (any, error) {
		q := in.(*ListResourceRecordSetsInput)
		out := &ListResourceRecordSetsOutput{MaxItems: "1"}
		if q.StartRecordName == nil {
			out.ResourceRecordSets = []ResourceRecordSet{{Name: `\052.a.`, Type: RRTypeA}}
			out.IsTruncated, out.NextRecordName, out.NextRecordType = true, new("b.a."), new(RRTypeTXT)
			return out, nil
		}
		out.ResourceRecordSets = []ResourceRecordSet{{Name: *q.StartRecordName, Type: *q.StartRecordType}}
		return out, nil
	}))
	var names []string
	for p := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z1")}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.ResourceRecordSets {
			names = append(names, *s.Name+" "+string(s.Type))
		}
	}
	if diff := cmp.Diff([]string{`\052.a. A`, "b.a. TXT"}, names); diff != "" {
		t.Error(diff)
	}
}
