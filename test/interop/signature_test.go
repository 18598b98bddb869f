package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"open53/test/interop/server"
)

const mismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// TestGoSDKCredentials: a server in production tells wrong credentials apart
// as AWS does, before it looks at anything else.
func TestGoSDKCredentials(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	good, err := s.Config(t).Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		credentials aws.Credentials
		options     func(o *route53.Options)
		code, text  string
	}{
		"wrong secret": {
			credentials: aws.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: "wrong"},
			code:        "SignatureDoesNotMatch", text: mismatch,
		},
		"unknown key": {
			credentials: aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: good.SecretAccessKey},
			code:        "InvalidClientTokenId", text: "The security token included in the request is invalid.",
		},
		"session token": {
			credentials: aws.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: good.SecretAccessKey, SessionToken: "token"},
			code:        "InvalidClientTokenId", text: "The security token included in the request is invalid.",
		},
		"unsigned payload, as for a stream": {
			credentials: good,
			options:     unsignedPayload(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware),
			code:        "SignatureDoesNotMatch", text: mismatch,
		},
		"unsigned payload, named in the header": {
			credentials: good,
			options:     unsignedPayload(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware, v4.AddContentSHA256HeaderMiddleware),
			code:        "SignatureDoesNotMatch", text: "The provided 'x-amz-content-sha256' header does not match what was computed.",
		},
		"another service": {
			credentials: good,
			options: func(o *route53.Options) {
				o.HTTPSignerV4 = signerFunc(func(ctx context.Context, c aws.Credentials, r *http.Request, hash, _, region string, at time.Time, options ...func(*v4.SignerOptions)) error {
					return v4.NewSigner().SignHTTP(ctx, c, r, hash, "s3", region, at, options...)
				})
			},
			code: "SignatureDoesNotMatch", text: "Credential should be scoped to correct service: 'route53'.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.Client(t, func(o *route53.Options) {
				o.RetryMaxAttempts = 1
				o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return test.credentials, nil })
				if test.options != nil {
					test.options(o)
				}
			})
			_, err := c.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("refused.example"), CallerReference: aws.String("1")})
			var e smithy.APIError
			if !errors.As(err, &e) || e.ErrorCode() != test.code || e.ErrorMessage() != test.text || e.ErrorFault() != smithy.FaultUnknown && e.ErrorFault() != smithy.FaultClient {
				t.Errorf("error %v", err)
			}
		})
	}
	if zones := s.State(t).Zones; len(zones) != 0 {
		t.Errorf("refused requests made zones: %v", zones)
	}
	// Any region will do: an endpoint of one's own has none.
	c := s.Client(t, func(o *route53.Options) { o.Region = "eu-central-1" })
	if _, err := c.ListHostedZones(t.Context(), nil); err != nil {
		t.Errorf("another region: %v", err)
	}
}

type signerFunc func(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions)) error

func (f signerFunc) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions)) error {
	return f(ctx, c, r, hash, service, region, at, options...)
}

func unsignedPayload(add ...func(*middleware.Stack) error) func(o *route53.Options) {
	return func(o *route53.Options) { o.APIOptions = append(o.APIOptions, add...) }
}

// signed makes a request that is signed at a time, by the SDK's signer.
func signed(t *testing.T, s *server.Server, method, path, body string, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.API+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := s.Config(t).Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(hash[:]), "route53", "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	return r
}

