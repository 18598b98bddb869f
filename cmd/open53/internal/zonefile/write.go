package zonefile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"open53/cmd/open53/internal/awsjson"
	"open53/internal/rdata"
)

// Writer writes a zone as a master file: its SOA first, then every set in the
// order in which it comes. The result depends on the sets alone.
type Writer struct {
	w    *bufio.Writer
	apex rdata.Name
	// held are the sets of the apex until its SOA has come: list order puts
	// the SOA behind others.
	held   []*Set
	opened bool
	line   []byte
	err    error
}

// NewWriter makes a Writer for the zone with the given name.
func NewWriter(w io.Writer, apex rdata.Name) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 1<<16), apex: apex}
}

// Add writes one set. Sets come in list order. Errors are those of Close.
func (w *Writer) Add(s *Set) {
	switch {
	case w.opened:
		w.set(s)
	case s.Name != w.apex:
		w.open(nil)
		w.set(s)
	case s.Type == rdata.TypeSOA:
		w.open(s)
	default:
		w.held = append(w.held, s)
	}
}

// Close writes what is left. The error is the first one of all writes.
func (w *Writer) Close() error {
	if !w.opened {
		w.open(nil)
	}
	if err := w.w.Flush(); w.err == nil && err != nil {
		w.err = fmt.Errorf("write zone file: %w", err)
	}
	return w.err
}

// open writes the head of the file and what was held; soa may be nil.
func (w *Writer) open(soa *Set) {
	w.opened = true
	w.print("; Zone " + w.apex.String() + ", written by open53. What a master file cannot say is in comments that begin with \"open53:\".\n")
	w.line = append(appendMasterName(append(w.line[:0], "$ORIGIN "...), w.apex), '\n')
	if soa != nil {
		w.line = fmt.Appendf(w.line, "$TTL %d\n", soa.TTL)
	}
	w.print(string(w.line))
	if soa != nil {
		w.set(soa)
	}
	for _, s := range w.held {
		w.set(s)
	}
	w.held = nil
}

func (w *Writer) print(text string) {
	if _, err := w.w.WriteString(text); err != nil && w.err == nil {
		w.err = fmt.Errorf("write zone file: %w", err)
	}
}

func (w *Writer) set(s *Set) {
	w.line = AppendSet(w.line[:0], s, w.apex)
	w.print(string(w.line))
}

// AppendSet appends the lines that say the set in the file of a zone: one for
// each value, or a comment.
func AppendSet(b []byte, s *Set, apex rdata.Name) []byte {
	if s.Special == nil {
		if lines, err := appendRecords(b, s, apex); err == nil {
			return lines
		}
	}
	// An alias, say, or a value of another server's that is none of its type.
	b = append(b, commentMark...)
	start := len(b)
	b = awsjson.Append(b, s.API(""))
	// The zone itself; within a string the quotation marks would be escaped.
	text := bytes.Replace(b[start:], []byte(`"HostedZoneId":"",`), nil, 1)
	return append(append(b[:start], text...), '\n')
}

// appendMasterName appends an absolute name in the form of master files.
func appendMasterName(b []byte, name rdata.Name) []byte {
	line, err := rdata.AppendMasterLine(nil, "", name, rdata.TypeA, 0, make([]byte, 4))
	if err != nil {
		panic(err) // the rdata is four bytes
	}
	owner, _, _ := bytes.Cut(line, []byte{'\t'})
	return append(b, owner...)
}

func appendRecords(b []byte, s *Set, apex rdata.Name) ([]byte, error) {
	var buf [512]byte
	for _, v := range s.Values {
		wire, err := rdata.AppendValue(buf[:0], s.Type, v)
		if err == nil {
			b, err = rdata.AppendMasterLine(b, apex, s.Name, s.Type, s.TTL, wire)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}
