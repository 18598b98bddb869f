package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// Kind is what sort of thing is wrong with a request's signature.
type Kind uint8

// The kinds of Error.
const (
	// Missing: the request carries no credentials at all.
	Missing Kind = iota + 1
	// Incomplete: there are credentials, but they cannot be read.
	Incomplete
	// BadScope: the scope does not fit the request.
	BadScope
	// OutOfTime: signed too long ago, or in the future.
	OutOfTime
	// Mismatch: the signature is not that of this request under this secret.
	Mismatch
	// BadPayload: the hash that the client states is not that of the body, or
	// is no hash ("UNSIGNED-PAYLOAD" and the streaming forms).
	BadPayload
)

// Error is a refusal, worded as AWS words it.
type Error struct {
	Kind    Kind
	Message string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

var (
	errMissing  = &Error{Missing, "Missing Authentication Token"}
	errMismatch = &Error{Mismatch, "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	errPayload = &Error{BadPayload, "The provided 'x-amz-content-sha256' header does not match what was computed."}
)

func incomplete(format string, args ...any) error {
	return &Error{Incomplete, fmt.Sprintf(format, args...)}
}

func expired(signed, now time.Time, window time.Duration) error {
	return &Error{OutOfTime, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)",
		signed.Format(TimeFormat), now.Add(-window).Format(TimeFormat), now.Format(TimeFormat), minutes(window))}
}

func notYetCurrent(signed, now time.Time) error {
	return &Error{OutOfTime, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
		signed.Format(TimeFormat), now.Add(Skew).Format(TimeFormat), now.Format(TimeFormat), minutes(Skew))}
}

func minutes(d time.Duration) string {
	if d%time.Minute != 0 {
		return fmt.Sprintf("%d sec", int(d/time.Second))
	}
	return fmt.Sprintf("%d min", int(d/time.Minute))
}

// digest stands for a header in an error message, as AWS does: the header may
// hold somebody's password.
func digest(header string) string {
	sum := sha256.Sum256([]byte(header))
	return base64.StdEncoding.EncodeToString(sum[:])
}
