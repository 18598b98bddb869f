package interop

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"open53/test/interop/server"
)

// example is one command of a page, and what the page says it prints.
type example struct {
	line    int
	command string
	want    string
}

// readExamples finds the commands ("$ …") of the console blocks of a page, those
// that need the AWS CLI too ("console aws").
func readExamples(t *testing.T, file string) []example {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case line == "```console", line == "```console aws":
			inside = true
		case line == "```":
			inside = false
		case !inside:
		case isCommand:
			list = append(list, example{line: i + 1, command: command})
		case len(list) == 0:
			t.Fatalf("%s:%d: output without a command", file, i+1)
		default:
			list[len(list)-1].want += line + "\n"
		}
	}
	return list
}

var spaces = regexp.MustCompile(` +`)

// runPage runs the examples of a page in one shell, against a server whose
// ports stand for those that the page names. Columns may be wider than shown.
func runPage(t *testing.T, file string, o server.Options) {
	t.Helper()
	examples := readExamples(t, file)
	if len(examples) == 0 {
		t.Fatalf("%s has no examples", file)
	}
	s := server.Start(t, o)
	var script strings.Builder
	script.WriteString("aws() { command aws --endpoint-url $AWS_ENDPOINT_URL \"$@\"; }\n")
	for i, e := range examples {
		command := strings.ReplaceAll(e.command, "@127.0.0.1 -p 5454", "@$DNS_HOST -p $DNS_PORT")
		fmt.Fprintf(&script, "%s\nprintf '==%d %%s==\\n' $?\n", command, i)
	}
	out := client{command: []string{"sh"}, stdin: script.String(), env: clientEnv(t, s)}.mustRun(t)
	for i, e := range examples {
		got, rest, found := strings.Cut(out, fmt.Sprintf("==%d ", i))
		status, rest, _ := strings.Cut(rest, "==\n")
		if !found || status != "0" {
			t.Fatalf("%s:%d: %s: exit code %s\n%s", file, e.line, e.command, status, out)
		}
		out = rest
		if diff := cmp.Diff(spaces.ReplaceAllString(e.want, " "), spaces.ReplaceAllString(got, " ")); diff != "" {
			t.Errorf("%s:%d: %s\n%s", file, e.line, e.command, diff)
		}
	}
}

func TestPagePrivateZones(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	need(t, "dig")
	runPage(t, "../../docs/private-zones.md", server.Options{})
}
