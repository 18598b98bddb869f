package access

import (
	"errors"
	"fmt"
	"net/http"

	"open53/internal/sigv4"
)

// Error is a refusal, worded as AWS words it. Its methods are those that
// route53api asks of the errors it passes on to clients.
type Error struct {
	ErrorCode  string // "SignatureDoesNotMatch"
	HTTPStatus int
	Message    string
}

// Error is code and message.
func (e *Error) Error() string { return e.ErrorCode + ": " + e.Message }

// Code is ErrorCode.
func (e *Error) Code() string { return e.ErrorCode }

// Status is HTTPStatus.
func (e *Error) Status() int { return e.HTTPStatus }

// ErrorMessage is Message.
func (e *Error) ErrorMessage() string { return e.Message }

var errUnknownKey = &Error{"InvalidClientTokenId", http.StatusForbidden, "The security token included in the request is invalid."}

func wrongService(service string) error {
	return &Error{"SignatureDoesNotMatch", http.StatusForbidden, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", service)}
}

// Denied tells a caller that an action is not for them.
func Denied(c Caller, action string) *Error {
	return &Error{
		"AccessDenied", http.StatusForbidden,
		fmt.Sprintf("User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", c.ARN, action, action),
	}
}

// refusal gives what sigv4 says its code and status.
func refusal(err error) error {
	var e *sigv4.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("check signature: %w", err)
	}
	switch e.Kind {
	case sigv4.Missing:
		return &Error{"MissingAuthenticationToken", http.StatusForbidden, e.Message}
	case sigv4.Incomplete:
		return &Error{"IncompleteSignature", http.StatusBadRequest, e.Message}
	case sigv4.BadScope, sigv4.OutOfTime, sigv4.Mismatch, sigv4.BadPayload:
	}
	return &Error{"SignatureDoesNotMatch", http.StatusForbidden, e.Message}
}
