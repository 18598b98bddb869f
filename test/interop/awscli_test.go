package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAWSCLI runs the conversations in testdata/aws.
func TestAWSCLI(t *testing.T) {
	need(t, "aws")
	need(t, "dig")
	runConversations(t, "testdata/aws/*.txt")
}

// built are the operations that do what Route 53 does. All others answer
// NotImplemented (TestUnbuiltOperations).
var built = []string{
	"CreateTrafficPolicy", "CreateTrafficPolicyInstance", "CreateTrafficPolicyVersion", "DeleteTrafficPolicy", "DeleteTrafficPolicyInstance",
	"GetTrafficPolicy", "GetTrafficPolicyInstance", "GetTrafficPolicyInstanceCount", "ListTrafficPolicies", "ListTrafficPolicyInstances",
	"ListTrafficPolicyInstancesByHostedZone", "ListTrafficPolicyInstancesByPolicy", "ListTrafficPolicyVersions",
	"UpdateTrafficPolicyComment", "UpdateTrafficPolicyInstance",
	"AssociateVPCWithHostedZone", "ChangeResourceRecordSets", "ChangeTagsForResource", "CreateHostedZone",
	"CreateReusableDelegationSet", "CreateVPCAssociationAuthorization", "DeleteHostedZone", "DeleteReusableDelegationSet",
	"DeleteVPCAssociationAuthorization", "DisassociateVPCFromHostedZone", "GetAccountLimit", "GetChange",
	"GetCheckerIpRanges", "GetGeoLocation", "GetHostedZone", "GetHostedZoneCount", "GetHostedZoneLimit",
	"GetReusableDelegationSet", "GetReusableDelegationSetLimit", "ListGeoLocations", "ListHostedZones",
	"ListHostedZonesByName", "ListHostedZonesByVPC", "ListResourceRecordSets", "ListReusableDelegationSets",
	"ListTagsForResource", "ListTagsForResources", "ListVPCAssociationAuthorizations", "TestDNSAnswer",
	"UpdateHostedZoneComment", "UpdateHostedZoneFeatures",
	"ChangeCidrCollection", "CreateCidrCollection", "DeleteCidrCollection", "ListCidrBlocks", "ListCidrCollections", "ListCidrLocations",
	"CreateHealthCheck", "GetHealthCheck", "ListHealthChecks", "UpdateHealthCheck", "DeleteHealthCheck",
	"GetHealthCheckStatus", "GetHealthCheckLastFailureReason", "GetHealthCheckCount",
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
	infallible := []string{"GetHostedZoneCount", "GetTrafficPolicyInstanceCount", "GetCheckerIpRanges", "GetHealthCheckCount"}
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
