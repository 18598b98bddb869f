package route53api

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/internal/restxml"
)

// direct is a RoundTripper that calls a handler.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	// As a server would have parsed it.
	parsed := httptest.NewRequest(r.Method, r.URL.RequestURI(), r.Body).WithContext(r.Context())
	parsed.Header = r.Header
	d.ServeHTTP(w, parsed)
	return w.Result(), nil
}

func directClient(h http.Handler) *Client {
	return &Client{Endpoint: "http://test.invalid", HTTP: &http.Client{Transport: direct{h}}}
}

// echo is an API that keeps the last request and gives a prepared answer.
type echo struct {
	operation string
	in, out   any
	err       error
}

func (e *echo) api() API {
	return recorder(func(_ context.Context, operation string, in any) (any, error) {
		e.operation, e.in = operation, in
		return e.out, e.err
	})
}

// Everything that an input or an output can hold arrives at the other side.
func TestRoundTripAllOperations(t *testing.T) {
	if len(testOperations) != 71 {
		t.Fatalf("%d operations", len(testOperations))
	}
	var e echo
	client := directClient(NewHandler(e.api(), Options{}))
	for _, op := range testOperations {
		t.Run(op.name, func(t *testing.T) {
			r := newRandomizer(t, 1)
			for range 50 {
				in, out := r.input(op), r.output(op)
				e = echo{out: out}
				got, err := op.call(t.Context(), client, in)
				if err != nil {
					t.Fatalf("%v\ninput %+v", err, in)
				}
				if e.operation != op.name {
					t.Fatalf("arrived at %s", e.operation)
				}
				if diff := cmp.Diff(in, e.in); diff != "" {
					t.Fatalf("input: %s", diff)
				}
				if diff := cmp.Diff(out, got); diff != "" {
					t.Fatalf("output: %s", diff)
				}
			}
		})
	}
}

// Clients write members in any order, and newer ones write members that we do
// not know.
func TestShuffledAndUnknownMembers(t *testing.T) {
	bodies := 0
	for _, op := range testOperations {
		t.Run(op.name, func(t *testing.T) {
			r := newRandomizer(t, 2)
			var e echo
			h := NewHandler(e.api(), Options{})
			client := directClient(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				body, err := io.ReadAll(q.Body)
				if err != nil {
					t.Error(err)
				}
				if len(body) > 0 {
					body = shuffle(t, r, body)
					bodies++
				}
				h.ServeHTTP(w, httptest.NewRequest(q.Method, q.URL.RequestURI(), bytes.NewReader(body)))
			}))
			for range 20 {
				in := r.input(op)
				e = echo{out: r.output(op)}
				if _, err := op.call(t.Context(), client, in); err != nil {
					t.Fatalf("%v\ninput %+v", err, in)
				}
				if diff := cmp.Diff(in, e.in); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
	if want := 22 * 20; bodies != want {
		t.Errorf("%d bodies were shuffled, want %d", bodies, want)
	}
}

// node is an element of a parsed document.
type node struct {
	name     string
	text     []byte
	children []*node
}

// shuffle changes the order of the members of structures in a document, and
// adds members and attributes that the model does not have. The items of lists
// keep their order.
func shuffle(t *testing.T, r *randomizer, doc []byte) []byte {
	t.Helper()
	root := new(node)
	open := []*node{root}
	for d := xml.NewDecoder(bytes.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local}
			top.children = append(top.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text = append(top.text, token...)
		}
	}
	return root.children[0].append([]byte("<?xml version='1.0' encoding='UTF-8'?>"), r)
}

func (n *node) append(b []byte, r *randomizer) []byte {
	b = append(b, "<n:"+n.name+" xmlns:n='"+Namespace+"' later=\"&lt;1\">"...)
	if len(n.children) == 0 {
		b = restxml.AppendText(b, string(n.text))
	} else {
		list := len(n.children) > 1 && n.children[0].name == n.children[1].name
		if !list {
			r.Shuffle(len(n.children), func(i, j int) { n.children[i], n.children[j] = n.children[j], n.children[i] })
		}
		at := r.IntN(len(n.children))
		for i, child := range n.children {
			if i == at {
				b = append(b, "\n<Later><Name>x</Name>text<!-- --><![CDATA[<]]></Later>"...)
			}
			b = child.append(append(b, "\n\t"...), r)
		}
	}
	return restxml.AppendEnd(b, "n:"+n.name)
}