// do returns status and body of the response to a request.
func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// TestSignedRequests: what is signed must arrive as it was, and in time.
func TestSignedRequests(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	const path = "/2013-04-01/hostedzone"
	const body = `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>signed.example</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>`
	now := time.Now()
	for name, test := range map[string]struct {
		at     time.Time
		tamper func(r *http.Request)
		want   string
	}{
		"ten minutes old":   {at: now.Add(-10 * time.Minute), want: "<Code>SignatureDoesNotMatch</Code><Message>Signature expired: " + now.Add(-10*time.Minute).UTC().Format("20060102T150405Z") + " is now earlier than "},
		"ten minutes early": {at: now.Add(10 * time.Minute), want: "<Code>SignatureDoesNotMatch</Code><Message>Signature not yet current: " + now.Add(10*time.Minute).UTC().Format("20060102T150405Z") + " is still later than "},
		"another body": {at: now, tamper: func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewBufferString(strings.Replace(body, "signed", "forged", 1)))
		}, want: "<Code>SignatureDoesNotMatch</Code><Message>" + mismatch},
		"another path":        {at: now, tamper: func(r *http.Request) { r.URL.Path += "/Z1" }, want: mismatch},
		"another query":       {at: now, tamper: func(r *http.Request) { r.URL.RawQuery = "x=1" }, want: mismatch},
		"another method":      {at: now, tamper: func(r *http.Request) { r.Method = "PUT" }, want: mismatch},
		"another host":        {at: now, tamper: func(r *http.Request) { r.Host = "example.com" }, want: mismatch},
		"no authorization":    {at: now, tamper: func(r *http.Request) { r.Header.Del("Authorization") }, want: "<Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token<"},
		"basic authorization": {at: now, tamper: func(r *http.Request) { r.SetBasicAuth("a", "b") }, want: "<Code>IncompleteSignature</Code>"},
		"no signature": {at: now, tamper: func(r *http.Request) {
			text, _, _ := strings.Cut(r.Header.Get("Authorization"), ", Signature=")
			r.Header.Set("Authorization", text)
		}, want: "<Code>IncompleteSignature</Code><Message>Authorization header requires &apos;Signature&apos; parameter."},
		"no date": {at: now, tamper: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want: "<Code>IncompleteSignature</Code><Message>Authorization header requires existence of either a &apos;X-Amz-Date&apos; or a &apos;Date&apos; header."},
	} {
		t.Run(name, func(t *testing.T) {
			r := signed(t, s, "POST", path, body, test.at)
			if test.tamper != nil {
				test.tamper(r)
			}
			status, got := do(t, r)
			plain := strings.NewReplacer("&apos;", "'", "&#39;", "'").Replace
			if status != 403 && status != 400 || !strings.Contains(plain(got), plain(test.want)) {
				t.Errorf("%d %s, want %s", status, got, test.want)
			}
		})
	}
	if zones := s.State(t).Zones; len(zones) != 0 {
		t.Errorf("refused requests made zones: %v", zones)
	}
	if status, got := do(t, signed(t, s, "POST", path, body, now.Add(-4*time.Minute))); status != 201 {
		t.Errorf("four minutes old: %d %s", status, got)
	}
}

// TestPresignedRequests: a GET with its signature in the query, as the SDK for
// Go makes it; the one of boto3 is in testdata/boto3/signature.py.
func TestPresignedRequests(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Verb: "serve"})
	credentials, err := s.Config(t).Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		signed time.Time
		expire string // X-Amz-Expires
		alter  func(url string) string
		status int
		want   string
	}{
		"good":        {expire: "60", status: 200, want: "<HostedZoneCount>0</HostedZoneCount>"},
		"a week":      {signed: time.Now().Add(-6 * 24 * time.Hour), expire: "604800", status: 200, want: "<HostedZoneCount>0</HostedZoneCount>"},
		"expired":     {signed: time.Now().Add(-2 * time.Minute), expire: "60", status: 403, want: "<Code>SignatureDoesNotMatch</Code><Message>Signature expired: "},
		"over a week": {expire: "604801", status: 400, want: "must be less than 604800 seconds"},
		"altered": {
			expire: "60", status: 403, want: mismatch,
			alter: func(url string) string { return strings.Replace(url, "hostedzonecount", "healthcheckcount", 1) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API+"/2013-04-01/hostedzonecount?X-Amz-Expires="+test.expire, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.signed.IsZero() {
				test.signed = time.Now()
			}
			empty := sha256.Sum256(nil)
			url, _, err := v4.NewSigner().PresignHTTP(t.Context(), credentials, r, hex.EncodeToString(empty[:]), "route53", "us-east-1", test.signed)
			if err != nil {
				t.Fatal(err)
			}
			if test.alter != nil {
				url = test.alter(url)
			}
			r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if status, body := do(t, r); status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d %s", status, body, test.status, test.want)
			}
		})
	}
}
