// Package sts is as much of AWS STS and IAM as clients of Route 53 ask for.
// Terraform's provider and many scripts begin with GetCallerIdentity; some go
// on to IAM to learn who they are.
//
// Both services speak the query protocol: a form, in the query of a GET or in
// the body of a POST, with the members Action and Version, answered in XML:
//
//	Action=GetCallerIdentity&Version=2011-06-15
//
// GetCallerIdentity is answered from the request's access.Caller and needs no
// permission. Every IAM operation is AccessDenied, which clients take as "this
// key may not look"; everything else is InvalidAction. Nothing is kept, so the
// handler is safe for concurrent use.
package sts

import (
	"fmt"
	"net/http"
	"strconv"

	"open53/internal/access"
	"open53/internal/restxml"
)

// Namespaces and versions of the two services.
const (
	Namespace    = "https://sts.amazonaws.com/doc/2011-06-15/"
	iamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/"
	version      = "2011-06-15"
	iamVersion   = "2010-05-08"
)

// maxForm bounds the form of one request, in bytes.
const maxForm = 64 << 10

// Handler answers authenticated requests: their context holds an
// access.Request.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	request := access.RequestFrom(r.Context())
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		writeError(w, request, Namespace, &access.Error{
			ErrorCode: "MethodNotAllowed", HTTPStatus: http.StatusMethodNotAllowed,
			Message: fmt.Sprintf("The method %s is not allowed. Allowed: GET, POST.", r.Method),
		})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		writeError(w, request, Namespace, &access.Error{
			ErrorCode: "MalformedQueryString", HTTPStatus: http.StatusBadRequest,
			Message: "The query string contains a syntax error.",
		})
		return
	}
	action, asked := r.Form.Get("Action"), r.Form.Get("Version")
	switch {
	case action == "":
		writeError(w, request, Namespace, &access.Error{
			ErrorCode: "MissingAction", HTTPStatus: http.StatusBadRequest,
			Message: "The request is missing an action or a required parameter.",
		})
	case asked == iamVersion:
		writeError(w, request, iamNamespace, access.Denied(request.Caller, "iam:"+action))
	case action == "GetCallerIdentity" && asked == version:
		write(w, http.StatusOK, callerIdentity(request))
	default:
		if asked == "" {
			asked = "NO_VERSION_SPECIFIED"
		}
		writeError(w, request, Namespace, &access.Error{
			ErrorCode: "InvalidAction", HTTPStatus: http.StatusBadRequest,
			Message: fmt.Sprintf("Could not find operation %s for version %s", action, asked),
		})
	}
}

func callerIdentity(r *access.Request) []byte {
	b := append(make([]byte, 0, 512), restxml.Declaration...)
	b = restxml.AppendRoot(b, "GetCallerIdentityResponse", Namespace)
	b = restxml.AppendStart(b, "GetCallerIdentityResult")
	b = restxml.AppendString(b, "Arn", r.Caller.ARN)
	b = restxml.AppendString(b, "UserId", r.Caller.UserID)
	b = restxml.AppendString(b, "Account", r.Caller.AccountID)
	b = restxml.AppendEnd(b, "GetCallerIdentityResult")
	b = restxml.AppendStart(b, "ResponseMetadata")
	b = restxml.AppendString(b, "RequestId", r.ID)
	b = restxml.AppendEnd(b, "ResponseMetadata")
	return restxml.AppendEnd(b, "GetCallerIdentityResponse")
}

func writeError(w http.ResponseWriter, r *access.Request, namespace string, e *access.Error) {
	doc := restxml.ErrorDocument{Type: "Sender", Code: e.ErrorCode, Message: e.Message, RequestID: r.ID}
	write(w, e.HTTPStatus, doc.Append(nil, namespace))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client has gone; nobody is left to tell
}
