package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDocs runs the examples of docs/*.md: in fences marked console, a line
// that begins with "$ " is a command, the lines behind it are what it prints.
// "…" stands for anything. The examples of one page share a server that was
// started by `open53 dev`, on other ports.
func TestDocs(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	dir := t.TempDir()
	found := false
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		script := docScript(string(text))
		if script == "" {
			continue
		}
		found = true
		name := strings.TrimSuffix(filepath.Base(page), ".md") + ".txtar"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Fatal("no page has examples")
	}
	testscript.Run(t, scriptParams(dir))
}

// docScript makes a script of a page's examples; "" if it has none.
func docScript(page string) string {
	var script, files strings.Builder
	n := 0
	for _, fence := range strings.Split(page, "```console\n")[1:] {
		block, _, _ := strings.Cut(fence, "```")
		for _, example := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, output, _ := strings.Cut(example, "\n")
			n++
			fmt.Fprintf(&script, "exec sh command%d\n", n)
			fmt.Fprintf(&files, "-- command%d --\n%s\n", n, strings.ReplaceAll(command, "-p 5454", "-p ${DNS##*:}"))
			if output = strings.TrimSpace(output); output != "" {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(output), "…", ".*")
				fmt.Fprintf(&script, "matches pattern%d\n", n)
				fmt.Fprintf(&files, "-- pattern%d --\n%s\n", n, pattern)
			}
		}
	}
	if n == 0 {
		return ""
	}
	return "[!exec:dig] skip\nserver dev\n" + script.String() + files.String()
}

// matchesCommand compares what the last command printed with a pattern in a
// file, as a whole.
func matchesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: matches FILE")
	}
	pattern := regexp.MustCompile(`^` + strings.TrimSpace(ts.ReadFile(args[0])) + `\s*$`)
	if got := ts.ReadFile("stdout"); !pattern.MatchString(got) {
		ts.Fatalf("printed:\n%s\nwanted:\n%s", got, pattern)
	}
}
