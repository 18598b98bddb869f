package cloudwatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/internal/cloudwatch/wire"
)

// How webhooks are sent.
const (
	senderCount = 4
	senderQueue = 1024 // messages, each sender
	sendTries   = 5
	sendTimeout = 10 * time.Second
	sendBackoff = time.Second // doubles with each try
)

// message is one webhook to send.
type message struct {
	url, alarm string
	body       []byte
}

// senders send webhooks. Those of one alarm go through one sender, so they
// arrive in order. What is queued is lost when the process ends.
type senders struct {
	client *http.Client
	log    *slog.Logger
	seed   maphash.Seed
	queues [senderCount]chan message
	lost   atomic.Uint64
}

func newSenders(client *http.Client, log *slog.Logger) *senders {
	if client == nil {
		client = webhookClient()
	}
	s := &senders{client: client, log: log, seed: maphash.MakeSeed()}
	for i := range s.queues {
		s.queues[i] = make(chan message, senderQueue)
	}
	return s
}

var errLinkLocal = errors.New("link-local addresses are not for webhooks")

// webhookClient follows no redirects and reaches no link-local address, where
// clouds keep their metadata services.
func webhookClient() *http.Client {
	dialer := &net.Dialer{Timeout: sendTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		peer, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := peer.Addr().Unmap(); ip.IsLinkLocalUnicast() || ip == netip.MustParseAddr("fd00:ec2::254") {
			return errLinkLocal
		}
		return nil
	}}
	return &http.Client{
		Timeout:       sendTimeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// WebhooksLost counts the webhooks that were not delivered.
func (s *Service) WebhooksLost() uint64 { return s.senders.lost.Load() }

// queue takes a message, or loses it where too many wait.
func (s *senders) queue(m message) {
	select {
	case s.queues[maphash.String(s.seed, m.alarm)%senderCount] <- m:
	default:
		s.lost.Add(1)
		s.log.Warn("webhook not sent: too many are waiting", "alarm", m.alarm, "url", redacted(m.url))
	}
}

// run sends until ctx ends.
func (s *senders) run(ctx context.Context) error {
	var group errgroup.Group
	for _, queue := range s.queues {
		group.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case m := <-queue:
					s.send(ctx, m)
				}
			}
		})
	}
	return group.Wait()
}

// send tries a message until it is taken, refused for good, or tried enough.
func (s *senders) send(ctx context.Context, m message) {
	wait := sendBackoff
	for try := 1; ; try++ {
		final, err := s.post(ctx, m)
		if err == nil || ctx.Err() != nil {
			return
		}
		if final || try == sendTries {
			s.lost.Add(1)
			s.log.Warn("webhook not delivered", "alarm", m.alarm, "url", redacted(m.url), "tries", try, "error", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// post sends a message once; final says that trying again is of no use.
func (s *senders) post(ctx context.Context, m message) (final bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(m.body))
	if err != nil {
		return true, errors.New("the URL is not valid")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "open53-alarm")
	answer, err := s.client.Do(r)
	if err != nil {
		if reason, ok := errors.AsType[*url.Error](err); ok { // without the URL, which may hold a secret
			err = reason.Err
		}
		return errors.Is(err, errLinkLocal), err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	answer.Body.Close()                                             //nolint:errcheck // it was read
	if answer.StatusCode/100 == 2 {
		return false, nil
	}
	retry := answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout
	return !retry, fmt.Errorf("status %d", answer.StatusCode)
}

// redacted is a URL without what may be secret in it.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	return u.Scheme + "://" + u.Host
}

// act takes the actions of an alarm that went into a new state.
func (s *Service) act(old State, a *Alarm) {
	if a.ActionsDisabled {
		return
	}
	var body []byte
	for _, action := range a.actions(a.State) {
		target := s.webhook(action)
		if target == "" {
			continue
		}
		if body == nil {
			var err error
			if body, err = json.Marshal(s.notification(old, a)); err != nil {
				s.config.Log.Error("make webhook", "alarm", a.ID, "error", err)
				return
			}
		}
		s.senders.queue(message{target, a.ID, body})
	}
}

// webhook is the URL of an action; "" if there is none for its ARN.
func (s *Service) webhook(action string) string {
	if isURL(action) {
		return action
	}
	return s.config.Webhooks[action]
}

func isURL(action string) bool {
	return strings.HasPrefix(action, "http://") || strings.HasPrefix(action, "https://")
}

// notification is what CloudWatch publishes to SNS, field by field.
type notification struct {
	AlarmName                          string
	AlarmDescription                   string
	AWSAccountID                       string `json:"AWSAccountId"`
	AlarmConfigurationUpdatedTimestamp string
	NewStateValue                      State
	NewStateReason                     string
	StateChangeTime                    string
	Region                             string
	AlarmARN                           string `json:"AlarmArn"`
	OldStateValue                      State
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	Trigger                            trigger
}

// trigger is what the alarm watches.
type trigger struct {
	MetricName                       string
	Namespace                        string
	StatisticType                    string
	Statistic                        string `json:",omitempty"`
	ExtendedStatistic                string `json:",omitempty"`
	Unit                             *string
	Dimensions                       []triggerDimension
	Period                           int64
	EvaluationPeriods                int64
	DatapointsToAlarm                int64 `json:",omitempty"`
	ComparisonOperator               string
	Threshold                        wire.Double
	TreatMissingData                 string
	EvaluateLowSampleCountPercentile string
}

// triggerDimension is a dimension with the member names of SNS messages.
type triggerDimension struct {
	Value string `json:"value"`
	Name  string `json:"name"`
}

func (s *Service) notification(old State, a *Alarm) *notification {
	n := &notification{
		AlarmName: a.Name, AlarmDescription: a.Description, AWSAccountID: s.config.AccountID,
		AlarmConfigurationUpdatedTimestamp: clock(a.Updated), NewStateValue: a.State, NewStateReason: a.Reason,
		StateChangeTime: clock(a.StateUpdated), Region: a.Region, AlarmARN: s.arn(a.key()), OldStateValue: old,
		OKActions: list(a.OKActions), AlarmActions: list(a.AlarmActions), InsufficientDataActions: list(a.InsufficientDataActions),
		Trigger: trigger{
			MetricName: a.Metric, Namespace: a.Namespace, StatisticType: "Statistic", Dimensions: []triggerDimension{},
			Period: a.Period, EvaluationPeriods: a.EvaluationPeriods, DatapointsToAlarm: a.DatapointsToAlarm,
			ComparisonOperator: a.Comparison, Threshold: wire.Double(a.Threshold),
			TreatMissingData: a.TreatMissingData, EvaluateLowSampleCountPercentile: a.LowSampleCount,
		},
	}
	if isStatistic(a.Statistic) {
		n.Trigger.Statistic = strings.ToUpper(a.Statistic)
	} else {
		n.Trigger.StatisticType, n.Trigger.ExtendedStatistic = "ExtendedStatistic", a.Statistic
	}
	if a.Unit != "" {
		n.Trigger.Unit = &a.Unit
	}
	for _, d := range a.Dimensions {
		n.Trigger.Dimensions = append(n.Trigger.Dimensions, triggerDimension{d.Value, d.Name})
	}
	return n
}

// list is an empty list for none.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
