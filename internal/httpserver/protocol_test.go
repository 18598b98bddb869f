package httpserver

import (
	"fmt"
	"net/http"
	"testing"

	"open53/internal/access"
)

// TestRefusalsInTheProtocolOfTheRequest: a service of several protocols is
// refused in the one that was spoken, and hears the region of the signature.
func TestRefusalsInTheProtocolOfTheRequest(t *testing.T) {
	t.Parallel()
	_, url := run(t, Options{Handlers: Handlers{Services: []Service{{
		Name: "several",
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, access.RequestFrom(r.Context()).Region)
		}),
		ErrorFor: func(r *http.Request) ErrorWriter {
			if r.Header.Get("X-Amz-Target") != "" {
				return AWSJSONErrors
			}
			return XMLErrors("")
		},
	}}}})
	stranger := admin
	stranger.SecretAccessKey = "another"
	for _, tt := range []struct{ target, contentType string }{
		{"", "text/xml"}, {"Several.Operation", "application/x-amz-json-1.1"},
	} {
		r := request(t, http.MethodPost, url+"/", "", stranger, "several")
		if tt.target != "" {
			r.Header.Set("X-Amz-Target", tt.target)
		}
		response, body := do(t, r)
		if response.StatusCode != http.StatusForbidden || response.Header.Get("Content-Type") != tt.contentType {
			t.Errorf("target %q: %d %s %s", tt.target, response.StatusCode, response.Header.Get("Content-Type"), body)
		}
	}
	if _, body := do(t, request(t, http.MethodPost, url+"/", "", admin, "several")); body != "us-east-1" {
		t.Errorf("region %q", body)
	}
}
