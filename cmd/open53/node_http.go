package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"open53/internal/access"
	"open53/internal/admin"
	"open53/internal/config"
	"open53/internal/ec2"
	"open53/internal/httpserver"
	"open53/internal/nameserver"
	"open53/internal/network/registry"
	"open53/internal/route53"
	"open53/internal/route53api"
	"open53/internal/sts"
	"open53/internal/telemetry"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// newHTTP wires the services that share the HTTP listeners.
func (n *node) newHTTP(c *config.Config, auth *access.Authenticator, dev bool, db *zonedb.DB) (*httpserver.Server, error) {
	service, err := route53.New(n.store, route53.Config{
		Now: time.Now, Random: rand.Reader, Log: n.component("route53"),
		Served: n.replica.Served, Answerer: n.answers,
		NameServers: c.NameServers, Hostmaster: c.Hostmaster, AccountID: c.AccountID,
		HealthObserver: n.prober, Probes: n.prober.Allows, Alarms: nodeAlarms{n.alarms},
		CheckerIPRanges: c.CheckerIPs, Strict: c.Strict, EnforceQuotas: c.Quotas,
		Regions: n.regionExists,
	})
	if err != nil {
		return nil, err
	}
	networks := registry.New(registry.Config{Store: n.store, Now: time.Now, Random: rand.Reader, Published: n.replica.WaitServed})
	metrics := telemetry.NewMetrics()
	n.registerMetrics(metrics, db)
	n.registerHealthMetrics(metrics)
	handler := n.route53Handler(service, c)
	return httpserver.New(httpserver.Options{
		Addresses: c.API, CertFile: c.APITLSCert, KeyFile: c.APITLSKey,
		LocalOnly: dev && !c.AllowRemote, Auth: auth, Logger: n.component("http"),
		Observe: metrics.NewRequests().Observe,
		Ready: func() error {
			if n.stopping.Load() {
				return errors.New("stopping")
			}
			return nil
		},
		Handlers: httpserver.Handlers{
			Route53: handler, STS: sts.Handler(), Metrics: metrics.Handler(),
			Services: []httpserver.Service{n.ec2Service(networks), n.cloudWatchService()},
			Admin: admin.Handler(admin.Config{
				Store: n.store, Zones: adminZones{service}, Served: n.replica.Served, Log: n.component("admin"),
				Networks: networks, Account: cmp.Or(c.AccountID, access.DefaultAccountID),
				Health:  adminHealth{service, n.prober},
				Version: version, Commit: commit, Started: time.Now(), ZoneCount: func() int { return db.Snapshot().Zones() },
				Latencies: service, Reverter: service,
				Explain: func(q admin.Question) any { return n.answers.Explain(nameserver.Question(q)) },
			}),
		},
	})
}

// ec2Service is where tools declare networks.
func (n *node) ec2Service(networks *registry.Registry) httpserver.Service {
	return httpserver.Service{Name: "ec2", Handler: ec2.New(networks, n.component("ec2")), Error: ec2.WriteError}
}

func (n *node) route53Handler(service *route53.Service, c *config.Config) http.Handler {
	log := n.component("api")
	var throttle *httpserver.Throttle
	if c.Throttle {
		throttle = httpserver.NewThrottle(httpserver.AmazonRates(), time.Now)
	}
	options := route53api.Options{
		RequestID: func(r *http.Request) string { return access.RequestIDFrom(r.Context()) },
		Body:      func(r *http.Request) ([]byte, bool) { return access.BodyFrom(r.Context()), true },
		Authorize: func(r *http.Request, call *route53api.Call, body []byte) error {
			caller, ok := access.CallerFrom(r.Context())
			if !ok {
				return errors.New("request has no caller")
			}
			call.Caller = caller
			if throttle != nil {
				if err := throttle.Take(caller.AccountID, call.Operation, changeCost(call.Operation, body)); err != nil {
					return err
				}
			}
			return caller.Authorize("route53:" + call.Operation)
		},
		OnPanic: func(call *route53api.Call, value any, stack []byte) {
			log.Error("operation panicked", telemetry.KeyOperation, call.Operation, telemetry.KeyRequestID, call.RequestID, "panic", fmt.Sprint(value), "stack", string(stack))
		},
		OnError: func(call *route53api.Call, err error) {
			log.Error("operation failed", telemetry.KeyOperation, call.Operation, telemetry.KeyRequestID, call.RequestID, telemetry.KeyError, err)
		},
	}
	if !c.Strict {
		options.Enums.RRType.Any = true
		options.Enums.Latitude.Any, options.Enums.Longitude.Any = zone.MaxDegrees, zone.MaxDegrees
	}
	options.Enums.ResourceRecordSetRegion.Any = len(c.Regions) > 0
	options.Enums.VPCRegion.Any = len(c.Regions) > 0
	return route53api.NewHandler(service, options)
}

// changeCost is what a request takes from the account's bucket of record
// changes: CREATE and DELETE 1, UPSERT 2, calls that make or end zones and VPC
// associations 2.
func changeCost(action string, body []byte) float64 {
	text := string(body)
	switch action {
	case "ChangeResourceRecordSets":
		return float64(strings.Count(text, "<Change>") + strings.Count(text, ">UPSERT<"))
	case "CreateHostedZone", "DeleteHostedZone", "AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone":
		return 2
	}
	return 0
}

func (n *node) registerMetrics(m *telemetry.Metrics, db *zonedb.DB) {
	m.Counter("open53_dns_queries_total", "DNS queries answered.", func() uint64 { return n.answers.Totals().Queries })
	m.Counter("open53_dns_dropped_total", "DNS messages that got no response.", func() uint64 { return n.answers.Totals().Dropped })
	m.Counter("open53_dns_truncated_total", "DNS responses with TC set.", func() uint64 { return n.answers.Totals().Truncated })
	m.Vector("open53_dns_rate_limited_total", "DNS responses over the rate limit, by what became of them.", "action", func(emit func(string, uint64)) {
		totals := n.answers.Totals()
		emit("dropped", totals.RateDropped)
		emit("truncated", totals.RateSlipped)
	})
	m.Vector("open53_dns_cookies_total", "DNS queries by their COOKIE option.", "cookie", func(emit func(string, uint64)) {
		for state, count := range n.answers.Totals().Cookies {
			emit(nameserver.CookieNames[state], count)
		}
	})
	m.Vector("open53_dns_responses_total", "DNS responses by response code.", "rcode", func(emit func(string, uint64)) {
		totals := n.answers.Totals()
		for rcode, count := range totals.Rcodes {
			if count > 0 {
				emit(nameserver.RcodeName(rcode), count)
			}
		}
	})
	m.Counter("open53_cloudwatch_dropped_total", "Metric data of the server itself that were lost.", n.metrics.Dropped)
	m.Counter("open53_alarm_webhooks_lost_total", "Webhooks of alarms that were not delivered.", n.alarms.WebhooksLost)
	m.Gauge("open53_zones", "Compiled zones.", func() float64 { return float64(db.Snapshot().Zones()) })
	m.Gauge("open53_vpcs", "VPCs whose clients private zones can answer.", func() float64 { return float64(db.Snapshot().VPCs()) })
	m.Gauge("open53_store_position", "Position of the last committed event.", func() float64 { return float64(n.store.Position()) })
	m.Gauge("open53_served_position", "Position up to which DNS shows the store.", func() float64 { return float64(n.replica.Served()) })
}
