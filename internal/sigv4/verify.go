package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Verifier verifies claims.
type Verifier struct{ keys keyCache }

// Verify proves that the holder of secret signed this request, with this body,
// at a time that counts as now. It does not judge region and service; the
// caller compares claim.Scope with what it serves. Errors: *Error.
func (v *Verifier) Verify(claim *Claim, secret string, r *http.Request, body []byte, now time.Time) error {
	now = now.UTC()
	signed, err := claim.time()
	if err != nil {
		return err
	}
	if err := claim.checkScope(signed); err != nil {
		return err
	}
	if err := claim.checkWindow(signed, now); err != nil {
		return err
	}
	if !claim.signs("host") {
		return &Error{Mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	// The target chooses the operation: unsigned, it could be swapped on the way.
	if len(r.Header[targetHeader]) > 0 && !claim.signs("x-amz-target") {
		return &Error{Mismatch, "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."}
	}
	bodyHash := sha256.Sum256(body)
	if err := checkPayload(r, &bodyHash); err != nil {
		return err
	}
	key := v.keys.key(keyID{claim.AccessKeyID, secret, claim.Scope})

	c := canonicals.Get().(*canonical)
	defer c.release()
	path, query := receivedTarget(r)
	normal := normalPath(path)
	if c.matches(claim, r, normal, query, &bodyHash, signed, &key) {
		return nil
	}
	// botocore signs the normalized path, the SDKs for Go the path as sent.
	if normal != path && c.matches(claim, r, path, query, &bodyHash, signed, &key) {
		return nil
	}
	return errMismatch
}

func (c *canonical) matches(claim *Claim, r *http.Request, path, query string, bodyHash *[sha256.Size]byte,
	signed time.Time, key *[sha256.Size]byte,
) bool {
	if !c.request(r, path, query, claim.SignedHeaders, bodyHash) {
		return false
	}
	var want [2 * sha256.Size]byte
	c.sign(&want, signed, claim.Scope, key)
	return subtle.ConstantTimeCompare([]byte(claim.Signature), want[:]) == 1
}

// sign writes the signature of the canonical request in buf, in hexadecimal.
// It overwrites buf with the string to sign.
func (c *canonical) sign(signature *[2 * sha256.Size]byte, at time.Time, scope Scope, key *[sha256.Size]byte) {
	hash := sha256.Sum256(c.buf)
	b := append(c.buf[:0], Algorithm...)
	b = append(b, '\n')
	b = at.AppendFormat(b, TimeFormat)
	b = append(b, '\n')
	b = scope.append(b)
	b = append(b, '\n')
	c.buf = hex.AppendEncode(b, hash[:])
	mac := hmac.New(sha256.New, key[:])
	mac.Write(c.buf)
	hex.Encode(signature[:], mac.Sum(hash[:0]))
}

// time is when the request says it was signed. AWS wants the basic ISO 8601
// form; a Date header has the form of HTTP as well.
func (c *Claim) time() (time.Time, error) {
	if c.stamp == "" {
		return time.Time{}, incomplete("%s", noDate)
	}
	if len(c.stamp) == len(TimeFormat) {
		if t, err := time.Parse(TimeFormat, c.stamp); err == nil {
			return t, nil
		}
	}
	if !c.Presigned {
		if t, err := http.ParseTime(c.stamp); err == nil {
			return t.UTC(), nil
		}
		if t, err := time.Parse(time.RFC1123Z, c.stamp); err == nil { // botocore: "… -0000"
			return t.UTC(), nil
		}
	}
	return time.Time{}, incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", c.stamp)
}

func (c *Claim) checkScope(signed time.Time) error {
	if c.terminator != terminator {
		return &Error{BadScope, fmt.Sprintf("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.", c.terminator)}
	}
	if date := signed.Format(dateFormat); c.Scope.Date != date {
		return &Error{BadScope, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			c.Scope.Date, date, signed.Format(TimeFormat))}
	}
	return nil
}

// checkWindow holds the request's time against the clock. A presigned request
// lives for X-Amz-Expires seconds; without that, as long as any other.
func (c *Claim) checkWindow(signed, now time.Time) error {
	window := Skew
	if c.expires != "" {
		seconds, err := strconv.ParseUint(c.expires, 10, 31)
		if err != nil {
			return incomplete("X-Amz-Expires must be a number of seconds, got '%s'", c.expires)
		}
		if window = time.Duration(seconds) * time.Second; window > MaxExpires {
			return incomplete("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than %d seconds",
				int(MaxExpires/time.Second))
		}
	}
	if signed.Before(now.Add(-window)) {
		return expired(signed, now, window)
	}
	if signed.After(now.Add(Skew)) {
		return notYetCurrent(signed, now)
	}
	return nil
}

// checkPayload compares the hash that the client may have stated with that of
// the body which arrived.
func checkPayload(r *http.Request, bodyHash *[sha256.Size]byte) error {
	values := r.Header[payloadHeader]
	if len(values) == 0 {
		return nil
	}
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], bodyHash[:])
	if len(values) != 1 || values[0] != string(text[:]) {
		return errPayload
	}
	return nil
}
