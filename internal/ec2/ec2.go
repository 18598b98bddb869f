// Package ec2 is as much of Amazon's EC2 API as tools need to declare a
// network: VPCs with their address blocks, attributes and tags. Private hosted
// zones answer the clients of these VPCs.
//
// The protocol is EC2's query protocol, version 2016-11-15: a form with
// numbered members, answered in XML whose lists are sets of items:
//
//	Action=DescribeVpcs&VpcId.1=vpc-1a2b3c4d
//	<DescribeVpcsResponse><requestId>…</requestId><vpcSet><item>…
//
// operations is the list of what there is; anything else is InvalidAction.
// Network ACLs, route tables and security groups are empty lists: tools look
// for the default ones of a VPC and do without. A VPC belongs to the region
// that the request is signed for and to the caller's account, and is seen in
// that region and by that account alone.
//
// VPCs live in a registry.Registry; a Service holds nothing else and is safe
// for concurrent use.
package ec2

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"open53/internal/access"
	"open53/internal/network"
	"open53/internal/network/registry"
	"open53/internal/restxml"
	"open53/internal/store"
)

// Namespace is that of all documents but errors.
const Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// maxForm bounds the form of one request, in bytes.
const maxForm = 1 << 20

// Service answers requests.
type Service struct {
	registry *registry.Registry
	log      *slog.Logger
}

// New returns a Service over the networks of a registry.
func New(r *registry.Registry, log *slog.Logger) *Service { return &Service{registry: r, log: log} }

// operations are what the service can do.
var operations = map[string]func(s *Service, c *call) error{
	"AssociateVpcCidrBlock":     (*Service).associateBlock,
	"CreateTags":                (*Service).createTags,
	"CreateVpc":                 (*Service).createVPC,
	"DeleteTags":                (*Service).deleteTags,
	"DeleteVpc":                 (*Service).deleteVPC,
	"DescribeAccountAttributes": (*Service).describeAccountAttributes,
	"DescribeNetworkAcls":       func(_ *Service, c *call) error { return c.emptySet("networkAclSet") },
	"DescribeRegions":           (*Service).describeRegions,
	"DescribeRouteTables":       func(_ *Service, c *call) error { return c.emptySet("routeTableSet") },
	"DescribeSecurityGroups":    func(_ *Service, c *call) error { return c.emptySet("securityGroupInfo") },
	"DescribeTags":              (*Service).describeTags,
	"DescribeVpcAttribute":      (*Service).describeAttribute,
	"DescribeVpcs":              (*Service).describeVPCs,
	"DisassociateVpcCidrBlock":  (*Service).disassociateBlock,
	"ModifyVpcAttribute":        (*Service).modifyAttribute,
}

// call is one request on its way through an operation, which appends its
// answer.
type call struct {
	ctx       context.Context
	operation string
	form      form
	caller    access.Caller
	region    string
	answer    document
}

// ServeHTTP answers an authenticated request: its context holds an
// access.Request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := access.RequestFrom(r.Context())
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		WriteError(w, request.ID, &access.Error{
			ErrorCode: "MethodNotAllowed", HTTPStatus: http.StatusMethodNotAllowed,
			Message: fmt.Sprintf("The method %s is not allowed. Allowed: GET, POST.", r.Method),
		})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		WriteError(w, request.ID, fault("MalformedQueryString", "The query string contains a syntax error."))
		return
	}
	c := &call{
		ctx: r.Context(), operation: r.Form.Get("Action"), form: form{r.Form},
		caller: request.Caller, region: request.Region,
	}
	if err := s.run(c); err != nil {
		WriteError(w, request.ID, s.refusal(c, request.ID, err))
		return
	}
	b := append(make([]byte, 0, len(c.answer.b)+512), restxml.Declaration...)
	b = restxml.AppendRoot(b, c.operation+"Response", Namespace)
	b = restxml.AppendString(b, "requestId", request.ID)
	b = append(b, c.answer.b...)
	write(w, http.StatusOK, restxml.AppendEnd(b, c.operation+"Response"))
}

