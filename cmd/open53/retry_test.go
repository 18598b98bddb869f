package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a server that gives one answer after the other, the last one for
// ever, and notes the bodies it got.
type answers struct {
	list   []answerOf
	bodies []string
}

type answerOf struct {
	status int
	body   string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(text)
	}
	a.bodies = append(a.bodies, body)
	next := a.list[min(len(a.bodies), len(a.list))-1]
	if next.status == 0 {
		return nil, errors.New(next.body)
	}
	return &http.Response{StatusCode: next.status, Body: io.NopCloser(strings.NewReader(next.body)), Header: http.Header{}}, nil
}

func TestRetry(t *testing.T) {
	throttled := answerOf{400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"}
	good := answerOf{200, "fine"}
	for _, tt := range []struct {
		name     string
		method   string
		list     []answerOf
		attempts int
		want     answerOf
	}{
		{"at once", "POST", []answerOf{good}, 1, good},
		{"throttled", "POST", []answerOf{throttled, {400, "<x><Code>PriorRequestNotComplete</Code></x>"}, {429, ""}, {503, ""}, good}, 5, good},
		{"for ever", "POST", []answerOf{throttled}, maxAttempts, throttled},
		{"another refusal", "POST", []answerOf{{400, "<Code>InvalidInput</Code> Throttling"}}, 1, answerOf{400, "<Code>InvalidInput</Code> Throttling"}},
		{"long refusal", "POST", []answerOf{{400, strings.Repeat("x", 3*maxRefusal)}}, 1, answerOf{400, strings.Repeat("x", 3*maxRefusal)}},
		{"may have been done", "POST", []answerOf{{502, "gone"}, good}, 1, answerOf{502, "gone"}},
		{"only read", "GET", []answerOf{{502, ""}, {504, ""}, good}, 3, good},
		{"our own fault", "GET", []answerOf{{500, "oops"}, good}, 1, answerOf{500, "oops"}},
		{"no answer", "GET", []answerOf{{0, "cut"}, good}, 1, answerOf{0, "cut"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &answers{list: tt.list}
				r, err := http.NewRequest(tt.method, "http://example.com/", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				started := time.Now()
				resp, err := (&retrier{next: server}).RoundTrip(r)
				got := answerOf{}
				if err != nil {
					got.body = err.Error()
				} else {
					text, err := io.ReadAll(resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					got = answerOf{resp.StatusCode, string(text)}
				}
				if got != tt.want {
					t.Errorf("answer %v, want %v", got, tt.want)
				}
				if len(server.bodies) != tt.attempts {
					t.Errorf("%d attempts, want %d", len(server.bodies), tt.attempts)
				}
				for _, body := range server.bodies {
					if body != "body" {
						t.Errorf("sent %q", body)
					}
				}
				if waited := time.Since(started); tt.attempts > 1 && waited < 100*time.Millisecond || waited > time.Minute {
					t.Errorf("waited %v", waited)
				}
			})
		})
	}
}

func TestRetryEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "POST", "http://example.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&retrier{next: &answers{list: []answerOf{{503, ""}}}}).RoundTrip(r)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
