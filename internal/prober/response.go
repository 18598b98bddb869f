package prober

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	maxHead = 16384 // bytes of status line and fields
	maxBody = 5120  // bytes that are searched
)

// heads are buffers for responses: most fit their first 2,048 bytes.
var heads = sync.Pool{New: func() any { return new(make([]byte, 0, 2048)) }}

var (
	errHeadTooLong = errors.New("the head of the response is longer than 16384 bytes")
	errNotHTTP     = errors.New("the response is not HTTP")
)

// converse sends the request and judges the response.
func (a *attempt) converse() {
	limits := a.prober.cfg.Timeouts
	_ = a.conn.SetDeadline(time.Now().Add(limits.Response)) // fails where the connection has, which the write will show
	if _, err := a.conn.Write(a.endpoint.request); err != nil {
		a.fail(failedResponse, responseText(err))
		return
	}
	buffer := heads.Get().(*[]byte) //nolint:forcetypeassert // nothing else is in it
	defer heads.Put(buffer)
	head, rest, err := a.readHead(buffer)
	if err != nil {
		a.fail(failedResponse, responseText(err))
		return
	}
	switch {
	case head.status < 200 || head.status > 399:
		a.fail(failedStatus, a.statusText(head.status))
	case len(a.endpoint.search) == 0:
		a.succeed(a.statusText(head.status))
	default:
		_ = a.conn.SetDeadline(time.Now().Add(limits.Body))
		a.searchBody(head, rest)
	}
}

// readHead reads up to the blank line behind the fields; rest is what came
// after it. Interim responses are passed over. RFC 9110 §15.2.
func (a *attempt) readHead(buffer *[]byte) (head head, rest []byte, err error) {
	sent := time.Now()
	b := (*buffer)[:0]
	for {
		end := headEnd(b)
		for end < 0 {
			if len(b) >= maxHead {
				return head, nil, errHeadTooLong
			}
			if len(b) == cap(b) {
				b = slices.Grow(b, 2*cap(b))
				*buffer = b[:0]
			}
			n, err := a.conn.Read(b[len(b):min(cap(b), maxHead)])
			if n > 0 && a.firstByte == 0 {
				a.firstByte = time.Since(sent)
			}
			b = b[:len(b)+n]
			if end = headEnd(b); end < 0 && err != nil {
				return head, nil, err
			}
		}
		if head, err = parseHead(b[:end]); err != nil || head.status >= 200 {
			return head, b[end:], err
		}
		b = b[end:]
	}
}

// headEnd is where the body begins; -1 if it is not there yet. Lines may end
// with a bare LF (RFC 9112 §2.2).
func headEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		switch {
		case i < len(b) && b[i] == '\n':
			return i + 1
		case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
			return i + 2
		}
	}
}

// head is what matters of the head of a response.
type head struct {
	status   int
	length   int64 // of the body; -1 is not said
	chunked  bool
	encoding string // lower case; empty is none
}

// parseHead reads a head: a status line and fields in the form of RFC 7230.
func parseHead(b []byte) (head, error) {
	h := head{length: -1}
	line, rest := cutLine(b)
	version, rest1, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(rest1, []byte(" "))
	if len(version) != len("HTTP/1.1") || !bytes.HasPrefix(version, []byte("HTTP/1.")) || version[7] < '0' || version[7] > '9' || len(code) != 3 {
		return h, errNotHTTP
	}
	var err error
	if h.status, err = strconv.Atoi(string(code)); err != nil || h.status < 100 {
		return h, errNotHTTP
	}
	for len(rest) > 0 {
		line, rest = cutLine(rest)
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' { // obs-fold (RFC 7230 §3.2.4)
			continue
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found || !isToken(name) {
			return h, errNotHTTP
		}
		if err := h.field(name, bytes.TrimSpace(value)); err != nil {
			return h, err
		}
	}
	return h, nil
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// isToken is RFC 9110 §5.6.2.
func isToken(b []byte) bool {
	return len(b) > 0 && len(bytes.Trim(b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~")) == 0
}

// field takes up a field that says how to read the body.
func (h *head) field(name, value []byte) error {
	switch {
	case bytes.EqualFold(name, []byte("content-length")):
		n, err := strconv.ParseUint(string(value), 10, 62)
		if err != nil {
			return errNotHTTP
		}
		h.length = int64(n)
	case bytes.EqualFold(name, []byte("transfer-encoding")):
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("content-encoding")):
		h.encoding = string(bytes.ToLower(value))
	}
	return nil
}

// searchBody looks for the string in the first 5,120 bytes of the body as it
// is once decompressed. It ends with the first occurrence.
func (a *attempt) searchBody(h head, rest []byte) {
	buffer := bodies.Get().(*[maxBody]byte) //nolint:forcetypeassert // nothing else is in it
	defer bodies.Put(buffer)
	body, err := h.body(io.MultiReader(bytes.NewReader(rest), a.conn))
	for n := 0; err == nil; {
		var more int
		more, err = body.Read(buffer[n:])
		// A match may begin in what was there before.
		from := max(n-len(a.endpoint.search)+1, 0)
		n += more
		if bytes.Contains(buffer[from:n], a.endpoint.search) {
			a.succeed(a.statusText(h.status))
			return
		}
		if n == maxBody {
			break
		}
	}
	if err != nil && isTimeout(err) {
		a.fail(failedMatch, a.statusText(h.status)+". The response body was not received within the timeout limit.")
		return
	}
	a.fail(failedMatch, a.statusText(h.status)+". The search string is not in the first 5120 bytes of the response body.")
}

var bodies = sync.Pool{New: func() any { return new([maxBody]byte) }}

// body is the content of the body that r begins with.
func (h *head) body(r io.Reader) (io.Reader, error) {
	switch {
	case h.status == http.StatusNoContent || h.status == http.StatusNotModified:
		return bytes.NewReader(nil), nil
	case h.chunked:
		r = httputil.NewChunkedReader(r)
	case h.length >= 0:
		r = io.LimitReader(r, h.length)
	}
	switch h.encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "deflate": // zlib by the book, raw by habit
		buffered := bufio.NewReader(r)
		if start, err := buffered.Peek(2); err == nil && start[0]&15 == 8 && (uint(start[0])<<8|uint(start[1]))%31 == 0 {
			return zlib.NewReader(buffered)
		}
		return flate.NewReader(buffered), nil
	}
	return r, nil
}

// statusText is "HTTP Status Code 200, OK", or with a name
// "HTTP Status Code: 200. Resolved IP: 192.0.2.2. OK".
func (a *attempt) statusText(status int) string {
	code, reason := strconv.Itoa(status), http.StatusText(status)
	if a.resolved != "" {
		resolved := a.resolved
		a.resolved = "" // it is in this text, where Amazon has it
		return "HTTP Status Code: " + code + ". " + resolved + reason
	}
	if reason == "" {
		return "HTTP Status Code " + code
	}
	return "HTTP Status Code " + code + ", " + reason
}

func responseText(err error) string {
	switch {
	case isTimeout(err):
		return "The health checker did not receive a response within the timeout limit."
	case errors.Is(err, errHeadTooLong), errors.Is(err, errNotHTTP):
		return "The response is not valid: " + err.Error() + "."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "The endpoint closed the connection without a response."
	}
	return "The connection to the endpoint was lost."
}
