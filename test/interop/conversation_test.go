package interop

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"open53/internal/dnstest"
	"open53/test/interop/server"
)

// runConversations runs the golden files that match pattern, each on a server
// of its own. A block is a shell command and what its standard input is; the
// result is what it prints, and "failed" if it did. "aws" stands for "aws route53"
// (but for aws sts and aws cloudwatch) with the endpoint, which not all versions take from the environment. Ids are
// written Z1, C1, N1 in the order in which they come up; $DNS_HOST and
// $DNS_PORT are the DNS server.
//
// Two commands are not the shell's: "server", first in its file, starts the
// server with the flags behind it; "needs" skips the rest of the file unless
// the command behind it succeeds.
func runConversations(t *testing.T, pattern string) {
	dnstest.RunGolden(t, pattern, func(t *testing.T) func(b dnstest.Block) string {
		t.Parallel()
		var s *server.Server
		ids := &server.IDs{}
		return func(b dnstest.Block) string {
			if flags, ok := strings.CutPrefix(b.Command, "server"); ok {
				if strings.Contains(flags, "[::1]") {
					needIPv6(t)
				}
				s = server.Start(t, server.Options{Args: strings.Fields(flags)})
				return ""
			}
			if s == nil {
				s = server.Start(t, server.Options{})
			}
			if condition, ok := strings.CutPrefix(b.Command, "needs "); ok {
				if _, _, exit := shellCommand(t, s, condition).run(t); exit != 0 {
					t.Skipf("the program is too old: %s", condition)
				}
				return ""
			}
			return shell(t, s, ids, b)
		}
	})
}

// blankLines of the CLI's errors have no place in a golden file.
var blankLines = regexp.MustCompile(`\n{2,}`)

// shell runs one block.
func shell(t *testing.T, s *server.Server, ids *server.IDs, b dnstest.Block) string {
	t.Helper()
	c := shellCommand(t, s, ids.Long(b.Command))
	c.stdin = ids.Long(b.Input)
	out, errs, exit := c.run(t)
	out = ids.Short(out + strings.ReplaceAll(errs, "aws: [ERROR]: ", ""))
	if exit != 0 {
		out += "\nfailed\n" // with 255 or 254, by the CLI's version
	}
	return strings.TrimLeft(blankLines.ReplaceAllString(out, "\n"), "\n")
}

func shellCommand(t *testing.T, s *server.Server, script string) client {
	t.Helper()
	if rest, ok := strings.CutPrefix(script, "aws "); ok {
		service, _, _ := strings.Cut(rest, " ")
		if !slices.Contains([]string{"sts", "ec2", "cloudwatch"}, service) {
			rest = "route53 " + rest
		}
		script = "aws --endpoint-url $AWS_ENDPOINT_URL " + rest
	}
	return client{command: []string{"sh", "-c", script}, env: clientEnv(t, s)}
}
