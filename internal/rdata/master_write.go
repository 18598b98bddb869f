package rdata

import (
	"fmt"
	"strconv"
)

// AppendMasterLine appends one record in master file form, with its line end:
//
//	www	300	IN	A	192.0.2.7
//
// The owner is written relative to origin where it lies below it ("@" for the
// origin itself) and absolute otherwise, or where origin is "" or the root.
// Names in rdata are absolute. Rdata that has no text form of its own is in
// the form of RFC 3597; malformed rdata of a known type is an error.
func AppendMasterLine(b []byte, origin, name Name, t Type, ttl uint32, wire []byte) ([]byte, error) {
	if !wellFormed(t, wire) {
		return b, fmt.Errorf("write %s record of %s: rdata is malformed", t, name)
	}
	line := appendMasterOwner(b, name, origin)
	line = append(line, '\t')
	line = strconv.AppendUint(line, uint64(ttl), 10)
	line = append(line, "\tIN\t"...)
	line = append(line, t.String()...)
	line = append(line, '\t')
	f := formatter{b: line, start: len(line), master: true}
	f.rdata(t, wire)
	if f.hard && !readsBack(t, f.b[f.start:], wire) {
		f.b = append(f.b[:f.start], genericText(wire)...)
	}
	return append(f.b, '\n'), nil
}

// readsBack reports whether text in a master file is wire again.
func readsBack(t Type, text, wire []byte) bool {
	var l lineReader
	if depth, err := l.scan(text, 0); err != nil || depth != 0 {
		return false
	}
	p := parser{rest: string(l.joined), master: true}
	p.value(t)
	return p.problem == nil && string(p.b) == string(wire)
}

func appendMasterOwner(b []byte, name, origin Name) []byte {
	switch {
	case name == Root:
		return append(b, '.')
	case origin == "" || origin == Root || !name.IsSubdomainOf(origin):
		return appendMasterLabels(b, name, len(name))
	case name == origin:
		return append(b, '@')
	}
	b = appendMasterLabels(b, name, len(name)-len(origin))
	return b[:len(b)-1] // without the last dot
}