// run finds and runs the operation of a call.
func (s *Service) run(c *call) error {
	if c.operation == "" {
		return fault("MissingAction", "The request must contain the parameter Action")
	}
	operation := operations[c.operation]
	if operation == nil {
		return fault("InvalidAction", "The action "+c.operation+" is not valid for this web service.")
	}
	if err := c.caller.Authorize("ec2:" + c.operation); err != nil {
		return &access.Error{
			ErrorCode: "UnauthorizedOperation", HTTPStatus: http.StatusForbidden,
			Message: fmt.Sprintf("You are not authorized to perform this operation. User: %s is not authorized to perform: ec2:%s because no identity-based policy allows the ec2:%s action",
				c.caller.ARN, c.operation, c.operation),
		}
	}
	dryRun, err := c.form.boolean("DryRun", false)
	if err != nil {
		return err
	}
	if dryRun {
		return &access.Error{
			ErrorCode: "DryRunOperation", HTTPStatus: http.StatusPreconditionFailed,
			Message: "Request would have succeeded, but DryRun flag is set.",
		}
	}
	return operation(s, c)
}

// fault is what a client did wrong.
func fault(code, message string) *access.Error {
	return &access.Error{ErrorCode: code, HTTPStatus: http.StatusBadRequest, Message: message}
}

func noSuchVPC(id string) *access.Error {
	return fault("InvalidVpcID.NotFound", "The vpc ID '"+id+"' does not exist")
}

// refusal is what the client is told about an error. What it cannot help is
// logged here, and it learns no more than that it is so.
func (s *Service) refusal(c *call, requestID string, err error) *access.Error {
	var known *access.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, registry.ErrInvalid):
		return fault("InvalidParameterValue", err.Error())
	case errors.Is(err, store.ErrTooLarge):
		return fault("InvalidParameterValue", "The VPC is larger than the server can store at once.")
	}
	s.log.Error("operation failed", "operation", c.operation, "request_id", requestID, "error", err)
	if errors.Is(err, store.ErrUnavailable) {
		return &access.Error{ErrorCode: "Unavailable", HTTPStatus: http.StatusServiceUnavailable, Message: "The server is overloaded and can't handle the request."}
	}
	return &access.Error{ErrorCode: "InternalError", HTTPStatus: http.StatusInternalServerError, Message: "An internal error has occurred"}
}

// WriteError writes EC2's error document. Refusals of other layers get the
// codes that EC2 has for them.
func WriteError(w http.ResponseWriter, requestID string, e *access.Error) {
	code, status, message := e.ErrorCode, e.HTTPStatus, e.Message
	switch code {
	case "InvalidClientTokenId", "MissingAuthenticationToken":
		code, status, message = "AuthFailure", http.StatusUnauthorized, "AWS was not able to validate the provided access credentials"
	case "InternalFailure":
		code = "InternalError"
	}
	var d document
	d.in("Errors", func() {
		d.in("Error", func() {
			d.text("Code", code)
			d.text("Message", message)
		})
	})
	d.text("RequestID", requestID)
	b := append(make([]byte, 0, len(d.b)+128), `<?xml version="1.0" encoding="UTF-8"?>`+"\n<Response>"...)
	write(w, status, append(append(b, d.b...), "</Response>"...))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client has gone; nobody is left to tell
}

// vpc finds the VPC that a parameter names, among those that the caller sees.
func (s *Service) vpc(c *call, parameter string) (*network.Network, error) {
	id, err := c.form.required(parameter)
	if err != nil {
		return nil, err
	}
	return s.find(c, id)
}

func (s *Service) find(c *call, id string) (*network.Network, error) {
	if !network.ValidID(id) {
		return nil, fault("InvalidVpcId.Malformed", `Invalid id: "`+id+`" (expecting "vpc-...")`) // the code is documented, the text ours
	}
	n, err := s.registry.Find(id)
	if errors.Is(err, registry.ErrNotFound) || err == nil && !c.sees(n) {
		return nil, noSuchVPC(id)
	}
	return n, err
}

// sees reports whether a VPC is the caller's and in the region of the request.
func (c *call) sees(n *network.Network) bool {
	return n.Region == c.region && n.Account == c.caller.AccountID
}

// update changes a VPC that the caller sees; change gets a copy.
func (s *Service) update(c *call, id string, change func(n *network.Network) error) (*network.Network, error) {
	return s.registry.Update(c.ctx, c.operation, id, func(old *network.Network) (*network.Network, error) {
		if old == nil || !c.sees(old) {
			return nil, noSuchVPC(id)
		}
		next := old.Clone()
		return next, change(next)
	})
}

// emptySet answers with a list of nothing.
func (c *call) emptySet(name string) error {
	c.answer.in(name, func() {})
	return nil
}

// done answers that it is so.
func (c *call) done() error {
	c.answer.boolean("return", true)
	return nil
}

// form is a request's members.
type form struct{ url.Values }
