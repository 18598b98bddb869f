// Package wire reads the requests and writes the answers of an AWS service
// that speaks three protocols for the same operations, as CloudWatch does:
//
//	JSON    awsJson1_0: X-Amz-Target names the operation; times are numbers.
//	        What today's SDKs and the AWS CLI send, gzipped where it is long.
//	Query   awsQuery: a form in, with members such as
//	        MetricData.member.1.Dimensions.member.2.Name; XML out. Older SDKs.
//	CBOR    smithy-rpc-v2-cbor: the path names the operation.
//
// One Go struct per shape serves all three. A field's name on the wire is the
// name of its json tag, or its own; the tag "is" holds the constraints of the
// service's model (see Check). Fields are strings, pointers to int64, bool,
// Double and Timestamp, structs, slices of these, and in answers maps from
// string to Double. Lists are bounded by the size of the body alone.
//
// Nothing is kept between calls; everything is safe for concurrent use.
package wire

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Protocol is how a client speaks.
type Protocol uint8

// The protocols.
const (
	Query Protocol = iota
	JSON
	CBOR
)

// Service is what a service is called on the wire.
type Service struct {
	Target    string // of X-Amz-Target, without the dot and the operation
	Namespace string // of XML documents
	Version   string // of the query protocol
}

// MaxBody is the largest body after decompression, in bytes.
const MaxBody = 4 << 20

// Request is one request whose body is not yet decoded.
type Request struct {
	Protocol  Protocol
	Operation string
	body      []byte
	form      url.Values
}

// ProtocolOf tells the protocol of a request from its headers and path.
func (s *Service) ProtocolOf(r *http.Request) Protocol {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return JSON
	case strings.HasPrefix(r.URL.Path, "/service/"):
		return CBOR
	}
	return Query
}

// Claims reports whether a request names this service other than by its
// credentials.
func (s *Service) Claims(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("X-Amz-Target"), s.Target+".") ||
		strings.HasPrefix(r.URL.Path, "/service/"+s.Target+"/operation/")
}

// Read finds the operation of a request with this body. The Request's protocol
// is right even where there is an error, which is always an *Error.
func (s *Service) Read(r *http.Request, body []byte) (Request, error) {
	q := Request{Protocol: s.ProtocolOf(r)}
	if r.Method != http.MethodPost && (q.Protocol != Query || r.Method != http.MethodGet) {
		return q, &Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed, Message: fmt.Sprintf("The method %s is not allowed.", r.Method)}
	}
	var err error
	if q.body, err = plain(r.Header.Get("Content-Encoding"), body); err != nil {
		return q, malformed(err)
	}
	found := false
	switch q.Protocol {
	case JSON:
		q.Operation, found = strings.CutPrefix(r.Header.Get("X-Amz-Target"), s.Target+".")
	case CBOR:
		q.Operation, found = strings.CutPrefix(r.URL.Path, "/service/"+s.Target+"/operation/")
	case Query:
		return q, s.readForm(r, &q)
	}
	if !found || q.Operation == "" {
		return q, unknownOperation(r.Header.Get("X-Amz-Target"))
	}
	return q, nil
}

func (s *Service) readForm(r *http.Request, q *Request) error {
	form, err := url.ParseQuery(string(q.body))
	if err != nil {
		return &Error{Code: "MalformedQueryString", Status: http.StatusBadRequest, Message: "The query string contains a syntax error."}
	}
	for name, values := range r.URL.Query() {
		form[name] = append(form[name], values...)
	}
	q.form, q.Operation = form, form.Get("Action")
	switch version := form.Get("Version"); {
	case q.Operation == "":
		return &Error{Code: "MissingAction", Status: http.StatusBadRequest, Message: "The request is missing an action or a required parameter."}
	case version != "" && version != s.Version:
		return &Error{Code: "InvalidAction", Status: http.StatusBadRequest, Message: fmt.Sprintf("Could not find operation %s for version %s", q.Operation, version)}
	}
	return nil
}

// Decode reads the request's parameters into a pointer to a struct. Unknown
// ones are ignored. Errors: *Error.
func (q *Request) Decode(into any) error {
	var err error
	switch q.Protocol {
	case JSON:
		err = decodeJSON(q.body, into)
	case CBOR:
		err = decodeCBOR(q.body, into)
	case Query:
		err = decodeForm(q.form, reflect.ValueOf(into).Elem())
	}
	if err != nil {
		return malformed(err)
	}
	return nil
}

var errTooLarge = errors.New("the body is too large")

// plain undoes the encoding of a body.
func plain(encoding string, body []byte) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip":
	default:
		return nil, fmt.Errorf("content encoding %q is not supported", encoding)
	}
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(z, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	if len(b) > MaxBody {
		return nil, errTooLarge
	}
	return b, nil
}

// wireName is a field's name on the wire; "" if it has none.
func wireName(f *reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "-" || !f.IsExported():
		return ""
	case name == "":
		return f.Name
	}
	return name
}
