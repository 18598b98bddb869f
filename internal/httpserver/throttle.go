package httpserver

import (
	"net/http"
	"sync"
	"time"

	"open53/internal/access"
)

// Rate is a token bucket: it holds up to Capacity tokens and gains Refill per
// second.
type Rate struct{ Capacity, Refill float64 }

// Rates are the rates of one account.
type Rates struct {
	Account Rate            // all requests together
	Action  Rate            // each action that is not in Actions
	Actions map[string]Rate // "CreateHostedZone" …
	Changes Rate            // record changes, all zones together; see ChangeCost
	// ChangeCost is what a request takes from Changes beside its records.
	ChangeCost map[string]float64
}

// AmazonRates are the published rates of Amazon Route 53 (2026).
func AmazonRates() Rates {
	r := Rates{
		Account: Rate{50, 10}, Action: Rate{50, 10}, Changes: Rate{1500, 100},
		Actions: map[string]Rate{
			"CreateHealthCheck":    {50, 0.5},
			"UpdateHealthCheck":    {50, 5},
			"DeleteHealthCheck":    {15, 3},
			"GetHealthCheckStatus": {4, 1}, "GetHealthCheckLastFailureReason": {4, 1},
			"AssociateVPCWithHostedZone":    {20, 5},
			"DisassociateVPCFromHostedZone": {10, 5},
		},
		ChangeCost: map[string]float64{
			"CreateHostedZone": 2, "DeleteHostedZone": 2, "AssociateVPCWithHostedZone": 2, "DisassociateVPCFromHostedZone": 2,
		},
	}
	for rate, actions := range map[Rate][]string{
		{40, 2}: {"CreateHostedZone", "CreateReusableDelegationSet"},
		{40, 5}: {"DeleteHostedZone", "DeleteReusableDelegationSet", "CreateCidrCollection", "ChangeCidrCollection", "DeleteCidrCollection"},
		{1, 1}:  {"CreateTrafficPolicyInstance", "UpdateTrafficPolicyInstance", "DeleteTrafficPolicyInstance"},
	} {
		for _, a := range actions {
			r.Actions[a] = rate
		}
	}
	return r
}

// Throttle imitates Amazon's request limits, for tests of clients. It is safe
// for concurrent use.
type Throttle struct {
	rates Rates
	now   func() time.Time

	mu      sync.Mutex // guards buckets and their content
	buckets map[bucketKey]*bucket
}

type bucketKey struct{ account, action string } // action "" is the account's, changesBucket that of changes

const changesBucket = "\x00changes"

type bucket struct {
	tokens float64
	at     time.Time
}

// NewThrottle makes a Throttle with full buckets.
func NewThrottle(rates Rates, now func() time.Time) *Throttle {
	return &Throttle{rates: rates, now: now, buckets: make(map[bucketKey]*bucket)}
}

var errThrottled = &access.Error{ErrorCode: "Throttling", HTTPStatus: http.StatusBadRequest, Message: "Rate exceeded"}

// Take counts a request. changes is what its records cost: 1 for a CREATE or a
// DELETE, 2 for an UPSERT. A request that is refused (*access.Error with the
// code Throttling) costs nothing.
func (t *Throttle) Take(account, action string, changes float64) error {
	rate, ok := t.rates.Actions[action]
	if !ok {
		rate = t.rates.Action
	}
	wants := [...]struct {
		key  bucketKey
		rate Rate
		cost float64
	}{
		{bucketKey{account, ""}, t.rates.Account, 1},
		{bucketKey{account, action}, rate, 1},
		{bucketKey{account, changesBucket}, t.rates.Changes, changes + t.rates.ChangeCost[action]},
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, w := range wants {
		b := t.buckets[w.key]
		if b == nil {
			b = &bucket{tokens: w.rate.Capacity, at: now}
			t.buckets[w.key] = b
		}
		if elapsed := now.Sub(b.at).Seconds(); elapsed > 0 {
			b.tokens = min(w.rate.Capacity, b.tokens+elapsed*w.rate.Refill)
			b.at = now
		}
		if b.tokens < w.cost {
			return errThrottled
		}
	}
	for _, w := range wants {
		t.buckets[w.key].tokens -= w.cost
	}
	return nil
}

// Wrap puts the Throttle in front of a REST-XML handler. action names a
// request's action and its cost in changes.
func (t *Throttle) Wrap(next http.Handler, action func(r *http.Request) (name string, changes float64)) http.Handler {
	fail := XMLErrors(route53Namespace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := access.RequestFrom(r.Context())
		name, changes := action(r)
		if t.Take(request.Caller.AccountID, name, changes) != nil {
			fail(w, request.ID, errThrottled)
			return
		}
		next.ServeHTTP(w, r)
	})
}
