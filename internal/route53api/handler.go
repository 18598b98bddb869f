package route53api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"open53/internal/restxml"
)

// DefaultMaxBody is the largest request body, in bytes, unless Options say
// otherwise. The largest legitimate one is a batch of 1,000 records.
const DefaultMaxBody = 4 << 20

// Options are what a Handler leaves to its surroundings. All fields may be
// zero.
type Options struct {
	// RequestID names a request; nil makes a random UUID.
	RequestID func(r *http.Request) string
	// Body returns the body of a request if somebody in front of the Handler
	// has read it (signatures cover it). Where it is nil or returns false the
	// Handler reads up to MaxBody bytes itself.
	Body func(r *http.Request) (body []byte, ok bool)
	// MaxBody is in bytes; 0 is DefaultMaxBody.
	MaxBody int64
	// Authorize is asked once the operation is known and the body is there,
	// before anything is decoded. It may set call.Caller. An APIError is told
	// to the client. body must not be kept.
	Authorize func(r *http.Request, call *Call, body []byte) error
	// OnPanic hears of every panic of an operation, once.
	OnPanic func(call *Call, value any, stack []byte)
	// OnError hears of every error that is no APIError; the client gets
	// InternalFailure.
	OnError func(call *Call, err error)
	// Enums opens or replaces enumerations.
	Enums Enums
}

// Call is what is known about a request besides its input.
type Call struct {
	RequestID string
	Operation string // empty while unknown
	Caller    any    // whatever Authorize put here
}

type callKey struct{}

// CallFrom returns the call that an API method is to answer; nil if ctx does
// not come from a Handler.
func CallFrom(ctx context.Context) *Call {
	call, _ := ctx.Value(callKey{}).(*Call)
	return call
}

// handler serves an API.
type handler struct {
	api    API
	opts   Options
	router *restxml.Router
	enums  *openEnums
}

// NewHandler serves api under PathPrefix. Every answer is a document of the
// API, errors for unknown paths included; requests are never redirected.
func NewHandler(api API, opts Options) http.Handler {
	if opts.MaxBody == 0 {
		opts.MaxBody = DefaultMaxBody
	}
	if opts.RequestID == nil {
		opts.RequestID = func(*http.Request) string { return newRequestID() }
	}
	if opts.Authorize == nil {
		opts.Authorize = func(*http.Request, *Call, []byte) error { return nil }
	}
	if opts.OnPanic == nil {
		opts.OnPanic = func(*Call, any, []byte) {}
	}
	if opts.OnError == nil {
		opts.OnError = func(*Call, error) {}
	}
	return &handler{api: api, opts: opts, router: newRouter(), enums: newOpenEnums(opts.Enums)}
}

func newRouter() *restxml.Router {
	routes := make([]restxml.Route, 0, len(operations))
	for _, op := range operations {
		routes = append(routes, op.route)
	}
	router, err := restxml.NewRouter(routes)
	if err != nil {
		panic(err) // the table is generated; a test makes the router
	}
	return router
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &Call{RequestID: h.opts.RequestID(r)}
	w.Header().Set("x-amzn-RequestId", call.RequestID)
	x := exchanges.Get().(*exchange)
	status, panicked, err := h.run(w, r, x, call)
	if err != nil {
		status = h.writeError(x, call, err)
	}
	if len(x.reply) > 0 {
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Content-Length", strconv.Itoa(len(x.reply)))
	}
	w.WriteHeader(status)
	// A client that has gone is nobody to tell about it.
	_, _ = w.Write(x.reply)
	if !panicked { // else somebody may still hold on to the exchange
		x.release()
	}
}

