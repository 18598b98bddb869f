package httpserver

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"open53/internal/access"
	"open53/internal/sts"
)

// Handlers are what a Server serves. A nil handler is not there.
type Handlers struct {
	Route53 http.Handler // scope "route53", or paths under /2013-04-01
	STS     http.Handler // scopes "sts" and "iam", or the query protocol on /
	Admin   http.Handler // JSON, under /open53/v1/; needs open53:Read or open53:Write
	Metrics http.Handler // /metrics
	// Services are the further AWS-shaped ones.
	Services []Service
}

// Service is one AWS-shaped service.
type Service struct {
	// Name is the signing name: "route53domains", "monitoring" for CloudWatch.
	Name string
	// Match claims requests whose credentials name no service known here, or
	// that have none: by X-Amz-Target, say. May be nil.
	Match   func(r *http.Request) bool
	Handler http.Handler
	// Error writes refusals; nil is XMLErrors without a namespace.
	Error ErrorWriter
	// ErrorFor chooses how to write the refusal of a request, for a service of
	// several protocols. Nil is Error for all.
	ErrorFor func(r *http.Request) ErrorWriter
}

// service is a Service with what the server adds.
type service struct {
	Service
	scopes []string                     // signing names it takes
	action func(r *http.Request) string // what the caller must be allowed to do; nil: the handler asks
	fail   ErrorWriter
}

// unknownService stands for the lack of one.
var unknownService = &service{Service: Service{Name: "unknown"}, fail: XMLErrors(route53Namespace)}

const (
	route53Namespace = "https://route53.amazonaws.com/doc/2013-04-01/"
	route53Prefix    = "/2013-04-01"
	adminPrefix      = "/open53/v1"
)

// routes finds services. Immutable.
type routes struct {
	admin    *service // by path alone: all scopes reach it
	services []*service
	metrics  http.Handler
}

func newRoutes(h Handlers) *routes {
	t := &routes{metrics: h.Metrics, admin: unknownService}
	if h.Admin != nil {
		t.admin = &service{
			Service: Service{Name: "open53", Handler: h.Admin},
			scopes:  []string{"open53", "route53"}, action: adminAction, fail: JSONErrors,
		}
	}
	if h.Route53 != nil {
		t.services = append(t.services, &service{
			Service: Service{Name: "route53", Handler: h.Route53, Match: func(r *http.Request) bool { return under(r.URL.Path, route53Prefix) }},
			scopes:  []string{"route53"}, fail: XMLErrors(route53Namespace),
		})
	}
	for _, s := range h.Services {
		if s.Error == nil {
			s.Error = XMLErrors("")
		}
		t.services = append(t.services, &service{Service: s, scopes: []string{s.Name}, fail: s.Error})
	}
	if h.STS != nil { // last: the query protocol has no other sign than its path
		t.services = append(t.services, &service{
			Service: Service{Name: "sts", Handler: h.STS, Match: func(r *http.Request) bool { return r.URL.Path == "/" }},
			scopes:  []string{"sts", "iam"}, fail: XMLErrors(sts.Namespace),
		})
	}
	return t
}

// find chooses the service by path (the admin API), by scope, or by what the
// services match, in this order.
func (t *routes) find(r *http.Request, scope string) *service {
	if under(r.URL.Path, adminPrefix) {
		return t.admin
	}
	for _, s := range t.services {
		if slices.Contains(s.scopes, scope) {
			return s.speaking(r)
		}
	}
	for _, s := range t.services {
		if s.Match != nil && s.Match(r) {
			return s.speaking(r)
		}
	}
	return unknownService
}

// speaking is the service with the refusals in the protocol of a request.
func (s *service) speaking(r *http.Request) *service {
	if s.ErrorFor == nil {
		return s
	}
	as := *s
	as.fail = s.ErrorFor(r)
	return &as
}

// under reports whether path is prefix or lies below it.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func adminAction(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return "open53:Read"
	}
	return "open53:Write"
}

func errUnknownPath(r *http.Request) error {
	return &access.Error{ErrorCode: "UnknownOperationException", HTTPStatus: http.StatusNotFound, Message: fmt.Sprintf("There is nothing at %s.", r.URL.Path)}
}

// serveOpen serves the paths that need no credentials; false if it is none.
func (s *Server) serveOpen(x *exchange, r *http.Request) bool {
	switch r.URL.Path {
	case "/healthz":
		x.service = healthService
		writePlain(x, http.StatusOK, "ok\n")
	case "/readyz":
		x.service = healthService
		s.serveReady(x)
	case "/metrics":
		if s.routes.metrics == nil {
			return false
		}
		x.service = metricsService
		if !s.options.PublicMetrics && !localPeer(r) {
			if _, err := s.options.Auth.Authenticate(r, nil, "open53", "route53"); err != nil {
				x.refuse(err)
				return true
			}
		}
		s.routes.metrics.ServeHTTP(x, r)
	default:
		return false
	}
	return true
}

var (
	healthService  = &service{Service: Service{Name: "health"}, fail: JSONErrors}
	metricsService = &service{Service: Service{Name: "metrics"}, fail: JSONErrors}
)

func (s *Server) serveReady(x *exchange) {
	if s.draining.Load() {
		writePlain(x, http.StatusServiceUnavailable, "shutting down\n")
		return
	}
	if err := s.options.Ready(); err != nil {
		writePlain(x, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	writePlain(x, http.StatusOK, "ready\n")
}

// localPeer reports whether the client is on this machine.
func localPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// localHost reports whether a Host header names this machine as only someone
// on it would: an address, localhost, or a name below it. An address is safe:
// what a browser calls by address it did not look up.
func localHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// CheckLoopback fails unless every address ("host:port") is on the loopback
// interface: an address of 127.0.0.0/8 or ::1, or the name localhost.
func CheckLoopback(addresses []string) error {
	for _, address := range addresses {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("listen address: %w", err)
		}
		if host == "localhost" {
			continue
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
			return fmt.Errorf("listen address %s is not on the loopback interface", address)
		}
	}
	return nil
}
