package rdata

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxMasterLine bounds the memory for one line and for one record: enough for
// the longest rdata with an escape for each byte.
const maxMasterLine = 1 << 20

var (
	errUnclosedQuote = errors.New("quotation mark is not closed on its line")
	errUnclosedParen = errors.New("parenthesis is not closed")
	errExtraParen    = errors.New("closing parenthesis without an opening one")
	errLineTooLong   = errors.New("record is longer than 1 MiB")
)

// lineReader joins the physical lines of a master file into logical ones: one
// record or directive each, without comments, parentheses and line ends.
type lineReader struct {
	r *bufio.Reader
	// line is the number of the last physical line read; start that of the
	// first one of the logical line.
	line, start int
	joined      []byte // buffer for logical lines that are not plain
	long        []byte // buffer for physical lines longer than r's
}

func newLineReader(r io.Reader) *lineReader {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		buffered.Discard(3) //nolint:errcheck // the three bytes are buffered
	}
	return &lineReader{r: buffered}
}

// next returns the next logical line, valid until the call after. At the end
// of the file it returns io.EOF. The other errors of this file leave the
// reader behind the faulty line; reading can go on.
func (l *lineReader) next() ([]byte, error) {
	text, err := l.physical()
	l.start = l.line
	if err != nil {
		return nil, err
	}
	if plain(text) {
		return text, nil
	}
	return l.join(text)
}

// plain reports whether none of text means anything across fields.
func plain(text []byte) bool {
	for _, c := range text {
		switch c {
		case '(', ')', ';', '"', '\\':
			return false
		}
	}
	return true
}

// join scans text and, inside parentheses, the lines that follow.
func (l *lineReader) join(text []byte) ([]byte, error) {
	l.joined = l.joined[:0]
	depth := 0
	for {
		var err error
		if depth, err = l.scan(text, depth); err != nil {
			return nil, err
		}
		if depth == 0 {
			return l.joined, nil
		}
		if len(l.joined) > maxMasterLine {
			return nil, errLineTooLong
		}
		l.joined = append(l.joined, ' ')
		if text, err = l.physical(); err != nil {
			if errors.Is(err, io.EOF) {
				err = errUnclosedParen
			}
			return nil, err
		}
	}
}

// scan appends the meaning of one physical line to l.joined; depth counts the
// open parentheses.
func (l *lineReader) scan(text []byte, depth int) (int, error) {
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			l.joined = append(l.joined, c)
			i++
			c = text[i]
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ';':
			return depth, nil
		case c == '(':
			depth++
			c = ' '
		case c == ')':
			if depth--; depth < 0 {
				return 0, errExtraParen
			}
			c = ' '
		}
		l.joined = append(l.joined, c)
	}
	if quoted {
		return 0, errUnclosedQuote
	}
	return depth, nil
}

// physical returns the next line without its end.
func (l *lineReader) physical() ([]byte, error) {
	text, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		text, err = l.physicalLong(text)
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
		return nil, err
	}
	l.line++
	text = bytes.TrimSuffix(text, []byte{'\n'})
	return bytes.TrimSuffix(text, []byte{'\r'}), nil
}

// physicalLong reads on behind a first part that filled the buffer.
func (l *lineReader) physicalLong(first []byte) ([]byte, error) {
	l.long = append(l.long[:0], first...)
	for {
		text, err := l.r.ReadSlice('\n')
		if len(l.long) <= maxMasterLine {
			l.long = append(l.long, text...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err == nil && len(l.long) > maxMasterLine {
			l.line++
			return nil, errLineTooLong
		}
		return l.long, err
	}
}
