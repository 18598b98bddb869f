// Package route53 is what the operations of the Route 53 API mean: it turns
// them into views of the store, and into events for it.
//
// Service implements route53api.API, one file per family of operations. Each
// one that changes something is a change: the entities whose turn it needs and
// a function that decides, against the newest state, on drafts of events.
//
//	API types ─▶ decide ─▶ drafts ─▶ store.Enqueue ─▶ wait until durable ─▶ API types
//	               ▲                      │
//	               └── pending state ◀────┘
//
// An entity that is being changed has pending state: its head and RRsets as
// the newest batch leaves them that was enqueued, durable or not (pending.go).
// So the next change of a zone is decided while the one before it is still
// being written, and the store commits both at once.
//
// Invariants: no answer tells of a state that is not durable, refusals
// included. A batch whose predecessor failed fails too, and is decided anew.
// API types go no deeper than this package, and errors leave it only as API
// errors.
//
// Concurrency: everything may be called from any goroutine. Whoever decides
// holds the turns of its entities. They are taken in order of their keys (kind,
// then id), before any lock of the store. A zone's turn is passed on as soon as
// the store has queued the change (a Revert first waits for what is pending);
// changes of different zones never wait for each other. Operations that read
// take a view and no turn.
package route53

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"open53/internal/geo"
	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// Answerer answers DNS queries as the server does.
type Answerer interface {
	// Answer returns the response to a query that a client sends over TCP, so
	// that it is whole; nil if the query gets none.
	Answer(msg []byte, client netip.Addr) []byte
}

// Config is what a Service needs to know. Required are Now, Random and Log.
type Config struct {
	Now    func() time.Time
	Random io.Reader // of ids; crypto/rand.Reader
	Log    *slog.Logger

	// Served is the position up to which DNS answers show the store. Changes
	// above it are PENDING; with nil no change is.
	Served func() uint64
	// Answerer is asked by TestDNSAnswer; without it the operation is not
	// implemented.
	Answerer Answerer
	// TestResolver is the client that TestDNSAnswer asks as, unless the
	// request names one. The zero one is 127.0.0.1.
	TestResolver netip.Addr

	// NameServers are the names of this installation's name servers, without
	// the trailing dot. A zone gets all of them, or four if there are more.
	// None is ns1 to ns4.open53.internal.
	NameServers []string
	// PrivateNameServers stand in the NS RRset of private zones; none is
	// NameServers.
	PrivateNameServers []string
	// Hostmaster is the RNAME of a new zone's SOA; empty is Amazon's.
	Hostmaster string
	// SerialMode is that of new zones.
	SerialMode zone.SerialMode

	// BaseURL begins the Location of what was created; empty is Amazon's.
	BaseURL string
	// AccountID owns everything where a request has no caller: 12 digits.
	AccountID string
	// CheckerIPRanges are the addresses of health checkers, as CIDR blocks;
	// none is 127.0.0.1/32.
	CheckerIPRanges []string

	// Strict accepts only what Amazon does: in batches see
	// zone.Options.Strict, and no public zones of one label.
	Strict bool
	// Limits are the quotas that are reported, and kept to if EnforceQuotas is
	// set. Otherwise there may be any number of everything.
	Limits        Limits
	EnforceQuotas bool
	// BatchLimits and EqualWeightedTTLs are those of zone.Options; they hold
	// always.
	BatchLimits       zone.Limits
	EqualWeightedTTLs bool

	// Regions and ServiceZones know more than Amazon's; see zone.Options.
	Regions      func(name string) bool
	ServiceZones func(zoneID string) bool
	// HealthChecks and CIDRCollections know what exists; with nil they are
	// those of the store.
	HealthChecks    zone.HealthChecks
	CIDRCollections zone.CIDRCollections

	// HealthObserver tells what health checkers see; with nil they have seen
	// nothing. Alarms are those that checks can follow; with nil any may be
	// named. Probes reports which addresses are probed; nil is all.
	HealthObserver HealthObserver
	Alarms         Alarms
	Probes         func(netip.Addr) bool

	// CommitTimeout bounds how long an answer waits for the store once a
	// change is on its way there; 0 is 30 s. After it the outcome is unknown.
	CommitTimeout time.Duration
}

// Service implements route53api.API. Operations that it lacks answer
// NotImplemented.
type Service struct {
	api.Unimplemented

	store store.Store
	cfg   Config
	batch zone.Options
	ids   idSource
	turns turns
}

var _ api.API = (*Service)(nil)

// New returns a Service over a store, which it does not close.
func New(s store.Store, cfg Config) (*Service, error) {
	if cfg.Now == nil || cfg.Random == nil || cfg.Log == nil {
		return nil, errors.New("route53: a clock, a source of randomness and a logger are needed")
	}
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("route53: %w", err)
	}
	svc := &Service{store: s, cfg: cfg, ids: idSource{random: cfg.Random}, turns: newTurns()}
	svc.batch = zone.Options{
		Strict: cfg.Strict, EqualWeightedTTLs: cfg.EqualWeightedTTLs, Limits: cfg.BatchLimits,
		Regions: cfg.Regions, ServiceZones: cfg.ServiceZones,
		GeoLocations: func(l zone.Geolocation) bool {
			_, found := geo.Lookup(geo.Location(l))
			return found
		},
		LocalZoneGroups: func(name string) bool {
			_, found := geo.FindLocalZoneGroup(name)
			return found
		},
		HealthChecks: cfg.HealthChecks, CIDRCollections: cfg.CIDRCollections,
	}
	return svc, nil
}

// complete fills in the defaults and checks the rest.
func (c *Config) complete() error {
	if len(c.NameServers) == 0 {
		c.NameServers = []string{"ns1.open53.internal", "ns2.open53.internal", "ns3.open53.internal", "ns4.open53.internal"}
	}
	if len(c.PrivateNameServers) == 0 {
		c.PrivateNameServers = c.NameServers
	}
	var err error
	if c.NameServers, err = serverNames(c.NameServers); err != nil {
		return err
	}
	if c.PrivateNameServers, err = serverNames(c.PrivateNameServers); err != nil {
		return err
	}
	if c.BaseURL == "" {
		c.BaseURL = "https://route53.amazonaws.com"
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.AccountID == "" {
		c.AccountID = "000000000000"
	}
	if len(c.CheckerIPRanges) == 0 {
		c.CheckerIPRanges = []string{"127.0.0.1/32"}
	}
	for _, block := range c.CheckerIPRanges {
		if _, err := netip.ParsePrefix(block); err != nil {
			return fmt.Errorf("checker range: %w", err)
		}
	}
	if !c.TestResolver.IsValid() {
		c.TestResolver = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if c.Hostmaster == "" {
		c.Hostmaster = zone.DefaultHostmaster
	}
	if c.CommitTimeout <= 0 {
		c.CommitTimeout = 30 * time.Second
	}
	c.Limits = c.Limits.withDefaults()
	return nil
}

// GetCheckerIpRanges lists the addresses of health checkers.
//
//nolint:revive // the name is the API's
func (s *Service) GetCheckerIpRanges(context.Context, *api.GetCheckerIpRangesInput) (*api.GetCheckerIpRangesOutput, error) {
	return &api.GetCheckerIpRangesOutput{CheckerIpRanges: s.cfg.CheckerIPRanges}, nil
}

// location is the URL of a resource: "hostedzone/Z…".
func (s *Service) location(resource string) string {
	return s.cfg.BaseURL + api.PathPrefix + resource
}
