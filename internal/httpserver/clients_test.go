package httpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"open53/internal/access"
	"open53/internal/sigv4"
	ours "open53/internal/sts"
)

// zones answers ListHostedZones with an empty list, and says who asked in the
// marker.
func zones(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	caller, _ := access.CallerFrom(r.Context())
	io.WriteString(w, `<?xml version="1.0"?><ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones/><Marker>`+
		caller.AccessKeyID+`</Marker><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>`)
}

func clientServer(t *testing.T) string {
	t.Helper()
	_, base := run(t, Options{Handlers: Handlers{Route53: http.HandlerFunc(zones), STS: ours.Handler()}})
	return base
}

func sdkConfig(base string, c sigv4.Credentials) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(base), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey}, nil
		}),
	}
}

func TestGoSDK(t *testing.T) {
	base := clientServer(t)
	ctx := context.Background()
	identity, err := sts.NewFromConfig(sdkConfig(base, admin)).GetCallerIdentity(ctx, nil)
	if err != nil || *identity.Arn != "arn:aws:iam::000000000000:root" || *identity.Account != "000000000000" || *identity.UserId != "000000000000" {
		t.Errorf("identity: %v %+v", err, identity)
	}
	list, err := route53.NewFromConfig(sdkConfig(base, reader)).ListHostedZones(ctx, &route53.ListHostedZonesInput{Marker: aws.String("a b/+%"), MaxItems: aws.Int32(7)})
	if err != nil || *list.Marker != reader.AccessKeyID {
		t.Errorf("list: %v %+v", err, list)
	}

	presigned, err := sts.NewPresignClient(sts.NewFromConfig(sdkConfig(base, admin))).PresignGetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest(presigned.Method, presigned.URL, nil)
	if response, body := do(t, r); response.StatusCode != 200 || !strings.Contains(body, "<Account>000000000000</Account>") {
		t.Errorf("presigned: %d %s", response.StatusCode, body)
	}

	for code, c := range map[string]sigv4.Credentials{
		"SignatureDoesNotMatch": {AccessKeyID: admin.AccessKeyID, SecretAccessKey: "wrong"},
		"InvalidClientTokenId":  {AccessKeyID: "AKIANOBODY", SecretAccessKey: "wrong"},
	} {
		var e smithy.APIError
		if _, err := route53.NewFromConfig(sdkConfig(base, c)).ListHostedZones(ctx, nil); !errors.As(err, &e) || e.ErrorCode() != code {
			t.Errorf("route53: %v, want %s", err, code)
		}
		if _, err := sts.NewFromConfig(sdkConfig(base, c)).GetCallerIdentity(ctx, nil); !errors.As(err, &e) || e.ErrorCode() != code {
			t.Errorf("sts: %v, want %s", err, code)
		}
	}
}

// command runs a client with the admin's credentials in its environment.
func command(t *testing.T, name string, arguments ...string) (stdout, stderr string) {
	t.Helper()
	c := exec.Command(name, arguments...)
	c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+admin.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+admin.SecretAccessKey,
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1", "NO_PROXY=*")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		errs.WriteString(err.Error())
	}
	return out.String(), errs.String()
}

func TestAWSCLI(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	t.Parallel()
	base := clientServer(t)
	out, errs := command(t, "aws", "sts", "get-caller-identity", "--endpoint-url", base, "--output", "json")
	var identity struct{ UserID, Account, Arn string }
	if err := json.Unmarshal([]byte(out), &identity); err != nil || identity.Arn != "arn:aws:iam::000000000000:root" || identity.Account != "000000000000" || identity.UserID != identity.Account {
		t.Errorf("identity: %v %s %s", err, out, errs)
	}
	if _, errs := command(t, "aws", "iam", "get-user", "--endpoint-url", base); !strings.Contains(errs, "(AccessDenied)") || !strings.Contains(errs, "iam:GetUser") {
		t.Errorf("iam: %s", errs)
	}
}

