package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func TestTable(t *testing.T) {
	table := newTable("A", "LONG NAME", "C")
	table.row("äöü", "", "x")
	table.row("1", "two", "the last one is not padded")
	var b bytes.Buffer
	if err := table.print(&b); err != nil {
		t.Fatal(err)
	}
	if want := "A    LONG NAME  C\näöü  -          x\n1    two        the last one is not padded\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestProgress(t *testing.T) {
	work := func(p *progress) {
		for range 100 {
			time.Sleep(40 * time.Millisecond)
			p.add(10)
		}
		p.finish()
	}
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		work(newProgress(&b, "import x", "record sets", 1000))
		want := "import x: 25% (250 of 1000 record sets)\n"
		for tenth := 3; tenth < 10; tenth++ {
			want += fmt.Sprintf("import x: %d0%% (%d00 of 1000 record sets)\n", tenth, tenth)
		}
		if b.String() != want {
			t.Errorf("no terminal:\n%s", b.String())
		}
		b.Reset()
		p := newProgress(&b, "import x", "record sets", 1000)
		p.terminal = true
		work(p)
		text := b.String()
		if n := strings.Count(text, "\r\x1b[K"); strings.Contains(text, "\n") || n < 20 || n > 35 || !strings.HasSuffix(text, "\r\x1b[K") {
			t.Errorf("terminal: %d lines, %q", n, text)
		}
		b.Reset()
		p = newProgress(&b, "backup", "bytes", 0)
		p.terminal = true
		time.Sleep(2 * time.Second)
		p.to(12_345, 0)
		p.finish()
		if got := b.String(); got != "\r\x1b[Kbackup: 12 kB\r\x1b[K" {
			t.Errorf("unknown size: %q", got)
		}
		b.Reset()
		p = newProgress(&b, "quick", "bytes", 10)
		p.to(10, 10)
		p.finish()
		if b.Len() > 0 {
			t.Errorf("quick work: %q", b.String())
		}
	})
}

func TestByteCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 9999: "9999 bytes", 12345: "12 kB", 12_345_678: "12 MB"} {
		if got := byteCount(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if plural(1, "change") != "1 change" || plural(0, "change") != "0 changes" {
		t.Error("plural")
	}
}

// terminal opens a pseudo-terminal: what is written to the first file is typed
// into the second.
func terminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	fd := int(keyboard.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return keyboard, screen
}

// TestConfirm answers the questions of revert and zone delete on a terminal.
func TestConfirm(t *testing.T) {
	endpoint := startNode(t)
	cli(t, endpoint, "zone", "create", "example.com").must(t)
	cli(t, endpoint, "record", "set", "example.com", "www", "A", "192.0.2.1").must(t)
	keyboard, screen := terminal(t)
	for _, tt := range []struct {
		typed string
		args  string
		code  int
		want  string
	}{
		{"n\n", "revert example.com 1", exitFailed, "Make 1 change to example.com.? [y/N] open53: revert: not confirmed; nothing was changed\n"},
		{"\n", "zone delete example.com --force", exitFailed, "Delete zone example.com. with 1 record set? [y/N] open53: delete: not confirmed; nothing was changed\n"},
		{"y\n", "revert example.com 1", 0, "[y/N] "},
		{"", "revert example.com 1", 0, ""}, // nothing to ask
		{"Yes\n", "revert example.com 2", 0, "[y/N] "},
		{"y\n", "zone delete example.com --force", 0, "[y/N] "},
	} {
		if _, err := keyboard.WriteString(tt.typed); err != nil {
			t.Fatal(err)
		}
		cliWith(t.Context(), t, screen, endpoint, strings.Fields(tt.args)...).fails(t, tt.code, tt.want)
	}
	if !isTerminal(screen) || isTerminal(&bytes.Buffer{}) {
		t.Error("a terminal is not known from a buffer")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) {
		t.Error("the null device is no terminal")
	}
}
