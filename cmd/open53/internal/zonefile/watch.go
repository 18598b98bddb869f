package zonefile

import (
	"bytes"
	"io"
	"strings"
)

// commentMark begins a line with a set that a master file cannot say.
const commentMark = "; open53: "

// maxWatched bounds the memory for one line, in bytes. The longest set that
// the API takes is far below.
const maxWatched = 1 << 20

// lineWatcher passes a file on as it is and shows the lines that begin with a
// semicolon or a dollar sign to a function, before the bytes behind them are
// passed on.
type lineWatcher struct {
	r       io.Reader
	see     func(number int, line string)
	number  int    // of the line that is being read, from 1
	start   bool   // the next byte is the first of its line
	watched bool   // the line is kept
	kept    []byte // what there is of it
}

func newLineWatcher(r io.Reader, see func(number int, line string)) *lineWatcher {
	return &lineWatcher{r: r, see: see, number: 1, start: true}
}

func (w *lineWatcher) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.scan(p[:n])
	if err == io.EOF {
		w.endLine()
	}
	return n, err
}

func (w *lineWatcher) scan(b []byte) {
	for len(b) > 0 {
		if w.start {
			w.start = false
			w.watched = b[0] == ';' || b[0] == '$'
		}
		end := bytes.IndexByte(b, '\n')
		line := b
		if end >= 0 {
			line = b[:end]
		}
		if w.watched && len(w.kept) < maxWatched {
			w.kept = append(w.kept, line...)
		}
		if end < 0 {
			return
		}
		w.endLine()
		b = b[end+1:]
	}
}

func (w *lineWatcher) endLine() {
	if w.watched {
		w.see(w.number, strings.TrimSuffix(string(w.kept), "\r"))
	}
	w.kept, w.watched, w.start = w.kept[:0], false, true
	w.number++
}
