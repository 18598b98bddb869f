package access

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/sigv4"
)

var (
	admin  = sigv4.Credentials{AccessKeyID: "AKIAADMIN", SecretAccessKey: secret40}
	reader = sigv4.Credentials{AccessKeyID: "AKIAREADER", SecretAccessKey: secret40}
)

func strict(t *testing.T) *Authenticator {
	t.Helper()
	f, _ := open(t, profile("default", admin.AccessKeyID)+profile("reader", reader.AccessKeyID)+"open53_actions = route53:List*\n")
	return New(Options{Keys: f, Now: func() time.Time { return start }})
}

// signed makes a request as a server gets it.
func signed(t *testing.T, c sigv4.Credentials, service string, at time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", "/2013-04-01/hostedzone?maxitems=1", nil)
	if err := new(sigv4.Signer).Sign(r, nil, c, "us-east-1", service, at); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAuthenticate(t *testing.T) {
	a := strict(t)
	caller, err := a.Authenticate(signed(t, admin, "route53", start), nil, "route53")
	want := Caller{AccountID: "000000000000", ARN: "arn:aws:iam::000000000000:root", UserID: "000000000000", AccessKeyID: "AKIAADMIN", Actions: []string{"*"}}
	if diff := cmp.Diff(want, caller); diff != "" || err != nil {
		t.Errorf("admin: %v %s", err, diff)
	}
	caller, err = a.Authenticate(signed(t, reader, "open53", start), nil, "route53", "open53")
	if err != nil || caller.ARN != "arn:aws:iam::000000000000:user/reader" || !strings.HasPrefix(caller.UserID, "AIDA") || len(caller.UserID) != 21 {
		t.Errorf("reader: %v %+v", err, caller)
	}
	presigned := httptest.NewRequest("GET", "/", nil)
	if err := new(sigv4.Signer).Presign(presigned, nil, admin, "us-east-1", "sts", start, time.Minute); err != nil {
		t.Fatal(err)
	}
	presigned.RequestURI = presigned.URL.RequestURI()
	if _, err := a.Authenticate(presigned, nil, "sts"); err != nil {
		t.Errorf("presigned: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	a := strict(t)
	plain := httptest.NewRequest("GET", "/", nil)
	basic := httptest.NewRequest("GET", "/", nil)
	basic.SetBasicAuth("u", "p")
	token, wrong, stranger := admin, admin, admin
	token.SessionToken, wrong.SecretAccessKey, stranger.AccessKeyID = "t", secret40+"x", "AKIANOBODY"
	for _, c := range []struct {
		name string
		r    *http.Request
		want Error // Message: a leading part
	}{
		{"nothing", plain, Error{"MissingAuthenticationToken", 403, "Missing Authentication Token"}},
		{"other scheme", basic, Error{"IncompleteSignature", 400, "Authorization header requires 'Credential' parameter."}},
		{"other service", signed(t, admin, "s3", start), Error{"SignatureDoesNotMatch", 403, "Credential should be scoped to correct service: 'route53'."}},
		{"unknown key", signed(t, stranger, "route53", start), Error{"InvalidClientTokenId", 403, "The security token included in the request is invalid."}},
		{"session token", signed(t, token, "route53", start), Error{"InvalidClientTokenId", 403, "The security token included in the request is invalid."}},
		{"wrong secret", signed(t, wrong, "route53", start), Error{"SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}},
		{"old", signed(t, admin, "route53", start.Add(-15*time.Minute)), Error{"SignatureDoesNotMatch", 403, "Signature expired: 20251231T234500Z is now earlier than 20251231T235500Z (20260101T000000Z - 5 min.)"}},
		{"future", signed(t, admin, "route53", start.Add(15*time.Minute)), Error{"SignatureDoesNotMatch", 403, "Signature not yet current: 20260101T001500Z is still later than 20260101T000500Z (20260101T000000Z + 5 min.)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, err := a.Authenticate(c.r, nil, "route53", "open53")
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Code() != c.want.ErrorCode || e.Status() != c.want.HTTPStatus || !strings.HasPrefix(e.ErrorMessage(), c.want.Message) {
				t.Errorf("got %+v", e)
			}
			if caller.ARN != "" {
				t.Errorf("refused with a caller: %+v", caller)
			}
		})
	}
}

func TestAnyMode(t *testing.T) {
	f, _ := open(t, profile("reader", reader.AccessKeyID)+"open53_actions = route53:List*\n")
	a := New(Options{Mode: Any, AccountID: "123456789012", Keys: f, Now: func() time.Time { return start }})
	fake := httptest.NewRequest("GET", "/", nil)
	fake.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20200101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=x")
	for name, r := range map[string]*http.Request{
		"made up": fake,
		"old":     signed(t, sigv4.Credentials{AccessKeyID: "test", SecretAccessKey: "test", SessionToken: "x"}, "route53", start.Add(-time.Hour)),
	} {
		caller, err := a.Authenticate(r, nil, "route53")
		if err != nil || caller.ARN != "arn:aws:iam::123456789012:root" || caller.AccessKeyID != "test" || caller.Authorize("route53:X") != nil {
			t.Errorf("%s: %v %+v", name, err, caller)
		}
	}
	other := sigv4.Credentials{AccessKeyID: "222233334444", SecretAccessKey: "test"}
	if caller, err := a.Authenticate(signed(t, other, "route53", start), nil); err != nil || caller.ARN != "arn:aws:iam::222233334444:root" || caller.AccountID != "222233334444" {
		t.Errorf("account as key: %v %+v", err, caller)
	}
	if caller, err := a.Authenticate(signed(t, reader, "route53", start), nil); err != nil || caller.ARN != "arn:aws:iam::123456789012:user/reader" {
		t.Errorf("known key: %v %+v", err, caller)
	}
	var e *Error
	if _, err := a.Authenticate(httptest.NewRequest("GET", "/", nil), nil); !errors.As(err, &e) || e.ErrorCode != "MissingAuthenticationToken" {
		t.Errorf("no credentials: %v", err)
	}
	if _, err := New(Options{}).Authenticate(signed(t, admin, "route53", start), nil); !errors.As(err, &e) || e.ErrorCode != "InvalidClientTokenId" {
		t.Errorf("strict without keys: %v", err)
	}
}

func TestAuthorize(t *testing.T) {
	for _, c := range []struct {
		patterns, action string
		want             bool
	}{
		{"*", "route53:GetHostedZone", true},
		{"route53:*", "route53:GetHostedZone", true},
		{"route53:*", "open53:Write", false},
		{"route53:Get*", "route53:GetHostedZone", true},
		{"ROUTE53:get*", "route53:GetHostedZone", true},
		{"route53:Get*", "route53:ListHostedZones", false},
		{"route53:Get* route53:List*", "route53:ListHostedZones", true},
		{"route53:*Zone", "route53:GetHostedZone", true},
		{"route53:*Zone", "route53:GetHostedZoneCount", false},
		{"route53:G?tHostedZone", "route53:GetHostedZone", true},
		{"route53:GetHostedZone?", "route53:GetHostedZone", false},
		{"*a*b*c", "xaxbxbxc", true},
		{"*a*b*c", "xaxbxbx", false},
		{"**", "", true},
		{"", "x", false},
		{"?", "", false},
	} {
		err := Caller{ARN: "arn", Actions: strings.Fields(c.patterns)}.Authorize(c.action)
		if (err == nil) != c.want {
			t.Errorf("%q on %q: %v", c.patterns, c.action, err)
		}
	}
	var e *Error
	err := Caller{ARN: "arn:aws:iam::000000000000:user/ci"}.Authorize("route53:DeleteHostedZone")
	if !errors.As(err, &e) || e.ErrorCode != "AccessDenied" || e.HTTPStatus != 403 ||
		!strings.HasPrefix(e.Message, "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: route53:DeleteHostedZone") {
		t.Errorf("got %+v", err)
	}
}

func TestContext(t *testing.T) {
	ctx := context.Background()
	if _, ok := CallerFrom(ctx); ok || BodyFrom(ctx) != nil || RequestIDFrom(ctx) != "" {
		t.Error("an empty context has something")
	}
	ctx = WithRequest(ctx, &Request{ID: "id", Body: []byte("body")})
	if _, ok := CallerFrom(ctx); ok {
		t.Error("a caller nobody set")
	}
	inner := WithCaller(ctx, Caller{ARN: "arn"})
	if c, ok := CallerFrom(inner); !ok || c.ARN != "arn" || string(BodyFrom(inner)) != "body" || RequestIDFrom(inner) != "id" {
		t.Error("the request is not as it was set")
	}
	if _, ok := CallerFrom(ctx); ok {
		t.Error("WithCaller changed the outer context")
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	keys := staticKeys{admin.AccessKeyID: {ID: admin.AccessKeyID, Secret: secret40, Profile: "default", Actions: everything}}
	a := New(Options{Keys: keys, Now: func() time.Time { return start }})
	r := httptest.NewRequest("GET", "/2013-04-01/hostedzone?maxitems=1", nil)
	if err := new(sigv4.Signer).Sign(r, nil, admin, "us-east-1", "route53", start); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(r, nil, "route53"); err != nil {
			b.Fatal(err)
		}
	}
}

type staticKeys map[string]Key

func (s staticKeys) Lookup(id string, _ time.Time) (Key, bool) {
	k, ok := s[id]
	return k, ok
}
