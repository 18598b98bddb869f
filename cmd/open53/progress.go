package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells people how far long work is: a terminal gets one line that is
// written over and over, anything else a line each ten percent. Work that is
// over within a second is not mentioned. Safe for concurrent use.
type progress struct {
	w        io.Writer
	label    string
	unit     string
	terminal bool
	started  time.Time

	mu    sync.Mutex // guards what follows
	done  uint64
	total uint64    // 0: unknown
	last  time.Time // when the terminal's line was written
	tenth uint64    // how many tenths were told
	shown bool
}

const (
	progressDelay    = time.Second
	progressInterval = 100 * time.Millisecond
)

func newProgress(w io.Writer, label, unit string, total uint64) *progress {
	return &progress{w: w, label: label, unit: unit, terminal: isTerminal(w), started: time.Now(), total: total}
}

// add counts n more as done.
func (p *progress) add(n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.done+n, p.total)
}

// to says how much is done, and of how much.
func (p *progress) to(done, total uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(done, total)
}

// set runs with mu held.
func (p *progress) set(done, total uint64) {
	p.done, p.total = done, total
	now := time.Now()
	if now.Sub(p.started) < progressDelay {
		return
	}
	if p.terminal {
		if now.Sub(p.last) >= progressInterval {
			p.last, p.shown = now, true
			_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s", p.line())
		}
		return
	}
	if p.total == 0 {
		return
	}
	if tenth := 10 * p.done / p.total; tenth > p.tenth && tenth < 10 {
		p.tenth = tenth
		_, _ = fmt.Fprintln(p.w, p.line())
	}
}

func (p *progress) line() string {
	if p.total == 0 {
		return fmt.Sprintf("%s: %s", p.label, p.amount(p.done))
	}
	if p.unit == "bytes" {
		return fmt.Sprintf("%s: %d%% (%s of %s)", p.label, 100*p.done/p.total, byteCount(p.done), byteCount(p.total))
	}
	return fmt.Sprintf("%s: %d%% (%d of %d %s)", p.label, 100*p.done/p.total, p.done, p.total, p.unit)
}

func (p *progress) amount(n uint64) string {
	if p.unit == "bytes" {
		return byteCount(n)
	}
	return fmt.Sprintf("%d %s", n, p.unit)
}

// finish takes the line away, for what is printed next.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.shown = false
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// byteCount is a number of bytes for people.
func byteCount(n uint64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d MB", n/1_000_000)
}

// plural is "1 change", "2 changes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
