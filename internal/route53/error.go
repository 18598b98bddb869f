package route53

import (
	"context"
	"errors"
	"net/http"

	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// errOutcomeUnknown: a change may or may not be in the store.
var errOutcomeUnknown = errors.New("whether the change is stored is not known")

// fail turns the error of an operation into an API error. What clients cannot
// help is logged here, once, and they are not told more than that it is so.
// Every operation that can fail defers it.
func (s *Service) fail(ctx context.Context, operation string, err *error) {
	if *err == nil {
		return
	}
	if clear := apiError(*err); clear != nil {
		*err = clear
		return
	}
	request := ""
	if call := api.CallFrom(ctx); call != nil {
		request = call.RequestID
	}
	s.cfg.Log.Error("operation failed", "operation", operation, "request_id", request, "error", *err)
	if errors.Is(*err, store.ErrUnavailable) || errors.Is(*err, errOutcomeUnknown) {
		*err = unavailable("The request has failed due to a temporary failure of the server.")
		return
	}
	*err = &api.GenericError{
		ErrorCode: "InternalFailure", HTTPStatus: http.StatusInternalServerError,
		Message: "The request processing has failed because of an unknown error, exception or failure.",
	}
}

func unavailable(message string) error {
	return &api.GenericError{ErrorCode: "ServiceUnavailable", HTTPStatus: http.StatusServiceUnavailable, Message: message}
}

// apiError is what a client is told about an error; nil if it is an internal
// one.
func apiError(err error) error {
	var (
		known api.APIError
		batch *zone.BatchError
		rule  *zone.Error
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &batch):
		return newError(batch.Code, batch.Message())
	case errors.As(err, &rule):
		return newError(rule.Code, rule.Message)
	case errors.Is(err, store.ErrTooLarge):
		return invalidInput("The change is larger than the server can store at once.")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("The request ended before it was carried out. Nothing has been changed.")
	}
	return nil
}

// newError makes the error of a code that package zone has; nil for others.
func newError(code, message string) error {
	switch code {
	case "CidrBlockInUseException":
		return &api.CidrBlockInUseException{Message: message}
	case "ConflictingDomainExists":
		return &api.ConflictingDomainExists{Message: message}
	case "InvalidChangeBatch":
		return &api.InvalidChangeBatch{Message: message}
	case "InvalidDomainName":
		return &api.InvalidDomainName{Message: message}
	case "InvalidInput":
		return &api.InvalidInput{Message: message}
	case "LastVPCAssociation":
		return &api.LastVPCAssociation{Message: message}
	case "LimitsExceeded":
		return &api.LimitsExceeded{Message: message}
	case "NoSuchHealthCheck":
		return &api.NoSuchHealthCheck{Message: message}
	case "PublicZoneVPCAssociation":
		return &api.PublicZoneVPCAssociation{Message: message}
	case "TooManyVPCAssociationAuthorizations":
		return &api.TooManyVPCAssociationAuthorizations{Message: message}
	case "VPCAssociationAuthorizationNotFound":
		return &api.VPCAssociationAuthorizationNotFound{Message: message}
	case "VPCAssociationNotFound":
		return &api.VPCAssociationNotFound{Message: message}
	}
	return nil
}

func invalidInput(message string) error { return &api.InvalidInput{Message: message} }

func noSuchHostedZone(id string) error {
	return &api.NoSuchHostedZone{Message: "No hosted zone found with ID: " + id}
}

func noSuchHealthCheck(id string) error {
	return &api.NoSuchHealthCheck{Message: "No health check exists with the specified ID " + id}
}

// noSuchDelegationSet has a text of ours, after the one for zones.
func noSuchDelegationSet(id string) error {
	return &api.NoSuchDelegationSet{Message: "No reusable delegation set found with ID: " + id}
}

// priorRequest is what Route 53 answers where a zone is busy. SDKs try again.
func priorRequest() error {
	return &api.PriorRequestNotComplete{Message: "The request was rejected because Route 53 was still processing a prior request."}
}
