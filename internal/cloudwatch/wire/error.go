package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/fxamacker/cbor/v2"

	"open53/internal/restxml"
)

// Error is a refusal. Its code is what the query protocol calls it; JSON and
// CBOR name the shape of the model, and the code in a header beside it.
type Error struct {
	Code    string
	Shape   string // empty is Code
	Status  int    // of HTTP
	Message string
}

// Error is code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func malformed(err error) *Error {
	return &Error{Code: "MalformedInput", Shape: "SerializationException", Status: http.StatusBadRequest, Message: "The request cannot be read: " + err.Error() + "."}
}

func unknownOperation(name string) *Error {
	return &Error{Code: "InvalidAction", Shape: "UnknownOperationException", Status: http.StatusBadRequest, Message: fmt.Sprintf("There is no operation %.100q.", name)}
}

const (
	typeJSON = "application/x-amz-json-1.0"
	typeCBOR = "application/cbor"
	typeXML  = "text/xml"
)

// WriteError answers with a refusal.
func (s *Service) WriteError(w http.ResponseWriter, p Protocol, requestID string, e *Error) {
	fault, shape := "Sender", e.Shape
	if e.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	if shape == "" {
		shape = e.Code
	}
	if p == Query {
		doc := restxml.ErrorDocument{Type: fault, Code: e.Code, Message: e.Message, RequestID: requestID}
		write(w, e.Status, typeXML, doc.Append(nil, s.Namespace))
		return
	}
	w.Header().Set("X-Amzn-Query-Error", e.Code+";"+fault)
	// Shapes name the text in either way, and SDKs take the one they know.
	body := map[string]string{"__type": shape, "message": e.Message, "Message": e.Message}
	var b []byte
	if p == CBOR {
		b, _ = cbor.Marshal(body) // texts always encode
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		write(w, e.Status, typeCBOR, b)
		return
	}
	b, _ = json.Marshal(body) // texts always encode
	w.Header().Set("X-Amzn-Errortype", shape)
	write(w, e.Status, typeJSON, b)
}

// Write answers with an output, a pointer to a struct, or with nothing where
// the operation has none.
func (s *Service) Write(w http.ResponseWriter, q *Request, requestID string, output any) error {
	if output != nil {
		fill(reflect.ValueOf(output))
	}
	var b []byte
	var err error
	kind := typeXML
	switch q.Protocol {
	case Query:
		b = appendResult(b, s, q.Operation, requestID, output)
	case JSON:
		kind = typeJSON
		if output != nil {
			b, err = json.Marshal(output)
		}
	case CBOR:
		kind = typeCBOR
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		if output != nil {
			b, err = cbor.Marshal(output)
		}
	}
	if err != nil {
		return fmt.Errorf("encode output of %s: %w", q.Operation, err)
	}
	if output == nil && q.Protocol == CBOR {
		kind = "" // an operation without an output has no body, so no type of it
	}
	write(w, http.StatusOK, kind, b)
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client has gone; nobody is left to tell
}
