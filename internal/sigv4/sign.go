package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests.
type Signer struct{ keys keyCache }

// errForm: nothing that could be signed.
var errForm = errors.New("sign request: query holds an invalid escape, or a header's key is not canonical")

// Sign sets X-Amz-Date, Authorization and, with a session token,
// X-Amz-Security-Token. The signature covers the host, Content-Type and all
// X-Amz headers; they must not change afterwards, nor URL or body. An
// X-Amz-Content-Sha256 header that is already there is set to the body's hash.
func (s *Signer) Sign(r *http.Request, body []byte, credentials Credentials, region, service string, now time.Time) error {
	now = now.UTC()
	scope := Scope{now.Format(dateFormat), region, service}
	bodyHash := sha256.Sum256(body)
	delete(r.Header, authorizationHeader)
	r.Header.Set(dateHeader, now.Format(TimeFormat))
	if credentials.SessionToken != "" {
		r.Header.Set(tokenHeader, credentials.SessionToken)
	}
	if len(r.Header[payloadHeader]) > 0 {
		r.Header.Set(payloadHeader, hex.EncodeToString(bodyHash[:]))
	}
	names := headersToSign(r)
	signature, err := s.signature(r, names, &bodyHash, credentials, scope, now)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, 256), Algorithm+" Credential="+credentials.AccessKeyID+"/"...)
	b = scope.append(b)
	b = append(b, ", SignedHeaders="+names+", Signature="+signature...)
	r.Header.Set(authorizationHeader, string(b))
	return nil
}

// Presign adds the signature to the URL's query: whoever has the URL can make
// the request until expires is over (1 second to MaxExpires, whole seconds).
// Headers that are covered must be sent with it: Content-Type and X-Amz
// headers, if the request has any.
func (s *Signer) Presign(r *http.Request, body []byte, credentials Credentials, region, service string,
	now time.Time, expires time.Duration,
) error {
	if expires < time.Second || expires > MaxExpires {
		return fmt.Errorf("presign request: expiry %v is not within 1 second and %v", expires, MaxExpires)
	}
	now = now.UTC()
	scope := Scope{now.Format(dateFormat), region, service}
	names := headersToSign(r)
	add := []string{
		algorithmParameter, Algorithm,
		credentialParameter, string(scope.append([]byte(credentials.AccessKeyID + "/"))),
		dateHeader, now.Format(TimeFormat),
		expiresParameter, strconv.Itoa(int(expires / time.Second)),
		signedHeadersParameter, names,
	}
	if credentials.SessionToken != "" {
		add = append(add, tokenHeader, credentials.SessionToken)
	}
	query := []byte(r.URL.RawQuery)
	for i := 0; i < len(add); i += 2 {
		if len(query) > 0 {
			query = append(query, '&')
		}
		query = append(append(query, add[i]...), '=')
		query = append(query, url.QueryEscape(add[i+1])...)
	}
	r.URL.RawQuery = string(query)
	bodyHash := sha256.Sum256(body)
	signature, err := s.signature(r, names, &bodyHash, credentials, scope, now)
	if err != nil {
		return err
	}
	r.URL.RawQuery += "&" + signatureParameter + "=" + signature
	return nil
}

func (s *Signer) signature(r *http.Request, names string, bodyHash *[sha256.Size]byte,
	credentials Credentials, scope Scope, now time.Time,
) (string, error) {
	c := canonicals.Get().(*canonical)
	defer c.release()
	path, query := sentTarget(r.URL)
	if !c.request(r, normalPath(path), query, names, bodyHash) {
		return "", errForm
	}
	key := s.keys.key(keyID{credentials.AccessKeyID, credentials.SecretAccessKey, scope})
	var signature [2 * sha256.Size]byte
	c.sign(&signature, now, scope, &key)
	return string(signature[:]), nil
}

// headersToSign names what a proxy has no business to change.
func headersToSign(r *http.Request) string {
	names := []string{"host"}
	for name := range r.Header {
		if lower := strings.ToLower(name); lower == "content-type" || strings.HasPrefix(lower, "x-amz-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ";")
}
