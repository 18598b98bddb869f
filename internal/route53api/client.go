package route53api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"open53/internal/restxml"
)

// maxAnswer bounds what a Client reads of one answer, in bytes.
const maxAnswer = 64 << 20

// Client is an API that lives behind HTTP. Its methods return the typed errors
// of the API (*NoSuchHostedZone, …), *GenericError for codes without a type,
// and other errors where no answer was had. It does not retry.
type Client struct {
	// Endpoint is scheme and host, "http://127.0.0.1:4566".
	Endpoint string
	// HTTP sends the requests; nil is http.DefaultClient.
	HTTP *http.Client
	// Sign signs a request whose body is body; nil sends it as it is.
	Sign func(r *http.Request, body []byte) error
}

// outgoing is a request in the making.
type outgoing struct {
	operation, method string
	path, query, body []byte
	header            http.Header
	err               error
}

func (q *outgoing) literal(path string) { q.path = append(q.path, path...) }

func (q *outgoing) label(member, value string) {
	if value == "" {
		q.err = fmt.Errorf("%s is empty", member)
	}
	q.path = restxml.AppendEscaped(q.path, value)
}

func (q *outgoing) param(name, value string) {
	if q.query != nil {
		q.query = append(q.query, '&')
	}
	q.query = append(restxml.AppendEscaped(q.query, name), '=')
	q.query = restxml.AppendEscaped(q.query, value)
}

func (q *outgoing) openBody(root string) {
	q.body = append(q.body, restxml.Declaration...)
	q.body = restxml.AppendRoot(q.body, root, Namespace)
}

func (q *outgoing) closeBody(root string) { q.body = restxml.AppendEnd(q.body, root) }

// send sends the request and returns the answer if it is a success.
func (c *Client) send(ctx context.Context, q *outgoing) (*answer, error) {
	a, err := c.exchange(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.operation, err)
	}
	if a.status >= 200 && a.status <= 299 {
		return a, nil
	}
	doc, err := restxml.ParseErrorDocument(a.data)
	if err != nil || doc.Code == "" {
		text := strings.ToValidUTF8(string(a.data[:min(len(a.data), 200)]), "?")
		return nil, &GenericError{"UnknownError", a.status, fmt.Sprintf("%s: answer with status %d and no error document: %q", q.operation, a.status, text)}
	}
	return nil, errorFrom(doc, a.status)
}

func (c *Client) exchange(ctx context.Context, q *outgoing) (*answer, error) {
	if q.err != nil {
		return nil, q.err
	}
	url := strings.TrimSuffix(c.Endpoint, "/") + string(q.path)
	if q.query != nil {
		url += "?" + string(q.query)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, url, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, q.header)
	if len(q.body) > 0 {
		r.Header.Set("Content-Type", "application/xml")
	}
	if c.Sign != nil {
		if err := c.Sign(r, q.body); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer: %w", err)
	case len(data) > maxAnswer:
		return nil, fmt.Errorf("answer is larger than %d bytes", maxAnswer)
	}
	return &answer{operation: q.operation, status: resp.StatusCode, header: resp.Header, data: data}, nil
}

// answer is the answer to an outgoing request.
type answer struct {
	decoder
	operation string
	status    int
	header    http.Header
	data      []byte
}

// answerEnums are those of the model; they do not matter, because answers are
// read leniently.
var answerEnums = newOpenEnums(Enums{})

func (a *answer) open(root string) bool {
	a.enums = answerEnums
	a.Lenient = true
	a.Reset(a.data)
	return a.Expect(root)
}

func (a *answer) close() error {
	if a.End(); a.Err() != nil {
		return fmt.Errorf("%s: read answer: %w", a.operation, a.Err())
	}
	return nil
}
