// Package cloudwatch is the part of Amazon CloudWatch that goes with Route 53:
// metrics that can be put, read and listed, and alarms on one metric and a
// fixed threshold.
//
//	PutMetricData, health checks, DNS ─▶ metricstore ─▶ GetMetricStatistics, GetMetricData, ListMetrics
//	                                         │ every minute (10 s)
//	PutMetricAlarm ─▶ store (KindAlarm) ─▶ evaluation ─▶ store ─▶ webhooks, health checks
//
// An alarm is an entity of the store. Its document holds settings and state,
// so alarms survive a restart, and their history is the entity's events. All
// alarms are also in memory, by region and name, which is what evaluation
// reads; Service.changing orders their changes, and a change is durable before it is
// in memory or heard of. Metrics and alarms belong to the region of the
// request's credentials.
//
// Evaluation (evaluate.go) is pure. Service.Run is the clock that starts it,
// and runs the senders of webhooks. Everything is safe for concurrent use.
package cloudwatch

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/internal/cloudwatch/wire"
	"open53/internal/event"
	"open53/internal/metricstore"
	"open53/internal/store"
)

// Name is the signing name of the service.
const Name = "monitoring"

// Wire is what the service is called in requests.
var Wire = &wire.Service{
	Target:    "GraniteServiceVersion20100801",
	Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
	Version:   "2010-08-01",
}

// Config is what a Service needs.
type Config struct {
	Store     store.Store
	Metrics   *metricstore.Store
	AccountID string
	Now       func() time.Time
	Random    io.Reader // ids of changes
	Log       *slog.Logger
	// Webhooks are the URLs that stand for the ARNs of actions.
	Webhooks map[string]string
	// Client sends webhooks; nil is one that refuses link-local addresses.
	Client *http.Client
	// Strict refuses data in all namespaces that Amazon reserves, not only in
	// AWS/Route53.
	Strict bool
}

// Service is the CloudWatch API.
type Service struct {
	config  Config
	senders *senders
	kick    chan alarmKey // alarms to evaluate at once
	started int64         // Unix milliseconds

	watchers []func(region, name string, s State)

	// changing is held from the decision on a change of alarms until it is in
	// memory. It is locked before mu.
	changing sync.Mutex
	mu       sync.Mutex // guards alarms; never held while waiting
	alarms   map[alarmKey]*Alarm
}

// alarmKey is an alarm's place: names are unique in a region.
type alarmKey struct{ region, name string }

// New loads the alarms of the store.
func New(c Config) (*Service, error) {
	s := &Service{
		config: c, kick: make(chan alarmKey, 1024), alarms: map[alarmKey]*Alarm{},
		started: c.Now().UnixMilli(),
	}
	s.senders = newSenders(c.Client, c.Log)
	view := c.Store.View()
	defer view.Close()
	for entry, err := range view.List(event.IndexID(event.KindAlarm), nil, nil) {
		if err != nil {
			return nil, fmt.Errorf("load alarms: %w", err)
		}
		a, err := decodeAlarm(entry.Head.Document)
		if err != nil {
			return nil, fmt.Errorf("load alarm %q: %w", entry.IndexKey, err)
		}
		s.alarms[a.key()] = a
	}
	return s, nil
}

// Run evaluates alarms and sends webhooks until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.runEvaluation(ctx) })
	group.Go(func() error { return s.senders.run(ctx) })
	return group.Wait()
}

// OnAlarm has f called whenever what the metric of an alarm evaluates to
// changes, and when an alarm is deleted, with InsufficientData. SetAlarmState is not
// heard of, as by health checks. f must not block, nor change alarms. To be
// called before Run.
func (s *Service) OnAlarm(f func(region, name string, state State)) {
	s.watchers = append(s.watchers, f)
}

// AlarmState is what the metric of an alarm was last evaluated to, whatever
// SetAlarmState says. False: there is no such alarm.
func (s *Service) AlarmState(region, name string) (State, bool) {
	a := s.alarm(alarmKey{region, name})
	if a == nil {
		return InsufficientData, false
	}
	return a.Evaluated, true
}

// EachState tells of every alarm what its metric was last evaluated to. f must
// not call the Service.
func (s *Service) EachState(f func(region, name string, state State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, a := range s.alarms {
		f(k.region, k.name, a.Evaluated)
	}
}

// Alarm is an alarm as it is now. False: there is no such alarm. The caller
// must not change what it points to.
func (s *Service) Alarm(region, name string) (Alarm, bool) {
	a := s.alarm(alarmKey{region, name})
	if a == nil {
		return Alarm{}, false
	}
	return *a, true
}

// alarm is the alarm of a key, or nil.
func (s *Service) alarm(k alarmKey) *Alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alarms[k]
}
