package interop

import (
	"regexp"
	"strings"
	"testing"

	"open53/internal/dnstest"
	"open53/test/interop/server"
)

// runConversations runs the golden files that match pattern, each on a server
// of its own. A block is a shell command and what its standard input is; the
// result is what it prints, and "failed" if it did. "aws" alone stands for
// "aws route53". Ids are written Z1, C1, N1 in the order in which they come up;
// $DNS_HOST and $DNS_PORT are the DNS server. A "server" line, first in its
// file, starts the server with the flags that it has.
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
			return shell(t, s, ids, b)
		}
	})
}

// blankLines of the CLI's errors have no place in a golden file.
var blankLines = regexp.MustCompile(`\n{2,}`)

// shell runs one block.
func shell(t *testing.T, s *server.Server, ids *server.IDs, b dnstest.Block) string {
	t.Helper()
	script := ids.Long(b.Command)
	if rest, ok := strings.CutPrefix(script, "aws "); ok && !strings.HasPrefix(rest, "sts ") {
		script = "aws route53 " + rest
	}
	c := client{command: []string{"sh", "-c", script}, stdin: ids.Long(b.Input), env: clientEnv(t, s)}
	out, errs, exit := c.run(t)
	out = ids.Short(out + strings.ReplaceAll(errs, "aws: [ERROR]: ", ""))
	if exit != 0 {
		out += "\nfailed\n" // with 255 or 254, by the CLI's version
	}
	return strings.TrimLeft(blankLines.ReplaceAllString(out, "\n"), "\n")
}
