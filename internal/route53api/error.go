package route53api

import (
	"errors"
	"fmt"
	"net/http"

	"open53/internal/restxml"
)

// APIError is an error that clients are told. All 69 types of the model and
// GenericError are; so is any other type with these methods.
type APIError interface {
	error
	// Code is the name that clients act on: "NoSuchHostedZone".
	Code() string
	// Status is the HTTP status, 400 to 599. From 500 on the fault is ours.
	Status() int
	// ErrorMessage is the sentence for people.
	ErrorMessage() string
}

// GenericError is an APIError that has no type of its own: the model lacks it.
type GenericError struct {
	ErrorCode  string
	HTTPStatus int // 0 is 400
	Message    string
}

// Error is code and message.
func (e *GenericError) Error() string { return e.ErrorCode + ": " + e.Message }

// Code is ErrorCode.
func (e *GenericError) Code() string { return e.ErrorCode }

// Status is HTTPStatus.
func (e *GenericError) Status() int {
	if e.HTTPStatus == 0 {
		return http.StatusBadRequest
	}
	return e.HTTPStatus
}

// ErrorMessage is Message.
func (e *GenericError) ErrorMessage() string { return e.Message }

func notImplemented(op string) error {
	return &GenericError{"NotImplemented", http.StatusNotImplemented, fmt.Sprintf("The operation %s is not implemented yet.", op)}
}

func internalFailure() *GenericError {
	return &GenericError{"InternalFailure", http.StatusInternalServerError, "The request processing has failed because of an unknown error, exception or failure."}
}

func unknownOperation(format string, args ...any) error {
	return &GenericError{"UnknownOperationException", http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func methodNotAllowed(method, allowed string) error {
	return &GenericError{"MethodNotAllowed", http.StatusMethodNotAllowed, fmt.Sprintf("The method %s is not allowed for this path. Allowed: %s.", method, allowed)}
}

func bodyTooLarge(limit int64) error {
	return &GenericError{"RequestEntityTooLarge", http.StatusRequestEntityTooLarge, fmt.Sprintf("The request body is larger than %d bytes.", limit)}
}

// readError turns what the runtime says about a request into Route 53's words.
func readError(err error) error {
	var (
		syntax *restxml.SyntaxError
		root   *restxml.RootError
		schema *restxml.SchemaError
		param  *restxml.ParamError
	)
	switch {
	case errors.As(err, &syntax):
		return &GenericError{ErrorCode: "MalformedInput", Message: "Unparseable XML: " + syntax.Error()}
	case errors.As(err, &root):
		return &GenericError{ErrorCode: "MalformedInput", Message: root.Error()}
	case errors.As(err, &schema):
		return &InvalidInput{Message: "Invalid XML ; " + schema.Message}
	case errors.As(err, &param):
		return &InvalidInput{Message: param.Message}
	}
	return err
}

// errorFrom makes the error that an error document tells of.
func errorFrom(doc restxml.ErrorDocument, status int) APIError {
	if newError, ok := errorTypes[doc.Code]; ok {
		return newError(doc.Message)
	}
	return &GenericError{ErrorCode: doc.Code, HTTPStatus: status, Message: doc.Message}
}
