package sigv4

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// suite are the credentials of the SigV4 test suite that AWS published.
var suite = Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

var suiteTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

const allUnreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// vectors are cases of that suite. The signatures are botocore's for the same
// requests; where the suite encodes a path once (get-space, get-utf8) they are
// those of the double encoding that services other than S3 want.
var vectors = []struct {
	name, method, target string
	headers              []string // beyond Host and X-Amz-Date
	body                 string
	signed               string // signed headers beyond host and x-amz-date
	signature            string
}{
	{name: "get-vanilla", method: "GET", target: "/", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-vanilla-query-order-key-case", method: "GET", target: "/?Param2=value2&Param1=value1", signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{name: "get-vanilla-query-order-value", method: "GET", target: "/?Param1=value2&Param1=value1", signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
	{name: "get-vanilla-empty-query-key", method: "GET", target: "/?Param1=value1", signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{name: "get-vanilla-query-unreserved", method: "GET", target: "/?" + allUnreserved + "=" + allUnreserved, signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{name: "get-vanilla-utf8-query", method: "GET", target: "/?%E1%88%B4=bar", signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{name: "get-utf8", method: "GET", target: "/%E1%88%B4", signature: "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d339eb079596d"},
	{name: "get-unreserved", method: "GET", target: "/" + allUnreserved, signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{name: "get-space", method: "GET", target: "/example%20space/", signature: "446b817944c553435b35e813c261ff4e161fff982d1bacdef1c87f6785dd1662"},
	{name: "get-relative", method: "GET", target: "/example/..", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-relative-relative", method: "GET", target: "/example1/example2/../..", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-slash", method: "GET", target: "//", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-slash-dot-slash", method: "GET", target: "/./", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{name: "get-slash-pointless-dot", method: "GET", target: "/./example", signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{name: "get-slashes", method: "GET", target: "//example//", signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{name: "get-header-key-duplicate", method: "GET", target: "/", headers: []string{"My-Header1:value2", "My-Header1:value2", "My-Header1:value1"}, signed: "my-header1", signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{name: "get-header-value-order", method: "GET", target: "/", headers: []string{"My-Header1:value4", "My-Header1:value1", "My-Header1:value3", "My-Header1:value2"}, signed: "my-header1", signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{name: "get-header-value-trim", method: "GET", target: "/", headers: []string{"My-Header1: value1", `My-Header2: "a   b   c"`}, signed: "my-header1;my-header2", signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{name: "post-vanilla", method: "POST", target: "/", signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{name: "post-vanilla-query", method: "POST", target: "/?Param1=value1", signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{name: "post-header-key-sort", method: "POST", target: "/", headers: []string{"My-Header1:value1"}, signed: "my-header1", signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{name: "post-header-value-case", method: "POST", target: "/", headers: []string{"My-Header1:VALUE1"}, signed: "my-header1", signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{name: "post-x-www-form-urlencoded", method: "POST", target: "/", headers: []string{"Content-Type:application/x-www-form-urlencoded"}, body: "Param1=value1", signed: "content-type", signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{name: "post-x-www-form-urlencoded-parameters", method: "POST", target: "/", headers: []string{"Content-Type:application/x-www-form-urlencoded; charset=utf8"}, body: "Param1=value1", signed: "content-type", signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
}

// read parses a request as a server receives it.
func read(tb testing.TB, wire string) (*http.Request, []byte) {
	tb.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		tb.Fatalf("read request: %v\n%s", err, wire)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatalf("read body: %v", err)
	}
	return r, body
}

// verify parses and verifies in one step.
func verify(r *http.Request, body []byte, secret string, now time.Time) error {
	claim, err := Parse(r)
	if err != nil {
		return err
	}
	return new(Verifier).Verify(&claim, secret, r, body, now)
}

func TestPublishedVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			names := strings.Trim(v.signed+";x-amz-date", ";")
			if v.signed == "content-type" {
				names = "content-type;host;x-amz-date"
			} else {
				names = "host;" + names
			}
			wire := v.method + " " + v.target + " HTTP/1.1\r\nHost:example.amazonaws.com\r\nX-Amz-Date:20150830T123600Z\r\n"
			for _, h := range v.headers {
				wire += h + "\r\n"
			}
			if v.body != "" {
				wire += "Content-Length: 13\r\n"
			}
			wire += "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
				names + ", Signature=" + v.signature + "\r\n\r\n" + v.body
			r, body := read(t, wire)
			if err := verify(r, body, suite.SecretAccessKey, suiteTime); err != nil {
				t.Errorf("verify: %v", err)
			}

			// Where the signer chooses the same headers it makes the same signature.
			if v.signed != "" && v.signed != "content-type" {
				return
			}
			r.Header.Del("Authorization")
			if err := new(Signer).Sign(r, body, suite, "us-east-1", "service", suiteTime); err != nil {
				t.Fatalf("sign: %v", err)
			}
			if _, got, _ := strings.Cut(r.Header.Get("Authorization"), "Signature="); got != v.signature {
				t.Errorf("signed %s, want %s", got, v.signature)
			}
		})
	}
}

func TestSignHeader(t *testing.T) {
	r, _ := http.NewRequest("GET", "https://example.amazonaws.com/", nil)
	if err := new(Signer).Sign(r, nil, suite, "us-east-1", "service", suiteTime); err != nil {
		t.Fatal(err)
	}
	const want = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
		"SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := new(Signer).Sign(&http.Request{URL: r.URL, Header: http.Header{"x-amz-odd": {"v"}}}, nil, suite, "r", "s", suiteTime); err == nil {
		t.Error("a header under a key that net/http would not send alike was signed")
	}
}
