package httpserver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"open53/internal/access"
)

func TestThrottle(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fresh := func() *Throttle { return NewThrottle(AmazonRates(), func() time.Time { return now }) }
	taken := func(th *Throttle, account, action string, changes float64, tries int) (n int) {
		for range tries {
			if th.Take(account, action, changes) == nil {
				n++
			}
		}
		return n
	}

	th := fresh()
	if n := taken(th, "a", "ListHostedZones", 0, 100); n != 50 {
		t.Errorf("%d requests at once, want 50", n)
	}
	if n := taken(th, "a", "GetChange", 0, 10); n != 0 {
		t.Errorf("another action of the same account: %d", n)
	}
	if n := taken(th, "b", "ListHostedZones", 0, 100); n != 50 {
		t.Errorf("another account: %d", n)
	}
	now = now.Add(500 * time.Millisecond)
	if n := taken(th, "a", "ListHostedZones", 0, 100); n != 5 {
		t.Errorf("half a second later: %d, want 5", n)
	}
	now = now.Add(time.Hour)
	if n := taken(th, "a", "ListHostedZones", 0, 100); n != 50 {
		t.Errorf("an hour later: %d, want 50", n)
	}

	th = fresh()
	if n := taken(th, "a", "GetHealthCheckStatus", 0, 10); n != 4 {
		t.Errorf("an action of its own rate: %d, want 4", n)
	}
	if n := taken(th, "a", "ListHostedZones", 0, 100); n != 46 {
		t.Errorf("refused requests cost something: %d left, want 46", n)
	}

	th = fresh()
	if n := taken(th, "a", "ChangeResourceRecordSets", 200, 20); n != 7 {
		t.Errorf("batches of 200 changes: %d, want 7", n)
	}
	if n := taken(th, "a", "CreateHostedZone", 0, 100); n != 40 {
		t.Errorf("zones: %d, want 40", n)
	}
	if n := taken(th, "a", "ChangeResourceRecordSets", 21, 1); n != 0 { // 1500 - 1400 - 80
		t.Error("creating zones costs no changes")
	}
	if n := taken(th, "a", "ChangeResourceRecordSets", 20, 1); n != 1 {
		t.Error("the rest of the changes is gone")
	}
}

func TestThrottleConcurrently(t *testing.T) {
	now := time.Now()
	th := NewThrottle(AmazonRates(), func() time.Time { return now })
	var mu sync.Mutex
	total := 0
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				if th.Take("a", "GetChange", 0) == nil {
					mu.Lock()
					total++
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	if total != 50 {
		t.Errorf("%d requests passed, want 50", total)
	}
}

func TestThrottleWrap(t *testing.T) {
	now := time.Now()
	th := NewThrottle(Rates{Account: Rate{1, 0}, Action: Rate{9, 9}}, func() time.Time { return now })
	h := th.Wrap(echo("route53"), func(*http.Request) (string, float64) { return "GetChange", 0 })
	for i, want := range []int{200, 400} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		w.Header().Set(RequestIDHeader, "id")
		h.ServeHTTP(w, r.WithContext(access.WithRequest(context.Background(), &access.Request{ID: "id", Body: []byte{}})))
		if w.Code != want {
			t.Errorf("request %d: %d %s", i, w.Code, w.Body)
		}
		if want == 400 && errorCode(t, w.Result(), w.Body.String()) != "Throttling" {
			t.Errorf("%s", w.Body)
		}
	}
}
