package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"open53/internal/access"
	"open53/internal/route53api"
	"open53/internal/sigv4"
)

// defaultEndpoint is where `open53 serve` and `open53 dev` listen. Amazon is
// never meant unless something says so.
const defaultEndpoint = "http://127.0.0.1:4566"

// client is a server and somebody who may talk to it. It is this package's one
// door to AWS's SDK, which knows where endpoints, profiles, regions and
// credentials can be. Safe for concurrent use.
type client struct {
	*route53api.Client
	credentials func(ctx context.Context) (sigv4.Credentials, error)
	source      string // where the credentials come from, for people
	region      string
	signer      sigv4.Signer
	local       bool // the server is on this machine
}

// connect finds server and credentials. It sends nothing to the server.
func (c *connection) connect(ctx context.Context) (*client, error) {
	found, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	endpoint, err := parseEndpoint(found.endpoint)
	if err != nil {
		return nil, err
	}
	result := &client{region: signingRegion(endpoint, found.config.Region), local: isLocal(endpoint)}
	result.Client = &route53api.Client{
		Endpoint: strings.TrimSuffix(endpoint.String(), "/"),
		HTTP: &http.Client{
			Transport: &retrier{next: transport(found.config.HTTPClient)},
			// A signature is good for one address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	result.Sign = func(r *http.Request, body []byte) error { return result.sign(r, body) }
	return result, result.findCredentials(ctx, c, found)
}

// found is what the AWS configuration of this machine says.
type found struct {
	config   aws.Config
	endpoint string
	// profileMissing: no AWS file has the profile of --profile.
	profileMissing bool
}

// load reads environment and configuration files as the AWS CLI does.
func (c *connection) load(ctx context.Context) (found, error) {
	// Without a server in reach, asking the metadata service of EC2 for
	// credentials takes seconds; no local server wants its answer.
	options := []func(*config.LoadOptions) error{config.WithEC2IMDSClientEnableState(imds.ClientDisabled)}
	if c.region != "" {
		options = append(options, config.WithRegion(c.region))
	}
	var f found
	var err error
	named := options
	if c.profile != "" {
		named = append(slices.Clip(options), config.WithSharedConfigProfile(c.profile))
	}
	f.config, err = config.LoadDefaultConfig(ctx, named...)
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) && c.profile != "" {
		f.profileMissing = true // the server's own credentials file may have it
		f.config, err = config.LoadDefaultConfig(ctx, options...)
	}
	if err != nil {
		return f, fmt.Errorf("read AWS configuration: %w", err)
	}
	f.endpoint = c.endpoint
	if f.endpoint == "" {
		f.endpoint = configuredEndpoint(ctx, f.config.ConfigSources)
	}
	if u, err := url.Parse(f.endpoint); err == nil && !isLocal(u) && !f.profileMissing {
		f.config, err = config.LoadDefaultConfig(ctx, named[1:]...)
		if err != nil {
			return f, fmt.Errorf("read AWS configuration: %w", err)
		}
	}
	return f, nil
}

// configuredEndpoint asks in the order of the AWS CLI: the environment, for
// the service and for all, then the profile, for the service and for all.
func configuredEndpoint(ctx context.Context, sources []any) string {
	const service = "Route 53"
	if ignore, _, _ := config.GetIgnoreConfiguredEndpoints(ctx, sources); ignore {
		return defaultEndpoint
	}
	candidates := make([]string, 0, 4)
	for _, source := range sources {
		switch s := source.(type) {
		case config.EnvConfig:
			own, _, _ := s.GetServiceBaseEndpoint(ctx, service) // has no errors
			candidates = append([]string{own, s.BaseEndpoint}, candidates...)
		case config.SharedConfig:
			own, _, _ := s.GetServiceBaseEndpoint(ctx, service)
			candidates = append(candidates, own, s.BaseEndpoint)
		}
	}
	for _, endpoint := range candidates {
		if endpoint != "" {
			return endpoint
		}
	}
	return defaultEndpoint
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, usagef("endpoint %q is no URL: %w", text, err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, usagef("endpoint %q is no URL of a server: it looks like %s", text, defaultEndpoint)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, usagef("endpoint %q: nothing may follow the address", text)
	}
	return u, nil
}

// isLocal reports whether the server is on the loopback interface.
func isLocal(u *url.URL) bool {
	host := u.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// signingRegion is the region that Amazon's Route 53 lives in, whatever the
// profile says; other servers take any.
func signingRegion(endpoint *url.URL, configured string) string {
	switch host := endpoint.Hostname(); {
	case strings.HasSuffix(host, ".amazonaws.com.cn"):
		return "cn-northwest-1"
	case strings.HasSuffix(host, "us-gov.amazonaws.com"):
		return "us-gov-west-1"
	case strings.HasSuffix(host, ".amazonaws.com"), configured == "":
		return "us-east-1"
	}
	return configured
}

// transport is the SDK's, which knows AWS_CA_BUNDLE.
func transport(c aws.HTTPClient) http.RoundTripper {
	built, ok := c.(*awshttp.BuildableClient)
	if !ok {
		return http.DefaultTransport
	}
	t := built.GetTransport()
	t.MaxIdleConnsPerHost = 64
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.ResponseHeaderTimeout = 2 * time.Minute
	return t
}

// findCredentials takes those that the AWS CLI would take. For a server on
// this machine there are two more: its own file, and any at all, which is what
// `open53 dev` asks for.
func (c *client) findCredentials(ctx context.Context, flags *connection, f found) error {
	if !f.profileMissing {
		got, err := f.config.Credentials.Retrieve(ctx)
		if err == nil {
			c.source = got.Source
			c.credentials = func(ctx context.Context) (sigv4.Credentials, error) {
				got, err := f.config.Credentials.Retrieve(ctx) // cached until they expire
				return sigv4.Credentials{AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken}, err
			}
			return nil
		}
		if !c.local {
			return fmt.Errorf("find credentials: %w", err)
		}
	}
	key, path, err := ownKey(flags.profile)
	switch {
	case err == nil:
		c.source = path
	case !errors.Is(err, os.ErrNotExist):
		return err
	case f.profileMissing:
		return usagef("no AWS configuration file has a profile %q", flags.profile)
	default:
		key, c.source = access.Key{ID: "test", Secret: "test"}, "nowhere: none were found"
	}
	c.credentials = func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, nil
	}
	return nil
}

// ownCredentials is the file that `open53 serve` writes on its first start.
func ownCredentials() string {
	data := os.Getenv("OPEN53_DATA")
	if data == "" {
		data = "open53-data"
	}
	return filepath.Join(data, "credentials")
}

// ownKey is a key of that file. Without the file it is os.ErrNotExist.
func ownKey(profile string) (access.Key, string, error) {
	path := ownCredentials()
	file, err := access.OpenKeyFile(path, slog.New(slog.DiscardHandler))
	if err != nil {
		return access.Key{}, path, err
	}
	if profile == "" {
		profile = "default"
	}
	key, ok := file.Profile(profile)
	if !ok {
		return key, path, usagef("%s has no profile %q", path, profile)
	}
	return key, path, nil
}

func (c *client) sign(r *http.Request, body []byte) error {
	credentials, err := c.credentials(r.Context())
	if err != nil {
		return fmt.Errorf("find credentials: %w", err)
	}
	return c.signer.Sign(r, body, credentials, c.region, "route53", time.Now())
}
