package interop

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"open53/test/interop/server"
)

// TestHealthDocs runs the examples of docs/health-checks.md, one after the
// other in one shell. Each line of a text block is in the output of the block
// before it; "…" stands for anything.
func TestHealthDocs(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	need(t, "curl")
	need(t, "python3")
	text, err := os.ReadFile("../../docs/health-checks.md")
	if err != nil {
		t.Fatal(err)
	}
	const mark = "--- end of block"
	script := "set -eu\naws() { command aws --endpoint-url $AWS_ENDPOINT_URL \"$@\"; }\ntrap 'kill $SITE 2>/dev/null || true' EXIT\n"
	var wants []string
	for i, block := range strings.Split(string(text), "\n```") {
		kind, body, _ := strings.Cut(block, "\n")
		switch {
		case i%2 == 0: // prose
		case kind == "sh":
			script += body + "\necho '" + mark + "'\n"
		case kind == "text":
			wants = append(wants, body)
		}
	}
	script = strings.Replace(script, "PORT=8080", "PORT="+freePort(t), 1)
	s := server.Start(t, server.Options{Verb: "serve"})
	out := client{command: []string{"bash", "-c", script}, env: clientEnv(t, s)}.mustRun(t)
	parts := strings.Split(out, mark+"\n")
	if len(parts) != len(wants)+1 {
		t.Fatalf("%d outputs for %d text blocks:\n%s", len(parts)-1, len(wants), out)
	}
	for i, want := range wants {
		for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
			if !hasLine(parts[i], strings.Split(line, "…")) {
				t.Errorf("block %d does not print\n%s\nbut\n%s", i+1, line, parts[i])
			}
		}
	}
}

// hasLine reports whether a line of text has all pieces, in order.
func hasLine(text string, pieces []string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		found := true
		for _, piece := range pieces {
			_, rest, ok := strings.Cut(line, strings.TrimSpace(piece))
			found, line = found && ok, rest
		}
		if found {
			return true
		}
	}
	return false
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