// run serves the request into x.reply and returns the status.
func (h *handler) run(w http.ResponseWriter, r *http.Request, x *exchange, call *Call) (status int, panicked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // what net/http looks for
				panic(p)
			}
			h.opts.OnPanic(call, p, debug.Stack())
			status, panicked, err = 0, true, internalFailure()
		}
	}()
	op, err := h.match(w, r, x)
	if err != nil {
		return 0, false, err
	}
	if op == nil { // OPTIONS
		return http.StatusNoContent, false, nil
	}
	call.Operation = op.name
	if err := h.readBody(w, r, x); err != nil {
		return 0, false, err
	}
	if err := h.opts.Authorize(r, call, x.body); err != nil {
		return 0, false, err
	}
	x.api, x.enums = h.api, h.enums
	x.ctx = context.WithValue(r.Context(), callKey{}, call)
	x.header, x.replyHeader = r.Header, w.Header()
	x.query = *restxml.NewQuery(r.URL.RawQuery)
	if err := op.serve(x); err != nil {
		return 0, false, err
	}
	return op.status, false, nil
}

// match finds the operation; nil for an OPTIONS request to a path of the API.
func (h *handler) match(w http.ResponseWriter, r *http.Request, x *exchange) (*operation, error) {
	method, path := r.Method, r.URL.EscapedPath()
	if method == http.MethodHead { // net/http leaves the body away
		method = http.MethodGet
	}
	m := h.router.Match(method, path)
	x.labels = m.Labels
	switch {
	case m.Index >= 0:
		return &operations[m.Index], nil
	case m.Allow == nil:
		return nil, unknownPath(path)
	}
	allowed := allowedMethods(m.Allow)
	w.Header().Set("Allow", allowed)
	if method == http.MethodOptions {
		return nil, nil
	}
	return nil, methodNotAllowed(r.Method, allowed)
}

func allowedMethods(routed []string) string {
	list := slices.Clone(routed)
	if slices.Contains(list, http.MethodGet) {
		list = append(list, http.MethodHead)
	}
	list = append(list, http.MethodOptions)
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func unknownPath(path string) error {
	if !strings.HasPrefix(path, PathPrefix) {
		return unknownOperation("The path %s is not part of version %s of the API.", path, Version)
	}
	return unknownOperation("The path %s is not part of the API.", path)
}

// readBody gets the body into x.body.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request, x *exchange) error {
	if h.opts.Body != nil {
		if body, ok := h.opts.Body(r); ok {
			x.body = body
			return nil
		}
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if r.ContentLength > h.opts.MaxBody {
		w.Header().Set("Connection", "close") // the rest is not worth reading
		return bodyTooLarge(h.opts.MaxBody)
	}
	x.buffer = slices.Grow(x.buffer[:0], int(max(r.ContentLength, 0))+512)
	body := http.MaxBytesReader(w, r.Body, h.opts.MaxBody)
	for {
		n, err := body.Read(x.buffer[len(x.buffer):cap(x.buffer)])
		x.buffer = x.buffer[:len(x.buffer)+n]
		if err == io.EOF {
			x.body = x.buffer
			return nil
		}
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return bodyTooLarge(h.opts.MaxBody)
		}
		if err != nil {
			return &GenericError{ErrorCode: "IncompleteBody", Message: fmt.Sprintf("The request body ended after %d bytes.", len(x.buffer))}
		}
		if len(x.buffer) == cap(x.buffer) {
			x.buffer = slices.Grow(x.buffer, cap(x.buffer))
		}
	}
}

// writeError puts the error's document into x.reply and returns its status.
func (h *handler) writeError(x *exchange, call *Call, err error) int {
	var api APIError
	if !errors.As(err, &api) || api.Status() < 400 || api.Status() > 599 {
		h.opts.OnError(call, err)
		api = internalFailure()
	}
	doc := restxml.ErrorDocument{Type: "Sender", Code: api.Code(), Message: api.ErrorMessage(), RequestID: call.RequestID}
	if api.Status() >= 500 {
		doc.Type = "Receiver"
	}
	x.reply = doc.Append(x.reply[:0], Namespace)
	return api.Status()
}
