package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var now = time.Date(2026, 3, 1, 10, 20, 30, 0, time.UTC)

// randomText draws from bytes that need encoding in some places.
func randomText(rnd *rand.Rand, atMost int) string {
	const alphabet = "abcXYZ019-._~ /%+&=;:@!$'()*,?#[]\"<>\\^`{|}éß\u1234"
	letters := []rune(alphabet)
	var b strings.Builder
	for range rnd.IntN(atMost + 1) {
		b.WriteRune(letters[rnd.IntN(len(letters))])
	}
	return b.String()
}

// randomRequest is a client's request that is not signed yet.
func randomRequest(t *testing.T, rnd *rand.Rand) (*http.Request, []byte) {
	t.Helper()
	var path strings.Builder
	for range 1 + rnd.IntN(4) {
		path.WriteString("/" + strings.ReplaceAll(url.PathEscape(randomText(rnd, 6)), "%2F", [2]string{"%2F", "/"}[rnd.IntN(2)]))
	}
	query := url.Values{}
	for range rnd.IntN(4) {
		query.Add(randomText(rnd, 4), randomText(rnd, 8))
	}
	var body []byte
	if rnd.IntN(2) == 0 {
		body = []byte(randomText(rnd, 40))
	}
	r, err := http.NewRequest([]string{"GET", "POST", "DELETE"}[rnd.IntN(3)],
		"http://route53.example.com:4566"+path.String(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.URL.RawQuery = query.Encode()
	r.Header.Set("Content-Type", "application/xml")
	for i := range rnd.IntN(3) {
		r.Header.Add(fmt.Sprintf("X-Amz-Extra-%d", rnd.IntN(2)), fmt.Sprintf("a  b %d   c", i))
	}
	return r, body
}

// sdkSign signs as the Go SDK does, in either form.
func sdkSign(t *testing.T, r *http.Request, body []byte, presigned bool) {
	t.Helper()
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: suite.AccessKeyID, SecretAccessKey: suite.SecretAccessKey, SessionToken: "token/+="}
	if !presigned {
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "route53", "us-east-1", now); err != nil {
			t.Fatal(err)
		}
		return
	}
	query := r.URL.Query()
	query.Set("X-Amz-Expires", "600")
	r.URL.RawQuery = query.Encode()
	uri, headers, err := v4.NewSigner().PresignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "route53", "us-east-1", now)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = url.Parse(uri); err != nil {
		t.Fatal(err)
	}
	r.Header = headers
}

func wireOf(t *testing.T, r *http.Request) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSDKSignaturesVerify(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		r, body := randomRequest(t, rnd)
		presigned := i%2 == 1
		sdkSign(t, r, body, presigned)
		wire := wireOf(t, r)
		received, got := read(t, wire)
		if err := verify(received, got, suite.SecretAccessKey, now.Add(time.Minute)); err != nil {
			t.Fatalf("request %d: %v\n%s", i, err, wire)
		}
		if err := verify(received, got, suite.SecretAccessKey+"x", now); err == nil {
			t.Fatalf("request %d verifies with another secret", i)
		}
	}
}

// TestSignerRoundTrip: what Sign and Presign make, Verify takes.
func TestSignerRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var signer Signer
	for i := range 1000 {
		r, body := randomRequest(t, rnd)
		credentials := suite
		credentials.SessionToken = []string{"", "to/ken+="}[rnd.IntN(2)]
		var err error
		if i%2 == 0 {
			err = signer.Sign(r, body, credentials, "eu-west-1", "route53", now)
		} else {
			err = signer.Presign(r, body, credentials, "eu-west-1", "route53", now, time.Hour)
		}
		if err != nil {
			t.Fatal(err)
		}
		wire := wireOf(t, r)
		received, got := read(t, wire)
		claim, err := Parse(received)
		if err != nil {
			t.Fatalf("%v\n%s", err, wire)
		}
		if claim.SessionToken != credentials.SessionToken || claim.Scope != (Scope{"20260301", "eu-west-1", "route53"}) || claim.Presigned != (i%2 == 1) {
			t.Fatalf("claim %+v\n%s", claim, wire)
		}
		if err := new(Verifier).Verify(&claim, suite.SecretAccessKey, received, got, now); err != nil {
			t.Fatalf("%v\n%s", err, wire)
		}
	}
}

// TestAnyChangeIsRefused changes one byte of a signed request in each part
// that the signature covers.
func TestAnyChangeIsRefused(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	refused := 0
	for i := range 3000 {
		r, body := randomRequest(t, rnd)
		sdkSign(t, r, body, i%3 == 0)
		received, got := read(t, wireOf(t, r))
		what := mutate(rnd, received, &got)
		if what == "" {
			continue
		}
		if verify(received, got, suite.SecretAccessKey, now) == nil {
			t.Fatalf("changed %s verifies: %s %v %q", what, received.RequestURI, received.Header, got)
		}
		refused++
	}
	if refused < 2000 {
		t.Errorf("only %d changes were tried", refused)
	}
}

// mutate changes one byte; "" if there was nothing to change, or the change
// means the same.
func mutate(rnd *rand.Rand, r *http.Request, body *[]byte) string {
	other := func(s string, at int) string {
		b := []byte(s)
		for c := b[at]; b[at] == c; b[at] = allUnreserved[rnd.IntN(len(allUnreserved))] {
		}
		return string(b)
	}
	path, query := receivedTarget(r)
	switch part := rnd.IntN(5); {
	case part == 0 && len(path) > 1:
		r.RequestURI = other(path, 1+rnd.IntN(len(path)-1)) + "?" + query
		return "path"
	case part == 1 && query != "":
		changed := other(query, rnd.IntN(len(query)))
		before, err := url.ParseQuery(query)
		after, err2 := url.ParseQuery(changed)
		if err == nil && err2 == nil && reflect.DeepEqual(before, after) {
			return ""
		}
		r.RequestURI = path + "?" + changed
		return "query"
	case part == 2 && len(*body) > 0:
		*body = []byte(other(string(*body), rnd.IntN(len(*body))))
		return "body"
	case part == 3:
		names := []string{"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Extra-0", "Content-Type"}
		if r.Header.Get("Authorization") == "" { // presigned: those are in the query
			names = names[2:]
		}
		name := names[rnd.IntN(len(names))]
		claim, _ := Parse(r)
		if value := r.Header.Get(name); value != "" && claim.signs(strings.ToLower(name)) {
			at := rnd.IntN(len(value))
			if value[at] == ' ' {
				return ""
			}
			r.Header[name] = slices.Concat([]string{other(value, at)}, r.Header[name][1:])
			return "header " + name
		}
	case part == 4 && r.Header.Get("Authorization") != "":
		value := r.Header.Get("Authorization")
		at := strings.Index(value, "Signature=") + len("Signature=")
		r.Header.Set("Authorization", other(value, at+rnd.IntN(64)))
		return "signature"
	}
	return ""
}
