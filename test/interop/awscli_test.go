package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"open53/internal/dnstest"
	"open53/test/interop/server"
)

// TestAWSCLI runs the conversations in testdata/aws, each on a server of its
// own. A block is a shell command and what its standard input is; the result
// is what it prints, and "failed" if it did. "aws" alone stands
// for "aws route53". Ids are written Z1, C1, N1 in the order in which they
// come up; $DNS_HOST and $DNS_PORT are the DNS server. A "server" line, first
// in its file, starts another server with the flags that it has.
func TestAWSCLI(t *testing.T) {
	need(t, "aws")
	need(t, "dig")
	dnstest.RunGolden(t, "testdata/aws/*.txt", func(t *testing.T) func(b dnstest.Block) string {
		t.Parallel()
		var s *server.Server
		ids := &server.IDs{}
		return func(b dnstest.Block) string {
			if flags, ok := strings.CutPrefix(b.Command, "server"); ok {
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
	host, port, _ := strings.Cut(s.DNS, ":")
	c := client{
		command: []string{"sh", "-c", script}, stdin: ids.Long(b.Input),
		env: append(s.Env(), "DNS_HOST="+host, "DNS_PORT="+port),
	}
	out, errs, exit := c.run(t)
	out = ids.Short(out + strings.ReplaceAll(errs, "aws: [ERROR]: ", ""))
	if exit != 0 {
		out += "\nfailed\n" // with 255 or 254, by the CLI's version
	}
	return strings.TrimLeft(blankLines.ReplaceAllString(out, "\n"), "\n")
}

// built are the operations that do what Route 53 does. All others answer
// NotImplemented (TestUnbuiltOperations).
var built = []string{
	"AssociateVPCWithHostedZone", "ChangeResourceRecordSets", "ChangeTagsForResource", "CreateHostedZone",
	"CreateReusableDelegationSet", "CreateVPCAssociationAuthorization", "DeleteHostedZone", "DeleteReusableDelegationSet",
	"DeleteVPCAssociationAuthorization", "DisassociateVPCFromHostedZone", "GetAccountLimit", "GetChange",
	"GetCheckerIpRanges", "GetGeoLocation", "GetHostedZone", "GetHostedZoneCount", "GetHostedZoneLimit",
	"GetReusableDelegationSet", "GetReusableDelegationSetLimit", "ListGeoLocations", "ListHostedZones",
	"ListHostedZonesByName", "ListHostedZonesByVPC", "ListResourceRecordSets", "ListReusableDelegationSets",
	"ListTagsForResource", "ListTagsForResources", "ListVPCAssociationAuthorizations", "TestDNSAnswer",
	"UpdateHostedZoneComment", "UpdateHostedZoneFeatures",
}

// TestAWSCLICoversOperations: each built operation succeeds in a conversation,
// and fails in one.
func TestAWSCLICoversOperations(t *testing.T) {
	files, err := filepath.Glob("testdata/aws/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	succeeded, failed := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\n\n") {
			command, result, _ := strings.Cut(block, "\n----\n")
			words := strings.Fields(command)
			if len(words) < 2 || words[0] != "aws" {
				continue
			}
			if strings.Contains(result, "An error occurred (") {
				failed[words[1]] = true
			} else {
				succeeded[words[1]] = true
			}
		}
	}
	infallible := []string{"GetHostedZoneCount", "GetCheckerIpRanges"}
	for _, operation := range built {
		if name := commandName(operation); !succeeded[name] || !failed[name] && !slices.Contains(infallible, operation) {
			t.Errorf("aws route53 %s: succeeds in a file: %t, fails in one: %t", name, succeeded[name], failed[name])
		}
	}
}

var (
	wordStart = regexp.MustCompile(`([a-z])([A-Z])`)
	acronym   = regexp.MustCompile(`(VPC|DNS)([A-Z])`)
)

// commandName is how the AWS CLI writes an operation.
func commandName(operation string) string {
	text := acronym.ReplaceAllString(operation, "$1-$2")
	return strings.ToLower(wordStart.ReplaceAllString(text, "$1-$2"))
}