const botoScript = `
import sys, boto3, urllib.request
from botocore.exceptions import ClientError
base = sys.argv[1]
sts = boto3.client("sts", endpoint_url=base)
r53 = boto3.client("route53", endpoint_url=base)
print(sts.get_caller_identity()["Arn"])
print(r53.list_hosted_zones(Marker="a b/+%", MaxItems="7")["Marker"])
for client, op in ((sts, "get_caller_identity"), (r53, "list_hosted_zones")):
    url = client.generate_presigned_url(op, ExpiresIn=60, HttpMethod="GET")
    print(op, urllib.request.urlopen(url).status)
for make in (lambda: boto3.client("route53", endpoint_url=base, aws_secret_access_key="wrong", aws_access_key_id=sys.argv[2]).list_hosted_zones(),
             lambda: boto3.client("route53", endpoint_url=base, aws_secret_access_key="wrong", aws_access_key_id="AKIANOBODY").list_hosted_zones(),
             lambda: boto3.client("iam", endpoint_url=base).list_roles(),
             lambda: boto3.client("sts", endpoint_url=base).get_session_token(),
             lambda: r53.create_hosted_zone(Name="x" * (10 << 20), CallerReference="a"),
             lambda: boto3.client("s3", endpoint_url=base).list_buckets()):
    try:
        make()
        print("no error")
    except ClientError as e:
        print(e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"])
    except Exception as e:
        print("exception", repr(e))
`

func TestBoto3(t *testing.T) {
	if err := exec.Command("python3", "-c", "import boto3").Run(); err != nil {
		t.Skip("python3 with boto3 is not installed")
	}
	t.Parallel()
	out, errs := command(t, "python3", "-c", botoScript, clientServer(t), admin.AccessKeyID)
	const want = `arn:aws:iam::000000000000:root
AKIAADMIN
get_caller_identity 200
list_hosted_zones 200
SignatureDoesNotMatch 403
InvalidClientTokenId 403
AccessDenied 403
InvalidAction 400
RequestEntityTooLarge 413
SignatureDoesNotMatch 403
`
	if out != want {
		t.Errorf("got:\n%s\nwant:\n%s\n%s", out, want, errs)
	}
}

func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	t.Parallel()
	base := clientServer(t)
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	status := []string{"-s", "-w", " %{http_code}"}
	for _, c := range []struct {
		name      string
		arguments []string
		want      string // the end of what curl prints
	}{
		{"signed", []string{"--aws-sigv4", "aws:amz:us-east-1:route53", "--user", admin.AccessKeyID + ":" + admin.SecretAccessKey, base + "/2013-04-01/hostedzone"}, "</ListHostedZonesResponse> 200"},
		{"wrong secret", []string{"--aws-sigv4", "aws:amz:us-east-1:route53", "--user", admin.AccessKeyID + ":x", base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 403"},
		{"basic", []string{"--user", "a:b", base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 400"},
		{"upload with expect", []string{"--aws-sigv4", "aws:amz:us-east-1:route53", "--user", admin.AccessKeyID + ":" + admin.SecretAccessKey, "--data-binary", "@" + large, base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 413"},
		{"upload without", []string{"-H", "Expect:", "--aws-sigv4", "aws:amz:us-east-1:route53", "--user", admin.AccessKeyID + ":" + admin.SecretAccessKey, "--data-binary", "@" + large, base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 413"},
		{"old protocol", []string{"--http1.0", base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 403"},
		{"next protocol", []string{"--http2", base + "/2013-04-01/hostedzone"}, "</ErrorResponse> 403"},
		{"long header", []string{"-H", "X: " + strings.Repeat("a", 90000), base + "/"}, " 431"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, errs := command(t, "curl", append(status, c.arguments...)...); !strings.HasSuffix(out, c.want) {
				t.Errorf("%s %s", out, errs)
			}
		})
	}
}
