package route53api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"open53/internal/restxml"
)

// FuzzDecodeRequest hands any labels, query and body to an operation. Nothing
// panics; what is refused is refused with an error of the client's; and what is
// accepted arrives a second time, written by our client, as the same input.
func FuzzDecodeRequest(f *testing.F) {
	for i, op := range testOperations {
		r := newRandomizer(f, uint64(i))
		for range 2 {
			labels, query, body := sentRequest(f, op, r.input(op))
			f.Add(uint8(i), labels[0], labels[1], query, body)
		}
	}
	f.Add(uint8(3), "/hostedzone/hostedzone/Z1", "", "", []byte(oneChange))
	var e echo
	api, enums := e.api(), newOpenEnums(Enums{})
	client := directClient(NewHandler(api, Options{}))
	f.Fuzz(func(t *testing.T, index uint8, label0, label1, query string, body []byte) {
		i := int(index) % len(operations)
		op := testOperations[i]
		e = echo{out: op.newOutput()}
		x := new(exchange)
		x.api, x.enums, x.ctx = api, enums, t.Context()
		x.header, x.replyHeader = make(http.Header), make(http.Header)
		x.labels[0], x.labels[1] = label0, label1
		x.query = *restxml.NewQuery(query)
		x.body = body
		err := operations[i].serve(x)
		if e.in == nil {
			if err == nil {
				t.Fatal("neither an error nor a call")
			}
			if code := func() APIError {
				var target APIError
				_ = errors.As(err, &target)
				return target
			}().Code(); code != "InvalidInput" && code != "MalformedInput" {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("an error behind the API: %v", err)
		}
		if !labelsFit(operations[i].route.Pattern, label0, label1) {
			return
		}
		first := e.in
		if _, err := op.call(t.Context(), client, first); err != nil {
			t.Fatalf("%+v is not accepted again: %v", first, err)
		}
		if diff := cmp.Diff(first, e.in, cmpopts.EquateNaNs()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// labelsFit reports whether the labels could have come from a path: they are
// text, not empty, and not to be mistaken for a prefix.
func labelsFit(pattern string, labels ...string) bool {
	for _, l := range labels[:strings.Count(pattern, "{")] {
		trimmed := strings.Trim(l, "/")
		for _, prefix := range []string{"hostedzone", "delegationset", "change"} {
			if trimmed == prefix || strings.HasSuffix(trimmed, "/"+prefix) {
				return false
			}
		}
		r := new(restxml.Reader)
		r.Reset([]byte(l))
		if trimmed == "" || r.Err() != nil {
			return false
		}
	}
	return true
}

// sentRequest is what our client makes of an input.
func sentRequest(f *testing.F, op testOperation, in any) (labels [restxml.MaxLabels]string, query string, body []byte) {
	f.Helper()
	router := newRouter()
	client := directClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		labels = router.Match(r.Method, r.URL.EscapedPath()).Labels
		query = r.URL.RawQuery
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
	}))
	_, _ = op.call(context.Background(), client, in)
	return labels, query, body
}

// FuzzHandler sends any request line and body; whatever happens, the answer is
// a document of the API.
func FuzzHandler(f *testing.F) {
	f.Add("POST", rrsetPath, []byte(oneChange))
	f.Add("GET", "/2013-04-01/hostedzone//hostedzone/Z1?x=%2F", []byte(nil))
	f.Add("PUT", "/", []byte("x"))
	h := NewHandler(recorder(func(_ context.Context, operation string, _ any) (any, error) {
		return nil, notImplemented(operation)
	}), Options{OnPanic: func(call *Call, value any, stack []byte) { panic(value) }})
	f.Fuzz(func(t *testing.T, method, target string, body []byte) {
		r, err := http.NewRequest(method, "http://test.invalid", bytes.NewReader(body))
		if err != nil {
			t.Skip()
		}
		if r.URL, err = r.URL.Parse(target); err != nil {
			t.Skip()
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusNoContent && method == http.MethodOptions {
			return
		}
		doc, err := restxml.ParseErrorDocument(w.Body.Bytes())
		if err != nil || doc.Code == "" || doc.RequestID == "" || doc.Message == "" {
			t.Fatalf("status %d: %q (%v)", w.Code, w.Body, err)
		}
	})
}
