package route53api

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"open53/internal/restxml"
)

// decoder reads elements; the generated decode functions work on it.
type decoder struct {
	restxml.Reader
	enums *openEnums
}

// missing reports the first of the required members that is not in has, whose
// bits are in the order of names.
func (d *decoder) missing(has uint64, names ...string) {
	for i, name := range names {
		if has&(1<<i) == 0 {
			d.Missing(name)
			return
		}
	}
}

// exchange is one request and its answer, as the generated code sees them.
type exchange struct {
	decoder
	api API
	ctx context.Context // of this request; an exchange does not outlive it

	labels [restxml.MaxLabels]string
	query  restxml.Query
	header http.Header
	body   []byte // of buffer, or of whoever read it
	params restxml.Params

	reply       []byte
	replyHeader http.Header

	buffer []byte
}

// maxKept is the largest buffer, in bytes, that a pooled exchange may hold.
const maxKept = 256 << 10

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// release gives the exchange back for another request.
func (x *exchange) release() {
	buffer, reply := x.buffer, x.reply
	if cap(buffer) > maxKept {
		buffer = nil
	}
	if cap(reply) > maxKept {
		reply = nil
	}
	x.api, x.ctx, x.header, x.replyHeader, x.enums = nil, nil, nil, nil, nil
	x.labels = [restxml.MaxLabels]string{}
	x.query, x.params = restxml.Query{}, restxml.Params{}
	x.Reset(nil)
	x.body, x.buffer, x.reply = nil, buffer[:0], reply[:0]
	exchanges.Put(x)
}

// paramErr is what is wrong with path, query and headers.
func (x *exchange) paramErr() error {
	if err := x.query.Err(); err != nil {
		return readError(err)
	}
	if err := x.params.Err(); err != nil {
		return readError(err)
	}
	return nil
}

// openBody begins the body, whose root element must have the given name. It
// is false where there is nothing to decode: the body is broken, or it is
// empty and nothing in it is required.
func (x *exchange) openBody(root string, required bool) bool {
	x.Namespace = Namespace
	x.Lenient = false
	if !required && len(bytes.TrimSpace(x.body)) == 0 {
		x.Reset(nil)
		return false
	}
	x.Reset(x.body)
	return x.Expect(root)
}

// closeBody ends the body and tells what was wrong with it.
func (x *exchange) closeBody() error {
	x.End()
	if err := x.Err(); err != nil {
		return readError(err)
	}
	return nil
}

// openReply begins the document of a success.
func (x *exchange) openReply(root string) {
	x.reply = append(x.reply, restxml.Declaration...)
	x.reply = restxml.AppendRoot(x.reply, root, Namespace)
}

// closeReply ends it.
func (x *exchange) closeReply(root string) {
	x.reply = restxml.AppendEnd(x.reply, root)
}
