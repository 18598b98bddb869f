package cloudwatch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"open53/internal/access"
	"open53/internal/cloudwatch/wire"
	"open53/internal/metricstore"
	"open53/internal/store"
)

func validation(format string, args ...any) error {
	return &wire.Error{Code: "ValidationError", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func invalidValue(format string, args ...any) error {
	return &wire.Error{Code: "InvalidParameterValue", Shape: "InvalidParameterValueException", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func invalidCombination(format string, args ...any) error {
	return &wire.Error{Code: "InvalidParameterCombination", Shape: "InvalidParameterCombinationException", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func missingParameter(format string, args ...any) error {
	return &wire.Error{Code: "MissingParameter", Shape: "MissingRequiredParameterException", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func invalidNextToken() error {
	return &wire.Error{Code: "InvalidNextToken", Status: http.StatusBadRequest, Message: "The next token is invalid."}
}

// notFound is that of alarms.
func notFound(format string, args ...any) error {
	return &wire.Error{Code: "ResourceNotFound", Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}

// noResource is that of tags, whose model has another name for it.
func noResource(arn string) error {
	return &wire.Error{Code: "ResourceNotFoundException", Status: http.StatusNotFound, Message: fmt.Sprintf("There is no resource %s.", arn)}
}

// notSupported is for what CloudWatch has and open53 does not.
func notSupported(what string) error {
	return validation("%s is not supported by open53.", what)
}

func notImplemented(operation string) error {
	return &wire.Error{Code: "NotImplemented", Status: http.StatusNotImplemented, Message: fmt.Sprintf("The operation %s is not implemented yet.", operation)}
}

func unknownOperation(operation string) error {
	return &wire.Error{Code: "InvalidAction", Shape: "UnknownOperationException", Status: http.StatusBadRequest, Message: fmt.Sprintf("Could not find operation %.100s for version %s", operation, Wire.Version)}
}

var (
	errInternal    = &wire.Error{Code: "InternalServiceError", Shape: "InternalServiceFault", Status: http.StatusInternalServerError, Message: "The request processing has failed because of an unknown error, exception or failure."}
	errUnavailable = &wire.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "The request has failed due to a temporary failure of the server."}
	errThrottled   = &wire.Error{Code: "Throttling", Shape: "ThrottlingException", Status: http.StatusBadRequest, Message: "Rate exceeded: too many data for one metric and time."}
)

// wireError is what a client is told of an error; known is false for those
// that the operator has to know of.
func wireError(err error) (e *wire.Error, known bool) {
	var refused *access.Error
	switch {
	case errors.As(err, &e):
		return e, true
	case errors.As(err, &refused):
		return refusal(refused), true
	case errors.Is(err, metricstore.ErrFull):
		return errThrottled, true
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, metricstore.ErrClosed):
		return errUnavailable, true
	}
	return errInternal, false
}

// refusal words a refusal of access as the JSON protocols do.
func refusal(e *access.Error) *wire.Error {
	shape := e.ErrorCode
	switch shape {
	case "SignatureDoesNotMatch":
		shape = "InvalidSignatureException"
	case "InvalidClientTokenId":
		shape = "UnrecognizedClientException"
	case "MissingAuthenticationToken", "IncompleteSignature", "AccessDenied":
		shape += "Exception"
	}
	return &wire.Error{Code: e.ErrorCode, Shape: shape, Status: e.HTTPStatus, Message: e.Message}
}

// RefuseAs returns the writer of refusals in the protocol of a request.
func RefuseAs(r *http.Request) func(w http.ResponseWriter, requestID string, e *access.Error) {
	protocol := Wire.ProtocolOf(r)
	return func(w http.ResponseWriter, requestID string, e *access.Error) {
		Wire.WriteError(w, protocol, requestID, refusal(e))
	}
}

// violation turns what breaks the model's constraints into an error. Some
// operations have errors of their own for it.
func violation(found []wire.Violation, ownErrors bool) error {
	if !ownErrors {
		texts := make([]string, len(found))
		for i := range found {
			texts[i] = found[i].String()
		}
		plural := "s"
		if len(found) == 1 {
			plural = ""
		}
		return validation("%d validation error%s detected: %s", len(found), plural, strings.Join(texts, "; "))
	}
	for i := range found {
		if found[i].Missing {
			return missingParameter("The parameter %s is required.", found[i].Name)
		}
	}
	return invalidValue("%s", found[0].String())
}

func invalidFormat(format string, args ...any) error {
	return &wire.Error{Code: "InvalidFormat", Shape: "InvalidFormatFault", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}
