package route53api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serveText answers every request with a status and a text.
func serveText(t *testing.T, status int, text string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(srv.Close)
	return &Client{Endpoint: srv.URL + "/"}
}

func TestClientAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		text   string
		want   string
	}{
		{"typed error", 404, `<ErrorResponse><Error><Code>NoSuchHostedZone</Code><Message>m</Message></Error></ErrorResponse>`, "NoSuchHostedZone: m"},
		{"old batch error", 400, `<InvalidChangeBatch><Messages><Message>a</Message><Message>b</Message></Messages></InvalidChangeBatch>`, "InvalidChangeBatch: [a, b]"},
		{"unknown code", 403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>`, "AccessDenied: m"},
		{"no document", 502, "<html>bad gateway", `UnknownError: GetHostedZoneCount: answer with status 502 and no error document: "<html>bad gateway"`},
		{"no code", 500, "<a/>", `UnknownError: GetHostedZoneCount: answer with status 500 and no error document: "<a/>"`},
		{"code as root", 403, "<InvalidSignatureException><Message>m</Message></InvalidSignatureException>", `InvalidSignatureException: m`},
		{"wrong document", 200, `<GetHostedZoneResponse/>`, "GetHostedZoneCount: read answer: GetHostedZoneResponse is not valid, expected GetHostedZoneCountResponse"},
		{"broken document", 200, `<GetHostedZoneCountResponse>`, "GetHostedZoneCount: read answer: line 1: the document ends inside element <GetHostedZoneCountResponse>"},
		{"no number", 200, `<GetHostedZoneCountResponse><HostedZoneCount>x</HostedZoneCount></GetHostedZoneCountResponse>`, "GetHostedZoneCount: read answer: cvc-datatype-valid.1.2.1: 'x' is not a valid value for 'integer'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := serveText(t, tt.status, tt.text).GetHostedZoneCount(t.Context(), &GetHostedZoneCountInput{})
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
	// A newer server may have values, members and lengths that are not in the model.
	out, err := serveText(t, 200, `<GetChangeResponse><New/><ChangeInfo><Id>`+strings.Repeat("x", 99)+`</Id><Status>THINKING</Status></ChangeInfo></GetChangeResponse>`).
		GetChange(t.Context(), &GetChangeInput{Id: "C1"})
	if err != nil || out.ChangeInfo.Status != "THINKING" || len(out.ChangeInfo.Id) != 99 {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestClientRequests(t *testing.T) {
	var seen *http.Request
	var body, signed string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen, body = r, string(b)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer srv.Close()
	c := &Client{Endpoint: srv.URL, Sign: func(r *http.Request, b []byte) error {
		signed = string(b)
		r.Header.Set("Authorization", "mine")
		return nil
	}}
	_, _ = c.ListResourceRecordSets(t.Context(), &ListResourceRecordSetsInput{HostedZoneId: "Z/1", StartRecordName: new("a b&c."), StartRecordType: new(RRTypeA)})
	if want := "/2013-04-01/hostedzone/Z%2F1/rrset?name=a%20b%26c.&type=A"; seen.RequestURI != want {
		t.Errorf("path %s, want %s", seen.RequestURI, want)
	}
	_, _ = c.UpdateHostedZoneComment(t.Context(), &UpdateHostedZoneCommentInput{Id: "Z1", Comment: new("<")})
	want := "<?xml version=\"1.0\"?>\n" + `<UpdateHostedZoneCommentRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Comment>&lt;</Comment></UpdateHostedZoneCommentRequest>`
	if body != want || signed != want || seen.Header.Get("Authorization") != "mine" || seen.Header.Get("Content-Type") != "application/xml" {
		t.Errorf("sent %q, signed %q, headers %v", body, signed, seen.Header)
	}

	seen = nil
	if _, err := c.GetHostedZone(t.Context(), &GetHostedZoneInput{}); err == nil || err.Error() != "GetHostedZone: Id is empty" || seen != nil {
		t.Errorf("empty label: %v", err)
	}
	refused := errors.New("no key")
	c.Sign = func(*http.Request, []byte) error { return refused }
	if _, err := c.GetHostedZoneCount(t.Context(), &GetHostedZoneCountInput{}); !errors.Is(err, refused) || seen != nil {
		t.Errorf("unsigned: %v", err)
	}
	c.Sign = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.GetHostedZoneCount(ctx, &GetHostedZoneCountInput{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
