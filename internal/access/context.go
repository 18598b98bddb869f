package access

import "context"

// Request is what the server knows about a request once it is authenticated.
// It is in the request's context and must not be changed.
type Request struct {
	ID     string // UUID, also sent as x-amzn-RequestId
	Caller Caller
	Body   []byte // all of it, as received
	Region string // of the credentials' scope
}

type contextKey struct{}

// WithRequest adds a request to a context.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// RequestFrom is the request of a context, or an empty one.
func RequestFrom(ctx context.Context) *Request {
	if r, ok := ctx.Value(contextKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// WithCaller adds a caller to a context, keeping the rest of its Request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	r := *RequestFrom(ctx)
	r.Caller = c
	return WithRequest(ctx, &r)
}

// CallerFrom is the caller of a context. False: nobody was authenticated.
func CallerFrom(ctx context.Context) (Caller, bool) {
	r := RequestFrom(ctx)
	return r.Caller, r.Caller.ARN != ""
}

// BodyFrom is the body of the request of a context.
func BodyFrom(ctx context.Context) []byte { return RequestFrom(ctx).Body }

// RequestIDFrom is the id of the request of a context, or empty.
func RequestIDFrom(ctx context.Context) string { return RequestFrom(ctx).ID }
