package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxAttempts is how often a request is sent at most. The pauses between them
// are about 0.2, 0.4, 0.8, … seconds and at most 5.
const maxAttempts = 8

// maxRefusal bounds what is read of an answer to see why it is a refusal.
const maxRefusal = 64 << 10

// retrier sends requests again that the server has turned away without looking
// at them: Amazon's throttling, and servers that are busy. What may have been
// done is not sent again, unless it is a GET.
type retrier struct {
	next http.RoundTripper
}

func (t *retrier) RoundTrip(r *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		resp, err := t.next.RoundTrip(r)
		if err != nil || attempt == maxAttempts || !turnedAway(r, resp) {
			return resp, err
		}
		if r.Body != nil && r.GetBody == nil {
			return resp, nil
		}
		_ = resp.Body.Close() // was read to the end, or does not matter
		if err := pause(r, attempt); err != nil {
			return nil, err
		}
		if r.GetBody != nil {
			again := r.Clone(r.Context())
			if again.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
			r = again
		}
	}
}

// turnedAway reports whether the request was refused for a reason that passes.
// The body of resp can be read all the same.
func turnedAway(r *http.Request, resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return r.Method == http.MethodGet
	case http.StatusBadRequest:
	default:
		return false
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), resp.Body), resp.Body}
	return err == nil && (bytes.Contains(text, []byte("<Code>Throttling</Code>")) || bytes.Contains(text, []byte("<Code>PriorRequestNotComplete</Code>")))
}

func pause(r *http.Request, attempt int) error {
	length := min(100*time.Millisecond<<attempt, 5*time.Second)
	timer := time.NewTimer(length/2 + rand.N(length)) // so that parallel ones part
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}
