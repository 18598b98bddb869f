package sigv4

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const line = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, " +
	"Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

func request(t *testing.T, target string, headers ...string) *http.Request {
	t.Helper()
	r, _ := read(t, "GET "+target+" HTTP/1.1\r\nHost: example.amazonaws.com\r\n"+strings.Join(append(headers, ""), "\r\n")+"\r\n")
	return r
}

func TestRefusals(t *testing.T) {
	const date = "X-Amz-Date: 20150830T123600Z"
	replace := func(from, to string) string { return "Authorization: " + strings.Replace(line, from, to, 1) }
	const presigned = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request" +
		"&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Date=20150830T123600Z"
	mismatch := errMismatch.Message
	for _, c := range []struct {
		name    string
		r       *http.Request
		late    time.Duration // the verifier's clock against the request's
		kind    Kind
		message string // a leading part
	}{
		{"nothing", request(t, "/"), 0, Missing, "Missing Authentication Token"},
		{"other query", request(t, "/?X-Amz-Foo=1"), 0, Missing, "Missing Authentication Token"},
		{"basic", request(t, "/", "Authorization: Basic Zm9vOmJhcg=="), 0, Incomplete, "Authorization header requires 'Credential' parameter. " +
			"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="},
		{"algorithm", request(t, "/", date, replace("SHA256", "SHA1")), 0, Incomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'"},
		{"no signature", request(t, "/", date, "Authorization: "+line[:strings.Index(line, ", Signature")]), 0, Incomplete, "Authorization header requires 'Signature' parameter. (Hashed"},
		{"no equal sign", request(t, "/", date, replace("Signature=", "Signature ")), 0, Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"},
		{"repeated part", request(t, "/", date, "Authorization: "+line+", Signature=00"), 0, Incomplete, "Authorization header must not repeat the 'Signature' parameter."},
		{"repeated header", request(t, "/", date, "Authorization: "+line, "Authorization: "+line), 0, Incomplete, "Authorization header must not be repeated."},
		{"short credential", request(t, "/", date, replace("/aws4_request", "")), 0, Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/service'"},
		{"names not sorted", request(t, "/", date, replace("host;x-amz-date", "x-amz-date;host")), 0, Incomplete, "SignedHeaders must be"},
		{"name twice", request(t, "/", date, replace("host;", "host;host;")), 0, Incomplete, "SignedHeaders must be"},
		{"upper case", request(t, "/", date, replace("host;", "Host;")), 0, Incomplete, "SignedHeaders must be"},
		{"no date", request(t, "/", "Authorization: "+line), 0, Incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"bad date", request(t, "/", "X-Amz-Date: yesterday", "Authorization: "+line), 0, Incomplete, "Date must be in ISO-8601 'basic format'. Got 'yesterday'."},
		{"terminator", request(t, "/", date, replace("aws4_request", "aws5_request")), 0, BadScope, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"scope date", request(t, "/", date, replace("20150830", "20150831")), 0, BadScope, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'."},
		{"late", request(t, "/", date, "Authorization: "+line), 5*time.Minute + time.Second, OutOfTime, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"},
		{"early", request(t, "/", date, "Authorization: "+line), -5*time.Minute - time.Second, OutOfTime, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"},
		{"host not signed", request(t, "/", date, replace("host;", "")), 0, Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"target not signed", request(t, "/", date, "X-Amz-Target: A.B", "Authorization: "+line), 0, Mismatch, "'X-Amz-Target' must be a 'SignedHeader'"},
		{"other signature", request(t, "/", date, replace("5fa0", "5fa1")), 0, Mismatch, mismatch},
		{"upper-case signature", request(t, "/", date, replace("5fa0", "5FA0")), 0, Mismatch, mismatch},
		{"no hex", request(t, "/", date, replace("Signature=5fa0", "Signature=x")), 0, Mismatch, mismatch},
		{"missing signed header", request(t, "/", date, replace("host;", "host;x-amz-aaa;")), 0, Mismatch, mismatch},
		{"broken escape", request(t, "/?a=%zz", date, "Authorization: "+line), 0, Mismatch, mismatch},
		{"unsigned payload", request(t, "/", date, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "Authorization: "+line), 0, BadPayload, "The provided 'x-amz-content-sha256' header does not match what was computed."},
		{"streaming payload", request(t, "/", date, "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Authorization: "+line), 0, BadPayload, "The provided"},
		{"presigned parts", request(t, "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z"), 0, Incomplete, "AWS query-string parameters must include 'X-Amz-Credential'. " +
			"AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
		{"presigned twice", request(t, presigned+"&X-Amz-Date=20150830T123600Z"), 0, Incomplete, "AWS query-string parameters must include a single valid 'X-Amz-Date'."},
		{"presigned algorithm", request(t, strings.Replace(presigned, "SHA256", "SHA1", 1)), 0, Incomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'"},
		{"presigned too long", request(t, presigned+"&X-Amz-Expires=604801"), 0, Incomplete, "X-Amz-Expires must be less than a week"},
		{"presigned no number", request(t, presigned+"&X-Amz-Expires=-1"), 0, Incomplete, "X-Amz-Expires must be a number of seconds, got '-1'"},
		{"presigned HTTP date", request(t, strings.Replace(presigned, "20150830T123600Z", "Sun,+30+Aug+2015+12:36:00+GMT", 1)), 0, Incomplete, "Date must be in ISO-8601"},
		{"presigned expired", request(t, presigned+"&X-Amz-Expires=60"), 61 * time.Second, OutOfTime, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 1 min.)"},
		{"presigned, no expiry", request(t, presigned), 301 * time.Second, OutOfTime, "Signature expired"},
		{"presigned signature", request(t, presigned+"&X-Amz-Expires=60"), 59 * time.Second, Mismatch, mismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e *Error
			err := verify(c.r, nil, suite.SecretAccessKey, suiteTime.Add(c.late))
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Kind != c.kind || !strings.HasPrefix(e.Message, c.message) {
				t.Errorf("got  %d %s\nwant %d %s", e.Kind, e.Message, c.kind, c.message)
			}
		})
	}
}

func TestDateHeader(t *testing.T) {
	for _, stamp := range []string{"Date: Sun, 30 Aug 2015 12:36:00 GMT", "Date: Sun, 30 Aug 2015 12:36:00 -0000", "Date: 20150830T123600Z"} {
		r := request(t, "/", stamp)
		var c canonical
		hash := [32]byte{
			0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
			0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
		}
		if !c.request(r, "/", "", "date;host", &hash) {
			t.Fatal("no canonical form")
		}
		scope := Scope{"20150830", "us-east-1", "service"}
		key := keyID{suite.AccessKeyID, suite.SecretAccessKey, scope}.derive()
		var signature [64]byte
		c.sign(&signature, suiteTime, scope, &key)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,SignedHeaders=date;host,Signature="+string(signature[:]))
		if err := verify(r, nil, suite.SecretAccessKey, suiteTime); err != nil {
			t.Errorf("%s: %v", stamp, err)
		}
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ url, opaque, path, query string }{
		{"http://h", "", "/", ""},
		{"http://h?a=b", "", "/", "a=b"},
		{"http://h/a%2Fb/?", "", "/a%2Fb/", ""},
		{"http://h/a b", "", "/a%20b", ""},
		{"http://h", "//h/a%2Fb", "/a%2Fb", ""},
		{"http://h?x=1", "//h", "/", "x=1"},
		{"http://h", "//h:80", "/", ""},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		u.Opaque = c.opaque
		if path, query := sentTarget(u); path != c.path || query != c.query {
			t.Errorf("%s %s: sent %q %q", c.url, c.opaque, path, query)
		}
	}
	// A proxy's absolute form is signed like the origin form.
	r := request(t, "http://example.amazonaws.com/", "X-Amz-Date: 20150830T123600Z", "Authorization: "+line)
	if err := verify(r, nil, suite.SecretAccessKey, suiteTime); err != nil {
		t.Errorf("absolute form: %v", err)
	}
}

func TestStatedPayloadHash(t *testing.T) {
	r, _ := http.NewRequest("POST", "http://h/", nil)
	r.Header.Set("X-Amz-Content-Sha256", "to be replaced")
	body := []byte("<a/>")
	if err := new(Signer).Sign(r, body, suite, "r", "s", now); err != nil {
		t.Fatal(err)
	}
	if err := verify(r, body, suite.SecretAccessKey, now); err != nil {
		t.Error(err)
	}
	if err := verify(r, []byte("<b/>"), suite.SecretAccessKey, now); !errors.Is(err, errPayload) {
		t.Errorf("changed body: %v", err)
	}
}

func TestPresignExpiry(t *testing.T) {
	r, _ := http.NewRequest("GET", "http://h/", nil)
	for _, d := range []time.Duration{0, MaxExpires + time.Second} {
		if err := new(Signer).Presign(r, nil, suite, "r", "s", now, d); err == nil {
			t.Errorf("expiry %v taken", d)
		}
	}
	if err := new(Signer).Presign(r, nil, suite, "r", "s", now, MaxExpires); err != nil {
		t.Fatal(err)
	}
	if err := verify(r, nil, suite.SecretAccessKey, now.Add(MaxExpires)); err != nil {
		t.Error(err)
	}
	if err := verify(r, nil, suite.SecretAccessKey, now.Add(MaxExpires+time.Second)); err == nil {
		t.Error("expired request verifies")
	}
}

func TestKeyCache(t *testing.T) {
	var c keyCache
	id := func(i int) keyID { return keyID{"AK", "secret", Scope{"20260101", string(rune('a' + i)), "route53"}} }
	for i := range 3 * maxKeys {
		if c.key(id(i)) != id(i).derive() || c.key(id(0)) != id(0).derive() {
			t.Fatalf("key %d is wrong", i)
		}
	}
	if len(c.entries) != maxKeys || c.recent.Len() != maxKeys {
		t.Errorf("%d keys, %d in the list, want %d", len(c.entries), c.recent.Len(), maxKeys)
	}
	if _, ok := c.entries[id(0)]; !ok {
		t.Error("the key in constant use was dropped")
	}
	if _, ok := c.entries[id(1)]; ok {
		t.Error("the oldest key was kept")
	}
	changed := id(0)
	changed.secret = "another"
	if c.key(changed) == c.key(id(0)) {
		t.Error("a changed secret keeps its old key")
	}
}
