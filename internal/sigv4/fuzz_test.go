package sigv4

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// sdkQuery is the canonical query as the SDKs define it.
func sdkQuery(values url.Values) string {
	values.Del("X-Amz-Signature")
	var c canonical
	var raw strings.Builder // decoded and encoded by net/url instead of by us
	for name, list := range values {
		for _, v := range list {
			raw.WriteString("&" + url.QueryEscape(name) + "=" + url.QueryEscape(v))
		}
	}
	b, _ := c.appendQuery(nil, raw.String())
	return string(b)
}

// FuzzCanonical: canonical forms are canonical, and say what net/url reads.
func FuzzCanonical(f *testing.F) {
	f.Add("/a/../b//c/./%2F/", "b=2&a=%2f+x&a&=&X-Amz-Signature=1", "  a   b ")
	f.Add("/..", "a=%zz", "\t")
	f.Add("//example//", "%E1%88%B4=bar&a;b=1", "")
	f.Add("*", "a%", " ")
	f.Fuzz(func(t *testing.T, path, query, value string) {
		if len(path)+len(query) > 4096 { // repeated normalization is for small inputs
			return
		}
		if strings.HasPrefix(path, "/") {
			normal := normalPath(path)
			if again := normalPath(normal); again != normal || !strings.HasPrefix(normal, "/") {
				t.Errorf("normal path %q becomes %q", normal, again)
			}
		}
		var c canonical
		b, ok := c.appendQuery(nil, query)
		if ok {
			again, ok := c.appendQuery(nil, string(b))
			if !ok || string(again) != string(b) {
				t.Errorf("canonical query %q becomes %q", b, again)
			}
		}
		// net/url refuses semicolons; we take them as they are.
		if values, err := url.ParseQuery(query); (err == nil) != ok && !strings.Contains(query, ";") {
			t.Errorf("query %q: net/url says %v, we say %v", query, err, ok)
		} else if err == nil {
			// A pair without name and value is dropped by us only when it is empty.
			if want := sdkQuery(values); want != string(b) {
				t.Errorf("query %q: got %q, want %q", query, b, want)
			}
		}
		folded := string(appendHeaderValue(nil, value))
		if again := string(appendHeaderValue(nil, folded)); again != folded || strings.Contains(folded, "  ") {
			t.Errorf("header value %q becomes %q", folded, again)
		}
	})
}

// FuzzParseAuthorization: no header and no query makes Parse or Verify panic
// or believe; what Parse accepts has the shape that Claim promises.
func FuzzParseAuthorization(f *testing.F) {
	f.Add(line, "")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=host,Signature=", "X-Amz-Date=1")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0&X-Amz-Date=20150830T123600Z&X-Amz-Expires=9")
	f.Add("Basic Zm9v", "X-Amz-Signature=%zz")
	f.Fuzz(func(t *testing.T, header, query string) {
		r := &http.Request{
			Method: "GET", Host: "h", RequestURI: "/?" + query, URL: &url.URL{Path: "/", RawQuery: query},
			Header: http.Header{"X-Amz-Date": {"20150830T123600Z"}},
		}
		if header != "" {
			r.Header["Authorization"] = []string{header}
		}
		claim, err := Parse(r)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" || e.Kind != Missing && e.Kind != Incomplete {
				t.Errorf("error %#v", err)
			}
			return
		}
		if claim.AccessKeyID == "" || !ascending(claim.SignedHeaders) || claim.Signature == "" || claim.Presigned != (header == "") {
			t.Errorf("claim %+v", claim)
		}
		if err := new(Verifier).Verify(&claim, "a secret that the fuzzer does not know", r, nil, suiteTime); err == nil {
			t.Errorf("claim %+v verifies", claim)
		}
	})
}
