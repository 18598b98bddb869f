package sigv4

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// canonical builds canonical requests. It is scratch space, kept in a pool.
type canonical struct {
	buf        []byte      // the canonical request, then the string to sign
	encoded    []byte      // query names and values, encoded
	parameters []parameter // offsets into encoded
}

type parameter struct {
	name, value, end int // name is encoded[name:value], value is encoded[value:end]
}

var canonicals = sync.Pool{New: func() any { return new(canonical) }}

// keepScratch bounds what goes back into the pool, in bytes.
const keepScratch = 16 << 10

func (c *canonical) release() {
	if cap(c.buf) <= keepScratch && cap(c.encoded) <= keepScratch {
		canonicals.Put(c)
	}
}

// request builds the canonical request in buf. False means that the request
// has no canonical form: a signed header is missing, or the query holds a
// broken escape.
func (c *canonical) request(r *http.Request, path, query, signedHeaders string, bodyHash *[32]byte) bool {
	b := append(c.buf[:0], r.Method...)
	b = append(b, '\n')
	b = appendEncoded(b, path, true)
	b = append(b, '\n')
	b, ok := c.appendQuery(b, query)
	if !ok {
		return false
	}
	b = append(b, '\n')
	if b, ok = appendHeaders(b, r, signedHeaders); !ok {
		return false
	}
	b = append(b, '\n')
	b = append(b, signedHeaders...)
	b = append(b, '\n')
	c.buf = hex.AppendEncode(b, bodyHash[:])
	return true
}

// receivedTarget is path and raw query of a server's request, as they were
// received.
func receivedTarget(r *http.Request) (path, query string) {
	if !strings.HasPrefix(r.RequestURI, "/") { // the absolute form, or not from the network
		return sentTarget(r.URL)
	}
	path, query, _ = strings.Cut(r.RequestURI, "?")
	return path, query
}

// sentTarget is path and raw query of a client's request, as they will be
// sent.
func sentTarget(u *url.URL) (path, query string) {
	target := u.RequestURI()
	if u.Opaque != "" { // scheme://authority/path
		_, target, _ = strings.Cut(target, "//")
		target = strings.TrimLeftFunc(target, func(c rune) bool { return c != '/' && c != '?' })
	}
	path, query, _ = strings.Cut(target, "?")
	if path == "" {
		path = "/"
	}
	return path, query
}

// normalPath removes dot segments (RFC 3986 §5.2.4) and empty segments; one
// trailing slash stays.
func normalPath(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	kept := make([]string, 0, 8)
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 0 {
		return "/"
	}
	normal := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") {
		normal += "/"
	}
	return normal
}

// appendEncoded percent-encodes all but the unreserved characters (RFC 3986
// §2.3), an escape's % included.
func appendEncoded(b []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		b = appendEncodedByte(b, s[i], keepSlash)
	}
	return b
}

func appendEncodedByte(b []byte, c byte, keepSlash bool) []byte {
	const digits = "0123456789ABCDEF"
	if unreserved[c] || c == '/' && keepSlash {
		return append(b, c)
	}
	return append(b, '%', digits[c>>4], digits[c&15])
}

var unreserved = func() (set [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" {
		set[c] = true
	}
	return set
}()

// appendQuery writes the parameters of a raw query, decoded and encoded
// again, sorted by encoded name and then value, without X-Amz-Signature.
func (c *canonical) appendQuery(b []byte, query string) ([]byte, bool) {
	if query == "" {
		return b, true
	}
	c.encoded, c.parameters = c.encoded[:0], c.parameters[:0]
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var ok bool
		p := parameter{name: len(c.encoded)}
		if c.encoded, ok = appendRecoded(c.encoded, name); !ok {
			return b, false
		}
		p.value = len(c.encoded)
		if c.encoded, ok = appendRecoded(c.encoded, value); !ok {
			return b, false
		}
		p.end = len(c.encoded)
		if string(c.encoded[p.name:p.value]) != signatureParameter {
			c.parameters = append(c.parameters, p)
		}
	}
	slices.SortFunc(c.parameters, c.compare)
	for i, p := range c.parameters {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, c.encoded[p.name:p.value]...)
		b = append(b, '=')
		b = append(b, c.encoded[p.value:p.end]...)
	}
	return b, true
}

func (c *canonical) compare(x, y parameter) int {
	if n := bytes.Compare(c.encoded[x.name:x.value], c.encoded[y.name:y.value]); n != 0 {
		return n
	}
	return bytes.Compare(c.encoded[x.value:x.end], c.encoded[y.value:y.end])
}

// appendRecoded decodes a query name or value, a plus being a space, and
// encodes it in the one canonical way.
func appendRecoded(b []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return b, false
			}
			high, low := fromHex(s[i+1]), fromHex(s[i+2])
			if high > 15 || low > 15 {
				return b, false
			}
			c, i = high<<4|low, i+2
		}
		b = appendEncodedByte(b, c, false)
	}
	return b, true
}

// fromHex is the value of a hexadecimal digit, 255 for any other byte.
func fromHex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// appendHeaders writes "name:value\n" for each name in names, which are
// separated by semicolons. False means that a header is not there.
func appendHeaders(b []byte, r *http.Request, names string) ([]byte, bool) {
	for name := range strings.SplitSeq(names, ";") {
		b = append(append(b, name...), ':')
		switch values := r.Header.Values(name); {
		case name == "host": // net/http keeps it apart
			b = appendHeaderValue(b, requestHost(r))
		case len(values) > 0:
			for i, v := range values {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendHeaderValue(b, v)
			}
		case name == "content-length" && r.ContentLength >= 0:
			b = strconv.AppendInt(b, r.ContentLength, 10)
		default:
			return b, false
		}
		b = append(b, '\n')
	}
	return b, true
}

func requestHost(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// appendHeaderValue trims the value and folds runs of spaces into one.
func appendHeaderValue(b []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	for i := range len(v) {
		if v[i] == ' ' && v[i-1] == ' ' { // v[0] is no space
			continue
		}
		b = append(b, v[i])
	}
	return b
}
