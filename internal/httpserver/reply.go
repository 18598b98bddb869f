package httpserver

import (
	"encoding/json"
	"net/http"
	"strconv"

	"open53/internal/access"
	"open53/internal/restxml"
)

// ErrorWriter answers a request with a refusal.
type ErrorWriter func(w http.ResponseWriter, requestID string, e *access.Error)

// XMLErrors writes AWS's XML error documents.
func XMLErrors(namespace string) ErrorWriter {
	return func(w http.ResponseWriter, requestID string, e *access.Error) {
		doc := restxml.ErrorDocument{Type: "Sender", Code: e.ErrorCode, Message: e.Message, RequestID: requestID}
		if e.HTTPStatus >= http.StatusInternalServerError {
			doc.Type = "Receiver"
		}
		write(w, e.HTTPStatus, "text/xml", doc.Append(nil, namespace))
	}
}

// JSONErrors writes the error documents of the admin API:
// {"error":{"code":…,"message":…}}.
func JSONErrors(w http.ResponseWriter, _ string, e *access.Error) {
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	b, _ := json.Marshal(map[string]body{"error": {e.ErrorCode, e.Message}}) // strings always marshal
	write(w, e.HTTPStatus, "application/json", append(b, '\n'))
}

// AWSJSONErrors writes the error documents of AWS's JSON protocols, where
// refusals have other codes than in XML.
func AWSJSONErrors(w http.ResponseWriter, _ string, e *access.Error) {
	code := e.ErrorCode
	switch code {
	case "SignatureDoesNotMatch":
		code = "InvalidSignatureException"
	case "InvalidClientTokenId":
		code = "UnrecognizedClientException"
	case "MissingAuthenticationToken", "IncompleteSignature", "AccessDenied", "Throttling":
		code += "Exception"
	}
	b, _ := json.Marshal(map[string]string{"__type": code, "message": e.Message})
	w.Header().Set("X-Amzn-Errortype", code)
	write(w, e.HTTPStatus, "application/x-amz-json-1.1", b)
}

func writePlain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	write(w, status, "text/plain; charset=utf-8", []byte(text))
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client has gone; nobody is left to tell
}
