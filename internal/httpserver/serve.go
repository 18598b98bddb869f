package httpserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"open53/internal/access"
)

// RequestIDHeader names the header that carries the request id. HTTP does not
// care about case; this is the form of keys of http.Header.
const RequestIDHeader = "X-Amzn-Requestid"

// exchange is one request on its way through the steps.
type exchange struct {
	http.ResponseWriter
	id      string
	service *service // whose form errors have
	status  int      // 0 until the header is written
}

// WriteHeader notes the status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// refuse answers with an error document in the service's form.
func (x *exchange) refuse(err error) {
	var e *access.Error
	if !errors.As(err, &e) {
		e = errInternal
	}
	x.service.fail(x, x.id, e)
}

var (
	errInternal  = &access.Error{ErrorCode: "InternalFailure", HTTPStatus: http.StatusInternalServerError, Message: "The request processing has failed because of an unknown error, exception or failure."}
	errBusy      = &access.Error{ErrorCode: "ServiceUnavailable", HTTPStatus: http.StatusServiceUnavailable, Message: "The request has failed due to a temporary failure of the server: too many requests are under way."}
	errSlow      = &access.Error{ErrorCode: "RequestTimeout", HTTPStatus: http.StatusRequestTimeout, Message: "The request was not received within the time limit."}
	errCut       = &access.Error{ErrorCode: "IncompleteBody", HTTPStatus: http.StatusBadRequest, Message: "The request body ended before it was complete, or its encoding is broken."}
	errCrossSite = &access.Error{ErrorCode: "AccessDenied", HTTPStatus: http.StatusForbidden, Message: "Cross-origin requests of browsers are not accepted."}
)

func errTooLarge(limit int64) error {
	return &access.Error{ErrorCode: "RequestEntityTooLarge", HTTPStatus: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The request body is larger than %d bytes.", limit)}
}

func errHost(host string) error {
	return &access.Error{ErrorCode: "AccessDenied", HTTPStatus: http.StatusForbidden, Message: fmt.Sprintf("This server is for its own machine only; '%s' is not a local name.", host)}
}

// ServeHTTP takes one request through all steps.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	x := &exchange{ResponseWriter: w, id: newRequestID(), service: unknownService}
	w.Header()[RequestIDHeader] = []string{x.id}
	defer func() {
		if v := recover(); v != nil {
			s.recovered(x, r, v)
		}
		if x.status == 0 {
			x.status = http.StatusOK // net/http writes it
		}
		s.options.Observe(x.service.Name, x.status, time.Since(started))
	}()
	if s.options.LocalOnly && !localHost(r.Host) {
		x.refuse(errHost(r.Host))
		return
	}
	if s.serveOpen(x, r) {
		return
	}
	defer s.inFlight.Add(-1)
	if s.inFlight.Add(1) > int64(s.options.Limits.InFlight) {
		x.Header().Set("Retry-After", "1")
		x.refuse(errBusy)
		return
	}
	s.serveSigned(x, r)
}

var crossOrigin = http.NewCrossOriginProtection()

// serveSigned is everything that needs credentials.
func (s *Server) serveSigned(x *exchange, r *http.Request) {
	claim, parseErr := s.options.Auth.Parse(r)
	x.service = s.routes.find(r, claim.Scope.Service)
	switch {
	case x.service == unknownService:
		x.refuse(errUnknownPath(r))
		return
	case parseErr != nil:
		x.refuse(parseErr)
		return
	case crossOrigin.Check(r) != nil: // a presigned request needs no header that a form could not send
		x.refuse(errCrossSite)
		return
	}
	identity, err := s.options.Auth.Identify(claim, x.service.scopes...)
	if err != nil {
		x.refuse(err)
		return
	}
	body, err := s.readBody(r)
	if err != nil {
		x.Header().Set("Connection", "close") // the rest of the body is in the way
		x.refuse(err)
		return
	}
	caller, err := s.options.Auth.Verify(&identity, r, body)
	if err == nil && x.service.action != nil {
		err = caller.Authorize(x.service.action(r))
	}
	if err != nil {
		x.refuse(err)
		return
	}
	ctx := access.WithRequest(r.Context(), &access.Request{ID: x.id, Caller: caller, Body: body, Region: claim.Scope.Region})
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	x.service.Handler.ServeHTTP(x, r)
}

// readBody reads the whole body; it is never nil. Errors: *access.Error.
func (s *Server) readBody(r *http.Request) ([]byte, error) {
	limit := s.options.Limits.BodyBytes
	if r.ContentLength > limit {
		return nil, errTooLarge(limit)
	}
	var body []byte
	var err error
	if r.ContentLength >= 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	var timeout net.Error
	switch {
	case err == nil && int64(len(body)) > limit:
		return nil, errTooLarge(limit)
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, errSlow
	case err != nil:
		return nil, errCut
	}
	return body, nil
}

// recovered ends a request whose handler panicked.
func (s *Server) recovered(x *exchange, r *http.Request, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	s.options.Logger.Error("panic while serving a request",
		slog.String("request_id", x.id), slog.String("service", x.service.Name),
		slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
	if x.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look whole
	}
	x.refuse(errInternal)
}

// newRequestID is a random UUID (RFC 9562 §5.4). It need not be a secret.
func newRequestID() string {
	const digits = "0123456789abcdef"
	var b [36]byte
	high, low := rand.Uint64(), rand.Uint64()
	high = high&^0xf000 | 0x4000 // version 4
	low = low&^(3<<62) | 2<<62   // variant
	for i := len(b) - 1; i >= 0; i-- {
		switch i {
		case 8, 13, 18, 23:
			b[i] = '-'
			continue
		}
		word := &low
		if i < 18 {
			word = &high
		}
		b[i] = digits[*word&15]
		*word >>= 4
	}
	return string(b[:])
}
