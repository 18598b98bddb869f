// Package sigv4 is AWS Signature Version 4: it signs requests and verifies
// signed ones, in the header form (Authorization) and in the presigned query
// form (X-Amz-Signature), over one canonicalizer.
//
// A signature covers, in this order,
//
//	method ⏎ path ⏎ query ⏎ headers ⏎ names of the signed headers ⏎ SHA-256(body)
//
// hashed, joined with the time and the scope (date/region/service) and keyed
// with HMAC-SHA256 under a key derived from secret and scope. Path and query
// are taken from the request line as it was sent, never from a decoded form.
// The rules are those of all services but S3: the path is encoded twice and
// the body is always hashed.
//
// Parse reads what a request claims about itself; Verifier.Verify proves it.
// Between the two the caller looks up the secret. Nothing in a Claim may be
// trusted before Verify has returned nil. Errors are *Error, in AWS's words.
//
// Signer and Verifier are safe for concurrent use; their zero values are
// ready. They keep derived keys, each in a small cache under one mutex.
package sigv4

import "time"

// Algorithm is the only algorithm there is: the first word of the
// Authorization header and the value of X-Amz-Algorithm.
const Algorithm = "AWS4-HMAC-SHA256"

const (
	// TimeFormat is the form of X-Amz-Date, always UTC.
	TimeFormat = "20060102T150405Z"

	// Skew is how far a request's time may lie from the verifier's clock, in
	// either direction.
	Skew = 5 * time.Minute

	// MaxExpires is the longest life of a presigned request.
	MaxExpires = 7 * 24 * time.Hour
)

const (
	terminator = "aws4_request"
	dateFormat = "20060102"
)

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // empty for long-lived keys
}

// Scope is what a derived key is good for.
type Scope struct {
	Date    string // YYYYMMDD, UTC
	Region  string
	Service string // signing name, e.g. "route53"
}

// append writes date/region/service/aws4_request.
func (s Scope) append(b []byte) []byte {
	b = append(append(b, s.Date...), '/')
	b = append(append(b, s.Region...), '/')
	b = append(append(b, s.Service...), '/')
	return append(b, terminator...)
}

// Names of the query parameters of the presigned form. The date and token
// parameters have the names of the headers.
const (
	algorithmParameter     = "X-Amz-Algorithm"
	credentialParameter    = "X-Amz-Credential"
	expiresParameter       = "X-Amz-Expires"
	signedHeadersParameter = "X-Amz-SignedHeaders"
	signatureParameter     = "X-Amz-Signature"
)

// Names of headers, in the form of keys of http.Header.
const (
	authorizationHeader = "Authorization"
	dateHeader          = "X-Amz-Date"
	tokenHeader         = "X-Amz-Security-Token"
	payloadHeader       = "X-Amz-Content-Sha256"
	targetHeader        = "X-Amz-Target"
)
